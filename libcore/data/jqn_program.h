/* jqn_program.h: what the parser makes and the evaluator walks. Private to jqn.
 */
#ifndef IFT_JQN_PROGRAM_H
#define IFT_JQN_PROGRAM_H

#include "libcore/data/jqn_value.h"
#include "libcore/io/jq.h"

enum jqn_op {
    JQN_IDENTITY,    /* . */
    JQN_LITERAL,     /* literal */
    JQN_VARIABLE,    /* slot */
    JQN_FIELD,       /* a.literal */
    JQN_INDEX,       /* a[b] */
    JQN_SLICE,       /* a[b:c]; b and c may be NULL */
    JQN_EACH,        /* a[] */
    JQN_STRING,      /* the parts one after the other as text */
    JQN_ARRAY,       /* [a]; a may be NULL. The parts, if there are any, are all of a */
    JQN_OBJECT,      /* {part: part, …}, keys and values alternating */
    JQN_PIPE,        /* a | b */
    JQN_COMMA,       /* a, b */
    JQN_ALTERNATIVE, /* a // b */
    JQN_AND,
    JQN_OR,
    JQN_ADD,
    JQN_SUBTRACT,
    JQN_DIVIDE,
    JQN_NEGATE, /* -a */
    JQN_EQ,
    JQN_NE,
    JQN_LT,
    JQN_LE,
    JQN_GT,
    JQN_GE,
    JQN_IF,      /* if a then b else c end */
    JQN_BIND,    /* a as $slot | b */
    JQN_REDUCE,  /* reduce a as $slot (b; c) */
    JQN_CALL,    /* fn(a; b) of the input */
    JQN_IS,      /* type == "…": whether the input's type is among `types` */
    JQN_REPLACE, /* split(a) | join(b) of literals, a not empty */
    JQN_EMPTY,
    JQN_SELECT, /* select(a) */
    JQN_FIRST,  /* first(b); with a: limit(a; b) */
    JQN_RANGE,  /* range(a; b) */
    JQN_FILTER, /* values, strings …: the input if its type is among `types` */
};

struct jqn_run;
struct jqn_function;

struct jqn_expr {
    enum jqn_op op;
    bool single;   /* exactly one value, or a failure, whatever the input */
    bool optional; /* paths with `?`: no value where it would fail */
    bool distinct; /* objects: all keys are literals, none twice */
    bool map;      /* arrays: [a[] | b] or [a[] | select(b)], a and b single */
    uint32_t slot;
    uint32_t types; /* bits 1 << ift_json_type */
    const struct jqn_function *fn;
    const struct jqn_expr *a, *b, *c;
    const struct jqn_expr **part;
    size_t nparts;
    struct jqn_value literal;
};

/* A function of one value to one value. Arguments, too, have one value each. */
struct jqn_function {
    const char *name;
    int arity;
    int (*call)(struct jqn_run *x, struct jqn_value in, const struct jqn_value *arg,
                struct jqn_value *out);
};

extern const struct jqn_function jqn_functions[]; /* closed by a NULL name */

struct jqn_program {
    const struct jqn_expr *root;
    uint32_t nslots;
    struct ift_arena arena; /* expressions and literals */
};

/* 0, or -1 when the text is not in the subset; why says what is not. */
int jqn_parse(struct jqn_program *p, const char *text, const struct ift_jq_arg *args, size_t nargs,
              struct ift_str *why);

/* ---- running ---- */

/* What functions return. */
enum {
    JQN_OK = 0,
    JQN_FAILED = -1, /* the program failed; x->err says why */
    JQN_LEAVE = 1,   /* the value asks for what only libjq does */
    JQN_STOP = 2,    /* enough: unwinds to the generator that wanted no more */
    JQN_BEYOND = 3,  /* the program failed, and nothing in it may go on: it wants all memory */
};

struct jqn_run {
    struct jqn_heap heap;
    struct jqn_value *slot;
    struct ift_str scratch;
    struct ift_json parsed; /* by fromjson */
    struct ift_err err;
};

/* Leaves the calling function with whatever is not JQN_OK. */
#define JQN_TRY(call)                                                                              \
    do {                                                                                           \
        const int got_ = (call);                                                                   \
        if (got_ != JQN_OK) return got_;                                                           \
    } while (0)

int jqn_fail(struct jqn_run *x, const char *fmt, ...) IFT_PRINTF(2, 3);
/* JQN_BEYOND when what a value was made of so far and so many more bytes are too much: 1 GiB. To be
 * asked where there is no other end, as of an array of range(1e20). */
int jqn_check_room(struct jqn_run *x, size_t more);
/* The one value of a single expression; by its op, but for the leaves, which half of all are. */
typedef int jqn_evaluator(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_value *out);
extern jqn_evaluator *const jqn_evaluators[];

static inline int jqn_eval(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                           struct jqn_value *out) {
    switch (e->op) {
    case JQN_IDENTITY:
        *out = in;
        return JQN_OK;
    case JQN_LITERAL:
        *out = e->literal;
        return JQN_OK;
    case JQN_VARIABLE:
        *out = x->slot[e->slot];
        return JQN_OK;
    default:
        return jqn_evaluators[e->op](x, e, in, out);
    }
}

/* The same, written at once, with its tape: most values are only made to be written. */
int jqn_eval_to(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                struct ift_json *tape, struct ift_str *out);
/* The terms of a + b + c + …, all but the last ones of very many summed already: the right one
 * is evaluated first and is term[JQN_TERMS - 1], the left one term[*first]. */
enum { JQN_TERMS = 64 };
int jqn_terms(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
              struct jqn_value *term, size_t *first);
/* Their sum, of which they are spoiled. Strings that follow one another are joined at once, not two
 * by two. */
int jqn_sum(struct jqn_run *x, struct jqn_value *term, size_t n, struct jqn_value *out);
/* The parts of a string, as strings. */
int jqn_parts(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
              struct jqn_value **part);
/* What paths and operators do to values. */
int jqn_field(struct jqn_run *x, struct jqn_value of, struct jqn_value key, struct jqn_value *out);
int jqn_slice(struct jqn_run *x, struct jqn_value of, struct jqn_value from, struct jqn_value to,
              struct jqn_value *out);
int jqn_cannot_iterate(struct jqn_run *x, struct jqn_value v);
int jqn_binary(struct jqn_run *x, enum jqn_op op, struct jqn_value a, struct jqn_value b,
               struct jqn_value *out);
int jqn_negate(struct jqn_run *x, struct jqn_value a, struct jqn_value *out);
int jqn_join(struct jqn_run *x, const struct jqn_value *string, size_t n, struct jqn_value *out);
int jqn_too_long(struct jqn_run *x);
/* What .[] gives. */
int jqn_elements(struct jqn_run *x, struct jqn_value in, const struct jqn_value **item, size_t *n);
int jqn_bad_key(struct jqn_run *x, struct jqn_value key);
int jqn_split(struct jqn_run *x, struct jqn_value text, struct jqn_value by, struct jqn_value *out);
/* A text with `by` for each `part`, which is not empty. */
int jqn_replace(struct jqn_run *x, struct jqn_value text, struct jqn_value part,
                struct jqn_value by, struct jqn_value *out);
int jqn_add(struct jqn_run *x, struct jqn_value a, struct jqn_value b, struct jqn_value *out);
/* The value whose JSON a string is. */
int jqn_fromjson(struct jqn_run *x, struct jqn_value in, struct jqn_value *out);
struct jqn_value jqn_to_string(struct jqn_run *x, struct jqn_value v);
int jqn_check_depth(struct jqn_run *x, unsigned depth);
/* Checks the depth of a container just made. */
int jqn_made(struct jqn_run *x, struct jqn_value v, struct jqn_value *out);

/* Receives the values of an expression one by one; may return anything of the enum above. One that
 * has `make` is given single expressions in place of their values. */
struct jqn_sink {
    int (*take)(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v);
    int (*make)(struct jqn_run *x, struct jqn_sink *sink, const struct jqn_expr *e,
                struct jqn_value in);
};
int jqn_generate(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                 struct jqn_sink *to);

#endif
