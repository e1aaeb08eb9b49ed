#include "kernels/cpu/gemm.h"
#include "kernels/cpu/tile.h"

/* A product with few rows or few columns is over before packing would pay: one side, `wide`, is
 * read once, in place, from memory (the weights when generating, the activations of a low-rank
 * adapter), against the other, `few`.
 *
 * Where k runs along the rows of the wide side, results are dot products: vectors of k times
 * vectors of k. Where the wide side's own index does, they are outer products, the tile with b in
 * place. */
enum {
    FEW = 64,       /* most dot products a wide row can be part of */
    FEW_OUTER = 32, /* and most rows of outer products */
    SHORT = 32,     /* below this k, there is nothing to stream */
    GROUP =
        12, /* wide rows that are kept in the first level cache while all few are gone through */
    CHUNK = 48, /* wide rows or columns given out at a time */
};

struct skinny {
    const struct ift_product *p;
    struct ift_side wide, few;
    int64_t n_wide, n_few;
    bool swapped;  /* wide is b: results are y[few][wide] */
    int64_t k0, k; /* the part of k at hand */
    float *rooms;
};

/* A result in its place. */
INLINE void put(const struct skinny *s, int64_t wide, int64_t few, float sum) {
    const struct ift_product *p = s->p;
    const int64_t i = s->swapped ? few : wide, j = s->swapped ? wide : few;
    float v = p->alpha * sum;
    if (s->k0)
        v += p->y[i * p->ldy + j];
    else {
        if (p->bias) v += p->bias[j];
        if (p->c) v += p->c[i * p->ldc + j];
    }
    p->y[i * p->ldy + j] = v;
}

/* Element (j, p) of the few, p counted from k0. */
INLINE float few_get(const struct skinny *s, int64_t j, int64_t p) {
    const struct ift_side *f = &s->few;
    return ift_get_as(f->type, ift_at(f->type, f->at, j * f->lane + (s->k0 + p) * f->step));
}

/* acc[a * F + b] += wide[a] * few[b], one vector of k. `left` as in vf_get. */
INLINE void dot_step(enum ift_dtype type, int W, int F, const void *wide, int64_t wide_lane,
                     const float *few, int64_t few_lane, int64_t left, vf acc[12]) {
    vf f[4];
    UNROLL
    for (int b = 0; b < F; b++) f[b] = vf_get(few + b * few_lane, left);
    UNROLL
    for (int a = 0; a < W; a++) {
        const vf w = vf_get_as(type, ift_at(type, wide, a * wide_lane), left);
        UNROLL
        for (int b = 0; b < F; b++) acc[a * F + b] += w * f[b];
    }
}

/* W x F dot products of length k. */
INLINE void dots(enum ift_dtype type, int W, int F, const struct skinny *s, const void *wide,
                 const float *few, int64_t few_lane, int64_t i, int64_t j) {
    vf acc[12] = {0};
    const int64_t k = s->k, lane = s->wide.lane, line = type == IFT_F32 ? 16 : 32;
    int64_t p = 0;
    for (; p + line <= k; p += line) {
        /* The next rows, in the order in which they lie: of rows read side by side the processor
         * foresees too little. */
        UNROLL
        for (int a = 0; a < W; a++)
            __builtin_prefetch(ift_at(type, wide, W * lane + p * W + a * line), 0, 2);
        UNROLL
        for (int64_t v = 0; v < line; v += VL)
            dot_step(type, W, F, ift_at(type, wide, p + v), lane, few + p + v, few_lane, VL, acc);
    }
    for (; p + VL <= k; p += VL)
        dot_step(type, W, F, ift_at(type, wide, p), lane, few + p, few_lane, VL, acc);
    if (p < k) dot_step(type, W, F, ift_at(type, wide, p), lane, few + p, few_lane, k - p, acc);
    float sum[12];
    UNROLL
    for (int a = 0; a < 12; a += 4) {
        const v4 four = vf_sum4(acc[a], acc[a + 1], acc[a + 2], acc[a + 3]);
        memcpy(sum + a, &four, sizeof four);
    }
    for (int a = 0; a < W; a++)
        for (int b = 0; b < F; b++) put(s, i + a, j + b, sum[a * F + b]);
}

/* Wide rows i .. end - 1 against F few rows from j on. */
INLINE void dots_along(enum ift_dtype type, int W, int F, const struct skinny *s, const float *few,
                       int64_t few_lane, int64_t i, int64_t end, int64_t j) {
    const void *wide = ift_at(type, s->wide.at, s->k0);
    const int64_t lane = s->wide.lane;
    for (; i + W <= end; i += W)
        dots(type, W, F, s, ift_at(type, wide, i * lane), few, few_lane, i, j);
    for (; i < end; i++) dots(type, 1, F, s, ift_at(type, wide, i * lane), few, few_lane, i, j);
}

/* How many of `left` few rows to take at once: 4 or less, without leaving a single one behind. */
INLINE int64_t take(int64_t left) {
    return left >= 8 || left == 4 ? 4 : left > 4 ? (left + 1) / 2 : left;
}

INLINE void dot_chunk(enum ift_dtype type, const struct skinny *s, const float *few,
                      int64_t few_lane, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += GROUP) {
        const int64_t stop = ift_min(end, i + GROUP);
        for (int64_t j = 0, n; j < s->n_few; j += n) {
            n = take(s->n_few - j);
            const float *at = few + j * few_lane;
            if (n == 4)
                dots_along(type, 3, 4, s, at, few_lane, i, stop, j);
            else if (n == 3)
                dots_along(type, 4, 3, s, at, few_lane, i, stop, j);
            else if (n == 2)
                dots_along(type, 6, 2, s, at, few_lane, i, stop, j);
            else
                dots_along(type, 6, 1, s, at, few_lane, i, stop, j);
        }
    }
}

static void dot_chunks(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct skinny *s = ctx;
    float *room = s->rooms + (int64_t)thread * IFT_ROOM * IFT_DEPTH;
    const float *few = (const float *)s->few.at + s->k0;
    int64_t lane = s->few.lane;
    if (s->few.step != 1) { /* turned, so that k runs along rows */
        for (int64_t p = 0; p < s->k; p++)
            for (int64_t j = 0; j < s->n_few; j++) room[j * IFT_DEPTH + p] = few_get(s, j, p);
        few = room;
        lane = IFT_DEPTH;
    }
    begin *= CHUNK;
    end = ift_min(end * CHUNK, s->n_wide);
    if (s->wide.type == IFT_BF16)
        dot_chunk(IFT_BF16, s, few, lane, begin, end);
    else if (s->wide.type == IFT_F16)
        dot_chunk(IFT_F16, s, few, lane, begin, end);
    else
        dot_chunk(IFT_F32, s, few, lane, begin, end);
}

/* Columns `col` .. of the wide side times R few rows, packed (k, R). `columns` of the NR are real.
 */
INLINE void outer_tile(enum ift_dtype type, int R, const struct skinny *s, const float *few,
                       const void *wide, int64_t ld, int64_t col, int64_t columns, int64_t row) {
    vf acc[MR][2] = {0};
    ift_tile_rows(type, R, NR, s->k, few, 1, R, wide, ld, acc);
    const struct ift_product *p = s->p;
    const int64_t rows = ift_min(R, s->n_few - row);
    if (s->swapped && columns == NR && !p->bias) {
        const float *c = s->k0 ? p->y : p->c;
        const int64_t ldc = s->k0 ? p->ldy : p->ldc;
        for (int64_t i = 0; i < rows; i++)
            for (int h = 0; h < 2; h++) {
                vf v = p->alpha * acc[i][h];
                if (c) v += vf_load(c + (row + i) * ldc + col + h * VL);
                vf_store(p->y + (row + i) * p->ldy + col + h * VL, v);
            }
        return;
    }
    float sum[MR][NR];
    for (int64_t i = 0; i < rows; i++)
        for (int h = 0; h < 2; h++) vf_store(sum[i] + h * VL, acc[i][h]);
    for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) put(s, col + j, row + i, sum[i][j]);
}

/* Few rows go in groups of this many, an even number. */
static int64_t group_rows(int64_t n) {
    return (ift_ceil(n, ift_ceil(n, MR)) + 1) / 2 * 2;
}

INLINE void outer_strip(enum ift_dtype type, const struct skinny *s, const float *few,
                        const void *wide, int64_t ld, int64_t col, int64_t columns) {
    const int64_t rows = group_rows(s->n_few);
    for (int64_t row = 0; row < s->n_few; row += rows, few += rows * s->k) switch (rows) {
        case 2:
            outer_tile(type, 2, s, few, wide, ld, col, columns, row);
            break;
        case 4:
            outer_tile(type, 4, s, few, wide, ld, col, columns, row);
            break;
        case 6:
            outer_tile(type, 6, s, few, wide, ld, col, columns, row);
            break;
#if defined(__AVX512F__) || defined(__aarch64__)
        case 8:
            outer_tile(type, 8, s, few, wide, ld, col, columns, row);
            break;
        case 10:
            outer_tile(type, 10, s, few, wide, ld, col, columns, row);
            break;
        case 12:
            outer_tile(type, 12, s, few, wide, ld, col, columns, row);
            break;
#endif
        }
}

INLINE void outer_chunk(enum ift_dtype type, const struct skinny *s, int64_t begin, int64_t end,
                        int thread) {
    const int64_t rows = group_rows(s->n_few), groups = ift_ceil(s->n_few, rows);
    float *few = s->rooms + (int64_t)thread * IFT_ROOM * IFT_DEPTH,
          *edge = few + groups * rows * s->k;
    for (int64_t i = 0; i < groups * rows; i++)
        for (int64_t p = 0; p < s->k; p++)
            few[i / rows * rows * s->k + p * rows + i % rows] = i < s->n_few ? few_get(s, i, p) : 0;
    const int64_t stop = ift_min(end * CHUNK, s->n_wide), ld = s->wide.step;
    int64_t col = begin * CHUNK;
    const void *wide = ift_at(type, s->wide.at, s->k0 * ld);
    for (; col + NR <= stop; col += NR)
        outer_strip(type, s, few, ift_at(type, wide, col), ld, col, NR);
    if (col == stop) return;
    for (int64_t p = 0; p < s->k; p++)
        for (int h = 0; h < 2; h++) {
            const int64_t at = col + h * VL, left = stop - at;
            vf_store(edge + p * NR + h * VL,
                     left > 0 ? vf_get_as(type, ift_at(type, wide, p * ld + at), left) : (vf){0});
        }
    outer_strip(IFT_F32, s, few, edge, NR, col, stop - col);
}

static void outer_chunks(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct skinny *s = ctx;
    if (s->wide.type == IFT_BF16)
        outer_chunk(IFT_BF16, s, begin, end, thread);
    else if (s->wide.type == IFT_F16)
        outer_chunk(IFT_F16, s, begin, end, thread);
    else
        outer_chunk(IFT_F32, s, begin, end, thread);
}

static void arrange(struct skinny *s, bool swapped) {
    const struct ift_product *p = s->p;
    const struct ift_side a = {p->a, IFT_F32, p->a_row, p->a_step},
                          b = {p->b, p->b_type, p->b_col, p->b_step};
    s->swapped = swapped;
    s->wide = swapped ? b : a;
    s->few = swapped ? a : b;
    s->n_wide = swapped ? p->n : p->m;
    s->n_few = swapped ? p->m : p->n;
}

bool ift_skinny_run(struct ift_team *team, const struct ift_product *p, float *rooms) {
    struct skinny s = {.p = p, .rooms = rooms};
    arrange(&s, p->n > p->m);
    const bool dot = s.wide.step == 1;
    if (p->k < SHORT || s.n_few > (dot ? FEW : FEW_OUTER) || s.n_wide < 2 * s.n_few) return false;
    /* The few are read as f32 in place. A dot product has the same bits from either side. */
    if (dot && s.few.step == 1 && s.few.type != IFT_F32) arrange(&s, true);
    /* Blocks of k are for what has to be packed. */
    const int64_t depth = dot && s.few.step == 1 ? p->k : ift_ceil(p->k, ift_ceil(p->k, IFT_DEPTH));
    for (s.k0 = 0; s.k0 < p->k; s.k0 += depth) {
        s.k = ift_min(depth, p->k - s.k0);
        ift_team_each(team, ift_ceil(s.n_wide, CHUNK), 1, dot ? dot_chunks : outer_chunks, &s);
    }
    return true;
}
