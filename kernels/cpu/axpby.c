#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

static int check(const struct ift_call *c, char *why) {
    const struct ift_operand *x = &c->in[0];
    const struct ift_want want[] = {
        ift_want_like(x, "x", IFT_F32, IFT_READS, x),
        ift_want_like(&c->in[1], "y", IFT_F32, IFT_READS | IFT_MAY, x),
        ift_want_like(&c->out[0], "z", IFT_F32, IFT_WRITES, x),
    };
    return ift_operands_check(c, want, 3, why);
}

static struct ift_walk walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->in[1], &c->out[0]};
    return ift_walk_of(o, 3);
}

static void pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = walk(c);
    const float alpha = c->at.axpby.alpha, beta = c->at.axpby.beta;
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        const float *x = ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p);
        const float *y = c->in[1].buf ? ift_f32(&c->in[1]) + ift_piece_at(&c->in[1], p) : NULL;
        float *z = ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p);
        for (int64_t i = 0; i < p.n; i += VL) {
            vf v = alpha * vf_get(x + i, p.n - i);
            if (y) v += beta * vf_get(y + i, p.n - i);
            vf_put(z + i, p.n - i, v);
        }
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, walk(c).pieces, 1, pieces, c);
}

const struct ift_cpu_op IFT_ISA(axpby) = {check, NULL, run};
