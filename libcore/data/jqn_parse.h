/* jqn_parse.h: the parser's state and what its files share: words and strings (jqn_words.c), terms
 * and their paths (jqn_parse_term.c), calls of functions (jqn_parse_call.c), operators and whole
 * programs (jqn_parse.c), what is made of their parts (jqn_make.c). A recursive descent over jq's
 * grammar (of 1.6, which is stricter than later ones). A function returns NULL or false for
 * whatever is not in the subset, right or wrong, with the reason in p->why: libjq then decides.
 */
#ifndef JQN_PARSE_H
#define JQN_PARSE_H

#include "libcore/data/jqn_program.h"

/* A name that can be seen: a variable or a function without parameters. */
struct jqn_scope {
    const struct jqn_scope *outer;
    struct ift_slice name;
    bool function;
    const char *body; /* function: where its text starts; it is parsed anew at each call, so that
                         each call has its own slots. NULL inside the body itself */
    const struct jqn_scope *body_scope;
    const struct jqn_expr *value; /* variable */
};

struct jqn_parser {
    struct jqn_program *program;
    const char *p; /* terminated text */
    struct ift_str *why;
    const struct jqn_scope *scope;
    size_t nexprs;
    int nesting;
};

/* Notes the first reason; NULL. */
const struct jqn_expr *jqn_lacks(struct jqn_parser *p, const char *what);
struct jqn_expr *jqn_new_expr(struct jqn_parser *p, enum jqn_op op, const struct jqn_expr *a,
                              const struct jqn_expr *b, const struct jqn_expr *c);
const struct jqn_expr *jqn_new_literal(struct jqn_parser *p, struct jqn_value v);

static inline bool jqn_is_text(const struct jqn_expr *e) {
    return e->op == JQN_LITERAL && e->literal.type == IFT_JSON_STRING;
}

/* ---- made with an eye to what is known before it runs: jqn_make.c ---- */

/* Texts compared with texts are, and types with texts need none. */
const struct jqn_expr *jqn_new_comparison(struct jqn_parser *p, enum jqn_op op,
                                          const struct jqn_expr *left,
                                          const struct jqn_expr *right);
/* Of a condition that is known, as that of a choice, one branch is left. */
const struct jqn_expr *jqn_new_if(struct jqn_parser *p, const struct jqn_expr *cond,
                                  const struct jqn_expr *yes, const struct jqn_expr *no);
const struct jqn_expr *jqn_new_pipe(struct jqn_parser *p, const struct jqn_expr *e,
                                    const struct jqn_expr *rest);
/* A sum of strings is a string of the parts of both. */
const struct jqn_expr *jqn_new_sum(struct jqn_parser *p, const struct jqn_expr *left,
                                   const struct jqn_expr *right);
/* [inner], which may be NULL */
const struct jqn_expr *jqn_new_array(struct jqn_parser *p, const struct jqn_expr *inner);
/* Strings and objects of literals alone are literals; others stay. */
const struct jqn_expr *jqn_known_string(struct jqn_parser *p, const struct jqn_expr *string);
const struct jqn_expr *jqn_known_object(struct jqn_parser *p, struct jqn_expr *object);

/* ---- words ---- */

/* Blanks and comments. What takes a token skips them first. */
void jqn_skip_blanks(struct jqn_parser *p);
/* The name at p, of length 0 when there is none. */
struct ift_slice jqn_word_at(const char *p);
bool jqn_take(struct jqn_parser *p, const char *token);
bool jqn_take_word(struct jqn_parser *p, const char *word);
/* An operator of one character that is not the start of a longer one. */
bool jqn_take_operator(struct jqn_parser *p, char c);
bool jqn_is_keyword(struct ift_slice w);

/* The text of a string piece up to its quote or interpolation. */
bool jqn_string_piece(struct jqn_parser *p, struct ift_str *out);
const struct jqn_expr *jqn_text_literal(struct jqn_parser *p, const char *text, size_t n);

/* Parts grow on the heap and end up in the arena. */
void jqn_add_part(struct jqn_expr *e, size_t *cap, const struct jqn_expr *part);
const struct jqn_expr *jqn_settle_parts(struct jqn_parser *p, struct jqn_expr *e, bool ok);

enum { JQN_MAX_NESTING = 200 };

const struct jqn_expr *jqn_parse_pipe(struct jqn_parser *p);
/* A term with its path; where `term` is not asked for, also what jq's grammar puts beside terms. */
const struct jqn_expr *jqn_parse_postfix(struct jqn_parser *p, bool term);
/* At a name that is no keyword of its own. */
const struct jqn_expr *jqn_parse_call(struct jqn_parser *p);

#endif
