/* Filters of jinja.h for lists. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/jinja_internal.h"

#define FILTER(fn)                                                                                 \
    static int fn(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,           \
                  struct ift_jval *out)

static int give(struct ift_jval *out, struct ift_jval value) {
    *out = value;
    return 0;
}

/* "a.b" or "0" of an item, each part an attribute or a place; no path: the item. */
static int get_path(struct ift_jrun *run, struct ift_jval item, const struct ift_jval *path,
                    struct ift_jval *out) {
    __int128 place;
    *out = item;
    if (!path || path->type == IFT_JVAL_NONE) return 0;
    if (ift_jval_whole(*path, &place)) return ift_jinja_item(run, item, *path, out);
    if (path->type != IFT_JVAL_TEXT) return ift_jrun_fail(run, "an attribute is named by a text");
    struct ift_jtext rest = path->text;
    for (;;) {
        const char *const dot = memchr(rest.p, '.', rest.n);
        const size_t n = dot ? (size_t)(dot - rest.p) : rest.n;
        const struct ift_slice part = {rest.p, n};
        long long i;
        const struct ift_jval key =
            n && part.p[0] >= '0' && part.p[0] <= '9' && ift_parse_i64(part, &i)
                ? ift_jval_int(i)
                : ift_jval_of(ift_jtext_cut(rest, 0, n));
        IFT_TRY(ift_jinja_item(run, *out, key, out));
        if (!dot) return 0;
        rest = ift_jtext_cut(rest, n + 1, rest.n);
    }
}

FILTER(f_list) {
    (void)args;
    const struct ift_jlist *items;
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = ift_jval_list(run);
    *out->list = *items;
    out->list->cap = out->list->n; /* grows apart */
    return 0;
}

static int pick(struct ift_jrun *run, struct ift_jval v, bool last, struct ift_jval *out) {
    const struct ift_jlist *items;
    IFT_TRY(ift_jval_items(run, v, &items));
    return give(out, items->n ? items->item[last ? items->n - 1 : 0]
                              : ift_jval_undefined("an item of nothing"));
}

FILTER(f_first) {
    (void)args;
    return pick(run, v, false, out);
}

FILTER(f_last) {
    (void)args;
    return pick(run, v, true, out);
}

FILTER(f_join) {
    const struct ift_jval *const d = ift_jargs_get(args, 0, "d"), *const path =
                                                                      ift_jargs_get(args, 1,
                                                                                    "attribute");
    const struct ift_jlist *items;
    struct ift_jbuild b = {.run = run};
    struct ift_jval item;
    IFT_TRY(ift_jval_items(run, v, &items));
    for (size_t i = 0; i < items->n; i++) {
        if (i && d) IFT_TRY(ift_jval_print(&b, *d));
        IFT_TRY(get_path(run, items->item[i], path, &item));
        IFT_TRY(ift_jval_print(&b, item));
        IFT_TRY(ift_jrun_spend(run, 1));
    }
    return give(out, ift_jval_of(ift_jbuild_text(&b)));
}

FILTER(f_reverse) {
    (void)args;
    const struct ift_jval none = ift_jval_none(), back = ift_jval_int(-1);
    if (v.type == IFT_JVAL_DICT || v.type == IFT_JVAL_UNDEFINED) IFT_TRY(f_list(run, v, args, &v));
    return ift_jval_slice(run, v, (const struct ift_jval[]){none, none, back}, out);
}

FILTER(f_items) {
    (void)args;
    if (v.type == IFT_JVAL_UNDEFINED) return give(out, ift_jval_list(run));
    if (v.type != IFT_JVAL_DICT) return ift_jrun_fail(run, "%s has no items", ift_jval_kind(v));
    const struct ift_jargs none = {0};
    return ift_jinja_method(v, "items")->fn(run, v, &none, out);
}

/* ---- in order ---- */

static struct ift_jval fold(struct ift_jrun *run, struct ift_jval key, bool exact) {
    return !exact && key.type == IFT_JVAL_TEXT
               ? ift_jval_of(ift_jtext_case(run, key.text, IFT_JCASE_LOWER))
               : key;
}

struct sorted {
    struct ift_jval key, item;
};

/* Merges two halves, each in order; equals stay as they came. */
static int merge(struct ift_jrun *run, struct sorted *s, size_t n, struct sorted *room,
                 bool reverse) {
    size_t i = 0, j = n / 2, k = 0;
    if (n < 2) return 0;
    IFT_TRY(merge(run, s, n / 2, room, reverse));
    IFT_TRY(merge(run, s + n / 2, n - n / 2, room, reverse));
    while (i < n / 2 && j < n) {
        int order;
        IFT_TRY(ift_jval_order(run, s[i].key, s[j].key, &order));
        if (reverse) order = -order;
        room[k++] = order <= 0 ? s[i++] : s[j++];
    }
    while (i < n / 2) room[k++] = s[i++];
    memcpy(s, room, k * sizeof *s);
    return 0;
}

static int sort_by(struct ift_jrun *run, const struct ift_jlist *items, const struct ift_jval *path,
                   bool exact, bool reverse, struct ift_jval *out) {
    struct sorted *const s = ift_jrun_alloc(run, items->n * sizeof *s),
                         *const room = ift_jrun_alloc(run, items->n * sizeof *room);
    for (size_t i = 0; i < items->n; i++) {
        s[i].item = items->item[i];
        IFT_TRY(get_path(run, s[i].item, path, &s[i].key));
        s[i].key = fold(run, s[i].key, exact);
    }
    IFT_TRY(merge(run, s, items->n, room, reverse));
    *out = ift_jval_list(run);
    for (size_t i = 0; i < items->n; i++) ift_jval_add(run, *out, s[i].item);
    return 0;
}

FILTER(f_sort) {
    const struct ift_jlist *items;
    IFT_TRY(ift_jval_items(run, v, &items));
    return sort_by(run, items, ift_jargs_get(args, 2, "attribute"),
                   ift_jargs_truth(args, 1, "case_sensitive", false),
                   ift_jargs_truth(args, 0, "reverse", false), out);
}

FILTER(f_dictsort) {
    const struct ift_jval *const by = ift_jargs_get(args, 1, "by");
    const struct ift_jval place = ift_jval_int(by && ift_jval_is_word(*by, "value"));
    const struct ift_jargs none = {0};
    struct ift_jval pairs;
    if (v.type != IFT_JVAL_DICT) return ift_jrun_fail(run, "dictsort takes a dictionary");
    IFT_TRY(f_items(run, v, &none, &pairs));
    return sort_by(run, pairs.list, &place, ift_jargs_truth(args, 0, "case_sensitive", false),
                   ift_jargs_truth(args, 2, "reverse", false), out);
}

static int extreme(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args, int sign,
                   struct ift_jval *out) {
    const struct ift_jval *const path = ift_jargs_get(args, 1, "attribute");
    const bool exact = ift_jargs_truth(args, 0, "case_sensitive", false);
    const struct ift_jlist *items;
    struct ift_jval best = ift_jval_none(), key;
    int order;
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = ift_jval_undefined("an item of nothing");
    for (size_t i = 0; i < items->n; i++) {
        IFT_TRY(get_path(run, items->item[i], path, &key));
        key = fold(run, key, exact);
        if (i) IFT_TRY(ift_jval_order(run, key, best, &order));
        if (i && order * sign <= 0) continue;
        best = key;
        *out = items->item[i];
    }
    return 0;
}

FILTER(f_max) {
    return extreme(run, v, args, 1, out);
}

FILTER(f_min) {
    return extreme(run, v, args, -1, out);
}

FILTER(f_sum) {
    const struct ift_jval *const path = ift_jargs_get(args, 0, "attribute"),
                                 *const start = ift_jargs_get(args, 1, "start");
    const struct ift_jlist *items;
    struct ift_jval item;
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = start ? *start : ift_jval_int(0);
    for (size_t i = 0; i < items->n; i++) {
        IFT_TRY(get_path(run, items->item[i], path, &item));
        IFT_TRY(ift_jinja_binary(run, "+", *out, item, out));
    }
    return 0;
}

FILTER(f_unique) {
    const struct ift_jval *const path = ift_jargs_get(args, 1, "attribute");
    const bool exact = ift_jargs_truth(args, 0, "case_sensitive", false);
    const struct ift_jval seen = ift_jval_list(run);
    const struct ift_jlist *items;
    struct ift_jval key;
    bool known;
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = ift_jval_list(run);
    for (size_t i = 0; i < items->n; i++) {
        IFT_TRY(get_path(run, items->item[i], path, &key));
        key = fold(run, key, exact);
        IFT_TRY(ift_jval_compare(run, IFT_JCOMPARE_IN, key, seen, &known));
        if (known) continue;
        ift_jval_add(run, seen, key);
        ift_jval_add(run, *out, items->item[i]);
    }
    return 0;
}

FILTER(f_groupby) {
    const struct ift_jval *const path = ift_jargs_get(args, 0, "attribute");
    struct ift_jval sorted, key, last = ift_jval_none(), group = {0};
    const struct ift_jlist *items;
    if (!path) return ift_jrun_fail(run, "groupby takes an attribute");
    IFT_TRY(ift_jval_items(run, v, &items));
    IFT_TRY(sort_by(run, items, path, false, false, &sorted));
    *out = ift_jval_list(run);
    for (size_t i = 0; i < sorted.list->n; i++) {
        bool same = false;
        IFT_TRY(get_path(run, sorted.list->item[i], path, &key));
        if (i) IFT_TRY(ift_jval_equal(run, fold(run, key, false), fold(run, last, false), &same));
        if (!same) {
            const struct ift_jval pair = ift_jval_dict(run);
            group = ift_jval_list(run);
            ift_jval_put(run, pair, ift_slice("grouper"), key);
            ift_jval_put(run, pair, ift_slice("list"), group);
            ift_jval_add(run, *out, pair);
        }
        ift_jval_add(run, group, sorted.list->item[i]);
        last = key;
    }
    return 0;
}

/* ---- in parts ---- */

static int whole(struct ift_jrun *run, const struct ift_jargs *args, const char *name,
                 long long *n) {
    *n = 0;
    IFT_TRY(ift_jargs_whole(run, args, 0, name, n));
    return *n > 0 && *n <= 100000 ? 0 : ift_jrun_fail(run, "\"%s\" must be above zero", name);
}

FILTER(f_batch) {
    const struct ift_jval *const fill = ift_jargs_get(args, 1, "fill_with");
    const struct ift_jlist *items;
    struct ift_jval part = {0};
    long long size;
    IFT_TRY(whole(run, args, "linecount", &size));
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = ift_jval_list(run);
    for (size_t i = 0; i < items->n; i++) {
        if (i % (size_t)size == 0) ift_jval_add(run, *out, part = ift_jval_list(run));
        ift_jval_add(run, part, items->item[i]);
    }
    while (fill && items->n && part.list->n < (size_t)size) ift_jval_add(run, part, *fill);
    return 0;
}

FILTER(f_slice) {
    const struct ift_jval *const fill = ift_jargs_get(args, 1, "fill_with");
    const struct ift_jlist *items;
    long long parts;
    size_t at = 0;
    IFT_TRY(whole(run, args, "slices", &parts));
    IFT_TRY(ift_jval_items(run, v, &items));
    const size_t n = items->n / (size_t)parts, more = items->n % (size_t)parts;
    *out = ift_jval_list(run);
    for (size_t i = 0; i < (size_t)parts; i++) {
        const struct ift_jval part = ift_jval_list(run);
        for (size_t k = 0; k < n + (i < more); k++) ift_jval_add(run, part, items->item[at++]);
        if (fill && more && i >= more) ift_jval_add(run, part, *fill);
        ift_jval_add(run, *out, part);
    }
    return 0;
}

/* ---- by filters and tests ---- */

/* The arguments behind the first n. */
static struct ift_jargs behind(const struct ift_jargs *args, size_t n) {
    struct ift_jargs rest = *args;
    if (n > args->n) n = args->n;
    rest.value += n;
    rest.n -= n;
    return rest;
}

static int name_of(struct ift_jrun *run, struct ift_jval v, char name[64]) {
    if (v.type != IFT_JVAL_TEXT || v.text.n >= 64)
        return ift_jrun_fail(run, "the name of a filter or test is expected");
    memcpy(name, v.text.p, v.text.n);
    name[v.text.n] = '\0';
    return 0;
}

static int map_by_path(struct ift_jrun *run, const struct ift_jlist *items,
                       const struct ift_jargs *args, struct ift_jval *out) {
    const struct ift_jval *const path = ift_jargs_get(args, SIZE_MAX, "attribute"),
                                 *const def = ift_jargs_get(args, SIZE_MAX, "default");
    struct ift_jval item;
    for (size_t i = 0; i < items->n; i++) {
        IFT_TRY(get_path(run, items->item[i], path, &item));
        ift_jval_add(run, *out, item.type == IFT_JVAL_UNDEFINED && def ? *def : item);
    }
    return 0;
}

FILTER(f_map) {
    const struct ift_jlist *items;
    char name[64];
    struct ift_jval item;
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = ift_jval_list(run);
    if (args->n == 0 && ift_jargs_get(args, SIZE_MAX, "attribute"))
        return map_by_path(run, items, args, out);
    if (args->n == 0) return ift_jrun_fail(run, "map takes a filter or an attribute");
    IFT_TRY(name_of(run, args->value[0], name));
    const struct ift_jfilter *const f = ift_jinja_filter(name);
    const struct ift_jargs rest = behind(args, 1);
    if (!f) return ift_jrun_fail(run, "the filter \"%s\" is not known", name);
    IFT_TRY(ift_jargs_check(run, "the filter", f->name, f->params, &rest));
    for (size_t i = 0; i < items->n; i++) {
        IFT_TRY(ift_jrun_spend(run, 1));
        IFT_TRY(f->fn(run, items->item[i], &rest, &item));
        ift_jval_add(run, *out, item);
    }
    return 0;
}

/* `by`: whether the first argument names an attribute. Without a test what is true is meant. */
static int choose(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args, bool by,
                  bool keep, struct ift_jval *out) {
    const struct ift_jlist *items;
    const struct ift_jfilter *test = NULL;
    const struct ift_jargs rest = behind(args, 1 + (size_t)by);
    char name[64];
    struct ift_jval of, holds;
    if (by && args->n == 0) return ift_jrun_fail(run, "the name of an attribute is expected");
    if (args->n > (size_t)by) {
        IFT_TRY(name_of(run, args->value[by], name));
        test = ift_jinja_test(name);
        if (!test) return ift_jrun_fail(run, "the test \"%s\" is not known", name);
        IFT_TRY(ift_jargs_check(run, "the test", test->name, test->params, &rest));
    }
    IFT_TRY(ift_jval_items(run, v, &items));
    *out = ift_jval_list(run);
    for (size_t i = 0; i < items->n; i++) {
        IFT_TRY(ift_jrun_spend(run, 1));
        IFT_TRY(get_path(run, items->item[i], by ? &args->value[0] : NULL, &of));
        holds = of;
        if (test) IFT_TRY(test->fn(run, of, &rest, &holds));
        if (ift_jval_truth(holds) == keep) ift_jval_add(run, *out, items->item[i]);
    }
    return 0;
}

FILTER(f_select) {
    return choose(run, v, args, false, true, out);
}

FILTER(f_reject) {
    return choose(run, v, args, false, false, out);
}

FILTER(f_selectattr) {
    return choose(run, v, args, true, true, out);
}

FILTER(f_rejectattr) {
    return choose(run, v, args, true, false, out);
}

const struct ift_jfilter ift_jinja_sequence_filter[] = {
    {"list", "", f_list},
    {"first", "", f_first},
    {"last", "", f_last},
    {"join", "d attribute", f_join},
    {"reverse", "", f_reverse},
    {"items", "", f_items},
    {"sort", "reverse case_sensitive attribute", f_sort},
    {"dictsort", "case_sensitive by reverse", f_dictsort},
    {"max", "case_sensitive attribute", f_max},
    {"min", "case_sensitive attribute", f_min},
    {"sum", "attribute start", f_sum},
    {"unique", "case_sensitive attribute", f_unique},
    {"groupby", "attribute", f_groupby},
    {"batch", "linecount fill_with", f_batch},
    {"slice", "slices fill_with", f_slice},
    {"map", "*", f_map},
    {"select", "*", f_select},
    {"reject", "*", f_reject},
    {"selectattr", "*", f_selectattr},
    {"rejectattr", "*", f_rejectattr},
    {NULL, NULL, NULL},
};
