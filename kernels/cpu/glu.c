#include "kernels/cpu/curve.h"

static int glu_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], width = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "gate", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "up", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, width}},
    };
    if (ift_curve_check(c, why) < 0) return -1;
    return ift_operands_check(c, want, 3, why);
}

INLINE void glu_span(enum ift_act act, const float *gate, const float *up, float *y, int64_t n) {
    for (int64_t i = 0; i < n; i += VL)
        vf_put(y + i, n - i, ift_curve_of(act, vf_get(gate + i, n - i)).y * vf_get(up + i, n - i));
}

static struct ift_walk glu_walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->in[1], &c->out[0]};
    return ift_walk_of(o, 3);
}

static void glu_pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = glu_walk(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        const float *gate = ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p);
        const float *up = ift_f32(&c->in[1]) + ift_piece_at(&c->in[1], p);
        float *y = ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p);
#define EACH(act) glu_span(act, gate, up, y, p.n)
        CURVE_SWITCH(c->at.act.act, EACH)
#undef EACH
    }
}

static void glu_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, glu_walk(c).pieces, 1, glu_pieces, c);
}

const struct ift_cpu_op IFT_ISA(glu) = {glu_check, NULL, glu_run};

static int bwd_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], width = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "dy", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "gate", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[2], "up", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->out[0], "dgate", IFT_F32, IFT_WRITES, 2, {n, width}},
        {&c->out[1], "dup", IFT_F32, IFT_WRITES, 2, {n, width}},
    };
    if (ift_curve_check(c, why) < 0) return -1;
    return ift_operands_check(c, want, 5, why);
}

INLINE void bwd_span(enum ift_act act, const float *dy, const float *gate, const float *up,
                     float *dgate, float *dup, int64_t n) {
    for (int64_t i = 0; i < n; i += VL) {
        const struct curve a = ift_curve_of(act, vf_get(gate + i, n - i));
        const vf d = vf_get(dy + i, n - i), u = vf_get(up + i, n - i);
        vf_put(dgate + i, n - i, d * u * a.dy);
        vf_put(dup + i, n - i, d * a.y);
    }
}

static struct ift_walk bwd_walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->in[1], &c->in[2], &c->out[0], &c->out[1]};
    return ift_walk_of(o, 5);
}

static void bwd_pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = bwd_walk(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        const float *dy = ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p);
        const float *gate = ift_f32(&c->in[1]) + ift_piece_at(&c->in[1], p);
        const float *up = ift_f32(&c->in[2]) + ift_piece_at(&c->in[2], p);
        float *dgate = ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p);
        float *dup = ift_f32(&c->out[1]) + ift_piece_at(&c->out[1], p);
#define EACH(act) bwd_span(act, dy, gate, up, dgate, dup, p.n)
        CURVE_SWITCH(c->at.act.act, EACH)
#undef EACH
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, bwd_walk(c).pieces, 1, bwd_pieces, c);
}

const struct ift_cpu_op IFT_ISA(glu_bwd) = {bwd_check, NULL, bwd_run};
