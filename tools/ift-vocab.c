#include <string.h>
#include <unistd.h>

#include "libcore/base/tool.h"
#include "libcore/io/stream.h"
#include "libcore/shard/provenance.h"
#include "libcore/text/vocab_compare.h"
#include "libcore/text/vocab_merge.h"
#include "libcore/text/vocab_show.h"
#include "libcore/text/vocab_train.h"

struct args {
    const char *field, *scores, *script, *cut, *bos, *eos, *pad;
    struct ift_opt_list special;
    long long min_chars, max_chars, limit, size, min_count;
    bool all, as_text;
};

enum { LEAST = 2 };
static const char *const cuts[] = {"gpt2", "llama3", "qwen2", NULL}; /* enum ift_vocab_cut */

static const struct ift_opt opts[] = {
    IFT_OPT_STR('\0', "field", struct args, field, "KEY", NULL,
                "texts are this key of JSON objects; without it, files are plain text"),
    IFT_OPT_FLAG('\0', "all", struct args, all, "show: every piece"),
    IFT_OPT_FLAG('\0', "as-text", struct args, as_text,
                 "lookup: words are text, whatever they say"),
    IFT_OPT_CHOICE('\0', "scores", struct args, scores, NULL, "auto", ift_vocab_merge_scores,
                   "merge: what added pieces score"),
    IFT_OPT_STR('\0', "script", struct args, script, "NAME,...", NULL,
                "merge: only pieces in these scripts: han, hiragana, katakana, hangul, ..."),
    IFT_OPT_INT('\0', "min-chars", struct args, min_chars, "N", 0, 1 << 20, 0,
                "merge: only pieces of so many characters"),
    IFT_OPT_INT('\0', "max-chars", struct args, max_chars, "N", 0, 1 << 20, 0,
                "merge: and no more than so many, 0: any"),
    IFT_OPT_INT('\0', "limit", struct args, limit, "N", 0, 1 << 21, 0,
                "merge: add the best so many pieces, 0: all"),
    IFT_OPT_INT('\0', "size", struct args, size, "N", 0, 1 << 21, 0,
                "train: tokens in all, special ones and 256 bytes included"),
    IFT_OPT_INT('\0', "min-count", struct args, min_count, "N", 1, 1 << 30, LEAST,
                "train: a pair that occurs less often is not merged"),
    IFT_OPT_CHOICE('\0', "cut", struct args, cut, NULL, "gpt2", cuts,
                   "train: whose rule cuts text into words"),
    IFT_OPT_STR('\0', "bos", struct args, bos, "NAME", NULL, "train: token that begins a text"),
    IFT_OPT_STR('\0', "eos", struct args, eos, "NAME", NULL, "train: token that ends a text"),
    IFT_OPT_STR('\0', "pad", struct args, pad, "NAME", NULL, "train: token that fills rows"),
    IFT_OPT_LIST('\0', "special", struct args, special, "NAME", "train: another special token"),
    {0},
};

/* Prints text, which is released, when rc says that it is good. */
static int print(int rc, struct ift_str *text, const struct ift_run *run, struct ift_err *err) {
    if (rc == 0) rc = ift_out_text(run->common.output, ift_str_slice(text), err);
    ift_str_release(text);
    return rc;
}

static int run_show(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const char *const *const word = run->operand;
    const size_t n = run->noperands - 1;
    struct ift_str out = {0};
    const int rc = a->all || n > 0 ? ift_vocab_show_pieces(word[0], word + 1, n, a->all, &out, err)
                                   : ift_vocab_show(word[0], &out, err);
    return print(rc, &out, run, err);
}

static int run_lookup(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const char *const *const word = run->operand;
    struct ift_str out = {0};
    const int rc = ift_vocab_lookup(word[0], word + 1, run->noperands - 1, a->as_text, &out, err);
    return print(rc, &out, run, err);
}

static int run_compare(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const char *const *const word = run->operand;
    const struct ift_vocab_comparison job = {{word[0], word[1]},
                                             word + 2,
                                             run->noperands - 2,
                                             a->field};
    struct ift_str out = {0};
    return print(ift_vocab_compare_print(&job, run, &out, err), &out, run, err);
}

static int run_merge(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const struct ift_vocab_merge job = {
        .base = run->operand[0],
        .add = run->operand[1],
        .scores = a->scores,
        .scripts = a->script,
        .fewest = (size_t)a->min_chars,
        .most = (size_t)a->max_chars,
        .limit = (size_t)a->limit,
        .paths = run->operand + 2,
        .npaths = run->noperands - 2,
        .field = a->field,
    };
    if (strcmp(run->common.output, "-") == 0 && isatty(STDOUT_FILENO))
        return ift_fail_usage(err, "a model is not for a terminal: give -o OUT.model");
    return ift_vocab_merge(&job, run->common.output, run, err);
}

static int run_train(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (strcmp(run->common.output, "-") == 0)
        return ift_fail_usage(err, "train writes a folder: give -o DIR");
    if (a->size == 0) return ift_fail_usage(err, "how many tokens? give --size N");
    if (run->noperands == 0 && isatty(STDIN_FILENO))
        return ift_fail_usage(err, "no input: name a file, use a pipe, or - to type it");
    struct ift_tool tool = *run->tool;
    struct ift_run recipe = *run;
    tool.common |= IFT_TAKES_INPUT; /* the recipe is to have their digests */
    recipe.tool = &tool;
    struct ift_str provenance = {0};
    ift_provenance_add(&provenance, NULL, &recipe);
    ift_str_addc(&provenance, '\n');
    const struct ift_vocab_train job = {
        .paths = run->operand,
        .npaths = run->noperands,
        .field = a->field,
        .cut = (enum ift_vocab_cut)ift_opt_choice(cuts, a->cut),
        .size = (size_t)a->size,
        .least = (size_t)a->min_count,
        .bos = a->bos,
        .eos = a->eos,
        .pad = a->pad,
        .special = a->special.item,
        .nspecial = a->special.n,
        .provenance = provenance.p,
    };
    const int rc = ift_vocab_train(&job, run->common.output, run, err);
    ift_str_release(&provenance);
    return rc;
}

static const struct command {
    const char *name, *operands;
    size_t least; /* operands behind its name */
    int (*run)(const struct ift_run *run, struct ift_err *err);
} commands[] = {
    {"show", "PATH [ID|FROM-TO...]", 1, run_show},
    {"lookup", "PATH WORD|ID...", 2, run_lookup},
    {"compare", "A B [FILE...]", 2, run_compare},
    {"merge", "BASE.model ADD.model [FILE...] -o OUT.model", 2, run_merge},
    {"train", "[FILE...] --size N -o DIR", 0, run_train},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* An option of another command is a mistake, not a wish without effect. */
static int check_options(const struct args *a, const char *command, struct ift_err *err) {
    const struct {
        bool given;
        const char *option, *commands;
    } own[] = {
        {a->field, "field", "compare, merge and train"},
        {a->all, "all", "show"},
        {a->as_text, "as-text", "lookup"},
        {a->script, "script", "merge"},
        {a->limit || strcmp(a->scores, "auto") != 0, "scores and --limit", "merge"},
        {a->min_chars || a->max_chars, "min-chars and --max-chars", "merge"},
        {a->size || strcmp(a->cut, cuts[0]) != 0, "size and --cut", "train"},
        {a->min_count != LEAST || a->special.n, "min-count and --special", "train"},
        {a->bos || a->eos || a->pad, "bos, --eos and --pad", "train"},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i].given && !strstr(own[i].commands, command))
            return ift_fail_usage(err, "--%s: of use with %s only", own[i].option, own[i].commands);
    return 0;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const size_t n = run->noperands;
    if (n == 0) return ift_fail_usage(err, "which command? show, lookup, compare, merge or train");
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *const c = &commands[i];
        if (strcmp(c->name, run->operand[0]) != 0) continue;
        if (n - 1 < c->least)
            return ift_fail_usage(err, "it is: ift-vocab %s %s", c->name, c->operands);
        IFT_TRY(check_options(run->args, c->name, err));
        struct ift_run rest = *run; /* operands are those behind the command */
        rest.operand++;
        rest.noperands--;
        return c->run(&rest, err);
    }
    return ift_fail_usage(err, "no command \"%s\", only show, lookup, compare, merge and train",
                          run->operand[0]);
}

const struct ift_tool ift_tool = {
    .name = "ift-vocab",
    .summary = "show, look up, compare, merge and train vocabularies",
    .operands = "COMMAND [ARG...]",
    .common = IFT_TAKES_OUTPUT | IFT_TAKES_JOBS,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
