#include <stdarg.h>
#include <string.h>

#include "libcore/data/jqn_program.h"

/* Expressions that have exactly one value, which is most of them. The rest is in jqn_generate.c. */

int jqn_fail(struct jqn_run *x, const char *fmt, ...) {
    va_list args;
    ift_str_clear(&x->scratch);
    va_start(args, fmt);
    ift_str_addv(&x->scratch, fmt, args);
    va_end(args);
    IFT_FAIL(&x->err, "%s", x->scratch.p);
    return JQN_FAILED;
}

int jqn_check_room(struct jqn_run *x, size_t more) {
    static const size_t most = (size_t)1 << 30;
    if (x->heap.arena.taken <= most && more <= most - x->heap.arena.taken) return JQN_OK;
    (void)jqn_fail(x, "what the program makes of it needs more than 1 GiB of memory");
    return JQN_BEYOND;
}

int jqn_check_depth(struct jqn_run *x, unsigned depth) {
    return depth <= JQN_MAX_DEPTH ? JQN_OK : jqn_fail(x, "nested deeper than %d", JQN_MAX_DEPTH);
}

int jqn_made(struct jqn_run *x, struct jqn_value v, struct jqn_value *out) {
    *out = v;
    return jqn_check_depth(x, v.depth);
}

int jqn_terms(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
              struct jqn_value *term, size_t *first) {
    size_t i = JQN_TERMS;
    for (; e->op == JQN_ADD && i > 1; e = e->a) JQN_TRY(jqn_eval(x, e->b, in, &term[--i]));
    *first = i - 1;
    return jqn_eval(x, e, in, &term[i - 1]);
}

int jqn_sum(struct jqn_run *x, struct jqn_value *term, size_t n, struct jqn_value *out) {
    *out = term[0];
    for (size_t i = 0; i + 1 < n; term[i] = *out) {
        size_t strings = 0;
        while (i + strings < n && term[i + strings].type == IFT_JSON_STRING) strings++;
        if (strings > 1) {
            JQN_TRY(jqn_join(x, term + i, strings, out));
            i += strings - 1;
        } else {
            JQN_TRY(jqn_add(x, term[i], term[i + 1], out));
            i++;
        }
    }
    return JQN_OK;
}

static int eval_sum(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                    struct jqn_value *out) {
    struct jqn_value term[JQN_TERMS];
    size_t i;
    JQN_TRY(jqn_terms(x, e, in, term, &i));
    return jqn_sum(x, term + i, JQN_TERMS - i, out);
}

int jqn_parts(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
              struct jqn_value **part) {
    struct jqn_value *const p = ift_arena_alloc(&x->heap.arena, e->nparts * sizeof *p);
    for (size_t i = e->nparts; i-- > 0;) {
        JQN_TRY(jqn_eval(x, e->part[i], in, &p[i]));
        if (p[i].type != IFT_JSON_STRING) p[i] = jqn_to_string(x, p[i]);
    }
    *part = p;
    return JQN_OK;
}

static int eval_string(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                       struct jqn_value *out) {
    struct jqn_value *part;
    JQN_TRY(jqn_parts(x, e, in, &part));
    return jqn_join(x, part, e->nparts, out);
}

int jqn_bad_key(struct jqn_run *x, struct jqn_value key) {
    return jqn_fail(x, "Object keys must be strings, not %s", jqn_type_name(key));
}

static int eval_object(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                       struct jqn_value *out) {
    struct jqn_member *const member =
        ift_arena_alloc(&x->heap.arena, e->nparts / 2 * sizeof *member);
    size_t n = 0;
    for (size_t i = 0; i < e->nparts; i += 2) {
        struct jqn_value key, value;
        JQN_TRY(jqn_eval(x, e->part[i], in, &key));
        JQN_TRY(jqn_eval(x, e->part[i + 1], in, &value));
        if (e->distinct) {
            member[n++] = (struct jqn_member){key, value};
        } else {
            if (key.type != IFT_JSON_STRING) return jqn_bad_key(x, key);
            jqn_put(&x->heap, member, &n, key, value);
        }
    }
    return jqn_made(x, jqn_object(member, n), out);
}

/* [a]: the values of a, gathered. */
struct gather {
    struct jqn_sink sink;
    struct jqn_value *item;
    size_t n, cap;
};

static int take_item(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    struct gather *const g = (struct gather *)sink;
    if (g->n == g->cap) {
        const size_t cap = g->cap ? 2 * g->cap : 8;
        JQN_TRY(jqn_check_room(x, cap * sizeof *g->item));
        struct jqn_value *const grown = ift_arena_alloc(&x->heap.arena, cap * sizeof *grown);
        if (g->n) memcpy(grown, g->item, g->n * sizeof *grown);
        g->item = grown;
        g->cap = cap;
    }
    g->item[g->n++] = v;
    return JQN_OK;
}

/* A map needs no sink: there are as many values as elements, or fewer. */
static int eval_map(struct jqn_run *x, const struct jqn_expr *map, struct jqn_value in,
                    struct jqn_value *out) {
    const struct jqn_expr *const by = map->b;
    struct jqn_value of, v;
    const struct jqn_value *element;
    size_t n, kept = 0;
    JQN_TRY(jqn_eval(x, map->a->a, in, &of));
    JQN_TRY(jqn_elements(x, of, &element, &n));
    JQN_TRY(jqn_check_room(x, n * sizeof *element));
    struct jqn_value *const item = ift_arena_alloc(&x->heap.arena, n * sizeof *item);
    for (size_t i = 0; i < n; i++) {
        JQN_TRY(jqn_check_room(x, 0));
        if (by->single) {
            JQN_TRY(jqn_eval(x, by, element[i], &item[kept++]));
        } else {
            JQN_TRY(jqn_eval(x, by->a, element[i], &v));
            if (jqn_truthy(v)) item[kept++] = element[i];
        }
    }
    return jqn_made(x, jqn_array(item, kept), out);
}

/* As many values as parts. */
static int eval_tuple(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                      struct jqn_value *out) {
    struct jqn_value *const item = ift_arena_alloc(&x->heap.arena, e->nparts * sizeof *item);
    for (size_t i = 0; i < e->nparts; i++) JQN_TRY(jqn_eval(x, e->part[i], in, &item[i]));
    return jqn_made(x, jqn_array(item, e->nparts), out);
}

static int eval_array(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                      struct jqn_value *out) {
    if (e->nparts) return eval_tuple(x, e, in, out);
    if (e->map) return eval_map(x, e->a, in, out);
    struct gather g = {.sink.take = take_item};
    if (e->a) JQN_TRY(jqn_generate(x, e->a, in, &g.sink));
    return jqn_made(x, jqn_array(g.item, g.n), out);
}

struct reduction {
    struct jqn_sink sink;
    const struct jqn_expr *e;
    struct jqn_value *state;
};

static int take_step(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct reduction *const r = (struct reduction *)sink;
    x->slot[r->e->slot] = v;
    JQN_TRY(jqn_check_room(x, 0));
    return jqn_eval(x, r->e->c, *r->state, r->state);
}

static int eval_reduce(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                       struct jqn_value *out) {
    struct reduction r = {{.take = take_step}, e, out};
    JQN_TRY(jqn_eval(x, e->b, in, out));
    return jqn_generate(x, e->a, in, &r.sink);
}

static int eval_slice(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                      struct jqn_value *out) {
    struct jqn_value of, from = jqn_const(IFT_JSON_NULL), to = from;
    if (e->b) JQN_TRY(jqn_eval(x, e->b, in, &from));
    if (e->c) JQN_TRY(jqn_eval(x, e->c, in, &to));
    JQN_TRY(jqn_eval(x, e->a, in, &of));
    return jqn_slice(x, of, from, to, out);
}

static int eval_logic(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                      struct jqn_value *out) {
    struct jqn_value v;
    JQN_TRY(jqn_eval(x, e->a, in, &v));
    if (jqn_truthy(v) == (e->op == JQN_AND)) JQN_TRY(jqn_eval(x, e->b, in, &v));
    *out = jqn_bool(jqn_truthy(v));
    return JQN_OK;
}

static int eval_binary(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                       struct jqn_value *out) {
    struct jqn_value a, b;
    JQN_TRY(jqn_eval(x, e->b, in, &b));
    JQN_TRY(jqn_eval(x, e->a, in, &a));
    return jqn_binary(x, e->op, a, b, out);
}

/* The most frequent index: a number's, of an array. */
static int eval_index(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                      struct jqn_value *out) {
    struct jqn_value of, key;
    JQN_TRY(jqn_eval(x, e->b, in, &key));
    JQN_TRY(jqn_eval(x, e->a, in, &of));
    if (of.type != IFT_JSON_ARRAY || key.type != IFT_JSON_NUMBER)
        return jqn_binary(x, JQN_INDEX, of, key, out);
    const double i = key.own ? key.u.number : jqn_number(&x->heap, key);
    const size_t n = of.own ? of.n : x->heap.doc->node[of.n].count;
    if (!(i >= 0 && i < (double)n) || i != (double)(size_t)i)
        return jqn_binary(x, JQN_INDEX, of, key, out);
    *out = of.own ? of.u.item[(size_t)i]
                  : jqn_node(x->heap.doc, ift_json_at(x->heap.doc, (int)of.n, (size_t)i));
    return JQN_OK;
}

static int eval_equality(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                         struct jqn_value *out) {
    struct jqn_value a, b;
    JQN_TRY(jqn_eval(x, e->b, in, &b));
    JQN_TRY(jqn_eval(x, e->a, in, &a));
    *out = jqn_bool(jqn_equal(&x->heap, a, b) == (e->op == JQN_EQ));
    return JQN_OK;
}

static int eval_is(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                   struct jqn_value *out) {
    (void)x;
    *out = jqn_bool(e->types >> in.type & 1);
    return JQN_OK;
}

static int eval_replace(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                        struct jqn_value *out) {
    return jqn_replace(x, in, e->a->literal, e->b->literal, out);
}

static int eval_call(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                     struct jqn_value *out) {
    struct jqn_value arg[2];
    if (e->b) JQN_TRY(jqn_eval(x, e->b, in, &arg[1]));
    if (e->a) JQN_TRY(jqn_eval(x, e->a, in, &arg[0]));
    return e->fn->call(x, in, arg, out);
}

static int eval_field(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                      struct jqn_value *out) {
    struct jqn_value of;
    JQN_TRY(jqn_eval(x, e->a, in, &of));
    if (of.type != IFT_JSON_OBJECT || of.own) return jqn_field(x, of, e->literal, out);
    const struct ift_slice key = {e->literal.u.text, e->literal.n};
    *out = jqn_get_node(x->heap.doc, (int)of.n, key);
    return JQN_OK;
}

static int eval_pipe(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                     struct jqn_value *out) {
    struct jqn_value v;
    JQN_TRY(jqn_eval(x, e->a, in, &v));
    return jqn_eval(x, e->b, v, out);
}

static int eval_alternative(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                            struct jqn_value *out) {
    JQN_TRY(jqn_eval(x, e->a, in, out));
    return jqn_truthy(*out) ? JQN_OK : jqn_eval(x, e->b, in, out);
}

static int eval_negative(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                         struct jqn_value *out) {
    struct jqn_value v;
    JQN_TRY(jqn_eval(x, e->a, in, &v));
    return jqn_negate(x, v, out);
}

static int eval_if(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                   struct jqn_value *out) {
    struct jqn_value v;
    JQN_TRY(jqn_eval(x, e->a, in, &v));
    return jqn_eval(x, jqn_truthy(v) ? e->b : e->c, in, out);
}

static int eval_bind(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                     struct jqn_value *out) {
    JQN_TRY(jqn_eval(x, e->a, in, &x->slot[e->slot]));
    return jqn_eval(x, e->b, in, out);
}

/* One function for each construct, so that none pays for the room that another needs. */
jqn_evaluator *const jqn_evaluators[] = {
    [JQN_FIELD] = eval_field,   [JQN_INDEX] = eval_index,
    [JQN_SLICE] = eval_slice,   [JQN_STRING] = eval_string,
    [JQN_ARRAY] = eval_array,   [JQN_OBJECT] = eval_object,
    [JQN_PIPE] = eval_pipe,     [JQN_ALTERNATIVE] = eval_alternative,
    [JQN_AND] = eval_logic,     [JQN_OR] = eval_logic,
    [JQN_ADD] = eval_sum,       [JQN_SUBTRACT] = eval_binary,
    [JQN_DIVIDE] = eval_binary, [JQN_NEGATE] = eval_negative,
    [JQN_EQ] = eval_equality,   [JQN_NE] = eval_equality,
    [JQN_LT] = eval_binary,     [JQN_LE] = eval_binary,
    [JQN_GT] = eval_binary,     [JQN_GE] = eval_binary,
    [JQN_IF] = eval_if,         [JQN_BIND] = eval_bind,
    [JQN_REDUCE] = eval_reduce, [JQN_CALL] = eval_call,
    [JQN_IS] = eval_is,         [JQN_REPLACE] = eval_replace,
};
