/* Items do not depend on how the input is cut into blocks, and each is right JSON or said to be
 * wrong; what is wrong ends, and the end comes. What is read without libyaml is what that reads. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/yaml_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct text {
    const char *p;
    size_t n, step;
};

static int give(void *ctx, const char **p, size_t *n, struct ift_err *err) {
    struct text *const t = ctx;
    (void)err;
    *p = t->p;
    *n = t->n < t->step ? t->n : t->step;
    t->p += *n;
    t->n -= *n;
    return *n > 0;
}

static int items(struct text text, bool only_libyaml, struct ift_str *out) {
    struct ift_yaml *const y = ift_yaml_new(give, &text);
    struct ift_json doc = {0};
    struct ift_str json = {0};
    struct ift_err err = {0};
    size_t line;
    int got;
    const char *wrong;
    const size_t most = text.n + 1;
    for (size_t i = 0;; i++) {
        y->patience = only_libyaml ? SIZE_MAX : 0;
        if ((got = ift_yaml_next(y, &json, &line, &wrong, &err)) <= 0) break;
        if (i > most) abort();
        if (!wrong && ift_json_parse(&doc, json.p, json.n, &err) < 0) abort();
        ift_str_addf(out, "%zu%s:", line, wrong ? " wrong" : "");
        ift_str_add(out, json.p, json.n);
        ift_str_clear(&json);
    }
    ift_json_release(&doc);
    ift_str_release(&json);
    ift_yaml_free(y);
    return got;
}

static void must_be_same(const struct ift_str *a, const struct ift_str *b) {
    if (ift_slice_eq(ift_str_slice(a), ift_str_slice(b))) return;
    fwrite(a->p, 1, a->n, stderr);
    fputs("\n---- other:\n", stderr);
    fwrite(b->p, 1, b->n, stderr);
    abort();
}

/* Breaks that libyaml counts as lines and nobody else does. */
static bool has_odd_breaks(const void *p, size_t n) {
    return memchr(p, '\r', n) || memmem(p, n, "\xc2\x85", 2) || memmem(p, n, "\xe2\x80\xa8", 3) ||
           memmem(p, n, "\xe2\x80\xa9", 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0) return 0;
    struct ift_str whole = {0}, cut = {0}, libyaml = {0};
    const char *const text = (const char *)data;
    const int a = items((struct text){text, n, n}, false, &whole);
    const int b = items((struct text){text, n, 1 + data[0] % 7u}, false, &cut);
    const int c = items((struct text){text, n, n}, true, &libyaml);
    if (a != b || a != c) abort();
    if (a == 0) must_be_same(&whole, &cut);
    if (a == 0 && !has_odd_breaks(data, n)) must_be_same(&whole, &libyaml);
    ift_str_release(&whole);
    ift_str_release(&cut);
    ift_str_release(&libyaml);
    return 0;
}
