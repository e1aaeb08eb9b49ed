#include <unistd.h>

#include "libcore/base/tool.h"
#include "libcore/io/stream.h"
#include "libcore/shard/rowout.h"
#include "libcore/shard/tokenize.h"
#include "libcore/text/prompt.h"

struct args {
    const char *model, *vocab, *prompt, *prompt_vars, *field, *member, *truncate, *straddle, *learn,
        *as;
    long long max_length;
    bool bare, mask_eos, parse_control, explain, list;
};

static const struct ift_opt opts[] = {
    IFT_OPT_STR('\0', "model", struct args, model, "DIR", NULL,
                "model folder whose vocabulary is used"),
    IFT_OPT_STR('\0', "vocab", struct args, vocab, "PATH", NULL,
                "a vocabulary without a model: its file, or a folder with it"),
    IFT_OPT_STR('\0', "prompt", struct args, prompt, "NAME|FILE", "alpaca",
                "how a record becomes one text; chat: as the model's template says"),
    IFT_OPT_STR('\0', "prompt-vars", struct args, prompt_vars, "JSON", NULL,
                "more variables for a chat template"),
    IFT_OPT_FLAG('\0', "bare", struct args, bare,
                 "take one field as it is, without prompt, BOS and EOS"),
    IFT_OPT_STR('\0', "field", struct args, field, "KEY", "text",
                "of --bare records, the key of the text"),
    IFT_OPT_STR('\0', "member", struct args, member, "GLOB", NULL,
                "of archives, read only these members"),
    IFT_OPT_INT('\0', "max-length", struct args, max_length, "N", 0, 1 << 28, 0,
                "longest row in tokens, 0: any"),
    IFT_OPT_CHOICE('\0', "truncate", struct args, truncate, NULL, "drop", ift_tokenize_truncate,
                   "what becomes of longer rows"),
    IFT_OPT_CHOICE('\0', "learn", struct args, learn, NULL, "all", ift_tokenize_learn,
                   "every answer, the last, or the prompt too"),
    IFT_OPT_CHOICE('\0', "straddle", struct args, straddle, NULL, "mask", ift_tokenize_straddle,
                   "a token half in what is learned"),
    IFT_OPT_FLAG('\0', "mask-eos", struct args, mask_eos,
                 "do not learn the token that ends an answer"),
    IFT_OPT_FLAG('\0', "parse-control", struct args, parse_control,
                 "names of control tokens in records become those tokens"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, NULL, "shard", ift_rowout_as,
                   "how rows are written"),
    IFT_OPT_FLAG('\0', "explain", struct args, explain,
                 "write for people: each token, its bytes, whether it is learned"),
    IFT_OPT_ALONE('\0', "list", struct args, list, "list the prompts"),
    {0},
};

static int print_list(const struct ift_run *run, struct ift_err *err) {
    struct ift_str text = {0};
    int rc = ift_prompt_list(&text, err);
    if (rc == 0) rc = ift_out_text(run->common.output, ift_str_slice(&text), err);
    ift_str_release(&text);
    return rc;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->list) return print_list(run, err);
    if (!a->model == !a->vocab)
        return ift_fail_usage(err, a->model ? "--model and --vocab exclude each other"
                                            : "whose vocabulary? give --model DIR or --vocab PATH");
    if (a->bare && a->prompt_vars)
        return ift_fail_usage(err, "--bare and --prompt-vars exclude each other");
    const struct ift_tokenize job = {
        .vocab = a->model ? a->model : a->vocab,
        .prompt = a->prompt,
        .prompt_vars = a->prompt_vars,
        .bare = a->bare,
        .field = a->field,
        .member = a->member,
        .max_length = a->max_length,
        .truncate = a->truncate,
        .straddle = a->straddle,
        .learn = a->learn,
        .mask_eos = a->mask_eos,
        .parse_control = a->parse_control,
        .as = a->as,
        .explain = a->explain,
        .color = a->explain && isatty(STDOUT_FILENO),
    };
    return ift_tokenize_run(&job, run, err);
}

const struct ift_tool ift_tool = {
    .name = "ift-tokenize",
    .summary = "turn instruction records into rows of token ids, marked where they are learned",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_REJECTS,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
