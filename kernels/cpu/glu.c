#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

/* The value and the slope of an activation. */
struct curve {
    vf y, dy;
};

INLINE struct curve silu(vf x) {
    const vf s = 1.0f / (1.0f + vf_exp(-x));
    return (struct curve){x * s, s * (1.0f + x * (1.0f - s))};
}

/* 0.5 x (1 + tanh u) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3). */
INLINE struct curve gelu_tanh(vf x) {
    const float a = 0.7978845608f, b = 0.044715f;
    const vf s = 1.0f / (1.0f + vf_exp(-2.0f * a * (x + b * x * x * x)));
    return (struct curve){x * s, s + x * s * (1.0f - s) * (2.0f * a * (1.0f + 3.0f * b * x * x))};
}

/* x Phi(x); Phi by way of erfc, which keeps its digits far out on the negative side. */
INLINE struct curve gelu(vf x) {
    const vi negative = x < 0.0f;
    const vf z = vf_select(negative, -x, x) * 0.70710678f;
    const vf tail = 0.5f * vf_erfc(z), phi = vf_select(negative, tail, 1.0f - tail);
    return (struct curve){x * phi, phi + x * 0.39894228f * vf_exp(-0.5f * x * x)};
}

INLINE struct curve relu(vf x) {
    const vi positive = x > 0.0f;
    return (struct curve){vf_select(positive, x, vf_set(0)),
                          vf_select(positive, vf_set(1), vf_set(0))};
}

INLINE struct curve curve_of(enum ift_act act, vf x) {
    switch (act) {
    case IFT_ACT_SILU:
        return silu(x);
    case IFT_ACT_GELU_TANH:
        return gelu_tanh(x);
    case IFT_ACT_GELU:
        return gelu(x);
    default:
        return relu(x);
    }
}

static int act_check(const struct ift_call *c, char *why) {
    if ((unsigned)c->at.glu.act > IFT_ACT_RELU)
        return ift_call_fail(c, why, "no activation %d", c->at.glu.act);
    return 0;
}

/* EACH(act) with a constant for the call's activation, so that each has a loop of its own. */
#define ACT_SWITCH(act, EACH)                                                                      \
    switch (act) {                                                                                 \
    case IFT_ACT_SILU:                                                                             \
        EACH(IFT_ACT_SILU);                                                                        \
        break;                                                                                     \
    case IFT_ACT_GELU_TANH:                                                                        \
        EACH(IFT_ACT_GELU_TANH);                                                                   \
        break;                                                                                     \
    case IFT_ACT_GELU:                                                                             \
        EACH(IFT_ACT_GELU);                                                                        \
        break;                                                                                     \
    case IFT_ACT_RELU:                                                                             \
        EACH(IFT_ACT_RELU);                                                                        \
        break;                                                                                     \
    }

static int glu_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], width = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "gate", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "up", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, width}},
    };
    if (act_check(c, why) < 0) return -1;
    return ift_operands_check(c, want, 3, why);
}

INLINE void glu_span(enum ift_act act, const float *gate, const float *up, float *y, int64_t n) {
    for (int64_t i = 0; i < n; i += VL)
        vf_put(y + i, n - i, curve_of(act, vf_get(gate + i, n - i)).y * vf_get(up + i, n - i));
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
        ACT_SWITCH(c->at.glu.act, EACH)
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
    if (act_check(c, why) < 0) return -1;
    return ift_operands_check(c, want, 5, why);
}

INLINE void bwd_span(enum ift_act act, const float *dy, const float *gate, const float *up,
                     float *dgate, float *dup, int64_t n) {
    for (int64_t i = 0; i < n; i += VL) {
        const struct curve a = curve_of(act, vf_get(gate + i, n - i));
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
        ACT_SWITCH(c->at.glu.act, EACH)
#undef EACH
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, bwd_walk(c).pieces, 1, bwd_pieces, c);
}

const struct ift_cpu_op IFT_ISA(glu_bwd) = {bwd_check, NULL, bwd_run};
