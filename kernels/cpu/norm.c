#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

static int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int norm_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "weight", IFT_F32, IFT_READS, 1, {ch}},
        {&c->in[2], "add", IFT_F32, IFT_READS | IFT_MAY, 2, {n, ch}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, ch}},
        {&c->out[1], "rstd", IFT_F32, IFT_WRITES, 1, {n}},
        {&c->out[2], "sum", IFT_F32, IFT_WRITES | IFT_MAY, 2, {n, ch}},
    };
    if (ift_operands_check(c, want, 6, why) < 0) return -1;
    if (!c->in[2].buf != !c->out[2].buf) return ift_call_fail(c, why, "add and sum go together");
    return 0;
}

/* s = x + add where there is an add, and the sum of s^2. */
INLINE float row_squares(const float *x, const float *add, float *sum, int64_t ch) {
    vf acc[4] = {0};
    int64_t i = 0;
    for (; i + 4 * VL <= ch; i += 4 * VL) UNROLL
    for (int u = 0; u < 4; u++) {
        vf s = vf_load(x + i + u * VL);
        if (add) {
            s += vf_load(add + i + u * VL);
            vf_store(sum + i + u * VL, s);
        }
        acc[u] += s * s;
    }
    for (; i < ch; i += VL) {
        vf s = vf_get(x + i, ch - i);
        if (add) {
            s += vf_get(add + i, ch - i);
            vf_put(sum + i, ch - i, s);
        }
        acc[0] += s * s;
    }
    return vf_sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

static void norm_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const int64_t ch = c->in[0].dim[1];
    const float *w = ift_f32(&c->in[1]);   // (C)
    const float *add = ift_f32(&c->in[2]); // (N, C)
    float *sum = ift_f32(&c->out[2]);      // (N, C) sets
    for (int64_t t = begin; t < end; t++) {
        const float *x = ift_f32(&c->in[0]) + t * c->in[0].row; // (C)
        float *y = ift_f32(&c->out[0]) + t * c->out[0].row;     // (C) sets
        float *s = add ? sum + t * c->out[2].row : NULL;
        const float squares = row_squares(x, add ? add + t * c->in[2].row : NULL, s, ch);
        const float rstd = 1.0f / __builtin_sqrtf(squares / (float)ch + c->at.norm.eps);
        ift_f32(&c->out[1])[t] = rstd;
        if (add) x = s;
        for (int64_t i = 0; i < ch; i += VL)
            vf_put(y + i, ch - i, vf_get(x + i, ch - i) * rstd * vf_get(w + i, ch - i));
    }
}

static void norm_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[0].dim[0], 16, norm_rows, c);
}

const struct ift_cpu_op IFT_ISA(norm) = {norm_check, NULL, norm_run};

/* dweight is summed over rows in at most GROUPS groups, each with its own partial sum; then the
 * groups are added in order. */
enum { GROUPS = 64, GROUP_ROWS = 16 };

static int64_t group_rows(int64_t n) {
    const int64_t rows = (n + GROUPS - 1) / GROUPS;
    return rows < GROUP_ROWS ? GROUP_ROWS : rows;
}

static int bwd_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct ift_want want[] = {
        {&c->in[0], "dy", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "s", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[2], "weight", IFT_F32, IFT_READS, 1, {ch}},
        {&c->in[3], "rstd", IFT_F32, IFT_READS, 1, {n}},
        {&c->in[4], "dadd", IFT_F32, IFT_READS | IFT_MAY, 2, {n, ch}},
        {&c->out[0], "dx", IFT_F32, IFT_WRITES, 2, {n, ch}},
        {&c->out[1], "dweight", IFT_F32, IFT_WRITES | IFT_MAY, 1, {ch}},
    };
    return ift_operands_check(c, want, 7, why);
}

static size_t bwd_scratch(const struct ift_call *c, int threads) {
    (void)threads;
    const int64_t n = c->in[0].dim[0], groups = min64(GROUPS, (n + GROUP_ROWS - 1) / GROUP_ROWS);
    return ift_line((size_t)(groups * c->in[0].dim[1]) * sizeof(float));
}

/* With g = dy weight and u = s rstd:  d norm = rstd (g - u mean(g u)). partial (C) accumulates dy
 * u. */
static void bwd_row(const struct ift_call *c, int64_t t, float *partial) {
    const int64_t ch = c->in[0].dim[1];
    const float *dy = ift_f32(&c->in[0]) + t * c->in[0].row; // (C)
    const float *s = ift_f32(&c->in[1]) + t * c->in[1].row;  // (C)
    const float *w = ift_f32(&c->in[2]);                     // (C)
    const float *dadd = ift_f32(&c->in[4]);                  // (N, C)
    float *dx = ift_f32(&c->out[0]) + t * c->out[0].row;     // (C) sets
    const float rstd = ift_f32(&c->in[3])[t];
    if (dadd) dadd += t * c->in[4].row;
    vf dot[2] = {0};
    for (int64_t i = 0; i < ch; i += VL) {
        const vf du = vf_get(dy + i, ch - i), u = vf_get(s + i, ch - i) * rstd;
        if (partial) vf_put(partial + i, ch - i, vf_get(partial + i, ch - i) + du * u);
        dot[i / VL & 1] += du * vf_get(w + i, ch - i) * u;
    }
    const float mean = vf_sum(dot[0] + dot[1]) / (float)ch;
    for (int64_t i = 0; i < ch; i += VL) {
        const vf g = vf_get(dy + i, ch - i) * vf_get(w + i, ch - i),
                 u = vf_get(s + i, ch - i) * rstd;
        vf d = rstd * (g - u * mean);
        if (dadd) d += vf_get(dadd + i, ch - i);
        vf_put(dx + i, ch - i, d);
    }
}

static void bwd_groups(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1], rows = group_rows(n);
    for (int64_t group = begin; group < end; group++) {
        float *partial = c->out[1].buf ? ift_f32(&c->scratch) + group * ch : NULL;
        if (partial) memset(partial, 0, (size_t)ch * sizeof *partial);
        for (int64_t t = group * rows; t < min64(n, (group + 1) * rows); t++)
            bwd_row(c, t, partial);
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1], rows = group_rows(n);
    const int64_t groups = (n + rows - 1) / rows;
    ift_team_each(team, groups, 1, bwd_groups, c);
    if (!c->out[1].buf) return;
    const float *partial = ift_data(&c->scratch); // (groups, C)
    float *dweight = ift_f32(&c->out[1]);         // (C) accumulates
    for (int64_t group = 0; group < groups; group++)
        for (int64_t i = 0; i < ch; i++) dweight[i] += partial[group * ch + i];
}

const struct ift_cpu_op IFT_ISA(norm_bwd) = {bwd_check, bwd_scratch, bwd_run};
