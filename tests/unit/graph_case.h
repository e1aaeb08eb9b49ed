/* graph_case.h: a LLaMA-like graph of any size, written by hand, and how to run it on a device, for
 * the tests of libcore/graph. The values of every parameter are a function of its name, so that two
 * graphs with the same parameters compute on the same numbers. */
#ifndef GRAPH_CASE_H
#define GRAPH_CASE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/base/str.h"
#include "libcore/graph/exec.h"
#include "tests/unit/check.h"

struct case_llama {
    int layers, heads, kv_heads;
    int64_t hidden, head_dim, inner, vocab;
    bool tied, bias, train; /* train: every base parameter */
    bool add_norm;          /* residual sums inside the norms instead of inside the products */
    bool interleaved;
    int rot, window; /* rot 0: head_dim */
    enum ift_act act;
    int rank, lora_from; /* LoRA on q and v of layers lora_from and later; rank 0: none */
    bool lora_all;       /* on all linears */
    float dropout;
    int32_t pad; /* token whose embedding is not trained */
};

enum { CASE_POSITIONS = 64 };

struct case_build {
    struct ift_graph *g;
    const struct case_llama *c;
    ift_val ids, targets, positions, segments, scale, key, table;
    int layer;
    uint32_t stream;
};

static inline ift_val case_param(struct case_build *b, const char *name, int64_t rows,
                                 int64_t columns, bool trainable) {
    struct ift_str s = {0};
    if (b->layer >= 0) ift_str_addf(&s, "%d.", b->layer);
    ift_str_adds(&s, name);
    const int64_t dim[] = {rows, columns};
    const ift_val v = ift_graph_param(b->g, s.p, columns ? 2 : 1, dim, trainable);
    ift_str_release(&s);
    return v;
}

/* The linear module `name`, with LoRA where the case wants it; plus `add` when that is a value. */
static inline ift_val case_linear(struct case_build *b, const char *name, ift_val x, int64_t in,
                                  int64_t out, ift_val add) {
    const struct case_llama *c = b->c;
    char lora[64], bias[64];
    const ift_val w = case_param(b, name, out, in, c->train);
    ift_val y;
    if (add) {
        y = ift_graph_linear_add(b->g, x, w, 1, add);
    } else {
        snprintf(bias, sizeof bias, "%s.bias", name);
        y = ift_graph_linear(b->g, x, w, c->bias ? case_param(b, bias, out, 0, c->train) : 0);
    }
    const bool target = c->lora_all || strcmp(name, "q") == 0 || strcmp(name, "v") == 0;
    if (!c->rank || b->layer < c->lora_from || !target) return y;
    snprintf(lora, sizeof lora, "%s.lora_a", name);
    const ift_val a = case_param(b, lora, c->rank, in, true);
    snprintf(lora, sizeof lora, "%s.lora_b", name);
    const ift_val dropped = ift_graph_dropout(b->g, x, c->dropout, b->stream++, b->key);
    const ift_val low = ift_graph_linear(b->g, dropped, a, 0);
    return ift_graph_linear_add(b->g, low, case_param(b, lora, out, c->rank, true), 2, y);
}

static inline ift_val case_attention(struct case_build *b, ift_val h, ift_val residual) {
    const struct case_llama *c = b->c;
    const int64_t wide = c->heads * c->head_dim, narrow = c->kv_heads * c->head_dim;
    const int rot = c->rot ? c->rot : (int)c->head_dim;
    ift_val q = case_linear(b, "q", h, c->hidden, wide, 0),
            k = case_linear(b, "k", h, c->hidden, narrow, 0);
    const ift_val v = case_linear(b, "v", h, c->hidden, narrow, 0);
    q = ift_graph_rope(b->g, q, b->positions, b->table, c->heads, (int)c->head_dim, 0, rot,
                       c->interleaved);
    k = ift_graph_rope(b->g, k, b->positions, b->table, c->kv_heads, (int)c->head_dim, 0, rot,
                       c->interleaved);
    const ift_val o = ift_graph_attn(b->g, q, k, v, b->segments,
                                     (struct ift_graph_attn){.heads = c->heads,
                                                             .kv_heads = c->kv_heads,
                                                             .head_dim = (int)c->head_dim,
                                                             .window = c->window,
                                                             .scale = 1 / sqrtf((float)c->head_dim),
                                                             .causal = true});
    return case_linear(b, "o", o, wide, c->hidden, residual);
}

static inline ift_val case_mlp(struct case_build *b, ift_val h, ift_val residual) {
    const struct case_llama *c = b->c;
    const ift_val gate = case_linear(b, "gate", h, c->hidden, c->inner, 0);
    const ift_val up = case_linear(b, "up", h, c->hidden, c->inner, 0);
    return case_linear(b, "down", ift_graph_glu(b->g, gate, up, c->act), c->inner, c->hidden,
                       residual);
}

static inline void case_inputs(struct case_build *b) {
    const struct case_llama *c = b->c;
    const int64_t one[] = {1}, two[] = {2}, tokens[] = {0}, segments[] = {0, 5};
    const int64_t table[] = {CASE_POSITIONS, (c->rot ? c->rot : c->head_dim) / 2, 2};
    b->ids = ift_graph_input(b->g, "ids", IFT_I32, IFT_TOKENS, 1, tokens);
    b->targets = ift_graph_input(b->g, "targets", IFT_I32, IFT_TOKENS, 1, tokens);
    b->positions = ift_graph_input(b->g, "positions", IFT_I32, IFT_TOKENS, 1, tokens);
    b->segments = ift_graph_input(b->g, "segments", IFT_I32, IFT_SEGMENTS, 2, segments);
    b->scale = ift_graph_input(b->g, "scale", IFT_F32, IFT_FIXED, 1, one);
    if (c->dropout > 0) b->key = ift_graph_input(b->g, "key", IFT_I32, IFT_FIXED, 1, two);
    b->table = ift_graph_param(b->g, "rope.table", 3, table, false);
}

/* Describes the forward; returns the loss (N), kept. */
static inline ift_val case_forward(struct ift_graph *g, const struct case_llama *c) {
    struct case_build b = {.g = g, .c = c, .layer = -1};
    case_inputs(&b);
    const ift_val embed = case_param(&b, "embed", c->vocab, c->hidden, c->train);
    ift_val x = ift_graph_embed(g, embed, b.ids, c->pad), add = 0;
    for (b.layer = 0; b.layer < c->layers; b.layer++) {
        for (int half = 0; half < 2; half++) {
            const ift_val w = case_param(&b, half ? "norm2" : "norm1", c->hidden, 0, c->train);
            const ift_val h =
                add ? ift_graph_add_norm(g, x, add, w, 1e-5f, &x) : ift_graph_norm(g, x, w, 1e-5f);
            if (!half) ift_graph_checkpoint(g, x);
            const ift_val residual = c->add_norm ? 0 : x;
            const ift_val y = half ? case_mlp(&b, h, residual) : case_attention(&b, h, residual);
            if (c->add_norm)
                add = y;
            else
                x = y;
        }
    }
    b.layer = -1;
    const ift_val w = case_param(&b, "norm", c->hidden, 0, c->train);
    const ift_val h =
        add ? ift_graph_add_norm(g, x, add, w, 1e-5f, &x) : ift_graph_norm(g, x, w, 1e-5f);
    ift_graph_checkpoint(g, x);
    const ift_val head = c->tied ? embed : case_param(&b, "head", c->vocab, c->hidden, c->train);
    const ift_val loss = ift_graph_xent(g, h, head, 0, b.targets, b.scale);
    ift_graph_keep(g, loss);
    return loss;
}

/* ---- graphs of another kind ---- */

/* Inputs as the LLaMA-like cases have them, and an activation (N, 6) to play with. */
struct odd {
    struct ift_graph *g;
    struct case_build b;
    ift_val x;
};

static const struct case_llama odd_case = {.hidden = 6, .head_dim = 2, .vocab = 9};

static inline struct odd odd_new(bool train) {
    struct odd o = {.g = ift_graph_new()};
    o.b = (struct case_build){.g = o.g, .c = &odd_case, .layer = -1};
    case_inputs(&o.b);
    o.x = ift_graph_embed(o.g, case_param(&o.b, "embed", 9, 6, train), o.b.ids, -1);
    return o;
}

/* ---- numbers ---- */

/* The values of a parameter: normal, of a size that keeps a deep product near 1; norm weights
 * near 1. */
static inline void case_values(const struct ift_value *v, float *p) {
    int64_t n = 1;
    for (int i = 0; i < v->ndim; i++) n *= v->dim[i];
    struct ift_rng r = ift_rng(1, 0, ift_hash(v->name, strlen(v->name)));
    if (v->ndim == 3) { /* the rope table */
        for (int64_t i = 0; i < n / 2; i++) {
            const int64_t half = v->dim[1];
            const double angle = (double)(i / half) * pow(100, -(double)(i % half) / (double)half);
            p[2 * i] = (float)cos(angle);
            p[2 * i + 1] = (float)sin(angle);
        }
        return;
    }
    const bool is_norm = v->ndim == 1 && strstr(v->name, "norm");
    const double spread = v->ndim == 2 ? 1 / sqrt((double)v->dim[1]) : 0.3;
    for (int64_t i = 0; i < n; i++) p[i] = (float)(is_norm + spread * ift_rng_normal(&r));
}

/* A batch: tokens in documents of the given lengths, targets with some not learned. */
struct case_batch {
    int64_t extent[IFT_EXTENTS];
    int32_t ids[CASE_POSITIONS], targets[CASE_POSITIONS], positions[CASE_POSITIONS],
        segments[5 * CASE_POSITIONS];
    int32_t key[2];
    float scale;
};

static inline struct case_batch case_batch_of(const struct case_llama *c, const int *length,
                                              int documents) {
    struct case_batch b = {.extent = {[IFT_SEGMENTS] = documents}, .key = {7, -9}, .scale = 0.125f};
    struct ift_rng r = ift_rng(2, 0, 0);
    int32_t n = 0;
    for (int d = 0; d < documents; d++) {
        const int32_t segment[] = {n, length[d], n, length[d], 0};
        memcpy(b.segments + 5 * d, segment, sizeof segment);
        for (int i = 0; i < length[d]; i++, n++) {
            b.ids[n] = (int32_t)ift_rng_below(&r, (uint64_t)c->vocab);
            b.targets[n] = i % 4 == 1 ? -1 : (int32_t)ift_rng_below(&r, (uint64_t)c->vocab);
            b.positions[n] = i;
        }
    }
    b.extent[IFT_TOKENS] = n;
    return b;
}

/* ---- a device run ---- */

struct case_run {
    struct ift_device *d;
    struct ift_graph *g;
    struct ift_exec *x;
    struct ift_operand *param; /* by value */
};

static inline void case_bind(struct case_run *r) {
    struct ift_err err = {0};
    const size_t values = ift_graph_values(r->g);
    r->param = ift_alloc0(values + 1, sizeof *r->param);
    for (ift_val v = 1; v <= (ift_val)values; v++) {
        const struct ift_value *p = ift_graph_value(r->g, v);
        if (p->role != IFT_PARAM) continue;
        CHECK_OK(ift_device_tensor(r->d, IFT_F32, p->ndim, p->dim, &r->param[v], &err), &err);
        float *host = ift_alloc(ift_operand_bytes(&r->param[v]));
        case_values(p, host);
        CHECK_OK(ift_device_upload(r->d, &r->param[v], host, &err), &err);
        CHECK_OK(ift_exec_bind(r->x, v, &r->param[v], &err), &err);
        free(host);
    }
}

static inline void case_run_release(struct case_run *r) {
    for (size_t v = 1; v <= ift_graph_values(r->g); v++) ift_device_free(r->d, &r->param[v]);
    free(r->param);
    ift_exec_free(r->x);
    ift_graph_free(r->g);
}

static inline void case_upload(struct case_run *r, const struct case_batch *b) {
    struct ift_err err = {0};
    const int64_t n = b->extent[IFT_TOKENS];
    const struct {
        const char *name;
        const void *host;
        int64_t rows;
    } in[] = {{"ids", b->ids, n},
              {"targets", b->targets, n},
              {"positions", b->positions, n},
              {"segments", b->segments, b->extent[IFT_SEGMENTS]},
              {"scale", &b->scale, 1},
              {"key", b->key, 1}};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        const ift_val v = ift_graph_find(r->g, in[i].name);
        if (v) CHECK_OK(ift_exec_upload(r->x, v, in[i].host, in[i].rows, &err), &err);
    }
}

/* The elements of a kept value, state or parameter; free() them. */
static inline float *case_download(struct case_run *r, ift_val v, const int64_t *extent) {
    struct ift_err err = {0};
    const struct ift_value *has = ift_graph_value(r->g, v);
    float *host = ift_alloc0((size_t)ift_value_count(has, extent), sizeof *host);
    CHECK_OK(ift_exec_download(r->x, host, v, extent[has->extent], &err), &err);
    return host;
}

/* ---- a small one, started and run ---- */

static const struct case_llama case_tiny = {.layers = 2,
                                       .heads = 4,
                                       .kv_heads = 2,
                                       .hidden = 24,
                                       .head_dim = 6,
                                       .inner = 20,
                                       .vocab = 33,
                                       .train = true,
                                       .pad = -1};

/* The forward, and what the flags say. */
enum { CASE_BACKWARD = 1, CASE_KEPT = 2 /* every value stays, so that none shares its memory */ };

static inline struct case_run case_start(struct ift_device *d, const struct case_llama *c,
                                         int flags, int64_t tokens, int64_t segments) {
    struct ift_err err = {0};
    struct case_run r = {.d = d, .g = ift_graph_new()};
    const ift_val loss = case_forward(r.g, c);
    if (flags & CASE_BACKWARD) CHECK_OK(ift_graph_backward(r.g, loss, &err), &err);
    for (ift_val v = 1; flags & CASE_KEPT && v <= (ift_val)ift_graph_values(r.g); v++)
        if (ift_graph_value(r.g, v)->role == IFT_TEMP) ift_graph_keep(r.g, v);
    CHECK_OK(ift_exec_new(&r.x, r.g, d, (int64_t[]){0, tokens, segments, 0}, &err), &err);
    case_bind(&r);
    return r;
}

static inline void case_pass(struct case_run *r, const struct case_batch *b) {
    struct ift_err err = {0};
    case_upload(r, b);
    CHECK_OK(ift_exec_run(r->x, b->extent, &err), &err);
}

static inline ift_val case_loss(const struct ift_graph *g) {
    for (size_t i = 0; i < ift_graph_nodes(g); i++)
        if (ift_graph_node(g, i)->op == IFT_OP_XENT) return ift_graph_node(g, i)->out[0];
    return 0;
}

#endif
