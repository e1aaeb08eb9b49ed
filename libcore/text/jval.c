/* Values of jinja.h: making, comparing, going through them. The memory of a run. */
#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

/* ---- the run ---- */

struct ift_jrun *ift_jrun_new(void) {
    struct ift_jrun *const run = ift_alloc0(1, sizeof *run);
    return run;
}

void ift_jrun_free(struct ift_jrun *run) {
    if (!run) return;
    ift_arena_release(&run->arena);
    free(run);
}

void ift_jrun_begin(struct ift_jrun *run) {
    struct ift_arena arena = run->arena;
    if (run->memory > 16 << 20) /* one large record is no reason to keep its memory */
        ift_arena_release(&arena);
    else
        ift_arena_reset(&arena);
    *run = (struct ift_jrun){.arena = arena};
}

void ift_jrun_set(struct ift_jrun *run, const char *name, struct ift_jval value) {
    ift_jframe_set(run, &run->globals, ift_arena_strndup(&run->arena, name, strlen(name)), value);
}

void *ift_jrun_alloc(struct ift_jrun *run, size_t size) {
    run->memory += size + 16;
    return ift_arena_alloc(&run->arena, size);
}

void *ift_jrun_grow(struct ift_jrun *run, void *p, size_t n, size_t *cap, size_t size) {
    if (n < *cap) return p;
    *cap = *cap ? 2 * *cap : 8;
    void *const more = ift_jrun_alloc(run, *cap * size);
    if (n) memcpy(more, p, n * size);
    return more;
}

int ift_jrun_fail(struct ift_jrun *run, const char *fmt, ...) {
    va_list args;
    struct ift_str text = {0};
    va_start(args, fmt);
    ift_str_addv(&text, fmt, args);
    va_end(args);
    IFT_FAIL(run->err, "line %d: %s", run->line, text.p);
    ift_str_release(&text);
    return -1;
}

int ift_jrun_room(struct ift_jrun *run, size_t size) {
    if (run->memory > IFT_JINJA_MEMORY || size > IFT_JINJA_MEMORY - run->memory)
        return ift_jrun_fail(run, "the template takes more than %d MB", IFT_JINJA_MEMORY >> 20);
    return 0;
}

int ift_jrun_spend(struct ift_jrun *run, size_t steps) {
    if (steps > IFT_JINJA_STEPS - run->steps)
        return ift_jrun_fail(run, "the template does not end in %d million steps",
                             IFT_JINJA_STEPS >> 20);
    run->steps += steps;
    return ift_jrun_room(run, 0);
}

int ift_jrun_deeper(struct ift_jrun *run) {
    IFT_TRY(ift_jrun_spend(run, 1));
    return ++run->depth > 4 * IFT_JINJA_DEPTH ? ift_jrun_fail(run, "too deep") : 0;
}

/* ---- making ---- */

struct ift_jval ift_jval_undefined(const char *what) {
    return (struct ift_jval){.type = IFT_JVAL_UNDEFINED, .missing = what};
}

struct ift_jval ift_jval_none(void) {
    return (struct ift_jval){.type = IFT_JVAL_NONE};
}

struct ift_jval ift_jval_bool(bool truth) {
    return (struct ift_jval){.type = IFT_JVAL_BOOL, .truth = truth};
}

struct ift_jval ift_jval_int(__int128 number) {
    return (struct ift_jval){.type = IFT_JVAL_INT, .number = number};
}

struct ift_jval ift_jval_float(double real) {
    return (struct ift_jval){.type = IFT_JVAL_FLOAT, .real = real};
}

struct ift_jval ift_jval_of(struct ift_jtext text) {
    return (struct ift_jval){.type = IFT_JVAL_TEXT, .text = text};
}

struct ift_jval ift_jval_word(const char *text) {
    return ift_jval_of((struct ift_jtext){text, strlen(text), NULL});
}

struct ift_jval ift_jval_text(struct ift_jrun *run, struct ift_slice text, uint16_t origin) {
    struct ift_jbuild b = {.run = run};
    ift_jbuild_tag(&b, text.p, text.n, origin);
    return ift_jval_of(ift_jbuild_text(&b));
}

struct ift_jval ift_jval_list(struct ift_jrun *run) {
    struct ift_jlist *const list = ift_jrun_alloc(run, sizeof *list);
    *list = (struct ift_jlist){0};
    return (struct ift_jval){.type = IFT_JVAL_LIST, .list = list};
}

struct ift_jval ift_jval_tuple(struct ift_jrun *run, size_t n, const struct ift_jval *item) {
    struct ift_jval v = ift_jval_list(run);
    v.type = IFT_JVAL_TUPLE;
    for (size_t i = 0; i < n; i++) ift_jval_add(run, v, item[i]);
    return v;
}

struct ift_jval ift_jval_dict(struct ift_jrun *run) {
    struct ift_jdict *const dict = ift_jrun_alloc(run, sizeof *dict);
    *dict = (struct ift_jdict){0};
    return (struct ift_jval){.type = IFT_JVAL_DICT, .dict = dict};
}

void ift_jval_add(struct ift_jrun *run, struct ift_jval list, struct ift_jval item) {
    struct ift_jlist *const l = list.list;
    l->item = ift_jrun_grow(run, l->item, l->n, &l->cap, sizeof *l->item);
    l->item[l->n++] = item;
}

void ift_jval_put(struct ift_jrun *run, struct ift_jval dict, struct ift_slice key,
                  struct ift_jval value) {
    ift_jdict_set(run, dict.dict, ift_jval_text(run, key, 0), value);
}

static struct ift_jval json_number(struct ift_jrun *run, struct ift_slice raw) {
    long long whole;
    double real = 0;
    if (ift_parse_i64(raw, &whole)) return ift_jval_int(whole);
    if (memchr(raw.p, '.', raw.n) || memchr(raw.p, 'e', raw.n) || memchr(raw.p, 'E', raw.n)) {
        char *const text = ift_jrun_alloc(run, raw.n + 1);
        memcpy(text, raw.p, raw.n);
        text[raw.n] = '\0';
        return ift_jval_float(strtod(text, NULL));
    }
    __int128 number = 0;
    for (size_t i = raw.p[0] == '-'; i < raw.n; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, raw.p[i] - '0', &number))
            return ift_parse_f64(raw, &real) ? ift_jval_float(real) : ift_jval_none();
    return ift_jval_int(raw.p[0] == '-' ? -number : number);
}

static struct ift_jval json_text(struct ift_jrun *run, const struct ift_json *doc, int node,
                                 uint16_t origin) {
    struct ift_str text = {0};
    ift_json_text(doc, node, &text);
    const struct ift_jval v = ift_jval_text(run, ift_str_slice(&text), origin);
    ift_str_release(&text);
    return v;
}

struct ift_jval ift_jval_json(struct ift_jrun *run, const struct ift_json *doc, int node,
                              uint16_t origin) {
    struct ift_jval v;
    if (node < 0) return ift_jval_none();
    switch (doc->node[node].type) {
    case IFT_JSON_FALSE:
    case IFT_JSON_TRUE:
        return ift_jval_bool(doc->node[node].type == IFT_JSON_TRUE);
    case IFT_JSON_NUMBER:
        return json_number(run, ift_json_raw(doc, node));
    case IFT_JSON_STRING:
        return json_text(run, doc, node, origin);
    case IFT_JSON_ARRAY:
        v = ift_jval_list(run);
        for (int i = ift_json_first(doc, node); i >= 0; i = ift_json_next(doc, node, i))
            ift_jval_add(run, v, ift_jval_json(run, doc, i, origin));
        return v;
    case IFT_JSON_OBJECT:
        v = ift_jval_dict(run);
        for (int k = ift_json_first(doc, node); k >= 0;) {
            const int value = ift_json_next(doc, node, k);
            ift_jdict_set(run, v.dict, json_text(run, doc, k, origin),
                          ift_jval_json(run, doc, value, origin));
            k = ift_json_next(doc, node, value);
        }
        return v;
    default:
        return ift_jval_none();
    }
}

/* ---- asking ---- */

bool ift_jval_is_word(struct ift_jval v, const char *text) {
    const size_t n = strlen(text);
    return v.type == IFT_JVAL_TEXT && v.text.n == n && memcmp(v.text.p, text, n) == 0;
}

bool ift_jval_truth(struct ift_jval v) {
    switch (v.type) {
    case IFT_JVAL_UNDEFINED:
    case IFT_JVAL_NONE:
        return false;
    case IFT_JVAL_BOOL:
        return v.truth;
    case IFT_JVAL_INT:
        return v.number != 0;
    case IFT_JVAL_FLOAT:
        return v.real != 0;
    case IFT_JVAL_TEXT:
        return v.text.n > 0;
    case IFT_JVAL_LIST:
    case IFT_JVAL_TUPLE:
        return v.list->n > 0;
    case IFT_JVAL_DICT:
        return v.dict->n > 0;
    default:
        return true;
    }
}

const char *ift_jval_kind(struct ift_jval v) {
    static const char *const kind[] = {"Undefined", "NoneType", "bool",   "int",     "float",
                                       "str",       "list",     "tuple",  "dict",    "namespace",
                                       "loop",      "macro",    "method", "function"};
    return kind[v.type];
}

bool ift_jval_whole(struct ift_jval v, __int128 *number) {
    if (v.type != IFT_JVAL_INT && v.type != IFT_JVAL_BOOL) return false;
    *number = v.type == IFT_JVAL_INT ? v.number : v.truth;
    return true;
}

bool ift_jval_number(struct ift_jval v, double *real) {
    __int128 whole;
    if (ift_jval_whole(v, &whole))
        *real = (double)whole;
    else if (v.type == IFT_JVAL_FLOAT)
        *real = v.real;
    else
        return false;
    return true;
}

int ift_jval_size(struct ift_jrun *run, struct ift_jval v, size_t *n) {
    switch (v.type) {
    case IFT_JVAL_UNDEFINED:
        *n = 0;
        return 0;
    case IFT_JVAL_TEXT:
        IFT_TRY(ift_jrun_spend(run, v.text.n / 16));
        *n = ift_utf8_count(v.text.p, v.text.n);
        return 0;
    case IFT_JVAL_LIST:
    case IFT_JVAL_TUPLE:
        *n = v.list->n;
        return 0;
    case IFT_JVAL_DICT:
        *n = v.dict->n;
        return 0;
    case IFT_JVAL_LOOP:
        *n = v.loop->items->n;
        return 0;
    default:
        return ift_jrun_fail(run, "%s has no length", ift_jval_kind(v));
    }
}

int ift_jval_items(struct ift_jrun *run, struct ift_jval v, const struct ift_jlist **items) {
    if (v.type == IFT_JVAL_LIST || v.type == IFT_JVAL_TUPLE) {
        *items = v.list;
        return 0;
    }
    const struct ift_jval list = ift_jval_list(run);
    *items = list.list;
    if (v.type == IFT_JVAL_UNDEFINED) return 0;
    if (v.type == IFT_JVAL_DICT) {
        for (size_t i = 0; i < v.dict->n; i++) ift_jval_add(run, list, v.dict->pair[i].key);
        return 0;
    }
    if (v.type != IFT_JVAL_TEXT)
        return ift_jrun_fail(run, "%s cannot be gone through", ift_jval_kind(v));
    IFT_TRY(ift_jrun_room(run, v.text.n * sizeof *list.list->item));
    for (size_t i = 0, n; i < v.text.n; i += n) {
        uint32_t code;
        n = ift_utf8_decode(v.text.p + i, v.text.n - i, &code);
        if (n == 0) n = 1;
        ift_jval_add(run, list, ift_jval_of(ift_jtext_cut(v.text, i, i + n)));
    }
    return 0;
}

/* ---- dictionaries: in the order of their coming; they are short ---- */

static bool same_key(struct ift_jval a, struct ift_jval b) {
    double x, y;
    if (a.type == IFT_JVAL_TEXT && b.type == IFT_JVAL_TEXT)
        return a.text.n == b.text.n && memcmp(a.text.p, b.text.p, a.text.n) == 0;
    if (a.type == IFT_JVAL_NONE || b.type == IFT_JVAL_NONE) return a.type == b.type;
    return ift_jval_number(a, &x) && ift_jval_number(b, &y) && x == y;
}

const struct ift_jval *ift_jdict_find(struct ift_jrun *run, const struct ift_jdict *d,
                                      struct ift_jval key) {
    run->steps += d->n / 8;
    if (run->steps > IFT_JINJA_STEPS) run->steps = IFT_JINJA_STEPS; /* the next step fails */
    for (size_t i = 0; i < d->n; i++)
        if (same_key(d->pair[i].key, key)) return &d->pair[i].value;
    return NULL;
}

void ift_jdict_set(struct ift_jrun *run, struct ift_jdict *d, struct ift_jval key,
                   struct ift_jval value) {
    const struct ift_jval *const old = ift_jdict_find(run, d, key);
    if (old) {
        d->pair[(const struct ift_jpair *)(const void *)((const char *)old -
                                                         offsetof(struct ift_jpair, value)) -
                d->pair]
            .value = value;
        return;
    }
    d->pair = ift_jrun_grow(run, d->pair, d->n, &d->cap, sizeof *d->pair);
    d->pair[d->n++] = (struct ift_jpair){key, value};
}

/* ---- comparing ---- */

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
