/* Items do not depend on how the input is cut into blocks, and each is right JSON or said to be
 * wrong; what is wrong ends, and the end comes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/yaml.h"

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

static int items(struct text text, struct ift_str *out) {
    struct ift_yaml *const y = ift_yaml_new(give, &text);
    struct ift_json doc = {0};
    struct ift_str json = {0};
    struct ift_err err = {0};
    size_t line;
    int got;
    const char *wrong;
    const size_t most = text.n + 1;
    for (size_t i = 0; (got = ift_yaml_next(y, &json, &line, &wrong, &err)) > 0; i++) {
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0) return 0;
    struct ift_str whole = {0}, cut = {0};
    const int a = items((struct text){(const char *)data, n, n}, &whole);
    const int b = items((struct text){(const char *)data, n, 1 + data[0] % 7u}, &cut);
    if (a != b) abort();
    if (a == 0 && !ift_slice_eq(ift_str_slice(&whole), ift_str_slice(&cut))) {
        fwrite(whole.p, 1, whole.n, stderr);
        fputs("\n---- cut:\n", stderr);
        fwrite(cut.p, 1, cut.n, stderr);
        abort();
    }
    ift_str_release(&whole);
    ift_str_release(&cut);
    return 0;
}
