/* jinja_parser.h: a template to a tree (jinja_internal.h). jinja_lex.c cuts it into tokens,
 * jinja_tags.c reads statements, jinja_parse.c expressions, from the loosest binding to the
 * tightest, jinja_operand.c a value and what may follow it. Private to text.
 *
 * A function that reads returns NULL, or -1, after it has filled the error; the tree lies in the
 * template's arena.
 */
#ifndef IFT_JINJA_PARSER_H
#define IFT_JINJA_PARSER_H

#include "libcore/text/jinja_internal.h"

/* ---- tokens ---- */

enum ift_jtoken_kind {
    IFT_JTOKEN_DATA,
    IFT_JTOKEN_PRINT, /* {{ */
    IFT_JTOKEN_TAG,   /* {% */
    IFT_JTOKEN_CLOSE, /* }} or %} */
    IFT_JTOKEN_NAME,
    IFT_JTOKEN_TEXT,
    IFT_JTOKEN_INT,
    IFT_JTOKEN_FLOAT,
    IFT_JTOKEN_SIGN,
    IFT_JTOKEN_END,
};

struct ift_jtoken {
    enum ift_jtoken_kind kind;
    int line;
    struct ift_slice text; /* of TEXT, what it stands for */
};

struct ift_jtokens {
    struct ift_jtoken *token;
    size_t n, cap;
};

int ift_jinja_lex(struct ift_jtokens *tokens, struct ift_arena *arena, const char *text, size_t n,
                  struct ift_err *err) IFT_MUST_CHECK;

/* ---- the parser ---- */

struct ift_jparser {
    struct ift_arena *arena;
    const struct ift_jtoken *at;
    struct ift_err *err;
    int depth, loops;
    uint8_t rest; /* of the macro at hand */
    bool marks;
};

int ift_jparser_fail(struct ift_jparser *p, const char *fmt, ...) IFT_PRINTF(2, 3);
/* One level down, which the caller takes back by p->depth--; fails when that is too deep. */
int ift_jparser_deeper(struct ift_jparser *p) IFT_MUST_CHECK;
/* Is the next token that? text NULL: any of the kind. Those that skip take it then. */
bool ift_jparser_is(const struct ift_jparser *p, enum ift_jtoken_kind kind, const char *text);
bool ift_jparser_skip(struct ift_jparser *p, enum ift_jtoken_kind kind, const char *text);
int ift_jparser_expect(struct ift_jparser *p, enum ift_jtoken_kind kind, const char *text);
bool ift_jskip_sign(struct ift_jparser *p, const char *sign);
bool ift_jskip_word(struct ift_jparser *p, const char *word);
bool ift_jat_sign(const struct ift_jparser *p, const char *sign);
char *ift_jparser_name(struct ift_jparser *p); /* takes a NAME */

struct ift_jnode *ift_jnode_new(struct ift_jparser *p, enum ift_jnode_kind kind);
/* With one kid, or two where b is not NULL. */
struct ift_jnode *ift_jnode_of(struct ift_jparser *p, enum ift_jnode_kind kind, struct ift_jnode *a,
                               struct ift_jnode *b);
void ift_jnode_add(struct ift_jparser *p, struct ift_jnode *node, struct ift_jnode *kid);
void ift_jnode_arg(struct ift_jparser *p, struct ift_jnode *node, const char *name,
                   struct ift_jnode *value);
/* Appends the operator of the comparison's next kid. */
void ift_jnode_op(struct ift_jparser *p, struct ift_jnode *node, enum ift_jcompare op);

struct ift_jnode *ift_jparse_expression(struct ift_jparser *p);
/* a, b, …: a tuple; a alone is a. conditional: a may be `x if y`. */
struct ift_jnode *ift_jparse_tuple(struct ift_jparser *p, bool conditional);
/* A literal, a name or what stands in brackets; with its attributes, items and calls. */
struct ift_jnode *ift_jparse_operand(struct ift_jparser *p);
/* The filters and tests of `of` that follow. first: the name of a filter comes at once, as in
 * {% filter upper %}. */
struct ift_jnode *ift_jparse_filters(struct ift_jparser *p, struct ift_jnode *of, bool first);

#endif
