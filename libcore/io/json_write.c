#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/io/decimal.h"
#include "libcore/io/json.h"
#include "libcore/io/json_scan.h"

/* Writes what stands for a character that JSON wants escaped; returns its length. */
static size_t escaped(unsigned char c, char out[6]) {
    static const char hex[] = "0123456789abcdef";
    const char *const name = c == '"'    ? "\\\""
                             : c == '\\' ? "\\\\"
                             : c == '\n' ? "\\n"
                             : c == '\t' ? "\\t"
                             : c == '\r' ? "\\r"
                             : c == '\b' ? "\\b"
                             : c == '\f' ? "\\f"
                                         : NULL;
    if (name) {
        memcpy(out, name, 2);
        return 2;
    }
    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/* Writes text escaped to a buffer with room for the worst case ahead; returns the end. */
static char *write_escaped(char *to, const char *p, size_t n) {
    const char *const end = p + n;
    for (;;) {
        const char *const stop = ift_json_plain_end(p, end);
        ift_bytes_copy(to, p, (size_t)(stop - p));
        to += stop - p;
        if (stop == end) return to;
        to += escaped((unsigned char)*stop, to);
        p = stop + 1;
    }
}

/* Text is taken in pieces, so that the room for its worst case, six times its length, stays small.
 */
enum { PIECE = 1 << 16 };

void ift_json_escape(struct ift_str *out, const char *p, size_t n) {
    do {
        const size_t k = n < PIECE ? n : PIECE;
        char *const to = write_escaped(ift_str_reserve(out, 6 * k), p, k);
        *to = '\0';
        out->n = (size_t)(to - out->p);
        p += k;
        n -= k;
    } while (n > 0);
}

void ift_json_quote(struct ift_str *out, const char *p, size_t n) {
    if (n > PIECE) {
        ift_str_addc(out, '"');
        ift_json_escape(out, p, n);
        ift_str_addc(out, '"');
        return;
    }
    char *to = ift_str_reserve(out, 6 * n + 2);
    *to++ = '"';
    to = write_escaped(to, p, n);
    *to++ = '"';
    *to = '\0';
    out->n = (size_t)(to - out->p);
}

/* A checked string literal's inside in canonical form, which is never longer. */
static char *write_literal(char *to, const char *p, size_t n) {
    const char *const end = p + n;
    while (p < end) {
        const char *const slash = memchr(p, '\\', (size_t)(end - p));
        const size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(to, p, plain);
        to += plain;
        for (p += plain; p < end && *p == '\\';) {
            if (p[1] != 'u' && p[1] != '/') {
                memcpy(to, p, 2);
                to += 2;
                p += 2;
                continue;
            }
            char text[4];
            const size_t k = ift_json_escape_text(&p, text);
            if (k == 1 && ift_json_is_special(text[0])) {
                to += escaped((unsigned char)text[0], to);
            } else {
                memcpy(to, text, k);
                to += k;
            }
        }
    }
    return to;
}

/* ---- members without repetitions ---- */

static bool same_key(const struct ift_json *doc, int a, int b) {
    const struct ift_json_node *const x = &doc->node[a], *const y = &doc->node[b];
    const struct ift_slice text = {doc->text + y->from + 1, y->to - y->from - 2};
    if (!y->escaped) return ift_json_slice_is(doc, a, text);
    if (!x->escaped) return same_key(doc, b, a);
    struct ift_str plain = {0};
    ift_json_unescape(&plain, text.p, text.n);
    const bool same = ift_json_slice_is(doc, a, ift_str_slice(&plain));
    ift_str_release(&plain);
    return same;
}

static uint64_t key_hash(const struct ift_json *doc, int key, struct ift_str *scratch) {
    ift_str_clear(scratch);
    ift_json_text(doc, key, scratch);
    return ift_hash(scratch->p, scratch->n);
}

/* Many members: an open hash table of indexes into pair, plus one. */
static size_t members_hashed(const struct ift_json *doc, int object, int *pair) {
    size_t size = 16;
    while (size < 2 * (size_t)doc->node[object].count) size *= 2;
    uint32_t *const slot = ift_alloc0(size, sizeof *slot);
    struct ift_str scratch = {0};
    size_t n = 0;
    for (int k = ift_json_first(doc, object); k >= 0; k = ift_json_next(doc, object, k + 1)) {
        size_t h = key_hash(doc, k, &scratch) & (size - 1);
        while (slot[h] && !same_key(doc, pair[2 * (slot[h] - 1)], k)) h = (h + 1) & (size - 1);
        if (!slot[h]) {
            slot[h] = (uint32_t)++n;
            pair[2 * n - 2] = k;
        }
        pair[2 * (slot[h] - 1) + 1] = k + 1;
    }
    ift_str_release(&scratch);
    free(slot);
    return n;
}

size_t ift_json_members(const struct ift_json *doc, int object, int *pair) {
    if (doc->node[object].count > 24) return members_hashed(doc, object, pair);
    size_t n = 0;
    for (int k = ift_json_first(doc, object); k >= 0; k = ift_json_next(doc, object, k + 1)) {
        size_t i = 0;
        while (i < n && !same_key(doc, pair[2 * i], k)) i++;
        if (i == n) pair[2 * n++] = k;
        pair[2 * i + 1] = k + 1;
    }
    return n;
}

/* ---- whole values ---- */

static void copy_object(struct ift_json *tape, struct ift_str *out, const struct ift_json *doc,
                        int node) {
    enum { FEW = 32 };
    int few[2 * FEW];
    const size_t count = doc->node[node].count;
    int *const pair = count <= FEW ? few : ift_alloc(2 * count * sizeof *pair);
    const size_t n = ift_json_members(doc, node, pair);
    const size_t at = ift_json_begin(tape, IFT_JSON_OBJECT, out->n);
    ift_str_addc(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) ift_str_addc(out, ',');
        ift_json_copy_on(tape, out, doc, pair[2 * i]);
        ift_str_addc(out, ':');
        ift_json_copy_on(tape, out, doc, pair[2 * i + 1]);
    }
    ift_str_addc(out, '}');
    ift_json_end(tape, at, n, out->n);
    if (pair != few) free(pair);
}

static void copy_array(struct ift_json *tape, struct ift_str *out, const struct ift_json *doc,
                       int node) {
    const size_t at = ift_json_begin(tape, IFT_JSON_ARRAY, out->n);
    ift_str_addc(out, '[');
    for (int v = ift_json_first(doc, node); v >= 0; v = ift_json_next(doc, node, v)) {
        if (v > node + 1) ift_str_addc(out, ',');
        ift_json_copy_on(tape, out, doc, v);
    }
    ift_str_addc(out, ']');
    ift_json_end(tape, at, doc->node[node].count, out->n);
}

/* A string with escapes that are not needed. Returns whether others are left. */
static bool copy_literal(struct ift_str *out, struct ift_slice raw) {
    char *const from = ift_str_reserve(out, raw.n), *to = from;
    *to++ = '"';
    to = write_literal(to, raw.p + 1, raw.n - 2);
    *to++ = '"';
    *to = '\0';
    out->n += (size_t)(to - from);
    return memchr(from, '\\', (size_t)(to - from)) != NULL;
}

void ift_json_copy_on(struct ift_json *tape, struct ift_str *out, const struct ift_json *doc,
                      int node) {
    const enum ift_json_type type = doc->node[node].type;
    if (type == IFT_JSON_OBJECT) {
        copy_object(tape, out, doc, node);
    } else if (type == IFT_JSON_ARRAY) {
        copy_array(tape, out, doc, node);
    } else {
        const struct ift_slice raw = ift_json_raw(doc, node);
        const size_t from = out->n;
        bool escaped = doc->node[node].escaped;
        if (doc->node[node].escaped > 1) {
            escaped = copy_literal(out, raw);
        } else {
            ift_str_add(out, raw.p, raw.n);
        }
        ift_json_leaf(tape, type, escaped, from, out->n);
    }
}

void ift_json_copy(struct ift_str *out, const struct ift_json *doc, int node) {
    ift_json_copy_on(NULL, out, doc, node);
}

/* A number of at most 15 digits, few of them behind the point: what is read back as a double from
 * so many digits is written with them again. */
static bool write_short(struct ift_str *out, double value) {
    enum { DECIMALS = 6 };
    const double size = fabs(value);
    if (!(size < 1e15) || (size < 1e-3 && (size > 0 || signbit(value)))) return false;
    double power = 1;
    int decimals = 0;
    uint64_t digits = (uint64_t)size;
    for (; (double)digits / power != size; digits = (uint64_t)(size * power + 0.5)) {
        power *= 10;
        if (++decimals > DECIMALS || size * power >= 1e15) return false;
    }
    if (digits >= 1000000000000000) return false; /* rounded up */
    char text[24], *const end = text + sizeof text, *p = end;
    for (int i = 0; i <= decimals || digits > 0; i++, digits /= 10) {
        if (i > 0 && i == decimals) *--p = '.';
        *--p = (char)('0' + digits % 10);
    }
    if (value < 0) *--p = '-';
    ift_str_add(out, p, (size_t)(end - p));
    return true;
}

void ift_json_number(struct ift_str *out, double value) {
    if (write_short(out, value)) return;
    if (isnan(value)) {
        ift_str_adds(out, "null");
        return;
    }
    if (isinf(value)) value = value > 0 ? DBL_MAX : -DBL_MAX;
    /* Up to 15 digits every decimal survives the way through a normal double, so 15 finds it; few
     * numbers need more. */
    char text[32];
    for (int precision = fabs(value) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, value);
        if (strtod(text, NULL) == value) break;
    }
    const struct ift_decimal d = ift_decimal_of(text);
    ift_decimal_write(out, &d, d.n + 14, false);
}
