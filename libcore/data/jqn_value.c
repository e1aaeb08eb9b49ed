#include "libcore/data/jqn_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *jqn_type_name(struct jqn_value v) {
    static const char *const name[] = {"null",   "boolean", "boolean", "number",
                                       "string", "array",   "object"};
    return name[v.type];
}

static unsigned deeper(unsigned depth, struct jqn_value v) {
    return v.own && v.type >= IFT_JSON_ARRAY && v.depth >= depth ? v.depth + 1u : depth;
}

struct jqn_value jqn_array(const struct jqn_value *item, size_t n) {
    unsigned depth = 1;
    for (size_t i = 0; i < n; i++) depth = deeper(depth, item[i]);
    return (struct jqn_value){IFT_JSON_ARRAY, true, (uint16_t)depth, (uint32_t)n, {.item = item}};
}

struct jqn_value jqn_object(const struct jqn_member *member, size_t n) {
    unsigned depth = 1;
    for (size_t i = 0; i < n; i++) depth = deeper(depth, member[i].value);
    return (
        struct jqn_value){IFT_JSON_OBJECT, true, (uint16_t)depth, (uint32_t)n, {.member = member}};
}

struct ift_slice jqn_joined(struct jqn_heap *h, const struct jqn_value *string, size_t n) {
    struct ift_slice *const text = ift_arena_alloc(&h->arena, n * sizeof *text);
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        text[i] = jqn_text(h, string[i]);
        total += text[i].n;
    }
    char *const whole = ift_arena_alloc(&h->arena, total), *to = whole;
    for (size_t i = 0; i < n; i++) {
        ift_bytes_copy(to, text[i].p, text[i].n);
        to += text[i].n;
    }
    return (struct ift_slice){whole, total};
}

static struct ift_slice rope_text(struct jqn_heap *h, struct jqn_value string) {
    struct jqn_rope *const rope = string.u.rope;
    if (!rope->text.p) rope->text = jqn_joined(h, rope->piece, string.n);
    return rope->text;
}

struct ift_slice jqn_text(struct jqn_heap *h, struct jqn_value string) {
    if (jqn_is_rope(string)) return rope_text(h, string);
    if (string.own) return (struct ift_slice){string.u.text, string.n};
    const struct ift_slice raw = ift_json_raw(h->doc, (int)string.n);
    const struct ift_slice inside = {raw.p + 1, raw.n - 2};
    if (!h->doc->node[string.n].escaped) return inside;
    char *const text = ift_arena_alloc(&h->arena, inside.n);
    return (struct ift_slice){text, ift_json_unescape_to(text, inside.p, inside.n)};
}

/* A whole number and a power of ten that doubles have exactly have an exact quotient's double, too:
 * then strtod is not needed. Takes what JSON takes, of at most 15 digits, without an exponent. */
bool jqn_short_number(struct ift_slice text, double *value) {
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = text.p, *const end = p + text.n, *point = NULL;
    const bool minus = p < end && *p == '-';
    p += minus;
    if (end - p > 16 || p == end || (*p == '0' && end - p > 1 && p[1] != '.')) return false;
    int64_t digits = 0;
    for (const char *const first = p; p < end; p++) {
        if (*p == '.' && !point && p > first && p + 1 < end)
            point = p;
        else if (*p >= '0' && *p <= '9')
            digits = 10 * digits + (*p - '0');
        else
            return false;
    }
    if (digits >= 1000000000000000) return false;
    const double whole = (double)digits / power[point ? end - point - 1 : 0];
    *value = minus ? -whole : whole;
    return true;
}

double jqn_number(const struct jqn_heap *h, struct jqn_value number) {
    if (number.own) return number.u.number;
    const struct ift_slice raw = ift_json_raw(h->doc, (int)number.n);
    if (raw.n == 1) return raw.p[0] - '0';
    double value;
    if (jqn_short_number(raw, &value)) return value;
    char text[64]; /* strtod needs a terminator, which the document lacks */
    if (raw.n < sizeof text) {
        memcpy(text, raw.p, raw.n);
        text[raw.n] = '\0';
        return strtod(text, NULL);
    }
    char *const copy = ift_strndup(raw.p, raw.n);
    value = strtod(copy, NULL);
    free(copy);
    return value;
}

const struct jqn_value *jqn_items(struct jqn_heap *h, struct jqn_value array, size_t *n) {
    if (array.own) {
        *n = array.n;
        return array.u.item;
    }
    const int node = (int)array.n;
    *n = h->doc->node[node].count;
    struct jqn_value *const item = ift_arena_alloc(&h->arena, *n * sizeof *item);
    size_t i = 0;
    for (int v = ift_json_first(h->doc, node); v >= 0; v = ift_json_next(h->doc, node, v))
        item[i++] = jqn_node(h->doc, v);
    return item;
}

const struct jqn_member *jqn_members(struct jqn_heap *h, struct jqn_value object, size_t *n) {
    if (object.own) {
        *n = object.n;
        return object.u.member;
    }
    const size_t count = h->doc->node[object.n].count;
    int *const pair = ift_arena_alloc(&h->arena, 2 * count * sizeof *pair);
    *n = ift_json_members(h->doc, (int)object.n, pair);
    struct jqn_member *const member = ift_arena_alloc(&h->arena, *n * sizeof *member);
    for (size_t i = 0; i < *n; i++) {
        member[i] =
            (struct jqn_member){jqn_node(h->doc, pair[2 * i]), jqn_node(h->doc, pair[2 * i + 1])};
    }
    return member;
}

/* ---- looking things up ---- */

static bool key_is(struct jqn_heap *h, struct jqn_value key, struct ift_slice text) {
    if (!key.own) return ift_json_slice_is(h->doc, (int)key.n, text);
    const struct ift_slice own = jqn_text(h, key);
    return own.n == text.n && ift_bytes_eq(own.p, text.p, text.n);
}

/* The index of a key, or -1. */
static ptrdiff_t find(struct jqn_heap *h, const struct jqn_member *member, size_t n,
                      struct ift_slice key) {
    for (size_t i = 0; i < n; i++) {
        if (key_is(h, member[i].key, key)) return (ptrdiff_t)i;
    }
    return -1;
}

/* The node of the value, or -1. This is where picking fields spends its time: most keys differ in
 * length. */
static int find_node(const struct ift_json *doc, int object, struct ift_slice key) {
    const struct ift_json_node *const node = doc->node, *const end = node + node[object].end;
    const size_t length = key.n + 2; /* of a key with its quotes */
    int found = -1;
    for (const struct ift_json_node *k = &node[object + 1]; k < end; k = &node[k[1].end]) {
        if (k->escaped
                ? ift_json_escaped_is(doc, (int)(k - node), key)
                : k->to - k->from == length && ift_bytes_eq(doc->text + k->from + 1, key.p, key.n))
            found = (int)(k - node) + 1;
    }
    return found;
}

struct jqn_value jqn_get_node(const struct ift_json *doc, int object, struct ift_slice key) {
    const int node = find_node(doc, object, key);
    return node < 0 ? jqn_const(IFT_JSON_NULL) : jqn_node(doc, node);
}

bool jqn_has(struct jqn_heap *h, struct jqn_value object, struct ift_slice key) {
    if (object.own) return find(h, object.u.member, object.n, key) >= 0;
    return find_node(h->doc, (int)object.n, key) >= 0;
}

struct jqn_value jqn_get(struct jqn_heap *h, struct jqn_value object, struct ift_slice key) {
    if (object.own) {
        const ptrdiff_t i = find(h, object.u.member, object.n, key);
        return i < 0 ? jqn_const(IFT_JSON_NULL) : object.u.member[i].value;
    }
    return jqn_get_node(h->doc, (int)object.n, key);
}

size_t jqn_count(struct jqn_heap *h, struct jqn_value container) {
    size_t n = container.n;
    if (!container.own && container.type == IFT_JSON_OBJECT) {
        jqn_members(h, container, &n); /* repeated keys count once */
    } else if (!container.own) {
        n = h->doc->node[container.n].count;
    }
    return n;
}

struct jqn_value jqn_at(struct jqn_heap *h, struct jqn_value array, double i) {
    const double count = (double)jqn_count(h, array);
    if (i < 0) i += count;
    if (!(i >= 0 && i < count) || i != floor(i)) return jqn_const(IFT_JSON_NULL);
    if (array.own) return array.u.item[(size_t)i];
    return jqn_node(h->doc, ift_json_at(h->doc, (int)array.n, (size_t)i));
}

void jqn_put(struct jqn_heap *h, struct jqn_member *member, size_t *n, struct jqn_value key,
             struct jqn_value value) {
    const ptrdiff_t i = find(h, member, *n, jqn_text(h, key));
    if (i >= 0) {
        member[i].value = value;
    } else {
        member[(*n)++] = (struct jqn_member){key, value};
    }
}

/* ---- order ---- */

static int compare_text(struct ift_slice a, struct ift_slice b) {
    const size_t n = a.n < b.n ? a.n : b.n;
    const int got = n ? memcmp(a.p, b.p, n) : 0;
    return got ? got : a.n < b.n ? -1 : a.n > b.n;
}

/* Keys as text, so that sorting needs no heap to unescape with. */
struct sortable {
    struct ift_slice key;
    struct jqn_member member;
};

static int by_key(const void *a, const void *b) {
    return compare_text(((const struct sortable *)a)->key, ((const struct sortable *)b)->key);
}

const struct jqn_member *jqn_sorted(struct jqn_heap *h, struct jqn_value object, size_t *n) {
    const struct jqn_member *const member = jqn_members(h, object, n);
    struct sortable *const s = ift_arena_alloc(&h->arena, *n * sizeof *s);
    for (size_t i = 0; i < *n; i++) s[i] = (struct sortable){jqn_text(h, member[i].key), member[i]};
    if (*n > 1) qsort(s, *n, sizeof *s, by_key);
    struct jqn_member *const sorted = ift_arena_alloc(&h->arena, *n * sizeof *sorted);
    for (size_t i = 0; i < *n; i++) {
        sorted[i] = (struct jqn_member){jqn_text_value(s[i].key.p, s[i].key.n), s[i].member.value};
    }
    return sorted;
}

static int compare_objects(struct jqn_heap *h, struct jqn_value a, struct jqn_value b) {
    size_t na, nb;
    const struct jqn_member *const x = jqn_sorted(h, a, &na), *const y = jqn_sorted(h, b, &nb);
    for (size_t i = 0; i < na && i < nb; i++) {
        const int got = jqn_compare(h, x[i].key, y[i].key);
        if (got) return got;
    }
    if (na != nb) return na < nb ? -1 : 1;
    for (size_t i = 0; i < na; i++) {
        const int got = jqn_compare(h, x[i].value, y[i].value);
        if (got) return got;
    }
    return 0;
}

static int compare_arrays(struct jqn_heap *h, struct jqn_value a, struct jqn_value b) {
    size_t na, nb;
    const struct jqn_value *const x = jqn_items(h, a, &na), *const y = jqn_items(h, b, &nb);
    for (size_t i = 0; i < na && i < nb; i++) {
        const int got = jqn_compare(h, x[i], y[i]);
        if (got) return got;
    }
    return na < nb ? -1 : na > nb;
}

int jqn_compare(struct jqn_heap *h, struct jqn_value a, struct jqn_value b) {
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    switch (a.type) {
    case IFT_JSON_NUMBER: {
        const double x = jqn_number(h, a), y = jqn_number(h, b);
        return x < y ? -1 : x == y ? 0 : 1;
    }
    case IFT_JSON_STRING:
        return compare_text(jqn_text(h, a), jqn_text(h, b));
    case IFT_JSON_ARRAY:
        return compare_arrays(h, a, b);
    case IFT_JSON_OBJECT:
        return compare_objects(h, a, b);
    default:
        return 0;
    }
}

bool jqn_equal(struct jqn_heap *h, struct jqn_value a, struct jqn_value b) {
    if (a.type != b.type) return false;
    if (a.type != IFT_JSON_STRING) return jqn_compare(h, a, b) == 0;
    return a.own ? key_is(h, b, jqn_text(h, a)) : key_is(h, a, jqn_text(h, b));
}
