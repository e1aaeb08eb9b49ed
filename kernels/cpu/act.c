#include "kernels/cpu/curve.h"

static int check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], width = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, width}},
    };
    if (ift_curve_check(c, why) < 0) return -1;
    return ift_operands_check(c, want, 2, why);
}

INLINE void span(enum ift_act act, const float *x, float *y, int64_t n) {
    for (int64_t i = 0; i < n; i += VL)
        vf_put(y + i, n - i, ift_curve_of(act, vf_get(x + i, n - i)).y);
}

static struct ift_walk walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->out[0]};
    return ift_walk_of(o, 2);
}

static void pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = walk(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        const float *x = ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p);
        float *y = ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p);
#define EACH(act) span(act, x, y, p.n)
        CURVE_SWITCH(c->at.act.act, EACH)
#undef EACH
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, walk(c).pieces, 1, pieces, c);
}

const struct ift_cpu_op IFT_ISA(act) = {check, NULL, run};

static int bwd_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], width = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "dy", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "x", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->out[0], "dx", IFT_F32, IFT_WRITES, 2, {n, width}},
    };
    if (ift_curve_check(c, why) < 0) return -1;
    return ift_operands_check(c, want, 3, why);
}

INLINE void bwd_span(enum ift_act act, const float *dy, const float *x, float *dx, int64_t n) {
    for (int64_t i = 0; i < n; i += VL)
        vf_put(dx + i, n - i, vf_get(dy + i, n - i) * ift_curve_of(act, vf_get(x + i, n - i)).dy);
}

static struct ift_walk bwd_walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->in[1], &c->out[0]};
    return ift_walk_of(o, 3);
}

static void bwd_pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = bwd_walk(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        const float *dy = ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p);
        const float *x = ift_f32(&c->in[1]) + ift_piece_at(&c->in[1], p);
        float *dx = ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p);
#define EACH(act) bwd_span(act, dy, x, dx, p.n)
        CURVE_SWITCH(c->at.act.act, EACH)
#undef EACH
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, bwd_walk(c).pieces, 1, bwd_pieces, c);
}

const struct ift_cpu_op IFT_ISA(act_bwd) = {bwd_check, NULL, bwd_run};
