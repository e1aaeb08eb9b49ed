/* Values of jinja.h: making them, asking them, going through them. */
#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

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
