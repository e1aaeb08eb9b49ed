/* jinja_internal.h: between the parts of jinja.h. What jinja_parser.h declares makes a tree of a
 * template, jinja_run.c walks its statements and jinja_eval.c its expressions; jval.c,
 * jval_compare.c, jval_text.c and jval_print.c are the values, jrun.c what they live in;
 * jinja_filter.c, jinja_sequence.c, jinja_test.c, jinja_method.c, jinja_format.c and jinja_call.c
 * are what can be called. Private to text.
 */
#ifndef IFT_JINJA_INTERNAL_H
#define IFT_JINJA_INTERNAL_H

#include "libcore/base/mem.h"
#include "libcore/text/jinja.h"

/* ---- the tree ---- */

enum ift_jnode_kind {
    /* expressions */
    IFT_JNODE_CONST,  /* value */
    IFT_JNODE_NAME,   /* name */
    IFT_JNODE_LIST,   /* kid: items */
    IFT_JNODE_TUPLE,  /* kid: items */
    IFT_JNODE_DICT,   /* kid: keys and values in turn */
    IFT_JNODE_ATTR,   /* kid[0].name */
    IFT_JNODE_ITEM,   /* kid[0][kid[1]] */
    IFT_JNODE_SLICE,  /* kid[0][kid[1]:kid[2]:kid[3]], NULL where left out */
    IFT_JNODE_CALL,   /* kid[0](args) */
    IFT_JNODE_FILTER, /* kid[0] | name(args); kid[0] NULL in a filter tag */
    IFT_JNODE_TEST,   /* kid[0] is name(args) */
    IFT_JNODE_NOT,    /* kid[0] */
    IFT_JNODE_UNARY,  /* name kid[0] */
    IFT_JNODE_BINARY, /* kid[0] name kid[1] */
    IFT_JNODE_AND,    /* kid[0], kid[1] */
    IFT_JNODE_OR,
    IFT_JNODE_COMPARE, /* kid[0] op kid[1] op kid[2] …; op */
    IFT_JNODE_COND,    /* kid[1] if kid[0] else kid[2], which may be NULL */
    /* statements */
    IFT_JNODE_DATA,         /* value */
    IFT_JNODE_PRINT,        /* kid[0] */
    IFT_JNODE_BODY,         /* kid */
    IFT_JNODE_FOR,          /* for kid[0] in kid[1] if kid[2]: kid[3], else kid[4] */
    IFT_JNODE_IF,           /* kid[0]: kid[1], else kid[2] */
    IFT_JNODE_SET,          /* kid[0] = kid[1] */
    IFT_JNODE_SET_BLOCK,    /* kid[0] = kid[2] through the filters kid[1] */
    IFT_JNODE_MACRO,        /* name, args: names with defaults; kid[0]: body */
    IFT_JNODE_CALL_BLOCK,   /* kid[0]: the call; kid[1]: a MACRO, the caller */
    IFT_JNODE_FILTER_BLOCK, /* kid[1] through the filters kid[0] */
    IFT_JNODE_WITH,         /* kid[0 … n - 2]: SETs; kid[n - 1]: body */
    IFT_JNODE_GENERATION,   /* kid[0]: body */
    IFT_JNODE_BREAK,
    IFT_JNODE_CONTINUE,
};

enum ift_jcompare {
    IFT_JCOMPARE_EQ,
    IFT_JCOMPARE_NE,
    IFT_JCOMPARE_LT,
    IFT_JCOMPARE_LE,
    IFT_JCOMPARE_GT,
    IFT_JCOMPARE_GE,
    IFT_JCOMPARE_IN,
    IFT_JCOMPARE_NOT_IN,
};

enum { IFT_JREST_VARARGS = 1, IFT_JREST_KWARGS = 2 };

struct ift_jnode {
    enum ift_jnode_kind kind;
    int line;
    bool recursive; /* FOR */
    uint8_t rest;   /* MACRO: whether it speaks of varargs, of kwargs */
    const char *name;
    struct ift_jval value;
    struct ift_jnode **kid;
    size_t n, cap;
    uint8_t *op; /* COMPARE: n - 1 of them */
    size_t nop, op_cap;
    struct ift_jarg {
        const char *name;        /* NULL: by position */
        struct ift_jnode *value; /* of a macro, NULL: no default */
    } * arg;
    size_t narg, arg_cap;
    const void *callee; /* FILTER, TEST: what the name means */
};

struct ift_jinja {
    struct ift_arena arena;
    struct ift_jnode *body;
    bool marks;
};

/* ---- values ---- */

struct ift_jlist {
    struct ift_jval *item;
    size_t n, cap;
};

struct ift_jdict {
    struct ift_jpair {
        struct ift_jval key, value;
    } * pair; /* in the order of their coming */
    size_t n, cap;
};

struct ift_jmethod {
    struct ift_jval of;
    const struct ift_jmethod_row *row;
};

/* Text under construction. It lies in the run's arena; nothing needs to be released. */
struct ift_jbuild {
    struct ift_jrun *run;
    char *p;
    uint16_t *from; /* NULL while every byte is the template's */
    size_t n, cap;
};

struct ift_jframe {
    struct ift_jframe *parent;
    struct ift_jbinding {
        const char *name;
        struct ift_jval value;
    } * binding;
    size_t n, cap;
};

struct ift_jmacro {
    const struct ift_jnode *node;
    struct ift_jframe *frame; /* where it was defined */
    struct ift_jval caller;
};

struct ift_jloop {
    struct ift_jloop *outer;
    const struct ift_jnode *node;
    struct ift_jframe *frame;
    const struct ift_jlist *items;
    size_t index;
    int depth;
    struct ift_jval changed; /* what `changed` last saw */
};

struct ift_jrun {
    struct ift_arena arena;
    struct ift_jframe globals, *frame;
    struct ift_jbuild *out;
    struct ift_err *err;
    size_t memory, steps;
    int line, depth, marking;
    bool raised; /* the message is the template's own */
    enum { IFT_JRUN_GO, IFT_JRUN_BREAK, IFT_JRUN_CONTINUE } flow;
    struct ift_jspan *said;
    size_t nsaid, said_cap;
};

struct ift_jargs {
    struct ift_jval *value;
    size_t n; /* by position; then nnamed more by name */
    const char **name;
    size_t nnamed;
};

enum { IFT_JINJA_MEMORY = 256 << 20, IFT_JINJA_STEPS = 50 << 20, IFT_JINJA_DEPTH = 150 };

void *ift_jrun_alloc(struct ift_jrun *run, size_t size);
/* Doubles a growing array of the run. */
void *ift_jrun_grow(struct ift_jrun *run, void *p, size_t n, size_t *cap, size_t size);
/* Counts work; fails when there was too much of it, or too much memory. */
int ift_jrun_spend(struct ift_jrun *run, size_t steps) IFT_MUST_CHECK;
/* One level down, which the caller takes back by run->depth--; fails when that is too deep. */
int ift_jrun_deeper(struct ift_jrun *run) IFT_MUST_CHECK;
/* Fails when `size` bytes more would be too much. */
int ift_jrun_room(struct ift_jrun *run, size_t size) IFT_MUST_CHECK;
int ift_jrun_fail(struct ift_jrun *run, const char *fmt, ...) IFT_PRINTF(2, 3);

struct ift_jval ift_jval_undefined(const char *what);
struct ift_jval ift_jval_int(__int128 number);
struct ift_jval ift_jval_float(double real);
struct ift_jval ift_jval_of(struct ift_jtext text);
struct ift_jval ift_jval_word(const char *text); /* by reference */
struct ift_jval ift_jval_tuple(struct ift_jrun *run, size_t n, const struct ift_jval *item);
bool ift_jval_is_word(struct ift_jval v, const char *text);
bool ift_jval_truth(struct ift_jval v);
bool ift_jval_number(struct ift_jval v, double *real); /* also of bools */
bool ift_jval_whole(struct ift_jval v, __int128 *number);
int ift_jval_size(struct ift_jrun *run, struct ift_jval v, size_t *n);
int ift_jval_equal(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, bool *equal);
int ift_jval_order(struct ift_jrun *run, struct ift_jval a, struct ift_jval b, int *order);
int ift_jval_compare(struct ift_jrun *run, enum ift_jcompare op, struct ift_jval a,
                     struct ift_jval b, bool *holds);
/* The items of what can be iterated: of a list itself, of a dict its keys, of text its characters.
 */
int ift_jval_items(struct ift_jrun *run, struct ift_jval v, const struct ift_jlist **items);
const struct ift_jval *ift_jdict_find(struct ift_jrun *run, const struct ift_jdict *d,
                                      struct ift_jval key);
void ift_jdict_set(struct ift_jrun *run, struct ift_jdict *d, struct ift_jval key,
                   struct ift_jval value);
const char *ift_jval_kind(struct ift_jval v); /* Python's name of the type */

void ift_jbuild_add(struct ift_jbuild *b, struct ift_jtext text);
void ift_jbuild_word(struct ift_jbuild *b, const char *text);
void ift_jbuild_tag(struct ift_jbuild *b, const char *p, size_t n, uint16_t from);
struct ift_jtext ift_jbuild_text(const struct ift_jbuild *b);
struct ift_jtext ift_jtext_cut(struct ift_jtext t, size_t from, size_t to);

/* As print does, as repr() does, as json.dumps does. */
int ift_jval_print(struct ift_jbuild *b, struct ift_jval v);
int ift_jval_repr(struct ift_jbuild *b, struct ift_jval v);
struct ift_jdump {
    bool ascii, sort;
    const char *indent; /* NULL: on one line */
    struct ift_slice comma, colon;
};
int ift_jval_dump(struct ift_jbuild *b, struct ift_jval v, const struct ift_jdump *how);
int ift_jval_string(struct ift_jrun *run, struct ift_jval v, struct ift_jtext *text);

/* jval_text.c: texts by character */
bool ift_jtext_space(uint32_t code);
struct ift_jtext ift_jtext_strip(struct ift_jtext t, const struct ift_jtext *chars, bool left,
                                 bool right);
int ift_jtext_find(struct ift_jrun *run, struct ift_jtext t, struct ift_jtext what, size_t at,
                   size_t *found); /* 1: found, 0: not */
enum ift_jcase {
    IFT_JCASE_LOWER,
    IFT_JCASE_UPPER,
    IFT_JCASE_CAPITAL,
    IFT_JCASE_TITLE, /* str.title: after everything that is no letter */
    IFT_JCASE_WORDS  /* the filter's: after blanks and brackets */
};
struct ift_jtext ift_jtext_case(struct ift_jrun *run, struct ift_jtext t, enum ift_jcase how);
int ift_jtext_replace(struct ift_jrun *run, struct ift_jtext t, struct ift_jtext what,
                      struct ift_jtext with, long long most, struct ift_jtext *out);
int ift_jval_slice(struct ift_jrun *run, struct ift_jval v, const struct ift_jval bound[3],
                   struct ift_jval *out);

/* ---- evaluation ---- */

int ift_jinja_eval(struct ift_jrun *run, const struct ift_jnode *node, struct ift_jval *out);
int ift_jinja_item(struct ift_jrun *run, struct ift_jval v, struct ift_jval key,
                   struct ift_jval *out);
int ift_jinja_binary(struct ift_jrun *run, const char *op, struct ift_jval a, struct ift_jval b,
                     struct ift_jval *out);
int ift_jinja_call(struct ift_jrun *run, struct ift_jval callee, const struct ift_jargs *args,
                   struct ift_jval *out);
int ift_jinja_format(struct ift_jrun *run, struct ift_jtext format, struct ift_jval args,
                     struct ift_jval *out); /* "%d" % args */
int ift_jinja_braces(struct ift_jrun *run, struct ift_jtext format, const struct ift_jargs *args,
                     struct ift_jval *out); /* "{}".format() */
int ift_jinja_call_macro(struct ift_jrun *run, struct ift_jmacro *macro,
                         const struct ift_jargs *args, struct ift_jval *out);
int ift_jinja_call_loop(struct ift_jrun *run, struct ift_jloop *loop, const struct ift_jargs *args,
                        struct ift_jval *out);
int ift_jloop_attr(struct ift_jrun *run, struct ift_jloop *loop, const char *name,
                   struct ift_jval *out);

const struct ift_jval *ift_jframe_find(const struct ift_jframe *f, const char *name);
void ift_jframe_set(struct ift_jrun *run, struct ift_jframe *f, const char *name,
                    struct ift_jval value);

/* The value of parameter i, called `name`, or NULL. */
const struct ift_jval *ift_jargs_get(const struct ift_jargs *args, size_t i, const char *name);
/* Typed, with defaults. Text of NULL: none was given. */
int ift_jargs_text(struct ift_jrun *run, const struct ift_jargs *args, size_t i, const char *name,
                   struct ift_jtext *text);
int ift_jargs_whole(struct ift_jrun *run, const struct ift_jargs *args, size_t i, const char *name,
                    long long *number);
bool ift_jargs_truth(const struct ift_jargs *args, size_t i, const char *name, bool truth);

typedef int ift_jinja_fn(struct ift_jrun *run, struct ift_jval v, const struct ift_jargs *args,
                         struct ift_jval *out);

/* A filter, test or method. params: its names, by position, with blanks between; "*": any. */
struct ift_jfilter {
    const char *name, *params;
    ift_jinja_fn *fn;
};
struct ift_jmethod_row {
    const char *name, *params;
    ift_jinja_fn *fn;
    enum ift_jval_type type;
};
struct ift_jfunction {
    const char *name, *params;
    ift_jinja_fn *fn;
};
int ift_jargs_check(struct ift_jrun *run, const char *what, const char *name, const char *params,
                    const struct ift_jargs *args);

const struct ift_jfilter *ift_jinja_filter(const char *name); /* NULL: none of that name */
extern const struct ift_jfilter ift_jinja_sequence_filter[];  /* ends with NULL; private to them */
const struct ift_jfilter *ift_jinja_test(const char *name);
const struct ift_jmethod_row *ift_jinja_method(struct ift_jval v, const char *name);
const struct ift_jfunction *ift_jinja_function(const char *name);

#endif
