#include "libcore/graph/exec.h"

#include "tests/unit/graph_case.h"

static const struct case_llama tiny = {.layers = 2,
                                       .heads = 4,
                                       .kv_heads = 2,
                                       .hidden = 24,
                                       .head_dim = 6,
                                       .inner = 20,
                                       .vocab = 33,
                                       .train = true,
                                       .pad = -1};

typedef int maker(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                  const int64_t capacity[IFT_EXTENTS], struct ift_err *err);

static struct case_run start(struct ift_device *d, const struct case_llama *c, bool backward,
                             maker *make, int64_t tokens, int64_t segments) {
    struct ift_err err = {0};
    struct case_run r = {.d = d, .g = ift_graph_new()};
    const ift_val loss = case_forward(r.g, c);
    if (backward) CHECK_OK(ift_graph_backward(r.g, loss, &err), &err);
    CHECK_OK(make(&r.x, r.g, d, (int64_t[]){0, tokens, segments, 0}, &err), &err);
    case_bind(&r);
    return r;
}

static void run(struct case_run *r, const struct case_batch *b) {
    struct ift_err err = {0};
    case_upload(r, b);
    CHECK_OK(ift_exec_run(r->x, b->extent, &err), &err);
}

static ift_val loss_of(const struct ift_graph *g) {
    for (size_t i = 0; i < ift_graph_nodes(g); i++)
        if (ift_graph_node(g, i)->op == IFT_OP_XENT) return ift_graph_node(g, i)->out[0];
    return 0;
}

/* The loss and every gradient of two runs of one graph have the same bits. */
static int check_same_bits(struct case_run *a, struct case_run *b, const int64_t *extent) {
    int compared = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(a->g); v++) {
        const ift_val what = v == loss_of(a->g) ? v : ift_graph_grad(a->g, v);
        if (!what) continue;
        float *x = case_download(a, what, extent), *y = case_download(b, what, extent);
        const size_t bytes =
            (size_t)ift_value_count(ift_graph_value(a->g, what), extent) * sizeof *x;
        CHECK(memcmp(x, y, bytes) == 0);
        compared++;
        free(x);
        free(y);
    }
    return compared;
}

/* Memory shared by liveness and outputs in place of inputs change nothing; nor does room to spare,
 * nor what earlier runs left in it. */
static void check_placement(const struct case_llama *c, int expected) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    const struct case_batch b = case_batch_of(c, (const int[]){7, 1, 4}, 3),
                            other = case_batch_of(c, (const int[]){20, 3}, 2);
    struct case_run apart = start(&d, c, true, ift_exec_new_apart, 12, 3),
                    exact = start(&d, c, true, ift_exec_new, 12, 3),
                    roomy = start(&d, c, true, ift_exec_new, 60, 8);
    run(&apart, &b);
    run(&exact, &b);
    run(&roomy, &other);
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(roomy.g); v++)
        if (ift_graph_grad(roomy.g, v))
            CHECK_OK(ift_exec_zero(roomy.x, ift_graph_grad(roomy.g, v), &err), &err);
    run(&roomy, &b);
    CHECK_INT(check_same_bits(&apart, &exact, b.extent), expected);
    CHECK_INT(check_same_bits(&apart, &roomy, b.extent), expected);
    CHECK(ift_exec_bytes(exact.x).slab < ift_exec_bytes(apart.x).slab);
    case_run_release(&apart);
    case_run_release(&exact);
    case_run_release(&roomy);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

static void test_placement(void) {
    struct case_llama c = tiny;
    check_placement(&c, 1 + 3 + 2 * 9);
    c.tied = c.add_norm = c.bias = true;
    check_placement(&c, 1 + 2 + 2 * (9 + 7));
    c.train = c.tied = c.bias = false;
    c.rank = 3;
    c.dropout = 0.2f;
    check_placement(&c, 1 + 2 * 4);
    c.lora_all = true;
    c.add_norm = false;
    check_placement(&c, 1 + 2 * 14);
}

/* ---- errors are named ---- */

static void expect(int rc, const struct ift_err *err, const char *text) {
    CHECK_INT(rc, -1);
    if (!strstr(err->text, text)) fprintf(stderr, "said: %s\n", err->text);
    CHECK(strstr(err->text, text));
}

/* Of moving data and asking for it, before anything is bound. */
static void check_upload_errors(struct case_run *r, const struct case_batch *b) {
    struct ift_err err = {0};
    struct ift_operand t;
    struct ift_exec *x = r->x;
    const ift_val embed = ift_graph_find(r->g, "embed"), ids = ift_graph_find(r->g, "ids");
    expect(ift_exec_run(x, b->extent, &err), &err, "input \"ids\" (tokens) i32 was never uploaded");
    expect(ift_exec_upload(x, ids, b->ids, 9, &err), &err,
           "\"ids\" (tokens) i32: 9 rows, memory was planned for 8");
    expect(ift_exec_upload(x, ift_graph_find(r->g, "segments"), b->segments, 3, &err), &err,
           "3 rows, memory was planned for 2");
    expect(ift_exec_upload(x, embed, b->ids, 1, &err), &err,
           "upload: \"embed\" (33, 24) f32 is not an input");
    case_upload(r, b);
    CHECK_OK(ift_exec_upload(x, ids, b->ids, 3, &err), &err);
    expect(ift_exec_run(x, b->extent, &err), &err,
           "input \"ids\" (tokens) i32 has 3 rows, this run asks for 7");
    case_upload(r, b);
    expect(ift_exec_run(x, b->extent, &err), &err, "(64, 3, 2) f32 is not bound to memory");
    expect(ift_exec_operand(x, embed, &t, &err), &err, "\"embed\" (33, 24) f32 has no memory yet");
    expect(ift_exec_operand(x, ift_graph_node(r->g, 0)->out[0], &t, &err), &err, "is not kept");
    expect(ift_exec_zero(x, embed, &err), &err, "only a state");
}

static void check_bind_errors(struct case_run *r) {
    struct ift_err err = {0};
    struct ift_operand wrong = {0};
    const ift_val embed = ift_graph_find(r->g, "embed");
    expect(ift_exec_bind(r->x, embed, &wrong, &err), &err,
           "bind: \"embed\" (33, 24) f32 is given a tensor without memory");
    CHECK_OK(ift_device_tensor(r->d, IFT_F32, 2, (int64_t[]){24, 33}, &wrong, &err), &err);
    expect(ift_exec_bind(r->x, embed, &wrong, &err), &err,
           "bind: \"embed\" (33, 24) f32 is given a tensor (24, 33) f32");
    expect(ift_exec_bind(r->x, loss_of(r->g), &wrong, &err), &err,
           "neither a parameter nor a state");
    ift_device_free(r->d, &wrong);
    CHECK_OK(ift_device_tensor(r->d, IFT_F16, 2, (int64_t[]){33, 24}, &wrong, &err), &err);
    expect(ift_exec_bind(r->x, embed, &wrong, &err), &err, "is given a tensor (33, 24) f16");
    ift_device_free(r->d, &wrong);
}

static void test_errors(void) {
    struct ift_err err = {0};
    struct ift_device d;
    float out[9];
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct case_run r = {.d = &d, .g = ift_graph_new()};
    const ift_val loss = case_forward(r.g, &tiny);
    struct case_batch b = case_batch_of(&tiny, (const int[]){6, 1}, 2);
    expect(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 8, 0, 0}, &err), &err,
           "the graph has segments");
    CHECK(r.x == NULL);
    CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 8, 2, 0}, &err), &err);
    check_upload_errors(&r, &b);
    check_bind_errors(&r);
    case_bind(&r);
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    expect(ift_exec_run(r.x, (int64_t[]){0, -1, 1, 0}, &err), &err,
           "a run of -1 tokens, memory was planned for 8");
    expect(ift_exec_download(r.x, out, loss, 9, &err), &err, "9 rows, memory was planned for 8");
    b.ids[2] = 33; /* what an op finds wrong in the data comes through */
    case_upload(&r, &b);
    expect(ift_exec_run(r.x, b.extent, &err), &err, "ids[2] is 33");
    case_run_release(&r);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

static void test_mistake_in_graph(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_exec *x;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct ift_graph *g = ift_graph_new();
    ift_graph_norm(g, 0, 0, 0);
    expect(ift_exec_new(&x, g, &d, (int64_t[]){0, 8, 2, 0}, &err), &err, "norm: no input given");
    ift_graph_free(g);
    ift_device_close(&d);
}

/* ---- states ---- */

/* Names of states that a key/value cache of one attention needs, and a graph that fills and reads
 * it. */
static ift_val cached_attention(struct ift_graph *g, bool cached) {
    const int64_t tokens[] = {0}, wide[] = {0, 12}, narrow[] = {0, 6}, segments[] = {0, 5},
                  cache[] = {16, 6};
    const ift_val q = ift_graph_input(g, "q", IFT_F32, IFT_TOKENS, 2, wide);
    ift_val k = ift_graph_input(g, "k", IFT_F32, IFT_TOKENS, 2, narrow);
    ift_val v = ift_graph_input(g, "v", IFT_F32, IFT_TOKENS, 2, narrow);
    const ift_val s = ift_graph_input(g, "segments", IFT_I32, IFT_SEGMENTS, 2, segments);
    if (cached) {
        const ift_val slots = ift_graph_input(g, "slots", IFT_I32, IFT_TOKENS, 1, tokens);
        k = ift_graph_scatter(g, k, slots, ift_graph_state(g, "cache.k", IFT_F32, 2, cache));
        v = ift_graph_scatter(g, v, slots, ift_graph_state(g, "cache.v", IFT_F32, 2, cache));
    }
    const ift_val o = ift_graph_attn(g, q, k, v, s,
                                     (struct ift_graph_attn){.heads = 4,
                                                             .kv_heads = 2,
                                                             .head_dim = 3,
                                                             .scale = 0.5f,
                                                             .causal = true});
    ift_graph_keep(g, o);
    return o;
}

static void upload_rows(struct ift_exec *x, const struct ift_graph *g, const float *data, int first,
                        int rows) {
    struct ift_err err = {0};
    CHECK_OK(ift_exec_upload(x, ift_graph_find(g, "q"), data + 12 * first, rows, &err), &err);
    CHECK_OK(ift_exec_upload(x, ift_graph_find(g, "k"), data + 200 + 6 * first, rows, &err), &err);
    CHECK_OK(ift_exec_upload(x, ift_graph_find(g, "v"), data + 300 + 6 * first, rows, &err), &err);
}

/* Tokens fed in three runs through a cache give what one run over all of them gives; the cache
 * outlives its exec's runs and may be handed to another exec. */
static void test_cache(void) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    float data[400], want[9 * 12], got[9 * 12];
    struct ift_rng r = ift_rng(5, 0, 0);
    for (int i = 0; i < 400; i++) data[i] = (float)ift_rng_normal(&r);

    struct ift_graph *g = ift_graph_new();
    struct ift_exec *x, *y;
    ift_val o = cached_attention(g, false);
    CHECK_OK(ift_exec_new(&x, g, &d, (int64_t[]){0, 9, 1, 0}, &err), &err);
    upload_rows(x, g, data, 0, 9);
    const ift_val all = ift_graph_find(g, "segments");
    CHECK_OK(ift_exec_upload(x, all, (int32_t[]){0, 9, 0, 9, 0}, 1, &err), &err);
    CHECK_OK(ift_exec_run(x, (int64_t[]){0, 9, 1, 0}, &err), &err);
    CHECK_OK(ift_exec_download(x, want, o, 9, &err), &err);
    ift_exec_free(x);
    ift_graph_free(g);

    g = ift_graph_new();
    o = cached_attention(g, true);
    CHECK_OK(ift_exec_new(&x, g, &d, (int64_t[]){0, 6, 1, 0}, &err), &err);
    CHECK_OK(ift_exec_new(&y, g, &d, (int64_t[]){0, 2, 1, 0}, &err), &err);
    const int first[] = {0, 6, 8}, rows[] = {6, 2, 1};
    for (int i = 0; i < 3; i++) {
        struct ift_exec *const z = i == 0 ? x : y;
        int32_t slots[6];
        for (int j = 0; j < rows[i]; j++) slots[j] = 3 + first[i] + j;
        upload_rows(z, g, data, first[i], rows[i]);
        CHECK_OK(ift_exec_upload(z, ift_graph_find(g, "slots"), slots, rows[i], &err), &err);
        CHECK_OK(ift_exec_upload(z, ift_graph_find(g, "segments"),
                                 (int32_t[]){0, rows[i], 3, first[i] + rows[i], 0}, 1, &err),
                 &err);
        CHECK_OK(ift_exec_run(z, (int64_t[]){0, rows[i], 1, 0}, &err), &err);
        CHECK_OK(ift_exec_download(z, got + 12 * first[i], o, rows[i], &err), &err);
        if (i > 0) continue;
        for (int j = 0; j < 2; j++) { /* from the exec of the prompt to that of single tokens */
            const ift_val cache = ift_graph_find(g, j ? "cache.v" : "cache.k");
            struct ift_operand t;
            CHECK_OK(ift_exec_operand(x, cache, &t, &err), &err);
            CHECK_OK(ift_exec_bind(y, cache, &t, &err), &err);
        }
    }
    for (int i = 0; i < 9 * 12; i++) CHECK_NEAR(got[i], want[i], 1e-6);
    CHECK_INT(ift_exec_bytes(x).states, 2 * 16 * 6 * 4);
    CHECK_INT(ift_exec_bytes(y).states, 0);
    ift_exec_free(x);
    ift_exec_free(y);
    ift_graph_free(g);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

/* Binding other memory after a run takes effect in the next; so does memory of the exec's own given
 * up for it. */
static void test_bind_again(void) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct case_run r = start(&d, &tiny, true, ift_exec_new, 12, 2);
    const struct case_batch b = case_batch_of(&tiny, (const int[]){7, 5}, 2);
    run(&r, &b);
    const ift_val head = ift_graph_find(r.g, "head"), grad = ift_graph_grad(r.g, head);
    float *was = case_download(&r, loss_of(r.g), b.extent),
          *grads = case_download(&r, grad, b.extent);
    struct ift_operand zero, state;
    const int64_t *dim = ift_graph_value(r.g, head)->dim;
    CHECK_OK(ift_device_tensor(&d, IFT_F32, 2, dim, &zero, &err), &err);
    CHECK_OK(ift_device_zero(&d, &zero, &err), &err);
    CHECK_OK(ift_device_tensor(&d, IFT_F32, 2, dim, &state, &err), &err);
    CHECK_OK(ift_device_zero(&d, &state, &err), &err);
    const size_t states = ift_exec_bytes(r.x).states;
    CHECK_OK(ift_exec_bind(r.x, grad, &state, &err), &err);
    CHECK_INT(ift_exec_bytes(r.x).states, states - 33 * 24 * 4);
    run(&r, &b);
    float *fresh = case_download(&r, grad, b.extent);
    CHECK(memcmp(fresh, grads, 33 * 24 * sizeof *fresh) ==
          0); /* not accumulated: it began at zero */
    CHECK_OK(ift_exec_bind(r.x, head, &zero, &err), &err);
    run(&r, &b);
    float *flat = case_download(&r, loss_of(r.g), b.extent);
    for (int i = 0; i < 12; i++) CHECK_NEAR(flat[i], b.targets[i] < 0 ? 0 : log(33), 1e-6);
    CHECK(flat[0] != was[0]);
    free(was);
    free(grads);
    free(fresh);
    free(flat);
    case_run_release(&r);
    ift_device_free(&d, &zero);
    ift_device_free(&d, &state);
    ift_device_close(&d);
}

/* Clipping and AdamW for every gradient of another graph, on the memory of that graph's run. */
struct optimizer {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val sum, norm, coef, scale, hyper;
};

static void adamw_of(struct optimizer *o, const struct ift_graph *of, ift_val p) {
    const struct ift_value *v = ift_graph_value(of, p);
    const ift_val grad = ift_graph_grad(of, p);
    char m[64], s[64];
    snprintf(m, sizeof m, "m.%s", v->name);
    snprintf(s, sizeof s, "v.%s", v->name);
    ift_graph_adamw(o->g, ift_graph_find(o->g, ift_graph_value(of, grad)->name), o->coef, o->hyper,
                    ift_graph_param(o->g, v->name, v->ndim, v->dim, false),
                    ift_graph_state(o->g, m, IFT_F32, v->ndim, v->dim),
                    ift_graph_state(o->g, s, IFT_F32, v->ndim, v->dim),
                    (struct ift_graph_adamw){.beta1 = 0.9f, .beta2 = 0.99f, .eps = 1e-8f});
}

static struct optimizer optimizer_of(struct case_run *r) {
    struct ift_err err = {0};
    const int64_t one[] = {1}, four[] = {4};
    const ift_val values = (ift_val)ift_graph_values(r->g);
    struct optimizer o = {.g = ift_graph_new()};
    o.sum = ift_graph_state(o.g, "clip.sum", IFT_F64, 1, one);
    o.norm = ift_graph_state(o.g, "clip.norm", IFT_F32, 1, one);
    o.coef = ift_graph_state(o.g, "clip.coef", IFT_F32, 1, one);
    o.scale = ift_graph_input(o.g, "clip.scale", IFT_F32, IFT_FIXED, 1, one);
    o.hyper = ift_graph_input(o.g, "hyper", IFT_F32, IFT_FIXED, 1, four);
    for (ift_val p = 1; p <= values; p++) {
        const struct ift_value *grad = ift_graph_value(r->g, ift_graph_grad(r->g, p));
        if (!grad) continue;
        const ift_val g = ift_graph_state(o.g, grad->name, IFT_F32, grad->ndim, grad->dim);
        ift_graph_sumsq(o.g, g, o.sum);
    }
    ift_graph_clip(o.g, o.sum, o.scale, 1, o.norm, o.coef);
    for (ift_val p = 1; p <= values; p++)
        if (ift_graph_grad(r->g, p)) adamw_of(&o, r->g, p);
    CHECK_OK(ift_exec_new(&o.x, o.g, r->d, (int64_t[IFT_EXTENTS]){0}, &err), &err);
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(o.g); v++) {
        const ift_val theirs = ift_graph_find(r->g, ift_graph_value(o.g, v)->name);
        struct ift_operand t;
        if (!theirs) continue;
        CHECK_OK(ift_exec_operand(r->x, theirs, &t, &err), &err);
        CHECK_OK(ift_exec_bind(o.x, v, &t, &err), &err);
    }
    return o;
}

static void optimize(struct optimizer *o, int step) {
    struct ift_err err = {0};
    const float scale = 1;
    const float hyper[] = {1e-2f, (float)(1 - pow(0.9, step)), (float)(1 - pow(0.99, step)), 0};
    CHECK_OK(ift_exec_upload(o->x, o->scale, &scale, 1, &err), &err);
    CHECK_OK(ift_exec_upload(o->x, o->hyper, hyper, 1, &err), &err);
    CHECK_OK(ift_exec_zero(o->x, o->sum, &err), &err);
    CHECK_OK(ift_exec_run(o->x, (int64_t[IFT_EXTENTS]){0}, &err), &err);
}

static double total_loss(struct case_run *r, const struct case_batch *b) {
    double total = 0;
    float *loss = case_download(r, loss_of(r->g), b->extent);
    for (int i = 0; i < b->extent[IFT_TOKENS]; i++) total += (double)loss[i];
    free(loss);
    return total;
}

/* The norm that CLIP finds is that of the gradients, and steps against them bring the loss down. */
static void test_optimizer(void) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    struct case_run r = start(&d, &tiny, true, ift_exec_new, 12, 2);
    const struct case_batch b = case_batch_of(&tiny, (const int[]){7, 5}, 2);
    run(&r, &b);
    const double before = total_loss(&r, &b);
    double square = 0;
    for (ift_val p = 1; p <= (ift_val)ift_graph_values(r.g); p++) {
        if (!ift_graph_grad(r.g, p)) continue;
        float *grad = case_download(&r, ift_graph_grad(r.g, p), b.extent);
        for (int64_t i = 0; i < ift_value_count(ift_graph_value(r.g, p), b.extent); i++)
            square += (double)grad[i] * (double)grad[i];
        free(grad);
    }
    struct optimizer o = optimizer_of(&r);
    optimize(&o, 1);
    float norm;
    CHECK_OK(ift_exec_download(o.x, &norm, o.norm, 1, &err), &err);
    CHECK_NEAR(norm, sqrt(square), 1e-6 * sqrt(square));
    for (int step = 2; step <= 8; step++) {
        for (ift_val p = 1; p <= (ift_val)ift_graph_values(r.g); p++)
            if (ift_graph_grad(r.g, p))
                CHECK_OK(ift_exec_zero(r.x, ift_graph_grad(r.g, p), &err), &err);
        run(&r, &b);
        optimize(&o, step);
    }
    CHECK(total_loss(&r, &b) < 0.7 * before);
    ift_exec_free(o.x);
    ift_graph_free(o.g);
    case_run_release(&r);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

/* ---- what depends on parameters alone ---- */

enum { FROZEN_IN = 6, FROZEN_OUT = 300 };

struct head {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val input, weight, y;
};

/* y = x unit(unit(w))^T */
static struct head head_of(struct ift_device *d, maker *make, const struct ift_operand *w) {
    struct ift_err err = {0};
    struct head h = {.g = ift_graph_new()};
    h.input = ift_graph_input(h.g, "x", IFT_F32, IFT_TOKENS, 2, (int64_t[]){0, FROZEN_IN});
    h.weight = ift_graph_param(h.g, "w", 2, (int64_t[]){FROZEN_OUT, FROZEN_IN}, false);
    const ift_val unit = ift_graph_unit_rows(h.g, ift_graph_unit_rows(h.g, h.weight));
    h.y = ift_graph_linear(h.g, h.input, unit, 0);
    ift_graph_keep(h.g, h.y);
    CHECK_OK(make(&h.x, h.g, d, (int64_t[IFT_EXTENTS]){[IFT_TOKENS] = 3}, &err), &err);
    CHECK_OK(ift_exec_bind(h.x, h.weight, w, &err), &err);
    ift_exec_profile(h.x, true);
    return h;
}

static void run_head(const struct head *h, const float *x, float *y) {
    struct ift_err err = {0};
    CHECK_OK(ift_exec_upload(h->x, h->input, x, 3, &err), &err);
    CHECK_OK(ift_exec_run(h->x, (int64_t[IFT_EXTENTS]){[IFT_TOKENS] = 3}, &err), &err);
    CHECK_OK(ift_exec_download(h->x, y, h->y, 3, &err), &err);
}

/* A frozen exec gives the same bits, without the ops that always give the same; until it is given
 * other weights. */
static void test_frozen(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_operand weight[2];
    float w[FROZEN_OUT * FROZEN_IN], x[3 * FROZEN_IN], y[2][3 * FROZEN_OUT];
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < FROZEN_OUT * FROZEN_IN; k++) w[k] = sinf((float)(k * (3 + i)));
        CHECK_OK(ift_device_tensor(&d, IFT_F32, 2, (int64_t[]){FROZEN_OUT, FROZEN_IN}, &weight[i],
                                   &err),
                 &err);
        CHECK_OK(ift_device_upload(&d, &weight[i], w, &err), &err);
    }
    const struct head plain = head_of(&d, ift_exec_new, &weight[0]),
                      frozen = head_of(&d, ift_exec_new_frozen, &weight[0]);
    CHECK(ift_exec_bytes(frozen.x).slab < ift_exec_bytes(plain.x).slab);
    for (int i = 0; i < 4; i++) {
        if (i == 2) {
            CHECK_OK(ift_exec_bind(plain.x, plain.weight, &weight[1], &err), &err);
            CHECK_OK(ift_exec_bind(frozen.x, frozen.weight, &weight[1], &err), &err);
        }
        for (int k = 0; k < 3 * FROZEN_IN; k++) x[k] = cosf((float)(k + i));
        run_head(&plain, x, y[0]);
        run_head(&frozen, x, y[1]);
        CHECK(memcmp(y[0], y[1], sizeof y[0]) == 0);
        CHECK(ift_exec_profile_seconds(plain.x)[IFT_OP_UNIT] > 0);
        CHECK(ift_exec_profile_seconds(frozen.x)[IFT_OP_UNIT] == 0);
        CHECK(ift_exec_profile_seconds(frozen.x)[IFT_OP_GEMM] > 0);
    }
    CHECK_INT(ift_exec_bytes(frozen.x).states, 2 * sizeof w);
    ift_exec_free(plain.x);
    ift_exec_free(frozen.x);
    ift_graph_free(plain.g);
    ift_graph_free(frozen.g);
    for (int i = 0; i < 2; i++) ift_device_free(&d, &weight[i]);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

/* ---- figures ---- */

static void test_profile_and_bytes(void) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    struct case_run r = start(&d, &tiny, false, ift_exec_new, 12, 2);
    const struct case_batch b = case_batch_of(&tiny, (const int[]){7, 5}, 2);
    run(&r, &b);
    CHECK(ift_exec_profile_seconds(r.x)[IFT_OP_GEMM] == 0);
    ift_exec_profile(r.x, true);
    run(&r, &b);
    for (int op = 0; op < IFT_OP_COUNT; op++) {
        bool used = false;
        for (size_t i = 0; i < ift_graph_nodes(r.g); i++)
            used |= ift_graph_node(r.g, i)->op == (enum ift_op)op;
        CHECK((ift_exec_profile_seconds(r.x)[op] > 0) == used);
    }
    const struct ift_exec_bytes bytes = ift_exec_bytes(r.x);
    CHECK_INT(bytes.inputs, 3 * 12 * 4 + 2 * 20 + 4);
    CHECK_INT(bytes.states, 0);
    CHECK(bytes.slab > 12 * 24 * 4 && bytes.scratch <= bytes.slab);
    /* No rows at all is a run too. */
    CHECK_OK(ift_exec_run(r.x, (int64_t[IFT_EXTENTS]){0}, &err), &err);
    case_run_release(&r);
    CHECK(d.peak > bytes.slab + bytes.inputs);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

int main(void) {
    test_placement();
    test_errors();
    test_mistake_in_graph();
    test_cache();
    test_bind_again();
    test_optimizer();
    test_frozen();
    test_profile_and_bytes();
    return check_done();
}
