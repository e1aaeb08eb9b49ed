#include <math.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

static const float least = 1e-12f; /* what a row is divided by at the least */

static int check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS | IFT_HALF, 2, {n, ch}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, ch}},
    };
    return ift_operands_check(c, want, 2, why);
}

INLINE void rows_as(enum ift_dtype type, const struct ift_call *c, int64_t begin, int64_t end) {
    const int64_t ch = c->in[0].dim[1];
    for (int64_t t = begin; t < end; t++) {
        const void *x = ift_at(type, ift_data(&c->in[0]), t * c->in[0].row); // (C)
        float *y = ift_f32(&c->out[0]) + t * c->out[0].row;                  // (C) sets, may be x
        vf acc[2] = {0};
        for (int64_t i = 0; i < ch; i += VL) {
            const vf v = vf_get_as(type, ift_at(type, x, i), ch - i);
            acc[i / VL & 1] += v * v;
        }
        const float share = 1 / fmaxf(sqrtf(vf_sum(acc[0] + acc[1])), least);
        for (int64_t i = 0; i < ch; i += VL)
            vf_put(y + i, ch - i, vf_get_as(type, ift_at(type, x, i), ch - i) * share);
    }
}

static void rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    if (c->in[0].dtype == IFT_BF16)
        rows_as(IFT_BF16, c, begin, end);
    else if (c->in[0].dtype == IFT_F16)
        rows_as(IFT_F16, c, begin, end);
    else
        rows_as(IFT_F32, c, begin, end);
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[0].dim[0], 16, rows, c);
}

const struct ift_cpu_op IFT_ISA(unit) = {check, NULL, run};

static int bwd_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "dy", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "x", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->out[0], "dx", IFT_F32, IFT_WRITES, 2, {n, ch}},
    };
    return ift_operands_check(c, want, 3, why);
}

static float dot(const float *a, const float *b, int64_t n) {
    vf acc[2] = {0};
    for (int64_t i = 0; i < n; i += VL)
        acc[i / VL & 1] += vf_get(a + i, n - i) * vf_get(b + i, n - i);
    return vf_sum(acc[0] + acc[1]);
}

/* With y = x / |x|:  dx = (dy - y (y . dy)) / |x|; a row too short to count is a plain multiple. */
static void bwd_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const int64_t ch = c->in[0].dim[1];
    for (int64_t t = begin; t < end; t++) {
        const float *dy = ift_f32(&c->in[0]) + t * c->in[0].row; // (C)
        const float *x = ift_f32(&c->in[1]) + t * c->in[1].row;  // (C)
        float *dx = ift_f32(&c->out[0]) + t * c->out[0].row;     // (C) sets, may be dy or x
        const float norm = sqrtf(dot(x, x, ch)), share = 1 / fmaxf(norm, least);
        const float along = norm > least ? dot(x, dy, ch) * share * share : 0;
        for (int64_t i = 0; i < ch; i += VL)
            vf_put(dx + i, ch - i,
                   (vf_get(dy + i, ch - i) - vf_get(x + i, ch - i) * along) * share);
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[0].dim[0], 16, bwd_rows, c);
}

const struct ift_cpu_op IFT_ISA(unit_bwd) = {bwd_check, NULL, bwd_run};
