#include "libcore/data/jqn_program.h"

/* Expressions that may have several values, or none: this is jq's backtracking turned inside out. A
 * construct wraps the sink it was given into one of its own and lets its parts generate into that.
 * Where several parts have several values the order is jq's: of an operator's two sides the right
 * one is the outer loop, of an object's entries the first. */

/* A construct at work: what it is, what it was given, where its values go. */
struct frame {
    struct jqn_sink sink; /* receives the values of a part */
    const struct jqn_expr *e;
    struct jqn_value in;
    struct jqn_sink *to;
};

static int give(struct jqn_run *x, struct jqn_sink *to, struct jqn_value v) {
    return to->take(x, to, v);
}

/* Passes on a path's value; with `?`, a failure is no value. */
static int give_path(struct jqn_run *x, const struct frame *f, int got, struct jqn_value v) {
    if (got == JQN_FAILED && f->e->optional) return JQN_OK;
    return got == JQN_OK ? give(x, f->to, v) : got;
}

/* ---- paths ---- */

static int take_field(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value of) {
    const struct frame *const f = (struct frame *)sink;
    struct jqn_value v;
    const int got = jqn_field(x, of, f->e->literal, &v);
    return give_path(x, f, got, v);
}

struct slice_frame {
    struct frame f;
    struct jqn_value from, to;
};

static int take_slice(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value of) {
    const struct slice_frame *const s = (struct slice_frame *)sink;
    struct jqn_value v;
    const int got = jqn_slice(x, of, s->from, s->to, &v);
    return give_path(x, &s->f, got, v);
}

static int generate_slice(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_sink *to) {
    struct slice_frame s = {{{.take = take_slice}, e, in, to},
                            jqn_const(IFT_JSON_NULL),
                            jqn_const(IFT_JSON_NULL)};
    if (e->b) JQN_TRY(jqn_eval(x, e->b, in, &s.from));
    if (e->c) JQN_TRY(jqn_eval(x, e->c, in, &s.to));
    return jqn_generate(x, e->a, in, &s.f.sink);
}

static int take_each(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value of) {
    const struct frame *const f = (struct frame *)sink;
    size_t n;
    if (of.type == IFT_JSON_OBJECT) {
        const struct jqn_member *const member = jqn_members(&x->heap, of, &n);
        for (size_t i = 0; i < n; i++) JQN_TRY(give(x, f->to, member[i].value));
        return JQN_OK;
    }
    if (of.type != IFT_JSON_ARRAY) return f->e->optional ? JQN_OK : jqn_cannot_iterate(x, of);
    if (!of.own) {
        const struct ift_json *const doc = x->heap.doc;
        const int array = (int)of.n;
        for (int v = ift_json_first(doc, array); v >= 0; v = ift_json_next(doc, array, v)) {
            JQN_TRY(give(x, f->to, jqn_node(doc, v)));
        }
        return JQN_OK;
    }
    for (size_t i = 0; i < of.n; i++) JQN_TRY(give(x, f->to, of.u.item[i]));
    return JQN_OK;
}

/* ---- operators ---- */

/* The left side, with the right one's value as `in`. */
static int take_left(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value left) {
    const struct frame *const f = (struct frame *)sink;
    struct jqn_value v;
    const int got = jqn_binary(x, f->e->op, left, f->in, &v);
    return give_path(x, f, got, v);
}

static int take_right(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value right) {
    const struct frame *const f = (struct frame *)sink;
    struct frame left = {{.take = take_left}, f->e, right, f->to};
    return jqn_generate(x, f->e->a, f->in, &left.sink);
}

static int take_negative(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    JQN_TRY(jqn_negate(x, v, &v));
    return give(x, f->to, v);
}

static int take_bool(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    return give(x, f->to, jqn_bool(jqn_truthy(v)));
}

static int take_logic(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    if (jqn_truthy(v) != (f->e->op == JQN_AND)) return give(x, f->to, jqn_bool(jqn_truthy(v)));
    struct frame right = {{.take = take_bool}, f->e, f->in, f->to};
    return jqn_generate(x, f->e->b, f->in, &right.sink);
}

struct alternative {
    struct frame f;
    bool found;
};

static int take_alternative(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    struct alternative *const a = (struct alternative *)sink;
    if (!jqn_truthy(v)) return JQN_OK;
    a->found = true;
    return give(x, a->f.to, v);
}

static int generate_alternative(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                                struct jqn_sink *to) {
    struct alternative a = {{{.take = take_alternative}, e, in, to}, false};
    JQN_TRY(jqn_generate(x, e->a, in, &a.f.sink));
    return a.found ? JQN_OK : jqn_generate(x, e->b, in, to);
}

/* ---- control ---- */

static int take_pipe(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    return jqn_generate(x, f->e->b, v, f->to);
}

static int take_condition(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    return jqn_generate(x, jqn_truthy(v) ? f->e->b : f->e->c, f->in, f->to);
}

static int take_binding(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    x->slot[f->e->slot] = v;
    return jqn_generate(x, f->e->b, f->in, f->to);
}

static int take_selection(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct frame *const f = (struct frame *)sink;
    return jqn_truthy(v) ? give(x, f->to, f->in) : JQN_OK;
}

struct limited {
    struct frame f;
    double count, limit;
    bool done;
};

static int take_limited(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    struct limited *const l = (struct limited *)sink;
    JQN_TRY(give(x, l->f.to, v));
    l->done = ++l->count >= l->limit;
    return l->done ? JQN_STOP : JQN_OK;
}

static int generate_first(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_sink *to) {
    struct limited l = {{{.take = take_limited}, e, in, to}, 0, 1, false};
    if (e->a) {
        struct jqn_value n;
        JQN_TRY(jqn_eval(x, e->a, in, &n));
        if (n.type != IFT_JSON_NUMBER) return JQN_LEAVE;
        l.limit = jqn_number(&x->heap, n);
        if (l.limit <= 0) return JQN_LEAVE; /* releases of libjq differ */
    }
    const int got = jqn_generate(x, e->b, in, &l.f.sink);
    return got == JQN_STOP && l.done ? JQN_OK : got;
}

static int generate_range(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_sink *to) {
    struct jqn_value from = jqn_double(0), end;
    JQN_TRY(jqn_eval(x, e->b, in, &end));
    if (e->a) JQN_TRY(jqn_eval(x, e->a, in, &from));
    if (from.type != IFT_JSON_NUMBER || end.type != IFT_JSON_NUMBER)
        return jqn_fail(x, "Range bounds must be numeric");
    const double last = jqn_number(&x->heap, end);
    for (double i = jqn_number(&x->heap, from); i < last; i += 1)
        JQN_TRY(give(x, to, jqn_double(i)));
    return JQN_OK;
}

/* ---- parts of strings and objects ---- */

/* Part `i` of several; the values of the parts chosen so far lie in `value`. */
struct part_frame {
    struct frame f;
    size_t i;
    struct jqn_value *value;
};

static int generate_part(struct jqn_run *x, const struct part_frame *f, size_t i);

static int give_object(struct jqn_run *x, const struct part_frame *p) {
    const struct jqn_expr *const e = p->f.e;
    struct jqn_member *const member =
        ift_arena_alloc(&x->heap.arena, e->nparts / 2 * sizeof *member);
    size_t n = 0;
    for (size_t k = 0; k < e->nparts; k += 2)
        jqn_put(&x->heap, member, &n, p->value[k], p->value[k + 1]);
    struct jqn_value v;
    JQN_TRY(jqn_made(x, jqn_object(member, n), &v));
    return give(x, p->f.to, v);
}

static int take_part(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v) {
    const struct part_frame *const p = (struct part_frame *)sink;
    const struct jqn_expr *const e = p->f.e;
    if (e->op == JQN_STRING) {
        p->value[p->i] = jqn_to_string(x, v);
        if (p->i > 0) return generate_part(x, p, p->i - 1);
        struct jqn_value whole;
        JQN_TRY(jqn_join(x, p->value, e->nparts, &whole));
        return give(x, p->f.to, whole);
    }
    p->value[p->i] = v;
    const bool is_value = p->i % 2 == 1;
    if (is_value && p->value[p->i - 1].type != IFT_JSON_STRING)
        return jqn_bad_key(x, p->value[p->i - 1]);
    return p->i + 1 < e->nparts ? generate_part(x, p, p->i + 1) : give_object(x, p);
}

static int generate_part(struct jqn_run *x, const struct part_frame *f, size_t i) {
    struct part_frame p = *f;
    p.i = i;
    return jqn_generate(x, p.f.e->part[i], p.f.in, &p.f.sink);
}

static int generate_parts(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_sink *to) {
    const struct part_frame p = {
        {{.take = take_part}, e, in, to},
        0,
        ift_arena_alloc(&x->heap.arena, e->nparts * sizeof *p.value),
    };
    return generate_part(x, &p, e->op == JQN_STRING ? e->nparts - 1 : 0);
}

static int generate_empty(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_sink *to) {
    (void)x, (void)e, (void)in, (void)to;
    return JQN_OK;
}

static int generate_filter(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                           struct jqn_sink *to) {
    return e->types >> in.type & 1 ? give(x, to, in) : JQN_OK;
}

static int generate_comma(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                          struct jqn_sink *to) {
    JQN_TRY(jqn_generate(x, e->a, in, to));
    return jqn_generate(x, e->b, in, to);
}

/* A construct generates itself, or takes the values of its first part: the left one, of operators
 * with two sides the right. */
static const struct {
    int (*generate)(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                    struct jqn_sink *to);
    int (*take)(struct jqn_run *x, struct jqn_sink *sink, struct jqn_value v);
    bool right;
} constructs[] = {
    [JQN_EMPTY] = {.generate = generate_empty},
    [JQN_FILTER] = {.generate = generate_filter},
    [JQN_COMMA] = {.generate = generate_comma},
    [JQN_STRING] = {.generate = generate_parts},
    [JQN_OBJECT] = {.generate = generate_parts},
    [JQN_SLICE] = {.generate = generate_slice},
    [JQN_ALTERNATIVE] = {.generate = generate_alternative},
    [JQN_FIRST] = {.generate = generate_first},
    [JQN_RANGE] = {.generate = generate_range},
    [JQN_FIELD] = {.take = take_field},
    [JQN_EACH] = {.take = take_each},
    [JQN_PIPE] = {.take = take_pipe},
    [JQN_AND] = {.take = take_logic},
    [JQN_OR] = {.take = take_logic},
    [JQN_NEGATE] = {.take = take_negative},
    [JQN_IF] = {.take = take_condition},
    [JQN_BIND] = {.take = take_binding},
    [JQN_SELECT] = {.take = take_selection},
    [JQN_INDEX] = {.take = take_right, .right = true},
    [JQN_ADD] = {.take = take_right, .right = true},
    [JQN_SUBTRACT] = {.take = take_right, .right = true},
    [JQN_DIVIDE] = {.take = take_right, .right = true},
    [JQN_EQ] = {.take = take_right, .right = true},
    [JQN_NE] = {.take = take_right, .right = true},
    [JQN_LT] = {.take = take_right, .right = true},
    [JQN_LE] = {.take = take_right, .right = true},
    [JQN_GT] = {.take = take_right, .right = true},
    [JQN_GE] = {.take = take_right, .right = true},
};

int jqn_generate(struct jqn_run *x, const struct jqn_expr *e, struct jqn_value in,
                 struct jqn_sink *to) {
    struct jqn_value v;
    if (e->single) {
        if (to->make) return to->make(x, to, e, in);
        JQN_TRY(jqn_eval(x, e, in, &v));
        return give(x, to, v);
    }
    if (constructs[e->op].generate) return constructs[e->op].generate(x, e, in, to);
    struct frame f = {{.take = constructs[e->op].take}, e, in, to};
    const struct jqn_expr *const first = constructs[e->op].right ? e->b : e->a;
    if (!first->single) return jqn_generate(x, first, in, &f.sink);
    JQN_TRY(jqn_eval(x, first, in, &v));
    return give(x, &f.sink, v);
}
