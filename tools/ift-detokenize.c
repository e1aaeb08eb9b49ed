#include "libcore/base/tool.h"
#include "libcore/shard/view.h"

struct args {
    const char *model, *vocab, *field;
    bool keep_control;
};

static const struct ift_opt opts[] = {
    IFT_OPT_STR('\0', "model", struct args, model, "DIR", NULL,
                "model folder whose vocabulary is used"),
    IFT_OPT_STR('\0', "vocab", struct args, vocab, "PATH", NULL,
                "a vocabulary without a model: its file, or a folder with it"),
    IFT_OPT_STR('\0', "field", struct args, field, "KEY", "text", "key of the text"),
    IFT_OPT_FLAG('\0', "keep-control", struct args, keep_control, "show control tokens by name"),
    {0},
};

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (!a->model == !a->vocab)
        return ift_fail_usage(err, a->model ? "--model and --vocab exclude each other"
                                            : "whose vocabulary? give --model DIR or --vocab PATH");
    const struct ift_view job = {
        .what = IFT_VIEW_DECODE,
        .vocab = a->model ? a->model : a->vocab,
        .field = a->field,
        .keep_control = a->keep_control,
    };
    return ift_view_run(&job, run, err);
}

const struct ift_tool ift_tool = {
    .name = "ift-detokenize",
    .summary = "turn rows of token ids back into text, one JSON object a document",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
