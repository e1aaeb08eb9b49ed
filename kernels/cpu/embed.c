#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

static int embed_check(const struct ift_call *c, char *why) {
    const int64_t v = c->in[0].dim[0], ch = c->in[0].dim[1], n = c->in[1].dim[0];
    const struct ift_want want[] = {
        {&c->in[0], "table", IFT_F32, IFT_READS | IFT_HALF, 2, {v, ch}},
        {&c->in[1], "ids", IFT_I32, IFT_READS, 1, {n}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, ch}},
    };
    if (ift_operands_check(c, want, 3, why) < 0) return -1;
    return ift_ids_check(c, &c->in[1], "ids", 0, v, why);
}

INLINE void embed_as(enum ift_dtype type, const struct ift_call *c, int64_t begin, int64_t end) {
    const void *table = ift_data(&c->in[0]); // (V, C)
    const int32_t *id = ift_i32(&c->in[1]);  // (N)
    float *y = ift_f32(&c->out[0]);          // (N, C)
    const int64_t ch = c->in[0].dim[1];
    for (int64_t i = begin; i < end; i++) {
        const void *from = ift_at(type, table, id[i] * c->in[0].row);
        for (int64_t j = 0; j < ch; j += VL)
            vf_put(y + i * c->out[0].row + j, ch - j,
                   vf_get_as(type, ift_at(type, from, j), ch - j));
    }
}

static void embed_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    if (c->in[0].dtype == IFT_BF16)
        embed_as(IFT_BF16, c, begin, end);
    else if (c->in[0].dtype == IFT_F16)
        embed_as(IFT_F16, c, begin, end);
    else
        embed_as(IFT_F32, c, begin, end);
}

static void embed_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[1].dim[0], 16, embed_rows, c);
}

const struct ift_cpu_op IFT_ISA(embed) = {embed_check, NULL, embed_run};

/* Tokens repeat, so the work is cut by columns: each adds up its strip of every row in the order of
 * tokens. */
enum { STRIP = 64 };

static int bwd_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1], v = c->out[0].dim[0];
    const struct ift_want want[] = {
        {&c->in[0], "dy", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "ids", IFT_I32, IFT_READS, 1, {n}},
        {&c->out[0], "dtable", IFT_F32, IFT_WRITES, 2, {v, ch}},
    };
    if (ift_operands_check(c, want, 3, why) < 0) return -1;
    return ift_ids_check(c, &c->in[1], "ids", 0, v, why);
}

static void bwd_strips(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const float *dy = ift_f32(&c->in[0]);   // (N, C)
    const int32_t *id = ift_i32(&c->in[1]); // (N)
    float *dtable = ift_f32(&c->out[0]);    // (V, C) accumulates
    const int64_t left = begin * STRIP, ch = c->in[0].dim[1],
                  right = end * STRIP < ch ? end * STRIP : ch;
    for (int64_t i = 0; i < c->in[0].dim[0]; i++) {
        if (id[i] == c->at.embed_bwd.pad) continue;
        float *to = dtable + id[i] * c->out[0].row;
        const float *from = dy + i * c->in[0].row;
        for (int64_t j = left; j < right; j++) to[j] += from[j];
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, (c->in[0].dim[1] + STRIP - 1) / STRIP, 1, bwd_strips, c);
}

const struct ift_cpu_op IFT_ISA(embed_bwd) = {bwd_check, NULL, bwd_run};
