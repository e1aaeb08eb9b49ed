/* Values of jinja.h against one another: equal, in order, one in the other. */
#include <string.h>

#include "libcore/text/jinja_internal.h"

static int equal_lists(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, bool *equal) {
    *equal = a.type == b.type && a.list->n == b.list->n;
    for (size_t i = 0; *equal && i < a.list->n; i++)
        IFT_TRY(ift_jval_equal(run, a.list->item[i], b.list->item[i], equal));
    return 0;
}

static int equal_dicts(struct ift_jrun *run, const struct ift_jdict *a, const struct ift_jdict *b,
                       bool *equal) {
    *equal = a->n == b->n;
    for (size_t i = 0; *equal && i < a->n; i++) {
        const struct ift_jval *const other = ift_jdict_find(run, b, a->pair[i].key);
        *equal = other != NULL;
        if (other) IFT_TRY(ift_jval_equal(run, a->pair[i].value, *other, equal));
    }
    return 0;
}

static bool is_sequence(struct ift_jval v) {
    return v.type == IFT_JVAL_LIST || v.type == IFT_JVAL_TUPLE;
}

static int equal_values(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, bool *equal) {
    __int128 m, n;
    double x, y;
    if (a.type == IFT_JVAL_TEXT && b.type == IFT_JVAL_TEXT) {
        *equal = a.text.n == b.text.n && memcmp(a.text.p, b.text.p, a.text.n) == 0;
        return ift_jrun_spend(run, a.text.n / 64);
    }
    if (ift_jval_whole(a, &m) && ift_jval_whole(b, &n))
        *equal = m == n;
    else if (ift_jval_number(a, &x) && ift_jval_number(b, &y))
        *equal = x == y;
    else if (is_sequence(a) && is_sequence(b))
        return equal_lists(run, a, b, equal);
    else if (a.type == IFT_JVAL_DICT && b.type == IFT_JVAL_DICT)
        return equal_dicts(run, a.dict, b.dict, equal);
    else
        *equal = a.type == b.type &&
                 (a.type <= IFT_JVAL_NONE || (a.type == IFT_JVAL_NAMESPACE && a.dict == b.dict));
    return 0;
}

int ift_jval_equal(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, bool *equal) {
    IFT_TRY(ift_jrun_deeper(run));
    IFT_TRY(equal_values(run, a, b, equal));
    run->depth--;
    return 0;
}

static int order_values(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, int *order) {
    __int128 m, n;
    double x, y;
    if (ift_jval_whole(a, &m) && ift_jval_whole(b, &n)) {
        *order = (m > n) - (m < n);
    } else if (ift_jval_number(a, &x) && ift_jval_number(b, &y)) {
        *order = x > y ? 1 : x < y ? -1 : 0;
    } else if (a.type == IFT_JVAL_TEXT && b.type == IFT_JVAL_TEXT) {
        const size_t both = a.text.n < b.text.n ? a.text.n : b.text.n;
        const int d = both ? memcmp(a.text.p, b.text.p, both) : 0;
        *order = d ? d : (a.text.n > b.text.n) - (a.text.n < b.text.n);
        return ift_jrun_spend(run, both / 64);
    } else if (is_sequence(a) && a.type == b.type) {
        for (size_t i = 0; i < a.list->n && i < b.list->n; i++) {
            bool equal;
            IFT_TRY(ift_jval_equal(run, a.list->item[i], b.list->item[i], &equal));
            if (!equal) return ift_jval_order(run, a.list->item[i], b.list->item[i], order);
        }
        *order = (a.list->n > b.list->n) - (a.list->n < b.list->n);
    } else {
        return ift_jrun_fail(run, "%s and %s have no order", ift_jval_kind(a), ift_jval_kind(b));
    }
    return 0;
}

int ift_jval_order(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, int *order) {
    IFT_TRY(ift_jrun_deeper(run));
    IFT_TRY(order_values(run, a, b, order));
    run->depth--;
    return 0;
}

static int contains(struct ift_jrun *run, struct ift_jval what, struct ift_jval in, bool *holds) {
    const struct ift_jlist *items;
    size_t at;
    if (in.type == IFT_JVAL_TEXT) {
        if (what.type != IFT_JVAL_TEXT)
            return ift_jrun_fail(run, "%s cannot be in a text", ift_jval_kind(what));
        const int found = ift_jtext_find(run, in.text, what.text, 0, &at);
        *holds = found > 0;
        return found < 0 ? -1 : 0;
    }
    if (in.type == IFT_JVAL_DICT) {
        *holds = ift_jdict_find(run, in.dict, what) != NULL;
        return 0;
    }
    *holds = false;
    IFT_TRY(ift_jval_items(run, in, &items));
    for (size_t i = 0; !*holds && i < items->n; i++)
        IFT_TRY(ift_jval_equal(run, items->item[i], what, holds));
    return 0;
}

int ift_jval_compare(struct ift_jrun *run, enum ift_jcompare op, struct ift_jval a,
                     struct ift_jval b, bool *holds) {
    int order;
    switch (op) {
    case IFT_JCOMPARE_EQ:
    case IFT_JCOMPARE_NE:
        IFT_TRY(ift_jval_equal(run, a, b, holds));
        *holds ^= op == IFT_JCOMPARE_NE;
        return 0;
    case IFT_JCOMPARE_IN:
    case IFT_JCOMPARE_NOT_IN:
        IFT_TRY(contains(run, a, b, holds));
        *holds ^= op == IFT_JCOMPARE_NOT_IN;
        return 0;
    default:
        IFT_TRY(ift_jval_order(run, a, b, &order));
        *holds = op == IFT_JCOMPARE_LT   ? order < 0
                 : op == IFT_JCOMPARE_LE ? order <= 0
                 : op == IFT_JCOMPARE_GT ? order > 0
                                         : order >= 0;
        return 0;
    }
}
