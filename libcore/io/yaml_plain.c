#include "libcore/io/yaml_plain.h"

#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/utf8.h"
#include "libcore/io/yaml.h"

enum { INDENT = 2, MOST_KEYS = 16, LONGEST_KEY = 64 };

struct reader {
    const char *p, *end; /* what is not read, from the start of a line or within one */
    struct ift_str *json;
    struct ift_slice key[MOST_KEYS];
    size_t nkeys;
};

/* Whether all are characters that YAML has, none of them a mark of the order of bytes or one of the
 * breaks that only YAML 1.1 knows. */
static bool is_clean(struct ift_slice s) {
    const unsigned char *p = (const unsigned char *)s.p, *const end = p + s.n;
    for (; p < end; p++) {
        if (*p >= 0x20 && *p < 0x7f) continue;
        if (*p < 0x80) {
            if (*p != '\n' && *p != '\t') return false;
        } else if (*p == 0xc2) {
            if (end - p < 2 || p[1] < 0xa0) return false;
        } else if (*p == 0xe2) {
            if (end - p < 3 || (p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))) return false;
        } else if (*p == 0xef) {
            if (end - p < 3 || (p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe))
                return false;
        }
    }
    return ift_utf8_check(s.p, s.n) == s.n;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* A text ends with a break: there is one. */
static const char *line_end(const struct reader *r) {
    return memchr(r->p, '\n', (size_t)(r->end - r->p));
}

static size_t spaces(const struct reader *r) {
    size_t n = 0;
    while (r->p + n < r->end && r->p[n] == ' ') n++;
    return n;
}

/* `key: `, for the first time. */
static bool read_key(struct reader *r) {
    const char *p = r->p;
    while (p < r->end && is_word(*p)) p++;
    const struct ift_slice key = {r->p, (size_t)(p - r->p)};
    if (key.n == 0 || key.n > LONGEST_KEY || r->end - p < 3 || p[0] != ':' || p[1] != ' ')
        return false;
    for (size_t i = 0; i < r->nkeys; i++)
        if (ift_slice_eq(r->key[i], key)) return false;
    if (r->nkeys == MOST_KEYS) return false;
    r->key[r->nkeys++] = key;
    ift_json_quote(r->json, key.p, key.n);
    ift_str_addc(r->json, ':');
    r->p = p + 2;
    return true;
}

/* What goes before a line but the first: the break behind the last line, which a space stands for
 * between folded lines that both begin with text, and the empty lines. */
static void add_breaks(struct reader *r, bool folded, size_t empty) {
    if (!folded)
        ift_str_adds(r->json, "\\n");
    else if (empty == 0)
        ift_str_addc(r->json, ' ');
    for (; empty > 0; empty--) ift_str_adds(r->json, "\\n");
}

/* Behind `|` or `>`. */
static bool read_block(struct reader *r, bool folded) {
    const char chomp = *r->p;
    r->p += chomp == '-' || chomp == '+';
    if (*r->p++ != '\n') return false;
    const size_t indent = spaces(r);
    if (indent <= INDENT || r->p + indent == r->end || memchr("\n\t", r->p[indent], 2))
        return false;
    size_t empty = 0;
    bool first = true, was_indented = false;
    ift_str_addc(r->json, '"');
    for (;; r->p = line_end(r) + 1) {
        const size_t n = spaces(r);
        if (r->p + n == r->end) {
            if (n > 0) return false;
            break;
        }
        if (n <= indent && r->p[n] == '\n') {
            empty++;
            continue;
        }
        if (n < indent) break;
        const char *const text = r->p + indent;
        const bool indented = is_blank(*text);
        if (!first) add_breaks(r, folded && !indented && !was_indented, empty);
        ift_json_escape(r->json, text, (size_t)(line_end(r) - text));
        was_indented = indented;
        first = false;
        empty = 0;
    }
    if (chomp != '-') ift_str_adds(r->json, "\\n");
    for (; chomp == '+' && empty > 0; empty--) ift_str_adds(r->json, "\\n");
    ift_str_addc(r->json, '"');
    return true;
}

/* From the break at r->p to the text of the next line that has any. The break stands for a space,
 * or for the empty lines behind it; an escaped one for these alone. False: what follows is not
 * indented as the rest of a scalar is. */
static bool next_line(struct reader *r, bool escaped) {
    size_t empty = 0;
    for (r->p++; r->p < r->end && *r->p == '\n'; r->p++) empty++;
    const size_t n = spaces(r);
    if (n <= INDENT || r->p + n == r->end || r->p[n] == '\n') return false;
    r->p += n;
    if (empty > 0 || !escaped) add_breaks(r, true, empty);
    return !memchr(r->p, '\t', (size_t)(line_end(r) - r->p));
}

/* The blanks before a break are not of a scalar. */
static size_t text_before(const struct reader *r, const char *end) {
    while (end > r->p && end[-1] == ' ') end--;
    return (size_t)(end - r->p);
}

/* Behind the quote. What it stands for needs no escape but what has one already. */
static bool read_single(struct reader *r) {
    ift_str_addc(r->json, '"');
    for (;;) {
        const char *const end = line_end(r);
        const char *const quote = memchr(r->p, '\'', (size_t)(end - r->p));
        if (!quote) {
            ift_json_escape(r->json, r->p, text_before(r, end));
            r->p = end;
            if (!next_line(r, false)) return false;
            continue;
        }
        const bool doubled = quote[1] == '\'';
        ift_json_escape(r->json, r->p, (size_t)(quote - r->p) + doubled);
        r->p = quote + 1 + doubled;
        if (!doubled) break;
    }
    ift_str_addc(r->json, '"');
    return *r->p == '\n';
}

/* Behind a backslash: of the escapes those that are written the same in JSON, a space, which stands
 * where a line must not begin or end with one, and a break. */
static bool read_escape(struct reader *r) {
    const char c = *r->p;
    if (c == '\n') return next_line(r, true);
    if (!memchr("nt\"\\ ", c, 5)) return false;
    if (c != ' ') ift_str_addc(r->json, '\\');
    ift_str_addc(r->json, c);
    r->p++;
    return true;
}

static bool read_double(struct reader *r) {
    ift_str_addc(r->json, '"');
    for (;;) {
        const char *p = r->p;
        while (*p != '\n' && *p != '"' && *p != '\\') p++;
        ift_str_add(r->json, r->p, *p == '\n' ? text_before(r, p) : (size_t)(p - r->p));
        r->p = p + (*p != '\n');
        if (*p == '"') break;
        if (!(*p == '\\' ? read_escape(r) : next_line(r, false))) return false;
    }
    ift_str_addc(r->json, '"');
    return *r->p == '\n';
}

static bool is_plain(struct ift_slice line) {
    const char last = line.p[line.n - 1];
    return last != ' ' && last != ':' && *line.p != '#' && !memmem(line.p, line.n, ": ", 2) &&
           !memmem(line.p, line.n, " #", 2);
}

/* Whether a plain scalar goes on behind the end of a line. */
static bool goes_on(const struct reader *r, const char *end) {
    while (end < r->end && *end == '\n') end++;
    return r->end - end > INDENT && memcmp(end, "   ", INDENT + 1) == 0;
}

static bool read_plain(struct reader *r) {
    if (!is_word(*r->p) && !(*r->p & 0x80)) return false;
    struct ift_slice line = {r->p, (size_t)(line_end(r) - r->p)};
    if (!is_plain(line)) return false;
    if (!goes_on(r, line.p + line.n)) {
        struct ift_err err;
        r->p += line.n;
        return ift_yaml_scalar(r->json, line, true, NULL, &err) == 0;
    }
    ift_str_addc(r->json, '"'); /* what has a blank or a break within is text */
    for (;;) {
        ift_json_escape(r->json, line.p, line.n);
        r->p += line.n;
        if (!goes_on(r, r->p)) break;
        if (!next_line(r, false)) return false;
        line = (struct ift_slice){r->p, (size_t)(line_end(r) - r->p)};
        if (!is_plain(line)) return false;
    }
    ift_str_addc(r->json, '"');
    return true;
}

static bool read_value(struct reader *r) {
    const char c = *r->p;
    if (c == '|' || c == '>') {
        r->p++;
        return read_block(r, c == '>');
    }
    if (memchr(r->p, '\t', (size_t)(line_end(r) - r->p))) return false;
    r->p += c == '\'' || c == '"';
    if (!(c == '\'' ? read_single(r) : c == '"' ? read_double(r) : read_plain(r))) return false;
    while (r->p < r->end && *r->p == '\n') r->p++;
    return true;
}

static bool read_item(struct reader *r) {
    if (r->end - r->p < INDENT || memcmp(r->p, "- ", INDENT) != 0) return false;
    ift_str_addc(r->json, '{');
    do {
        if (r->nkeys > 0 && spaces(r) != INDENT) return false;
        r->p += INDENT;
        if (r->nkeys > 0) ift_str_addc(r->json, ',');
        if (!read_key(r) || !read_value(r)) return false;
    } while (r->p < r->end);
    ift_str_addc(r->json, '}');
    return true;
}

bool ift_yaml_plain(struct ift_slice item, struct ift_str *json) {
    struct reader r = {.p = item.p, .end = item.p + item.n, .json = json};
    const size_t before = json->n;
    if (item.n == 0 || item.p[item.n - 1] != '\n' || !is_clean(item)) return false;
    if (read_item(&r)) return true;
    json->n = before;
    return false;
}
