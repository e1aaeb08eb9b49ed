#include "libcore/data/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/data/jqn.h"
#include "libcore/data/recipe_header.h"
#include "libcore/io/stream.h"

const char *const ift_recipe_engine_name[] = {"auto", "native", "libjq", NULL};

struct ift_recipe {
    char *name, *program;
    struct ift_recipe_header header;
    struct ift_jq_arg *arg;
    size_t nargs;
    struct ift_jqn *native;
    struct ift_str why_libjq; /* empty: the evaluator runs it */
    struct ift_jq *jq;        /* opened when it is needed first */
    bool on_jq;               /* it runs the present value */
    struct ift_json doc;      /* the present value */
    struct ift_str *out;      /* where outputs go */
    struct ift_json tape;     /* of what libjq made of it */
};

static void copy_args(struct ift_recipe *r, const struct ift_jq_arg *args, size_t nargs) {
    r->arg = ift_alloc0(nargs, sizeof *r->arg);
    r->nargs = nargs;
    for (size_t i = 0; i < nargs; i++) {
        r->arg[i] = (struct ift_jq_arg){ift_strdup(args[i].name), ift_strdup(args[i].value)};
    }
}

static const char *const choice_keys[] = {"side", "answers"};

static bool offers(const char *values, const char *value) {
    for (const char *p = values; *p;) {
        const size_t n = strcspn(p, ", ");
        if (n && n == strlen(value) && memcmp(p, value, n) == 0) return true;
        p += n;
        p += strspn(p, ", ");
    }
    return false;
}

/* What the header offers must be chosen from it, or is its first. */
static int settle_choice(struct ift_recipe *r, const char *key, struct ift_err *err) {
    const char *const values = ift_recipe_header(r, key);
    for (size_t i = 0; i < r->nargs; i++) {
        if (strcmp(r->arg[i].name, key) != 0) continue;
        if (!values)
            return ift_fail_usage(err, "%s: the recipe has no choice of --%s", r->name, key);
        if (offers(values, r->arg[i].value)) return 0;
        return ift_fail_usage(err, "%s: --%s is one of %s, not \"%s\"", r->name, key, values,
                              r->arg[i].value);
    }
    if (!values) return 0;
    r->arg = ift_realloc(r->arg, r->nargs + 1, sizeof *r->arg);
    r->arg[r->nargs++] =
        (struct ift_jq_arg){ift_strdup(key), ift_strndup(values, strcspn(values, ", "))};
    return 0;
}

static int open_jq(struct ift_recipe *r, struct ift_err *err) {
    if (r->jq) return 0;
    return ift_jq_open(&r->jq, r->program, r->arg, r->nargs, err) < 0
               ? ift_fail_in(err, "%s", r->name)
               : 0;
}

static int choose_engine(struct ift_recipe *r, enum ift_recipe_engine engine, struct ift_err *err) {
    if (engine == IFT_RECIPE_LIBJQ) return open_jq(r, err);
    r->native = ift_jqn_open(r->program, r->arg, r->nargs, &r->why_libjq);
    if (r->native) return 0;
    if (engine == IFT_RECIPE_AUTO) return open_jq(r, err);
    return IFT_FAIL(err, "%s: the native engine lacks %s", r->name, r->why_libjq.p);
}

int ift_recipe_compile(struct ift_recipe **result, const char *name, struct ift_slice text,
                       enum ift_recipe_engine engine, const struct ift_jq_arg *args, size_t nargs,
                       struct ift_err *err) {
    struct ift_recipe *const r = ift_alloc0(1, sizeof *r);
    r->name = ift_strdup(name);
    r->program = ift_strndup(text.p, text.n);
    copy_args(r, args, nargs);
    int got = ift_recipe_header_parse(&r->header, name, text, err);
    for (size_t i = 0; got == 0 && i < sizeof choice_keys / sizeof *choice_keys; i++)
        got = settle_choice(r, choice_keys[i], err);
    if (got == 0) got = choose_engine(r, engine, err);
    if (got == 0) {
        *result = r;
    } else {
        ift_recipe_free(r);
    }
    return got;
}

int ift_recipe_open(struct ift_recipe **r, const char *name, enum ift_recipe_engine engine,
                    const struct ift_jq_arg *args, size_t nargs, struct ift_err *err) {
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
    for (size_t i = 0; i < r->nargs; i++) {
        free((char *)r->arg[i].name);
        free((char *)r->arg[i].value);
    }
    free(r->arg);
    ift_recipe_header_release(&r->header);
    ift_json_release(&r->doc);
    ift_json_release(&r->tape);
    ift_jqn_free(r->native);
    ift_jq_free(r->jq);
    ift_str_release(&r->why_libjq);
    free(r->program);
    free(r->name);
    free(r);
}

const char *ift_recipe_name(const struct ift_recipe *r) {
    return r->name;
}

const char *ift_recipe_program(const struct ift_recipe *r) {
    return r->program;
}

size_t ift_recipe_nargs(const struct ift_recipe *r) {
    return r->nargs;
}

const struct ift_jq_arg *ift_recipe_arg(const struct ift_recipe *r, size_t i) {
    return &r->arg[i];
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

const struct ift_recipe_join *ift_recipe_joins(const struct ift_recipe *r) {
    return r->header.join.on ? &r->header.join : NULL;
}

int ift_recipe_open_through(struct ift_recipe **through, const struct ift_recipe *r,
                            struct ift_err *err) {
    const char *const f = r->header.join.through, *end = r->program;
    *through = NULL;
    if (!f) return 0;
    for (const char *line = end; (line = strstr(line, ";\n")) != NULL; line += 2) end = line + 2;
    struct ift_str text = {0};
    ift_str_add(&text, r->program, (size_t)(end - r->program));
    ift_str_adds(&text, f);
    const int got =
        ift_recipe_compile(through, r->name, ift_str_slice(&text),
                           r->native ? IFT_RECIPE_AUTO : IFT_RECIPE_LIBJQ, r->arg, r->nargs, err);
    ift_str_release(&text);
    return got < 0 ? ift_fail_in(err, "through=%s", f) : 0;
}

enum ift_recipe_engine ift_recipe_engine(const struct ift_recipe *r) {
    return r->native ? IFT_RECIPE_NATIVE : IFT_RECIPE_LIBJQ;
}

const char *ift_recipe_why_libjq(const struct ift_recipe *r) {
    return r->why_libjq.n ? r->why_libjq.p : NULL;
}

int ift_recipe_run_on(struct ift_recipe *r, const struct ift_json *doc, struct ift_str *out,
                      struct ift_err *err) {
    r->out = out;
    r->on_jq = !r->native || ift_jqn_run(r->native, doc, out) != 0;
    if (!r->on_jq) return 0;
    IFT_TRY(open_jq(r, err));
    ift_jq_start(r->jq, doc);
    return 0;
}

int ift_recipe_run(struct ift_recipe *r, struct ift_slice value, struct ift_str *out,
                   struct ift_err *err) {
    IFT_TRY(ift_json_parse(&r->doc, value.p, value.n, err));
    return ift_recipe_run_on(r, &r->doc, out, err);
}

int ift_recipe_next(struct ift_recipe *r, const struct ift_json **value, struct ift_err *err) {
    if (!r->on_jq) return ift_jqn_next(r->native, value, err);
    struct ift_slice text;
    const int got = ift_jq_next(r->jq, &text, err);
    if (got <= 0) return got;
    const size_t from = r->out->n;
    ift_str_add(r->out, text.p, text.n);
    IFT_TRY(ift_json_parse(&r->tape, r->out->p + from, text.n, err));
    *value = &r->tape;
    return 1;
}
