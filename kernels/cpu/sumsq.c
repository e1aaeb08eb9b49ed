#include <math.h>

#include "kernels/cpu/cpu.h"

/* A partial sum for each piece of the operand, then those in order. */
static int sumsq_check(const struct ift_call *c, char *why) {
    const struct ift_want want[] = {
        ift_want_like(&c->in[0], "x", IFT_F32, IFT_READS, &c->in[0]),
        {&c->out[0], "sum", IFT_F64, IFT_WRITES, 1, {1}},
    };
    return ift_operands_check(c, want, 2, why);
}

static struct ift_walk sumsq_walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0]};
    return ift_walk_of(o, 1);
}

/* Sixteen running sums: enough to hide the latency of an addition, and the same for every vector
 * width. */
static double squares(const float *x, int64_t n) {
    double acc[16] = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int u = 0; u < 16; u++) acc[u] += (double)x[i + u] * (double)x[i + u];
    for (; i < n; i++) acc[i % 16] += (double)x[i] * (double)x[i];
    for (int half = 8; half > 0; half /= 2)
        for (int u = 0; u < half; u++) acc[u] += acc[u + half];
    return acc[0];
}

static void sumsq_pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = sumsq_walk(c);
    double *partial = ift_data(&c->scratch);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        partial[t] = squares(ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p), p.n);
    }
}

/* As many partial sums as there can be: rows may or may not be dense. */
static size_t sumsq_scratch(const struct ift_call *c, int threads) {
    (void)threads;
    const int64_t per_row = (ift_row_size(&c->in[0]) + IFT_PIECE - 1) / IFT_PIECE;
    return ift_line(
        (size_t)(c->in[0].ndim == 1 ? c->in[0].dim[0] / IFT_PIECE + 1 : c->in[0].dim[0] * per_row) *
        sizeof(double));
}

static void sumsq_run(struct ift_team *team, const struct ift_call *c) {
    const int64_t pieces = sumsq_walk(c).pieces;
    ift_team_each(team, pieces, 1, sumsq_pieces, c);
    const double *partial = ift_data(&c->scratch);
    double *sum = ift_data(&c->out[0]); // (1) accumulates
    for (int64_t t = 0; t < pieces; t++) *sum += partial[t];
}

const struct ift_cpu_op IFT_ISA(sumsq) = {sumsq_check, sumsq_scratch, sumsq_run};

static int clip_check(const struct ift_call *c, char *why) {
    const struct ift_want want[] = {
        {&c->in[0], "sum", IFT_F64, IFT_READS, 1, {1}},
        {&c->in[1], "scale", IFT_F32, IFT_READS, 1, {1}},
        {&c->out[0], "norm", IFT_F32, IFT_WRITES, 1, {1}},
        {&c->out[1], "coef", IFT_F32, IFT_WRITES, 1, {1}},
    };
    return ift_operands_check(c, want, 4, why);
}

static void clip_run(struct ift_team *team, const struct ift_call *c) {
    (void)team;
    const double sum = *(const double *)ift_data(&c->in[0]), scale = (double)*ift_f32(&c->in[1]);
    const double norm = sqrt(sum) * scale, max = (double)c->at.clip.max_norm,
                 ratio = max / (norm + 1e-6);
    *ift_f32(&c->out[0]) = (float)norm;
    /* Written so that a norm that is not a number makes the coefficient one too, and is noticed. */
    *ift_f32(&c->out[1]) = (float)(max <= 0 || ratio >= 1 ? scale : scale * ratio);
}

const struct ift_cpu_op IFT_ISA(clip) = {clip_check, NULL, clip_run};
