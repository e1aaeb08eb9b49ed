#include "libcore/data/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/data/recipe_header.h"
#include "libcore/io/stream.h"

const char *const ift_recipe_engine_name[] = {"auto", "native", "libjq", NULL};

struct ift_recipe {
    char *name;
    struct ift_recipe_header header;
    struct ift_json doc; /* the value being worked on */
    struct ift_jq *jq;
    char *why_libjq;
};

int ift_recipe_compile(struct ift_recipe **result, const char *name, struct ift_slice text, enum ift_recipe_engine engine,
                       const struct ift_jq_arg *args, size_t nargs, struct ift_err *err) {
    struct ift_recipe *const r = ift_alloc0(1, sizeof *r);
    r->name = ift_strdup(name);
    char *const program = ift_strndup(text.p, text.n);
    int got = ift_recipe_header_parse(&r->header, name, text, err);
    (void)engine;
    if (got == 0 && ift_jq_open(&r->jq, program, args, nargs, err) < 0) got = ift_fail_in(err, "%s", name);
    free(program);
    if (got == 0) {
        *result = r;
    } else {
        ift_recipe_free(r);
    }
    return got;
}

int ift_recipe_open(struct ift_recipe **r, const char *name, enum ift_recipe_engine engine, const struct ift_jq_arg *args,
                    size_t nargs, struct ift_err *err) {
    char *path;
    IFT_TRY(ift_data_find("formats", name, ".jq", &path, err));
    struct ift_str text = {0};
    int got = ift_in_slurp(path, &text, 1 << 20, err);
    if (got == 0) got = ift_recipe_compile(r, path, ift_str_slice(&text), engine, args, nargs, err);
    ift_str_release(&text);
    free(path);
    return got;
}

void ift_recipe_free(struct ift_recipe *r) {
    if (!r) return;
    ift_recipe_header_release(&r->header);
    ift_json_release(&r->doc);
    ift_jq_free(r->jq);
    free(r->why_libjq);
    free(r->name);
    free(r);
}

const char *ift_recipe_name(const struct ift_recipe *r) {
    return r->name;
}

const char *ift_recipe_header(const struct ift_recipe *r, const char *key) {
    for (int i = 0; ift_recipe_keys[i]; i++) {
        if (strcmp(ift_recipe_keys[i], key) == 0) return r->header.value[i];
    }
    return NULL;
}

const struct ift_recipe_read *ift_recipe_reads(const struct ift_recipe *r) {
    return &r->header.read;
}

enum ift_recipe_engine ift_recipe_engine(const struct ift_recipe *r) {
    return r->jq ? IFT_RECIPE_LIBJQ : IFT_RECIPE_NATIVE;
}

const char *ift_recipe_why_libjq(const struct ift_recipe *r) {
    return r->why_libjq;
}

int ift_recipe_run(struct ift_recipe *r, struct ift_slice value, struct ift_err *err) {
    IFT_TRY(ift_json_parse(&r->doc, value.p, value.n, err));
    ift_jq_start(r->jq, &r->doc);
    return 0;
}

int ift_recipe_next(struct ift_recipe *r, struct ift_slice *out, struct ift_err *err) {
    return ift_jq_next(r->jq, out, err);
}
