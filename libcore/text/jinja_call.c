/* What a template can call: arguments by position and by name, and the functions. */
#include <string.h>
#include <time.h>

#include "libcore/text/jinja_internal.h"

/* ---- arguments ---- */

/* Word i of a list with blanks between, or nothing. */
static struct ift_slice param(const char *params, size_t i) {
    const char *p = params;
    for (; i > 0 && *p; i--) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    return (struct ift_slice){p, strcspn(p, " ")};
}

int ift_jargs_check(struct ift_jrun *run, const char *what, const char *name, const char *params,
                    const struct ift_jargs *args) {
    size_t n = 0;
    if (strcmp(params, "*") == 0) return 0;
    while (param(params, n).n) n++;
    if (args->n > n)
        return ift_jrun_fail(run, "%s %s takes %zu arguments, not %zu", what, name, n, args->n);
    for (size_t i = 0; i < args->nnamed; i++) {
        size_t k = 0;
        while (k < n && !ift_slice_is(param(params, k), args->name[i])) k++;
        if (k == n)
            return ift_jrun_fail(run, "%s %s has no argument \"%s\"", what, name, args->name[i]);
        if (k < args->n)
            return ift_jrun_fail(run, "%s %s has \"%s\" twice", what, name, args->name[i]);
    }
    return 0;
}

const struct ift_jval *ift_jargs_get(const struct ift_jargs *args, size_t i, const char *name) {
    if (i < args->n) return &args->value[i];
    for (size_t k = 0; k < args->nnamed; k++)
        if (strcmp(args->name[k], name) == 0) return &args->value[args->n + k];
    return NULL;
}

int ift_jargs_text(struct ift_jrun *run, const struct ift_jargs *args, size_t i, const char *name,
                   struct ift_jtext *text) {
    const struct ift_jval *const v = ift_jargs_get(args, i, name);
    *text = (struct ift_jtext){0};
    if (!v || v->type == IFT_JVAL_NONE) return 0;
    if (v->type != IFT_JVAL_TEXT)
        return ift_jrun_fail(run, "\"%s\" must be a text, not %s", name, ift_jval_kind(*v));
    *text = v->text;
    return 0;
}

int ift_jargs_whole(struct ift_jrun *run, const struct ift_jargs *args, size_t i, const char *name,
                    long long *number) {
    const struct ift_jval *const v = ift_jargs_get(args, i, name);
    __int128 whole;
    if (!v) return 0;
    if (!ift_jval_whole(*v, &whole))
        return ift_jrun_fail(run, "\"%s\" must be a whole number, not %s", name, ift_jval_kind(*v));
    const long long most = 1LL << 40;
    *number = whole > most ? most : whole < -most ? -most : (long long)whole;
    return 0;
}

bool ift_jargs_truth(const struct ift_jargs *args, size_t i, const char *name, bool truth) {
    const struct ift_jval *const v = ift_jargs_get(args, i, name);
    return v ? ift_jval_truth(*v) : truth;
}

/* ---- functions ---- */

static int fn_range(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                    struct ift_jval *out) {
    (void)v;
    long long from = 0, to = 0, step = 1;
    if (args->n == 0) return ift_jrun_fail(run, "range() needs an argument");
    IFT_TRY(ift_jargs_whole(run, args, args->n > 1, "stop", &to));
    if (args->n > 1) IFT_TRY(ift_jargs_whole(run, args, 0, "start", &from));
    IFT_TRY(ift_jargs_whole(run, args, 2, "step", &step));
    if (step == 0) return ift_jrun_fail(run, "the step of range() is zero");
    long long n = step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
    if ((step > 0 && to <= from) || (step < 0 && to >= from)) n = 0;
    if (n > 100000) return ift_jrun_fail(run, "range() of more than 100000 numbers");
    *out = ift_jval_list(run);
    for (long long i = 0; i < n; i++) ift_jval_add(run, *out, ift_jval_int(from + i * step));
    return 0;
}

static int make_dict(struct ift_jrun *run, const struct ift_jargs *args, struct ift_jval *out) {
    *out = ift_jval_dict(run);
    if (args->n > 1 || (args->n == 1 && args->value[0].type != IFT_JVAL_DICT))
        return ift_jrun_fail(run, "a dictionary is made of names and of another dictionary");
    for (size_t i = 0; args->n == 1 && i < args->value[0].dict->n; i++)
        ift_jdict_set(run, out->dict, args->value[0].dict->pair[i].key,
                      args->value[0].dict->pair[i].value);
    for (size_t i = 0; i < args->nnamed; i++)
        ift_jdict_set(run, out->dict, ift_jval_word(args->name[i]), args->value[args->n + i]);
    return 0;
}

static int fn_dict(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                   struct ift_jval *out) {
    (void)v;
    return make_dict(run, args, out);
}

static int fn_namespace(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                        struct ift_jval *out) {
    (void)v;
    IFT_TRY(make_dict(run, args, out));
    out->type = IFT_JVAL_NAMESPACE;
    return 0;
}

/* The author's words as they are. */
static int fn_raise(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                    struct ift_jval *out) {
    (void)v;
    (void)out;
    struct ift_jtext text;
    if (args->n + args->nnamed == 0) return ift_jrun_fail(run, "raise_exception() needs a message");
    IFT_TRY(ift_jval_string(run, args->value[0], &text));
    run->raised = true;
    return IFT_FAIL(run->err, "%.*s", (int)(text.n < 900 ? text.n : 900), text.p);
}

static int fn_strftime_now(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                           struct ift_jval *out) {
    (void)v;
    struct ift_jtext format;
    char text[256], how[128];
    struct tm tm;
    const time_t now = time(NULL);
    IFT_TRY(ift_jargs_text(run, args, 0, "format", &format));
    if (!format.p || format.n >= sizeof how || !localtime_r(&now, &tm))
        return ift_jrun_fail(run, "strftime_now() needs a format");
    memcpy(how, format.p, format.n);
    how[format.n] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const size_t n = strftime(text, sizeof text, how, &tm);
#pragma GCC diagnostic pop
    *out = ift_jval_text(run, (struct ift_slice){text, n}, 0);
    return 0;
}

const struct ift_jfunction *ift_jinja_function(const char *name) {
    static const struct ift_jfunction table[] = {
        {"range", "start stop step", fn_range},
        {"dict", "*", fn_dict},
        {"namespace", "*", fn_namespace},
        {"raise_exception", "message", fn_raise},
        {"strftime_now", "format", fn_strftime_now},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

int ift_jinja_call(struct ift_jrun *run, struct ift_jval callee, const struct ift_jargs *args,
                   struct ift_jval *out) {
    switch (callee.type) {
    case IFT_JVAL_UNDEFINED:
        return ift_jrun_fail(run, "\"%s\" is not a function known here", callee.missing);
    case IFT_JVAL_FUNCTION:
        IFT_TRY(ift_jargs_check(run, "the function", callee.function->name, callee.function->params,
                                args));
        return callee.function->fn(run, callee, args, out);
    case IFT_JVAL_METHOD:
        IFT_TRY(ift_jargs_check(run, "the method", callee.method->row->name,
                                callee.method->row->params, args));
        return callee.method->row->fn(run, callee.method->of, args, out);
    case IFT_JVAL_MACRO:
        return ift_jinja_call_macro(run, callee.macro, args, out);
    case IFT_JVAL_LOOP:
        return ift_jinja_call_loop(run, callee.loop, args, out);
    default:
        return ift_jrun_fail(run, "%s cannot be called", ift_jval_kind(callee));
    }
}
