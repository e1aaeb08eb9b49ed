/* The native evaluator against libjq on generated programs and values: the same outputs, in the
 * same order, and a failure where there is one. `test_recipe_random SEED PROGRAMS` does more than
 * the suite has time for. */
#include "libcore/data/jqn.h"
#include "libcore/data/recipe.h"
#include "tests/unit/check.h"
#include "tests/unit/jq_random.h"

/* libjq 1.6 itself leaks what ltrimstr and rtrimstr were given when that is no string. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libjq";
}

enum { BATCH = 50, VALUES = 6 };

static size_t cases, native_programs, left, failures;

static struct ift_str why;

/* The tape that came with an output is what the parser makes of its text. */
static void check_tape(const struct ift_json *value) {
    struct ift_json parsed = {0};
    struct ift_err err = {0};
    const struct ift_slice text = ift_json_raw(value, 0);
    CHECK_OK(ift_json_parse(&parsed, text.p, text.n, &err), &err);
    CHECK_INT(value->n, parsed.n);
    for (size_t i = 0; i < value->n && i < parsed.n; i++) {
        const struct ift_json_node *const a = &value->node[i], *const b = &parsed.node[i];
        CHECK_INT(a->type, b->type);
        CHECK_INT(a->escaped, b->escaped);
        CHECK_INT(a->count, b->count);
        CHECK_INT(a->end, b->end);
        CHECK_INT(a->from, value->node[0].from + b->from);
        CHECK_INT(a->to, value->node[0].from + b->to);
    }
    ift_json_release(&parsed);
}

/* All outputs, one a line; "!" at the end when the program failed. */
static void drain_native(struct ift_jqn *q, struct ift_str *out) {
    const struct ift_json *value;
    struct ift_err err = {0};
    int got;
    while ((got = ift_jqn_next(q, &value, &err)) > 0) {
        check_tape(value);
        const struct ift_slice text = ift_json_raw(value, 0);
        ift_str_add(out, text.p, text.n);
        ift_str_addc(out, '\n');
    }
    ift_str_adds(out, got < 0 ? "!" : "");
}

static void drain_jq(struct ift_jq *jq, struct ift_str *out) {
    struct ift_slice text;
    struct ift_err err = {0};
    int got;
    while ((got = ift_jq_next(jq, &text, &err)) > 0) {
        ift_str_add(out, text.p, text.n);
        ift_str_addc(out, '\n');
    }
    ift_str_adds(out, got < 0 ? "!" : "");
}

/* One program on random values; jq gets [k, value] when k >= 0 and the value itself otherwise. */
static void compare(struct jq_random *r, const char *program, struct ift_jqn *q, struct ift_jq *jq,
                    int k) {
    struct ift_str value = {0}, wrapped = {0}, a = {0}, b = {0}, outputs = {0};
    struct ift_json doc = {0}, jq_doc = {0};
    struct ift_err err = {0};
    for (int i = 0; i < VALUES; i++) {
        ift_str_clear(&value);
        ift_str_clear(&wrapped);
        ift_str_clear(&a);
        ift_str_clear(&b);
        jq_random_value(r, &value, 3);
        if (k >= 0) ift_str_addf(&wrapped, "[%d,%s]", k, value.p);
        if (k < 0) ift_str_adds(&wrapped, value.p);
        CHECK_OK(ift_json_parse(&doc, value.p, value.n, &err), &err);
        CHECK_OK(ift_json_parse(&jq_doc, wrapped.p, wrapped.n, &err), &err);
        cases++;
        ift_str_clear(&outputs);
        if (i % 2) ift_str_adds(&outputs, "{what was there}");
        if (ift_jqn_run(q, &doc, &outputs) != 0) {
            left++;
            continue;
        }
        drain_native(q, &a);
        ift_jq_start(jq, &jq_doc);
        drain_jq(jq, &b);
        if (!ift_slice_eq(ift_str_slice(&a), ift_str_slice(&b))) {
            fprintf(stderr, "program: %s\nvalue: %s\nnative: %s\nlibjq:  %s\n\n", program, value.p,
                    a.p, b.p);
            check_failures++;
        }
        failures += a.n > 0 && a.p[a.n - 1] == '!';
    }
    ift_json_release(&doc);
    ift_json_release(&jq_doc);
    ift_str_release(&value);
    ift_str_release(&wrapped);
    ift_str_release(&outputs);
    ift_str_release(&a);
    ift_str_release(&b);
}

/* Compiling for libjq takes long, for it reads its own library each time: many programs become the
 * branches of one. */
static void run_batch(struct jq_random *r) {
    struct ift_str program[BATCH] = {0}, whole = {0};
    struct ift_jqn *q[BATCH];
    struct ift_jq *jq;
    struct ift_err err = {0};
    ift_str_adds(&whole, ".[0] as $k | .[1] | ");
    for (int k = 0; k < BATCH; k++) {
        do { /* until one is in the subset */
            ift_str_clear(&program[k]);
            jq_random_program(r, &program[k], 1 + (int)jq_choice(r, 4));
            q[k] = ift_jqn_open(program[k].p, NULL, 0, &why);
        } while (!q[k]);
        ift_str_addf(&whole, "%sif $k == %d then %s\n", k ? "el" : "", k, program[k].p);
    }
    ift_str_adds(&whole, "else empty end");
    const int got = ift_jq_open(&jq, whole.p, NULL, 0, &err);
    if (got < 0) fprintf(stderr, "%s\n", whole.p);
    CHECK_OK(got, &err);
    for (int k = 0; k < BATCH; k++) {
        if (got == 0) compare(r, program[k].p, q[k], jq, k);
        native_programs++;
        ift_jqn_free(q[k]);
        ift_str_release(&program[k]);
    }
    if (got == 0) ift_jq_free(jq);
    ift_str_release(&whole);
}

/* Without parentheses: the grammar. What libjq rejects, the subset does not contain. */
static void run_bare(struct jq_random *r) {
    struct ift_str program = {0};
    struct ift_jq *jq;
    struct ift_err err = {0};
    r->bare = true;
    jq_random_program(r, &program, 1 + (int)jq_choice(r, 4));
    r->bare = false;
    struct ift_jqn *q = ift_jqn_open(program.p, NULL, 0, &why);
    if (q) {
        if (ift_jq_open(&jq, program.p, NULL, 0, &err) < 0) {
            fprintf(stderr, "accepted: %s\nlibjq: %s\n", program.p, err.text);
            check_failures++;
        } else {
            compare(r, program.p, q, jq, -1);
            ift_jq_free(jq);
        }
    }
    ift_jqn_free(q);
    ift_str_release(&program);
}

int main(int argc, char **argv) {
    struct jq_random r = {.state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1};
    const size_t programs = argc > 2 ? strtoull(argv[2], NULL, 10) : 1700;
    while (native_programs < programs && check_failures < 20) run_batch(&r);
    for (size_t i = 0; i < programs / 25 && check_failures < 20; i++) run_bare(&r);
    fprintf(stderr, "%zu programs, %zu cases, %zu failed as libjq did, %zu left to libjq\n",
            native_programs, cases, failures, left);
    CHECK(cases >= 4 * programs && left * 20 < cases && failures * 10 < cases * 9);
    ift_str_release(&why);
    return check_done();
}
