#include "kernels/cpu/gemm.h"

#include "kernels/cpu/tile.h"

/* The product in blocks, as in Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"
 * (2008): a block of a and a block of b are packed into panels that the tile reads from front to back, shared
 * by all threads; then tasks of TASK_M x TASK_N results are given out. A task's part of a stays in the second
 * level cache, a panel of b in the first. */
enum {
    BLOCK_M = 2040,
    BLOCK_N = 2048,
    BLOCK_K = 384,
    TASK_M = 120, /* multiples of every MR and NR */
    TASK_N = 256,
};

struct block {
    const struct ift_product *p;
    float *a, *b;        /* packed: panels of (k, MR) and (k, NR) */
    int64_t m0, n0, k0;  /* where the block begins */
    int64_t m, n, k;     /* its size */
    int64_t tasks_n;
};

static int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

typedef float v4 __attribute__((vector_size(16)));

/* dst[p * width + i] = src[i * lane + p] for four i. */
INLINE void pack_four(float *dst, int width, const float *src, int64_t lane, int64_t k) {
    int64_t p = 0;
    for (; p + 4 <= k; p += 4) {
        v4 r[4];
        for (int i = 0; i < 4; i++) memcpy(&r[i], src + i * lane + p, sizeof r[i]);
        const v4 a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
        const v4 b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
        const v4 c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
        const v4 d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
        const v4 t[4] = {
            __builtin_shufflevector(a, c, 0, 1, 4, 5), __builtin_shufflevector(a, c, 2, 3, 6, 7),
            __builtin_shufflevector(b, d, 0, 1, 4, 5), __builtin_shufflevector(b, d, 2, 3, 6, 7)};
        for (int i = 0; i < 4; i++) memcpy(dst + (p + i) * width, &t[i], sizeof t[i]);
    }
    for (; p < k; p++)
        for (int i = 0; i < 4; i++) dst[p * width + i] = src[i * lane + p];
}

/* dst[p * width + i] = src[i * lane + p * step] for i < lanes, 0 for lanes <= i < width. */
INLINE void pack_panel(float *dst, int width, const float *src, int lanes, int64_t lane, int64_t step,
                       int64_t k) {
    if (lanes == width && lane == 1) {
        for (int64_t p = 0; p < k; p++) memcpy(dst + p * width, src + p * step, (size_t)width * sizeof *dst);
        return;
    }
    int done = 0;
    if (step == 1)
        for (; done + 4 <= lanes; done += 4) pack_four(dst + done, width, src + done * lane, lane, k);
    for (int64_t p = 0; p < k; p++) {
        for (int i = done; i < lanes; i++) dst[p * width + i] = src[i * lane + p * step];
        for (int i = lanes; i < width; i++) dst[p * width + i] = 0;
    }
}

/* Panels of a first, then panels of b. */
static void pack(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct block *k = ctx;
    const struct ift_product *p = k->p;
    const int64_t panels_a = ceil_div(k->m, MR);
    for (int64_t t = begin; t < end; t++) {
        const int64_t i = t * MR, j = (t - panels_a) * NR;
        if (t < panels_a)
            pack_panel(k->a + i * k->k, MR, p->a + (k->m0 + i) * p->a_row + k->k0 * p->a_step,
                       (int)min64(MR, k->m - i), p->a_row, p->a_step, k->k);
        else
            pack_panel(k->b + j * k->k, NR, p->b + (k->n0 + j) * p->b_col + k->k0 * p->b_step,
                       (int)min64(NR, k->n - j), p->b_col, p->b_step, k->k);
    }
}

/* Where a tile goes: the first block of k adds c and bias, the later ones add to y. */
struct goal {
    float alpha;
    const float *c;
    int64_t ldc;
    const float *bias;
    float *y;
    int64_t ldy;
};

static void tile(const struct goal *g, int64_t k, const float *a, const float *b) {
    vf acc[MR][2] = {0};
    ift_tile(k, a, 1, MR, b, NR, acc);
    const vf alpha = vf_set(g->alpha);
    vf bias[2] = {0};
    if (g->bias) bias[0] = vf_load(g->bias), bias[1] = vf_load(g->bias + VL);
    UNROLL
    for (int i = 0; i < MR; i++)
        for (int h = 0; h < 2; h++) {
            vf v = alpha * acc[i][h] + bias[h];
            if (g->c) v += vf_load(g->c + i * g->ldc + h * VL);
            vf_store(g->y + i * g->ldy + h * VL, v);
        }
}

/* A tile that sticks out of the result goes by way of a small one. */
static void tile_edge(const struct goal *g, int64_t rows, int64_t cols, int64_t k, const float *a,
                      const float *b) {
    float y[MR * NR], bias[NR] = {0};
    if (g->bias) memcpy(bias, g->bias, (size_t)cols * sizeof *bias);
    const struct goal inner = {.alpha = g->alpha, .bias = bias, .y = y, .ldy = NR};
    tile(&inner, k, a, b);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            g->y[i * g->ldy + j] = y[i * NR + j] + (g->c ? g->c[i * g->ldc + j] : 0);
}

static void task(const struct block *k, int64_t m0, int64_t m1, int64_t n0, int64_t n1) {
    const struct ift_product *p = k->p;
    const float *c = k->k0 ? p->y : p->c;
    const int64_t ldc = k->k0 ? p->ldy : p->ldc;
    for (int64_t j = n0; j < n1; j += NR)
        for (int64_t i = m0; i < m1; i += MR) {
            const int64_t row = k->m0 + i, col = k->n0 + j;
            const struct goal g = {
                .alpha = p->alpha,
                .c = c ? c + row * ldc + col : NULL,
                .ldc = ldc,
                .bias = p->bias && k->k0 == 0 ? p->bias + col : NULL,
                .y = p->y + row * p->ldy + col,
                .ldy = p->ldy,
            };
            const float *a = k->a + i * k->k, *b = k->b + j * k->k;
            if (m1 - i >= MR && n1 - j >= NR) tile(&g, k->k, a, b);
            else tile_edge(&g, min64(MR, m1 - i), min64(NR, n1 - j), k->k, a, b);
        }
}

static void tasks(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct block *k = ctx;
    for (int64_t t = begin; t < end; t++) {
        const int64_t m0 = t / k->tasks_n * TASK_M, n0 = t % k->tasks_n * TASK_N;
        task(k, m0, min64(m0 + TASK_M, k->m), n0, min64(n0 + TASK_N, k->n));
    }
}

/* The depth of a block: k cut evenly, so that the last block is no thin slice. */
static int64_t depth(int64_t k) {
    const int64_t blocks = ceil_div(k, BLOCK_K);
    return blocks ? ceil_div(k, blocks) : 0;
}

static void packed_run(struct ift_team *team, const struct ift_product *p, float *scratch) {
    struct block k = {.p = p, .a = scratch};
    const int64_t kc = depth(p->k);
    k.b = scratch + ceil_div(min64(p->m, BLOCK_M), MR) * MR * kc;
    for (k.n0 = 0; k.n0 < p->n; k.n0 += BLOCK_N)
        for (k.m0 = 0; k.m0 < p->m; k.m0 += BLOCK_M) {
            k.k0 = 0;
            do {
                k.n = min64(BLOCK_N, p->n - k.n0);
                k.m = min64(BLOCK_M, p->m - k.m0);
                k.k = min64(kc, p->k - k.k0);
                k.tasks_n = ceil_div(k.n, TASK_N);
                ift_team_each(team, ceil_div(k.m, MR) + ceil_div(k.n, NR), 8, pack, &k);
                ift_team_each(team, ceil_div(k.m, TASK_M) * k.tasks_n, 1, tasks, &k);
                k.k0 += kc;
            } while (k.k0 < p->k);
        }
}

void ift_product_run(struct ift_team *team, const struct ift_product *p, void *scratch) {
    if (p->m > 0 && p->n > 0) packed_run(team, p, scratch);
}

size_t ift_product_scratch(int64_t m, int64_t n, int64_t k) {
    const int64_t width = min64(m, BLOCK_M) + min64(n, BLOCK_N) + MR + NR;
    return ift_line((size_t)(width * min64(k, BLOCK_K)) * sizeof(float));
}

static struct ift_product product_of(const struct ift_call *call) {
    const struct ift_operand *a = &call->in[0], *b = &call->in[1];
    const bool ta = call->at.gemm.trans_a, tb = call->at.gemm.trans_b;
    return (struct ift_product){
        .m = a->dim[ta],
        .k = a->dim[!ta],
        .n = b->dim[!tb],
        .alpha = call->at.gemm.alpha,
        .a = ift_f32(a),
        .a_row = ta ? 1 : a->row,
        .a_step = ta ? a->row : 1,
        .b = ift_f32(b),
        .b_step = tb ? 1 : b->row,
        .b_col = tb ? b->row : 1,
        .c = ift_f32(&call->in[2]),
        .ldc = call->in[2].row,
        .bias = ift_f32(&call->in[3]),
        .y = ift_f32(&call->out[0]),
        .ldy = call->out[0].row,
    };
}

static int check(const struct ift_call *c, char *why) {
    const bool ta = c->at.gemm.trans_a, tb = c->at.gemm.trans_b;
    const int64_t m = c->in[0].dim[ta], k = c->in[0].dim[!ta], n = c->in[1].dim[!tb];
    const struct ift_want want[] = {
        {&c->in[0], "a", IFT_F32, IFT_READS, 2, {ta ? k : m, ta ? m : k}},
        {&c->in[1], "b", IFT_F32, IFT_READS, 2, {tb ? n : k, tb ? k : n}},
        {&c->in[2], "c", IFT_F32, IFT_READS | IFT_MAY, 2, {m, n}},
        {&c->in[3], "bias", IFT_F32, IFT_READS | IFT_MAY, 1, {n}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {m, n}},
    };
    return ift_operands_check(c, want, 5, why);
}

static size_t scratch(const struct ift_call *c, int threads) {
    (void)threads;
    const bool ta = c->at.gemm.trans_a, tb = c->at.gemm.trans_b;
    return ift_product_scratch(c->in[0].dim[ta], c->in[1].dim[!tb], c->in[0].dim[!ta]);
}

static void run(struct ift_team *team, const struct ift_call *c) {
    const struct ift_product p = product_of(c);
    ift_product_run(team, &p, ift_data(&c->scratch));
}

const struct ift_cpu_op IFT_ISA(gemm) = {check, scratch, run};
