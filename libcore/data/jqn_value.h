/* jqn_value.h: the evaluator's values. Private to jqn.
 *
 * A value is a node of the document or something of our own, which lives in the run's arena or in
 * the program. Values are never changed once made, so copying the struct shares them. The functions
 * below see no difference.
 */
#ifndef IFT_JQN_VALUE_H
#define IFT_JQN_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"

struct jqn_member;
struct jqn_rope;

/* An own string whose depth this is lies in pieces. A larger one is by how much its JSON is longer
 * than its text, behind which that then lies; 0: there is none. */
enum { JQN_ROPE = 1 };

struct jqn_value {
    uint8_t type; /* enum ift_json_type, whose order is jq's order of types */
    bool own;
    uint16_t depth; /* own containers: how many of our own lie one inside the other; own strings:
                       see above */
    uint32_t n;     /* not own: the node. own: bytes of a string, elements, members */
    union {
        double number;
        const char *text; /* not terminated; any bytes of UTF-8 */
        const struct jqn_value *item;
        const struct jqn_member *member; /* in order, no key twice */
        struct jqn_rope *rope;           /* n counts its pieces */
    } u;
};

/* A long string made of others, none of them a rope. Most are made to be written and nothing else,
 * which needs no copy of them in one piece. */
struct jqn_rope {
    const struct jqn_value *piece;
    struct ift_slice text; /* in one piece, once somebody wanted it; until then p is NULL */
};

struct jqn_member {
    struct jqn_value key, value;
};

/* What values are made in. */
struct jqn_heap {
    const struct ift_json *doc;
    struct ift_arena arena;
};

static inline struct jqn_value jqn_const(enum ift_json_type type) {
    return (struct jqn_value){.type = (uint8_t)type, .own = true};
}

static inline struct jqn_value jqn_bool(bool b) {
    return jqn_const(b ? IFT_JSON_TRUE : IFT_JSON_FALSE);
}

static inline struct jqn_value jqn_double(double number) {
    return (struct jqn_value){.type = IFT_JSON_NUMBER, .own = true, .u.number = number};
}

static inline struct jqn_value jqn_node(const struct ift_json *doc, int node) {
    return (struct jqn_value){.type = doc->node[node].type, .n = (uint32_t)node};
}

/* A string of bytes that stay. */
static inline struct jqn_value jqn_text_value(const char *p, size_t n) {
    return (struct jqn_value){.type = IFT_JSON_STRING, .own = true, .n = (uint32_t)n, .u.text = p};
}

struct jqn_value jqn_array(const struct jqn_value *item, size_t n);
struct jqn_value jqn_object(const struct jqn_member *member, size_t n);

/* Containers deeper than this are refused where they are made: nobody could read them back. */
enum { JQN_MAX_DEPTH = 512 };

static inline bool jqn_truthy(struct jqn_value v) {
    return v.type > IFT_JSON_FALSE;
}

static inline bool jqn_is_boolean(struct jqn_value v) {
    return v.type == IFT_JSON_FALSE || v.type == IFT_JSON_TRUE;
}

const char *jqn_type_name(struct jqn_value v); /* "null", "boolean", "number" … */

static inline bool jqn_is_rope(struct jqn_value string) {
    return string.own && string.depth == JQN_ROPE;
}

static inline bool jqn_has_json(struct jqn_value v) {
    return v.own && v.type == IFT_JSON_STRING && v.depth > JQN_ROPE;
}

static inline struct ift_slice jqn_json(struct jqn_value v) {
    return (struct ift_slice){v.u.text + v.n, v.n + v.depth};
}

struct ift_slice jqn_text(struct jqn_heap *h, struct jqn_value string);
/* Strings one after the other, in one piece. */
struct ift_slice jqn_joined(struct jqn_heap *h, const struct jqn_value *string, size_t n);
double jqn_number(const struct jqn_heap *h, struct jqn_value number);
/* The number that a text is in JSON, if it is a short one, as nearly all are; else false. */
bool jqn_short_number(struct ift_slice text, double *value);
/* Elements or members, of the document's containers too; *n of them. */
const struct jqn_value *jqn_items(struct jqn_heap *h, struct jqn_value array, size_t *n);
const struct jqn_member *jqn_members(struct jqn_heap *h, struct jqn_value object, size_t *n);
/* The value of a key, null when there is none. */
struct jqn_value jqn_get(struct jqn_heap *h, struct jqn_value object, struct ift_slice key);
/* The same of an object of the document. */
struct jqn_value jqn_get_node(const struct ift_json *doc, int object, struct ift_slice key);
bool jqn_has(struct jqn_heap *h, struct jqn_value object, struct ift_slice key);
/* The element i, null outside. */
struct jqn_value jqn_at(struct jqn_heap *h, struct jqn_value array, double i);
size_t jqn_count(struct jqn_heap *h, struct jqn_value container);

/* Sets a key in a growing list of members that has room. */
void jqn_put(struct jqn_heap *h, struct jqn_member *member, size_t *n, struct jqn_value key,
             struct jqn_value value);

/* jq's total order; 0 is its equality. */
int jqn_compare(struct jqn_heap *h, struct jqn_value a, struct jqn_value b);
bool jqn_equal(struct jqn_heap *h, struct jqn_value a, struct jqn_value b);
/* Members in the order of their keys. */
const struct jqn_member *jqn_sorted(struct jqn_heap *h, struct jqn_value object, size_t *n);

/* Appends compact JSON, with its tape unless that is NULL. */
void jqn_write(struct jqn_heap *h, struct ift_json *tape, struct ift_str *out, struct jqn_value v);

#endif
