/* What a program says about itself: usage line, --help page, completion. */
#include "libcore/base/help.h"
#include "tests/unit/check.h"

struct args {
    bool list, fast;
    long long length, seed;
    double rate;
    const char *from, *as, *model, *grace;
    struct ift_opt_list weight;
};

static const char *const kinds[] = {"jsonl", "json-array", NULL};

static const struct ift_opt own[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR", "folder of the model"),
    IFT_OPT_STR('\0', "from", struct args, from, "NAME", NULL, "recipe that reads the input"),
    IFT_OPT_INT('n', "length", struct args, length, "N", 1, 4096, 2048, "tokens a row"),
    IFT_OPT_FLOAT('\0', "rate", struct args, rate, "X", 0, 1e300, 2e-4,
                  "learning rate at its highest, after the warmup and before the decay"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, "KIND", "jsonl", kinds, "what to write"),
    IFT_OPT_LIST('\0', "weight", struct args, weight, "W", "weight of an input"),
    IFT_OPT_ALONE('l', "list", struct args, list, "list them"),
    {0},
};

static const struct ift_opt common[] = {
    IFT_OPT_CHOICE('b', "backend", struct args, as, NULL, "jsonl", kinds, "where to compute"),
    IFT_OPT_OPTIONAL('\0', "keep-going", struct args, grace, "N", "go on"),
    IFT_OPT_FLAG('q', "quiet", struct args, fast, "say nothing"),
    {0},
};

static const struct ift_opt about[] = {
    IFT_OPT_ALONE('h', "help", struct args, list, "print this page"),
    {0},
};

static const struct ift_opt_set sets[] = {{own, NULL}, {common, NULL}, {about, NULL}};
static const struct ift_help help = {"ift-demo", "raw data in, records out", "[FILE...]", sets, 3};

static const char usage[] =
    "usage: ift-demo --model DIR [--from NAME] [-n N] [--rate X] [--as KIND]\n"
    "                [--weight W]... [-b jsonl|json-array] [--keep-going[=N]] [-lq]\n"
    "                [FILE...]\n";

static const char page[] =
    "\n"
    "raw data in, records out\n"
    "\n"
    "options:\n"
    "      --model DIR       folder of the model (required)\n"
    "      --from NAME       recipe that reads the input\n"
    "  -n, --length N        tokens a row (1 to 4096; default 2048)\n"
    "      --rate X          learning rate at its highest, after the warmup and\n"
    "                        before the decay (at least 0; default 0.0002)\n"
    "      --as KIND         what to write (jsonl, json-array; default jsonl)\n"
    "      --weight W        weight of an input (may be repeated)\n"
    "  -l, --list            list them\n"
    "\n"
    "common options:\n"
    "  -b, --backend jsonl|json-array\n"
    "                        where to compute (default jsonl)\n"
    "      --keep-going[=N]  go on\n"
    "  -q, --quiet           say nothing\n"
    "  -h, --help            print this page\n";

static const char completion[] =
    "_ift_demo() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
    "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
    "    --as) words='jsonl json-array' ;;\n"
    "    --backend|-b) words='jsonl json-array' ;;\n"
    "    *) [[ $word != -* ]] || words='--model --from --length --rate --as --weight --list "
    "--backend"
    " --keep-going --quiet --help' ;;\n"
    "    esac\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
    "}\n"
    "complete -o default -F _ift_demo ift-demo\n";

int main(void) {
    struct ift_str out = {0};
    ift_help_usage(&help, &out);
    CHECK_STR(out.p, usage);

    ift_str_clear(&out);
    ift_help_page(&help, &out);
    CHECK(strncmp(out.p, usage, strlen(usage)) == 0);
    CHECK_STR(out.p + strlen(usage), page);

    ift_str_clear(&out);
    ift_help_completion(&help, &out);
    CHECK_STR(out.p, completion);

    /* A tool without options or operands. */
    static const struct ift_opt_set few[] = {{NULL, NULL}, {about, NULL}};
    const struct ift_help bare = {"ift-bare", "nothing", "", few, 2};
    ift_str_clear(&out);
    ift_help_page(&bare, &out);
    CHECK_STR(out.p, "usage: ift-bare\n\nnothing\n\noptions:\n"
                     "  -h, --help            print this page\n");
    ift_str_release(&out);
    return check_done();
}
