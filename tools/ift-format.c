#include "libcore/base/tool.h"
#include "libcore/data/recipe_show.h"
#include "libcore/data/format.h"
#include "libcore/data/shape.h"
#include "libcore/data/turns.h"
#include "libcore/io/stream.h"

struct args {
    const char *from, *program, *file, *info, *member, *as, *engine, *turns, *side, *answers,
        *normalize, *encoding, *join;
    struct ift_opt_list args;
    bool list, describe, explain, context, strip_html, unescape;
};

static const struct ift_opt opts[] = {
    IFT_OPT_STR('\0', "from", struct args, from, "NAME|FILE", NULL, "recipe that reads the input"),
    IFT_OPT_STR('\0', "jq", struct args, program, "PROGRAM", NULL,
                "a recipe typed here, in place of --from"),
    IFT_OPT_STR('\0', "jq-file", struct args, file, "FILE", NULL, "a recipe in a file of its own"),
    IFT_OPT_STR('\0', "dataset-info", struct args, info, "FILE", NULL,
                "LLaMA-Factory's dataset_info.json; the first operand names the dataset"),
    IFT_OPT_LIST('\0', "arg", struct args, args, "NAME=VALUE",
                 "a string that the recipe sees as $NAME"),
    IFT_OPT_STR('\0', "join", struct args, join, "PATH", NULL,
                "second input, where the recipe has one: its tables, say"),
    IFT_OPT_STR('\0', "side", struct args, side, "NAME", NULL,
                "of preference sets, which answer: as the recipe offers"),
    IFT_OPT_STR('\0', "answers", struct args, answers, "NAME", NULL,
                "of several answers, which: as the recipe offers"),
    IFT_OPT_CHOICE('\0', "turns", struct args, turns, NULL, "all", ift_turns_name,
                   "dialogues whole, or a record for each answer, or for the last"),
    IFT_OPT_FLAG('\0', "context", struct args, context,
                 "with --turns each or last: keep the messages before the answer"),
    IFT_OPT_STR('\0', "member", struct args, member, "GLOB", NULL,
                "of archives and folders, read only these members"),
    IFT_OPT_STR('\0', "encoding", struct args, encoding, "NAME", NULL,
                "of the text, as iconv -l lists them; without it UTF-8 or the recipe's"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, NULL, "jsonl", ift_shape_name,
                   "how records are written"),
    IFT_OPT_CHOICE('\0', "normalize", struct args, normalize, NULL, NULL, ift_clean_forms,
                   "texts in this Unicode normal form"),
    IFT_OPT_FLAG('\0', "strip-html", struct args, strip_html, "texts with tags as what they say"),
    IFT_OPT_FLAG('\0', "unescape-newlines", struct args, unescape,
                 "the two characters \\n in texts are a line break"),
    IFT_OPT_CHOICE('\0', "engine", struct args, engine, NULL, "auto", ift_recipe_engine_name,
                   "what runs the recipe's program"),
    IFT_OPT_ALONE('\0', "list", struct args, list, "list the recipes"),
    IFT_OPT_ALONE('\0', "describe", struct args, describe,
                  "say what the recipes named as operands are"),
    IFT_OPT_ALONE('\0', "explain-recipe", struct args, explain,
                  "say how the recipe given would be run, and leave"),
    {0},
};

static int describe(const struct ift_run *run, struct ift_str *text, struct ift_err *err) {
    if (run->noperands == 0)
        return ift_fail_usage(err, "--describe what? name a recipe; --list lists them");
    for (size_t i = 0; i < run->noperands; i++) {
        if (i) ift_str_addc(text, '\n');
        IFT_TRY(ift_recipe_show(run->operand[i], text, err));
    }
    return 0;
}

static struct ift_format format_of(const struct args *a) {
    return (struct ift_format){
        .from = a->from,
        .program = a->program,
        .file = a->file,
        .info = a->info,
        .args = &a->args,
        .side = a->side,
        .answers = a->answers,
        .clean = {a->normalize, a->strip_html, a->unescape},
        .turns = a->turns,
        .context = a->context,
        .engine = a->engine,
        .member = a->member,
        .encoding = a->encoding,
        .join = a->join,
        .as = a->as,
    };
}

/* --list, --describe and --explain-recipe. */
static int inform(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    const struct ift_format format = format_of(a);
    struct ift_str text = {0};
    int status = a->list       ? ift_recipe_show_all(&text, err)
                 : a->describe ? describe(run, &text, err)
                               : ift_format_explain(&format, run, &text, err);
    if (status == 0) status = ift_out_text(run->common.output, ift_str_slice(&text), err);
    ift_str_release(&text);
    return status;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->list || a->describe) return inform(run, err);
    const int recipes = !!a->from + !!a->program + !!a->file + !!a->info;
    if (recipes != 1)
        return ift_fail_usage(
            err, recipes ? "--from, --jq, --jq-file and --dataset-info exclude each other"
                         : "--from what? name a recipe (--list lists them) or give one with --jq");
    if (a->context && ift_turns(a->turns) == IFT_TURNS_ALL)
        return ift_fail_usage(err, "--context is for --turns each or last");
    if (a->explain) return inform(run, err);
    const struct ift_format format = format_of(a);
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
