#include "libcore/eval/extract.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static struct ift_slice trimmed(struct ift_slice s) {
    while (s.n && isspace((unsigned char)s.p[0])) s.p++, s.n--;
    while (s.n && isspace((unsigned char)s.p[s.n - 1])) s.n--;
    return s;
}

static bool digit(struct ift_slice s, size_t i) {
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The end of the number that starts with the digit at i: commas and one point belong to it only
 * between digits. */
static size_t number_end(struct ift_slice s, size_t i) {
    bool point = false;
    for (;; i++) {
        if (digit(s, i)) continue;
        if (i >= s.n || !digit(s, i + 1)) return i;
        if (s.p[i] == '.' && !point)
            point = true;
        else if (s.p[i] != ',' || point)
            return i;
    }
}

static void add_number(struct ift_slice s, bool negative, struct ift_str *answer) {
    const char *point = memchr(s.p, '.', s.n);
    size_t n = s.n;
    if (point) {
        while (s.p[n - 1] == '0') n--;
        if (s.p + n - 1 == point) n--;
    }
    struct ift_str digits = {0};
    for (size_t i = 0; i < n; i++)
        if (s.p[i] != ',') ift_str_addc(&digits, s.p[i]);
    size_t zeros = 0;
    while (zeros + 1 < digits.n && digits.p[zeros] == '0' && digits.p[zeros + 1] != '.') zeros++;
    const bool zero = digits.n - zeros == 1 && digits.p[zeros] == '0';
    if (negative && !zero) ift_str_addc(answer, '-');
    ift_str_add(answer, digits.p + zeros, digits.n - zeros);
    ift_str_release(&digits);
}

static bool find_number(struct ift_slice s, struct ift_slice marker, struct ift_str *answer) {
    (void)marker;
    bool found = false, negative = false;
    struct ift_slice last = {0};
    for (size_t i = 0; i < s.n; i++) {
        if (!digit(s, i)) continue;
        const size_t end = number_end(s, i);
        /* A minus is a sign only where no operand or word ends before it: "7-5" ends in 5, "is -5"
         * in -5. */
        negative = i > 0 && s.p[i - 1] == '-' &&
                   (i == 1 || isspace((unsigned char)s.p[i - 2]) || s.p[i - 2] == '(' ||
                    s.p[i - 2] == '$');
        last = (struct ift_slice){s.p + i, end - i};
        found = true;
        i = end;
    }
    if (found) add_number(last, negative, answer);
    return found;
}

static bool choice_letter(struct ift_slice s, size_t i) {
    return i < s.n && s.p[i] >= 'A' && s.p[i] <= 'J';
}

static bool find_choice(struct ift_slice s, struct ift_slice marker, struct ift_str *answer) {
    (void)marker;
    char bracketed = 0, alone = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!choice_letter(s, i)) continue;
        const char before = i ? s.p[i - 1] : ' ', after = i + 1 < s.n ? s.p[i + 1] : ' ';
        if (before == '(' && after == ')') bracketed = s.p[i];
        if (!isalnum((unsigned char)before) && !isalnum((unsigned char)after) && after != '\'')
            alone = s.p[i];
    }
    if (!bracketed && !alone) return false;
    ift_str_addc(answer, bracketed ? bracketed : alone);
    return true;
}

static bool find_line(struct ift_slice s, struct ift_slice marker, struct ift_str *answer) {
    (void)marker;
    s = trimmed(s);
    const char *nl = s.n ? memrchr(s.p, '\n', s.n) : NULL;
    if (nl) s = trimmed((struct ift_slice){nl + 1, s.n - (size_t)(nl + 1 - s.p)});
    ift_str_add(answer, s.p, s.n);
    return s.n > 0;
}

static bool find_after(struct ift_slice s, struct ift_slice marker, struct ift_str *answer) {
    for (size_t i = s.n; i-- > 0;) {
        if (s.n - i < marker.n || strncasecmp(s.p + i, marker.p, marker.n) != 0) continue;
        struct ift_slice rest = {s.p + i + marker.n, s.n - i - marker.n};
        const char *nl = memchr(rest.p, '\n', rest.n);
        if (nl) rest.n = (size_t)(nl - rest.p);
        rest = trimmed(rest);
        if (rest.n && rest.p[rest.n - 1] == '.') rest.n--;
        ift_str_add(answer, rest.p, rest.n);
        return rest.n > 0;
    }
    return false;
}

static bool find_whole(struct ift_slice s, struct ift_slice marker, struct ift_str *answer) {
    (void)marker;
    s = trimmed(s);
    ift_str_add(answer, s.p, s.n);
    return s.n > 0;
}

static const struct {
    const char *name;
    bool (*find)(struct ift_slice text, struct ift_slice marker, struct ift_str *answer);
} rules[] = {{"number", find_number},
             {"choice", find_choice},
             {"line", find_line},
             {"whole", find_whole}};

int ift_extract_rule(struct ift_extract *rule, const char *name, struct ift_err *err) {
    *rule = (struct ift_extract){0};
    if (strncmp(name, "after:", 6) == 0 && name[6]) {
        *rule = (struct ift_extract){find_after, ift_slice(name + 6)};
        return 0;
    }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(name, rules[i].name) == 0) {
            rule->find = rules[i].find;
            return 0;
        }
    return ift_fail_usage(err, "unknown extraction '%s': number, choice, line, whole or after:TEXT",
                          name);
}

bool ift_extract(const struct ift_extract *rule, struct ift_slice text, struct ift_str *answer) {
    ift_str_clear(answer);
    return rule->find(text, rule->marker, answer);
}
