/* json.h: our own JSON scanner. One pass over the text checks the whole grammar of RFC 8259 and
 * UTF-8, strictly, and leaves a tape of nodes that point back into the text: strings are not
 * unescaped and numbers not converted until asked, so big integers, `1.0` and the order of keys
 * survive, and copying a value is copying its bytes.
 *
 * Strictness: no NaN, no comments, no trailing commas, no raw control characters in strings, no
 * lone surrogates (\ud83d alone), no bytes that are not UTF-8 (overlong forms and surrogates
 * included), nesting to 512 deep. Where a key repeats, the last one wins.
 *
 *     struct ift_json doc = {0};
 *     IFT_TRY(ift_json_parse(&doc, line.p, line.n, err));
 *     int v = ift_json_get(&doc, 0, "instruction");          // node 0 is the root
 *     if (v < 0 || !ift_json_is(&doc, v, IFT_JSON_STRING)) …
 *     ift_json_text(&doc, v, &out);                           // appends the unescaped UTF-8
 */
#ifndef IFT_JSON_H
#define IFT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"

enum ift_json_type {
    IFT_JSON_NULL,
    IFT_JSON_FALSE,
    IFT_JSON_TRUE,
    IFT_JSON_NUMBER,
    IFT_JSON_STRING,
    IFT_JSON_ARRAY,
    IFT_JSON_OBJECT,
};

/* Nodes lie in document order. An object's children alternate key (a string node), value. */
struct ift_json_node {
    uint16_t type;     /* of no character type, whose stores would alias everything */
    uint16_t escaped;  /* string: 0: its bytes are its text; 1: it has escapes, all of them needed;
                         2:  others too */
    uint32_t count;    /* array: elements; object: members (repeated keys counted) */
    uint32_t end;      /* index of the first node after this one and everything inside it */
    uint32_t from, to; /* text[from, to): the raw value; a string's quotes included */
};

/* Where strings may end, looked up for a whole text at once, and whether it is strict UTF-8, which
 * the same look tells. A text in which many values lie is looked at once for all of them. */
struct ift_json_index {
    const char *text; /* less than 2 GiB */
    size_t n;
    bool utf8; /* false also for a longer one, of which nothing is known */
    struct ift_json_block *block;
    size_t cap;
};

enum { IFT_JSON_BLOCK = 64 };

/* Of 64 bytes, a bit each. A stop is a quote that no backslash escapes, a control character, or
 * what a backslash escapes if it is none of `"\bfnrt`. From the text's end on all are stops. */
struct ift_json_block {
    uint64_t stops;
    uint64_t escapes; /* stops with backslashes between them and the stop before */
};

/* A zeroed struct is ready. It borrows the text. */
void ift_json_index_fill(struct ift_json_index *x, const char *text, size_t n);
void ift_json_index_release(struct ift_json_index *x);

/* A zeroed struct is ready. Reuse it from text to text: the tape is kept. It borrows the text. */
struct ift_json {
    const char *text;
    struct ift_json_node *node;
    size_t n, cap;
    struct ift_json_index index; /* of a text that came without */
};

/* Exactly one value, blanks around it allowed, less than 2 GiB of text. The message gives the
 * column in bytes, and the line where the text has several: `column 17: expected ',' or '}'`. After
 * a failure the tape is empty. */
int ift_json_parse(struct ift_json *doc, const char *text, size_t n,
                   struct ift_err *err) IFT_MUST_CHECK;
/* The same for a value in a text of which there is an index: doc->text is that text. */
int ift_json_parse_in(struct ift_json *doc, const struct ift_json_index *index,
                      struct ift_slice value, struct ift_err *err) IFT_MUST_CHECK;
void ift_json_release(struct ift_json *doc);

bool ift_json_is(const struct ift_json *doc, int node,
                 enum ift_json_type type); /* false for node < 0 */
struct ift_slice ift_json_raw(const struct ift_json *doc, int node);

/* The value of a key (unescaped comparison, last wins) or -1; -1 also when `object` is < 0 or no
 * object. */
int ift_json_get(const struct ift_json *doc, int object, const char *key);
/* The i-th element, or -1. Linear; iterate with first/next instead. */
int ift_json_at(const struct ift_json *doc, int array, size_t i);
/* Children in order: `for (int v = ift_json_first(d, a); v >= 0; v = ift_json_next(d, a, v))`. In
 * an object this visits keys and values alternately. -1: none. */
int ift_json_first(const struct ift_json *doc, int container);
int ift_json_next(const struct ift_json *doc, int container, int node);

/* The members of an object without repetitions: each key once, where it first stands, with the
 * value it last had. Fills pair[2 i] with the key's node and pair[2 i + 1] with the value's; needs
 * room for 2 * count ints. Returns how many. */
size_t ift_json_members(const struct ift_json *doc, int object, int *pair);

/* Appends a string node's unescaped text. */
void ift_json_text(const struct ift_json *doc, int node, struct ift_str *out);
bool ift_json_text_is(const struct ift_json *doc, int node,
                      const char *text); /* a string node with that text */
static inline bool ift_json_slice_is(const struct ift_json *doc, int node, struct ift_slice text);
/* Appends what the inside of a checked string literal (without its quotes) stands for. */
void ift_json_unescape(struct ift_str *out, const char *p, size_t n);
/* The same to a buffer, which may be as short as the literal's inside: text is never longer.
 * Returns its length. */
size_t ift_json_unescape_to(char *to, const char *p, size_t n);

/* Typed members with defaults, for configuration files. Absent or null gives the default; a wrong
 * type is an error that names the key. Returned strings are appended to `out`. */
int ift_json_get_i64(const struct ift_json *doc, int object, const char *key, int64_t def,
                     int64_t *value, struct ift_err *err) IFT_MUST_CHECK;
int ift_json_get_f64(const struct ift_json *doc, int object, const char *key, double def,
                     double *value, struct ift_err *err) IFT_MUST_CHECK;
int ift_json_get_bool(const struct ift_json *doc, int object, const char *key, bool def,
                      bool *value, struct ift_err *err) IFT_MUST_CHECK;
int ift_json_get_str(const struct ift_json *doc, int object, const char *key, const char *def,
                     struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

/* ---- writing ---- */

/* Appends "text" with quotes, escaping only what JSON demands: `"`, `\`, and controls as \b \f \n
 * \r \t or \u00xx. This is byte for byte what Python's json.dump(ensure_ascii=False) writes. The
 * text must be UTF-8. */
void ift_json_quote(struct ift_str *out, const char *p, size_t n);
void ift_json_escape(struct ift_str *out, const char *p,
                     size_t n); /* the same without the quotes */
/* Appends a node in canonical form: no blanks, escapes undone where JSON does not demand them,
 * repeated keys reduced as in ift_json_members; the order of keys and the digits of numbers as they
 * were. Never a line break. */
void ift_json_copy(struct ift_str *out, const struct ift_json *doc, int node);

/* What writes a text value by value can make its tape at the same time, as the parser would: begin
 * before a value's first byte, end behind its last; `at` is how much text there is so far. A tape
 * of NULL is one that nobody wants. */
static inline size_t ift_json_begin(struct ift_json *tape, enum ift_json_type type, size_t at);
static inline void ift_json_end(struct ift_json *tape, size_t node, size_t count, size_t at);
/* Both for what has no parts. */
static inline void ift_json_leaf(struct ift_json *tape, enum ift_json_type type, bool escaped,
                                 size_t from, size_t to);
/* ift_json_copy with a tape. */
void ift_json_copy_on(struct ift_json *tape, struct ift_str *out, const struct ift_json *doc,
                      int node);

/* Shortest text that reads back as the same double, as jq writes it: 3, 0.1, 1e-07, 1e+300. What
 * JSON cannot say: null for NaN, the largest double for an infinity. */
void ift_json_number(struct ift_str *out, double value);

/* ---- splitting ---- */

/* Cuts a stream into the texts of its values, in memory bounded by the largest: the elements of one
 * top-level array, however long its line, or values one after the other: one a line, over many
 * lines, or several on one. It follows strings and brackets and leaves the rest of the grammar to
 * the parser. A broken value spoils no more than it must: in a stream of lines its line, which is
 * then one value with all that is on it. So several objects or arrays on a line, which is held as a
 * whole, are taken one by one only where each is right and nothing else stands there. Byte order
 * marks in front of values, the start and where files were put together, are skipped.
 *
 *     while ((got = ift_json_splitter_next(s, &value, &line, err)) >= 0) {
 *         if (got) { …use value…; continue; }
 *         if (finished) break;
 *         …another block: ift_json_splitter_push(s, p, n), or, at the end:
 * ift_json_splitter_finish(s, err), finished = true
 *     }
 */
struct ift_json_splitter;
enum ift_json_layout {
    IFT_JSON_AUTO /* '[' first: array, else lines */,
    IFT_JSON_ARRAY_OF,
    IFT_JSON_LINES,
    IFT_JSON_OBJECT_OF, /* the members of one top-level object */
};
struct ift_json_splitter *ift_json_splitter_new(enum ift_json_layout layout);
/* 1: *value lent until the next call, *line is the 1-based line on which it starts. 0: needs more
 * input (push), or, after finish, there is none. -1: what stands between the elements of an array
 * is wrong, or the last value is cut. */
int ift_json_splitter_next(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                           struct ift_err *err) IFT_MUST_CHECK;
/* Moves the value that next has just lent to `into`, in place of what is there: the splitter gives
 * its own memory away for that of `into`, if the value lies in it as large ones do. */
void ift_json_splitter_take(struct ift_json_splitter *s, struct ift_slice *value,
                            struct ift_str *into);
/* A block of input, borrowed until next has returned 0. */
void ift_json_splitter_push(struct ift_json_splitter *s, const char *p, size_t n);
/* No more input comes. -1: an array is not closed. In a stream of lines the last value, which may
 * lack its line end, is still to be had from next. */
int ift_json_splitter_finish(struct ift_json_splitter *s, struct ift_err *err) IFT_MUST_CHECK;
/* IFT_JSON_OBJECT_OF: the key of the value that next gave last, with its quotes, not yet checked.
 * Lent until the next call. */
struct ift_slice ift_json_splitter_key(const struct ift_json_splitter *s);
/* Whether values are the elements of an array or members of an object; known once there was one. */
bool ift_json_splitter_in_array(const struct ift_json_splitter *s);
/* Byte order marks skipped so far. */
uint64_t ift_json_splitter_marks(const struct ift_json_splitter *s);
void ift_json_splitter_free(struct ift_json_splitter *s);

/* ---- the bodies of what is above ---- */

bool ift_json_escaped_is(const struct ift_json *doc, int node, struct ift_slice text);

static inline bool ift_json_slice_is(const struct ift_json *doc, int node, struct ift_slice text) {
    if (node < 0 || doc->node[node].type != IFT_JSON_STRING) return false;
    const struct ift_json_node *const s = &doc->node[node];
    if (s->escaped) return ift_json_escaped_is(doc, node, text);
    return s->to - s->from == text.n + 2 && ift_bytes_eq(doc->text + s->from + 1, text.p, text.n);
}

static inline size_t ift_json_begin(struct ift_json *tape, enum ift_json_type type, size_t at) {
    if (!tape) return 0;
    if (tape->n == tape->cap)
        tape->node = ift_grow(tape->node, tape->n + 1, &tape->cap, sizeof *tape->node);
    tape->node[tape->n] = (struct ift_json_node){.type = (uint16_t)type, .from = (uint32_t)at};
    return tape->n++;
}

static inline void ift_json_leaf(struct ift_json *tape, enum ift_json_type type, bool escaped,
                                 size_t from, size_t to) {
    if (!tape) return;
    if (tape->n == tape->cap)
        tape->node = ift_grow(tape->node, tape->n + 1, &tape->cap, sizeof *tape->node);
    tape->node[tape->n] = (struct ift_json_node){.type = (uint16_t)type,
                                                 .escaped = escaped,
                                                 .end = (uint32_t)tape->n + 1,
                                                 .from = (uint32_t)from,
                                                 .to = (uint32_t)to};
    tape->n++;
}

static inline void ift_json_end(struct ift_json *tape, size_t node, size_t count, size_t at) {
    if (!tape) return;
    tape->node[node].count = (uint32_t)count;
    tape->node[node].end = (uint32_t)tape->n;
    tape->node[node].to = (uint32_t)at;
}

#endif
