/* What outlives a run: caches, memory bound anew, the states of an optimizer on the gradients of
 * another graph. */
#include "libcore/graph/exec.h"

#include "tests/unit/graph_case.h"

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
    struct case_run r = case_start(&d, &case_tiny, CASE_BACKWARD, 12, 2);
    const struct case_batch b = case_batch_of(&case_tiny, (const int[]){7, 5}, 2);
    case_pass(&r, &b);
    const ift_val head = ift_graph_find(r.g, "head"), grad = ift_graph_grad(r.g, head);
    float *was = case_download(&r, case_loss(r.g), b.extent),
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
    case_pass(&r, &b);
    float *fresh = case_download(&r, grad, b.extent);
    CHECK(memcmp(fresh, grads, 33 * 24 * sizeof *fresh) ==
          0); /* not accumulated: it began at zero */
    CHECK_OK(ift_exec_bind(r.x, head, &zero, &err), &err);
    case_pass(&r, &b);
    float *flat = case_download(&r, case_loss(r.g), b.extent);
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
    float *loss = case_download(r, case_loss(r->g), b->extent);
    for (int i = 0; i < b->extent[IFT_TOKENS]; i++) total += (double)loss[i];
    free(loss);
    return total;
}

/* The norm that CLIP finds is that of the gradients, and steps against them bring the loss down. */
static void test_optimizer(void) {
    struct ift_err err = {0};
    struct ift_device d;
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    struct case_run r = case_start(&d, &case_tiny, CASE_BACKWARD, 12, 2);
    const struct case_batch b = case_batch_of(&case_tiny, (const int[]){7, 5}, 2);
    case_pass(&r, &b);
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
        case_pass(&r, &b);
        optimize(&o, step);
    }
    CHECK(total_loss(&r, &b) < 0.7 * before);
    ift_exec_free(o.x);
    ift_graph_free(o.g);
    case_run_release(&r);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

int main(void) {
    test_cache();
    test_bind_again();
    test_optimizer();
    return check_done();
}
