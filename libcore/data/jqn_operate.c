#include <limits.h>
#include <math.h>
#include <string.h>

#include "libcore/data/jqn_program.h"
#include "libcore/io/utf8.h"

/* What operators and paths make of values; who evaluates their sides is in jqn_eval.c and
 * jqn_generate.c. */

/* ---- paths ---- */

/* None of these is reached by `null`, which has every key and no elements. */
static int cannot_index(struct jqn_run *x, struct jqn_value of, struct jqn_value key) {
    if (key.type != IFT_JSON_STRING) {
        return jqn_fail(x, "Cannot index %s with %s", jqn_type_name(of), jqn_type_name(key));
    }
    const struct ift_slice text = jqn_text(&x->heap, key);
    return jqn_fail(x, "Cannot index %s with \"%.*s\"", jqn_type_name(of),
                    (int)(text.n < 100 ? text.n : 100), text.p);
}

int jqn_field(struct jqn_run *x, struct jqn_value of, struct jqn_value key, struct jqn_value *out) {
    if (of.type == IFT_JSON_OBJECT) {
        *out = jqn_get(&x->heap, of, jqn_text(&x->heap, key));
        return JQN_OK;
    }
    *out = jqn_const(IFT_JSON_NULL);
    return of.type == IFT_JSON_NULL ? JQN_OK : cannot_index(x, of, key);
}

static int index_by(struct jqn_run *x, struct jqn_value of, struct jqn_value key,
                    struct jqn_value *out) {
    if (key.type == IFT_JSON_STRING) return jqn_field(x, of, key, out);
    if (key.type == IFT_JSON_NUMBER && of.type == IFT_JSON_ARRAY) {
        const double i = jqn_number(&x->heap, key);
        if (i != floor(i)) return JQN_LEAVE; /* releases of libjq differ */
        *out = jqn_at(&x->heap, of, i);
        return JQN_OK;
    }
    if (key.type > IFT_JSON_STRING) return JQN_LEAVE; /* slices as objects, indices of parts */
    *out = jqn_const(IFT_JSON_NULL);
    return of.type == IFT_JSON_NULL && key.type == IFT_JSON_NUMBER ? JQN_OK
                                                                   : cannot_index(x, of, key);
}

/* The bounds of a slice of something of `count` parts. */
static int bounds(struct jqn_run *x, struct jqn_value from, struct jqn_value to, size_t count,
                  size_t *first, size_t *last) {
    const bool ok = (from.type == IFT_JSON_NULL || from.type == IFT_JSON_NUMBER) &&
                    (to.type == IFT_JSON_NULL || to.type == IFT_JSON_NUMBER);
    if (!ok) return jqn_fail(x, "Start and end indices of an array slice must be numbers");
    const double n = (double)count;
    double start = from.type == IFT_JSON_NULL ? 0 : jqn_number(&x->heap, from);
    double end = to.type == IFT_JSON_NULL ? n : jqn_number(&x->heap, to);
    if (start < 0) start += n;
    if (end < 0) end += n;
    start = start < 0 ? 0 : start > n ? n : start;
    end = end > n ? n : end < start ? start : end;
    *first = (size_t)start;
    *last = (size_t)ceil(end);
    return JQN_OK;
}

/* The offset of the code point i. */
static size_t offset_of(struct ift_slice text, size_t i) {
    size_t at = 0;
    while (at < text.n && i > 0) {
        for (at++; at < text.n && (text.p[at] & 0xc0) == 0x80; at++) continue;
        i--;
    }
    return at;
}

int jqn_slice(struct jqn_run *x, struct jqn_value of, struct jqn_value from, struct jqn_value to,
              struct jqn_value *out) {
    size_t first, last, n;
    *out = jqn_const(IFT_JSON_NULL);
    if (of.type == IFT_JSON_NULL) return JQN_OK;
    if (of.type == IFT_JSON_ARRAY) {
        const struct jqn_value *const item = jqn_items(&x->heap, of, &n);
        JQN_TRY(bounds(x, from, to, n, &first, &last));
        *out = jqn_array(item + first, last - first);
        return JQN_OK;
    }
    if (of.type != IFT_JSON_STRING)
        return jqn_fail(x, "Cannot index %s with object", jqn_type_name(of));
    const struct ift_slice text = jqn_text(&x->heap, of);
    JQN_TRY(bounds(x, from, to, ift_utf8_count(text.p, text.n), &first, &last));
    const size_t a = offset_of(text, first), b = offset_of(text, last);
    *out = jqn_text_value(text.p + a, b - a);
    return JQN_OK;
}

int jqn_cannot_iterate(struct jqn_run *x, struct jqn_value v) {
    return jqn_fail(x, "Cannot iterate over %s", jqn_type_name(v));
}

/* ---- sums and strings ---- */

int jqn_too_long(struct jqn_run *x) {
    return jqn_fail(x, "a string of more than 1 GiB");
}

struct jqn_value jqn_to_string(struct jqn_run *x, struct jqn_value v) {
    if (v.type == IFT_JSON_STRING) return v;
    ift_str_clear(&x->scratch);
    jqn_write(&x->heap, NULL, &x->scratch, v);
    return jqn_text_value(ift_arena_strndup(&x->heap.arena, x->scratch.p, x->scratch.n),
                          x->scratch.n);
}

/* As much as its text may have, which is known without looking at it. */
static size_t most_bytes(const struct jqn_run *x, struct jqn_value string) {
    if (!string.own) return ift_json_raw(x->heap.doc, (int)string.n).n - 2;
    if (!jqn_is_rope(string)) return string.n;
    size_t most = 0;
    for (size_t i = 0; i < string.n; i++) most += most_bytes(x, string.u.rope->piece[i]);
    return most;
}

/* Strings that are long together stay in pieces. Not in many: pieces are held until a value is
 * done, and a string that grows by a character at a time would be all pieces. */
enum { LONG = 64, MOST_PIECES = 64 };

static struct jqn_value make_rope(struct jqn_run *x, const struct jqn_value *part, size_t n,
                                  size_t pieces) {
    struct jqn_rope *const rope = ift_arena_alloc(&x->heap.arena, sizeof *rope);
    struct jqn_value *const piece = ift_arena_alloc(&x->heap.arena, pieces * sizeof *piece);
    *rope = (struct jqn_rope){.piece = piece};
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (!jqn_is_rope(part[i])) {
            piece[k++] = part[i];
        } else {
            memcpy(piece + k, part[i].u.rope->piece, part[i].n * sizeof *piece);
            k += part[i].n;
        }
    }
    return (struct jqn_value){IFT_JSON_STRING, true, JQN_ROPE, (uint32_t)pieces, {.rope = rope}};
}

int jqn_join(struct jqn_run *x, const struct jqn_value *part, size_t n, struct jqn_value *out) {
    size_t most = 0, pieces = 0;
    for (size_t i = 0; i < n; i++) {
        most += most_bytes(x, part[i]);
        pieces += jqn_is_rope(part[i]) ? part[i].n : 1;
    }
    if (most >= LONG && most <= INT_MAX / 2 && pieces <= MOST_PIECES) {
        *out = make_rope(x, part, n, pieces);
        return JQN_OK;
    }
    const struct ift_slice text = jqn_joined(&x->heap, part, n);
    if (text.n > INT_MAX / 2) return jqn_too_long(x);
    *out = jqn_text_value(text.p, text.n);
    return JQN_OK;
}

/* The result of arithmetic. What is no number orders itself oddly in jq; let libjq do that. */
static int number(double value, struct jqn_value *out) {
    *out = jqn_double(value);
    return isnan(value) ? JQN_LEAVE : JQN_OK;
}

static int add_arrays(struct jqn_run *x, struct jqn_value a, struct jqn_value b,
                      struct jqn_value *out) {
    size_t na, nb;
    const struct jqn_value *const p = jqn_items(&x->heap, a, &na), *const q =
                                                                       jqn_items(&x->heap, b, &nb);
    struct jqn_value *const item = ift_arena_alloc(&x->heap.arena, (na + nb) * sizeof *item);
    if (na) memcpy(item, p, na * sizeof *item);
    if (nb) memcpy(item + na, q, nb * sizeof *item);
    return jqn_made(x, jqn_array(item, na + nb), out);
}

static int add_objects(struct jqn_run *x, struct jqn_value a, struct jqn_value b,
                       struct jqn_value *out) {
    size_t n, nb;
    const struct jqn_member *const p = jqn_members(&x->heap, a, &n), *const q =
                                                                         jqn_members(&x->heap, b,
                                                                                     &nb);
    struct jqn_member *const member = ift_arena_alloc(&x->heap.arena, (n + nb) * sizeof *member);
    if (n) memcpy(member, p, n * sizeof *member);
    for (size_t i = 0; i < nb; i++) jqn_put(&x->heap, member, &n, q[i].key, q[i].value);
    return jqn_made(x, jqn_object(member, n), out);
}

int jqn_add(struct jqn_run *x, struct jqn_value a, struct jqn_value b, struct jqn_value *out) {
    if (a.type == IFT_JSON_NULL || b.type == IFT_JSON_NULL) {
        *out = a.type == IFT_JSON_NULL ? b : a;
        return JQN_OK;
    }
    if (a.type == b.type) {
        switch (a.type) {
        case IFT_JSON_NUMBER:
            return number(jqn_number(&x->heap, a) + jqn_number(&x->heap, b), out);
        case IFT_JSON_STRING:
            return jqn_join(x, (const struct jqn_value[]){a, b}, 2, out);
        case IFT_JSON_ARRAY:
            return add_arrays(x, a, b, out);
        case IFT_JSON_OBJECT:
            return add_objects(x, a, b, out);
        default:
            break;
        }
    }
    return jqn_fail(x, "%s and %s cannot be added", jqn_type_name(a), jqn_type_name(b));
}

static int subtract(struct jqn_run *x, struct jqn_value a, struct jqn_value b,
                    struct jqn_value *out) {
    if (a.type == IFT_JSON_NUMBER && b.type == IFT_JSON_NUMBER) {
        return number(jqn_number(&x->heap, a) - jqn_number(&x->heap, b), out);
    }
    if (a.type != IFT_JSON_ARRAY || b.type != IFT_JSON_ARRAY) {
        return jqn_fail(x, "%s and %s cannot be subtracted", jqn_type_name(a), jqn_type_name(b));
    }
    size_t na, nb, n = 0;
    const struct jqn_value *const p = jqn_items(&x->heap, a, &na), *const q =
                                                                       jqn_items(&x->heap, b, &nb);
    struct jqn_value *const item = ift_arena_alloc(&x->heap.arena, na * sizeof *item);
    for (size_t i = 0; i < na; i++) {
        size_t k = 0;
        while (k < nb && jqn_compare(&x->heap, p[i], q[k]) != 0) k++;
        if (k == nb) item[n++] = p[i];
    }
    *out = jqn_array(item, n);
    return JQN_OK;
}

static int divide(struct jqn_run *x, struct jqn_value a, struct jqn_value b,
                  struct jqn_value *out) {
    if (a.type == IFT_JSON_STRING && b.type == IFT_JSON_STRING) return jqn_split(x, a, b, out);
    if (a.type != IFT_JSON_NUMBER || b.type != IFT_JSON_NUMBER)
        return jqn_fail(x, "%s and %s cannot be divided", jqn_type_name(a), jqn_type_name(b));
    const double by = jqn_number(&x->heap, b);
    if (by == 0) return jqn_fail(x, "number cannot be divided because the divisor is zero");
    return number(jqn_number(&x->heap, a) / by, out);
}

int jqn_negate(struct jqn_run *x, struct jqn_value a, struct jqn_value *out) {
    if (a.type != IFT_JSON_NUMBER) return jqn_fail(x, "%s cannot be negated", jqn_type_name(a));
    *out = jqn_double(-jqn_number(&x->heap, a));
    return JQN_OK;
}

static struct jqn_value compare(struct jqn_run *x, enum jqn_op op, struct jqn_value a,
                                struct jqn_value b) {
    if (op == JQN_EQ || op == JQN_NE) return jqn_bool(jqn_equal(&x->heap, a, b) == (op == JQN_EQ));
    const int c = jqn_compare(&x->heap, a, b);
    switch (op) {
    case JQN_LT:
        return jqn_bool(c < 0);
    case JQN_LE:
        return jqn_bool(c <= 0);
    case JQN_GT:
        return jqn_bool(c > 0);
    default:
        return jqn_bool(c >= 0);
    }
}

/* The operators of two values. */
int jqn_binary(struct jqn_run *x, enum jqn_op op, struct jqn_value a, struct jqn_value b,
               struct jqn_value *out) {
    if (op == JQN_ADD) return jqn_add(x, a, b, out);
    if (op == JQN_SUBTRACT) return subtract(x, a, b, out);
    if (op == JQN_DIVIDE) return divide(x, a, b, out);
    if (op == JQN_INDEX) return index_by(x, a, b, out);
    *out = compare(x, op, a, b);
    return JQN_OK;
}
