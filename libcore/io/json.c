#include "libcore/io/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json_scan.h"
#include "libcore/io/utf8.h"

enum { MAX_DEPTH = 512, LARGE = 1 << 20 /* bytes: of a text whose tape is worth a table */ };

/* Speed rests on two things. Where strings may end was found for the whole text beforehand (struct
 * ift_json_index), so that a string costs the same however long it is. And nothing below asks
 * whether the text is over before it looks at a byte: the byte at `end`, or the last one, stops
 * every loop: texts that end in a bracket bring their own, others are copied and get a NUL. Only
 * behind a closing bracket, and inside a string, must the end be watched.
 *
 * A scan takes the place where its construct starts and returns the place behind it, NULL or WRONG
 * when it is wrong. */
enum { WRONG = UINT32_MAX };
struct parser {
    struct ift_json_node *node;
    size_t cap;
    const struct ift_json_block *block;
    const char *text, *end; /* text: all that was indexed */
    const char *at, *wrong; /* what is wrong, and where */
};

static const char *fail(struct parser *s, const char *at, const char *wrong) {
    s->at = at;
    s->wrong = wrong;
    return NULL;
}

/* Most often there is one, or none: branches, which are guessed well, for what is computed from one
 * byte has to wait for it. */
static inline uint32_t scan_blanks(const char *text, uint32_t i) {
    if (__builtin_expect((unsigned char)text[i] > ' ', 1)) return i;
    if (text[i] == ' ' && (unsigned char)text[i + 1] > ' ') return i + 1;
    while (ift_json_is_blank(text[i])) i++;
    return i;
}

__attribute__((noinline)) static void grow(struct parser *s, size_t n) {
    s->node = ift_grow(s->node, n + 1, &s->cap, sizeof *s->node);
}

/* Node n, for what starts at text[from]. */
static inline struct ift_json_node *push(struct parser *s, uint32_t n, uint32_t from) {
    if (__builtin_expect(n == s->cap, 0)) grow(s, n);
    struct ift_json_node *const node = &s->node[n];
    node->end = n + 1;
    node->from = from;
    return node;
}

/* A value without parts ends at p. */
static inline const char *end_leaf(const struct parser *s, struct ift_json_node *node,
                                   enum ift_json_type type, const char *p) {
    node->type = (uint16_t)type;
    node->escaped = 0;
    node->count = 0;
    node->to = (uint32_t)(p - s->text);
    return p;
}

static bool is_high(int u) {
    return u >= 0xd800 && u <= 0xdbff;
}

static bool is_low(int u) {
    return u >= 0xdc00 && u <= 0xdfff;
}

/* Steps over a \u escape; a pair counts as one. */
static const char *scan_code(struct parser *s, const char *p) {
    const int u = ift_json_hex4(p + 2, s->end);
    if (u < 0) return fail(s, p, "\\u needs four hexadecimal digits");
    if (is_low(u)) return fail(s, p, "lone low surrogate");
    if (!is_high(u)) return p + 6;
    const bool paired = s->end - p >= 12 && p[6] == '\\' && p[7] == 'u';
    return paired && is_low(ift_json_hex4(p + 8, s->end)) ? p + 12
                                                          : fail(s, p, "lone high surrogate");
}

enum { NEEDED = 1, OTHERS = 2 };

/* Steps over a run of escapes and notes of which kind they are. */
static inline const char *scan_escapes(struct parser *s, const char *p, uint8_t *kind) {
    static const uint8_t simple[256] = {
        ['"'] = NEEDED, ['\\'] = NEEDED, ['b'] = NEEDED, ['f'] = NEEDED,
        ['n'] = NEEDED, ['r'] = NEEDED,  ['t'] = NEEDED, ['/'] = OTHERS,
    };
    while (p && p < s->end && *p == '\\') {
        if (s->end - p < 2) return fail(s, s->end, "text ends inside a string");
        const uint8_t known = simple[(unsigned char)p[1]];
        *kind |= known ? known : OTHERS;
        if (known) {
            p += 2;
        } else {
            p = p[1] == 'u' ? scan_code(s, p) : fail(s, p, "no such escape in JSON");
        }
    }
    return p;
}

/* The string at text[i] that does not end at its first stop. Out of the way of scan_string, which
 * most never leave. */
__attribute__((noinline)) static uint32_t scan_oddity(struct parser *s, struct ift_json_node *node,
                                                      uint32_t i) {
    uint8_t escaped = 0;
    const char *p = s->text + i + 1;
    while ((p = ift_json_plain_end(p, s->end)) < s->end && *p == '\\')
        if (!(p = scan_escapes(s, p, &escaped))) return WRONG;
    if (p == s->end || *p != '"') {
        fail(s, p,
             p == s->end ? "text ends inside a string"
                         : "control character in a string; it must be escaped");
        return WRONG;
    }
    end_leaf(s, node, IFT_JSON_STRING, ++p);
    node->escaped = escaped & OTHERS ? OTHERS : escaped;
    return node->to;
}

/* The stops of a text one after the other: no search for one waits for the end of another. In a
 * variable that only inlined functions see, and so in registers. */
struct stops {
    const struct ift_json_block *block;
    uint64_t left;    /* of *block those not yet passed */
    uint32_t from;    /* where it begins */
    uint32_t reached; /* the last one passed */
};

#define INLINE __attribute__((always_inline)) static inline

INLINE struct stops stops_from(const struct ift_json_block *block, uint32_t i) {
    const struct ift_json_block *const b = &block[i / IFT_JSON_BLOCK];
    const unsigned at = i % IFT_JSON_BLOCK;
    return (struct stops){b, b->stops >> at << at, i - at, 0};
}

/* The first stop behind text[i]. There is always one. */
INLINE uint32_t next_stop(struct stops *s, uint32_t i) {
    while (s->reached <= i) {
        while (s->left == 0) {
            s->left = (++s->block)->stops;
            s->from += IFT_JSON_BLOCK;
        }
        s->reached = s->from + (uint32_t)__builtin_ctzll(s->left);
        s->left &= s->left - 1;
    }
    return s->reached;
}

INLINE uint32_t scan_string(struct parser *s, struct stops *stops, struct ift_json_node *node,
                            uint32_t i) {
    const uint32_t to = next_stop(stops, i);
    if (__builtin_expect(s->text + to >= s->end || s->text[to] != '"', 0))
        return scan_oddity(s, node, i);
    node->type = IFT_JSON_STRING;
    node->escaped = s->block[to / IFT_JSON_BLOCK].escapes >> to % IFT_JSON_BLOCK & 1;
    node->count = 0;
    node->to = to + 1;
    return to + 1;
}

static inline bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

static inline const char *scan_digits(struct parser *s, const char *p) {
    if (!is_digit(*p)) return fail(s, p, "expected a digit");
    while (is_digit(*p)) p++;
    return p;
}

static const char *scan_number(struct parser *s, struct ift_json_node *node, const char *p) {
    p += *p == '-';
    if (*p == '0') {
        p++;
        if (is_digit(*p)) return fail(s, p, "digit after a leading zero");
    } else if (!(p = scan_digits(s, p))) {
        return NULL;
    }
    if (*p == '.' && !(p = scan_digits(s, p + 1))) return NULL;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        if (!(p = scan_digits(s, p))) return NULL;
    }
    return end_leaf(s, node, IFT_JSON_NUMBER, p);
}

static const char *scan_word(struct parser *s, struct ift_json_node *node, const char *p,
                             const char *word, size_t n, enum ift_json_type type) {
    if ((size_t)(s->end - p) < n || memcmp(p, word, n) != 0) return fail(s, p, "expected a value");
    return end_leaf(s, node, type, p + n);
}

/* What is neither string nor container. */
__attribute__((noinline)) static const char *
scan_scalar(struct parser *s, struct ift_json_node *node, const char *p) {
    switch (*p) {
    case 't':
        return scan_word(s, node, p, "true", 4, IFT_JSON_TRUE);
    case 'f':
        return scan_word(s, node, p, "false", 5, IFT_JSON_FALSE);
    case 'n':
        return scan_word(s, node, p, "null", 4, IFT_JSON_NULL);
    default:
        if (*p == '-' || is_digit(*p)) return scan_number(s, node, p);
        return fail(s, p, p < s->end ? "expected a value" : "text ends where a value is expected");
    }
}

/* Where the string starts that follows at text[i] behind a separator as programs write it, with or
 * without a blank; else 0. What is looked at is there: neither separator nor blank can be last. */
static inline uint32_t led_to_string(const char *text, uint32_t i, char separator) {
    if (text[i] != separator) return 0;
    if (text[i + 1] == ' ' && text[i + 2] == '"') return i + 2;
    return text[i + 1] == '"' ? i + 1 : 0;
}

static uint32_t wrong_at(struct parser *s, uint32_t i, const char *wrong) {
    fail(s, s->text + i, wrong);
    return WRONG;
}

static uint32_t expect_key(struct parser *s, uint32_t i) {
    return s->text[i] == '"' ? i : wrong_at(s, i, "expected '\"' and a key");
}

/* Behind a member: where the next key or the closing bracket is. */
static inline uint32_t scan_comma(struct parser *s, uint32_t i) {
    const char *const text = s->text;
    const uint32_t next = led_to_string(text, i, ',');
    if (next != 0) return next;
    i = scan_blanks(text, i);
    if (text[i] == '}') return i;
    if (text[i] != ',') return wrong_at(s, i, "expected ',' or '}'");
    return expect_key(s, scan_blanks(text, i + 1));
}

/* A key, which is at text[i], to node n; where its value may begin. */
INLINE uint32_t scan_key(struct parser *s, struct stops *stops, uint32_t n, uint32_t i) {
    const char *const text = s->text;
    if ((i = scan_string(s, stops, push(s, n, i), i)) == WRONG) return WRONG;
    const uint32_t next = led_to_string(text, i, ':');
    if (next != 0) return next;
    i = scan_blanks(text, i);
    return text[i] == ':' ? i + 1 : wrong_at(s, i, "expected ':'");
}

/* A container that is still open has its parent in `end`. */
static inline void push_container(struct parser *s, uint32_t n, uint32_t i, uint32_t parent) {
    struct ift_json_node *const node = push(s, n, i);
    node->type = s->text[i] == '{' ? IFT_JSON_OBJECT : IFT_JSON_ARRAY;
    node->escaped = 0;
    node->end = parent;
}

enum { NONE = UINT32_MAX };

/* The whole grammar in one loop, which keeps its state in registers. Leaves the number of nodes in
 * *nodes. */
static uint32_t scan_value(struct parser *s, uint32_t i, size_t *nodes) {
    const char *const text = s->text, *p;
    struct stops stops = stops_from(s->block, i);
    uint32_t n = 0, open = NONE, depth = 0, count = 0;
    bool object = false;
    struct ift_json_node *node;
value:
    i = scan_blanks(text, i);
    if (text[i] == '"') {
    string:
        if ((i = scan_string(s, &stops, push(s, n++, i), i)) == WRONG) return WRONG;
    } else if (text[i] == '{' || text[i] == '[') {
        if (depth++ == MAX_DEPTH) return wrong_at(s, i, "nested deeper than 512");
        if (open != NONE) s->node[open].count = count;
        object = text[i] == '{';
        push_container(s, n, i, open);
        open = n++;
        count = 0;
        i = scan_blanks(text, i + 1);
        if (text[i] == (object ? '}' : ']')) goto close;
        if (!object) goto value;
        if (expect_key(s, i) == WRONG) return WRONG;
        goto key;
    } else {
        if (!(p = scan_scalar(s, push(s, n++, i), text + i))) return WRONG;
        i = (uint32_t)(p - text);
    }
    if (depth == 0) goto done;
behind_value:
    count++;
    if (object) {
        if ((i = scan_comma(s, i)) == WRONG) return WRONG;
        if (text[i] == '}') goto close;
    key:
        if ((i = scan_key(s, &stops, n++, i)) == WRONG) return WRONG;
        if (text[i] == '"') goto string;
        goto value;
    }
    i = scan_blanks(text, i);
    if (text[i] == ',') {
        i++;
        goto value;
    }
    if (text[i] != ']') return wrong_at(s, i, "expected ',' or ']'");
close:
    node = &s->node[open];
    open = node->end;
    node->end = n;
    node->count = count;
    node->to = ++i;
    if (--depth > 0) {
        if (text + i == s->end) return wrong_at(s, i, "text ends before its last bracket");
        count = s->node[open].count;
        object = s->node[open].type == IFT_JSON_OBJECT;
        goto behind_value;
    }
done:
    *nodes = n;
    return i;
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

/* Parses a part of what was indexed that has a byte to stop at. */
static bool scan_text(struct ift_json *doc, const struct ift_json_index *index,
                      struct ift_slice text, size_t *at, const char **wrong) {
    struct parser s = {.node = doc->node,
                       .cap = doc->cap,
                       .block = index->block,
                       .text = index->text,
                       .end = text.p + text.n};
    const uint32_t end = scan_value(&s, (uint32_t)(text.p - s.text), &doc->n);
    if (end != WRONG && s.text + end < s.end)
        fail(&s, s.text + scan_blanks(s.text, end), "text after the value");
    doc->node = s.node;
    doc->cap = s.cap;
    *at = s.wrong ? (size_t)(s.at - text.p) : text.n;
    *wrong = s.wrong;
    return !s.wrong;
}

/* Says which bytes, for they tell people what it may be. */
static int not_utf8(struct ift_slice text, struct ift_err *err) {
    const size_t at = ift_utf8_check(text.p, text.n);
    char wrong[40];
    if (text.n - at < 2)
        snprintf(wrong, sizeof wrong, "byte %02x is not UTF-8", (unsigned char)text.p[at]);
    else
        snprintf(wrong, sizeof wrong, "bytes %02x %02x are not UTF-8", (unsigned char)text.p[at],
                 (unsigned char)text.p[at + 1]);
    return complain(text.p, text.n, at, wrong, err);
}

static struct ift_slice without_blanks(struct ift_slice text) {
    while (text.n > 0 && ift_json_is_blank(text.p[text.n - 1])) text.n--;
    return text;
}

static bool brings_its_end(struct ift_slice text) {
    return text.n > 0 && (text.p[text.n - 1] == '}' || text.p[text.n - 1] == ']');
}

int ift_json_parse(struct ift_json *doc, const char *text, size_t n, struct ift_err *err) {
    const struct ift_slice all = {text, n}, whole = without_blanks(all);
    doc->text = text;
    doc->n = 0;
    if (n > INT_MAX) return IFT_FAIL(err, "%zu bytes in one JSON value, at most %d", n, INT_MAX);
    if (n >= LARGE && !doc->node) {
        doc->cap = n / 8;
        doc->node = ift_alloc_table(doc->cap, sizeof *doc->node);
    }
    char *const copy = brings_its_end(whole) ? NULL : ift_strndup(text, whole.n);
    const struct ift_slice scanned = {copy ? copy : text, whole.n};
    ift_json_index_fill(&doc->index, scanned.p, scanned.n);
    size_t at = 0;
    const char *wrong = NULL;
    const bool ok = doc->index.utf8 && scan_text(doc, &doc->index, scanned, &at, &wrong);
    free(copy);
    if (n >= LARGE) ift_json_index_release(&doc->index); /* before as much is written */
    if (ok) return 0;
    doc->n = 0;
    return wrong ? complain(text, n, at, wrong, err) : not_utf8(all, err);
}

static bool is_continuation(char c) {
    return (c & 0xc0) == 0x80;
}

/* A text that is UTF-8 may be cut where it must not. */
static bool is_cut_well(const struct ift_json_index *index, struct ift_slice value) {
    const char *const behind = value.p + value.n;
    return !is_continuation(value.p[0]) &&
           (behind == index->text + index->n || !is_continuation(*behind));
}

int ift_json_parse_in(struct ift_json *doc, const struct ift_json_index *index,
                      struct ift_slice value, struct ift_err *err) {
    const struct ift_slice whole = without_blanks(value);
    size_t at = 0;
    const char *wrong;
    doc->text = index->text;
    if (index->utf8 && brings_its_end(whole) && is_cut_well(index, value) &&
        scan_text(doc, index, whole, &at, &wrong))
        return 0;
    return ift_json_parse(doc, value.p, value.n, err); /* which says what is wrong */
}

void ift_json_release(struct ift_json *doc) {
    free(doc->node);
    ift_json_index_release(&doc->index);
    *doc = (struct ift_json){0};
}
