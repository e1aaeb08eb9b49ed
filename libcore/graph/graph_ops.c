#include "libcore/graph/graph_internal.h"

/* ---- what every builder checks ---- */

/* The value behind an operand of the given type and rank; NULL once a mistake was made. */
static const struct ift_value *operand(struct ift_graph *g, const char *op, const char *what,
                                       ift_val v, enum ift_dtype dtype, int ndim) {
    if (g->mistake.text[0]) return NULL;
    const struct ift_value *x = ift_graph_value(g, v);
    char text[IFT_VALUE_TEXT];
    if (!x)
        ift_graph_mistake(g, "%s: no %s given", op, what);
    else if (x->dtype != dtype || (ndim && x->ndim != ndim))
        ift_graph_mistake(g, "%s: %s %s has the wrong type or number of dimensions", op, what,
                          ift_value_text(x, text));
    else
        return x;
    return NULL;
}

static const struct ift_value *matrix(struct ift_graph *g, const char *op, const char *what,
                                      ift_val v) {
    return operand(g, op, what, v, IFT_F32, 2);
}

static ift_val misfit(struct ift_graph *g, const char *op, const char *na,
                      const struct ift_value *a, const char *nb, const struct ift_value *b) {
    char ta[IFT_VALUE_TEXT], tb[IFT_VALUE_TEXT];
    return ift_graph_mistake(g, "%s: %s %s does not fit %s %s", op, na, ift_value_text(a, ta), nb,
                             ift_value_text(b, tb));
}

/* A dimension: how many, and whether that changes from run to run. */
struct dim {
    enum ift_extent extent;
    int64_t n;
};

static struct dim rows(const struct ift_value *v) {
    return (struct dim){v->extent, v->dim[0]};
}

static struct dim columns(const struct ift_value *v) {
    return (struct dim){IFT_FIXED, v->dim[1]};
}

static bool same_dim(struct dim a, struct dim b) {
    return a.extent == b.extent && a.n == b.n;
}

static bool same_shape(const struct ift_value *a, const struct ift_value *b) {
    if (a->ndim != b->ndim || !same_dim(rows(a), rows(b))) return false;
    for (int i = 1; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

/* ---- products ---- */

ift_val ift_graph_gemm(struct ift_graph *g, ift_val a, bool trans_a, ift_val b, bool trans_b,
                       float alpha, ift_val c, ift_val bias) {
    const struct ift_value *va = matrix(g, "gemm", "left factor", a);
    const struct ift_value *vb = matrix(g, "gemm", "right factor", b);
    if (!va || !vb) return 0;
    const struct dim m = trans_a ? columns(va) : rows(va), k = trans_a ? rows(va) : columns(va);
    const struct dim n = trans_b ? rows(vb) : columns(vb), kb = trans_b ? columns(vb) : rows(vb);
    if (!same_dim(k, kb) || n.extent != IFT_FIXED)
        return misfit(g, "gemm", trans_a ? "transposed left factor" : "left factor", va,
                      trans_b ? "transposed right factor" : "right factor", vb);
    const struct ift_value y = {.dtype = IFT_F32, .extent = m.extent, .ndim = 2, .dim = {m.n, n.n}};
    if (c) {
        const struct ift_value *vc = matrix(g, "gemm", "addend", c);
        if (!vc) return 0;
        if (!same_shape(vc, &y)) return misfit(g, "gemm", "addend", vc, "product", &y);
    }
    if (bias) {
        const struct ift_value *vbias = operand(g, "gemm", "bias", bias, IFT_F32, 1);
        if (!vbias) return 0;
        if (!same_dim(rows(vbias), n)) return misfit(g, "gemm", "bias", vbias, "product", &y);
    }
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_GEMM,
                                                .in = {a, b, c, bias},
                                                .out = {ift_graph_temp(g, &y)},
                                                .at.gemm = {alpha, trans_a, trans_b}});
}

ift_val ift_graph_linear(struct ift_graph *g, ift_val x, ift_val w, ift_val bias) {
    return ift_graph_gemm(g, x, false, w, true, 1, 0, bias);
}

ift_val ift_graph_linear_add(struct ift_graph *g, ift_val x, ift_val w, float alpha, ift_val c) {
    if (!matrix(g, "linear_add", "addend", c)) return 0;
    return ift_graph_gemm(g, x, false, w, true, alpha, c, 0);
}

/* ---- rows of tables and states ---- */

ift_val ift_graph_embed(struct ift_graph *g, ift_val table, ift_val ids, int32_t pad) {
    const struct ift_value *t = matrix(g, "embed", "table", table);
    const struct ift_value *i = operand(g, "embed", "ids", ids, IFT_I32, 1);
    if (!t || !i) return 0;
    /* EMBED itself has no attribute; pad waits here for its backward. */
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_EMBED,
                                                .in = {table, ids},
                                                .out = {ift_graph_temp_rows(g, i, t->dim[1])},
                                                .at.embed_bwd = {pad}});
}

ift_val ift_graph_gather(struct ift_graph *g, ift_val x, ift_val picks) {
    const struct ift_value *vx = matrix(g, "gather", "source", x);
    const struct ift_value *r = operand(g, "gather", "rows", picks, IFT_I32, 1);
    if (!vx || !r) return 0;
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_GATHER,
                                                .in = {x, picks},
                                                .out = {ift_graph_temp_rows(g, r, vx->dim[1])}});
}

ift_val ift_graph_scatter(struct ift_graph *g, ift_val x, ift_val slots, ift_val state) {
    const struct ift_value *vx = matrix(g, "scatter", "source", x);
    const struct ift_value *r = operand(g, "scatter", "rows", slots, IFT_I32, 1);
    const struct ift_value *s = matrix(g, "scatter", "destination", state);
    if (!vx || !r || !s) return 0;
    if (!same_dim(rows(vx), rows(r))) return misfit(g, "scatter", "rows", r, "source", vx);
    if (s->role != IFT_STATE || s->dim[1] != vx->dim[1])
        return misfit(g, "scatter", "source", vx, "state", s);
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_SCATTER,
                                                .in = {x, slots},
                                                .out = {state}});
}

/* ---- norms ---- */

struct norm {
    ift_val weight, bias;
    float eps;
    bool centred;
};

/* sum NULL: there is nothing to add. */
static ift_val norm(struct ift_graph *g, ift_val x, ift_val add, struct norm m, ift_val *sum) {
    const struct ift_value *vx = matrix(g, "norm", "input", x);
    const struct ift_value *vw = operand(g, "norm", "weight", m.weight, IFT_F32, 1);
    const struct ift_value *va = sum ? matrix(g, "norm", "addend", add) : NULL;
    const struct ift_value *vb = m.bias ? operand(g, "norm", "bias", m.bias, IFT_F32, 1) : NULL;
    if (!vx || !vw || (sum && !va) || (m.bias && !vb)) return 0;
    if (vw->extent != IFT_FIXED || vx->dim[1] % vw->dim[0])
        return misfit(g, "norm", "weight", vw, "input", vx);
    if (va && !same_shape(va, vx)) return misfit(g, "norm", "addend", va, "input", vx);
    if (vb && !same_shape(vb, vw)) return misfit(g, "norm", "bias", vb, "weight", vw);
    const int64_t runs = vx->dim[1] / vw->dim[0];
    struct ift_node n = {.op = IFT_OP_NORM,
                         .in = {x, m.weight, add, m.bias},
                         .out = {ift_graph_temp(g, vx), ift_graph_temp_rows(g, vx, runs)},
                         .at.norm = {m.eps, m.centred}};
    if (sum) *sum = n.out[2] = ift_graph_temp(g, vx);
    if (m.centred) n.out[3] = ift_graph_temp_rows(g, vx, runs);
    return ift_graph_push(g, &n);
}

ift_val ift_graph_norm(struct ift_graph *g, ift_val x, ift_val weight, float eps) {
    return norm(g, x, 0, (struct norm){weight, 0, eps, false}, NULL);
}

ift_val ift_graph_add_norm(struct ift_graph *g, ift_val x, ift_val add, ift_val weight, float eps,
                           ift_val *sum) {
    *sum = 0;
    return norm(g, x, add, (struct norm){weight, 0, eps, false}, sum);
}

ift_val ift_graph_layer_norm(struct ift_graph *g, ift_val x, ift_val weight, ift_val bias,
                             float eps) {
    return norm(g, x, 0, (struct norm){weight, bias, eps, true}, NULL);
}

ift_val ift_graph_add_layer_norm(struct ift_graph *g, ift_val x, ift_val add, ift_val weight,
                                 ift_val bias, float eps, ift_val *sum) {
    *sum = 0;
    return norm(g, x, add, (struct norm){weight, bias, eps, true}, sum);
}

ift_val ift_graph_unit_rows(struct ift_graph *g, ift_val x) {
    const struct ift_value *vx = matrix(g, "unit_rows", "input", x);
    if (!vx) return 0;
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_UNIT,
                                                .in = {x},
                                                .out = {ift_graph_temp(g, vx)}});
}

/* ---- columns ---- */

void ift_graph_split(struct ift_graph *g, ift_val x, struct ift_graph_split s, ift_val *q,
                     ift_val *k, ift_val *v) {
    *q = *k = *v = 0;
    const struct ift_value *vx = matrix(g, "split", "input", x);
    if (!vx) return;
    if (s.groups < 1 || s.q < 0 || s.k < 0 || s.v < 0 ||
        s.groups * ((int64_t)s.q + s.k + s.v) != vx->dim[1]) {
        ift_graph_mistake(g, "split: %d groups of %d, %d and %d of %lld columns", s.groups, s.q,
                          s.k, s.v, (long long)vx->dim[1]);
        return;
    }
    struct ift_node n = {.op = IFT_OP_SPLIT,
                         .in = {x},
                         .at.split = {s.groups, s.q, s.k, s.v, s.v_before_k}};
    ift_val *const part[] = {q, k, v};
    const int width[] = {s.q, s.k, s.v};
    for (int i = 0; i < 3; i++)
        if (width[i])
            *part[i] = n.out[i] = ift_graph_temp_rows(g, vx, (int64_t)s.groups * width[i]);
    ift_graph_push(g, &n);
}

/* ---- attention ---- */

ift_val ift_graph_rope(struct ift_graph *g, ift_val x, ift_val positions, ift_val table, int heads,
                       int head_dim, int from, int rot, bool interleaved) {
    const struct ift_value *vx = matrix(g, "rope", "input", x);
    const struct ift_value *p = operand(g, "rope", "positions", positions, IFT_I32, 1);
    const struct ift_value *t = operand(g, "rope", "table", table, IFT_F32, 3);
    if (!vx || !p || !t) return 0;
    if (!same_dim(rows(p), rows(vx))) return misfit(g, "rope", "positions", p, "input", vx);
    if (rot < 2 || rot % 2 || from < 0 || from > head_dim || rot > head_dim - from ||
        (int64_t)heads * head_dim != vx->dim[1])
        return ift_graph_mistake(
            g, "rope: %d heads of %d channels, %d rotated from %d on, of %lld columns", heads,
            head_dim, rot, from, (long long)vx->dim[1]);
    if (t->dim[1] != rot / 2 || t->dim[2] != 2) return misfit(g, "rope", "table", t, "input", vx);
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_ROPE,
                                                .in = {x, positions, table},
                                                .out = {ift_graph_temp(g, vx)},
                                                .at.rope = {heads, head_dim, from, rot, interleaved,
                                                            false}});
}

ift_val ift_graph_attn(struct ift_graph *g, ift_val q, ift_val k, ift_val v, ift_val segments,
                       struct ift_graph_attn a) {
    const struct ift_value *vq = matrix(g, "attn", "query", q), *vk = matrix(g, "attn", "key", k);
    const struct ift_value *vv = matrix(g, "attn", "value", v);
    const struct ift_value *s = operand(g, "attn", "segments", segments, IFT_I32, 2);
    if (!vq || !vk || !vv || !s) return 0;
    if (a.heads < 1 || a.kv_heads < 1 || a.heads % a.kv_heads)
        return ift_graph_mistake(g, "attn: %d query heads over %d key heads", a.heads, a.kv_heads);
    if (vq->dim[1] != (int64_t)a.heads * a.head_dim ||
        vk->dim[1] != (int64_t)a.kv_heads * a.head_dim)
        return misfit(g, "attn", "query", vq, "key", vk);
    if (!same_shape(vk, vv)) return misfit(g, "attn", "value", vv, "key", vk);
    if (s->dim[1] != 5) return misfit(g, "attn", "segments", s, "query", vq);
    if (a.slopes) {
        const struct ift_value *vs = operand(g, "attn", "slopes", a.slopes, IFT_F32, 1);
        if (!vs) return 0;
        if (!same_dim(rows(vs), (struct dim){IFT_FIXED, a.heads}))
            return misfit(g, "attn", "slopes", vs, "query", vq);
        char text[IFT_VALUE_TEXT];
        if (vs->needs_grad)
            return ift_graph_mistake(g, "attn: slopes %s cannot be trained",
                                     ift_value_text(vs, text));
    }
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_ATTN,
                                                .in = {q, k, v, segments, a.slopes},
                                                .out = {ift_graph_temp(g, vq),
                                                        ift_graph_temp_rows(g, vq, a.heads)},
                                                .at.attn = {a.heads, a.kv_heads, a.head_dim,
                                                            a.window, a.scale, a.causal}});
}

/* ---- element by element ---- */

ift_val ift_graph_glu(struct ift_graph *g, ift_val gate, ift_val up, enum ift_act act) {
    const struct ift_value *a = matrix(g, "glu", "gate", gate), *b = matrix(g, "glu", "up", up);
    if (!a || !b) return 0;
    if (!same_shape(a, b)) return misfit(g, "glu", "gate", a, "up", b);
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_GLU,
                                                .in = {gate, up},
                                                .out = {ift_graph_temp(g, a)},
                                                .at.act = {act}});
}

ift_val ift_graph_act(struct ift_graph *g, ift_val x, enum ift_act act) {
    const struct ift_value *vx = matrix(g, "act", "input", x);
    if (!vx) return 0;
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_ACT,
                                                .in = {x},
                                                .out = {ift_graph_temp(g, vx)},
                                                .at.act = {act}});
}

ift_val ift_graph_axpby(struct ift_graph *g, float alpha, ift_val x, float beta, ift_val y) {
    const struct ift_value *vx = operand(g, "axpby", "first term", x, IFT_F32, 0);
    if (!vx) return 0;
    if (y) {
        const struct ift_value *vy = operand(g, "axpby", "second term", y, IFT_F32, 0);
        if (!vy) return 0;
        if (!same_shape(vx, vy)) return misfit(g, "axpby", "first term", vx, "second term", vy);
    }
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_AXPBY,
                                                .in = {x, y},
                                                .out = {ift_graph_temp(g, vx)},
                                                .at.axpby = {alpha, beta}});
}

ift_val ift_graph_dropout(struct ift_graph *g, ift_val x, float p, uint32_t stream, ift_val key) {
    const struct ift_value *vx = matrix(g, "dropout", "input", x);
    if (!vx) return 0;
    if (!(p >= 0 && p < 1)) return ift_graph_mistake(g, "dropout: probability %g", (double)p);
    if (p == 0) return x;
    const struct ift_value *k = operand(g, "dropout", "key", key, IFT_I32, 1);
    if (!k) return 0;
    if (!same_dim(rows(k), (struct dim){IFT_FIXED, 2}))
        return misfit(g, "dropout", "key", k, "input", vx);
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_DROPOUT,
                                                .in = {x, key},
                                                .out = {ift_graph_temp(g, vx)},
                                                .at.dropout = {p, stream}});
}

/* ---- loss ---- */

static bool one(struct ift_graph *g, const char *op, const char *what, ift_val v,
                enum ift_dtype dtype) {
    const struct ift_value *x = operand(g, op, what, v, dtype, 1);
    if (!x) return false;
    if (same_dim(rows(x), (struct dim){IFT_FIXED, 1})) return true;
    char text[IFT_VALUE_TEXT];
    ift_graph_mistake(g, "%s: %s %s is not one number", op, what, ift_value_text(x, text));
    return false;
}

ift_val ift_graph_xent(struct ift_graph *g, ift_val x, ift_val w, ift_val bias, ift_val targets,
                       ift_val scale) {
    const struct ift_value *vx = matrix(g, "xent", "input", x),
                           *vw = matrix(g, "xent", "weight", w);
    const struct ift_value *t = operand(g, "xent", "targets", targets, IFT_I32, 1);
    if (!vx || !vw || !t || !one(g, "xent", "scale", scale, IFT_F32)) return 0;
    if (vw->extent != IFT_FIXED || !same_dim(columns(vw), columns(vx)))
        return misfit(g, "xent", "weight", vw, "input", vx);
    if (!same_dim(rows(t), rows(vx))) return misfit(g, "xent", "targets", t, "input", vx);
    if (bias) {
        const struct ift_value *vb = operand(g, "xent", "bias", bias, IFT_F32, 1);
        if (!vb) return 0;
        if (!same_dim(rows(vb), rows(vw))) return misfit(g, "xent", "bias", vb, "weight", vw);
    }
    return ift_graph_push(g, &(struct ift_node){.op = IFT_OP_XENT,
                                                .in = {x, w, targets, scale, bias},
                                                .out = {ift_graph_temp_rows(g, vx, 0)}});
}

/* ---- optimizer ---- */

void ift_graph_sumsq(struct ift_graph *g, ift_val x, ift_val sum) {
    if (operand(g, "sumsq", "input", x, IFT_F32, 0) && one(g, "sumsq", "sum", sum, IFT_F64))
        ift_graph_push(g, &(struct ift_node){.op = IFT_OP_SUMSQ, .in = {x}, .out = {sum}});
}

void ift_graph_clip(struct ift_graph *g, ift_val sum, ift_val scale, float max_norm, ift_val norm_,
                    ift_val coef) {
    if (one(g, "clip", "sum", sum, IFT_F64) && one(g, "clip", "scale", scale, IFT_F32) &&
        one(g, "clip", "norm", norm_, IFT_F32) && one(g, "clip", "coefficient", coef, IFT_F32))
        ift_graph_push(g, &(struct ift_node){.op = IFT_OP_CLIP,
                                             .in = {sum, scale},
                                             .out = {norm_, coef},
                                             .at.clip = {max_norm}});
}

void ift_graph_adamw(struct ift_graph *g, ift_val grad, ift_val coef, ift_val hyper, ift_val p,
                     ift_val m, ift_val v, struct ift_graph_adamw a) {
    const struct ift_value *vg = operand(g, "adamw", "gradient", grad, IFT_F32, 0);
    const struct ift_value *vh = operand(g, "adamw", "hyper", hyper, IFT_F32, 1);
    const struct ift_value *vp = operand(g, "adamw", "parameter", p, IFT_F32, 0);
    const struct ift_value *vm = operand(g, "adamw", "first moment", m, IFT_F32, 0);
    const struct ift_value *vv = operand(g, "adamw", "second moment", v, IFT_F32, 0);
    if (!vg || !vh || !vp || !vm || !vv || !one(g, "adamw", "coefficient", coef, IFT_F32)) return;
    if (!same_dim(rows(vh), (struct dim){IFT_FIXED, 4})) {
        misfit(g, "adamw", "hyper", vh, "parameter", vp);
        return;
    }
    const struct ift_value *const part[] = {vg, vm, vv};
    for (int i = 0; i < 3; i++)
        if (!same_shape(part[i], vp)) {
            misfit(g, "adamw", "gradient or moment", part[i], "parameter", vp);
            return;
        }
    ift_graph_push(g, &(struct ift_node){.op = IFT_OP_ADAMW,
                                         .in = {grad, coef, hyper},
                                         .out = {p, m, v},
                                         .at.adamw = {a.beta1, a.beta2, a.eps, a.decay}});
}
