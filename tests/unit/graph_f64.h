/* graph_f64.h: the forward of a graph in double precision, straight from the formulas of
 * kernels/backend.h and with no line in common with the kernels. Finite differences of it are exact
 * to about 1e-9, so what remains between them and the engine's gradients is the rounding of float
 * alone. */
#ifndef GRAPH_F64_H
#define GRAPH_F64_H

#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/graph/graph.h"

struct f64 {
    const struct ift_graph *g;
    int64_t extent[IFT_EXTENTS];
    double **v; /* by value; integers too */
};

static inline int64_t f64_count(const struct f64 *f, ift_val v) {
    return ift_value_count(ift_graph_value(f->g, v), f->extent);
}

static inline int64_t f64_rows(const struct f64 *f, ift_val v) {
    const struct ift_value *x = ift_graph_value(f->g, v);
    return x->extent == IFT_FIXED ? x->dim[0] : f->extent[x->extent];
}

static inline int64_t f64_width(const struct f64 *f, ift_val v) {
    return ift_graph_value(f->g, v)->dim[1];
}

static inline struct f64 f64_new(const struct ift_graph *g, const int64_t *extent) {
    struct f64 f = {.g = g};
    memcpy(f.extent, extent, sizeof f.extent);
    f.v = ift_alloc0(ift_graph_values(g) + 1, sizeof *f.v);
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++)
        f.v[v] = ift_alloc0((size_t)f64_count(&f, v), sizeof *f.v[v]);
    return f;
}

static inline void f64_release(struct f64 *f) {
    for (size_t v = 1; v <= ift_graph_values(f->g); v++) free(f->v[v]);
    free(f->v);
}

static inline void f64_gemm(struct f64 *f, const struct ift_node *n) {
    const double *a = f->v[n->in[0]], *b = f->v[n->in[1]];
    const bool ta = n->at.gemm.trans_a, tb = n->at.gemm.trans_b;
    const int64_t rows = f64_rows(f, n->out[0]), columns = f64_width(f, n->out[0]);
    const int64_t inner = ta ? f64_rows(f, n->in[0]) : f64_width(f, n->in[0]);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            double s = 0;
            for (int64_t k = 0; k < inner; k++)
                s += a[ta ? k * rows + i : i * inner + k] * b[tb ? j * inner + k : k * columns + j];
            s *= (double)n->at.gemm.alpha;
            if (n->in[2]) s += f->v[n->in[2]][i * columns + j];
            if (n->in[3]) s += f->v[n->in[3]][j];
            f->v[n->out[0]][i * columns + j] = s;
        }
}

static inline void f64_norm(struct f64 *f, const struct ift_node *n) {
    const int64_t width = f64_rows(f, n->in[1]); /* of a run */
    double *s = ift_alloc0((size_t)width, sizeof *s);
    for (int64_t i = 0; i < f64_count(f, n->in[0]) / width; i++) {
        double mean = 0, square = 0;
        for (int64_t j = 0; j < width; j++) {
            const int64_t at = i * width + j;
            s[j] = f->v[n->in[0]][at] + (n->in[2] ? f->v[n->in[2]][at] : 0);
            if (n->out[2]) f->v[n->out[2]][at] = s[j];
            if (n->at.norm.centred) mean += s[j] / (double)width;
        }
        for (int64_t j = 0; j < width; j++) square += (s[j] - mean) * (s[j] - mean);
        const double rstd = 1 / sqrt(square / (double)width + (double)n->at.norm.eps);
        for (int64_t j = 0; j < width; j++)
            f->v[n->out[0]][i * width + j] = (s[j] - mean) * rstd * f->v[n->in[1]][j] +
                                             (n->in[3] ? f->v[n->in[3]][j] : 0);
    }
    free(s);
}

static inline void f64_unit(struct f64 *f, const struct ift_node *n) {
    const int64_t width = f64_width(f, n->in[0]);
    for (int64_t i = 0; i < f64_rows(f, n->in[0]); i++) {
        const double *x = f->v[n->in[0]] + i * width;
        double square = 0;
        for (int64_t j = 0; j < width; j++) square += x[j] * x[j];
        for (int64_t j = 0; j < width; j++)
            f->v[n->out[0]][i * width + j] = x[j] / fmax(sqrt(square), 1e-12);
    }
}

static inline void f64_split(struct f64 *f, const struct ift_node *n) {
    const int part[] = {n->at.split.a, n->at.split.b, n->at.split.c};
    const int order[] = {0, n->at.split.swapped ? 2 : 1, n->at.split.swapped ? 1 : 2};
    const double *x = f->v[n->in[0]];
    int64_t to[3] = {0};
    for (int64_t i = 0; i < f64_rows(f, n->in[0]) * n->at.split.groups; i++)
        for (int k = 0; k < 3; k++)
            for (int j = 0; j < part[order[k]]; j++)
                f->v[n->out[order[k]]][to[order[k]]++] = *x++;
}

static inline void f64_rope(struct f64 *f, const struct ift_node *n) {
    const int heads = n->at.rope.heads, wide = n->at.rope.head_dim, half = n->at.rope.rot / 2;
    for (int64_t i = 0; i < f64_rows(f, n->in[0]); i++)
        for (int h = 0; h < heads; h++) {
            const int64_t head = (i * heads + h) * wide, from = head + n->at.rope.from;
            const double *x = f->v[n->in[0]] + from;
            double *y = f->v[n->out[0]] + from;
            for (int64_t j = head; j < head + wide; j++) f->v[n->out[0]][j] = f->v[n->in[0]][j];
            for (int j = 0; j < half; j++) {
                const double *cs = f->v[n->in[2]] + ((int64_t)f->v[n->in[1]][i] * half + j) * 2;
                const int a = n->at.rope.interleaved ? 2 * j : j,
                          b = n->at.rope.interleaved ? 2 * j + 1 : j + half;
                y[a] = x[a] * cs[0] - x[b] * cs[1];
                y[b] = x[b] * cs[0] + x[a] * cs[1];
            }
        }
}

static inline double f64_dot(const double *a, const double *b, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* One query row of one head over keys first .. last of its segment; a key `slope` is worth more
 * than the one before it. */
static inline void f64_attend(const double *q, const double *k, const double *v, double *o,
                              int64_t first, int64_t last, int64_t stride, int wide, double scale,
                              double slope) {
    double top = -INFINITY, sum = 0;
    for (int64_t j = first; j <= last; j++)
        top = fmax(top, scale * f64_dot(q, k + j * stride, wide) + slope * (double)j);
    for (int c = 0; c < wide; c++) o[c] = 0;
    for (int64_t j = first; j <= last; j++) {
        const double score = scale * f64_dot(q, k + j * stride, wide) + slope * (double)j;
        const double p = exp(score - top);
        sum += p;
        for (int c = 0; c < wide; c++) o[c] += p * v[j * stride + c];
    }
    for (int c = 0; c < wide; c++) o[c] /= sum;
}

static inline void f64_attn(struct f64 *f, const struct ift_node *n) {
    const int heads = n->at.attn.heads, kv_heads = n->at.attn.kv_heads, wide = n->at.attn.head_dim;
    const int64_t stride = (int64_t)kv_heads * wide;
    for (int64_t s = 0; s < f64_rows(f, n->in[3]); s++) {
        const double *at = f->v[n->in[3]] + 5 * s;
        const int64_t q0 = (int64_t)at[0], queries = (int64_t)at[1], k0 = (int64_t)at[2],
                      keys = (int64_t)at[3], prefix = (int64_t)at[4];
        for (int64_t i = 0; i < queries; i++) {
            const int64_t own = keys - queries + i, window = n->at.attn.window;
            const int64_t last = !n->at.attn.causal ? keys - 1
                                 : own < prefix     ? prefix - 1
                                                    : own,
                          first = window && own >= window ? own - window + 1 : 0;
            for (int h = 0; h < heads; h++) {
                const int64_t head = k0 * stride + h / (heads / kv_heads) * wide,
                              row = ((q0 + i) * heads + h) * wide;
                f64_attend(f->v[n->in[0]] + row, f->v[n->in[1]] + head, f->v[n->in[2]] + head,
                           f->v[n->out[0]] + row, first, last, stride, wide,
                           (double)n->at.attn.scale, n->in[4] ? f->v[n->in[4]][h] : 0);
            }
        }
    }
}

static inline double f64_act(enum ift_act act, double x) {
    switch (act) {
    case IFT_ACT_SILU: return x / (1 + exp(-x));
    case IFT_ACT_GELU: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case IFT_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case IFT_ACT_RELU: return x > 0 ? x : 0;
    case IFT_ACT_TANH: return tanh(x);
    }
    return 0;
}

static inline void f64_dropout(struct f64 *f, const struct ift_node *n) {
    const uint32_t key[2] = {(uint32_t)(int32_t)f->v[n->in[1]][0],
                             (uint32_t)(int32_t)f->v[n->in[1]][1]};
    const double p = (double)n->at.dropout.p;
    for (int64_t i = 0; i < f64_count(f, n->in[0]); i++) {
        const uint32_t counter[4] = {(uint32_t)(i / 4), 0, n->at.dropout.stream, 0};
        uint32_t word[4];
        ift_philox(counter, key, word);
        f->v[n->out[0]][i] = word[i % 4] >= (uint32_t)(p * 4294967296.0)
                                 ? f->v[n->in[0]][i] / (1 - p)
                                 : 0;
    }
}

static inline void f64_xent(struct f64 *f, const struct ift_node *n) {
    const int64_t width = f64_width(f, n->in[0]), vocab = f64_rows(f, n->in[1]);
    double *logit = ift_alloc0((size_t)vocab, sizeof *logit);
    for (int64_t i = 0; i < f64_rows(f, n->in[0]); i++) {
        const double target = f->v[n->in[2]][i];
        double top = -INFINITY, sum = 0;
        for (int64_t j = 0; j < vocab; j++) {
            logit[j] = f64_dot(f->v[n->in[0]] + i * width, f->v[n->in[1]] + j * width, (int)width);
            if (n->in[4]) logit[j] += f->v[n->in[4]][j];
            top = fmax(top, logit[j]);
        }
        for (int64_t j = 0; j < vocab; j++) sum += exp(logit[j] - top);
        f->v[n->out[0]][i] = target < 0 ? 0 : top + log(sum) - logit[(int64_t)target];
    }
    free(logit);
}

/* Rows of a table, a state or an activation: EMBED, GATHER, SCATTER. */
static inline void f64_rows_moved(struct f64 *f, const struct ift_node *n) {
    const bool scatter = n->op == IFT_OP_SCATTER;
    const int64_t width = f64_width(f, n->in[0]);
    for (int64_t i = 0; i < f64_count(f, n->in[1]); i++) {
        const int64_t row = (int64_t)f->v[n->in[1]][i];
        for (int64_t j = 0; j < width && row >= 0; j++) {
            if (scatter)
                f->v[n->out[0]][row * width + j] = f->v[n->in[0]][i * width + j];
            else
                f->v[n->out[0]][i * width + j] = f->v[n->in[0]][row * width + j];
        }
    }
}

static inline void f64_pointwise(struct f64 *f, const struct ift_node *n) {
    const double *x = f->v[n->in[0]], *y = n->in[1] ? f->v[n->in[1]] : NULL;
    for (int64_t i = 0; i < f64_count(f, n->out[0]); i++)
        f->v[n->out[0]][i] = n->op == IFT_OP_GLU   ? f64_act(n->at.act.act, x[i]) * y[i]
                             : n->op == IFT_OP_ACT ? f64_act(n->at.act.act, x[i])
                                                   : (double)n->at.axpby.alpha * x[i] +
                                                         (y ? (double)n->at.axpby.beta * y[i] : 0);
}

/* Runs the first `nodes` nodes, all of them forward ops. */
static inline void f64_run(struct f64 *f, size_t nodes) {
    for (size_t i = 0; i < nodes; i++) {
        const struct ift_node *n = ift_graph_node(f->g, i);
        switch (n->op) {
        case IFT_OP_GEMM: f64_gemm(f, n); break;
        case IFT_OP_NORM: f64_norm(f, n); break;
        case IFT_OP_ROPE: f64_rope(f, n); break;
        case IFT_OP_ATTN: f64_attn(f, n); break;
        case IFT_OP_UNIT: f64_unit(f, n); break;
        case IFT_OP_SPLIT: f64_split(f, n); break;
        case IFT_OP_ACT:
        case IFT_OP_GLU:
        case IFT_OP_AXPBY: f64_pointwise(f, n); break;
        case IFT_OP_DROPOUT: f64_dropout(f, n); break;
        case IFT_OP_XENT: f64_xent(f, n); break;
        case IFT_OP_EMBED:
        case IFT_OP_GATHER:
        case IFT_OP_SCATTER: f64_rows_moved(f, n); break;
        default: abort();
        }
    }
}

#endif
