#include "libcore/data/jqn_parse.h"

#include <stdlib.h>
#include <string.h>

/* Operators, from tight to loose. */

/* What libjq computes before it runs, and refuses where there is no result. */
static bool is_constant(const struct jqn_expr *e) {
    if (!e || e->op == JQN_LITERAL) return true;
    return e->op >= JQN_ADD && e->op <= JQN_NEGATE && is_constant(e->a) && is_constant(e->b);
}

static const struct jqn_expr *parse_unary(struct jqn_parser *p);

static const struct jqn_expr *parse_product(struct jqn_parser *p) {
    const struct jqn_expr *e = jqn_parse_postfix(p, false);
    while (e && jqn_take_operator(p, '/')) {
        jqn_skip_blanks(p);
        const struct jqn_expr *const right =
            *p->p == '-' ? parse_unary(p) : jqn_parse_postfix(p, false);
        if (right && is_constant(e) && is_constant(right))
            return jqn_lacks(p, "a division of constants");
        e = right ? jqn_new_expr(p, JQN_DIVIDE, e, right, NULL) : NULL;
    }
    return e;
}

/* A sign is that of all the product. */
static const struct jqn_expr *parse_unary(struct jqn_parser *p) {
    if (!jqn_take_operator(p, '-')) return parse_product(p);
    const struct jqn_expr *const e = parse_unary(p);
    return e ? jqn_new_expr(p, JQN_NEGATE, e, NULL, NULL) : NULL;
}

static const struct jqn_expr *parse_sum(struct jqn_parser *p) {
    const struct jqn_expr *e = parse_unary(p);
    while (e) {
        const bool plus = jqn_take_operator(p, '+');
        if (!plus && !jqn_take_operator(p, '-')) break;
        const struct jqn_expr *const right = parse_unary(p);
        if (!right) return NULL;
        e = plus ? jqn_new_sum(p, e, right) : jqn_new_expr(p, JQN_SUBTRACT, e, right, NULL);
    }
    if (!e) return NULL;
    jqn_skip_blanks(p);
    return *p->p == '*' || *p->p == '%' ? jqn_lacks(p, "* %") : e;
}

static bool take_comparison(struct jqn_parser *p, enum jqn_op *op) {
    static const struct {
        const char *token;
        enum jqn_op op;
    } table[] = {
        {"==", JQN_EQ}, {"!=", JQN_NE}, {"<=", JQN_LE},
        {">=", JQN_GE}, {"<", JQN_LT},  {">", JQN_GT},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        *op = table[i].op;
        if (jqn_take(p, table[i].token)) return true;
    }
    return false;
}

/* One at most: what it is part of could take the next for its own. */
static const struct jqn_expr *parse_comparison(struct jqn_parser *p) {
    enum jqn_op op, next;
    const struct jqn_expr *const e = parse_sum(p);
    if (!e || !take_comparison(p, &op)) return e;
    const struct jqn_expr *const right = parse_sum(p);
    if (right && take_comparison(p, &next)) return jqn_lacks(p, "a comparison of a comparison");
    return right ? jqn_new_comparison(p, op, e, right) : NULL;
}

static const struct jqn_expr *parse_and(struct jqn_parser *p) {
    const struct jqn_expr *e = parse_comparison(p);
    while (e && jqn_take_word(p, "and")) {
        const struct jqn_expr *const right = parse_comparison(p);
        e = right ? jqn_new_expr(p, JQN_AND, e, right, NULL) : NULL;
    }
    return e;
}

static const struct jqn_expr *parse_or(struct jqn_parser *p) {
    const struct jqn_expr *e = parse_and(p);
    while (e && jqn_take_word(p, "or")) {
        const struct jqn_expr *const right = parse_and(p);
        e = right ? jqn_new_expr(p, JQN_OR, e, right, NULL) : NULL;
    }
    return e;
}

static const struct jqn_expr *parse_alternative(struct jqn_parser *p) {
    const struct jqn_expr *const e = parse_or(p);
    jqn_skip_blanks(p);
    if (!e || strncmp(p->p, "//", 2) != 0 || p->p[2] == '=') return e;
    p->p += 2;
    const struct jqn_expr *const right = parse_alternative(p);
    return right ? jqn_new_expr(p, JQN_ALTERNATIVE, e, right, NULL) : NULL;
}

static const struct jqn_expr *parse_comma(struct jqn_parser *p) {
    const struct jqn_expr *e = parse_alternative(p);
    while (e && jqn_take(p, ",")) {
        const struct jqn_expr *const right = parse_alternative(p);
        if (!right) return NULL;
        struct jqn_expr *const both = jqn_new_expr(p, JQN_COMMA, e, right, NULL);
        both->single = false;
        e = both;
    }
    return e;
}

static const struct jqn_expr *parse_def(struct jqn_parser *p) {
    jqn_skip_blanks(p);
    const struct ift_slice name = jqn_word_at(p->p);
    p->p += name.n;
    if (!name.n || jqn_is_keyword(name) || !jqn_take(p, ":"))
        return jqn_lacks(p, "def with parameters");
    struct jqn_scope self = {.outer = p->scope, .name = name, .function = true};
    struct jqn_scope f = self;
    f.body = p->p;
    f.body_scope = p->scope;
    p->scope = &self;
    const struct jqn_expr *const body = jqn_parse_pipe(p); /* only to see where it ends */
    p->scope = self.outer;
    if (!body || !jqn_take(p, ";")) return jqn_lacks(p, "def of this form");
    p->scope = &f;
    const struct jqn_expr *const rest = jqn_parse_pipe(p);
    p->scope = f.outer;
    return rest;
}

const struct jqn_expr *jqn_parse_pipe(struct jqn_parser *p) {
    if (++p->nesting > JQN_MAX_NESTING) return jqn_lacks(p, "a program of this size");
    const struct jqn_expr *e;
    if (jqn_take_word(p, "def")) {
        e = parse_def(p);
    } else {
        e = parse_comma(p);
        if (e && jqn_take_operator(p, '|')) {
            const struct jqn_expr *const rest = jqn_parse_pipe(p);
            e = rest ? jqn_new_pipe(p, e, rest) : NULL;
        }
    }
    p->nesting--;
    return e;
}

/* What follows a whole expression names what the subset lacks. */
static const char *leftover(const char *p) {
    if (strcspn(p, "=") < 3 && strcspn(p, "|+-*/%=") == 0) return "assignment";
    return "something behind the program";
}

int jqn_parse(struct jqn_program *program, const char *text, const struct ift_jq_arg *args,
              size_t nargs, struct ift_str *why) {
    struct jqn_parser p = {.program = program, .p = text, .why = why};
    struct jqn_scope *const named = ift_alloc0(nargs, sizeof *named);
    for (size_t i = 0; i < nargs; i++) {
        const struct jqn_expr *const value =
            jqn_text_literal(&p, args[i].value, strlen(args[i].value));
        named[i] =
            (struct jqn_scope){.outer = p.scope, .name = ift_slice(args[i].name), .value = value};
        p.scope = &named[i];
    }
    program->root = jqn_parse_pipe(&p);
    jqn_skip_blanks(&p);
    if (program->root && *p.p) program->root = jqn_lacks(&p, leftover(p.p));
    if (!program->root && why->n == 0) jqn_lacks(&p, "something in its grammar");
    free(named);
    return program->root ? 0 : -1;
}
