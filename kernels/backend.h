/* backend.h: the one interface between the engine and a processor.
 *
 * The engine (libcore/graph) plans memory and orders work; a backend owns memory and runs ops.
 * Nothing here names a layer, a model or a tuning method, and nothing here is CPU-specific:
 * operands are offsets into device buffers, every transfer and every op is enqueued on a stream and
 * is complete only after ift_backend.sync, and all numbers that change from step to step (learning
 * rate, loss scale, positions) are operands too, so that a whole step can be captured once and
 * replayed.
 *
 * Adding an op: one row in IFT_OPS below with its contract, `kernels/cpu/<op>.c` (and
 * `kernels/cuda/<op>.cu`), and one case in tests/ops. Nothing else enumerates ops by hand.
 *
 * Errors: fallible functions return 0, or -1 with a message in `why` (IFT_WHY bytes, always
 * terminated). A backend never prints and never exits. Running out of device memory is an ordinary
 * error whose text gives the needed and the free MiB.
 */
#ifndef IFT_BACKEND_H
#define IFT_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IFT_WHY = 256,    /* bytes of an error message */
    IFT_MAX_DIMS = 4, /* dimensions of a tensor */
    IFT_MAX_IN = 8,   /* operands an op reads */
    IFT_MAX_OUT = 4,  /* operands an op writes */
};

enum ift_dtype {
    IFT_F32, IFT_F16, IFT_BF16, IFT_F64,
    IFT_I64, IFT_I32, IFT_I16, IFT_I8, IFT_U8, IFT_BOOL,
    IFT_DTYPES
};

/* Bytes of one element. */
static inline size_t ift_dtype_size(enum ift_dtype t) {
    static const unsigned char size[IFT_DTYPES] = {4, 2, 2, 8, 8, 4, 2, 1, 1, 1};
    return size[t];
}

/* A tensor as an op sees it: row-major, dense but for dimension 0, whose consecutive rows lie `row`
 * elements apart (row == product of dim[1..] when dense). That one stride lets q, k and v be
 * columns of one matrix. A one-dimensional tensor has row == 1. Offsets are whole elements. `buf`
 * NULL: the operand is absent. */
struct ift_buf;
struct ift_operand {
    struct ift_buf *buf;
    size_t offset; /* bytes */
    enum ift_dtype dtype;
    int ndim;
    int64_t dim[IFT_MAX_DIMS];
    int64_t row;
};

/* The ops. Shapes: N tokens of the whole batch laid end to end, without padding; C channels; H
 * query heads and G key/value heads of D channels; S segments (documents or cached sequences); V
 * vocabulary. Inputs in brackets may be absent. "sets" and "adds to" (accumulates) are said of
 * every output; "may alias i" allows output storage to be input i's. Floating operands are f32
 * unless said otherwise; reductions that feed a decision (loss, norm) are summed in double, in an
 * order fixed by shape alone.
 *
 * GEMM       in   a, b, [c], [bias (n)]
 *            out  y (m, n) sets, may alias c
 *            y = alpha op(a) op(b) + c + bias, op = transpose where asked. a is (m, k), or (k, m)
 *            if trans_a; b is (k, n), or (n, k) if trans_b. A Hugging Face linear is trans_b:
 *            weight (out, in). To accumulate, pass y as c. b may be f16 or bf16.
 * EMBED      in   table (V, C) f32, f16 or bf16, ids (N) i32
 *            out  y (N, C) sets
 * EMBED_BWD  in   dy (N, C), ids (N) i32
 *            out  dtable (V, C) adds to; rows whose id is `pad` are skipped
 * NORM       in   x (N, C), weight (W), [add (N, C)], [bias (W)]
 *            out  y (N, C) sets, rstd (N, C/W) sets, [sum (N, C) sets, may alias 0 or 2],
 *                 [mean (N, C/W) sets]
 *            A norm after an optional residual sum: s = x + add. Each run of W channels of s is
 *            normalised by itself: a row where W is C, else its heads. RMS norm: rstd =
 *            1/sqrt(mean(s^2) + eps); y = s rstd weight + bias. If centred (layer norm) s less its
 *            mean takes the place of s. Sum is present exactly when add is, mean when centred.
 * NORM_BWD   in   dy (N, C), s (N, C), weight (W), rstd (N, C/W), [dadd (N, C)], [mean (N, C/W)]
 *            out  dx (N, C) sets, may alias 0 or 4; [dweight (W) adds to], [dbias (W) adds to]
 *            s is what was normalised (x, or the sum). dadd is the gradient that reaches the sum
 *            directly; dx = dadd + d norm. Mean is present exactly when centred.
 * UNIT       in   x (N, C) f32, f16 or bf16
 *            out  y (N, C) sets, may alias 0
 *            Each row divided by the larger of its Euclidean norm and 1e-12.
 * UNIT_BWD   in   dy (N, C), x (N, C)
 *            out  dx (N, C) sets, may alias 0 or 1
 * ROPE       in   x (N, heads*D), positions (N) i32, table (P, rot/2, 2)
 *            out  y (N, heads*D) sets, may alias 0
 *            Rotates `rot` channels of each head, from channel `from` on, by table[position] =
 *            (cos, sin): pairs (i, i + rot/2), or (2i, 2i+1) if interleaved; the rest is copied.
 *            inverse turns the other way and is the backward.
 * ATTN       in   q (N, H*D), k (K, G*D), v (K, G*D), segments (S, 5) i32, [slopes (H)]
 *            out  o (N, H*D) sets, [lse (N, H) sets]
 *            segments[s] = q_begin, q_len, kv_begin, kv_len, prefix. Query i of a segment stands
 *            beside key own = kv_len - q_len + i. It sees the keys j <= own and all j < prefix (all
 *            keys if not causal), and with window > 0 of those only j > own - window. Query head h
 *            reads key head h / (H/G). o = softmax(scale q.k + slope (j - own)) v, slope 0 where
 *            there are no slopes (ALiBi: Press, Smith and Lewis, 2021); lse = log of the softmax
 *            denominator, natural, for the backward. k and v are the fresh rows in training and the
 *            cache when generating. Query rows in no segment are not written; a row that sees no
 *            key gets o 0 and lse -inf. Segments are in the order of their queries, which do not
 *            overlap; keys may be shared. A segment with q_len 0 is skipped.
 * ATTN_BWD   in   do (N, H*D), q, k, v, o (N, H*D), lse (N, H), segments, [slopes (H)]
 *            out  dq, dk, dv set, shapes of q, k, v
 *            Segments must not share keys either, and be in their order. Rows in no segment get 0.
 * GLU        in   gate (N, I), up (N, I)
 *            out  y (N, I) sets, may alias 0 or 1; y = act(gate) up
 * GLU_BWD    in   dy, gate, up
 *            out  dgate sets, may alias 0 or 1; dup sets, may alias 2
 * ACT        in   x (N, C)
 *            out  y (N, C) sets, may alias 0; y = act(x)
 * ACT_BWD    in   dy, x
 *            out  dx sets, may alias 0 or 1
 * SPLIT      in   x (N, groups*(a+b+c))
 *            out  [y (N, groups*a) sets], [z (N, groups*b) sets], [w (N, groups*c) sets]
 *            Each of the groups of columns holds a columns of y, then b of z, then c of w; or y, w,
 *            z if `swapped`. An output without columns is absent.
 * JOIN       in   [y (N, groups*a)], [z (N, groups*b)], [w (N, groups*c)]
 *            out  x (N, groups*(a+b+c)) sets
 *            SPLIT the other way round, and its backward. What is absent is 0.
 * AXPBY      in   x, [y]
 *            out  z sets, may alias 0 or 1; z = alpha x + beta y
 * DROPOUT    in   x (N, C), key (2) i32
 *            out  y sets, may alias 0; y = x keep / (1 - p)
 *            Elements are numbered row by row. Element e is kept when word e % 4 of Philox4x32-10
 *            of counter (e / 4 low, e / 4 high, stream, 0) under key is at least p 2^32: the same
 *            on every backend. The backward is the same op on dy.
 * XENT       in   x (N, C), weight (V, C) f32, f16 or bf16, targets (N) i32, scale (1), [bias (V)]
 *            out  loss (N) sets, [dx (N, C) sets], [dweight (V, C) adds to], [dbias (V) adds to]
 *            Fused output projection and cross entropy; full logits never exist. Rows with
 *            target < 0 are not computed: loss 0, dx 0. loss[i] = logsumexp(z) - z[target],
 *            z = x[i] W^T + bias, unscaled; the gradients are of scale * sum(loss).
 * SCATTER    in   x (M, C), rows (M) i32
 *            out  y (R, C): y[rows[i]] = x[i], other rows untouched; rows[i] < 0 is skipped, and of
 *            rows that meet the last one stays. Any type, the same for both; so for GATHER.
 * GATHER     in   x (R, C), rows (M) i32
 *            out  y (M, C) sets: y[i] = x[rows[i]]
 * COLSUM     in   x (N, C)
 *            out  y (C) adds to: the sum over rows, the gradient of a bias
 * CAST       in   x
 *            out  y sets: same shape, other dtype (f32, f16, bf16, f64), round to nearest even
 * SUMSQ      in   x
 *            out  sum (1) f64 adds to: the sum of squares
 * CLIP       in   sum (1) f64, scale (1)
 *            out  norm (1) f32 sets, coef (1) f32 sets
 *            norm = sqrt(sum) * scale; coef = scale * min(1, max_norm / (norm + 1e-6)), or scale
 *            when max_norm <= 0.
 * ADAMW      in   grad, coef (1), hyper (4) = lr, 1 - beta1^t, 1 - beta2^t, unused
 *            out  p, m, v updated in place
 *            g = coef grad; p *= 1 - lr decay; m, v moments of g;
 *            p -= lr/hyper[1] m / (sqrt(v)/sqrt(hyper[2]) + eps)
 */
#define IFT_OPS(X)                                                                            \
    X(GEMM, gemm) X(EMBED, embed) X(EMBED_BWD, embed_bwd) X(NORM, norm) X(NORM_BWD, norm_bwd) \
    X(UNIT, unit) X(UNIT_BWD, unit_bwd) X(ROPE, rope) X(ATTN, attn) X(ATTN_BWD, attn_bwd)     \
    X(GLU, glu) X(GLU_BWD, glu_bwd) X(ACT, act) X(ACT_BWD, act_bwd) X(SPLIT, split)           \
    X(JOIN, join) X(AXPBY, axpby) X(DROPOUT, dropout) X(XENT, xent) X(SCATTER, scatter)       \
    X(GATHER, gather) X(COLSUM, colsum) X(CAST, cast) X(SUMSQ, sumsq) X(CLIP, clip)           \
    X(ADAMW, adamw)

enum ift_op {
#define X(NAME, name) IFT_OP_##NAME,
    IFT_OPS(X)
#undef X
    IFT_OP_COUNT
};

enum ift_act { IFT_ACT_SILU, IFT_ACT_GELU_TANH, IFT_ACT_GELU, IFT_ACT_RELU, IFT_ACT_TANH };

/* What is fixed when the graph is built. Only the member named after the op is meaningful. */
union ift_attr {
    struct { float alpha; bool trans_a, trans_b; } gemm;
    struct { int32_t pad; } embed_bwd; /* -1: none */
    struct { float eps; bool centred; } norm; /* and norm_bwd */
    struct { int heads, head_dim, from, rot; bool interleaved, inverse; } rope;
    /* and attn_bwd */
    struct { int heads, kv_heads, head_dim, window; float scale; bool causal; } attn;
    struct { enum ift_act act; } act; /* and act_bwd, glu, glu_bwd */
    struct { int groups, a, b, c; bool swapped; } split; /* and join */
    struct { float alpha, beta; } axpby;
    struct { float p; uint32_t stream; } dropout;
    struct { float max_norm; } clip;
    struct { float beta1, beta2, eps, decay; } adamw;
};

/* One op with its operands resolved; those the op does not know are absent. `scratch` has the
 * bytes that ift_backend.scratch asked for and starts at a multiple of 64; only its buf and offset
 * count. */
struct ift_call {
    enum ift_op op;
    struct ift_operand in[IFT_MAX_IN], out[IFT_MAX_OUT];
    struct ift_operand scratch;
    union ift_attr at;
};

struct ift_backend_config {
    int threads; /* CPU: worker threads, 0 = one a core */
    int device;  /* CUDA: ordinal */
};

struct ift_dev;    /* an opened processor */
struct ift_stream; /* a queue of work on it */

/* A backend: one const table. Functions marked (optional) may be NULL. Buffers are aligned to 64
 * bytes. */
struct ift_backend {
    const char *name; /* "cpu" */

    int (*open)(struct ift_dev **dev, const struct ift_backend_config *cfg, char *why);
    void (*close)(struct ift_dev *dev);
    /* One line for people: "cpu: avx2, 2 threads". */
    void (*describe)(const struct ift_dev *dev, char *text, size_t size);
    /* Measured peak of the matrix product in FLOP/s, cached after the first call (0.05 s). */
    double (*gemm_peak)(struct ift_dev *dev);

    /* Contents are undefined. */
    int (*alloc)(struct ift_dev *dev, size_t bytes, struct ift_buf **buf, char *why);
    /* (optional) Makes host memory readable by ops without a copy; the caller keeps it alive and
     * unchanged. */
    int (*wrap)(struct ift_dev *dev, const void *host, size_t bytes, struct ift_buf **buf,
                char *why);
    void (*free)(struct ift_dev *dev, struct ift_buf *buf); /* NULL is fine */

    int (*stream_open)(struct ift_dev *dev, struct ift_stream **stream, char *why);
    void (*stream_close)(struct ift_stream *stream);
    /* Transfers, in stream order. Host memory must stay valid until sync. */
    int (*upload)(struct ift_stream *s, struct ift_buf *to, size_t offset, const void *from,
                  size_t bytes, char *why);
    int (*download)(struct ift_stream *s, void *to, const struct ift_buf *from, size_t offset,
                    size_t bytes, char *why);
    int (*zero)(struct ift_stream *s, struct ift_buf *buf, size_t offset, size_t bytes, char *why);

    /* Scratch bytes of a call, from op, shapes and attributes alone; buffers may be unset. A call
     * of fewer rows, with the same weights, never needs more. */
    size_t (*scratch)(const struct ift_dev *dev, const struct ift_call *call);
    /* Enqueues `count` calls in order. Operands are checked (shapes, dtypes, bounds): a mismatch is
     * an error, not a crash. */
    int (*run)(struct ift_stream *s, const struct ift_call *calls, size_t count, char *why);
    int (*sync)(struct ift_stream *s, char *why);
};

/* The backend called "cpu", "cuda" or "auto"; NULL with a reason when this build or machine lacks
 * it. */
const struct ift_backend *ift_backend_find(const char *name, char *why);

/* "GEMM" for IFT_OP_GEMM. */
const char *ift_op_name(enum ift_op op);

#endif
