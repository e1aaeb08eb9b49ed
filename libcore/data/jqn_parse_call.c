#include "libcore/data/jqn_parse.h"

static const struct jqn_expr *types(struct jqn_parser *p, uint32_t mask) {
    struct jqn_expr *const e = jqn_new_expr(p, JQN_FILTER, NULL, NULL, NULL);
    e->types = mask;
    e->single = false;
    return e;
}

/* The functions that are no functions of one value to one value. */
static const struct jqn_expr *special(struct jqn_parser *p, struct ift_slice name, size_t n,
                                      const struct jqn_expr *const *arg) {
    static const struct {
        const char *name;
        uint32_t types;
    } filter[] = {
        {"values", 0x7e},  {"nulls", 0x01},     {"booleans", 0x06},
        {"numbers", 0x08}, {"strings", 0x10},   {"arrays", 0x20},
        {"objects", 0x40}, {"iterables", 0x60}, {"scalars", 0x1f},
    };
    for (size_t i = 0; n == 0 && i < sizeof filter / sizeof *filter; i++) {
        if (ift_slice_is(name, filter[i].name)) return types(p, filter[i].types);
    }
    struct jqn_expr *e = NULL;
    if (n == 0 && ift_slice_is(name, "empty")) e = jqn_new_expr(p, JQN_EMPTY, NULL, NULL, NULL);
    if (n == 1 && ift_slice_is(name, "select")) e = jqn_new_expr(p, JQN_SELECT, arg[0], NULL, NULL);
    if (n == 1 && ift_slice_is(name, "first")) e = jqn_new_expr(p, JQN_FIRST, NULL, arg[0], NULL);
    if (n == 2 && ift_slice_is(name, "limit") && arg[0]->single)
        e = jqn_new_expr(p, JQN_FIRST, arg[0], arg[1], NULL);
    if (n == 1 && ift_slice_is(name, "range") && arg[0]->single)
        e = jqn_new_expr(p, JQN_RANGE, NULL, arg[0], NULL);
    if (n == 2 && ift_slice_is(name, "range") && arg[0]->single && arg[1]->single) {
        e = jqn_new_expr(p, JQN_RANGE, arg[0], arg[1], NULL);
    }
    if (e) e->single = false;
    if (n == 1 && ift_slice_is(name, "map")) {
        const struct jqn_expr *const input = jqn_new_expr(p, JQN_IDENTITY, NULL, NULL, NULL);
        struct jqn_expr *const each = jqn_new_expr(p, JQN_EACH, input, NULL, NULL);
        each->single = false;
        return jqn_new_array(p, jqn_new_expr(p, JQN_PIPE, each, arg[0], NULL));
    }
    return e;
}

static const struct jqn_expr *plain_function(struct jqn_parser *p, struct ift_slice name, size_t n,
                                             const struct jqn_expr *const *arg) {
    for (const struct jqn_function *f = jqn_functions; f->name; f++) {
        if ((size_t)f->arity != n || !ift_slice_is(name, f->name)) continue;
        struct jqn_expr *const e =
            jqn_new_expr(p, JQN_CALL, n > 0 ? arg[0] : NULL, n > 1 ? arg[1] : NULL, NULL);
        e->fn = f;
        return e->single ? e : jqn_lacks(p, "an argument with several values");
    }
    struct ift_str what = {0};
    ift_str_addf(&what, "%.*s/%zu", (int)name.n, name.p, n);
    jqn_lacks(p, what.p);
    ift_str_release(&what);
    return NULL;
}

/* A function of the program's own: its body, read again where it is called. */
static const struct jqn_expr *call_own(struct jqn_parser *p, const struct jqn_scope *f) {
    if (!f->body) return jqn_lacks(p, "a function that calls itself");
    const char *const back = p->p;
    const struct jqn_scope *const scope = p->scope;
    struct jqn_scope self = *f;
    self.outer = f->body_scope;
    self.body = NULL;
    p->p = f->body;
    p->scope = &self;
    const struct jqn_expr *const e = jqn_parse_pipe(p);
    p->p = back;
    p->scope = scope;
    return e;
}

/* del(.a, .b): the keys as parts. */
static const struct jqn_expr *parse_del(struct jqn_parser *p) {
    struct jqn_expr *const e = jqn_new_expr(p, JQN_CALL, NULL, NULL, NULL);
    size_t cap = 0;
    bool ok = true;
    do {
        jqn_skip_blanks(p);
        const struct ift_slice key = jqn_word_at(p->p + 1);
        ok = *p->p == '.' && key.n > 0;
        if (!ok) break;
        p->p += 1 + key.n;
        jqn_add_part(e, &cap, jqn_text_literal(p, key.p, key.n));
    } while (jqn_take(p, ","));
    if (!ok || !jqn_take(p, ")")) ok = jqn_lacks(p, "del of anything but .key");
    struct jqn_expr *const keys = jqn_new_expr(p, JQN_ARRAY, NULL, NULL, NULL);
    if (!jqn_settle_parts(p, e, ok)) return NULL;
    struct jqn_value *const item = ift_arena_alloc(&p->program->arena, e->nparts * sizeof *item);
    for (size_t i = 0; i < e->nparts; i++) item[i] = e->part[i]->literal;
    keys->op = JQN_LITERAL;
    keys->literal = jqn_array(item, e->nparts);
    const struct jqn_expr *const arg[] = {keys};
    return plain_function(p, ift_slice("del"), 1, arg);
}

const struct jqn_expr *jqn_parse_call(struct jqn_parser *p) {
    enum { MAX_ARGS = 2 };
    const struct ift_slice name = jqn_word_at(p->p);
    p->p += name.n;
    if (jqn_is_keyword(name)) return jqn_lacks(p, "a keyword here");
    if (ift_slice_is(name, "true")) return jqn_new_literal(p, jqn_bool(true));
    if (ift_slice_is(name, "false")) return jqn_new_literal(p, jqn_bool(false));
    if (ift_slice_is(name, "null")) return jqn_new_literal(p, jqn_const(IFT_JSON_NULL));
    const struct jqn_expr *arg[MAX_ARGS];
    size_t n = 0;
    if (p->p[0] == ':' && p->p[1] == ':') return jqn_lacks(p, "modules");
    if (jqn_take(p, "(")) {
        if (ift_slice_is(name, "del")) return parse_del(p);
        do {
            if (n == MAX_ARGS) return jqn_lacks(p, "a function of many arguments");
            arg[n] = jqn_parse_pipe(p);
            if (!arg[n++]) return NULL;
        } while (jqn_take(p, ";"));
        if (!jqn_take(p, ")")) return jqn_lacks(p, "a call of this form");
    }
    for (const struct jqn_scope *s = p->scope; n == 0 && s; s = s->outer) {
        if (s->function && ift_slice_eq(s->name, name)) return call_own(p, s);
    }
    const struct jqn_expr *const e = special(p, name, n, arg);
    return e ? e : plain_function(p, name, n, arg);
}
