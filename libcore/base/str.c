#include "libcore/base/str.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

struct ift_slice ift_slice(const char *s) {
    return (struct ift_slice){s, strlen(s)};
}

bool ift_slice_eq(struct ift_slice a, struct ift_slice b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool ift_slice_is(struct ift_slice a, const char *s) {
    return ift_slice_eq(a, ift_slice(s));
}

void ift_str_release(struct ift_str *s) {
    free(s->p);
    *s = (struct ift_str){0};
}

void ift_str_clear(struct ift_str *s) {
    s->n = 0;
    if (s->p) s->p[0] = '\0';
}

void ift_str_clear_to(struct ift_str *s, size_t most) {
    if (s->cap > most) ift_str_release(s);
    ift_str_clear(s);
}

void ift_str_grow(struct ift_str *s, size_t extra) {
    size_t need;
    if (__builtin_add_overflow(s->n, extra, &need) || __builtin_add_overflow(need, 1, &need)) {
        need = SIZE_MAX; /* ift_grow says so and ends the program */
    }
    s->p = ift_grow(s->p, need, &s->cap, 1);
    s->p[s->n] = '\0';
}

void ift_str_adds(struct ift_str *s, const char *text) {
    ift_str_add(s, text, strlen(text));
}

void ift_str_addf(struct ift_str *s, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    ift_str_addv(s, fmt, args);
    va_end(args);
}

void ift_str_addv(struct ift_str *s, const char *fmt, va_list args) {
    va_list again;
    va_copy(again, args);
    char *end = ift_str_reserve(s, 64);
    const size_t room = s->cap - s->n;
    const int n = vsnprintf(end, room, fmt, args);
    if (n >= 0 && (size_t)n >= room) {
        end = ift_str_reserve(s, (size_t)n);
        vsnprintf(end, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    if (n > 0) s->n += (size_t)n;
    s->p[s->n] = '\0';
}

char *ift_str_take(struct ift_str *s) {
    char *p = ift_str_reserve(s, 0) - s->n;
    *s = (struct ift_str){0};
    return p;
}

struct ift_slice ift_str_slice(const struct ift_str *s) {
    return (struct ift_slice){s->p ? s->p : "", s->n};
}

void ift_str_add_count(struct ift_str *s, double count) {
    static const char units[] = "\0kMGTPE";
    size_t unit = 0;
    /* 999.5 would print as 1000: what rounds up to the next unit belongs to it. */
    while (fabs(count) >= 999.5 && unit + 2 < sizeof units) {
        count /= 1000;
        unit++;
    }
    if (unit == 0) {
        ift_str_addf(s, "%.3g", count);
        return;
    }
    const double size = fabs(count);
    const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    ift_str_addf(s, "%.*f%c", decimals, count, units[unit]);
}

bool ift_parse_i64(struct ift_slice text, long long *value) {
    const bool minus = text.n && text.p[0] == '-';
    size_t i = minus;
    if (i == text.n) return false;
    long long v = 0;
    for (; i < text.n; i++) {
        const int digit = text.p[i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(v, 10, &v)) return false;
        /* Counted on its own side of zero, so that the smallest number fits. */
        if (minus ? __builtin_sub_overflow(v, digit, &v) : __builtin_add_overflow(v, digit, &v)) {
            return false;
        }
    }
    *value = v;
    return true;
}

static size_t digits(struct ift_slice text, size_t *i) {
    const size_t start = *i;
    while (*i < text.n && text.p[*i] >= '0' && text.p[*i] <= '9') ++*i;
    return *i - start;
}

/* [-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static bool is_decimal(struct ift_slice text) {
    size_t i = 0;
    if (i < text.n && text.p[i] == '-') i++;
    size_t mantissa = digits(text, &i);
    if (i < text.n && text.p[i] == '.') {
        i++;
        mantissa += digits(text, &i);
    }
    if (!mantissa) return false;
    if (i < text.n && (text.p[i] == 'e' || text.p[i] == 'E')) {
        i++;
        if (i < text.n && (text.p[i] == '+' || text.p[i] == '-')) i++;
        if (!digits(text, &i)) return false;
    }
    return i == text.n;
}

bool ift_parse_f64(struct ift_slice text, double *value) {
    if (!is_decimal(text)) return false;
    char *copy = ift_strndup(text.p, text.n);
    const double v = strtod(copy, NULL);
    free(copy);
    if (!isfinite(v)) return false;
    *value = v;
    return true;
}

size_t ift_edit_distance(struct ift_slice a, struct ift_slice b) {
    /* Three rows of the table: the one being filled, the one above, and the one above that for
     * swaps. */
    const size_t width = b.n + 1;
    size_t *rows = ift_alloc0(3 * width, sizeof *rows);
    size_t *two = rows, *one = rows + width, *now = rows + 2 * width;
    for (size_t j = 0; j < width; j++) now[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *const oldest = two;
        two = one;
        one = now;
        now = oldest;
        now[0] = i;
        for (size_t j = 1; j < width; j++) {
            size_t best = one[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            if (one[j] + 1 < best) best = one[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            const bool swap =
                i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            if (swap && two[j - 2] + 1 < best) best = two[j - 2] + 1;
            now[j] = best;
        }
    }
    const size_t distance = now[b.n];
    free(rows);
    return distance;
}
