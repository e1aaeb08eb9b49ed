#include "libcore/base/tool.h"
#include "libcore/data/format.h"
#include "libcore/io/stream.h"

struct args {
    const char *from, *program, *member, *as, *engine;
    bool list, describe;
};

static const struct ift_opt opts[] = {
    IFT_OPT_STR('\0', "from", struct args, from, "NAME|FILE", NULL, "recipe that reads the input"),
    IFT_OPT_STR('\0', "jq", struct args, program, "PROGRAM", NULL,
                "a recipe typed here, in place of --from"),
    IFT_OPT_STR('\0', "member", struct args, member, "GLOB", NULL,
                "of archives, read only these members"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, NULL, "jsonl", ift_record_as_name,
                   "how records are written"),
    IFT_OPT_CHOICE('\0', "engine", struct args, engine, NULL, "auto", ift_recipe_engine_name,
                   "what runs the recipe's program"),
    IFT_OPT_ALONE('\0', "list", struct args, list, "list the recipes"),
    IFT_OPT_ALONE('\0', "describe", struct args, describe,
                  "say what the recipes named as operands are"),
    {0},
};

static int describe(const struct ift_run *run, struct ift_str *text, struct ift_err *err) {
    if (run->noperands == 0)
        return ift_fail_usage(err, "--describe what? name a recipe; --list lists them");
    for (size_t i = 0; i < run->noperands; i++) {
        if (i) ift_str_addc(text, '\n');
        IFT_TRY(ift_format_describe(run->operand[i], text, err));
    }
    return 0;
}

/* --list and --describe. */
static int inform(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    struct ift_str text = {0};
    int status = a->list ? ift_format_list(&text, err) : describe(run, &text, err);
    if (status == 0) status = ift_out_text(run->common.output, ift_str_slice(&text), err);
    ift_str_release(&text);
    return status;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->list || a->describe) return inform(run, err);
    if (!a->from == !a->program) {
        return ift_fail_usage(
            err, a->from ? "--from and --jq exclude each other"
                         : "--from what? name a recipe (--list lists them) or give one with --jq");
    }
    const struct ift_format format = {
        .from = a->from,
        .program = a->program,
        .engine = a->engine,
        .member = a->member,
        .as = a->as,
    };
    return ift_format_run(&format, run, err);
}

const struct ift_tool ift_tool = {
    .name = "ift-format",
    .summary = "turn published datasets into instruction records",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_REJECTS,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
