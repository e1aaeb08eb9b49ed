#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

enum { ANGLES = 256 /* pairs handled at a time */ };

static int check(const struct ift_call *c, char *why) {
    const int heads = c->at.rope.heads, d = c->at.rope.head_dim, rot = c->at.rope.rot,
              from = c->at.rope.from;
    if (heads < 1 || d < 1 || from < 0 || from > d || rot < 0 || rot > d - from || rot % 2)
        return ift_call_fail(c, why, "heads %d, head_dim %d, from %d, rot %d", heads, d, from, rot);
    const int64_t n = c->in[0].dim[0], width = (int64_t)heads * d, p = c->in[2].dim[0];
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "positions", IFT_I32, IFT_READS, 1, {n}},
        {&c->in[2], "table", IFT_F32, IFT_READS, 3, {p, rot / 2, 2}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, width}},
    };
    if (ift_operands_check(c, want, 4, why) < 0) return -1;
    return ift_ids_check(c, &c->in[1], "positions", 0, p, why);
}

/* Pairs (i, i + apart): y = (x0 cos - x1 sin, x1 cos + x0 sin). */
INLINE void turn_halves(const float *x, float *y, int64_t apart, const float *cos, const float *sin,
                        int64_t n) {
    for (int64_t i = 0; i < n; i += VL) {
        const vf x0 = vf_get(x + i, n - i), x1 = vf_get(x + i + apart, n - i);
        const vf co = vf_get(cos + i, n - i), si = vf_get(sin + i, n - i);
        vf_put(y + i, n - i, x0 * co - x1 * si);
        vf_put(y + i + apart, n - i, x1 * co + x0 * si);
    }
}

/* Pairs (2 i, 2 i + 1). */
INLINE void turn_pairs(const float *x, float *y, const float *cos, const float *sin, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float x0 = x[2 * i], x1 = x[2 * i + 1];
        y[2 * i] = x0 * cos[i] - x1 * sin[i];
        y[2 * i + 1] = x1 * cos[i] + x0 * sin[i];
    }
}

static void token(const struct ift_call *c, int64_t t) {
    const int heads = c->at.rope.heads, half = c->at.rope.rot / 2;
    const int64_t d = c->at.rope.head_dim, from = c->at.rope.from, rest = from + c->at.rope.rot;
    const float *x = ift_f32(&c->in[0]) + t * c->in[0].row; // (heads * D)
    float *y = ift_f32(&c->out[0]) + t * c->out[0].row;     // (heads * D) sets, may be x
    const float *angle = ift_f32(&c->in[2]) + ift_i32(&c->in[1])[t] * c->in[2].row; // (rot / 2, 2)
    const float sign = c->at.rope.inverse ? -1 : 1;
    float cos[ANGLES], sin[ANGLES];
    for (int begin = 0; begin < half; begin += ANGLES) {
        const int n = half - begin < ANGLES ? half - begin : ANGLES;
        for (int i = 0; i < n; i++) {
            cos[i] = angle[2 * (begin + i)];
            sin[i] = sign * angle[2 * (begin + i) + 1];
        }
        for (int64_t at = from; at < heads * d; at += d)
            if (c->at.rope.interleaved)
                turn_pairs(x + at + 2 * begin, y + at + 2 * begin, cos, sin, n);
            else
                turn_halves(x + at + begin, y + at + begin, half, cos, sin, n);
    }
    if (x == y) return;
    for (int64_t at = 0; at < heads * d; at += d) {
        memcpy(y + at, x + at, (size_t)from * sizeof *y);
        memcpy(y + at + rest, x + at + rest, (size_t)(d - rest) * sizeof *y);
    }
}

static void tokens(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    for (int64_t t = begin; t < end; t++) token(ctx, t);
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[0].dim[0], 16, tokens, c);
}

const struct ift_cpu_op IFT_ISA(rope) = {check, NULL, run};
