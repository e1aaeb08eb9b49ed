/* The native evaluator against libjq: the bytes choose a program and a value
 * (tests/unit/jq_random.h). Also: the bytes as a program, which must be accepted or not, never
 * crash. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/data/jqn.h"
#include "tests/unit/jq_random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void) {
    return "leak:libjq"; /* its ltrimstr leaks what is no string */
}

static void parse_only(const uint8_t *data, size_t n) {
    char *const program = malloc(n + 1);
    if (n) memcpy(program, data, n);
    program[n] = '\0';
    struct ift_str why = {0};
    ift_jqn_free(ift_jqn_open(program, NULL, 0, &why));
    ift_str_release(&why);
    free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    parse_only(data, n);
    struct jq_random r = {.byte = data, .end = data + n};
    struct ift_str program = {0}, value = {0}, why = {0}, a = {0}, b = {0}, outputs = {0};
    struct ift_json doc = {0};
    struct ift_err err = {0};
    struct ift_slice out;
    struct ift_jq *jq = NULL;
    r.mild = jq_choice(&r, 2);
    jq_random_value(&r, &value, 3);
    jq_random_program(&r, &program, 1 + (int)jq_choice(&r, 3));
    struct ift_jqn *const q = ift_jqn_open(program.p, jq_args, JQ_NARGS, &why);
    if (ift_json_parse(&doc, value.p, value.n, &err) < 0) abort();
    if (q && ift_jqn_run(q, &doc, &outputs) == 0) {
        int got;
        const struct ift_json *output;
        while ((got = ift_jqn_next(q, &output, &err)) > 0) {
            out = ift_json_raw(output, 0);
            ift_str_addf(&a, "%.*s\n", (int)out.n, out.p);
        }
        ift_str_addc(&a, got < 0 ? '!' : '.');
        if (ift_jq_open(&jq, program.p, jq_args, JQ_NARGS, &err) < 0) abort();
        ift_jq_start(jq, &doc);
        while ((got = ift_jq_next(jq, &out, &err)) > 0)
            ift_str_addf(&b, "%.*s\n", (int)out.n, out.p);
        ift_str_addc(&b, got < 0 ? '!' : '.');
        if (!ift_slice_eq(ift_str_slice(&a), ift_str_slice(&b))) {
            fprintf(stderr, "program: %s\nvalue: %s\nnative: %s\nlibjq: %s\n", program.p, value.p,
                    a.p, b.p);
            abort();
        }
    }
    ift_jq_free(jq);
    ift_jqn_free(q);
    ift_json_release(&doc);
    ift_str_release(&program);
    ift_str_release(&value);
    ift_str_release(&why);
    ift_str_release(&a);
    ift_str_release(&b);
    ift_str_release(&outputs);
    return 0;
}
