#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

static int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Channels that are normalised together, and how many such runs a row has. */
struct runs {
    int64_t w, count;
};

static struct runs runs_of(const struct ift_operand *x, const struct ift_operand *weight) {
    const int64_t w = weight->dim[0];
    return (struct runs){w, w > 0 ? x->dim[1] / w : 0};
}

static int runs_check(const struct ift_call *c, struct runs r, int64_t ch, char *why) {
    if (r.w < 1 || r.count * r.w != ch)
        return ift_call_fail(c, why, "a weight of %lld does not divide %lld channels",
                             (long long)r.w, (long long)ch);
    return 0;
}

static int norm_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct runs r = runs_of(&c->in[0], &c->in[1]);
    const struct ift_want want[] = {
        {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "weight", IFT_F32, IFT_READS, 1, {r.w}},
        {&c->in[2], "add", IFT_F32, IFT_READS | IFT_MAY, 2, {n, ch}},
        {&c->in[3], "bias", IFT_F32, IFT_READS | IFT_MAY, 1, {r.w}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, ch}},
        {&c->out[1], "rstd", IFT_F32, IFT_WRITES, 2, {n, r.count}},
        {&c->out[2], "sum", IFT_F32, IFT_WRITES | IFT_MAY, 2, {n, ch}},
        {&c->out[3], "mean", IFT_F32, IFT_WRITES | IFT_MAY, 2, {n, r.count}},
    };
    if (ift_operands_check(c, want, 8, why) < 0) return -1;
    if (!c->in[2].buf != !c->out[2].buf) return ift_call_fail(c, why, "add and sum go together");
    if (!c->out[3].buf != !c->at.norm.centred)
        return ift_call_fail(c, why, "a mean goes with a centred norm");
    return runs_check(c, r, ch, why);
}

/* s = x + add where there is an add, and the sum of s, or of s^2. */
INLINE float sum_of(const float *x, const float *add, float *sum, int64_t w, bool squares) {
    vf acc[4] = {0};
    int64_t i = 0;
    for (; i + 4 * VL <= w; i += 4 * VL) UNROLL
    for (int u = 0; u < 4; u++) {
        vf s = vf_load(x + i + u * VL);
        if (add) {
            s += vf_load(add + i + u * VL);
            vf_store(sum + i + u * VL, s);
        }
        acc[u] += squares ? s * s : s;
    }
    for (; i < w; i += VL) {
        vf s = vf_get(x + i, w - i);
        if (add) {
            s += vf_get(add + i, w - i);
            vf_put(sum + i, w - i, s);
        }
        acc[0] += squares ? s * s : s;
    }
    return vf_sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

/* The sum of (s - mean)^2. */
static float squares_about(float mean, const float *s, int64_t w) {
    vf acc[2] = {0};
    int64_t i = 0;
    for (; i + VL <= w; i += VL) {
        const vf d = vf_load(s + i) - mean;
        acc[i / VL & 1] += d * d;
    }
    if (i < w) {
        const vf d =
            vf_select(vi_lanes() < (int32_t)(w - i), vf_get(s + i, w - i) - mean, vf_set(0));
        acc[0] += d * d;
    }
    return vf_sum(acc[0] + acc[1]);
}

/* One run of w channels: x, add, sum and y point at its first. */
static void norm_one(const struct ift_call *c, const float *x, const float *add, float *sum,
                     float *y, float *rstd, float *mean) {
    const int64_t w = c->in[1].dim[0];
    const float *weight = ift_f32(&c->in[1]), *bias = ift_f32(&c->in[3]); // (W)
    const float *s = add ? sum : x;
    float m = 0, squares;
    if (mean) {
        *mean = m = sum_of(x, add, sum, w, false) / (float)w;
        squares = squares_about(m, s, w);
    } else {
        squares = sum_of(x, add, sum, w, true);
    }
    const float r = *rstd = 1.0f / __builtin_sqrtf(squares / (float)w + c->at.norm.eps);
    for (int64_t i = 0; i < w; i += VL) {
        vf v = (vf_get(s + i, w - i) - m) * r * vf_get(weight + i, w - i);
        if (bias) v += vf_get(bias + i, w - i);
        vf_put(y + i, w - i, v);
    }
}

static void norm_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct runs r = runs_of(&c->in[0], &c->in[1]);
    for (int64_t t = begin; t < end; t++) {
        const float *x = ift_f32(&c->in[0]) + t * c->in[0].row;                         // (C)
        const float *add = c->in[2].buf ? ift_f32(&c->in[2]) + t * c->in[2].row : NULL; // (C)
        float *y = ift_f32(&c->out[0]) + t * c->out[0].row;                             // (C) sets
        float *rstd = ift_f32(&c->out[1]) + t * c->out[1].row;                        // (C/W) sets
        float *sum = add ? ift_f32(&c->out[2]) + t * c->out[2].row : NULL;            // (C) sets
        float *mean = c->out[3].buf ? ift_f32(&c->out[3]) + t * c->out[3].row : NULL; // (C/W) sets
        for (int64_t i = 0; i < r.count; i++)
            norm_one(c, x + i * r.w, add ? add + i * r.w : NULL, add ? sum + i * r.w : NULL,
                     y + i * r.w, rstd + i, mean ? mean + i : NULL);
    }
}

static void norm_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[0].dim[0], 16, norm_rows, c);
}

const struct ift_cpu_op IFT_ISA(norm) = {norm_check, NULL, norm_run};

/* dweight and dbias are summed over rows in at most GROUPS groups, each with partial sums of its
 * own; then the groups are added in order. */
enum { GROUPS = 64, GROUP_RUNS = 16 };

/* Rows of a group, of `count` runs each. */
static int64_t group_rows(int64_t n, int64_t count) {
    const int64_t rows = (n + GROUPS - 1) / GROUPS, least = (GROUP_RUNS + count - 1) / count;
    return rows < least ? least : rows;
}

static int bwd_check(const struct ift_call *c, char *why) {
    const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
    const struct runs r = runs_of(&c->in[0], &c->in[2]);
    const struct ift_want want[] = {
        {&c->in[0], "dy", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[1], "s", IFT_F32, IFT_READS, 2, {n, ch}},
        {&c->in[2], "weight", IFT_F32, IFT_READS, 1, {r.w}},
        {&c->in[3], "rstd", IFT_F32, IFT_READS, 2, {n, r.count}},
        {&c->in[4], "dadd", IFT_F32, IFT_READS | IFT_MAY, 2, {n, ch}},
        {&c->in[5], "mean", IFT_F32, IFT_READS | IFT_MAY, 2, {n, r.count}},
        {&c->out[0], "dx", IFT_F32, IFT_WRITES, 2, {n, ch}},
        {&c->out[1], "dweight", IFT_F32, IFT_WRITES | IFT_MAY, 1, {r.w}},
        {&c->out[2], "dbias", IFT_F32, IFT_WRITES | IFT_MAY, 1, {r.w}},
    };
    if (ift_operands_check(c, want, 9, why) < 0) return -1;
    if (!c->in[5].buf != !c->at.norm.centred)
        return ift_call_fail(c, why, "a mean goes with a centred norm");
    return runs_check(c, r, ch, why);
}

/* (groups, 2, W): the partial sums of dweight and dbias. */
static size_t bwd_scratch(const struct ift_call *c, int threads) {
    (void)threads;
    const int64_t n = c->in[0].dim[0], groups = min64(GROUPS, n);
    return ift_line((size_t)(groups * 2 * c->in[2].dim[0]) * sizeof(float));
}

/* One run: where its channels begin in row t, and its rstd and mean. */
struct bwd_at {
    int64_t t, channel;
    float rstd, mean;
};

/* With g = dy weight and u = (s - mean) rstd:  d norm = rstd (g - u mean(g u) [- mean(g)]).
 * dweight (W) and dbias (W) accumulate dy u and dy. */
static void bwd_one(const struct ift_call *c, struct bwd_at at, float *dweight, float *dbias) {
    const int64_t w = c->in[2].dim[0];
    const float *dy = ift_f32(&c->in[0]) + at.t * c->in[0].row + at.channel; // (W)
    const float *s = ift_f32(&c->in[1]) + at.t * c->in[1].row + at.channel;  // (W)
    const float *weight = ift_f32(&c->in[2]);                                // (W)
    float *dx = ift_f32(&c->out[0]) + at.t * c->out[0].row + at.channel;     // (W) sets
    const float *dadd = ift_f32(&c->in[4]);                                  // (N, C)
    if (dadd) dadd += at.t * c->in[4].row + at.channel;
    vf dot[2] = {0}, total = {0};
    for (int64_t i = 0; i < w; i += VL) {
        const vf d = vf_get(dy + i, w - i), u = (vf_get(s + i, w - i) - at.mean) * at.rstd,
                 g = d * vf_get(weight + i, w - i);
        if (dweight) vf_put(dweight + i, w - i, vf_get(dweight + i, w - i) + d * u);
        if (dbias) vf_put(dbias + i, w - i, vf_get(dbias + i, w - i) + d);
        dot[i / VL & 1] += g * u;
        total += g;
    }
    const float gu = vf_sum(dot[0] + dot[1]) / (float)w,
                mean = c->at.norm.centred ? vf_sum(total) / (float)w : 0;
    for (int64_t i = 0; i < w; i += VL) {
        const vf g = vf_get(dy + i, w - i) * vf_get(weight + i, w - i),
                 u = (vf_get(s + i, w - i) - at.mean) * at.rstd;
        vf d = at.rstd * (g - u * gu - mean);
        if (dadd) d += vf_get(dadd + i, w - i);
        vf_put(dx + i, w - i, d);
    }
}

static void bwd_groups(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const int64_t n = c->in[0].dim[0];
    const struct runs r = runs_of(&c->in[0], &c->in[2]);
    const int64_t rows = group_rows(n, r.count);
    for (int64_t group = begin; group < end; group++) {
        float *partial = ift_f32(&c->scratch) + group * 2 * r.w; // (2, W)
        memset(partial, 0, (size_t)(2 * r.w) * sizeof *partial);
        float *dweight = c->out[1].buf ? partial : NULL,
              *dbias = c->out[2].buf ? partial + r.w : NULL;
        for (int64_t t = group * rows; t < min64(n, (group + 1) * rows); t++)
            for (int64_t i = 0; i < r.count; i++) {
                struct bwd_at at = {t, i * r.w, ift_f32(&c->in[3])[t * c->in[3].row + i], 0};
                if (c->at.norm.centred) at.mean = ift_f32(&c->in[5])[t * c->in[5].row + i];
                bwd_one(c, at, dweight, dbias);
            }
    }
}

static void bwd_run(struct ift_team *team, const struct ift_call *c) {
    const int64_t n = c->in[0].dim[0], w = c->in[2].dim[0];
    const int64_t rows = group_rows(n, runs_of(&c->in[0], &c->in[2]).count);
    const int64_t groups = (n + rows - 1) / rows;
    ift_team_each(team, groups, 1, bwd_groups, c);
    for (int part = 0; part < 2; part++) {
        const float *partial = ift_f32(&c->scratch) + part * w; // (groups, 2, W)
        float *sum = ift_f32(&c->out[1 + part]);                // (W) accumulates
        if (!sum) continue;
        for (int64_t i = 0; i < w; i++) {
            double total = sum[i]; /* many partial sums may cancel */
            for (int64_t group = 0; group < groups; group++)
                total += (double)partial[group * 2 * w + i];
            sum[i] = (float)total;
        }
    }
}

const struct ift_cpu_op IFT_ISA(norm_bwd) = {bwd_check, bwd_scratch, bwd_run};
