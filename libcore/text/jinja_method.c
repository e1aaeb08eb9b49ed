/* Methods of jinja.h: those of texts, dictionaries and loops that change nothing. */
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

#define METHOD(fn)                                                                                 \
    static int fn(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,           \
                  struct ift_jval *out)

static int give(struct ift_jval *out, struct ift_jval value) {
    *out = value;
    return 0;
}

/* A required text. */
static int need(struct ift_jrun *run, const struct ift_jargs *args, size_t i, const char *name,
                struct ift_jtext *text) {
    IFT_TRY(ift_jargs_text(run, args, i, name, text));
    return text->p ? 0 : ift_jrun_fail(run, "the text \"%s\" is missing", name);
}

/* ---- texts ---- */

static int strip(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args, bool left,
                 bool right, struct ift_jval *out) {
    struct ift_jtext chars;
    IFT_TRY(ift_jargs_text(run, args, 0, "chars", &chars));
    IFT_TRY(ift_jrun_spend(run, v.text.n / 16));
    return give(out, ift_jval_of(ift_jtext_strip(v.text, chars.p ? &chars : NULL, left, right)));
}

METHOD(m_strip) {
    return strip(run, v, args, true, true, out);
}

METHOD(m_lstrip) {
    return strip(run, v, args, true, false, out);
}

METHOD(m_rstrip) {
    return strip(run, v, args, false, true, out);
}

METHOD(m_upper) {
    (void)args;
    return give(out, ift_jval_of(ift_jtext_case(run, v.text, IFT_JCASE_UPPER)));
}

METHOD(m_lower) {
    (void)args;
    return give(out, ift_jval_of(ift_jtext_case(run, v.text, IFT_JCASE_LOWER)));
}

METHOD(m_title) {
    (void)args;
    return give(out, ift_jval_of(ift_jtext_case(run, v.text, IFT_JCASE_TITLE)));
}

METHOD(m_capitalize) {
    (void)args;
    return give(out, ift_jval_of(ift_jtext_case(run, v.text, IFT_JCASE_CAPITAL)));
}

static int split_blanks(struct ift_jrun *run, struct ift_jtext t, long long most,
                        struct ift_jval list) {
    t = ift_jtext_strip(t, NULL, true, false);
    while (t.n > 0) {
        size_t end = 0, n;
        uint32_t code;
        while (end < t.n && (n = ift_utf8_decode(t.p + end, t.n - end, &code)) > 0 &&
               !ift_jtext_space(code))
            end += n;
        if (most-- == 0) end = ift_jtext_strip(t, NULL, false, true).n;
        ift_jval_add(run, list, ift_jval_of(ift_jtext_cut(t, 0, end)));
        t = ift_jtext_strip(ift_jtext_cut(t, end, t.n), NULL, true, false);
        IFT_TRY(ift_jrun_spend(run, 1));
    }
    return 0;
}

METHOD(m_split) {
    struct ift_jtext sep;
    long long most = -1;
    size_t at = 0, found;
    int rc = 0;
    IFT_TRY(ift_jargs_text(run, args, 0, "sep", &sep));
    IFT_TRY(ift_jargs_whole(run, args, 1, "maxsplit", &most));
    if (sep.p && sep.n == 0) return ift_jrun_fail(run, "an empty text separates nothing");
    *out = ift_jval_list(run);
    IFT_TRY(ift_jrun_spend(run, v.text.n / 16));
    if (!sep.p) return split_blanks(run, v.text, most, *out);
    for (; most != 0 && (rc = ift_jtext_find(run, v.text, sep, at, &found)) > 0; most--) {
        ift_jval_add(run, *out, ift_jval_of(ift_jtext_cut(v.text, at, found)));
        at = found + sep.n;
    }
    ift_jval_add(run, *out, ift_jval_of(ift_jtext_cut(v.text, at, v.text.n)));
    return rc < 0 ? -1 : 0;
}

METHOD(m_rsplit) {
    struct ift_jtext sep;
    long long most = -1;
    size_t end = v.text.n;
    IFT_TRY(need(run, args, 0, "sep", &sep));
    IFT_TRY(ift_jargs_whole(run, args, 1, "maxsplit", &most));
    if (sep.n == 0) return ift_jrun_fail(run, "an empty text separates nothing");
    const struct ift_jval list = ift_jval_list(run);
    for (size_t at = end; most != 0 && at >= sep.n;) {
        IFT_TRY(ift_jrun_spend(run, 1));
        if (memcmp(v.text.p + at - sep.n, sep.p, sep.n) != 0) {
            at--;
            continue;
        }
        ift_jval_add(run, list, ift_jval_of(ift_jtext_cut(v.text, at, end)));
        end = at -= sep.n;
        most--;
    }
    ift_jval_add(run, list, ift_jval_of(ift_jtext_cut(v.text, 0, end)));
    *out = ift_jval_list(run);
    for (size_t i = list.list->n; i-- > 0;) ift_jval_add(run, *out, list.list->item[i]);
    return 0;
}

METHOD(m_splitlines) {
    const bool keep = ift_jargs_truth(args, 0, "keepends", false);
    size_t at = 0;
    *out = ift_jval_list(run);
    while (at < v.text.n) {
        size_t end = at;
        while (end < v.text.n && v.text.p[end] != '\n' && v.text.p[end] != '\r') end++;
        size_t next = end + (end < v.text.n);
        if (end + 1 < v.text.n && v.text.p[end] == '\r' && v.text.p[end + 1] == '\n') next++;
        ift_jval_add(run, *out, ift_jval_of(ift_jtext_cut(v.text, at, keep ? next : end)));
        at = next;
        IFT_TRY(ift_jrun_spend(run, 1));
    }
    return 0;
}

static bool has_affix(struct ift_jtext t, struct ift_jtext what, bool at_end) {
    const size_t n = what.n;
    return n <= t.n && (n == 0 || memcmp(t.p + (at_end ? t.n - n : 0), what.p, n) == 0);
}

static int affix(struct ift_jrun *run, struct ift_jtext t, struct ift_jval what, bool at_end,
                 bool *holds) {
    if (what.type == IFT_JVAL_TUPLE) {
        *holds = false;
        for (size_t i = 0; !*holds && i < what.list->n; i++) {
            if (what.list->item[i].type == IFT_JVAL_TUPLE)
                return ift_jrun_fail(run, "a tuple of texts is expected");
            IFT_TRY(affix(run, t, what.list->item[i], at_end, holds));
        }
        return 0;
    }
    if (what.type != IFT_JVAL_TEXT)
        return ift_jrun_fail(run, "a text is expected, not %s", ift_jval_kind(what));
    *holds = has_affix(t, what.text, at_end);
    return ift_jrun_spend(run, what.text.n / 64);
}

static int affixed(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                   bool at_end, struct ift_jval *out) {
    bool holds;
    if (args->n != 1) return ift_jrun_fail(run, "one argument is expected");
    IFT_TRY(affix(run, v.text, args->value[0], at_end, &holds));
    return give(out, ift_jval_bool(holds));
}

METHOD(m_startswith) {
    return affixed(run, v, args, false, out);
}

METHOD(m_endswith) {
    return affixed(run, v, args, true, out);
}

METHOD(m_removeprefix) {
    struct ift_jtext t;
    IFT_TRY(need(run, args, 0, "prefix", &t));
    IFT_TRY(ift_jrun_spend(run, t.n / 64));
    const size_t from = has_affix(v.text, t, false) ? t.n : 0;
    return give(out, ift_jval_of(ift_jtext_cut(v.text, from, v.text.n)));
}

METHOD(m_removesuffix) {
    struct ift_jtext t;
    IFT_TRY(need(run, args, 0, "suffix", &t));
    IFT_TRY(ift_jrun_spend(run, t.n / 64));
    const size_t to = v.text.n - (has_affix(v.text, t, true) ? t.n : 0);
    return give(out, ift_jval_of(ift_jtext_cut(v.text, 0, to)));
}

METHOD(m_replace) {
    struct ift_jtext what, with, text;
    long long most = -1;
    IFT_TRY(need(run, args, 0, "old", &what));
    IFT_TRY(need(run, args, 1, "new", &with));
    IFT_TRY(ift_jargs_whole(run, args, 2, "count", &most));
    IFT_TRY(ift_jtext_replace(run, v.text, what, with, most, &text));
    return give(out, ift_jval_of(text));
}

METHOD(m_join) {
    const struct ift_jlist *items;
    struct ift_jbuild b = {.run = run};
    if (args->n != 1) return ift_jrun_fail(run, "join() takes one argument");
    IFT_TRY(ift_jval_items(run, args->value[0], &items));
    for (size_t i = 0; i < items->n; i++) {
        if (items->item[i].type != IFT_JVAL_TEXT)
            return ift_jrun_fail(run, "join() takes texts, not %s", ift_jval_kind(items->item[i]));
        if (i) ift_jbuild_add(&b, v.text);
        ift_jbuild_add(&b, items->item[i].text);
        IFT_TRY(ift_jrun_spend(run, 1));
    }
    return give(out, ift_jval_of(ift_jbuild_text(&b)));
}

METHOD(m_find) {
    struct ift_jtext what;
    size_t found = 0;
    IFT_TRY(need(run, args, 0, "sub", &what));
    const int rc = ift_jtext_find(run, v.text, what, 0, &found);
    if (rc < 0) return -1;
    return give(out, ift_jval_int(rc ? (__int128)ift_utf8_count(v.text.p, found) : -1));
}

METHOD(m_count) {
    struct ift_jtext what;
    size_t at = 0, found, n = 0;
    int rc;
    IFT_TRY(need(run, args, 0, "sub", &what));
    if (what.n == 0)
        return give(out, ift_jval_int((__int128)ift_utf8_count(v.text.p, v.text.n) + 1));
    while ((rc = ift_jtext_find(run, v.text, what, at, &found)) > 0) {
        n++;
        at = found + what.n;
    }
    if (rc < 0) return -1;
    return give(out, ift_jval_int((__int128)n));
}

METHOD(m_format) {
    return ift_jinja_braces(run, v.text, args, out);
}

/* Whether there are characters and all of them are of the kind. */
static int all(struct ift_jrun *run, struct ift_jval v, bool (*is)(uint32_t),
               struct ift_jval *out) {
    bool holds = v.text.n > 0;
    IFT_TRY(ift_jrun_spend(run, v.text.n / 16));
    for (size_t i = 0, n; holds && i < v.text.n; i += n) {
        uint32_t code;
        n = ift_utf8_decode(v.text.p + i, v.text.n - i, &code);
        holds = n > 0 && is(code);
        if (n == 0) break;
    }
    return give(out, ift_jval_bool(holds));
}

static bool is_digit(uint32_t code) {
    return strcmp(ift_utf8_category(code), "Nd") == 0;
}

static bool is_alnum(uint32_t code) {
    return ift_utf8_is_letter(code) || ift_utf8_is_number(code);
}

METHOD(m_isdigit) {
    (void)args;
    return all(run, v, is_digit, out);
}

METHOD(m_isalpha) {
    (void)args;
    return all(run, v, ift_utf8_is_letter, out);
}

METHOD(m_isalnum) {
    (void)args;
    return all(run, v, is_alnum, out);
}

METHOD(m_isspace) {
    (void)args;
    return all(run, v, ift_jtext_space, out);
}

static int is_case(struct ift_jrun *run, struct ift_jval v, const char *test,
                   struct ift_jval *out) {
    const struct ift_jargs none = {0};
    return ift_jinja_test(test)->fn(run, v, &none, out);
}

METHOD(m_isupper) {
    (void)args;
    return is_case(run, v, "upper", out);
}

METHOD(m_islower) {
    (void)args;
    return is_case(run, v, "lower", out);
}

/* ---- dictionaries ---- */

METHOD(m_get) {
    const struct ift_jval *const key = ift_jargs_get(args, 0, "key"), *const def =
                                                                          ift_jargs_get(args, 1,
                                                                                        "default");
    if (!key) return ift_jrun_fail(run, "get() needs a key");
    const struct ift_jval *const found = ift_jdict_find(run, v.dict, *key);
    return give(out, found ? *found : def ? *def : ift_jval_none());
}

METHOD(m_items) {
    (void)args;
    *out = ift_jval_list(run);
    for (size_t i = 0; i < v.dict->n; i++)
        ift_jval_add(run, *out,
                     ift_jval_tuple(run, 2,
                                    (const struct ift_jval[]){v.dict->pair[i].key,
                                                              v.dict->pair[i].value}));
    return 0;
}

METHOD(m_keys) {
    (void)args;
    *out = ift_jval_list(run);
    for (size_t i = 0; i < v.dict->n; i++) ift_jval_add(run, *out, v.dict->pair[i].key);
    return 0;
}

METHOD(m_values) {
    (void)args;
    *out = ift_jval_list(run);
    for (size_t i = 0; i < v.dict->n; i++) ift_jval_add(run, *out, v.dict->pair[i].value);
    return 0;
}

METHOD(m_copy) {
    (void)run;
    (void)args;
    return give(out, v); /* nothing can change it */
}

/* ---- lists and tuples ---- */

METHOD(m_index) {
    bool equal = false;
    if (args->n != 1) return ift_jrun_fail(run, "index() takes one argument");
    for (size_t i = 0; i < v.list->n; i++) {
        IFT_TRY(ift_jval_equal(run, v.list->item[i], args->value[0], &equal));
        if (equal) return give(out, ift_jval_int((__int128)i));
    }
    return ift_jrun_fail(run, "index() of what is not in the list");
}

METHOD(m_times) {
    size_t n = 0;
    bool equal;
    if (args->n != 1) return ift_jrun_fail(run, "count() takes one argument");
    for (size_t i = 0; i < v.list->n; i++) {
        IFT_TRY(ift_jval_equal(run, v.list->item[i], args->value[0], &equal));
        n += equal;
    }
    return give(out, ift_jval_int((__int128)n));
}

/* ---- loops ---- */

METHOD(m_cycle) {
    if (args->n == 0) return ift_jrun_fail(run, "loop.cycle() needs an argument");
    return give(out, args->value[v.loop->index % args->n]);
}

METHOD(m_changed) {
    bool equal = false;
    const struct ift_jval now = ift_jval_tuple(run, args->n, args->value);
    IFT_TRY(ift_jval_equal(run, now, v.loop->changed, &equal));
    v.loop->changed = now;
    return give(out, ift_jval_bool(!equal));
}

const struct ift_jmethod_row *ift_jinja_method(struct ift_jval v, const char *name) {
    static const struct ift_jmethod_row table[] = {
        {"strip", "chars", m_strip, IFT_JVAL_TEXT},
        {"lstrip", "chars", m_lstrip, IFT_JVAL_TEXT},
        {"rstrip", "chars", m_rstrip, IFT_JVAL_TEXT},
        {"upper", "", m_upper, IFT_JVAL_TEXT},
        {"lower", "", m_lower, IFT_JVAL_TEXT},
        {"title", "", m_title, IFT_JVAL_TEXT},
        {"capitalize", "", m_capitalize, IFT_JVAL_TEXT},
        {"split", "sep maxsplit", m_split, IFT_JVAL_TEXT},
        {"rsplit", "sep maxsplit", m_rsplit, IFT_JVAL_TEXT},
        {"splitlines", "keepends", m_splitlines, IFT_JVAL_TEXT},
        {"startswith", "prefix", m_startswith, IFT_JVAL_TEXT},
        {"endswith", "suffix", m_endswith, IFT_JVAL_TEXT},
        {"removeprefix", "prefix", m_removeprefix, IFT_JVAL_TEXT},
        {"removesuffix", "suffix", m_removesuffix, IFT_JVAL_TEXT},
        {"replace", "old new count", m_replace, IFT_JVAL_TEXT},
        {"join", "iterable", m_join, IFT_JVAL_TEXT},
        {"find", "sub", m_find, IFT_JVAL_TEXT},
        {"count", "sub", m_count, IFT_JVAL_TEXT},
        {"format", "*", m_format, IFT_JVAL_TEXT},
        {"isdigit", "", m_isdigit, IFT_JVAL_TEXT},
        {"isalpha", "", m_isalpha, IFT_JVAL_TEXT},
        {"isalnum", "", m_isalnum, IFT_JVAL_TEXT},
        {"isspace", "", m_isspace, IFT_JVAL_TEXT},
        {"isupper", "", m_isupper, IFT_JVAL_TEXT},
        {"islower", "", m_islower, IFT_JVAL_TEXT},
        {"get", "key default", m_get, IFT_JVAL_DICT},
        {"items", "", m_items, IFT_JVAL_DICT},
        {"keys", "", m_keys, IFT_JVAL_DICT},
        {"values", "", m_values, IFT_JVAL_DICT},
        {"copy", "", m_copy, IFT_JVAL_DICT},
        {"index", "value", m_index, IFT_JVAL_LIST},
        {"count", "value", m_times, IFT_JVAL_LIST},
        {"copy", "", m_copy, IFT_JVAL_LIST},
        {"index", "value", m_index, IFT_JVAL_TUPLE},
        {"count", "value", m_times, IFT_JVAL_TUPLE},
        {"cycle", "*", m_cycle, IFT_JVAL_LOOP},
        {"changed", "*", m_changed, IFT_JVAL_LOOP},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == v.type && strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}
