#include <math.h>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/vec.h"

/* Rows with a target are gathered and worked on in chunks whose logits fit LOGITS floats. */
enum {
    LOGITS = 11 << 20,
    MAX_CHUNK = 512,
    STRIP = 64, /* columns of logits summed up together */
};

struct chunk {
    const struct ift_call *c;
    int64_t n;          /* rows of this chunk */
    const int32_t *row; /* their numbers */
    float *x, *dx;      /* (n, C) gathered */
    float *logits;      /* (n, V), then their gradient */
};

static int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t chunk_rows(int64_t n, int64_t v) {
    const int64_t fit = v > 0 ? LOGITS / v : n, most = fit < 1           ? 1
                                                       : fit > MAX_CHUNK ? MAX_CHUNK
                                                                         : fit;
    return n > most ? ift_ceil(n, ift_ceil(n, most)) : n;
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

/* row numbers (N), x and dx of a chunk, logits of a chunk, and what the products need. */
struct layout {
    size_t rows, x, logits, product, total;
};

static struct layout layout_of(const struct ift_call *c, int threads) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1], v = c->in[1].dim[0];
    const int64_t most = min64(n, MAX_CHUNK), cells = min64(n * v, LOGITS > v ? LOGITS : v);
    struct layout l = {
        .rows = ift_line((size_t)n * sizeof(int32_t)),
        .x = ift_line((size_t)(most * ch) * sizeof(float)),
        .logits = ift_line((size_t)cells * sizeof(float)),
    };
    const int64_t wide = v > ch ? v : ch;
    l.product = ift_product_scratch(wide, wide > most ? wide : most, threads);
    l.total = l.rows + 2 * l.x + l.logits + l.product;
    return l;
}

static size_t scratch(const struct ift_call *c, int threads) {
    return layout_of(c, threads).total;
}

/* Loss of a row; its logits become scale (softmax - one hot) when a gradient is asked for. */
static void soften(const struct chunk *k, int64_t i) {
    const struct ift_call *c = k->c;
    const int64_t v = c->in[1].dim[0], row = k->row[i], target = ift_i32(&c->in[2])[row];
    float *z = k->logits + i * v; // (V)
    vf tops = vf_set(-__builtin_inff());
    for (int64_t j = 0; j + VL <= v; j += VL) tops = vf_max(tops, vf_load(z + j));
    float top = vf_top(tops);
    for (int64_t j = v / VL * VL; j < v; j++) top = z[j] > top ? z[j] : top;
    const float wanted = z[target];
    double total = 0;
    for (int64_t j = 0; j < v; j += 64 * VL) {
        vf sum = {0};
        const int64_t end = min64(v, j + 64 * VL);
        for (int64_t p = j; p < end; p += VL) {
            vf e = vf_exp_low(vf_get(z + p, end - p) - top);
            vf_put(z + p, end - p, e);
            if (end - p < VL)
                e = vf_get(z + p, end - p); /* what filled the vector up does not count */
            sum += e;
        }
        total += (double)vf_sum(sum);
    }
    ift_f32(&c->out[0])[row] = (float)((double)top - (double)wanted + log(total));
    if (!c->out[1].buf && !c->out[2].buf && !c->out[3].buf) return;
    const float scale = *ift_f32(&c->in[3]), share = (float)((double)scale / total);
    for (int64_t j = 0; j < v; j += VL) vf_put(z + j, v - j, vf_get(z + j, v - j) * share);
    z[target] -= scale;
}

static void soften_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    for (int64_t i = begin; i < end; i++) soften(ctx, i);
}

static void gather_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const struct ift_operand *x = &k->c->in[0];
    for (int64_t i = begin; i < end; i++)
        memcpy(k->x + i * x->dim[1], ift_f32(x) + k->row[i] * x->row,
               (size_t)x->dim[1] * sizeof(float));
}

static void scatter_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const struct ift_operand *dx = &k->c->out[1];
    for (int64_t i = begin; i < end; i++)
        memcpy(ift_f32(dx) + k->row[i] * dx->row, k->dx + i * dx->dim[1],
               (size_t)dx->dim[1] * sizeof(float));
}

/* The gradient of the bias: the logits' own, summed over rows, a strip of columns at a time. */
static void sum_strips(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct chunk *k = ctx;
    const int64_t v = k->c->in[1].dim[0], right = min64(v, end * STRIP);
    float *dbias = ift_f32(&k->c->out[3]); // (V) accumulates
    for (int64_t left = begin * STRIP; left < right; left += STRIP) {
        const int64_t width = min64(STRIP, right - left);
        double sum[STRIP] = {0};
        for (int64_t i = 0; i < k->n; i++)
            for (int64_t j = 0; j < width; j++) sum[j] += (double)k->logits[i * v + left + j];
        for (int64_t j = 0; j < width; j++) dbias[left + j] += (float)sum[j];
    }
}

static void chunk_run(struct ift_team *team, const struct chunk *k, void *product) {
    const struct ift_call *c = k->c;
    const struct ift_operand *w = &c->in[1], *dw = &c->out[2];
    const int64_t v = w->dim[0], ch = w->dim[1];
    ift_team_each(team, k->n, 16, gather_rows, k);
    const struct ift_product logits = {.m = k->n,
                                       .n = v,
                                       .k = ch,
                                       .alpha = 1,
                                       .a = k->x,
                                       .a_row = ch,
                                       .a_step = 1,
                                       .b = ift_data(w),
                                       .b_type = w->dtype,
                                       .b_step = 1,
                                       .b_col = w->row,
                                       .bias = ift_f32(&c->in[4]),
                                       .y = k->logits,
                                       .ldy = v};
    ift_product_run(team, &logits, product);
    ift_team_each(team, k->n, 1, soften_rows, k);
    if (c->out[1].buf) {
        const struct ift_product dx = {.m = k->n,
                                       .n = ch,
                                       .k = v,
                                       .alpha = 1,
                                       .a = k->logits,
                                       .a_row = v,
                                       .a_step = 1,
                                       .b = ift_data(w),
                                       .b_type = w->dtype,
                                       .b_step = w->row,
                                       .b_col = 1,
                                       .y = k->dx,
                                       .ldy = ch};
        ift_product_run(team, &dx, product);
        ift_team_each(team, k->n, 16, scatter_rows, k);
    }
    if (dw->buf) {
        const struct ift_product dweight = {.m = v,
                                            .n = ch,
                                            .k = k->n,
                                            .alpha = 1,
                                            .a = k->logits,
                                            .a_row = 1,
                                            .a_step = v,
                                            .b = k->x,
                                            .b_step = ch,
                                            .b_col = 1,
                                            .c = ift_f32(dw),
                                            .ldc = dw->row,
                                            .y = ift_f32(dw),
                                            .ldy = dw->row};
        ift_product_run(team, &dweight, product);
    }
    if (c->out[3].buf) ift_team_each(team, ift_ceil(v, STRIP), 1, sum_strips, k);
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
    struct chunk k = {
        .c = c,
        .x = (float *)(at + l.rows),
        .dx = (float *)(at + l.rows + l.x),
        .logits = (float *)(at + l.rows + 2 * l.x),
    };
    void *product = at + l.rows + 2 * l.x + l.logits;
    const int64_t count = choose_rows(c, rows), step = chunk_rows(c->in[0].dim[0], c->in[1].dim[0]);
    for (int64_t i = 0; i < count; i += step) {
        k.row = rows + i;
        k.n = min64(step, count - i);
        chunk_run(team, &k, product);
    }
}

const struct ift_cpu_op IFT_ISA(xent) = {check, scratch, run};
