#include "libcore/io/json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json_scan.h"
#include "libcore/io/utf8.h"

enum { MAX_DEPTH = 512 };

struct parser {
    struct ift_json *doc;
    const char *p, *end;
    const char *wrong; /* what is wrong at p; NULL while nothing is */
};

static bool scan_value(struct parser *s, int depth);

static bool fail(struct parser *s, const char *at, const char *wrong) {
    s->p = at;
    s->wrong = wrong;
    return false;
}

static void scan_blanks(struct parser *s) {
    while (s->p < s->end && ift_json_is_blank(*s->p)) s->p++;
}

static bool next_is(const struct parser *s, char c) {
    return s->p < s->end && *s->p == c;
}

/* Opens a node that starts at p; the caller fills the rest once it is known. */
static size_t push(struct parser *s, enum ift_json_type type) {
    struct ift_json *doc = s->doc;
    doc->node = ift_grow(doc->node, doc->n + 1, &doc->cap, sizeof *doc->node);
    doc->node[doc->n] = (struct ift_json_node){.type = type, .from = (size_t)(s->p - doc->text)};
    return doc->n++;
}

static void close_node(struct parser *s, size_t i, size_t count) {
    struct ift_json_node *node = &s->doc->node[i];
    node->count = (uint32_t)count;
    node->end = (uint32_t)s->doc->n;
    node->to = (size_t)(s->p - s->doc->text);
}

/* The value of four hexadecimal digits at p, or -1. */
static int hex4(const char *p, const char *end) {
    if (end - p < 4) return -1;
    int x = 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return -1;
        x = x * 16 + digit;
    }
    return x;
}

static bool is_high(int u) {
    return u >= 0xd800 && u <= 0xdbff;
}

static bool is_low(int u) {
    return u >= 0xdc00 && u <= 0xdfff;
}

/* Steps over the escape at p, checked. */
static bool scan_escape(struct parser *s) {
    const char *const p = s->p;
    if (s->end - p < 2) return fail(s, s->end, "text ends inside a string");
    if (p[1] != 'u') {
        if (p[1] == '\0' || !strchr("\"\\/bfnrt", p[1])) return fail(s, p, "no such escape in JSON");
        s->p += 2;
        return true;
    }
    const int u = hex4(p + 2, s->end);
    if (u < 0) return fail(s, p, "\\u needs four hexadecimal digits");
    s->p += 6;
    if (is_low(u)) return fail(s, p, "lone low surrogate");
    if (!is_high(u)) return true;
    const bool paired = s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u';
    if (!paired || !is_low(hex4(s->p + 2, s->end))) return fail(s, p, "lone high surrogate");
    s->p += 6;
    return true;
}

static bool scan_string(struct parser *s) {
    const size_t node = push(s, IFT_JSON_STRING);
    bool escaped = false;
    for (s->p++;;) {
        s->p = ift_json_plain_end(s->p, s->end);
        if (s->p == s->end) return fail(s, s->p, "text ends inside a string");
        if (*s->p == '"') break;
        if (*s->p != '\\') return fail(s, s->p, "control character in a string; it must be escaped");
        escaped = true;
        do {
            if (!scan_escape(s)) return false;
        } while (next_is(s, '\\'));
    }
    s->p++;
    close_node(s, node, 0);
    s->doc->node[node].escaped = escaped;
    return true;
}

static bool scan_digits(struct parser *s) {
    const char *const from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') s->p++;
    return s->p > from || fail(s, s->p, "expected a digit");
}

static bool scan_number(struct parser *s) {
    const size_t node = push(s, IFT_JSON_NUMBER);
    if (next_is(s, '-')) s->p++;
    if (next_is(s, '0')) {
        s->p++;
        if (s->p < s->end && *s->p >= '0' && *s->p <= '9') return fail(s, s->p, "digit after a leading zero");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (next_is(s, '.')) {
        s->p++;
        if (!scan_digits(s)) return false;
    }
    if (next_is(s, 'e') || next_is(s, 'E')) {
        s->p++;
        if (next_is(s, '+') || next_is(s, '-')) s->p++;
        if (!scan_digits(s)) return false;
    }
    close_node(s, node, 0);
    return true;
}

static bool scan_word(struct parser *s, const char *text, size_t n, enum ift_json_type type) {
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0) return fail(s, s->p, "expected a value");
    const size_t node = push(s, type);
    s->p += n;
    close_node(s, node, 0);
    return true;
}

static bool scan_array(struct parser *s, int depth) {
    const size_t node = push(s, IFT_JSON_ARRAY);
    size_t count = 0;
    s->p++;
    scan_blanks(s);
    if (!next_is(s, ']')) {
        for (;; s->p++) {
            if (!scan_value(s, depth)) return false;
            count++;
            if (next_is(s, ']')) break;
            if (!next_is(s, ',')) return fail(s, s->p, "expected ',' or ']'");
        }
    }
    s->p++;
    close_node(s, node, count);
    return true;
}

static bool scan_object(struct parser *s, int depth) {
    const size_t node = push(s, IFT_JSON_OBJECT);
    size_t count = 0;
    s->p++;
    scan_blanks(s);
    if (!next_is(s, '}')) {
        for (;; s->p++) {
            scan_blanks(s);
            if (!next_is(s, '"')) return fail(s, s->p, "expected '\"' and a key");
            if (!scan_string(s)) return false;
            scan_blanks(s);
            if (!next_is(s, ':')) return fail(s, s->p, "expected ':'");
            s->p++;
            if (!scan_value(s, depth)) return false;
            count++;
            if (next_is(s, '}')) break;
            if (!next_is(s, ',')) return fail(s, s->p, "expected ',' or '}'");
        }
    }
    s->p++;
    close_node(s, node, count);
    return true;
}

/* One value with the blanks on both sides of it. */
static bool scan_value(struct parser *s, int depth) {
    scan_blanks(s);
    if (s->p == s->end) return fail(s, s->p, "text ends where a value is expected");
    if (depth == MAX_DEPTH) return fail(s, s->p, "nested deeper than 512");
    bool ok;
    switch (*s->p) {
    case '"': ok = scan_string(s); break;
    case '{': ok = scan_object(s, depth + 1); break;
    case '[': ok = scan_array(s, depth + 1); break;
    case 't': ok = scan_word(s, "true", 4, IFT_JSON_TRUE); break;
    case 'f': ok = scan_word(s, "false", 5, IFT_JSON_FALSE); break;
    case 'n': ok = scan_word(s, "null", 4, IFT_JSON_NULL); break;
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': ok = scan_number(s); break;
    default: ok = fail(s, s->p, "expected a value"); break;
    }
    if (ok) scan_blanks(s);
    return ok;
}

/* Columns count bytes from 1; the line is named only where the text has several. */
static int complain(const char *text, size_t n, size_t at, const char *wrong, struct ift_err *err) {
    size_t line = 1, from = 0;
    for (const char *nl; (nl = memchr(text + from, '\n', at - from)) != NULL; line++) {
        from = (size_t)(nl - text) + 1;
    }
    if (line == 1 && (at == n || !memchr(text + at, '\n', n - at - 1))) {
        return IFT_FAIL(err, "column %zu: %s", at + 1, wrong);
    }
    return IFT_FAIL(err, "line %zu, column %zu: %s", line, at - from + 1, wrong);
}

int ift_json_parse(struct ift_json *doc, const char *text, size_t n, struct ift_err *err) {
    doc->text = text;
    doc->n = 0;
    /* Nodes are numbered by int and take at least one byte of text each. */
    if (n > INT_MAX) {
        return IFT_FAIL(err, "%zu bytes in one JSON value, at most %d", n, INT_MAX);
    }
    const size_t good = ift_utf8_check(text, n);
    if (good < n) return complain(text, n, good, "not UTF-8", err);
    struct parser s = {.doc = doc, .p = text, .end = text + n};
    if (scan_value(&s, 0) && s.p < s.end) fail(&s, s.p, "text after the value");
    if (!s.wrong) return 0;
    doc->n = 0;
    return complain(text, n, (size_t)(s.p - text), s.wrong, err);
}

void ift_json_release(struct ift_json *doc) {
    free(doc->node);
    *doc = (struct ift_json){0};
}

/* ---- looking things up ---- */

bool ift_json_is(const struct ift_json *doc, int node, enum ift_json_type type) {
    return node >= 0 && doc->node[node].type == type;
}

struct ift_slice ift_json_raw(const struct ift_json *doc, int node) {
    const struct ift_json_node *n = &doc->node[node];
    return (struct ift_slice){doc->text + n->from, n->to - n->from};
}

int ift_json_first(const struct ift_json *doc, int container) {
    if (container < 0 || doc->node[container].type < IFT_JSON_ARRAY) return -1;
    return doc->node[container].count ? container + 1 : -1;
}

int ift_json_next(const struct ift_json *doc, int container, int node) {
    const uint32_t next = doc->node[node].end;
    return next < doc->node[container].end ? (int)next : -1;
}

int ift_json_get(const struct ift_json *doc, int object, const char *key) {
    if (!ift_json_is(doc, object, IFT_JSON_OBJECT)) return -1;
    const struct ift_slice name = ift_slice(key);
    int found = -1;
    for (int k = ift_json_first(doc, object); k >= 0;) {
        const int v = k + 1;
        if (ift_json_slice_is(doc, k, name)) found = v;
        k = ift_json_next(doc, object, v);
    }
    return found;
}

int ift_json_at(const struct ift_json *doc, int array, size_t i) {
    if (!ift_json_is(doc, array, IFT_JSON_ARRAY) || i >= doc->node[array].count) return -1;
    int v = array + 1;
    while (i-- > 0) v = (int)doc->node[v].end;
    return v;
}

/* ---- strings ---- */

size_t ift_json_escape_text(const char **p, char out[4]) {
    const char c = (*p)[1];
    if (c != 'u') {
        *p += 2;
        switch (c) {
        case 'b': out[0] = '\b'; break;
        case 'f': out[0] = '\f'; break;
        case 'n': out[0] = '\n'; break;
        case 'r': out[0] = '\r'; break;
        case 't': out[0] = '\t'; break;
        default: out[0] = c; break;
        }
        return 1;
    }
    uint32_t code = (uint32_t)hex4(*p + 2, *p + 6);
    *p += 6;
    if (is_high((int)code)) {
        code = 0x10000 + ((code - 0xd800) << 10) + ((uint32_t)hex4(*p + 2, *p + 6) - 0xdc00);
        *p += 6;
    }
    return ift_utf8_encode(code, out);
}

size_t ift_json_unescape_to(char *to, const char *p, size_t n) {
    const char *const start = to, *const end = p + n;
    while (p < end) {
        const char *const slash = memchr(p, '\\', (size_t)(end - p));
        const size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(to, p, plain);
        to += plain;
        for (p += plain; p < end && *p == '\\';) to += ift_json_escape_text(&p, to);
    }
    return (size_t)(to - start);
}

void ift_json_unescape(struct ift_str *out, const char *p, size_t n) {
    char *const to = ift_str_reserve(out, n);
    const size_t len = ift_json_unescape_to(to, p, n);
    to[len] = '\0';
    out->n += len;
}

void ift_json_text(const struct ift_json *doc, int node, struct ift_str *out) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    if (doc->node[node].escaped) {
        ift_json_unescape(out, raw.p + 1, raw.n - 2);
    } else {
        ift_str_add(out, raw.p + 1, raw.n - 2);
    }
}

bool ift_json_slice_is(const struct ift_json *doc, int node, struct ift_slice text) {
    if (!ift_json_is(doc, node, IFT_JSON_STRING)) return false;
    const char *p = doc->text + doc->node[node].from + 1, *const end = doc->text + doc->node[node].to - 1;
    if (!doc->node[node].escaped) {
        return (size_t)(end - p) == text.n && (text.n == 0 || memcmp(p, text.p, text.n) == 0);
    }
    size_t i = 0;
    while (p < end) {
        char piece[4];
        size_t n = 1;
        if (*p == '\\') {
            n = ift_json_escape_text(&p, piece);
        } else {
            piece[0] = *p++;
        }
        if (text.n - i < n || memcmp(text.p + i, piece, n) != 0) return false;
        i += n;
    }
    return i == text.n;
}

bool ift_json_text_is(const struct ift_json *doc, int node, const char *text) {
    return ift_json_slice_is(doc, node, ift_slice(text));
}

/* ---- typed members ---- */

static const char *const type_name[] = {"null", "false", "true", "a number", "a string", "an array", "an object"};

/* The member, or -1 when absent or null. */
static int member(const struct ift_json *doc, int object, const char *key) {
    const int v = ift_json_get(doc, object, key);
    return ift_json_is(doc, v, IFT_JSON_NULL) ? -1 : v;
}

static int wrong_type(const struct ift_json *doc, int v, const char *key, const char *want, struct ift_err *err) {
    return IFT_FAIL(err, "\"%s\" is %s, expected %s", key, type_name[doc->node[v].type], want);
}

int ift_json_get_f64(const struct ift_json *doc, int object, const char *key, double def, double *value,
                     struct ift_err *err) {
    const int v = member(doc, object, key);
    *value = def;
    if (v < 0) return 0;
    if (!ift_json_is(doc, v, IFT_JSON_NUMBER)) return wrong_type(doc, v, key, "a number", err);
    if (!ift_parse_f64(ift_json_raw(doc, v), value)) return IFT_FAIL(err, "\"%s\" is out of range", key);
    return 0;
}

int ift_json_get_i64(const struct ift_json *doc, int object, const char *key, int64_t def, int64_t *value,
                     struct ift_err *err) {
    const int v = member(doc, object, key);
    *value = def;
    if (v < 0) return 0;
    if (!ift_json_is(doc, v, IFT_JSON_NUMBER)) return wrong_type(doc, v, key, "a whole number", err);
    long long whole;
    double real;
    if (ift_parse_i64(ift_json_raw(doc, v), &whole)) {
        *value = whole;
    } else if (ift_parse_f64(ift_json_raw(doc, v), &real) && fabs(real) <= 0x1p53 && real == floor(real)) {
        *value = (int64_t)real; /* written as 2048.0 or 1e6 */
    } else {
        const struct ift_slice raw = ift_json_raw(doc, v);
        return IFT_FAIL(err, "\"%s\" is %.*s, expected a whole number", key, (int)(raw.n < 40 ? raw.n : 40), raw.p);
    }
    return 0;
}

int ift_json_get_bool(const struct ift_json *doc, int object, const char *key, bool def, bool *value,
                      struct ift_err *err) {
    const int v = member(doc, object, key);
    *value = def;
    if (v < 0) return 0;
    const bool is_true = ift_json_is(doc, v, IFT_JSON_TRUE);
    if (!is_true && !ift_json_is(doc, v, IFT_JSON_FALSE)) return wrong_type(doc, v, key, "true or false", err);
    *value = is_true;
    return 0;
}

int ift_json_get_str(const struct ift_json *doc, int object, const char *key, const char *def,
                     struct ift_str *out, struct ift_err *err) {
    const int v = member(doc, object, key);
    if (v < 0) {
        if (def) ift_str_adds(out, def);
        return 0;
    }
    if (!ift_json_is(doc, v, IFT_JSON_STRING)) return wrong_type(doc, v, key, "a string", err);
    ift_json_text(doc, v, out);
    return 0;
}
