#include <math.h>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/vec.h"

/* The vocabulary is walked in blocks of columns. While a block of logits lies in the cache, each
 * row takes it up into a running maximum and a running sum of exponentials, and their product with
 * the weight into what will be dx; where the maximum grows, what was summed up so far is scaled
 * down, as in Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018). Only the
 * gradients of weight and bias need a row's exponentials once more when its sum is known: for those
 * they are kept, of as many rows at once as KEPT has room for. */
enum {
    KEPT = 1 << 24,  /* exponentials of a chunk of rows */
    BLOCK = 1 << 19, /* logits of a block */
    MOST = 1056,     /* rows of a chunk */
    ENOUGH = 360,    /* of one that is kept: with more of them the products gain nothing */
    WHOLE = 12,      /* they are a multiple, so that no product ends in part of a tile */
    STRIP = 64,      /* columns summed up together; those of a block are a multiple */
    FEW = 4,         /* rows of a block not worth waking anyone for */
};

/* What a row has come to. */
struct state {
    double sum;   /* of e^(z - top) */
    float top;    /* the largest logit */
    float wanted; /* the target's */
};

struct chunk {
    const struct ift_call *c;
    int64_t n, width;    /* rows of this chunk, and columns of a block */
    const int32_t *row;  /* their numbers */
    float *x, *dx;       /* (n, C) gathered; dx may be NULL */
    float *e;            /* (n, width), a block after the other where they are kept */
    float *tops;         /* (blocks, n), where kept: the top that a block's exponentials know of */
    struct state *state; /* (n) */
    bool kept;
    int64_t left, cols; /* the block at hand: its first column, and how many there are */
};

/* What is asked for, known from its dimensions before there are buffers. */
static bool wants(const struct ift_call *c, int out) {
    return c->out[out].ndim > 0;
}
static bool keeps(const struct ift_call *c) {
    return wants(c, 2) || wants(c, 3);
}

/* Most rows of a chunk. */
static int64_t most_rows(const struct ift_call *c) {
    const int64_t n = c->in[0].dim[0], v = c->in[1].dim[0];
    int64_t most = MOST;
    if (keeps(c) && v > 0) most = ift_min(ENOUGH, KEPT / v);
    if (most > WHOLE) most = most / WHOLE * WHOLE;
    return ift_min(n, most < 1 ? 1 : most);
}

/* Columns of a block for a chunk of n rows: the fewer rows, the more. */
static int64_t block_cols(int64_t n, int64_t v) {
    return ift_min(v, BLOCK / (n < 1 ? 1 : n) / STRIP * STRIP);
}

static int check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1], v = c->in[1].dim[0];
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "weight", IFT_F32, IFT_READS | IFT_HALF, 2, {v, ch}},
        {&c->in[2], "targets", IFT_I32, IFT_READS, 1, {n}},
        {&c->in[3], "scale", IFT_F32, IFT_READS, 1, {1}},
        {&c->in[4], "bias", IFT_F32, IFT_READS | IFT_MAY, 1, {v}},
        {&c->out[0], "loss", IFT_F32, IFT_WRITES, 1, {n}},
        {&c->out[1], "dx", IFT_F32, IFT_WRITES | IFT_MAY, 2, {n, ch}},
        {&c->out[2], "dweight", IFT_F32, IFT_WRITES | IFT_MAY, 2, {v, ch}},
        {&c->out[3], "dbias", IFT_F32, IFT_WRITES | IFT_MAY, 1, {v}},
    };
    if (ift_operands_check(c, want, 9, why) < 0) return -1;
    return ift_ids_check(c, &c->in[2], "targets", INT32_MIN, v, why);
}

/* Row numbers (N); of a chunk x, dx, exponentials, tops and states; and what the products need. */
struct layout {
    size_t rows, x, dx, e, tops, state, product, total;
};

static struct layout layout_of(const struct ift_call *c, int threads) {
    const int64_t ch = c->in[0].dim[1], v = c->in[1].dim[0], most = most_rows(c);
    const int64_t width = block_cols(most, v);
    const bool kept = keeps(c);
    struct layout l = {
        .rows = ift_line((size_t)c->in[0].dim[0] * sizeof(int32_t)),
        .x = ift_line((size_t)(most * ch) * sizeof(float)),
        .dx = wants(c, 1) ? ift_line((size_t)(most * ch) * sizeof(float)) : 0,
        .e = ift_line((size_t)(kept ? most * v : ift_min(most * v, BLOCK)) * sizeof(float)),
        .tops = kept && v > 0 ? ift_line((size_t)(most * ift_ceil(v, width)) * sizeof(float)) : 0,
        .state = ift_line((size_t)most * sizeof(struct state)),
    };
    const int64_t n = v > ch ? v : ch;
    l.product = ift_product_scratch(n, n > most ? n : most, threads);
    l.total = l.rows + l.x + l.dx + l.e + l.tops + l.state + l.product;
    return l;
}

static size_t scratch(const struct ift_call *c, int threads) {
    return layout_of(c, threads).total;
}

/* Where the exponentials of the block at hand are, and the maxima they know of. */
static float *block_e(const struct chunk *k) {
    return k->e + (k->kept ? k->n * k->left : 0);
}
static float *block_tops(const struct chunk *k) {
    return k->tops + k->left / k->width * k->n;
}

static void gather_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const struct ift_operand *x = &k->c->in[0];
    for (int64_t i = begin; i < end; i++) {
        memcpy(k->x + i * x->dim[1], ift_f32(x) + k->row[i] * x->row,
               (size_t)x->dim[1] * sizeof(float));
        k->state[i] = (struct state){.top = -__builtin_inff()};
    }
}

static float top_of(const float *z, int64_t n) {
    vf tops = vf_set(-__builtin_inff());
    for (int64_t j = 0; j + VL <= n; j += VL) tops = vf_max(tops, vf_load(z + j));
    float top = vf_top(tops);
    for (int64_t j = n / VL * VL; j < n; j++) top = z[j] > top ? z[j] : top;
    return top;
}

/* z becomes e^(z - top); returns the sum. */
static double soften(float *z, int64_t n, float top) {
    double total = 0;
    for (int64_t j = 0; j < n; j += 64 * VL) {
        vf sum = {0};
        const int64_t end = ift_min(n, j + 64 * VL);
        for (int64_t p = j; p < end; p += VL) {
            vf e = vf_exp_low(vf_get(z + p, end - p) - top);
            vf_put(z + p, end - p, e);
            if (end - p < VL)
                e = vf_get(z + p, end - p); /* what filled the vector up does not count */
            sum += e;
        }
        total += (double)vf_sum(sum);
    }
    return total;
}

static void scale_row(float *x, int64_t n, float by) {
    for (int64_t j = 0; j < n; j += VL) vf_put(x + j, n - j, vf_get(x + j, n - j) * by);
}

/* Each row's part of the block at hand. */
static void take_up(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const struct ift_call *c = k->c;
    const int64_t ch = c->in[0].dim[1];
    for (int64_t i = begin; i < end; i++) {
        struct state *s = &k->state[i];
        float *z = block_e(k) + i * k->cols; // (cols)
        const int64_t target = ift_i32(&c->in[2])[k->row[i]] - k->left;
        const float was = s->top, top = top_of(z, k->cols);
        if (target >= 0 && target < k->cols) s->wanted = z[target];
        if (top > was) {
            const double less = exp((double)was - (double)top);
            s->top = top;
            s->sum *= less;
            if (k->dx && k->left > 0) scale_row(k->dx + i * ch, ch, (float)less);
        }
        /* Nothing but -inf so far: -inf - -inf is no number, and 0 does as well. */
        s->sum += soften(z, k->cols, s->top > -__builtin_inff() ? s->top : 0);
        if (k->kept) block_tops(k)[i] = s->top;
    }
}

/* dx = share (sum - total w): with one product in the difference, compilers have no choice of what
 * to fuse, and w has the same bits however it is stored. */
INLINE void dx_as(enum ift_dtype type, float *dx, const float *sum, float total, float share,
                  const void *w, int64_t n) {
    for (int64_t j = 0; j < n; j += VL)
        vf_put(dx + j, n - j,
               share *
                   (vf_get(sum + j, n - j) - total * vf_get_as(type, ift_at(type, w, j), n - j)));
}

/* Losses, and dx: the mean of the weight's rows by probability, less the target's. */
static void settle_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const struct ift_call *c = k->c;
    const struct ift_operand *w = &c->in[1], *dx = &c->out[1];
    const float scale = *ift_f32(&c->in[3]);
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = k->row[i], ch = w->dim[1];
        const struct state *s = &k->state[i];
        ift_f32(&c->out[0])[row] = (float)((double)s->top - (double)s->wanted + log(s->sum));
        if (!k->dx) continue;
        const float total = (float)s->sum, share = (float)((double)scale / s->sum);
        const float *sum = k->dx + i * ch;
        const void *target = ift_at(w->dtype, ift_data(w), ift_i32(&c->in[2])[row] * w->row);
        float *to = ift_f32(dx) + row * dx->row; // (C) sets
        if (w->dtype == IFT_BF16)
            dx_as(IFT_BF16, to, sum, total, share, target, ch);
        else if (w->dtype == IFT_F16)
            dx_as(IFT_F16, to, sum, total, share, target, ch);
        else
            dx_as(IFT_F32, to, sum, total, share, target, ch);
    }
}

/* The exponentials of the block at hand become scale (softmax - one hot). */
static void share_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const struct ift_call *c = k->c;
    const float scale = *ift_f32(&c->in[3]);
    for (int64_t i = begin; i < end; i++) {
        const struct state *s = &k->state[i];
        float *p = block_e(k) + i * k->cols; // (cols)
        const double known = (double)block_tops(k)[i], less = exp(known - (double)s->top);
        const int64_t target = ift_i32(&c->in[2])[k->row[i]] - k->left;
        scale_row(p, k->cols, (float)((double)scale / s->sum * less));
        if (target >= 0 && target < k->cols) p[target] -= scale;
    }
}

/* The gradient of the bias: the logits' own, summed over rows, a strip of columns at a time. */
static void sum_strips(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const int64_t right = ift_min(k->cols, end * STRIP);
    float *dbias = ift_f32(&k->c->out[3]) + k->left; // (cols) accumulates
    for (int64_t left = begin * STRIP; left < right; left += STRIP) {
        const int64_t width = ift_min(STRIP, right - left);
        const float *p = block_e(k) + left;
        double sum[STRIP] = {0};
        for (int64_t i = 0; i < k->n; i++)
            for (int64_t j = 0; j < width; j++) sum[j] += (double)p[i * k->cols + j];
        for (int64_t j = 0; j < width; j++) dbias[left + j] += (float)sum[j];
    }
}

/* The rows of the weight that belong to the block at hand. */
static const void *block_weight(const struct chunk *k) {
    const struct ift_operand *w = &k->c->in[1];
    return ift_at(w->dtype, ift_data(w), k->left * w->row);
}

static struct ift_product logits_of(const struct chunk *k) {
    const struct ift_operand *w = &k->c->in[1], *bias = &k->c->in[4];
    return (struct ift_product){.m = k->n,
                                .n = k->cols,
                                .k = w->dim[1],
                                .alpha = 1,
                                .a = k->x,
                                .a_row = w->dim[1],
                                .a_step = 1,
                                .b = block_weight(k),
                                .b_type = w->dtype,
                                .b_step = 1,
                                .b_col = w->row,
                                .bias = bias->buf ? ift_f32(bias) + k->left : NULL,
                                .y = block_e(k),
                                .ldy = k->cols};
}

static struct ift_product dx_of(const struct chunk *k) {
    const struct ift_operand *w = &k->c->in[1];
    return (struct ift_product){.m = k->n,
                                .n = w->dim[1],
                                .k = k->cols,
                                .alpha = 1,
                                .a = block_e(k),
                                .a_row = k->cols,
                                .a_step = 1,
                                .b = block_weight(k),
                                .b_type = w->dtype,
                                .b_step = w->row,
                                .b_col = 1,
                                .c = k->left > 0 ? k->dx : NULL,
                                .ldc = w->dim[1],
                                .y = k->dx,
                                .ldy = w->dim[1]};
}

static struct ift_product dweight_of(const struct chunk *k) {
    const struct ift_operand *dw = &k->c->out[2];
    float *to = ift_f32(dw) + k->left * dw->row; // (cols, C) accumulates
    return (struct ift_product){.m = k->cols,
                                .n = dw->dim[1],
                                .k = k->n,
                                .alpha = 1,
                                .a = block_e(k),
                                .a_row = 1,
                                .a_step = k->cols,
                                .b = k->x,
                                .b_step = dw->dim[1],
                                .b_col = 1,
                                .c = to,
                                .ldc = dw->row,
                                .y = to,
                                .ldy = dw->row};
}

static void to_block(struct chunk *k, int64_t left) {
    k->left = left;
    k->cols = ift_min(k->width, k->c->in[1].dim[0] - left);
}

static void chunk_run(struct ift_team *team, struct chunk *k, void *product) {
    const struct ift_call *c = k->c;
    const int64_t v = c->in[1].dim[0];
    k->width = block_cols(k->n, v);
    ift_team_each(team, k->n, 16, gather_rows, k);
    for (int64_t left = 0; left < v; left += k->width) {
        to_block(k, left);
        const struct ift_product logits = logits_of(k), dx = dx_of(k);
        ift_product_run(team, &logits, product);
        ift_team_each(team, k->n, FEW, take_up, k);
        if (k->dx) ift_product_run(team, &dx, product);
    }
    ift_team_each(team, k->n, 16, settle_rows, k);
    for (int64_t left = 0; k->kept && left < v; left += k->width) {
        to_block(k, left);
        ift_team_each(team, k->n, FEW, share_rows, k);
        if (c->out[2].buf) {
            const struct ift_product dweight = dweight_of(k);
            ift_product_run(team, &dweight, product);
        }
        if (c->out[3].buf) ift_team_each(team, ift_ceil(k->cols, STRIP), 1, sum_strips, k);
    }
}

/* Lists the rows with a target and settles the others. */
static int64_t choose_rows(const struct ift_call *c, int32_t *rows) {
    const int32_t *target = ift_i32(&c->in[2]);
    const struct ift_operand *dx = &c->out[1];
    int64_t count = 0;
    for (int64_t i = 0; i < c->in[2].dim[0]; i++) {
        if (target[i] >= 0) {
            rows[count++] = (int32_t)i;
            continue;
        }
        ift_f32(&c->out[0])[i] = 0;
        if (dx->buf) memset(ift_f32(dx) + i * dx->row, 0, (size_t)dx->dim[1] * sizeof(float));
    }
    return count;
}

static void run(struct ift_team *team, const struct ift_call *c) {
    const struct layout l = layout_of(c, ift_team_threads(team));
    char *at = ift_data(&c->scratch);
    int32_t *rows = (int32_t *)at;
    struct chunk k = {.c = c, .kept = c->out[2].buf || c->out[3].buf};
    k.x = (float *)(at += l.rows);
    at += l.x;
    k.dx = c->out[1].buf ? (float *)at : NULL;
    k.e = (float *)(at += l.dx);
    k.tops = (float *)(at += l.e);
    k.state = (struct state *)(at += l.tops);
    void *product = at + l.state;
    const int64_t count = choose_rows(c, rows), most = most_rows(c);
    if (count == 0) return;
    const int64_t even = ift_ceil(count, ift_ceil(count, most)),
                  step = ift_min(most, ift_ceil(even, WHOLE) * WHOLE);
    for (int64_t i = 0; i < count; i += step) {
        k.row = rows + i;
        k.n = ift_min(step, count - i);
        chunk_run(team, &k, product);
    }
}

const struct ift_cpu_op IFT_ISA(xent) = {check, scratch, run};
