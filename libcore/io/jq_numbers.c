#include "libcore/io/jq_numbers.h"

#include <stdbool.h>
#include <string.h>

/* jq's lexer as far as it takes to know what is a number: not in strings but in what they
 * interpolate, not in comments, not in names. */

static const char digits[] = "0123456789",
                  letters[] = "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static size_t number_at(const char *p) {
    size_t n = strspn(p, digits), fraction = p[n] == '.' ? strspn(p + n + 1, digits) : 0;
    if (n + fraction == 0) return 0;
    if (p[n] == '.') n += 1 + fraction;
    if (p[n] == 'e' || p[n] == 'E') {
        const size_t sign = p[n + 1] == '+' || p[n + 1] == '-';
        const size_t exponent = strspn(p + n + 1 + sign, digits);
        if (exponent) n += 1 + sign + exponent;
    }
    return n;
}

/* Integers of at most 15 digits print as they are written. */
static bool prints_as_it_is(const char *p, size_t n) {
    return n <= 15 && strspn(p, digits) >= n;
}

/* The rest of a string: to its end, which is included, or into an interpolation. */
static size_t string_at(const char *p, bool *ended) {
    size_t n = 0;
    while (p[n] && p[n] != '"') {
        if (p[n] != '\\' || !p[n + 1]) {
            n++;
        } else if (p[n + 1] == '(') {
            *ended = false;
            return n + 2;
        } else {
            n += 2;
        }
    }
    *ended = true;
    return n + (p[n] == '"');
}

/* What stands at p, if that is no number: a word, a comment, or a single character. */
static size_t other_at(const char *p) {
    if (*p == '#') return strcspn(p, "\n");
    const size_t before = *p == '.' || *p == '$' || *p == '@';
    const size_t n = strspn(p + before, letters);
    return n ? before + n : 1;
}

void ift_jq_numbers(struct ift_str *out, const char *program) {
    struct ift_str open = {0}; /* '(' for each that is open, '"' for each interpolation */
    for (const char *p = program; *p;) {
        const size_t number = number_at(p);
        if (number) {
            const bool plain = prints_as_it_is(p, number);
            ift_str_addf(out, plain ? "%.*s" : "(%.*s*1)", (int)number, p);
            p += number;
            continue;
        }
        size_t n;
        bool ended = true;
        const bool back = *p == ')' && open.n && open.p[open.n - 1] == '"';
        if (back || *p == '"') {
            n = 1 + string_at(p + 1, &ended);
            if (back && ended) open.p[--open.n] = '\0';
            if (!back && !ended) ift_str_addc(&open, '"');
        } else {
            n = other_at(p);
            if (*p == '(') ift_str_addc(&open, '(');
            if (*p == ')' && open.n) open.p[--open.n] = '\0';
        }
        ift_str_add(out, p, n);
        p += n;
    }
    ift_str_release(&open);
}
