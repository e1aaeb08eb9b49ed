#include <string.h>

#include "libcore/data/jqn_parse.h"

/* Expressions of which something is known before they run. */

/* ---- conditions ---- */

/* Types by their name. */
static uint32_t types_named(struct jqn_value name) {
    uint32_t types = 0;
    for (unsigned type = IFT_JSON_NULL; type <= IFT_JSON_OBJECT; type++) {
        const char *const text = jqn_type_name(jqn_const((enum ift_json_type)type));
        if (ift_slice_is((struct ift_slice){name.u.text, name.n}, text)) types |= 1u << type;
    }
    return types;
}

/* What ends in `type`, compared: the test of what it is the type of; NULL: it ends otherwise. */
static const struct jqn_expr *type_test(struct jqn_parser *p, const struct jqn_expr *e,
                                        uint32_t types) {
    if (e->op == JQN_CALL && strcmp(e->fn->name, "type") == 0) {
        struct jqn_expr *const test = jqn_new_expr(p, JQN_IS, NULL, NULL, NULL);
        test->types = types;
        return test;
    }
    const struct jqn_expr *const last = e->op == JQN_PIPE ? type_test(p, e->b, types) : NULL;
    return last ? jqn_new_expr(p, JQN_PIPE, e->a, last, NULL) : NULL;
}

const struct jqn_expr *jqn_new_comparison(struct jqn_parser *p, enum jqn_op op,
                                          const struct jqn_expr *left,
                                          const struct jqn_expr *right) {
    if ((op != JQN_EQ && op != JQN_NE) || !jqn_is_text(right))
        return jqn_new_expr(p, op, left, right, NULL);
    const struct jqn_value a = left->literal, b = right->literal;
    if (jqn_is_text(left)) {
        const bool equal = a.n == b.n && ift_bytes_eq(a.u.text, b.u.text, a.n);
        return jqn_new_literal(p, jqn_bool(equal == (op == JQN_EQ)));
    }
    const uint32_t types = types_named(b);
    const struct jqn_expr *const test = type_test(p, left, op == JQN_EQ ? types : ~types);
    return test ? test : jqn_new_expr(p, op, left, right, NULL);
}

const struct jqn_expr *jqn_new_if(struct jqn_parser *p, const struct jqn_expr *cond,
                                  const struct jqn_expr *yes, const struct jqn_expr *no) {
    if (cond->op == JQN_LITERAL) return jqn_truthy(cond->literal) ? yes : no;
    return jqn_new_expr(p, JQN_IF, cond, yes, no);
}

/* ---- strings ---- */

static bool calls_with_text(const struct jqn_expr *e, const char *name) {
    return e->op == JQN_CALL && strcmp(e->fn->name, name) == 0 && jqn_is_text(e->a);
}

/* Texts are split to be joined again with something else in between. */
const struct jqn_expr *jqn_new_pipe(struct jqn_parser *p, const struct jqn_expr *e,
                                    const struct jqn_expr *rest) {
    const struct jqn_expr *const next = rest->op == JQN_PIPE ? rest->a : rest;
    if (!calls_with_text(e, "split") || e->a->literal.n == 0 || !calls_with_text(next, "join"))
        return jqn_new_expr(p, JQN_PIPE, e, rest, NULL);
    const struct jqn_expr *const both = jqn_new_expr(p, JQN_REPLACE, e->a, next->a, NULL);
    return rest->op == JQN_PIPE ? jqn_new_expr(p, JQN_PIPE, both, rest->b, NULL) : both;
}

const struct jqn_expr *jqn_known_string(struct jqn_parser *p, const struct jqn_expr *string) {
    struct ift_str text = {0};
    bool known = true;
    for (size_t i = 0; i < string->nparts && known; i++) {
        known = jqn_is_text(string->part[i]);
        if (known) ift_str_add(&text, string->part[i]->literal.u.text, string->part[i]->literal.n);
    }
    const struct jqn_expr *const e = known ? jqn_text_literal(p, text.p, text.n) : string;
    ift_str_release(&text);
    return e;
}

/* Whether it is a string, whatever the input. */
static bool is_string(const struct jqn_expr *e) {
    if (e->op == JQN_IF) return e->single && is_string(e->b) && is_string(e->c);
    return jqn_is_text(e) || (e->op == JQN_STRING && e->single);
}

/* Texts that follow one another are one. */
static void add_string(struct jqn_parser *p, struct jqn_expr *whole, size_t *cap,
                       const struct jqn_expr *e) {
    if (e->op == JQN_STRING) {
        for (size_t i = 0; i < e->nparts; i++) add_string(p, whole, cap, e->part[i]);
        return;
    }
    const struct jqn_expr **const last = whole->nparts ? &whole->part[whole->nparts - 1] : NULL;
    if (!last || !jqn_is_text(*last) || !jqn_is_text(e)) {
        jqn_add_part(whole, cap, e);
        return;
    }
    struct ift_str both = {0};
    ift_str_add(&both, (*last)->literal.u.text, (*last)->literal.n);
    ift_str_add(&both, e->literal.u.text, e->literal.n);
    *last = jqn_text_literal(p, both.p, both.n);
    ift_str_release(&both);
}

const struct jqn_expr *jqn_new_sum(struct jqn_parser *p, const struct jqn_expr *left,
                                   const struct jqn_expr *right) {
    if (!is_string(left) || !is_string(right) || left->nparts + right->nparts > JQN_TERMS)
        return jqn_new_expr(p, JQN_ADD, left, right, NULL);
    struct jqn_expr *const whole = jqn_new_expr(p, JQN_STRING, NULL, NULL, NULL);
    size_t cap = 0;
    add_string(p, whole, &cap, left);
    add_string(p, whole, &cap, right);
    return jqn_known_string(p, jqn_settle_parts(p, whole, true));
}

/* ---- arrays ---- */

/* How many literals e is, which are put into item unless that is NULL; 0: it is anything else. */
static size_t literals(const struct jqn_expr *e, struct jqn_value *item) {
    if (e->op == JQN_LITERAL) {
        if (item) *item = e->literal;
        return 1;
    }
    if (e->op != JQN_COMMA || e->b->op != JQN_LITERAL) return 0;
    const size_t n = literals(e->a, item);
    if (item) item[n] = e->b->literal;
    return n ? n + 1 : 0;
}

static const struct jqn_expr *literal_array(struct jqn_parser *p, const struct jqn_expr *inner) {
    const size_t n = literals(inner, NULL);
    if (n == 0) return NULL;
    struct jqn_value *const item = ift_arena_alloc(&p->program->arena, n * sizeof *item);
    literals(inner, item);
    return jqn_new_literal(p, jqn_array(item, n));
}

/* a[] | b and a[] | select(b), where all is single but the [] and the select. */
static bool is_map(const struct jqn_expr *e) {
    if (e->op != JQN_PIPE || e->a->op != JQN_EACH || e->a->optional || !e->a->a->single)
        return false;
    return e->b->single || (e->b->op == JQN_SELECT && e->b->a->single);
}

/* How many single expressions, with commas between, e is; 0: anything else. */
static size_t singles(const struct jqn_expr *e, const struct jqn_expr **part) {
    const bool comma = e->op == JQN_COMMA;
    const size_t before = comma ? singles(e->a, part) : 0;
    const struct jqn_expr *const last = comma ? e->b : e;
    if (!last->single || (comma && !before)) return 0;
    if (part) part[before] = last;
    return before + 1;
}

const struct jqn_expr *jqn_new_array(struct jqn_parser *p, const struct jqn_expr *inner) {
    const struct jqn_expr *const literal = inner ? literal_array(p, inner) : NULL;
    if (literal) return literal;
    struct jqn_expr *const e = jqn_new_expr(p, JQN_ARRAY, inner, NULL, NULL);
    e->single = true;
    if (!inner) return e;
    e->map = is_map(inner);
    e->nparts = singles(inner, NULL);
    e->part = ift_arena_alloc(&p->program->arena, e->nparts * sizeof *e->part);
    if (e->nparts) singles(inner, e->part);
    return e;
}

/* ---- objects ---- */

static bool is_distinct(const struct jqn_expr *object) {
    for (size_t i = 0; i < object->nparts; i += 2) {
        if (object->part[i]->op != JQN_LITERAL) return false;
        for (size_t k = 0; k < i; k += 2) {
            const struct jqn_value a = object->part[i]->literal, b = object->part[k]->literal;
            if (a.n == b.n && memcmp(a.u.text, b.u.text, a.n) == 0) return false;
        }
    }
    return true;
}

static const struct jqn_expr *literal_object(struct jqn_parser *p, const struct jqn_expr *object) {
    const size_t n = object->nparts / 2;
    struct jqn_member *const member = ift_arena_alloc(&p->program->arena, n * sizeof *member);
    for (size_t i = 0; i < n; i++) {
        if (object->part[2 * i + 1]->op != JQN_LITERAL) return object;
        member[i] =
            (struct jqn_member){object->part[2 * i]->literal, object->part[2 * i + 1]->literal};
    }
    return jqn_new_literal(p, jqn_object(member, n));
}

const struct jqn_expr *jqn_known_object(struct jqn_parser *p, struct jqn_expr *object) {
    object->distinct = is_distinct(object);
    return object->distinct ? literal_object(p, object) : object;
}
