#include "libcore/io/json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json_scan.h"
#include "libcore/io/utf8.h"

enum { MAX_DEPTH = 512 };

/* The scanners take the place where their thing starts and return the place behind it, NULL when it is wrong. */
/* Speed rests on one trick: nothing below asks whether the text is over before it looks at a byte. The byte at `end`, or the
 * last one, stops every loop: texts that end in a bracket bring their own, others are copied and get a NUL. Only
 * behind a closing bracket, and inside a string, must the end be watched. */
struct parser {
    struct ift_json *doc;
    const char *start, *p, *end;
    const char *wrong; /* what is wrong at p; NULL while nothing is */
};

static bool scan_value(struct parser *s, int depth);

static bool fail(struct parser *s, const char *at, const char *wrong) {
    s->p = at;
    s->wrong = wrong;
    return false;
}

static inline void scan_blanks(struct parser *s) {
    while (ift_json_is_blank(*s->p)) s->p++;
}

static inline uint32_t offset(const struct parser *s, const char *p) {
    return (uint32_t)(p - s->start);
}

static inline size_t push(struct parser *s, struct ift_json_node node) {
    struct ift_json *const doc = s->doc;
    if (__builtin_expect(doc->n == doc->cap, 0)) {
        doc->node = ift_grow(doc->node, doc->n + 1, &doc->cap, sizeof *doc->node);
    }
    doc->node[doc->n] = node;
    return doc->n++;
}

/* A value without parts, from `from` to p. */
static inline bool push_leaf(struct parser *s, enum ift_json_type type, const char *from, bool escaped) {
    push(s, (struct ift_json_node){.type = (uint8_t)type, .escaped = escaped, .end = (uint32_t)s->doc->n + 1,
                                   .from = offset(s, from), .to = offset(s, s->p)});
    return true;
}

static inline size_t open_container(struct parser *s, enum ift_json_type type) {
    return push(s, (struct ift_json_node){.type = (uint8_t)type, .from = offset(s, s->p)});
}

/* Takes the closing bracket. */
static inline bool close_container(struct parser *s, size_t i, uint32_t count, int depth) {
    struct ift_json_node *const node = &s->doc->node[i];
    s->p++;
    node->count = count;
    node->end = (uint32_t)s->doc->n;
    node->to = offset(s, s->p);
    if (s->p < s->end || depth == 1) return true;
    return fail(s, s->p, "text ends before its last bracket");
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

/* Steps over the \u escape at p, checked; a pair counts as one. */
static bool scan_code(struct parser *s) {
    const char *const p = s->p;
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

/* Steps over a run of escapes. */
static inline bool scan_escapes(struct parser *s) {
    static const bool simple[256] = {['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1};
    while (s->p < s->end && *s->p == '\\') {
        if (s->end - s->p < 2) return fail(s, s->end, "text ends inside a string");
        if (simple[(unsigned char)s->p[1]]) {
            s->p += 2;
        } else if (s->p[1] != 'u') {
            return fail(s, s->p, "no such escape in JSON");
        } else if (!scan_code(s)) {
            return false;
        }
    }
    return true;
}

static inline bool scan_string(struct parser *s) {
    const char *const from = s->p++;
    bool escaped = false;
    for (;;) {
        s->p = ift_json_plain_end(s->p, s->end);
        if (s->p == s->end) return fail(s, s->p, "text ends inside a string");
        if (*s->p == '"') break;
        if (*s->p != '\\') return fail(s, s->p, "control character in a string; it must be escaped");
        escaped = true;
        if (!scan_escapes(s)) return false;
    }
    s->p++;
    return push_leaf(s, IFT_JSON_STRING, from, escaped);
}

static inline bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

static inline bool scan_digits(struct parser *s) {
    if (!is_digit(*s->p)) return fail(s, s->p, "expected a digit");
    do s->p++;
    while (is_digit(*s->p));
    return true;
}

static bool scan_number(struct parser *s) {
    const char *const from = s->p;
    s->p += *s->p == '-';
    if (*s->p == '0') {
        s->p++;
        if (is_digit(*s->p)) return fail(s, s->p, "digit after a leading zero");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (*s->p == '.') {
        s->p++;
        if (!scan_digits(s)) return false;
    }
    if (*s->p == 'e' || *s->p == 'E') {
        s->p++;
        s->p += *s->p == '+' || *s->p == '-';
        if (!scan_digits(s)) return false;
    }
    return push_leaf(s, IFT_JSON_NUMBER, from, false);
}

static bool scan_word(struct parser *s, const char *text, size_t n, enum ift_json_type type) {
    const char *const from = s->p;
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0) return fail(s, s->p, "expected a value");
    s->p += n;
    return push_leaf(s, type, from, false);
}

static bool scan_array(struct parser *s, int depth) {
    const size_t node = open_container(s, IFT_JSON_ARRAY);
    uint32_t count = 0;
    s->p++;
    scan_blanks(s);
    if (*s->p != ']') {
        for (;; s->p++) {
            if (!scan_value(s, depth)) return false;
            count++;
            if (*s->p == ']') break;
            if (*s->p != ',') return fail(s, s->p, "expected ',' or ']'");
        }
    }
    return close_container(s, node, count, depth);
}

static bool scan_object(struct parser *s, int depth) {
    const size_t node = open_container(s, IFT_JSON_OBJECT);
    uint32_t count = 0;
    s->p++;
    scan_blanks(s);
    if (*s->p != '}') {
        for (;; s->p++) {
            scan_blanks(s);
            if (*s->p != '"') return fail(s, s->p, "expected '\"' and a key");
            if (!scan_string(s)) return false;
            scan_blanks(s);
            if (*s->p != ':') return fail(s, s->p, "expected ':'");
            s->p++;
            if (!scan_value(s, depth)) return false;
            count++;
            if (*s->p == '}') break;
            if (*s->p != ',') return fail(s, s->p, "expected ',' or '}'");
        }
    }
    return close_container(s, node, count, depth);
}

static bool scan_container(struct parser *s, int depth) {
    if (depth > MAX_DEPTH) return fail(s, s->p, "nested deeper than 512");
    return *s->p == '{' ? scan_object(s, depth) : scan_array(s, depth);
}

/* One value with the blanks on both sides of it, inside `depth` containers. */
static bool scan_value(struct parser *s, int depth) {
    bool ok;
    scan_blanks(s);
    switch (*s->p) {
    case '"': ok = scan_string(s); break;
    case '{':
    case '[': ok = scan_container(s, depth + 1); break;
    case 't': ok = scan_word(s, "true", 4, IFT_JSON_TRUE); break;
    case 'f': ok = scan_word(s, "false", 5, IFT_JSON_FALSE); break;
    case 'n': ok = scan_word(s, "null", 4, IFT_JSON_NULL); break;
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': ok = scan_number(s); break;
    default: ok = fail(s, s->p, s->p < s->end ? "expected a value" : "text ends where a value is expected"); break;
    }
    if (!ok) return false;
    if (s->p < s->end) scan_blanks(s);
    return true;
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

/* Parses text that has a byte to stop at. */
static bool scan_text(struct ift_json *doc, const char *text, size_t n, size_t *at, const char **wrong) {
    struct parser s = {.doc = doc, .start = text, .p = text, .end = text + n};
    if (scan_value(&s, 0) && s.p < s.end) fail(&s, s.p, "text after the value");
    *at = (size_t)(s.p - text);
    *wrong = s.wrong;
    return !s.wrong;
}

int ift_json_parse(struct ift_json *doc, const char *text, size_t n, struct ift_err *err) {
    doc->text = text;
    doc->n = 0;
    if (n > INT_MAX) return IFT_FAIL(err, "%zu bytes in one JSON value, at most %d", n, INT_MAX);
    const size_t good = ift_utf8_check(text, n);
    if (good < n) return complain(text, n, good, "not UTF-8", err);
    size_t whole = n, at;
    const char *wrong;
    while (whole > 0 && ift_json_is_blank(text[whole - 1])) whole--;
    bool ok;
    if (whole > 0 && (text[whole - 1] == '}' || text[whole - 1] == ']')) {
        ok = scan_text(doc, text, whole, &at, &wrong);
    } else {
        char *const copy = ift_strndup(text, whole);
        ok = scan_text(doc, copy, whole, &at, &wrong);
        free(copy);
    }
    if (ok) return 0;
    doc->n = 0;
    return complain(text, n, at, wrong, err);
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
