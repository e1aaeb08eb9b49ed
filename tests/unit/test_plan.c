#include "libcore/graph/plan.h"

#include "tests/unit/graph_case.h"

static const struct case_llama small = {.layers = 3,
                                        .heads = 4,
                                        .kv_heads = 2,
                                        .hidden = 32,
                                        .head_dim = 8,
                                        .inner = 48,
                                        .vocab = 61,
                                        .train = true,
                                        .pad = -1};

static struct ift_graph *build(const struct case_llama *c, bool backward) {
    struct ift_err err = {0};
    struct ift_graph *g = ift_graph_new();
    const ift_val loss = case_forward(g, c);
    if (backward) CHECK_OK(ift_graph_backward(g, loss, &err), &err);
    CHECK_OK(ift_graph_check(g, &err), &err);
    return g;
}

/* Lifetimes worked out anew from the steps, knowing nothing of the plan's: first and last use, and
 * the slab's bytes. */
struct life {
    size_t first, last, from, to;
};

static struct life *lives_of(const struct ift_graph *g, const struct ift_plan *p,
                             const int64_t *capacity) {
    struct life *l = ift_alloc0(ift_graph_values(g) + 1, sizeof *l);
    for (size_t v = 1; v <= ift_graph_values(g); v++) l[v].first = SIZE_MAX;
    for (size_t s = 0; s < ift_plan_steps(p); s++) {
        const struct ift_node *n = ift_graph_node(g, ift_plan_step(p, s));
        for (int i = 0; i < IFT_MAX_IN + IFT_MAX_OUT; i++) {
            const ift_val v = i < IFT_MAX_IN ? n->in[i] : n->out[i - IFT_MAX_IN];
            if (!v || ift_plan_offset(p, v) == IFT_PLAN_NONE) continue;
            if (l[v].first == SIZE_MAX) l[v].first = s;
            l[v].last = ift_graph_value(g, v)->keep ? ift_plan_steps(p) : s;
            l[v].from = ift_plan_offset(p, v);
            l[v].to = l[v].from + (size_t)ift_value_count(ift_graph_value(g, v), capacity) *
                                      ift_dtype_size(ift_graph_value(g, v)->dtype);
        }
    }
    return l;
}

/* May output b of the node that both meet at lie in input a? Only exactly there, and only where the
 * contract says so. */
static bool may_alias(const struct ift_graph *g, const struct ift_plan *p, size_t step, ift_val a,
                      ift_val b) {
    static const struct {
        enum ift_op op;
        int in, out;
    } allowed[] = {
        {IFT_OP_GEMM, 2, 0},     {IFT_OP_NORM, 0, 2},     {IFT_OP_NORM, 2, 2},
        {IFT_OP_NORM_BWD, 0, 0}, {IFT_OP_NORM_BWD, 4, 0}, {IFT_OP_ROPE, 0, 0},
        {IFT_OP_GLU, 0, 0},      {IFT_OP_GLU, 1, 0},      {IFT_OP_GLU_BWD, 0, 0},
        {IFT_OP_GLU_BWD, 1, 0},  {IFT_OP_GLU_BWD, 2, 1},  {IFT_OP_AXPBY, 0, 0},
        {IFT_OP_AXPBY, 1, 0},    {IFT_OP_DROPOUT, 0, 0},  {IFT_OP_ACT, 0, 0},
        {IFT_OP_ACT_BWD, 0, 0},  {IFT_OP_ACT_BWD, 1, 0},  {IFT_OP_UNIT, 0, 0},
        {IFT_OP_UNIT_BWD, 0, 0}, {IFT_OP_UNIT_BWD, 1, 0},
    };
    const struct ift_node *n = ift_graph_node(g, ift_plan_step(p, step));
    int uses = 0;
    for (int i = 0; i < IFT_MAX_IN; i++) uses += n->in[i] == a;
    if (uses != 1 || ift_plan_offset(p, a) != ift_plan_offset(p, b)) return false;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (n->op == allowed[i].op && n->in[allowed[i].in] == a && n->out[allowed[i].out] == b)
            return true;
    return false;
}

/* No two values that live at once share a byte, scratch included; returns how many outputs took an
 * input's place. */
static int check_no_overlap(const struct ift_graph *g, const struct ift_plan *p,
                            const struct ift_plan_options *o) {
    struct life *l = lives_of(g, p, o->capacity);
    const ift_val values = (ift_val)ift_graph_values(g);
    int in_place = 0;
    for (ift_val a = 1; a <= values; a++) {
        if (l[a].first == SIZE_MAX) continue;
        CHECK(l[a].from % IFT_PLAN_ALIGN == 0 && l[a].to <= ift_plan_bytes(p));
        for (ift_val b = 1; b <= values; b++) {
            if (a == b || l[b].first == SIZE_MAX || l[a].first > l[b].first) continue;
            if (l[b].first > l[a].last || l[a].from >= l[b].to || l[b].from >= l[a].to) continue;
            const bool fine = l[a].last == l[b].first && l[a].first < l[b].first &&
                              may_alias(g, p, l[b].first, a, b);
            CHECK(fine);
            in_place += fine;
        }
        for (size_t s = l[a].first; s <= l[a].last && s < ift_plan_steps(p); s++) {
            const size_t from = ift_plan_scratch(p, s);
            if (from == IFT_PLAN_NONE) continue;
            CHECK(from >= l[a].to || l[a].from >= from + o->scratch[ift_plan_step(p, s)]);
        }
    }
    free(l);
    return in_place;
}

/* More than `least` outputs take an input's place. The graph is released. */
static void check_plan_of(struct ift_graph *g, int least) {
    struct ift_err err = {0};
    size_t *scratch = ift_alloc0(ift_graph_nodes(g), sizeof *scratch);
    for (size_t i = 0; i < ift_graph_nodes(g); i++) scratch[i] = i % 3 == 0 ? 1000 * (i % 7) : 0;
    struct ift_plan_options o = {.capacity = {0, 50, 5, 0}, .scratch = scratch};
    struct ift_plan *p = NULL;
    CHECK_OK(ift_plan_new(&p, g, &o, &err), &err);
    CHECK(check_no_overlap(g, p, &o) > least);
    CHECK(ift_plan_bytes(p) >= ift_plan_floor(p));
    ift_plan_free(p);
    free(scratch);
    ift_graph_free(g);
}

static void check_plan(const struct case_llama *c, bool backward) {
    check_plan_of(build(c, backward), c->layers);
}

/* Parts of a product that nobody reads have no place; the gradient of a computed weight has one
 * from where it is made zero on. */
static void test_parts_and_computed_head(void) {
    struct ift_err err = {0};
    for (int layers = 1; layers <= 4; layers += 3) {
        struct odd o = odd_new(true);
        const ift_val w = case_param(&o.b, "w", 18, 6, true),
                      norm = case_param(&o.b, "norm", 6, 0, true);
        ift_val h = o.x, q, k, v;
        for (int i = 0; i < layers; i++) {
            h = ift_graph_layer_norm(o.g, h, norm, norm, 1e-5f);
            ift_graph_split(o.g, ift_graph_linear(o.g, h, w, 0),
                            (struct ift_graph_split){.groups = 3, .q = 2, .k = 2, .v = 2}, &q, &k,
                            &v);
            h = ift_graph_axpby(o.g, 1, ift_graph_act(o.g, q, IFT_ACT_GELU), 1, v);
            h = ift_graph_unit_rows(o.g, h);
        }
        const ift_val head = ift_graph_unit_rows(o.g, ift_graph_find(o.g, "embed"));
        const ift_val loss = ift_graph_xent(o.g, h, head, 0, o.b.targets, o.b.scale);
        ift_graph_keep(o.g, loss);
        CHECK_OK(ift_graph_backward(o.g, loss, &err), &err);
        struct ift_plan *p = NULL;
        CHECK_OK(ift_plan_new(&p, o.g, &(struct ift_plan_options){.capacity = {0, 50, 5, 0}}, &err),
                 &err);
        CHECK(ift_plan_offset(p, q) != IFT_PLAN_NONE && ift_plan_offset(p, k) == IFT_PLAN_NONE);
        ift_plan_free(p);
        check_plan_of(o.g, 2 * layers);
    }
}

static void test_no_overlap(void) {
    struct case_llama c = small;
    check_plan(&c, false);
    check_plan(&c, true);
    c.add_norm = c.tied = true;
    check_plan(&c, true);
    c.train = false;
    c.rank = 4;
    c.lora_all = true;
    c.dropout = 0.1f;
    check_plan(&c, true);
    check_plan(&c, false);
}

static void test_dead_nodes(void) {
    struct ift_err err = {0};
    struct ift_graph *g = ift_graph_new();
    const int64_t tokens[] = {0, 8}, ids[] = {0}, state[] = {20, 8};
    const ift_val x = ift_graph_input(g, "x", IFT_F32, IFT_TOKENS, 2, tokens);
    const ift_val slots = ift_graph_input(g, "slots", IFT_I32, IFT_TOKENS, 1, ids);
    const ift_val unused = ift_graph_input(g, "unused", IFT_F32, IFT_TOKENS, 2, tokens);
    const ift_val dead = ift_graph_axpby(g, 2, unused, 0, 0);
    ift_graph_axpby(g, 3, dead, 1, x); /* reads a value, but is read by nobody */
    const ift_val y = ift_graph_axpby(g, 2, x, 0, 0);
    const ift_val z = ift_graph_axpby(g, 3, y, 0, 0);
    ift_graph_keep(g, y);
    ift_graph_scatter(g, z, slots, ift_graph_state(g, "cache", IFT_F32, 2, state));
    struct ift_plan_options o = {.capacity = {0, 10}};
    struct ift_plan *p = NULL;
    CHECK_OK(ift_plan_new(&p, g, &o, &err), &err);
    CHECK_INT(ift_plan_steps(p), 3);
    CHECK_INT(ift_plan_step(p, 0), 2);
    CHECK(ift_plan_uses(p, x) && !ift_plan_uses(p, unused) && !ift_plan_uses(p, dead));
    CHECK(ift_plan_offset(p, dead) == IFT_PLAN_NONE && ift_plan_offset(p, x) == IFT_PLAN_NONE);
    CHECK(ift_plan_offset(p, y) != ift_plan_offset(p, z)); /* y is kept: z may not take its place */
    CHECK_INT(ift_plan_bytes(p), 2 * 320);
    ift_plan_free(p);
    ift_graph_free(g);
}

/* An input that is read twice by the op that kills it is not overwritten. */
static void test_twice_read_input(void) {
    struct ift_err err = {0};
    struct ift_graph *g = ift_graph_new();
    const int64_t square[] = {8, 8};
    const ift_val x = ift_graph_input(g, "x", IFT_F32, IFT_FIXED, 2, square);
    const ift_val y = ift_graph_axpby(g, 2, x, 0, 0);
    const ift_val z = ift_graph_gemm(g, y, false, x, true, 1, y, 0); /* c is also the left factor */
    const ift_val w =
        ift_graph_gemm(g, x, false, x, true, 1, z, 0); /* c is nothing else: in place */
    ift_graph_keep(g, w);
    struct ift_plan_options o = {0};
    struct ift_plan *p = NULL;
    CHECK_OK(ift_plan_new(&p, g, &o, &err), &err);
    CHECK(ift_plan_offset(p, y) != ift_plan_offset(p, z));
    CHECK(ift_plan_offset(p, w) == ift_plan_offset(p, z));
    ift_plan_free(p);
    ift_graph_free(g);
}

/* A graph that only scores leaves out what training would need. */
static void test_left_out(void) {
    struct ift_err err = {0};
    struct ift_graph *g = build(&small, false);
    struct ift_plan_options o = {.capacity = {0, 50, 5, 0}};
    struct ift_plan *p = NULL;
    CHECK_OK(ift_plan_new(&p, g, &o, &err), &err);
    int left_out = 0;
    for (size_t i = 0; i < ift_graph_nodes(g); i++) {
        const struct ift_node *n = ift_graph_node(g, i);
        if (n->op == IFT_OP_ATTN) left_out += ift_plan_offset(p, n->out[1]) == IFT_PLAN_NONE;
    }
    CHECK_INT(left_out, small.layers);
    /* Memory does not grow with the layers. */
    struct case_llama deep = small;
    deep.layers = 9;
    struct ift_graph *h = build(&deep, false);
    struct ift_plan *q = NULL;
    CHECK_OK(ift_plan_new(&q, h, &o, &err), &err);
    CHECK_INT(ift_plan_bytes(q), ift_plan_bytes(p));
    ift_plan_free(p);
    ift_plan_free(q);
    ift_graph_free(g);
    ift_graph_free(h);
}

static void test_too_large(void) {
    struct ift_err err = {0};
    struct ift_graph *g = build(&small, false);
    struct ift_plan_options o = {.capacity = {0, INT64_MAX / 2, 5, 0}};
    struct ift_plan *p = NULL;
    CHECK_INT(ift_plan_new(&p, g, &o, &err), -1);
    CHECK(p == NULL && strstr(err.text, "too large"));
    ift_graph_free(g);
}

/* The 58 M parameter model that training is measured on, 1024 tokens at a time: 201 MB, of which
 * 191 are what a layer cannot do without: its input and the sum in its middle, q, k, v, the
 * attention's output, gate and up. */
static void test_slab_of_58m(bool full, size_t most) {
    struct ift_err err = {0};
    const struct case_llama c = {.layers = 8,
                                 .heads = 8,
                                 .kv_heads = 8,
                                 .hidden = 512,
                                 .head_dim = 64,
                                 .inner = 1376,
                                 .vocab = 32000,
                                 .train = full,
                                 .rank = full ? 0 : 8,
                                 .pad = -1};
    struct ift_graph *g = build(&c, true);
    struct ift_plan_options o = {.capacity = {0, 1024, 16, 0}};
    struct ift_plan *p = NULL;
    CHECK_OK(ift_plan_new(&p, g, &o, &err), &err);
    CHECK(ift_plan_bytes(p) <= most);
    CHECK(ift_plan_bytes(p) <= ift_plan_floor(p) + ift_plan_floor(p) / 50);
    ift_plan_free(p);
    ift_graph_free(g);
}

int main(void) {
    test_no_overlap();
    test_parts_and_computed_head();
    test_dead_nodes();
    test_twice_read_input();
    test_left_out();
    test_too_large();
    test_slab_of_58m(true, 202000000);
    test_slab_of_58m(false, 202000000);
    return check_done();
}
