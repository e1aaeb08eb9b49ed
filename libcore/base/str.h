/* str.h: text. A slice borrows bytes that somebody else owns; a str owns a growing buffer.
 *
 * Neither is terminated by accident: str keeps a '\0' after its last byte so that `s.p` may be
 * handed to functions that want one, but bytes inside may be NUL and `n` is the truth.
 */
#ifndef IFT_STR_H
#define IFT_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcore/base/err.h"

struct ift_slice {
    const char *p;
    size_t n;
};

/* A slice of a string literal or of any terminated string. */
struct ift_slice ift_slice(const char *s);
/* What a message shows of one, for %.*s: its first bytes. */
#define IFT_SHOWN(slice) ((slice).n < 60 ? (int)(slice).n : 60), (slice).p
bool ift_slice_eq(struct ift_slice a, struct ift_slice b);
bool ift_slice_is(struct ift_slice a, const char *s); /* a equals the terminated s */

/* memcmp(a, b, n) == 0 for what is short: keys, words. */
static inline bool ift_bytes_eq(const char *a, const char *b, size_t n) {
    uint64_t x, y;
    uint32_t u, v;
    if (n >= 8) {
        for (size_t i = 0;; i = i + 8 < n - 8 ? i + 8 : n - 8) { /* the last eight may overlap */
            memcpy(&x, a + i, 8);
            memcpy(&y, b + i, 8);
            if (x != y || i == n - 8) return x == y;
        }
    }
    if (n >= 4) {
        memcpy(&u, a, 4);
        memcpy(&v, b, 4);
        if (u != v) return false;
        memcpy(&u, a + n - 4, 4);
        memcpy(&v, b + n - 4, 4);
        return u == v;
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

/* memcpy(to, p, n) for the same. */
static inline void ift_bytes_copy(char *to, const char *p, size_t n) {
    uint64_t x, y;
    uint32_t u, v;
    if (n > 16) {
        memcpy(to, p, n);
    } else if (n >= 8) {
        memcpy(&x, p, 8);
        memcpy(&y, p + n - 8, 8);
        memcpy(to, &x, 8);
        memcpy(to + n - 8, &y, 8);
    } else if (n >= 4) {
        memcpy(&u, p, 4);
        memcpy(&v, p + n - 4, 4);
        memcpy(to, &u, 4);
        memcpy(to + n - 4, &v, 4);
    } else {
        for (size_t i = 0; i < n; i++) to[i] = p[i];
    }
}

/* A zeroed struct is an empty str. `p` is NULL only while nothing was ever appended. */
struct ift_str {
    char *p;
    size_t n, cap;
};

void ift_str_release(struct ift_str *s);
void ift_str_clear(struct ift_str *s);                 /* empty, buffer kept, p terminated */
void ift_str_clear_to(struct ift_str *s, size_t most); /* empty, a larger buffer given back */
void ift_str_grow(struct ift_str *s, size_t extra);    /* for reserve */
/* Makes room for `extra` bytes and a NUL and returns the end; whoever writes there adds to s->n. */
static inline char *ift_str_reserve(struct ift_str *s, size_t extra) {
    if (__builtin_expect(extra >= s->cap - s->n, 0)) ift_str_grow(s, extra);
    return s->p + s->n;
}
static inline void ift_str_add(struct ift_str *s, const char *p, size_t n) {
    char *const end = ift_str_reserve(s, n);
    if (n) memcpy(end, p, n);
    end[n] = '\0';
    s->n += n;
}
static inline void ift_str_addc(struct ift_str *s, char c) {
    ift_str_add(s, &c, 1);
}
void ift_str_adds(struct ift_str *s, const char *text); /* terminated text */
void ift_str_addf(struct ift_str *s, const char *fmt, ...) IFT_PRINTF(2, 3);
void ift_str_addv(struct ift_str *s, const char *fmt, va_list args) IFT_PRINTF(2, 0);
char *ift_str_take(struct ift_str *s);                   /* gives the buffer away; free() it */
struct ift_slice ift_str_slice(const struct ift_str *s); /* p is never NULL */

/* "12.3k", "4.56M": a count for people, three significant digits. */
void ift_str_add_count(struct ift_str *s, double count);

/* Strict numbers: the whole text, decimal, no blanks, no plus sign, in range, never NaN or
 * infinite; otherwise false and *value untouched. */
bool ift_parse_i64(struct ift_slice text, long long *value);
bool ift_parse_f64(struct ift_slice text, double *value);

/* Edit distance for "did you mean": insertions, deletions, substitutions and swaps of neighbours
 * cost 1. */
size_t ift_edit_distance(struct ift_slice a, struct ift_slice b);

#endif
