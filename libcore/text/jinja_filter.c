/* Filters of jinja.h for one value; those for lists are in jinja_sequence.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

#define FILTER(fn)                                                                                 \
    static int fn(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,           \
                  struct ift_jval *out)

static int give(struct ift_jval *out, struct ift_jval value) {
    *out = value;
    return 0;
}

FILTER(f_trim) {
    struct ift_jtext t, chars;
    IFT_TRY(ift_jargs_text(run, args, 0, "chars", &chars));
    IFT_TRY(ift_jval_string(run, v, &t));
    IFT_TRY(ift_jrun_spend(run, t.n / 16));
    return give(out, ift_jval_of(ift_jtext_strip(t, chars.p ? &chars : NULL, true, true)));
}

static int to_case(struct ift_jrun *run, struct ift_jval v, enum ift_jcase how,
                   struct ift_jval *out) {
    struct ift_jtext t;
    IFT_TRY(ift_jval_string(run, v, &t));
    return give(out, ift_jval_of(ift_jtext_case(run, t, how)));
}

FILTER(f_upper) {
    (void)args;
    return to_case(run, v, IFT_JCASE_UPPER, out);
}

FILTER(f_lower) {
    (void)args;
    return to_case(run, v, IFT_JCASE_LOWER, out);
}

FILTER(f_title) {
    (void)args;
    return to_case(run, v, IFT_JCASE_WORDS, out);
}

FILTER(f_capitalize) {
    (void)args;
    return to_case(run, v, IFT_JCASE_CAPITAL, out);
}

FILTER(f_string) {
    (void)args;
    struct ift_jtext t;
    IFT_TRY(ift_jval_string(run, v, &t));
    return give(out, ift_jval_of(t));
}

FILTER(f_length) {
    (void)args;
    size_t n;
    IFT_TRY(ift_jval_size(run, v, &n));
    return give(out, ift_jval_int((__int128)n));
}

FILTER(f_default) {
    const struct ift_jval *const def = ift_jargs_get(args, 0, "default_value");
    const bool falsy = ift_jargs_truth(args, 1, "boolean", false);
    (void)run;
    if (v.type != IFT_JVAL_UNDEFINED && (!falsy || ift_jval_truth(v))) return give(out, v);
    return give(out, def ? *def : ift_jval_word(""));
}

FILTER(f_replace) {
    struct ift_jtext t, what, with;
    long long most = -1;
    IFT_TRY(ift_jval_string(run, v, &t));
    IFT_TRY(ift_jargs_text(run, args, 0, "old", &what));
    IFT_TRY(ift_jargs_text(run, args, 1, "new", &with));
    IFT_TRY(ift_jargs_whole(run, args, 2, "count", &most));
    if (!what.p || !with.p) return ift_jrun_fail(run, "replace takes two texts");
    IFT_TRY(ift_jtext_replace(run, t, what, with, most, &t));
    return give(out, ift_jval_of(t));
}

/* ---- numbers ---- */

static int number_of(struct ift_jrun *run, struct ift_jval v, double *real, bool *is) {
    char text[64];
    *is = ift_jval_number(v, real);
    if (v.type != IFT_JVAL_TEXT) return 0;
    IFT_TRY(ift_jrun_spend(run, 1 + v.text.n / 16));
    const struct ift_jtext t = ift_jtext_strip(v.text, NULL, true, true);
    if (t.n == 0 || t.n >= sizeof text || memchr(t.p, 'x', t.n) || memchr(t.p, 'X', t.n)) return 0;
    char *end;
    memcpy(text, t.p, t.n);
    text[t.n] = '\0';
    *real = strtod(text, &end);
    *is = *end == '\0';
    return 0;
}

FILTER(f_int) {
    const struct ift_jval *const def = ift_jargs_get(args, 0, "default");
    double real;
    bool is;
    __int128 whole;
    long long number;
    if (ift_jval_whole(v, &whole)) return give(out, ift_jval_int(whole));
    if (v.type == IFT_JVAL_TEXT) {
        IFT_TRY(ift_jrun_spend(run, v.text.n / 16));
        const struct ift_jtext t = ift_jtext_strip(v.text, NULL, true, true);
        if (ift_parse_i64((struct ift_slice){t.p, t.n}, &number))
            return give(out, ift_jval_int(number));
    }
    IFT_TRY(number_of(run, v, &real, &is));
    if (is && real > -1e36 && real < 1e36) return give(out, ift_jval_int((__int128)real));
    return give(out, def ? *def : ift_jval_int(0));
}

FILTER(f_float) {
    const struct ift_jval *const def = ift_jargs_get(args, 0, "default");
    double real;
    bool is;
    IFT_TRY(number_of(run, v, &real, &is));
    return give(out, is ? ift_jval_float(real) : def ? *def : ift_jval_float(0));
}

FILTER(f_abs) {
    (void)args;
    __int128 whole;
    double real;
    if (ift_jval_whole(v, &whole))
        return ift_jinja_binary(run, whole < 0 ? "-" : "+", ift_jval_int(0), v, out);
    if (!ift_jval_number(v, &real))
        return ift_jrun_fail(run, "%s has no absolute value", ift_jval_kind(v));
    return give(out, ift_jval_float(fabs(real)));
}

/* As printf rounds: the nearest, of the exact value. */
FILTER(f_round) {
    long long digits = 0;
    double real;
    struct ift_jtext method;
    IFT_TRY(ift_jargs_whole(run, args, 0, "precision", &digits));
    IFT_TRY(ift_jargs_text(run, args, 1, "method", &method));
    if (!ift_jval_number(v, &real) || digits < 0 || digits > 15)
        return ift_jrun_fail(run, "%s cannot be rounded so", ift_jval_kind(v));
    const double scale = pow(10, (double)digits);
    if (!method.p || ift_jval_is_word(ift_jval_of(method), "common")) {
        char text[400];
        snprintf(text, sizeof text, "%.*f", (int)digits, real);
        return give(out, ift_jval_float(strtod(text, NULL)));
    }
    if (ift_jval_is_word(ift_jval_of(method), "ceil"))
        return give(out, ift_jval_float(ceil(real * scale) / scale));
    if (ift_jval_is_word(ift_jval_of(method), "floor"))
        return give(out, ift_jval_float(floor(real * scale) / scale));
    return ift_jrun_fail(run, "a number is rounded \"common\", \"ceil\" or \"floor\"");
}

/* ---- writing ---- */

FILTER(f_escape) {
    (void)args;
    static const struct {
        char c;
        const char *as;
    } table[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};
    struct ift_jtext t;
    struct ift_jbuild b = {.run = run};
    IFT_TRY(ift_jval_string(run, v, &t));
    for (size_t i = 0; i < t.n; i++) {
        size_t k = 0;
        while (k < 5 && table[k].c != t.p[i]) k++;
        if (k < 5)
            ift_jbuild_tag(&b, table[k].as, strlen(table[k].as), t.from ? t.from[i] : 0);
        else
            ift_jbuild_add(&b, ift_jtext_cut(t, i, i + 1));
    }
    return give(out, ift_jval_of(ift_jbuild_text(&b)));
}

FILTER(f_safe) {
    return f_string(run, v, args, out);
}

static void put_blanks(struct ift_jbuild *b, long long n) {
    for (long long i = 0; i < n; i++) ift_jbuild_word(b, " ");
}

FILTER(f_indent) {
    struct ift_jtext t;
    struct ift_jbuild b = {.run = run};
    long long width = 4;
    const bool first = ift_jargs_truth(args, 1, "first", false),
               blank = ift_jargs_truth(args, 2, "blank", false);
    IFT_TRY(ift_jval_string(run, v, &t));
    IFT_TRY(ift_jargs_whole(run, args, 0, "width", &width));
    if (width > 1000) return ift_jrun_fail(run, "an indent of more than 1000 blanks");
    for (size_t at = 0; at <= t.n;) {
        const char *const next = memchr(t.p + at, '\n', t.n - at);
        const size_t end = next ? (size_t)(next - t.p) : t.n;
        if (at == 0 ? first : blank || end > at) put_blanks(&b, width);
        ift_jbuild_add(&b, ift_jtext_cut(t, at, next ? end + 1 : end));
        at = end + 1;
        IFT_TRY(ift_jrun_spend(run, 1));
    }
    return give(out, ift_jval_of(ift_jbuild_text(&b)));
}

FILTER(f_wordcount) {
    (void)args;
    struct ift_jtext t;
    size_t words = 0;
    bool inside = false;
    IFT_TRY(ift_jval_string(run, v, &t));
    IFT_TRY(ift_jrun_spend(run, t.n / 16));
    for (size_t i = 0, n; i < t.n; i += n) {
        uint32_t code;
        n = ift_utf8_decode(t.p + i, t.n - i, &code);
        if (n == 0) n = 1;
        words += !inside && ift_utf8_is_word(code);
        inside = ift_utf8_is_word(code);
    }
    return give(out, ift_jval_int((__int128)words));
}

static int read_separators(struct ift_jrun *run, const struct ift_jargs *args,
                           struct ift_jdump *how) {
    const struct ift_jval *const v = ift_jargs_get(args, 2, "separators");
    const struct ift_jlist *two;
    if (!v || v->type == IFT_JVAL_NONE) return 0;
    IFT_TRY(ift_jval_items(run, *v, &two));
    if (two->n != 2 || two->item[0].type != IFT_JVAL_TEXT || two->item[1].type != IFT_JVAL_TEXT)
        return ift_jrun_fail(run, "separators are two texts");
    how->comma = (struct ift_slice){two->item[0].text.p, two->item[0].text.n};
    how->colon = (struct ift_slice){two->item[1].text.p, two->item[1].text.n};
    return 0;
}

FILTER(f_tojson) {
    const struct ift_jval *const indent = ift_jargs_get(args, 1, "indent");
    struct ift_jbuild b = {.run = run};
    struct ift_jdump how = {.ascii = ift_jargs_truth(args, 0, "ensure_ascii", false),
                            .sort = ift_jargs_truth(args, 3, "sort_keys", false),
                            .comma = ift_slice(", "),
                            .colon = ift_slice(": ")};
    if (indent && indent->type != IFT_JVAL_NONE) {
        long long n;
        struct ift_jbuild blanks = {.run = run};
        IFT_TRY(ift_jargs_whole(run, args, 1, "indent", &n));
        if (n > 100) return ift_jrun_fail(run, "an indent of more than 100 blanks");
        put_blanks(&blanks, n);
        ift_jbuild_add(&blanks, (struct ift_jtext){"", 1, NULL});
        how.indent = blanks.p;
        how.comma = ift_slice(",");
    }
    IFT_TRY(read_separators(run, args, &how));
    IFT_TRY(ift_jval_dump(&b, v, &how));
    return give(out, ift_jval_of(ift_jbuild_text(&b)));
}

FILTER(f_format) {
    struct ift_jtext t;
    IFT_TRY(ift_jval_string(run, v, &t));
    if (args->nnamed) return ift_jrun_fail(run, "format takes no names");
    return ift_jinja_format(run, t, ift_jval_tuple(run, args->n, args->value), out);
}

FILTER(f_attr) {
    const struct ift_jval *const name = ift_jargs_get(args, 0, "name");
    if (!name || name->type != IFT_JVAL_TEXT) return ift_jrun_fail(run, "attr takes a name");
    if (v.type == IFT_JVAL_DICT) return give(out, ift_jval_undefined("an attribute"));
    return ift_jinja_item(run, v, *name, out);
}

const struct ift_jfilter *ift_jinja_filter(const char *name) {
    static const struct ift_jfilter table[] = {
        {"trim", "chars", f_trim},
        {"upper", "", f_upper},
        {"lower", "", f_lower},
        {"title", "", f_title},
        {"capitalize", "", f_capitalize},
        {"string", "", f_string},
        {"length", "", f_length},
        {"count", "", f_length},
        {"default", "default_value boolean", f_default},
        {"d", "default_value boolean", f_default},
        {"replace", "old new count", f_replace},
        {"int", "default", f_int},
        {"float", "default", f_float},
        {"abs", "", f_abs},
        {"round", "precision method", f_round},
        {"escape", "", f_escape},
        {"e", "", f_escape},
        {"safe", "", f_safe},
        {"indent", "width first blank", f_indent},
        {"wordcount", "", f_wordcount},
        {"tojson", "ensure_ascii indent separators sort_keys", f_tojson},
        {"format", "*", f_format},
        {"attr", "name", f_attr},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    for (size_t i = 0; ift_jinja_sequence_filter[i].name; i++)
        if (strcmp(ift_jinja_sequence_filter[i].name, name) == 0)
            return &ift_jinja_sequence_filter[i];
    return NULL;
}
