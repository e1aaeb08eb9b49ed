/* What the backward appends, and what not. */
#include "tests/unit/graph_case.h"

static const struct case_llama tiny = {.layers = 2,
                                       .heads = 4,
                                       .kv_heads = 2,
                                       .hidden = 12,
                                       .head_dim = 4,
                                       .inner = 10,
                                       .vocab = 17,
                                       .train = true,
                                       .pad = -1};

/* ---- what is not computed ---- */

static int count_ops(const struct ift_graph *g, enum ift_op op, size_t from) {
    int n = 0;
    for (size_t i = from; i < ift_graph_nodes(g); i++) n += ift_graph_node(g, i)->op == op;
    return n;
}

static struct ift_graph *backward_of(const struct case_llama *c, size_t *forward) {
    struct ift_err err = {0};
    struct ift_graph *g = ift_graph_new();
    const ift_val loss = case_forward(g, c);
    *forward = ift_graph_nodes(g);
    CHECK_OK(ift_graph_backward(g, loss, &err), &err);
    return g;
}

static void test_frozen_weights_cost_nothing(void) {
    struct case_llama c = tiny;
    c.layers = 4;
    c.rank = 2;
    c.lora_from = 2;
    c.train = false;
    size_t forward;
    struct ift_graph *g = backward_of(&c, &forward);
    /* Two layers of attention and MLP are walked, the lower one only down to q and v. */
    CHECK_INT(count_ops(g, IFT_OP_ATTN_BWD, forward), 2);
    CHECK_INT(count_ops(g, IFT_OP_GLU_BWD, forward), 2);
    CHECK_INT(count_ops(g, IFT_OP_EMBED_BWD, forward), 0);
    CHECK_INT(count_ops(g, IFT_OP_NORM_BWD, forward),
              4); /* final, both of the upper layer, the second of the lower */
    CHECK_INT(count_ops(g, IFT_OP_ROPE, forward), 3); /* k of the lower layer is needed by nobody */
    for (size_t i = forward; i < ift_graph_nodes(g); i++) {
        const struct ift_node *n = ift_graph_node(g, i);
        if (n->op == IFT_OP_NORM_BWD) CHECK_INT(n->out[1], 0);
        if (n->op != IFT_OP_GEMM) continue;
        /* Every product over the tokens is the gradient of a LoRA matrix. */
        if (n->at.gemm.trans_a) CHECK(strstr(ift_graph_value(g, n->out[0])->name, "lora"));
    }
    /* down, up + gate, o, and in the upper layer q, k, v; a pair of products for each lora_b, one
     * more for each lora_a above. */
    CHECK_INT(count_ops(g, IFT_OP_GEMM, forward), 2 * 4 + 3 + 4 * 3 + 2);
    for (size_t v = 1; v <= ift_graph_values(g); v++) {
        const struct ift_value *x = ift_graph_value(g, (ift_val)v);
        if (x->name && strncmp(x->name, "grad.", 5) == 0) CHECK(strstr(x->name, "lora"));
    }
    CHECK(ift_graph_grad(g, ift_graph_find(g, "3.q.lora_a")) ==
          ift_graph_find(g, "grad.3.q.lora_a"));
    CHECK_INT(ift_graph_grad(g, ift_graph_find(g, "3.q")), 0);
    CHECK_INT(ift_graph_grad(g, ift_graph_find(g, "0.q")), 0);
    ift_graph_free(g);
}

/* The loss gives its own gradients: logits are computed once; the head's only when it is trained.
 */
static void test_loss_gradients(void) {
    struct case_llama c = tiny;
    size_t forward;
    struct ift_graph *g = backward_of(&c, &forward);
    const struct ift_node *n = ift_graph_node(g, forward - 1);
    CHECK(n->op == IFT_OP_XENT && n->out[1] && n->out[2] == ift_graph_find(g, "grad.head"));
    CHECK_INT(count_ops(g, IFT_OP_XENT, 0), 1);
    ift_graph_free(g);
    c.train = false;
    c.rank = 2;
    g = backward_of(&c, &forward);
    n = ift_graph_node(g, forward - 1);
    CHECK(n->out[1] && !n->out[2]);
    ift_graph_free(g);
    g = ift_graph_new();
    case_forward(g, &c);
    n = ift_graph_node(g, ift_graph_nodes(g) - 1);
    CHECK(!n->out[1] && !n->out[2]);
    ift_graph_free(g);
}

/* Sums of gradients happen inside products and norms: a LLaMA needs not one separate addition. */
static void test_no_separate_sums(void) {
    struct case_llama c = tiny;
    size_t forward;
    for (int i = 0; i < 4; i++) {
        c.add_norm = i & 1;
        c.train = i & 2;
        c.rank = c.train ? 0 : 2;
        struct ift_graph *g = backward_of(&c, &forward);
        CHECK_INT(count_ops(g, IFT_OP_AXPBY, 0), 0);
        ift_graph_free(g);
    }
}

/* NORM, GLU and DROPOUT outputs that a weight gradient reads are made again, each once, right
 * before; but not where that would mean to keep more than the output. */
static void test_recomputed(void) {
    struct case_llama c = tiny;
    c.layers = 3;
    size_t forward;
    struct ift_graph *g = backward_of(&c, &forward);
    CHECK_INT(count_ops(g, IFT_OP_NORM, forward),
              2 * 3); /* for q, k and v together; for gate and up */
    CHECK_INT(count_ops(g, IFT_OP_GLU, forward), 3);
    for (size_t i = forward; i < ift_graph_nodes(g); i++) {
        const struct ift_node *n = ift_graph_node(g, i), *next = ift_graph_node(g, i + 1);
        if (n->op == IFT_OP_NORM || n->op == IFT_OP_GLU)
            CHECK(next->op == IFT_OP_GEMM && next->in[1] == n->out[0]);
    }
    ift_graph_free(g);

    c.train = false;
    c.rank = 2;
    c.dropout = 0.5f;
    g = backward_of(&c, &forward);
    CHECK_INT(count_ops(g, IFT_OP_GLU, forward), 0);
    /* Once for each lora_a, and turned back where q and v pass a gradient on. */
    CHECK_INT(count_ops(g, IFT_OP_DROPOUT, forward), 3 * 2 + 2 * 2);
    CHECK_INT(count_ops(g, IFT_OP_NORM, forward),
              2); /* the first layer's has no backward: its output is kept */
    ift_graph_free(g);

    struct ift_err err = {0};
    struct odd o = odd_new(false);
    const ift_val glu = ift_graph_glu(o.g, o.x, ift_graph_axpby(o.g, 2, o.x, 0, 0), IFT_ACT_SILU);
    const ift_val h = ift_graph_linear(o.g, glu, case_param(&o.b, "w", 6, 6, true), 0);
    const ift_val head = ift_graph_find(o.g, "embed");
    CHECK_OK(ift_graph_backward(o.g, ift_graph_xent(o.g, h, head, 0, o.b.targets, o.b.scale), &err),
             &err);
    CHECK_INT(count_ops(o.g, IFT_OP_GLU, 0), 1);
    ift_graph_free(o.g);
}

/* ---- mistakes ---- */

static void expect_refused(struct ift_graph *g, ift_val loss, const char *text) {
    struct ift_err err = {0};
    CHECK_INT(ift_graph_backward(g, loss, &err), -1);
    CHECK(strstr(err.text, text));
    if (!strstr(err.text, text)) fprintf(stderr, "said: %s\n", err.text);
    ift_graph_free(g);
}

static void test_refused(void) {
    struct odd o = odd_new(true);
    expect_refused(o.g, o.x, "starts from a cross entropy");

    o = odd_new(true);
    expect_refused(o.g, 0, "no loss given");

    o = odd_new(true);
    const ift_val frozen = case_param(&o.b, "frozen", 9, 6, false);
    ift_val h = ift_graph_embed(o.g, frozen, o.b.ids, -1);
    expect_refused(o.g, ift_graph_xent(o.g, h, frozen, 0, o.b.targets, o.b.scale),
                   "no trainable parameter");

    o = odd_new(true);
    const int64_t picks[] = {0}, cache[] = {16, 6};
    const ift_val rows = ift_graph_input(o.g, "picks", IFT_I32, IFT_PICKS, 1, picks);
    const ift_val targets = ift_graph_input(o.g, "picked", IFT_I32, IFT_PICKS, 1, picks);
    h = ift_graph_gather(o.g, o.x, rows);
    expect_refused(o.g, ift_graph_xent(o.g, h, ift_graph_find(o.g, "embed"), 0, targets, o.b.scale),
                   "GATHER has no gradient");

    o = odd_new(true);
    const struct ift_graph_attn a = {.heads = 3,
                                     .kv_heads = 3,
                                     .head_dim = 2,
                                     .scale = 1,
                                     .causal = true};
    const ift_val state = ift_graph_state(o.g, "cache", IFT_F32, 2, cache);
    const ift_val keys = ift_graph_scatter(o.g, o.x, o.b.positions, state);
    h = ift_graph_attn(o.g, o.x, keys, keys, o.b.segments, a);
    expect_refused(o.g,
                   ift_graph_xent(o.g, h, ift_graph_find(o.g, "embed"), 0, o.b.targets, o.b.scale),
                   "SCATTER has no gradient");

    o = odd_new(true);
    const ift_val p = case_param(&o.b, "p", 9, 6, true);
    const ift_val computed = ift_graph_axpby(o.g, 2, p, 0, 0);
    h = ift_graph_embed(o.g, computed, o.b.ids, -1);
    expect_refused(o.g, ift_graph_xent(o.g, h, computed, 0, o.b.targets, o.b.scale),
                   "computed weight");

    struct ift_err err = {0};
    o = odd_new(true);
    const ift_val loss =
        ift_graph_xent(o.g, o.x, ift_graph_find(o.g, "embed"), 0, o.b.targets, o.b.scale);
    CHECK_OK(ift_graph_backward(o.g, loss, &err), &err);
    expect_refused(o.g, loss, "made before");
}

int main(void) {
    test_frozen_weights_cost_nothing();
    test_loss_gradients();
    test_no_separate_sums();
    test_recomputed();
    test_refused();
    return check_done();
}
