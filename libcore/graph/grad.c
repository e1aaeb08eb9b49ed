/* The backward: one rule per op, applied to the nodes from the loss back to the first one that
 * anything trainable needs.
 *
 * Gradients of values are values; gradients of trainable parameters are states that the backward
 * adds to. A value used several times collects its gradient inside the ops that can add to what is
 * there (GEMM's c, NORM_BWD's dadd), which the plan then does in place.
 *
 * What the backward reads of the forward must live until it is read. Where making it again costs
 * little beside a matrix product it is made again from what is kept anyway (see `saved`).
 */
#include <stdlib.h>
#include <string.h>

#include "libcore/graph/graph_internal.h"

struct grad {
    struct ift_graph *g;
    size_t forward; /* values of the forward: 1 .. forward */
    ift_val *of;    /* (forward + 1) the gradient of a value so far, 0 none */
    ift_val *again; /* (forward + 1) its copy made again in the backward, 0 none */
    size_t *maker;  /* (forward + 1) the node that made it, plus 1; 0 none */
    bool *kept;     /* (forward + 1) a checkpoint */
    struct ift_err *err;
};

static const struct ift_value *value(const struct grad *b, ift_val v) {
    return b->g->value[v];
}

static bool needs(const struct grad *b, ift_val v) {
    return v && value(b, v)->needs_grad;
}

static ift_val temp_like(struct grad *b, ift_val v) {
    return ift_graph_temp(b->g, value(b, v));
}

/* ---- reading the forward ---- */

/* Can `v` be had again for little? NORM, GLU and ACT are passes over memory whose backward keeps
 * their inputs anyway, but only when there is one: else keeping the output is cheaper. DROPOUT's
 * mask is a function of its key, and its input, unlike its output, is often shared by several
 * modules. */
static bool is_cheap(const struct grad *b, ift_val v) {
    if (!b->maker[v] || value(b, v)->role != IFT_TEMP) return false;
    const struct ift_node *n = &b->g->node[b->maker[v] - 1];
    if (v != n->out[0]) return false;
    if (n->op == IFT_OP_DROPOUT) return true;
    const bool kept = n->op == IFT_OP_NORM || n->op == IFT_OP_GLU || n->op == IFT_OP_ACT;
    return kept && value(b, v)->needs_grad;
}

/* With checkpoints, everything between them is made again: whole blocks of the model. */
static bool is_recomputed(const struct grad *b, ift_val v) {
    if (b->kept[v]) return false;
    return is_cheap(b, v) || (b->g->recompute && b->maker[v] && value(b, v)->role == IFT_TEMP);
}

/* A forward value as the backward should read it: itself, or made again right here. */
static ift_val saved(struct grad *b, ift_val v) {
    if (!is_recomputed(b, v)) return v;
    if (b->again[v]) return b->again[v];
    struct ift_node n = b->g->node[b->maker[v] - 1], copy = n;
    if (n.op == IFT_OP_NORM && n.out[2] && v != n.out[2]) {
        copy.in[0] = saved(b, n.out[2]);
        if (b->again[v]) return b->again[v]; /* made along with the sum */
        copy.in[2] = n.out[2] = copy.out[2] = 0;
    } else {
        for (int i = 0; i < IFT_MAX_IN; i++)
            if (n.in[i]) copy.in[i] = saved(b, n.in[i]);
    }
    for (int i = 0; i < IFT_MAX_OUT; i++)
        if (n.out[i]) b->again[n.out[i]] = copy.out[i] = temp_like(b, n.out[i]);
    copy.again = true;
    ift_graph_push(b->g, &copy);
    return b->again[v];
}

/* ---- writing gradients ---- */

/* Adds alpha * contribution to the gradient of v. */
static void contribute(struct grad *b, ift_val v, float alpha, ift_val contribution) {
    if (!needs(b, v)) return;
    struct ift_node n = {.op = IFT_OP_AXPBY, .at.axpby = {alpha, 1}};
    n.in[0] = contribution;
    if (value(b, v)->trainable)
        n.in[1] = n.out[0] = ift_graph_grad_state(b->g, v);
    else if (!b->of[v] && alpha == 1) {
        b->of[v] = contribution;
        return;
    } else {
        n.in[1] = b->of[v];
        n.out[0] = b->of[v] = temp_like(b, v);
    }
    ift_graph_push(b->g, &n);
}

/* Adds alpha op(x) op(y) to the gradient of v, inside the product. */
static void contribute_product(struct grad *b, ift_val v, ift_val x, bool trans_x, ift_val y,
                               bool trans_y, float alpha) {
    struct ift_node n = {.op = IFT_OP_GEMM, .in = {x, y}, .at.gemm = {alpha, trans_x, trans_y}};
    if (value(b, v)->trainable) {
        n.in[2] = n.out[0] = ift_graph_grad_state(b->g, v);
    } else {
        n.in[2] = b->of[v];
        n.out[0] = b->of[v] = temp_like(b, v);
    }
    ift_graph_push(b->g, &n);
}

/* Where an op that only adds leaves the gradient of `v`: a parameter's state; 0 if v needs none. */
static int accumulator(struct grad *b, ift_val v, ift_val *state) {
    *state = 0;
    if (!needs(b, v)) return 0;
    char text[IFT_VALUE_TEXT];
    if (!value(b, v)->trainable)
        return IFT_FAIL(b->err, "a computed weight %s cannot be trained: make it a parameter",
                        ift_value_text(value(b, v), text));
    *state = ift_graph_grad_state(b->g, v);
    return 0;
}

/* ---- the rules: n is a node whose first output has a gradient, unless said otherwise ---- */

/* y = alpha op(a) op(b) + c + bias. The right factor goes first: it is the weight, and what it
 * reads of the forward is free before the gradient of the input takes room. */
static int gemm_rule(struct grad *b, struct ift_node n) {
    const ift_val left = n.in[0], right = n.in[1], dy = b->of[n.out[0]];
    const bool ta = n.at.gemm.trans_a, tb = n.at.gemm.trans_b;
    const float alpha = n.at.gemm.alpha;
    if (needs(b, right)) {
        const ift_val x = saved(b, left);
        if (tb)
            contribute_product(b, right, dy, true, x, ta, alpha);
        else
            contribute_product(b, right, x, !ta, dy, false, alpha);
    }
    if (needs(b, left)) {
        const ift_val w = saved(b, right);
        if (ta)
            contribute_product(b, left, w, tb, dy, true, alpha);
        else
            contribute_product(b, left, dy, false, w, !tb, alpha);
    }
    contribute(b, n.in[2], 1, dy);
    ift_val dbias;
    IFT_TRY(accumulator(b, n.in[3], &dbias));
    if (dbias)
        ift_graph_push(b->g, &(struct ift_node){.op = IFT_OP_COLSUM, .in = {dy}, .out = {dbias}});
    return 0;
}

static int embed_rule(struct grad *b, struct ift_node n) {
    ift_val dtable;
    IFT_TRY(accumulator(b, n.in[0], &dtable));
    ift_graph_push(b->g, &(struct ift_node){.op = IFT_OP_EMBED_BWD,
                                            .in = {b->of[n.out[0]], n.in[1]},
                                            .out = {dtable},
                                            .at.embed_bwd = n.at.embed_bwd});
    return 0;
}

/* Also called when only the residual sum has a gradient: then that passes through. */
static int norm_rule(struct grad *b, struct ift_node n) {
    const ift_val x = n.in[0], weight = n.in[1], add = n.in[2], sum = n.out[2];
    const ift_val dy = b->of[n.out[0]];
    ift_val dsum = sum ? b->of[sum] : 0, dweight, dbias;
    if (dy) {
        IFT_TRY(accumulator(b, weight, &dweight));
        IFT_TRY(accumulator(b, n.in[3], &dbias));
        const bool through = needs(b, x) || needs(b, add);
        /* Without a residual sum what reaches x from elsewhere is added in the same pass. */
        const ift_val so_far = add ? dsum : through && !value(b, x)->trainable ? b->of[x] : 0;
        const ift_val dx = temp_like(b, x);
        ift_graph_push(b->g, &(struct ift_node){.op = IFT_OP_NORM_BWD,
                                                .in = {dy, saved(b, add ? sum : x), weight,
                                                       n.out[1], through ? so_far : 0, n.out[3]},
                                                .out = {dx, dweight, dbias},
                                                .at.norm = n.at.norm});
        if (so_far && !add) b->of[x] = 0;
        dsum = dx;
    }
    contribute(b, x, 1, dsum);
    contribute(b, add, 1, dsum);
    return 0;
}

/* Also called when only a later part has a gradient; one without counts as 0. */
static int split_rule(struct grad *b, struct ift_node n) {
    struct ift_node d = {.op = IFT_OP_JOIN, .at.split = n.at.split};
    for (int i = 0; i < 3; i++)
        if (n.out[i]) d.in[i] = b->of[n.out[i]];
    d.out[0] = temp_like(b, n.in[0]);
    contribute(b, n.in[0], 1, ift_graph_push(b->g, &d));
    return 0;
}

/* A rotation turned back. */
static int rope_rule(struct grad *b, struct ift_node n) {
    const ift_val x = n.in[0];
    n.in[0] = b->of[n.out[0]];
    n.out[0] = temp_like(b, x);
    n.at.rope.inverse = !n.at.rope.inverse;
    contribute(b, x, 1, ift_graph_push(b->g, &n));
    return 0;
}

static int dropout_rule(struct grad *b, struct ift_node n) {
    const ift_val x = n.in[0];
    n.in[0] = b->of[n.out[0]];
    n.out[0] = temp_like(b, x);
    contribute(b, x, 1, ift_graph_push(b->g, &n));
    return 0;
}

static int attn_rule(struct grad *b, struct ift_node n) {
    struct ift_node d = {.op = IFT_OP_ATTN_BWD, .at.attn = n.at.attn};
    d.in[0] = b->of[n.out[0]];
    for (int i = 0; i < 3; i++) {
        d.in[1 + i] = saved(b, n.in[i]);
        d.out[i] = temp_like(b, n.in[i]);
    }
    d.in[4] = saved(b, n.out[0]);
    d.in[5] = n.out[1];
    d.in[6] = n.in[3];
    d.in[7] = n.in[4];
    ift_graph_push(b->g, &d);
    for (int i = 0; i < 3; i++) contribute(b, n.in[i], 1, d.out[i]);
    return 0;
}

static int glu_rule(struct grad *b, struct ift_node n) {
    const ift_val gate = n.in[0], up = n.in[1];
    const struct ift_node d = {.op = IFT_OP_GLU_BWD,
                               .in = {b->of[n.out[0]], saved(b, gate), saved(b, up)},
                               .out = {temp_like(b, gate), temp_like(b, up)},
                               .at.act = n.at.act};
    ift_graph_push(b->g, &d);
    contribute(b, gate, 1, d.out[0]);
    contribute(b, up, 1, d.out[1]);
    return 0;
}

static int act_rule(struct grad *b, struct ift_node n) {
    const ift_val x = n.in[0];
    const struct ift_node d = {.op = IFT_OP_ACT_BWD,
                               .in = {b->of[n.out[0]], saved(b, x)},
                               .out = {temp_like(b, x)},
                               .at.act = n.at.act};
    contribute(b, x, 1, ift_graph_push(b->g, &d));
    return 0;
}

static int unit_rule(struct grad *b, struct ift_node n) {
    const ift_val x = n.in[0];
    const struct ift_node d = {.op = IFT_OP_UNIT_BWD,
                               .in = {b->of[n.out[0]], saved(b, x)},
                               .out = {temp_like(b, x)}};
    contribute(b, x, 1, ift_graph_push(b->g, &d));
    return 0;
}

static int axpby_rule(struct grad *b, struct ift_node n) {
    const ift_val dz = b->of[n.out[0]];
    contribute(b, n.in[0], n.at.axpby.alpha, dz);
    contribute(b, n.in[1], n.at.axpby.beta, dz);
    return 0;
}

/* NULL: no gradient is defined. The loss, XENT, is where a backward starts and gives its gradients
 * itself. */
static int (*const rules[IFT_OP_COUNT])(struct grad *b, struct ift_node n) = {
    [IFT_OP_GEMM] = gemm_rule,   [IFT_OP_EMBED] = embed_rule,     [IFT_OP_NORM] = norm_rule,
    [IFT_OP_ROPE] = rope_rule,   [IFT_OP_ATTN] = attn_rule,       [IFT_OP_GLU] = glu_rule,
    [IFT_OP_AXPBY] = axpby_rule, [IFT_OP_DROPOUT] = dropout_rule, [IFT_OP_ACT] = act_rule,
    [IFT_OP_UNIT] = unit_rule,   [IFT_OP_SPLIT] = split_rule,
};

/* Inserts a node in front of the one that `at` counts from 1. */
static void insert(struct grad *b, size_t at, const struct ift_node *n) {
    struct ift_graph *const g = b->g;
    ift_graph_push(g, n);
    memmove(g->node + at, g->node + at - 1, (g->nodes - at) * sizeof *g->node);
    g->node[at - 1] = *n;
    for (size_t v = 0; v <= b->forward; v++) b->maker[v] += b->maker[v] >= at;
}

/* Where the loss leaves the gradient of its weight or bias v. A computed one gets a temporary that
 * is made zero in front of the loss, each time. */
static int loss_accumulator(struct grad *b, ift_val loss, ift_val v, ift_val *to) {
    if (!needs(b, v) || value(b, v)->trainable) return accumulator(b, v, to);
    *to = b->of[v] = temp_like(b, v);
    const struct ift_node zero = {.op = IFT_OP_AXPBY, .in = {v}, .out = {*to}};
    insert(b, b->maker[loss], &zero);
    return 0;
}

/* Turns the loss node into one that gives its gradients too: the logits are computed once. */
static int start(struct grad *b, ift_val loss) {
    const size_t made = b->maker[loss];
    if (!made || b->g->node[made - 1].op != IFT_OP_XENT)
        return IFT_FAIL(b->err, "a backward starts from a cross entropy, not from another value");
    struct ift_node n = b->g->node[made - 1];
    if (n.out[1] || n.out[2] || n.out[3])
        return IFT_FAIL(b->err, "the backward of this loss was made before");
    if (!needs(b, loss)) return IFT_FAIL(b->err, "the loss depends on no trainable parameter");
    IFT_TRY(loss_accumulator(b, loss, n.in[1], &n.out[2]));
    IFT_TRY(loss_accumulator(b, loss, n.in[4], &n.out[3]));
    if (needs(b, n.in[0])) n.out[1] = temp_like(b, n.in[0]);
    b->g->node[b->maker[loss] - 1] = n;
    contribute(b, n.in[0], 1, n.out[1]);
    return 0;
}

/* Does a gradient reach any output of the node? rstd, mean and lse never get one. */
static bool has_gradient(const struct grad *b, const struct ift_node *n) {
    bool has = false;
    for (int i = 0; i < IFT_MAX_OUT; i++) has |= n->out[i] && b->of[n->out[i]];
    return has;
}

static int walk_back(struct grad *b, ift_val loss) {
    const size_t made =
        b->maker[loss]; /* what start puts in front of the loss is not of the forward */
    IFT_TRY(start(b, loss));
    for (size_t i = made - 1; i-- > 0;) {
        const struct ift_node n = b->g->node[i];
        if (!has_gradient(b, &n)) continue;
        if (!rules[n.op])
            return IFT_FAIL(b->err, "%s has no gradient: nothing trained may pass through it",
                            ift_op_name(n.op));
        IFT_TRY(rules[n.op](b, n));
    }
    return ift_graph_check(b->g, b->err);
}

int ift_graph_backward(struct ift_graph *g, ift_val loss, struct ift_err *err) {
    IFT_TRY(ift_graph_check(g, err));
    if (!ift_graph_value(g, loss)) return IFT_FAIL(err, "no loss given");
    struct grad b = {.g = g, .forward = g->values, .err = err};
    b.of = ift_alloc0(g->values + 1, sizeof *b.of);
    b.again = ift_alloc0(g->values + 1, sizeof *b.again);
    b.maker = ift_alloc0(g->values + 1, sizeof *b.maker);
    b.kept = ift_alloc0(g->values + 1, sizeof *b.kept);
    for (size_t i = 0; g->recompute && i < g->checkpoints; i += g->recompute)
        b.kept[g->checkpoint[i]] = true;
    for (size_t i = 0; i < g->nodes; i++)
        for (int j = 0; j < IFT_MAX_OUT; j++)
            if (g->node[i].out[j]) b.maker[g->node[i].out[j]] = i + 1;
    g->backward = true;
    const int rc = walk_back(&b, loss);
    g->backward = false;
    free(b.of);
    free(b.again);
    free(b.maker);
    free(b.kept);
    return rc;
}
