#include "libcore/base/tool.h"
#include "libcore/shard/view.h"

struct args {
    const char *model, *vocab;
    bool header, text;
};

static const struct ift_opt opts[] = {
    IFT_OPT_FLAG('H', "header", struct args, header,
                 "print each shard's header and end record instead of its rows"),
    IFT_OPT_FLAG('\0', "text", struct args, text,
                 "print each document's text and what of it is learned"),
    IFT_OPT_STR('\0', "model", struct args, model, "DIR", NULL,
                "for --text, model folder whose vocabulary is used"),
    IFT_OPT_STR('\0', "vocab", struct args, vocab, "PATH", NULL,
                "for --text, a vocabulary without a model"),
    {0},
};

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const bool vocab = a->model || a->vocab;
    if (a->header && a->text) return ift_fail_usage(err, "--header and --text exclude each other");
    if (a->model && a->vocab) return ift_fail_usage(err, "--model and --vocab exclude each other");
    if (a->text && !vocab)
        return ift_fail_usage(err, "--text needs a vocabulary: give --model DIR or --vocab PATH");
    if (vocab && !a->text) return ift_fail_usage(err, "a vocabulary is of use with --text only");
    const struct ift_view job = {
        .what = a->header ? IFT_VIEW_HEADER
                : a->text ? IFT_VIEW_TEXT
                          : IFT_VIEW_ROWS,
        .vocab = a->model ? a->model : a->vocab,
    };
    return ift_view_run(&job, run, err);
}

const struct ift_tool ift_tool = {
    .name = "ift-view",
    .summary = "print a shard: its rows as JSONL, its header, or its text",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
