#include "kernels/cpu/cpu.h"

/* The work is cut by columns; each strip is added up in the order of rows. */
enum { STRIP = 64 };

static int check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 1, {ch}},
    };
    return ift_operands_check(c, want, 2, why);
}

static void strips(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const float *x = ift_f32(&c->in[0]); // (N, C)
    float *y = ift_f32(&c->out[0]);      // (C) accumulates
    const int64_t ch = c->in[0].dim[1];
    for (int64_t strip = begin; strip < end; strip++) {
        const int64_t left = strip * STRIP, width = ch - left < STRIP ? ch - left : STRIP;
        float sum[STRIP] = {0};
        for (int64_t i = 0; i < c->in[0].dim[0]; i++) {
            const float *row = x + i * c->in[0].row + left;
            for (int64_t j = 0; j < width; j++) sum[j] += row[j];
        }
        for (int64_t j = 0; j < width; j++) y[left + j] += sum[j];
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, (c->in[0].dim[1] + STRIP - 1) / STRIP, 1, strips, c);
}

const struct ift_cpu_op IFT_ISA(colsum) = {check, NULL, run};
