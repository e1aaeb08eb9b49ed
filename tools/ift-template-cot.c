#include <inttypes.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/base/tool.h"
#include "libcore/data/filter.h"
#include "libcore/data/template.h"
#include "libcore/io/stream.h"

struct args {
    struct ift_opt_list templates;
    const char *index, *as, *without;
    bool all, list;
};

enum without { FAIL, PASS, DROP };
static const char *const withouts[] = {"fail", "pass", "drop", NULL};

static const struct ift_opt opts[] = {
    IFT_OPT_LIST('\0', "templates", struct args, templates, "NAME|FILE",
                 "patterns to choose from; may be repeated (default: cot)"),
    IFT_OPT_STR('\0', "template-index", struct args, index, "FILE", NULL,
                "the pattern of each record, one number from 0 a line"),
    IFT_OPT_FLAG('\0', "all", struct args, all, "every record in every pattern"),
    IFT_OPT_CHOICE('\0', "without-rationale", struct args, without, NULL, "fail", withouts,
                   "what to do where a pattern wants a rationale and there is none"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, NULL, "jsonl", ift_shape_name,
                   "how records are written"),
    IFT_OPT_ALONE('\0', "list", struct args, list, "list the styles"),
    {0},
};

/* Keeps these random numbers apart from those of other uses. */
enum { PATTERN_STREAM = 0x70617474 };

struct job {
    const struct args *args;
    struct ift_template *set;
    enum without without;
    uint64_t seed;
    uint32_t *index; /* --template-index */
    size_t nindex, index_cap;
};

/* A record without the rationale that pattern i wants. */
static int put_as_asked(const struct job *job, size_t i, const struct ift_record *r,
                        struct ift_emit *emit, struct ift_err *err) {
    switch (job->without) {
    case DROP:
        return 0;
    case PASS:
        ift_json_copy(emit->out, &r->doc, 0);
        ift_emit_end(emit);
        emit->note[0]++;
        return 0;
    default:
        return IFT_FAIL(err,
                        "pattern \"%s\": the record has no \"rationale\" (see --without-rationale)",
                        ift_template_id(job->set, i));
    }
}

/* The patterns [from, to) for a record. */
static int choose(const struct job *job, uint64_t record, size_t *from, size_t *to,
                  struct ift_err *err) {
    const size_t n = ift_template_count(job->set);
    *from = 0;
    *to = n;
    if (job->args->all) return 0;
    if (!job->args->index) {
        struct ift_rng rng = ift_rng(job->seed, PATTERN_STREAM, record);
        *from = (size_t)ift_rng_below(&rng, n);
    } else if (record < job->nindex) {
        *from = job->index[record];
    } else {
        ift_fail(err, "%s ends after %zu numbers, this is record %" PRIu64, job->args->index,
                 job->nindex, record + 1);
        return IFT_FILTER_BROKEN;
    }
    *to = *from + 1;
    return 0;
}

static int map(void *ctx, void *local, const struct ift_item *item, struct ift_emit *emit,
               struct ift_err *err) {
    const struct job *const job = ctx;
    struct ift_record *const r = local;
    size_t from, to;
    const int status = choose(job, item->index, &from, &to, err);
    if (status < 0) return status;
    IFT_TRY(ift_record_parse(r, item->text.p, item->text.n, err));
    const bool without = ift_record_lacks(r, r->rationale);
    size_t wants = to;
    for (size_t i = from; i < to; i++) {
        if (without && ift_template_reasons(job->set, i)) {
            wants = i;
            continue;
        }
        IFT_TRY(ift_template_render(job->set, i, r, emit->out, err));
        ift_emit_end(emit);
    }
    return wants < to ? put_as_asked(job, wants, r, emit, err) : 0;
}

static void *local_new(void *ctx, struct ift_err *err) {
    (void)ctx;
    (void)err;
    return ift_alloc0(1, sizeof(struct ift_record));
}

static void local_free(void *ctx, void *local) {
    (void)ctx;
    ift_record_release(local);
    free(local);
}

static int end(void *ctx, uint64_t records, struct ift_err *err) {
    const struct job *const job = ctx;
    if (!job->args->index || records == job->nindex) return 0;
    return IFT_FAIL(err, "%s has %zu numbers for %" PRIu64 " records", job->args->index,
                    job->nindex, records);
}

/* The numbers of one member of the index. */
static int add_numbers(struct job *job, struct ift_in *in, struct ift_err *err) {
    const size_t patterns = ift_template_count(job->set);
    struct ift_slice line;
    bool ended;
    int got;
    for (size_t at = 1; (got = ift_in_line(in, &line, &ended, err)) > 0; at++) {
        long long value;
        if (line.n && line.p[line.n - 1] == '\r') line.n--;
        if (!ift_parse_i64(line, &value) || value < 0 || (size_t)value >= patterns)
            return IFT_FAIL(err, "%s:%zu: a number from 0 to %zu is expected, one a line",
                            ift_in_name(in), at, patterns - 1);
        job->index = ift_grow(job->index, job->nindex + 1, &job->index_cap, sizeof *job->index);
        job->index[job->nindex++] = (uint32_t)value;
    }
    return got;
}

static int load_index(struct job *job, struct ift_err *err) {
    struct ift_in *in;
    IFT_TRY(ift_in_open(&in, &job->args->index, 1, NULL, err));
    int got;
    while ((got = ift_in_next(in, err)) > 0 && (got = add_numbers(job, in, err)) == 0) continue;
    ift_in_free(in);
    return got;
}

static int print_list(const struct ift_run *run, struct ift_err *err) {
    struct ift_str text = {0};
    int status = ift_template_list(&text, err);
    if (status == 0) status = ift_out_text(run->common.output, ift_str_slice(&text), err);
    ift_str_release(&text);
    return status;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->list) return print_list(run, err);
    if (a->all && a->index)
        return ift_fail_usage(err, "--all and --template-index exclude each other");
    static const char *const usual = "cot";
    struct job job = {.args = a, .seed = run->seed};
    job.without = ift_opt_choice(withouts, a->without);
    IFT_TRY(ift_template_load(&job.set, a->templates.n ? a->templates.item : &usual,
                              a->templates.n ? a->templates.n : 1, err));
    int status = a->index ? load_index(&job, err) : 0;
    const struct ift_filter filter = {
        .as = ift_shape(a->as),
        .local_new = local_new,
        .local_free = local_free,
        .map = map,
        .end = end,
        .note = {"passed on without a rationale"},
    };
    if (status == 0) status = ift_filter_run(&filter, &job, run, err);
    ift_template_free(job.set);
    free(job.index);
    return status;
}

const struct ift_tool ift_tool = {
    .name = "ift-template-cot",
    .summary = "put records and their rationales into words, by patterns",
    .operands = "[FILE...]",
    .common =
        IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_SEED | IFT_TAKES_REJECTS,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
