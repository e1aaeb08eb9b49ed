#include "libcore/graph/graph.h"

#include "tests/unit/graph_case.h"

static const int64_t vec1[] = {1}, vec8[] = {8}, tokens[] = {0}, tokens8[] = {0, 8}, w58[] = {5, 8},
                     w57[] = {5, 7};

static void test_sources(void) {
    struct ift_err err = {0};
    struct ift_graph *g = ift_graph_new();
    char name[] = "model.embed";
    const ift_val w = ift_graph_param(g, name, 2, w58, true);
    name[0] = 'x'; /* names are copied */
    CHECK_INT(ift_graph_find(g, "model.embed"), w);
    CHECK_INT(ift_graph_find(g, "xodel.embed"), 0);
    CHECK_INT(ift_graph_param(g, "model.embed", 2, w58, true), w);
    const struct ift_value *v = ift_graph_value(g, w);
    CHECK(v->role == IFT_PARAM && v->dtype == IFT_F32 && v->trainable && v->needs_grad &&
          v->dim[1] == 8);
    const ift_val x = ift_graph_input(g, "x", IFT_F32, IFT_TOKENS, 2, w58);
    CHECK_INT(ift_graph_value(g, x)->dim[0], 0); /* the run says */
    CHECK_INT(ift_value_count(ift_graph_value(g, x), (int64_t[]){0, 11, 0, 0}), 88);
    const ift_val s = ift_graph_state(g, "cache", IFT_F32, 2, w58);
    CHECK_INT(ift_graph_state(g, "cache", IFT_F32, 2, w58), s);
    CHECK(ift_graph_value(g, 0) == NULL && ift_graph_value(g, 99) == NULL &&
          ift_graph_node(g, 0) == NULL);
    CHECK_OK(ift_graph_check(g, &err), &err);
    ift_graph_free(g);
}

/* Names stay found while there come many. */
static void test_many_names(void) {
    struct ift_graph *g = ift_graph_new();
    char name[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "layer.%d.weight", i);
        CHECK_INT(ift_graph_param(g, name, 1, vec8, false), i + 1);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "layer.%d.weight", i);
        CHECK_INT(ift_graph_find(g, name), i + 1);
    }
    CHECK_STR(ift_graph_value(g, 4000)->name, "layer.3999.weight");
    ift_graph_free(g);
}

static void test_shapes(void) {
    struct ift_err err = {0};
    const struct case_llama c = {.layers = 1,
                                 .heads = 4,
                                 .kv_heads = 2,
                                 .hidden = 32,
                                 .head_dim = 8,
                                 .inner = 48,
                                 .vocab = 61,
                                 .bias = true,
                                 .pad = -1};
    struct ift_graph *g = ift_graph_new();
    const ift_val loss = case_forward(g, &c);
    CHECK_OK(ift_graph_check(g, &err), &err);
    CHECK(ift_graph_value(g, loss)->ndim == 1 && ift_graph_value(g, loss)->extent == IFT_TOKENS);
    CHECK(ift_graph_value(g, loss)->keep && !ift_graph_value(g, loss)->needs_grad);
    static const struct {
        enum ift_op op;
        int64_t width;
    } want[] = {
        {IFT_OP_EMBED, 32}, {IFT_OP_NORM, 32}, {IFT_OP_GEMM, 32}, {IFT_OP_GEMM, 16},
        {IFT_OP_GEMM, 16},  {IFT_OP_ROPE, 32}, {IFT_OP_ROPE, 16}, {IFT_OP_ATTN, 32},
        {IFT_OP_GEMM, 32},  {IFT_OP_NORM, 32}, {IFT_OP_GEMM, 48}, {IFT_OP_GEMM, 48},
        {IFT_OP_GLU, 48},   {IFT_OP_GEMM, 32}, {IFT_OP_NORM, 32}, {IFT_OP_XENT, 0},
    };
    CHECK_INT(ift_graph_nodes(g), sizeof want / sizeof *want);
    for (size_t i = 0; i < ift_graph_nodes(g) && i < sizeof want / sizeof *want; i++) {
        const struct ift_node *n = ift_graph_node(g, i);
        CHECK_INT(n->op, want[i].op);
        CHECK_INT(ift_graph_value(g, n->out[0])->dim[1], want[i].width);
        CHECK_INT(ift_graph_value(g, n->out[0])->extent, IFT_TOKENS);
    }
    CHECK_INT(ift_graph_value(g, ift_graph_node(g, 7)->out[1])->dim[1], 4); /* lse (N, H) */
    ift_graph_free(g);
}

static double all_flops(const struct ift_graph *g, const int64_t *extent) {
    double flops = 0;
    for (size_t i = 0; i < ift_graph_nodes(g); i++)
        flops += ift_graph_node_flops(g, ift_graph_node(g, i), extent);
    return flops;
}

/* 2 m n k of every product: forward, and with a backward what it adds. */
static void test_flops(void) {
    struct ift_err err = {0};
    struct case_llama c = {.layers = 3,
                           .heads = 4,
                           .kv_heads = 2,
                           .hidden = 32,
                           .head_dim = 8,
                           .inner = 48,
                           .vocab = 61,
                           .train = true,
                           .pad = -1};
    const int64_t extent[IFT_EXTENTS] = {0, 10, 2, 0};
    const double layer = 32.0 * (32 + 16 + 16 + 32 + 3 * 48), head = 32.0 * 61;
    struct ift_graph *g = ift_graph_new();
    const ift_val loss = case_forward(g, &c);
    CHECK_NEAR(all_flops(g, extent), 2 * 10 * (3 * layer + head), 0);
    CHECK_OK(ift_graph_backward(g, loss, &err), &err);
    CHECK_NEAR(all_flops(g, extent), 3 * 2 * 10 * (3 * layer + head), 0);
    ift_graph_free(g);
    /* Frozen: no weight gradients, and nothing below q and v of the first layer. */
    c.train = false;
    c.rank = 2;
    g = ift_graph_new();
    CHECK_OK(ift_graph_backward(g, case_forward(g, &c), &err), &err);
    const double low = 2 * (32 + 32.0) + 2 * (32 + 16.0); /* both matrices of q and of v */
    const double backward = 3 * layer - 32 * (32 + 16 + 16) + 3 * 2 * low - 2 * (2 * 32.0);
    CHECK_NEAR(all_flops(g, extent), 2 * 10 * (3 * layer + 3 * low + backward + 2 * head), 0);
    ift_graph_free(g);
}

static void test_dropout_of_nothing(void) {
    struct ift_err err = {0};
    struct ift_graph *g = ift_graph_new();
    const ift_val x = ift_graph_input(g, "x", IFT_F32, IFT_TOKENS, 2, tokens8);
    CHECK_INT(ift_graph_dropout(g, x, 0, 1, 0), x);
    CHECK_INT(ift_graph_nodes(g), 0);
    CHECK_OK(ift_graph_check(g, &err), &err);
    ift_graph_free(g);
}

/* ---- mistakes ---- */

struct sources {
    struct ift_graph *g;
    ift_val x, y, w, narrow, vector, ids, picks, state, one, segments;
};

static struct sources sources_new(void) {
    struct ift_graph *g = ift_graph_new();
    return (struct sources){
        .g = g,
        .x = ift_graph_input(g, "x", IFT_F32, IFT_TOKENS, 2, tokens8),
        .y = ift_graph_input(g, "y", IFT_F32, IFT_PICKS, 2, tokens8),
        .w = ift_graph_param(g, "w", 2, w58, true),
        .narrow = ift_graph_param(g, "narrow", 2, w57, true),
        .vector = ift_graph_param(g, "vector", 1, vec8, true),
        .ids = ift_graph_input(g, "ids", IFT_I32, IFT_TOKENS, 1, tokens),
        .picks = ift_graph_input(g, "picks", IFT_I32, IFT_PICKS, 1, tokens),
        .state = ift_graph_state(g, "state", IFT_F32, 2, w58),
        .segments = ift_graph_input(g, "segments", IFT_I32, IFT_SEGMENTS, 2, (int64_t[]){0, 5}),
        .one = ift_graph_input(g, "one", IFT_F32, IFT_FIXED, 1, vec1),
    };
}

/* Each makes one mistake; the message must say `text`. Returns what the builder gave. */
static ift_val mistake_in_products(struct sources *s, int which, const char **text) {
    struct ift_graph *g = s->g;
    switch (which) {
    case 0:
        *text = "gemm: left factor \"x\" (tokens, 8) f32 does not fit transposed right factor "
                "\"narrow\" (5, 7) f32";
        return ift_graph_linear(g, s->x, s->narrow, 0);
    case 1:
        *text = "gemm: bias \"vector\" (8) f32 does not fit product (tokens, 5) f32";
        return ift_graph_linear(g, s->x, s->w, s->vector);
    case 2:
        *text = "gemm: addend \"x\" (tokens, 8) f32 does not fit product (tokens, 5) f32";
        return ift_graph_linear_add(g, s->x, s->w, 1, s->x);
    case 3:
        *text = "linear_add: no addend given";
        return ift_graph_linear_add(g, s->x, s->w, 1, 0);
    case 4:
        *text = "gemm: no right factor given";
        return ift_graph_linear(g, s->x, 0, 0);
    case 5:
        *text = "left factor \"ids\" (tokens) i32 has the wrong type";
        return ift_graph_linear(g, s->ids, s->w, 0);
    case 6:
        *text = "does not fit transposed right factor \"y\" (picks, 8)";
        return ift_graph_gemm(g, s->x, false, s->y, true, 1, 0, 0);
    case 7:
        *text = "does not fit right factor \"y\" (picks, 8)";
        return ift_graph_gemm(g, s->x, true, s->y, false, 1, 0, 0);
    }
    *text = NULL;
    return 0;
}

static ift_val mistake_in_the_other_ops(struct sources *s, int which, const char **text) {
    struct ift_graph *g = s->g;
    ift_val sum;
    const struct ift_graph_attn attn = {.heads = 3, .kv_heads = 2, .head_dim = 4};
    switch (which) {
    case 0:
        *text = "norm: weight \"vector\" (8) f32 does not fit input \"narrow\"";
        return ift_graph_norm(g, s->narrow, s->vector, 0);
    case 1:
        *text = "norm: addend \"y\" (picks, 8) f32 does not fit input \"x\"";
        return ift_graph_add_norm(g, s->x, s->y, s->vector, 0, &sum);
    case 2:
        *text = "attn: 3 query heads over 2 key heads";
        return ift_graph_attn(g, s->x, s->x, s->x, s->segments, attn);
    case 3:
        *text = "attn: segments \"ids\" (tokens) i32 has the wrong";
        return ift_graph_attn(g, s->x, s->x, s->x, s->ids, attn);
    case 4:
        *text = "glu: gate \"x\" (tokens, 8) f32 does not fit up \"y\"";
        return ift_graph_glu(g, s->x, s->y, IFT_ACT_SILU);
    case 5:
        *text = "axpby: first term";
        return ift_graph_axpby(g, 1, s->x, 1, s->w);
    case 6:
        *text = "dropout: probability 1";
        return ift_graph_dropout(g, s->x, 1, 0, s->ids);
    case 7:
        *text = "dropout: key \"ids\"";
        return ift_graph_dropout(g, s->x, 0.5f, 0, s->ids);
    case 8:
        *text = "scatter: rows \"picks\" (picks) i32 does not fit source";
        return ift_graph_scatter(g, s->x, s->picks, s->state);
    case 9:
        *text = "scatter: source \"x\" (tokens, 8) f32 does not fit state \"w\"";
        return ift_graph_scatter(g, s->x, s->ids, s->w);
    case 10:
        *text = "xent: targets \"picks\"";
        return ift_graph_xent(g, s->x, s->w, 0, s->picks, s->one);
    case 11:
        *text = "xent: scale \"vector\" (8) f32 is not one number";
        return ift_graph_xent(g, s->x, s->w, 0, s->ids, s->vector);
    case 12:
        *text = "rope: 2 heads of 4 channels, 6 rotated from 0 on, of 8 columns";
        return ift_graph_rope(g, s->x, s->ids,
                              ift_graph_param(g, "t", 3, (int64_t[]){9, 3, 2}, false), 2, 4, 0, 6,
                              false);
    case 13:
        *text = "rope: table \"t\" (9, 3, 2) f32 does not fit";
        return ift_graph_rope(g, s->x, s->ids,
                              ift_graph_param(g, "t", 3, (int64_t[]){9, 3, 2}, false), 2, 4, 0, 4,
                              false);
    case 14:
        *text = "embed: no table given";
        return ift_graph_embed(g, 1000, s->ids, -1);
    }
    *text = NULL;
    return 0;
}

static ift_val mistake_in_parts_and_heads(struct sources *s, int which, const char **text) {
    struct ift_graph *g = s->g;
    ift_val q, k, v;
    struct ift_graph_attn attn = {.heads = 2, .kv_heads = 2, .head_dim = 4, .slopes = s->vector};
    switch (which) {
    case 0:
        *text = "split: 2 groups of 2, 1 and 2 of 8 columns";
        ift_graph_split(g, s->x, (struct ift_graph_split){2, 2, 1, 2, false}, &q, &k, &v);
        return q | k | v;
    case 1:
        *text = "split: 1 groups of -1, 9 and 0 of 8 columns";
        ift_graph_split(g, s->x, (struct ift_graph_split){1, -1, 9, 0, false}, &q, &k, &v);
        return q | k | v;
    case 2:
        *text = "attn: slopes \"vector\" (8) f32 does not fit query \"x\"";
        return ift_graph_attn(g, s->x, s->x, s->x, s->segments, attn);
    case 3:
        *text = "attn: slopes \"slopes\" (2) f32 cannot be trained";
        attn.slopes = ift_graph_param(g, "slopes", 1, (int64_t[]){2}, true);
        return ift_graph_attn(g, s->x, s->x, s->x, s->segments, attn);
    case 4:
        *text = "norm: bias \"one\" (1) f32 does not fit weight \"vector\" (8) f32";
        return ift_graph_layer_norm(g, s->x, s->vector, s->one, 0);
    case 5:
        *text = "norm: weight \"three\" (3) f32 does not fit input \"x\" (tokens, 8) f32";
        return ift_graph_norm(g, s->x, ift_graph_param(g, "three", 1, (int64_t[]){3}, true), 0);
    case 6:
        *text = "rope: 2 heads of 4 channels, 2 rotated from 3 on, of 8 columns";
        return ift_graph_rope(g, s->x, s->ids,
                              ift_graph_param(g, "t", 3, (int64_t[]){9, 1, 2}, false), 2, 4, 3, 2,
                              false);
    case 7:
        *text = "act: input \"ids\" (tokens) i32 has the wrong type";
        return ift_graph_act(g, s->ids, IFT_ACT_SILU);
    case 8:
        *text = "unit_rows: no input given";
        return ift_graph_unit_rows(g, 0);
    }
    *text = NULL;
    return 0;
}

static ift_val mistake_in_names_and_optimizer(struct sources *s, int which, const char **text) {
    struct ift_graph *g = s->g;
    switch (which) {
    case 0:
        *text = "\"w\" (5, 8) f32 was declared before as something else";
        return ift_graph_param(g, "w", 2, w58, false);
    case 1:
        *text = "\"w\" (5, 7) f32 was declared before as something else, \"w\" (5, 8) f32";
        return ift_graph_param(g, "w", 2, w57, true);
    case 2:
        *text = "\"bad\" (tokens, 0) f32 has an empty dimension";
        return ift_graph_input(g, "bad", IFT_F32, IFT_TOKENS, 2, (int64_t[]){9, 0});
    case 3:
        *text = "\"bad\" has 5 dimensions, not 1 to 4";
        return ift_graph_state(g, "bad", IFT_F32, 5, w58);
    case 4:
        *text = "no name";
        return ift_graph_param(g, "", 1, vec8, true);
    case 5:
        *text = "adamw: gradient or moment \"narrow\" (5, 7) f32 does not fit parameter \"w\"";
        ift_graph_adamw(g, s->w, s->one,
                        ift_graph_input(g, "hyper", IFT_F32, IFT_FIXED, 1, (int64_t[]){4}), s->w,
                        s->w, s->narrow, (struct ift_graph_adamw){0});
        return 0;
    case 6:
        *text = "sumsq: sum \"one\" (1) f32 has the wrong type";
        ift_graph_sumsq(g, s->x, s->one);
        return 0;
    case 7:
        *text = "an output to keep is no value";
        ift_graph_keep(g, 0);
        return 0;
    }
    *text = NULL;
    return 0;
}

static int check_mistakes(ift_val (*mistake)(struct sources *s, int which, const char **text)) {
    for (int which = 0;; which++) {
        struct ift_err err = {0}, again = {0};
        struct sources s = sources_new();
        const char *text;
        const ift_val none = mistake(&s, which, &text);
        if (text) {
            CHECK_INT(none, 0);
            CHECK_INT(ift_graph_check(s.g, &err), -1);
            if (!strstr(err.text, text)) fprintf(stderr, "mistake %d said: %s\n", which, err.text);
            CHECK(strstr(err.text, text));
            /* The first is remembered, the rest is quiet. */
            CHECK_INT(ift_graph_norm(s.g, ift_graph_linear(s.g, none, s.w, 0), none, 0), 0);
            CHECK_INT(ift_graph_check(s.g, &again), -1);
            CHECK_STR(again.text, err.text);
        }
        ift_graph_free(s.g);
        if (!text) return which;
    }
}

static void test_mistakes(void) {
    CHECK_INT(check_mistakes(mistake_in_products), 8);
    CHECK_INT(check_mistakes(mistake_in_the_other_ops), 15);
    CHECK_INT(check_mistakes(mistake_in_parts_and_heads), 9);
    CHECK_INT(check_mistakes(mistake_in_names_and_optimizer), 8);
}

int main(void) {
    test_sources();
    test_many_names();
    test_shapes();
    test_flops();
    test_dropout_of_nothing();
    test_mistakes();
    return check_done();
}
