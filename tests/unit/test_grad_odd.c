/* Gradients of graphs that no model is, each for one op or one way of putting ops together. */
#include "tests/unit/grad_check.h"

static void odd_check_head(struct odd *o, ift_val h, ift_val head, int prefix) {
    const ift_val loss = ift_graph_xent(o->g, h, head, 0, o->b.targets, o->b.scale);
    struct case_batch batch = case_batch_of(&odd_case, (const int[]){4, 6}, 2);
    batch.segments[5 * 1 + 4] = prefix; /* of the second document */
    check_gradients(o->g, loss, &batch);
}

static void odd_check(struct odd *o, ift_val h) {
    odd_check_head(o, h, case_param(&o->b, "head", 9, 6, true), 0);
}

/* One value read by many ops, and several times by one. */
static void test_values_used_often(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "w", 6, 6, true), n = case_param(&o.b, "norm", 6, 0, true);
    const ift_val twice = ift_graph_axpby(o.g, 0.5f, o.x, -1.5f, o.x);
    const ift_val thrice =
        ift_graph_glu(o.g, o.x, ift_graph_axpby(o.g, 2, o.x, 1, twice), IFT_ACT_SILU);
    const ift_val normed = ift_graph_norm(o.g, thrice, n, 1e-5f);
    const ift_val self = ift_graph_glu(o.g, normed, normed, IFT_ACT_GELU);
    ift_val sum;
    const ift_val again =
        ift_graph_add_norm(o.g, self, self, n, 1e-5f, &sum); /* one weight, two norms */
    ift_val h = ift_graph_linear_add(o.g, again, w, 0.7f, sum);
    h = ift_graph_linear_add(o.g, h, w, -0.3f, h); /* the factor is the addend too */
    h = ift_graph_axpby(o.g, 1, h, 1, ift_graph_norm(o.g, sum, n, 1e-3f));
    odd_check(&o, ift_graph_axpby(o.g, 1, h, 2, o.x));
}

/* The logits have a bias, trained or not. */
static void test_biased_loss(void) {
    for (int trained = 0; trained < 2; trained++) {
        struct odd o = odd_new(true);
        const ift_val head = case_param(&o.b, "head", 9, 6, true);
        const ift_val bias = case_param(&o.b, "head.bias", 9, 0, trained);
        const ift_val loss = ift_graph_xent(o.g, o.x, head, bias, o.b.targets, o.b.scale);
        const struct case_batch batch = case_batch_of(&odd_case, (const int[]){4, 6}, 2);
        check_gradients(o.g, loss, &batch);
    }
}

/* The loss reads rows of length one, made of the embedding; and a bias that is computed too. */
static void test_computed_head(void) {
    struct odd o = odd_new(true);
    const ift_val embed = ift_graph_find(o.g, "embed");
    const ift_val bias = case_param(&o.b, "head.bias", 9, 0, true);
    const ift_val loss =
        ift_graph_xent(o.g, o.x, ift_graph_unit_rows(o.g, embed),
                       ift_graph_axpby(o.g, 2, bias, 0, 0), o.b.targets, o.b.scale);
    const struct case_batch batch = case_batch_of(&odd_case, (const int[]){4, 6}, 2);
    check_gradients(o.g, loss, &batch);
}

/* q, k and v are one value; the embedding is the head too. */
static void test_one_value_for_all(void) {
    struct odd o = odd_new(true);
    const struct ift_graph_attn a = {.heads = 3,
                                     .kv_heads = 3,
                                     .head_dim = 2,
                                     .scale = 0.6f,
                                     .causal = true};
    const ift_val y = ift_graph_attn(o.g, o.x, o.x, o.x, o.b.segments, a);
    const ift_val embed = ift_graph_find(o.g, "embed");
    const ift_val w =
        ift_graph_gemm(o.g, y, false, embed, true, 0.5f, 0, 0); /* (N, 9): the table as a weight */
    const ift_val h = ift_graph_gemm(o.g, w, false, embed, false, 1, o.x, 0);
    odd_check(&o, h);
}

/* All four ways to transpose, with gradients on both sides; products over the tokens; parameters as
 * left factor and addend. */
static void test_products(void) {
    struct odd o = odd_new(true);
    const ift_val p = case_param(&o.b, "p", 6, 4, true), q = case_param(&o.b, "q", 4, 6, true);
    const ift_val r = case_param(&o.b, "r", 6, 6, true);
    const ift_val u = ift_graph_gemm(o.g, o.x, false, p, false, 0.8f, 0, 0); /* (N, 4) */
    const ift_val m =
        ift_graph_gemm(o.g, o.x, true, u, false, 0.1f, p, 0); /* (6, 4), over the tokens */
    const ift_val s = ift_graph_gemm(o.g, q, true, m, true, 1.2f, r, 0);    /* (6, 6) = q' m' + r */
    const ift_val t = ift_graph_gemm(o.g, m, false, q, false, -0.4f, s, 0); /* (6, 6) */
    const ift_val y = ift_graph_gemm(o.g, o.x, false, t, true, 1, 0, 0);
    odd_check(&o, ift_graph_gemm(o.g, y, false, s, false, 0.5f, o.x, 0));
}

/* Parameters where activations usually are. */
static void test_parameters_as_activations(void) {
    struct odd o = odd_new(true);
    const ift_val p = case_param(&o.b, "p", 6, 6, true), n = case_param(&o.b, "norm", 6, 0, true);
    const ift_val z = ift_graph_glu(o.g, p, ift_graph_axpby(o.g, 0.5f, p, 1.5f, p), IFT_ACT_SILU);
    ift_val sum;
    const ift_val w = ift_graph_add_norm(o.g, z, p, n, 1e-5f, &sum);
    const ift_val v = ift_graph_norm(o.g, p, n, 1e-5f);
    odd_check(&o, ift_graph_linear(o.g, ift_graph_linear(o.g, o.x, w, 0),
                                   ift_graph_axpby(o.g, 1, v, 1, sum), 0));
}

/* Only part of a residual sum is read. */
static void test_norm_outputs_left_alone(void) {
    struct odd o = odd_new(true);
    const ift_val n = case_param(&o.b, "norm", 6, 0, true),
                  m = case_param(&o.b, "norm2", 6, 0, true);
    ift_val sum, unread;
    ift_graph_add_norm(o.g, o.x, ift_graph_axpby(o.g, 3, o.x, 0, 0), n, 1e-5f,
                       &sum); /* the norm itself goes nowhere */
    odd_check(&o, ift_graph_add_norm(o.g, sum, o.x, m, 1e-5f, &unread));
}

/* A block as Bloom has it: layer norms, q, k and v of each head side by side, slopes, a plain
 * activation; then the same with a prefix and without biases. */
static void test_slopes_and_layer_norms(void) {
    for (int prefix = 0; prefix <= 4; prefix += 4) {
        struct odd o = odd_new(true);
        const ift_val fused = case_param(&o.b, "fused", 18, 6, true),
                      up = case_param(&o.b, "up", 7, 6, true),
                      down = case_param(&o.b, "down", 6, 7, true);
        const ift_val bias = prefix ? 0 : case_param(&o.b, "bias", 6, 0, true);
        const struct ift_graph_attn a = {.heads = 3,
                                         .kv_heads = 3,
                                         .head_dim = 2,
                                         .scale = 0.6f,
                                         .causal = true,
                                         .slopes = case_param(&o.b, "slopes", 3, 0, false)};
        ift_val h =
            ift_graph_layer_norm(o.g, o.x, case_param(&o.b, "norm1", 6, 0, true), bias, 1e-5f);
        ift_val q, k, v, sum;
        const struct ift_graph_split s = {.groups = 3, .q = 2, .k = 2, .v = 2};
        const ift_val qkv =
            ift_graph_linear(o.g, h, fused, prefix ? 0 : case_param(&o.b, "qkv", 18, 0, true));
        ift_graph_split(o.g, qkv, s, &q, &k, &v);
        h = ift_graph_attn(o.g, q, k, v, o.b.segments, a);
        h = ift_graph_add_layer_norm(o.g, o.x, h, case_param(&o.b, "norm2", 6, 0, true), bias,
                                     1e-5f, &sum);
        h = ift_graph_act(o.g, ift_graph_linear(o.g, h, up, 0), IFT_ACT_GELU_TANH);
        h = ift_graph_linear_add(o.g, h, down, 1, sum);
        odd_check_head(&o, h, case_param(&o.b, "head", 9, 6, true), prefix);
    }
}

/* Parts that no gradient reaches count as 0; parts without columns are none. */
static void test_split(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "w", 20, 6, true), u = case_param(&o.b, "u", 12, 6, true);
    ift_val q, k, v, gate, up, none;
    ift_graph_split(o.g, ift_graph_linear(o.g, o.x, w, 0),
                    (struct ift_graph_split){.groups = 2, .q = 4, .k = 3, .v = 3, .v_before_k = 1},
                    &q, &k, &v);
    ift_graph_split(o.g, ift_graph_linear(o.g, o.x, u, 0),
                    (struct ift_graph_split){.groups = 1, .q = 6, .k = 6}, &gate, &up, &none);
    CHECK(q && k && v && gate && up && !none);
    const ift_val h = ift_graph_glu(o.g, gate, up, IFT_ACT_TANH);
    odd_check(&o, ift_graph_axpby(o.g, 1, h, -0.7f, k)); /* k alone */
}

static void test_acts(void) {
    for (int act = IFT_ACT_SILU; act <= IFT_ACT_TANH; act++) {
        struct odd o = odd_new(true);
        const ift_val w = case_param(&o.b, "w", 6, 6, true), p = case_param(&o.b, "p", 6, 6, true);
        const ift_val h = ift_graph_act(o.g, ift_graph_linear(o.g, o.x, p, 0), (enum ift_act)act);
        odd_check(&o, ift_graph_linear_add(o.g, h, w, 1, ift_graph_act(o.g, o.x, act)));
    }
}

/* Heads normed one by one, and two parts of a head turned by one table. */
static void test_heads(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "norm", 3, 0, true), b = case_param(&o.b, "b", 2, 0, true),
                  c = case_param(&o.b, "norm2", 2, 0, true);
    ift_val h = ift_graph_norm(o.g, o.x, w, 1e-5f), sum;         /* 2 heads of 3 */
    h = ift_graph_add_layer_norm(o.g, h, o.x, c, b, 0.1f, &sum); /* 3 of 2 */
    h = ift_graph_rope(o.g, h, o.b.positions, o.b.table, 1, 6, 0, 2, false);
    h = ift_graph_rope(o.g, h, o.b.positions, o.b.table, 1, 6, 3, 2, true);
    odd_check(&o, ift_graph_axpby(o.g, 1, h, 0.3f, sum));
}

/* Rows of length 1 as the weight of a product and of the loss, whose gradients are then values. */
static void test_unit_rows(void) {
    struct odd o = odd_new(true);
    const ift_val w = case_param(&o.b, "w", 6, 6, true),
                  head = case_param(&o.b, "head", 9, 6, true);
    const ift_val h =
        ift_graph_linear(o.g, ift_graph_unit_rows(o.g, o.x), ift_graph_unit_rows(o.g, w), 0);
    odd_check_head(&o, h, ift_graph_unit_rows(o.g, head), 0);
    o = odd_new(
        true); /* the weight is used before too, and has a gradient when the loss adds its */
    const ift_val unit = ift_graph_unit_rows(o.g, ift_graph_find(o.g, "embed"));
    const ift_val z = ift_graph_linear(o.g, o.x, unit, 0);
    odd_check_head(&o, ift_graph_gemm(o.g, z, false, unit, false, 1, o.x, 0), unit, 0);
}

int main(void) {
    test_values_used_often();
    test_biased_loss();
    test_computed_head();
    test_one_value_for_all();
    test_products();
    test_parameters_as_activations();
    test_norm_outputs_left_alone();
    test_slopes_and_layer_norms();
    test_split();
    test_acts();
    test_heads();
    test_unit_rows();
    return check_done();
}
