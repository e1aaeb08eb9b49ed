/* "%s of %d" % values, and "{} of {n}".format(values), of jinja.h. */
#include <stdio.h>
#include <string.h>

#include "libcore/text/jinja_internal.h"

static int put_number(struct ift_jrun *run, struct ift_jbuild *b, char kind, int digits,
                      struct ift_jval v) {
    char text[512];
    double real;
    __int128 whole;
    if (!ift_jval_number(v, &real))
        return ift_jrun_fail(run, "%%%c takes a number, not %s", kind, ift_jval_kind(v));
    if (kind == 'f') {
        snprintf(text, sizeof text, "%.*f", digits < 0 ? 6 : digits, real);
        ift_jbuild_word(b, text);
        return 0;
    }
    if (!ift_jval_whole(v, &whole)) {
        if (!(real > -1e18 && real < 1e18)) return ift_jrun_fail(run, "a number is too large");
        whole = (__int128)real;
    }
    return ift_jval_repr(b, ift_jval_int(whole));
}

/* One directive, behind its percent sign; *at goes past it. */
static int put_directive(struct ift_jrun *run, struct ift_jbuild *b, struct ift_jtext f, size_t *at,
                         struct ift_jval v) {
    int digits = -1;
    size_t i = *at;
    if (i + 1 < f.n && f.p[i] == '.' && f.p[i + 1] >= '0' && f.p[i + 1] <= '9') {
        digits = f.p[i + 1] - '0';
        i += 2;
    }
    const char kind = i < f.n ? f.p[i] : '\0';
    *at = i + 1;
    if (kind == 's' && digits < 0) return ift_jval_print(b, v);
    if (kind == 'r' && digits < 0) return ift_jval_repr(b, v);
    if (kind == 'f') return put_number(run, b, kind, digits, v);
    if ((kind == 'd' || kind == 'i') && digits < 0) return put_number(run, b, kind, digits, v);
    return ift_jrun_fail(run, "a format is not known: only %%s, %%r, %%d, %%i, %%f and %%.2f are");
}

int ift_jinja_format(struct ift_jrun *run, struct ift_jtext f, struct ift_jval args,
                     struct ift_jval *out) {
    struct ift_jbuild b = {.run = run};
    const bool several = args.type == IFT_JVAL_TUPLE;
    const size_t n = several ? args.list->n : 1;
    size_t used = 0;
    for (size_t i = 0; i < f.n;) {
        const char *const next = memchr(f.p + i, '%', f.n - i);
        const size_t end = next ? (size_t)(next - f.p) : f.n;
        ift_jbuild_add(&b, ift_jtext_cut(f, i, end));
        i = end + 1;
        if (end == f.n) break;
        IFT_TRY(ift_jrun_spend(run, 1));
        if (i < f.n && f.p[i] == '%') {
            ift_jbuild_word(&b, "%");
            i++;
            continue;
        }
        if (used == n) return ift_jrun_fail(run, "a format has more places than values");
        IFT_TRY(put_directive(run, &b, f, &i, several ? args.list->item[used] : args));
        used++;
    }
    if (used < n && (several || args.type != IFT_JVAL_DICT))
        return ift_jrun_fail(run, "a format has fewer places than values");
    *out = ift_jval_of(ift_jbuild_text(&b));
    return 0;
}

/* The value that {}, {1} or {name} stands for. *next: of the next {}; SIZE_MAX after a {1}. */
static int find_field(struct ift_jrun *run, struct ift_slice name, const struct ift_jargs *args,
                      size_t *next, struct ift_jval *value) {
    const bool numbered = name.n > 0;
    long long i = 0;
    if (!numbered || ift_parse_i64(name, &i)) {
        if (numbered ? *next && *next != SIZE_MAX : *next == SIZE_MAX)
            return ift_jrun_fail(run, "format() has both {} and {0}");
        if (!numbered) i = (long long)(*next)++;
        if (numbered) *next = SIZE_MAX;
        if (i < 0 || (size_t)i >= args->n)
            return ift_jrun_fail(run, "format() has no argument %lld", i);
        *value = args->value[i];
        return 0;
    }
    for (size_t k = 0; k < args->nnamed; k++)
        if (ift_slice_is(name, args->name[k])) {
            *value = args->value[args->n + k];
            return 0;
        }
    return ift_jrun_fail(run, "format() has no argument \"%.*s\"", IFT_SHOWN(name));
}

int ift_jinja_braces(struct ift_jrun *run, struct ift_jtext f, const struct ift_jargs *args,
                     struct ift_jval *out) {
    struct ift_jbuild b = {.run = run};
    struct ift_jval value;
    size_t used = 0;
    for (size_t i = 0; i < f.n; i++) {
        const char c = f.p[i];
        if (c != '{' && c != '}') {
            ift_jbuild_add(&b, ift_jtext_cut(f, i, i + 1));
            continue;
        }
        if (i + 1 < f.n && f.p[i + 1] == c) {
            ift_jbuild_add(&b, ift_jtext_cut(f, i, i + 1));
            i++;
            continue;
        }
        const char *const close = c == '{' ? memchr(f.p + i, '}', f.n - i) : NULL;
        if (!close) return ift_jrun_fail(run, "a brace of format() that does not pair");
        const size_t end = (size_t)(close - f.p);
        IFT_TRY(ift_jrun_spend(run, 1));
        IFT_TRY(find_field(run, (struct ift_slice){f.p + i + 1, end - i - 1}, args, &used, &value));
        IFT_TRY(ift_jval_print(&b, value));
        i = end;
    }
    *out = ift_jval_of(ift_jbuild_text(&b));
    return 0;
}
