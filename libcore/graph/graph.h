/* graph.h: a computation as a list of ops over shaped values. An architecture only describes its
 * forward here; ift_graph_backward appends the backward as more ops, plan.h lays out the memory and
 * exec.h runs the list.
 *
 * Building never fails in the middle: a builder that is given values which do not fit remembers the
 * first mistake, returns 0 (no value), accepts 0 quietly from then on, and ift_graph_check reports
 * it. So model code reads like its equations.
 *
 * Extents. The leading dimension of a value may be one that changes from run to run up to a
 * capacity: TOKENS (all tokens of the batch end to end), SEGMENTS (documents or sequences), PICKS
 * (rows picked for the output projection). A shape is declared with that extent and the run says
 * how many there are. All other dimensions are fixed.
 *
 * To add an op: the row in kernels/backend.h, a builder here, its gradient in grad.c, and where its
 * contract says "may alias" or gives an output that may be absent, the row in plan.c.
 */
#ifndef IFT_GRAPH_H
#define IFT_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/backend.h"
#include "libcore/base/err.h"

typedef int ift_val; /* a value of a graph; 0: none */

enum ift_extent { IFT_FIXED, IFT_TOKENS, IFT_SEGMENTS, IFT_PICKS, IFT_EXTENTS };

enum ift_role {
    IFT_PARAM, /* a weight, bound before running; only an optimizer op writes it */
    IFT_INPUT, /* uploaded before each run */
    IFT_STATE, /* persists from run to run, zero at first: gradients, moments, caches */
    IFT_TEMP,  /* lives between its producer and its last reader; planned */
};

struct ift_value {
    const char *name; /* params, inputs and states; NULL for temporaries */
    enum ift_role role;
    enum ift_dtype dtype;
    enum ift_extent extent; /* of dim[0] */
    int ndim;
    int64_t dim[IFT_MAX_DIMS]; /* dim[0] is 0 when the extent is not FIXED */
    bool trainable;            /* a parameter the user trains */
    bool needs_grad;           /* it, or something it was computed from, is trainable */
    bool keep;                 /* a temporary that must still be there after the run (an output) */
};

struct ift_node {
    enum ift_op op;
    ift_val in[IFT_MAX_IN], out[IFT_MAX_OUT]; /* 0: absent */
    bool again;                               /* makes something of the forward a second time */
    union ift_attr at;
};

struct ift_graph;
struct ift_graph *ift_graph_new(void);
void ift_graph_free(struct ift_graph *g);
/* Reports the first mistake made while building. */
int ift_graph_check(const struct ift_graph *g, struct ift_err *err) IFT_MUST_CHECK;

/* Values are 1 .. values, nodes 0 .. nodes - 1 in order of execution; NULL outside. A value stays
 * where it is as long as the graph lives, a node until the next is appended. */
size_t ift_graph_values(const struct ift_graph *g);
const struct ift_value *ift_graph_value(const struct ift_graph *g, ift_val v);
size_t ift_graph_nodes(const struct ift_graph *g);
const struct ift_node *ift_graph_node(const struct ift_graph *g, size_t i);
/* May this parameter be bound to a tensor of f16 or bf16 instead of f32? Yes when it is not trained
 * and nothing reads it but ops that widen what they read: as right factor, embedding table or
 * weight of a cross entropy. Of the graph as it stands: ask when it is complete. */
bool ift_graph_takes_half(const struct ift_graph *g, ift_val param);
/* Elements of a value when the extents are these; -1: more than fit an int64_t. */
int64_t ift_value_count(const struct ift_value *v, const int64_t extent[IFT_EXTENTS]);

/* ---- sources ---- */

/* Names are copied. Declaring one again as it was gives the same value (tied weights); as something
 * else, it is a mistake. Parameters are f32 (but see ift_graph_takes_half). dim[0] of a shape with
 * an extent is ignored. */
ift_val ift_graph_param(struct ift_graph *g, const char *name, int ndim, const int64_t *dim,
                        bool trainable);
ift_val ift_graph_input(struct ift_graph *g, const char *name, enum ift_dtype dtype,
                        enum ift_extent extent, int ndim, const int64_t *dim);
ift_val ift_graph_state(struct ift_graph *g, const char *name, enum ift_dtype dtype, int ndim,
                        const int64_t *dim);
ift_val ift_graph_find(const struct ift_graph *g, const char *name); /* 0: none */
void ift_graph_keep(struct ift_graph *g, ift_val v);                 /* marks an output */

/* ---- ops. Shapes as in kernels/backend.h; N is an extent. ---- */

/* x W^T + bias: (N, in), (out, in) -> (N, out), as published weights are laid; bias may be 0. */
ift_val ift_graph_linear(struct ift_graph *g, ift_val x, ift_val w, ift_val bias);
/* c + alpha x W^T, in one pass. */
ift_val ift_graph_linear_add(struct ift_graph *g, ift_val x, ift_val w, float alpha, ift_val c);
/* alpha op(a) op(b) + c + bias; c and bias may be 0. */
ift_val ift_graph_gemm(struct ift_graph *g, ift_val a, bool trans_a, ift_val b, bool trans_b,
                       float alpha, ift_val c, ift_val bias);
/* Rows of the table; row `pad` gets no gradient (-1: every row does). */
ift_val ift_graph_embed(struct ift_graph *g, ift_val table, ift_val ids, int32_t pad);
/* RMS norm. A weight (W) shorter than a row, of which W is a divisor, norms each run of W channels
 * by itself: the heads of a query. */
ift_val ift_graph_norm(struct ift_graph *g, ift_val x, ift_val weight, float eps);
/* *sum = x + add; returns the norm of it. One pass over memory. */
ift_val ift_graph_add_norm(struct ift_graph *g, ift_val x, ift_val add, ift_val weight, float eps,
                           ift_val *sum);
/* Layer norm, of rows or of runs in the same way; bias may be 0. */
ift_val ift_graph_layer_norm(struct ift_graph *g, ift_val x, ift_val weight, ift_val bias,
                             float eps);
ift_val ift_graph_add_layer_norm(struct ift_graph *g, ift_val x, ift_val add, ift_val weight,
                                 ift_val bias, float eps, ift_val *sum);
/* Each row of x divided by its Euclidean norm, or by 1e-12 where that is smaller. */
ift_val ift_graph_unit_rows(struct ift_graph *g, ift_val x);
/* How the columns of a fused projection lie: in each of `groups` groups q columns of the first
 * part, then k of the second, then v of the third, or the third before the second. One group is
 * three matrices side by side; a group for each key head with the queries that read it is common
 * too. Gate and up are two parts, v 0. */
struct ift_graph_split {
    int groups, q, k, v;
    bool v_before_k;
};
/* *q (N, groups * s.q) and so on; a part without columns is 0. */
void ift_graph_split(struct ift_graph *g, ift_val x, struct ift_graph_split s, ift_val *q,
                     ift_val *k, ift_val *v);
/* Turns channels from .. from + rot - 1 of each head; two calls turn two parts by two positions. */
ift_val ift_graph_rope(struct ift_graph *g, ift_val x, ift_val positions, ift_val table, int heads,
                       int head_dim, int from, int rot, bool interleaved);
struct ift_graph_attn {
    int heads, kv_heads, head_dim, window;
    float scale;
    bool causal;
    ift_val slopes; /* (heads) of ALiBi, which are not trained; 0: none */
};
ift_val ift_graph_attn(struct ift_graph *g, ift_val q, ift_val k, ift_val v, ift_val segments,
                       struct ift_graph_attn a);
ift_val ift_graph_glu(struct ift_graph *g, ift_val gate, ift_val up, enum ift_act act);
ift_val ift_graph_act(struct ift_graph *g, ift_val x, enum ift_act act);
ift_val ift_graph_axpby(struct ift_graph *g, float alpha, ift_val x, float beta, ift_val y);
/* p 0 gives x itself, and key may be 0 then. */
ift_val ift_graph_dropout(struct ift_graph *g, ift_val x, float p, uint32_t stream, ift_val key);
ift_val ift_graph_gather(struct ift_graph *g, ift_val x, ift_val rows);
/* Writes rows into a state; the state is the result, so that what reads it afterwards is ordered
 * after the write. */
ift_val ift_graph_scatter(struct ift_graph *g, ift_val x, ift_val rows, ift_val state);
/* Loss of every token (N), the op a backward starts from; bias (V) is added to the logits, 0: none;
 * scale (1) multiplies the gradient. */
ift_val ift_graph_xent(struct ift_graph *g, ift_val x, ift_val w, ift_val bias, ift_val targets,
                       ift_val scale);

/* Says that from x, parameters and inputs alone everything behind it can be made again: the
 * residual stream at the start of a layer. */
void ift_graph_checkpoint(struct ift_graph *g, ift_val x);
/* Trades time for memory in a backward that is made afterwards: of the forward only every n-th
 * checkpoint is kept, and what lies between is computed again when the backward gets there. The
 * bits of every gradient stay. 0, as it is at first: everything that is read again is kept, but for
 * what is cheap. */
void ift_graph_recompute(struct ift_graph *g, size_t n);
/* Appends what computes d(scale * sum of losses) for every trainable parameter that `loss` depends
 * on, and nothing that none of them needs. The gradient of a parameter is a STATE named
 * "grad.<name>", into which the backward accumulates: zero it before the first micro-batch
 * (ift_exec_zero). GATHER and SCATTER have no gradient: an error where one is asked. Weights of
 * norms, biases and tables must be parameters to be trained, the weight of the loss may be computed
 * from some. Do this last: what is built afterwards has no part in it. */
int ift_graph_backward(struct ift_graph *g, ift_val loss, struct ift_err *err) IFT_MUST_CHECK;
/* 0 when the parameter is not trainable, or not reached by a backward. */
ift_val ift_graph_grad(const struct ift_graph *g, ift_val param);

/* ---- optimizer ops: for a graph of their own, bound to the memory of another's run ---- */

void ift_graph_sumsq(struct ift_graph *g, ift_val x, ift_val sum);
void ift_graph_clip(struct ift_graph *g, ift_val sum, ift_val scale, float max_norm, ift_val norm,
                    ift_val coef);
struct ift_graph_adamw {
    float beta1, beta2, eps, decay;
};
void ift_graph_adamw(struct ift_graph *g, ift_val grad, ift_val coef, ift_val hyper, ift_val p,
                     ift_val m, ift_val v, struct ift_graph_adamw a);

/* FLOPs of the matrix products (2 m n k) of a GEMM or XENT node at these extents, 0 of another.
 * Attention is not counted: only the caller knows which pairs are visible. */
double ift_graph_node_flops(const struct ift_graph *g, const struct ift_node *n,
                            const int64_t extent[IFT_EXTENTS]);

#endif
