/* The native evaluator against libjq on generated programs and values: the same outputs, in the
 * same order, and a failure where there is one. `test_recipe_random SEED PROGRAMS` does more than
 * the suite has time for. */
#include "libcore/base/hash.h"
#include "libcore/data/jqn.h"
#include "libcore/data/recipe.h"
#include "tests/unit/check.h"
#include "tests/unit/jq_random.h"

/* libjq 1.6 itself leaks what ltrimstr and rtrimstr were given when that is no string. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libjq";
}

enum { BATCH = 100, VALUES = 6 };

/* odd: cases whose numbers or U+007F were spelled as libjq would not; spelled: of those, where the
 * spelling shows in more than numbers, as in the length of a text. */
static size_t cases, native_programs, drawn, outside, left, failures, odd, spelled;

static struct ift_str why;

/* ---- programs, each once ---- */

static uint64_t *seen;
static size_t seen_cap;

static bool is_new(struct ift_slice program) {
    const uint64_t h = ift_hash(program.p, program.n) | 1;
    size_t i = h & (seen_cap - 1);
    while (seen[i] && seen[i] != h) i = (i + 1) & (seen_cap - 1);
    const bool fresh = !seen[i];
    seen[i] = h;
    return fresh;
}

/* One that is in the subset. */
static struct ift_jqn *draw(struct jq_random *r, struct ift_str *program) {
    for (;;) {
        ift_str_clear(program);
        r->mild = jq_choice(r, 4) > 0;
        r->bare = jq_choice(r, 4) == 0;
        jq_random_program(r, program, 1 + (int)jq_choice(r, 4));
        r->bare = false;
        if (!is_new(ift_str_slice(program))) continue;
        drawn++;
        struct ift_jqn *const q = ift_jqn_open(program->p, jq_args, JQ_NARGS, &why);
        if (q) return q;
        outside++;
    }
}

/* ---- running ---- */

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
        /* the parser does not look whether a character needs its \u00xx */
        const struct ift_slice raw = ift_json_raw(value, (int)i);
        if (b->escaped != 2 || !memmem(raw.p, raw.n, "\\u00", 4)) CHECK_INT(a->escaped, b->escaped);
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

/* All outputs of the native evaluator: 0, or 1 when it leaves the value to libjq. */
static int run_native(struct ift_jqn *q, struct ift_slice value, bool behind, struct ift_str *out) {
    struct ift_str outputs = {0};
    struct ift_json doc = {0};
    struct ift_err err = {0};
    ift_str_clear(out);
    ift_str_adds(out, "");
    CHECK_OK(ift_json_parse(&doc, value.p, value.n, &err), &err);
    if (behind) ift_str_adds(&outputs, "{what was there}");
    const int leave = ift_jqn_run(q, &doc, &outputs);
    if (!leave) drain_native(q, out);
    ift_json_release(&doc);
    ift_str_release(&outputs);
    return leave;
}

/* jq gets [k, value] when k >= 0 and the value itself otherwise. */
static void run_jq(struct ift_jq *jq, int k, struct ift_slice value, struct ift_str *out) {
    struct ift_str wrapped = {0};
    struct ift_json doc = {0};
    struct ift_err err = {0};
    ift_str_clear(out);
    ift_str_adds(out, "");
    if (k >= 0) ift_str_addf(&wrapped, "[%d,%s]", k, value.p);
    if (k < 0) ift_str_add(&wrapped, value.p, value.n);
    CHECK_OK(ift_json_parse(&doc, wrapped.p, wrapped.n, &err), &err);
    ift_jq_start(jq, &doc);
    drain_jq(jq, out);
    ift_json_release(&doc);
    ift_str_release(&wrapped);
}

/* The same text with all numbers as jq prints them, those in strings too, and without U+007F. */
static void respell(struct ift_slice text, struct ift_str *out) {
    ift_str_clear(out);
    ift_str_adds(out, "");
    for (const char *p = text.p, *const end = p + text.n; p < end;) {
        char *after = (char *)p;
        if (*p == '\\') { /* an escape has digits of its own */
            const size_t n = p[1] == 'u' ? 6 : 2;
            ift_str_add(out, p, n);
            p += n;
            continue;
        }
        if (*p == '-' || (*p >= '0' && *p <= '9')) {
            const double number = strtod(p, &after);
            if (after > p) ift_json_number(out, number);
        } else if (*p != 0x7f) {
            ift_str_addc(out, *p);
        }
        p = after > p ? after : p + 1;
    }
}

static void report(const char *program, const char *value, const char *a, const char *b) {
    fprintf(stderr, "program: %s\nvalue: %s\nnative: %s\nlibjq:  %s\n\n", program, value, a, b);
    check_failures++;
}

/* What is documented to differ: spellings pass through. So the outputs for the value as it is are
 * those for the value respelled, but for spellings. */
static void check_odd(const char *program, struct ift_jqn *q, struct ift_slice value,
                      const struct ift_str *plain) {
    struct ift_str out = {0}, a = {0}, b = {0};
    if (run_native(q, value, false, &out) == 0) {
        odd++;
        respell(ift_str_slice(&out), &a);
        respell(ift_str_slice(plain), &b);
        spelled += !ift_slice_eq(ift_str_slice(&a), ift_str_slice(&b));
        const bool failed = out.n && out.p[out.n - 1] == '!';
        if (failed && !(plain->n && plain->p[plain->n - 1] == '!'))
            report(program, value.p, out.p, plain->p);
    }
    ift_str_release(&out);
    ift_str_release(&a);
    ift_str_release(&b);
}

static void compare(struct jq_random *r, const char *program, struct ift_jqn *q, struct ift_jq *jq,
                    int k) {
    struct ift_str value = {0}, plain = {0}, a = {0}, b = {0};
    for (int i = 0; i < VALUES; i++) {
        ift_str_clear(&value);
        r->odd = jq_choice(r, 6) == 0;
        jq_random_value(r, &value, 4);
        respell(ift_str_slice(&value), &plain);
        const struct ift_str *const given = r->odd ? &plain : &value;
        cases++;
        if (run_native(q, ift_str_slice(given), i % 2, &a) != 0) {
            left++;
            continue;
        }
        run_jq(jq, k, ift_str_slice(given), &b);
        if (!ift_slice_eq(ift_str_slice(&a), ift_str_slice(&b)))
            report(program, given->p, a.p, b.p);
        if (r->odd) check_odd(program, q, ift_str_slice(&value), &a);
        failures += a.n > 0 && a.p[a.n - 1] == '!';
    }
    r->odd = false;
    ift_str_release(&value);
    ift_str_release(&plain);
    ift_str_release(&a);
    ift_str_release(&b);
}

/* What libjq rejects, the subset does not contain. */
static void check_accepted(const char *program) {
    struct ift_jq *jq = NULL;
    struct ift_err err = {0};
    if (ift_jq_open(&jq, program, jq_args, JQ_NARGS, &err) < 0) {
        fprintf(stderr, "accepted: %s\nlibjq: %s\n", program, err.text);
        check_failures++;
    }
    ift_jq_free(jq);
}

/* Compiling for libjq takes long, for it reads its own library each time: many programs become the
 * branches of one. */
static void run_batch(struct jq_random *r) {
    struct ift_str program[BATCH] = {0}, whole = {0};
    struct ift_jqn *q[BATCH];
    struct ift_jq *jq = NULL;
    struct ift_err err = {0};
    ift_str_adds(&whole, ".[0] as $k | .[1] | ");
    for (int k = 0; k < BATCH; k++) {
        q[k] = draw(r, &program[k]);
        ift_str_addf(&whole, "%sif $k == %d then (%s\n)", k ? "el" : "", k, program[k].p);
    }
    ift_str_adds(&whole, "else empty end");
    const int got = ift_jq_open(&jq, whole.p, jq_args, JQ_NARGS, &err);
    if (got < 0) {
        CHECK_OK(got, &err);
        for (int k = 0; k < BATCH; k++) check_accepted(program[k].p);
    }
    for (int k = 0; k < BATCH; k++) {
        if (got == 0) compare(r, program[k].p, q[k], jq, k);
        native_programs++;
        ift_jqn_free(q[k]);
        ift_str_release(&program[k]);
    }
    ift_jq_free(jq);
    ift_str_release(&whole);
}

/* As a whole program, which is what libjq's grammar is asked for. */
static void run_alone(struct jq_random *r) {
    struct ift_str program = {0};
    struct ift_jq *jq = NULL;
    struct ift_err err = {0};
    struct ift_jqn *const q = draw(r, &program);
    check_accepted(program.p);
    if (ift_jq_open(&jq, program.p, jq_args, JQ_NARGS, &err) == 0) compare(r, program.p, q, jq, -1);
    native_programs++;
    ift_jq_free(jq);
    ift_jqn_free(q);
    ift_str_release(&program);
}

int main(int argc, char **argv) {
    enum { ENOUGH = 20 };
    struct jq_random r = {.state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1};
    const size_t programs = argc > 2 ? strtoull(argv[2], NULL, 10) : 1500;
    for (seen_cap = 1024; seen_cap < 8 * programs; seen_cap *= 2) continue;
    seen = calloc(seen_cap, sizeof *seen);
    for (size_t i = 0; i < programs / 100 && check_failures < ENOUGH; i++) run_alone(&r);
    while (native_programs < programs && check_failures < ENOUGH) run_batch(&r);
    fprintf(stderr,
            "%zu different programs of %zu drawn, %zu cases: %zu failed as libjq did, %zu left to "
            "libjq; %zu of %zu with numbers in other spellings showed them in texts\n",
            native_programs, drawn, cases, failures, left, spelled, odd);
    CHECK(cases >= 4 * programs && left * 20 < cases && failures * 2 < cases);
    CHECK(spelled * 10 < odd);
    free(seen);
    ift_str_release(&why);
    return check_done();
}
