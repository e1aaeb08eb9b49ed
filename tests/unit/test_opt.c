/* Option tables: every type, range, hint and way of writing an option. */
#include <limits.h>

#include "libcore/base/opt.h"
#include "tests/unit/check.h"

struct args {
    bool list, fast;
    long long length;
    double rate;
    const char *from, *as, *grace;
    struct ift_opt_list weight;
};

struct common {
    const char *output;
    long long jobs;
    bool quiet;
};

static const char *const kinds[] = {"jsonl", "json-array", NULL};

static const struct ift_opt own[] = {
    IFT_OPT_STR('\0', "from", struct args, from, "NAME", "raw", "recipe"),
    IFT_OPT_INT('n', "length", struct args, length, "N", 1, 4096, 2048, "tokens a row"),
    IFT_OPT_FLOAT('r', "rate", struct args, rate, "X", 0, 1, 0.5, "rate"),
    IFT_OPT_CHOICE('\0', "as", struct args, as, "KIND", "jsonl", kinds, "what to write"),
    IFT_OPT_LIST('w', "weight", struct args, weight, "W", "weight of an input"),
    IFT_OPT_OPTIONAL('\0', "keep-going", struct args, grace, "N", "go on"),
    IFT_OPT_ALONE('l', "list", struct args, list, "list"),
    IFT_OPT_FLAG('f', "fast", struct args, fast, "fast"),
    {0},
};

static const struct ift_opt shared[] = {
    IFT_OPT_REQUIRED('o', "output", struct common, output, "FILE", "where to"),
    IFT_OPT_INT('j', "jobs", struct common, jobs, "N", 0, 1024, 0, "threads"),
    IFT_OPT_FLAG('q', "quiet", struct common, quiet, "quiet"),
    {0},
};

struct parsed {
    struct args args;
    struct common common;
    const char **operand;
    size_t n;
    int rc;
    struct ift_err err;
};

/* Parses a command line of at most 15 words. */
static struct parsed parse(const char *const words[]) {
    struct parsed p = {.n = 99};
    memset(&p.args, 0x55, sizeof p.args); /* defaults must overwrite what was there */
    char *argv[16] = {(char *)(size_t) "tool"};
    int argc = 1;
    for (; words[argc - 1]; argc++) argv[argc] = (char *)(size_t)words[argc - 1];
    const struct ift_opt_set sets[] = {{own, &p.args}, {shared, &p.common}};
    p.rc = ift_opt_parse(sets, 2, argc, argv, &p.operand, &p.n, &p.err);
    return p;
}

static void release(struct parsed *p) {
    free(p->operand);
    ift_opt_list_release(&p->args.weight);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void test_defaults(void) {
    struct parsed p = PARSE();
    CHECK_INT(p.rc, 0);
    CHECK_STR(p.args.from, "raw");
    CHECK_INT(p.args.length, 2048);
    CHECK(p.args.rate == 0.5);
    CHECK(p.args.as == kinds[0]);
    CHECK(p.args.grace == NULL && p.args.weight.n == 0 && !p.args.list && !p.args.fast);
    CHECK(p.common.output == NULL && p.common.jobs == 0 && !p.common.quiet);
    CHECK_INT(p.n, 0);
    release(&p);
}

static void test_grammar(void) {
    struct parsed p = PARSE("a", "--from", "x", "-", "--length=7", "-r0.25", "-w", "1",
                            "--weight=2", "-qfw3", "--as", "json-array", "--", "--from", "-q");
    CHECK_INT(p.rc, 0);
    CHECK_STR(p.args.from, "x");
    CHECK_INT(p.args.length, 7);
    CHECK(p.args.rate == 0.25);
    CHECK(p.args.as == kinds[1]);
    CHECK(p.common.quiet && p.args.fast);
    CHECK_INT(p.args.weight.n, 3);
    for (int i = 0; i < 3; i++) CHECK_INT(p.args.weight.item[i][0], '1' + i);
    CHECK_INT(p.n, 4);
    CHECK_STR(p.operand[0], "a");
    CHECK_STR(p.operand[1], "-");
    CHECK_STR(p.operand[2], "--from");
    CHECK_STR(p.operand[3], "-q");
    release(&p);

    p = PARSE("-o", "-", "--from=", "--from=a=b", "-n", "5", "-n6"); /* the last wins */
    CHECK_STR(p.common.output, "-");
    CHECK_STR(p.args.from, "a=b");
    CHECK_INT(p.args.length, 6);
    release(&p);

    p = PARSE("--from", "--list"); /* a value may look like an option */
    CHECK_INT(p.rc, 0);
    CHECK_STR(p.args.from, "--list");
    CHECK(!p.args.list);
    release(&p);

    p = PARSE("--keep-going", "5");
    CHECK_STR(p.args.grace, "");
    CHECK_STR(p.operand[0], "5");
    release(&p);
    p = PARSE("--keep-going=5");
    CHECK_STR(p.args.grace, "5");
    release(&p);
}

static void check_refused(struct parsed p, const char *message) {
    CHECK_INT(p.rc, -1);
    CHECK_INT(p.err.usage, 1);
    CHECK_STR(p.err.text, message);
    CHECK(p.operand == NULL);
    release(&p);
}

static void test_refusals(void) {
    check_refused(PARSE("--form", "x"), "unknown option --form, did you mean --from?");
    check_refused(PARSE("--lenght=3"), "unknown option --lenght, did you mean --length?");
    check_refused(PARSE("--outptu"), "unknown option --outptu, did you mean --output?");
    check_refused(PARSE("--len"), "unknown option --len, --help lists them");
    check_refused(PARSE("--zzzzzzzz"), "unknown option --zzzzzzzz, --help lists them");
    check_refused(PARSE("-from"), "--rate \"om\" is not a number"); /* -f -r om */
    check_refused(PARSE("-x"), "unknown option -x, --help lists them");
    check_refused(PARSE("-list"), "unknown option -list, did you mean --list?");
    check_refused(PARSE("--from"), "--from needs a value");
    check_refused(PARSE("-n"), "--length needs a value");
    check_refused(PARSE("--list=yes"), "--list takes no value");
    check_refused(PARSE("--length", "0"), "--length 0 is outside 1 to 4096");
    check_refused(PARSE("--length=4097"), "--length 4097 is outside 1 to 4096");
    check_refused(PARSE("--length=2.5"), "--length \"2.5\" is not a whole number");
    check_refused(PARSE("--length="), "--length \"\" is not a whole number");
    check_refused(PARSE("--rate=1.01"), "--rate 1.01 is outside 0 to 1");
    check_refused(PARSE("--rate", "nan"), "--rate \"nan\" is not a number");
    check_refused(PARSE("--as=csv"), "--as \"csv\" is none of jsonl, json-array");
    check_refused(PARSE("-w1", "-w2", "--nope-at-all"),
                  "unknown option --nope-at-all, --help lists them");
}

static void test_required(void) {
    struct ift_err err = {0};
    struct parsed p = PARSE("--fast");
    const struct ift_opt_set sets[] = {{own, &p.args}, {shared, &p.common}, {NULL, NULL}};
    CHECK_INT(ift_opt_complete(sets, 3, &err), -1);
    CHECK_STR(err.text, "--output FILE is required");
    CHECK_INT(err.usage, 1);
    CHECK(!ift_opt_alone(sets, 3));
    ift_opt_release(sets, 3);
    free(p.operand);

    p = PARSE("--list", "-w1");
    CHECK(ift_opt_alone(sets, 3));
    CHECK_OK(ift_opt_complete(sets, 3, &err), &err);
    ift_opt_release(sets, 3);
    CHECK_INT(p.args.weight.n, 0);
    free(p.operand);

    p = PARSE("-o", "x");
    CHECK_OK(ift_opt_complete(sets, 3, &err), &err);
    CHECK(!ift_opt_alone(sets, 3));
    ift_opt_release(sets, 3);
    free(p.operand);
}

int main(void) {
    test_defaults();
    test_grammar();
    test_refusals();
    test_required();
    return check_done();
}
