#include "kernels/cpu/cpu.h"

static int check(const struct ift_call *c, char *why) {
    const struct ift_operand *grad = &c->in[0];
    const struct ift_want want[] = {
        ift_want_like(grad, "grad", IFT_F32, IFT_READS, grad),
        {&c->in[1], "coef", IFT_F32, IFT_READS, 1, {1}},
        {&c->in[2], "hyper", IFT_F32, IFT_READS, 1, {4}},
        ift_want_like(&c->out[0], "p", IFT_F32, IFT_WRITES, grad),
        ift_want_like(&c->out[1], "m", IFT_F32, IFT_WRITES, grad),
        ift_want_like(&c->out[2], "v", IFT_F32, IFT_WRITES, grad),
    };
    return ift_operands_check(c, want, 6, why);
}

static struct ift_walk walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->out[0], &c->out[1], &c->out[2]};
    return ift_walk_of(o, 4);
}

/* The constants of a step, worked out once in double. */
struct step {
    float coef, beta1, beta2, keep, rate, root, eps;
};

static struct step step_of(const struct ift_call *c) {
    const float *hyper = ift_f32(&c->in[2]);
    const double lr = (double)hyper[0];
    return (struct step){
        .coef = *ift_f32(&c->in[1]),
        .beta1 = c->at.adamw.beta1,
        .beta2 = c->at.adamw.beta2,
        .keep = (float)(1 - lr * (double)c->at.adamw.decay),
        .rate = (float)(lr / (double)hyper[1]),
        .root = (float)(1 / __builtin_sqrt((double)hyper[2])),
        .eps = c->at.adamw.eps,
    };
}

static void span(struct step s, const float *restrict grad, float *restrict p, float *restrict m,
                 float *restrict v, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float g = s.coef * grad[i];
        m[i] = s.beta1 * m[i] + (1 - s.beta1) * g;
        v[i] = s.beta2 * v[i] + (1 - s.beta2) * g * g;
        p[i] = s.keep * p[i] - s.rate * m[i] / (__builtin_sqrtf(v[i]) * s.root + s.eps);
    }
}

static void pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = walk(c);
    const struct step s = step_of(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        span(s, ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p),
             ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p),
             ift_f32(&c->out[1]) + ift_piece_at(&c->out[1], p),
             ift_f32(&c->out[2]) + ift_piece_at(&c->out[2], p), p.n);
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, walk(c).pieces, 1, pieces, c);
}

const struct ift_cpu_op IFT_ISA(adamw) = {check, NULL, run};
