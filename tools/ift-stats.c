#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/tool.h"
#include "libcore/data/stats.h"
#include "libcore/data/stats_report.h"
#include "libcore/io/stream.h"
#include "libcore/text/tokenizer.h"

struct args {
    const char *by, *member, *vocab, *as, *svg;
    bool table, no_duplicates;
};

static const struct ift_opt opts[] = {
    IFT_OPT_STR('\0', "by", struct args, by, "KEY", NULL,
                "a collection for each value of this key, not for each FILE"),
    IFT_OPT_STR('\0', "vocab", struct args, vocab, "PATH", NULL,
                "count tokens of this vocabulary or model folder"),
    IFT_OPT_ALONE('\0', "table", struct args, table,
                  "print the table of known collections, with the numbers of these"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, NULL, "text", ift_stats_as_name,
                   "how figures are written"),
    IFT_OPT_STR('\0', "svg", struct args, svg, "FILE", NULL, "draw relative sizes there"),
    IFT_OPT_STR('\0', "member", struct args, member, "GLOB", NULL,
                "of archives, read only these members"),
    IFT_OPT_FLAG('\0', "no-duplicates", struct args, no_duplicates,
                 "do not look for duplicates, which takes memory for every record"),
    {0},
};

/* ---- tokens ---- */

struct counting {
    struct ift_encoder *encoder;
    struct ift_tokens tokens;
};

static void *counting_new(void *tokenizer) {
    struct counting *const c = ift_alloc0(1, sizeof *c);
    c->encoder = ift_encoder_new(tokenizer);
    return c;
}

static void counting_free(void *counting) {
    struct counting *const c = counting;
    ift_encoder_free(c->encoder);
    ift_tokens_release(&c->tokens);
    free(c);
}

static int count_tokens(void *counting, struct ift_slice text, uint64_t *n, struct ift_err *err) {
    struct counting *const c = counting;
    IFT_TRY(ift_encoder_encode(c->encoder, text.p, text.n, NULL, &c->tokens, err));
    *n += c->tokens.n;
    return 0;
}

/* ---- running ---- */

/* Columns of the terminal that gets the output; 0: it goes elsewhere. */
static size_t terminal_width(const struct ift_run *run) {
    if (strcmp(run->common.output, "-") != 0 || !isatty(STDOUT_FILENO)) return 0;
    struct winsize size = {0};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return size.ws_col ? size.ws_col : 80;
}

static int print_published(struct ift_stats_report *report, const struct ift_run *run,
                           struct ift_err *err) {
    struct ift_str text = {0};
    int status = ift_stats_report(report, NULL, &text, err);
    if (status == 0) status = ift_out_text(run->common.output, ift_str_slice(&text), err);
    ift_str_release(&text);
    return status;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const size_t width = terminal_width(run);
    struct ift_stats_report report = {
        .as = a->as,
        .table = a->table,
        .svg = a->svg,
        .width = width ? width : 80,
        .colour = width && !getenv("NO_COLOR"),
    };
    if (a->svg && strcmp(a->svg, "-") == 0)
        return ift_fail_usage(err, "--svg takes a file, standard output is for the figures");
    if (a->table && run->noperands == 0) return print_published(&report, run, err);
    struct ift_tokenizer *tokenizer = NULL;
    if (a->vocab) IFT_TRY(ift_tokenizer_open(&tokenizer, a->vocab, err));
    const struct ift_stats_counter counter = {
        .ctx = tokenizer,
        .open = counting_new,
        .close = counting_free,
        .count = count_tokens,
    };
    const struct ift_stats_job job = {
        .member = a->member,
        .by = a->by,
        .counter = tokenizer ? &counter : NULL,
        .again = !a->no_duplicates,
        .report = ift_stats_report,
        .ctx = &report,
    };
    const int status = ift_stats_run(&job, run, err);
    ift_tokenizer_free(tokenizer);
    return status;
}

const struct ift_tool ift_tool = {
    .name = "ift-stats",
    .summary = "say what is in collections of records, and draw how large they are",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_REJECTS,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
