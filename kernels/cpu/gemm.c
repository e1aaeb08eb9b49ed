#include "kernels/cpu/gemm.h"

#include "kernels/cpu/tile.h"

/* The product in blocks, as in Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication" (2008): a block of b is packed, by all threads, into panels that the tile reads
 * from front to back. Then rows of the result are shared out; whoever computes a share copies its
 * rows of a, a piece of k at a time, which stay in its second level cache while a panel of b at a
 * time passes through the first; rows that lie close together as they are stay where they are. How
 * the result is shared out has no influence on its bits: every element is a sum over k in the same
 * pieces and the same order. */
enum {
    BLOCK = 1 << 18, /* floats of a packed block, if a single piece is not larger */
    BLOCK_N = 2048,
    SHARE = 96 / MR, /* panels of rows in a share */
    LAST = 24 / MR,  /* and in the last ones, which are cut */
    PARTS = 4,       /* by columns as well, so that all threads end together */
    SHARE_N = 64,    /* fewest columns of a share, a multiple of NR */
    SHALLOW = 64,    /* k below which writing results counts more than reuse of b */
    AHEAD = 16,      /* rows fetched before they are packed */
};
_Static_assert((int)IFT_ROOM >= SHARE * MR, "a share's rows of a fit a room");

struct block {
    const struct ift_product *p;
    float *b;             /* packed: pieces of panels of (depth, NR) */
    float *rooms;         /* of each thread: a piece of a share's rows of a */
    int64_t n0, k0, n, k; /* columns and depth of the block */
    int64_t depth;        /* of a piece; k is a multiple, but for the last piece of all */
    int64_t whole;        /* shares of SHARE panels and all columns */
    int64_t last, parts;  /* shares of LAST panels that follow, and those of columns in each */
};

/* Where element (i, p) of a side is. */
INLINE const void *side_at(struct ift_side s, int64_t i, int64_t p) {
    return ift_at(s.type, s.at, i * s.lane + p * s.step);
}

/* dst[p * width + i] = element (i, p) for i < lanes, 0 for lanes <= i < width. */
INLINE void pack_panel(float *dst, int width, struct ift_side s, int lanes, int64_t k) {
    int done = 0;
    if (s.step == 1)
        for (; done + 4 <= lanes; done += 4)
            ift_turn_four_as(s.type, dst + done, width, side_at(s, done, 0), s.lane, k);
    for (int64_t p = 0; p < k; p++) {
        for (int i = done; i < lanes; i++)
            dst[p * width + i] = ift_get_as(s.type, side_at(s, i, p));
        for (int i = lanes; i < width; i++) dst[p * width + i] = 0;
    }
}

/* Packs `n` lanes into panels. Where lanes are neighbours in memory, all panels advance together,
 * so that memory is read in long runs. A side that is not f32 has a width of whole vectors. */
INLINE void pack(float *dst, int width, struct ift_side s, int64_t n, int64_t k) {
    int64_t done = 0;
    if (s.lane == 1) {
        done = n / width * width;
        for (int64_t p = 0; p < k; p++)
            for (int64_t i = 0; i < done; i += width) {
                float *to = dst + i * k + p * width;
                __builtin_prefetch(side_at(s, i, p + AHEAD));
                if (width % VL)
                    memcpy(to, side_at(s, i, p), (size_t)width * sizeof *to);
                else
                    for (int v = 0; v < width; v += VL)
                        vf_store(to + v, vf_load_as(s.type, side_at(s, i + v, p)));
            }
    }
    for (; done < n; done += width) {
        const struct ift_side rest = {side_at(s, done, 0), s.type, s.lane, s.step};
        pack_panel(dst + done * k, width, rest, (int)ift_min(width, n - done), k);
    }
}

/* Where the piece that begins at kp is in the packed block. */
INLINE float *piece_of(const struct block *k, int64_t kp) {
    return k->b + kp * ift_ceil(k->n, NR) * NR;
}

INLINE void pack_b_as(enum ift_dtype type, const struct block *k, int64_t begin, int64_t end) {
    const struct ift_product *p = k->p;
    const struct ift_side b = {p->b, type, p->b_col, p->b_step};
    const int64_t j = begin * NR;
    for (int64_t kp = 0; kp < k->k; kp += k->depth) {
        const int64_t depth = ift_min(k->depth, k->k - kp);
        const struct ift_side s = {side_at(b, k->n0 + j, k->k0 + kp), type, b.lane, b.step};
        pack(piece_of(k, kp) + j * depth, NR, s, ift_min(end * NR, k->n) - j, depth);
    }
}

static void pack_b(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct block *k = ctx;
    if (k->p->b_type == IFT_BF16)
        pack_b_as(IFT_BF16, k, begin, end);
    else if (k->p->b_type == IFT_F16)
        pack_b_as(IFT_F16, k, begin, end);
    else
        pack_b_as(IFT_F32, k, begin, end);
}

/* A tile of the result: alpha a b + c + bias. */
struct goal {
    float alpha;
    const float *c;
    int64_t ldc;
    const float *bias;
    float *y;
    int64_t ldy;
};

/* Element (i, p) of a is a[i * row + p * step]. */
static void tile(const struct goal *g, int64_t k, const float *a, int64_t row, int64_t step,
                 const float *b) {
    const float *c = g->c;
    float *y = g->y;
    const int64_t ldc = g->ldc, ldy = g->ldy;
    const vf alpha = vf_set(g->alpha);
    vf acc[MR][2] = {0}, bias[2] = {0};
    for (int i = 0; i < MR; i++) __builtin_prefetch(y + i * ldy, 1);
    ift_tile(k, a, row, step, b, NR, acc);
    if (g->bias) bias[0] = vf_load(g->bias), bias[1] = vf_load(g->bias + VL);
    if (c) {
        UNROLL
        for (int i = 0; i < MR; i++) {
            vf_store(y + i * ldy, alpha * acc[i][0] + (bias[0] + vf_load(c + i * ldc)));
            vf_store(y + i * ldy + VL, alpha * acc[i][1] + (bias[1] + vf_load(c + i * ldc + VL)));
        }
    } else {
        UNROLL
        for (int i = 0; i < MR; i++) {
            vf_store(y + i * ldy, alpha * acc[i][0] + bias[0]);
            vf_store(y + i * ldy + VL, alpha * acc[i][1] + bias[1]);
        }
    }
}

/* A tile that sticks out of the result goes by way of a small one. */
static void tile_edge(const struct goal *g, int64_t rows, int64_t cols, int64_t k, const float *a,
                      int64_t row, int64_t step, const float *b) {
    float y[MR * NR], bias[NR] = {0};
    if (g->bias) memcpy(bias, g->bias, (size_t)cols * sizeof *bias);
    const struct goal inner = {.alpha = g->alpha, .bias = bias, .y = y, .ldy = NR};
    for (int64_t i = 0; i < rows; i++) __builtin_prefetch(g->y + i * g->ldy, 1);
    tile(&inner, k, a, row, step, b);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            g->y[i * g->ldy + j] = y[i * NR + j] + (g->c ? g->c[i * g->ldc + j] : 0);
}

/* A piece of a share: rows m0 .. m1 - 1 and columns n0 .. n1 - 1 of the block, `depth` steps of k
 * from kp on. */
struct piece {
    const struct block *block;
    int64_t m0, m1, n0, n1, kp, depth;
    int64_t copied; /* the row from which on those of a are read from their copy */
};

/* The tile at row i and column j. a: where rows m0 .. m1 - 1 are, or would be, copied. */
INLINE void one_tile(const struct piece *s, const float *a, int64_t i, int64_t j) {
    const struct block *k = s->block;
    const struct ift_product *p = k->p;
    const bool first = k->k0 + s->kp == 0;
    const float *c = first ? p->c : p->y;
    const int64_t ldc = first ? p->ldc : p->ldy, col = k->n0 + j;
    const struct goal g = {
        .alpha = p->alpha,
        .c = c ? c + i * ldc + col : NULL,
        .ldc = ldc,
        .bias = p->bias && first ? p->bias + col : NULL,
        .y = p->y + i * p->ldy + col,
        .ldy = p->ldy,
    };
    const bool in_place = i < s->copied, runs = p->a_step == 1;
    const float *from = in_place ? p->a + i * p->a_row + k->k0 + s->kp : a + (i - s->m0) * s->depth;
    const int64_t row = in_place ? p->a_row : runs ? s->depth : 1, step = runs ? 1 : MR;
    const float *b = piece_of(k, s->kp) + j * s->depth;
    if (s->m1 - i >= MR && s->n1 - j >= NR)
        tile(&g, s->depth, from, row, step, b);
    else
        tile_edge(&g, ift_min(MR, s->m1 - i), ift_min(NR, s->n1 - j), s->depth, from, row, step, b);
}

/* Where k runs along rows that spread evenly over a cache, whole panels are read in place: memory
 * is read ahead as well for the first tile as for a copy. Such rows lie less than twice a piece's
 * depth apart, or no multiple of 1 KiB. Others are copied as they are, or in panels of MR,
 * whichever runs along memory; filled up to whole panels. */
static void copy_a(float *dst, struct piece *s) {
    const struct ift_product *p = s->block->p;
    const int64_t rows = s->m1 - s->m0, depth = s->depth;
    const struct ift_side side = {p->a + s->m0 * p->a_row + (s->block->k0 + s->kp) * p->a_step,
                                  IFT_F32, p->a_row, p->a_step};
    s->copied = s->m0;
    if (side.step != 1) {
        pack(dst, MR, side, rows, depth);
        return;
    }
    if (side.lane < 2 * depth || side.lane % 256) s->copied += rows / MR * MR;
    for (int64_t i = s->copied - s->m0; i < rows; i++)
        memcpy(dst + i * depth, side_at(side, i, 0), (size_t)depth * sizeof *dst);
    memset(dst + rows * depth, 0, (size_t)((ift_ceil(rows, MR) * MR - rows) * depth) * sizeof *dst);
}

static void share(const struct block *k, float *a, int64_t m0, int64_t m1, int64_t n0, int64_t n1) {
    struct piece s = {.block = k, .m0 = m0, .m1 = m1, .n0 = n0, .n1 = n1};
    do { /* once for k = 0, too: the result is c and bias */
        s.depth = ift_min(k->depth, k->k - s.kp);
        copy_a(a, &s);
        if (s.depth < SHALLOW) { /* little is computed for each result: as they lie in memory */
            for (int64_t i = m0; i < m1; i += MR)
                for (int64_t j = n0; j < n1; j += NR) one_tile(&s, a, i, j);
        } else {
            for (int64_t j = n0; j < n1; j += NR)
                for (int64_t i = m0; i < m1; i += MR) one_tile(&s, a, i, j);
        }
        s.kp += k->depth;
    } while (s.kp < k->k);
}

static void shares(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct block *k = ctx;
    const int64_t panels = ift_ceil(k->n, NR), after = k->whole * SHARE * MR;
    float *a = k->rooms + (int64_t)thread * IFT_ROOM * IFT_DEPTH;
    for (int64_t t = begin; t < end; t++) {
        const int64_t i = t - k->whole, m = after + i / k->parts * LAST * MR, part = i % k->parts;
        if (i < 0)
            share(k, a, t * SHARE * MR, ift_min(k->p->m, (t + 1) * SHARE * MR), 0, k->n);
        else
            share(k, a, m, ift_min(k->p->m, m + LAST * MR), panels * part / k->parts * NR,
                  ift_min(k->n, panels * (part + 1) / k->parts * NR));
    }
}

static void share_out(struct block *k, int threads) {
    const int64_t panels = ift_ceil(k->p->m, MR);
    k->whole = threads == 1 ? ift_ceil(panels, SHARE) : panels / SHARE - threads;
    if (k->whole < 0) k->whole = 0;
    k->last = threads == 1 ? 0 : ift_ceil(panels - k->whole * SHARE, LAST);
    const int64_t least = k->last ? ift_ceil(2 * threads, k->last) : 1;
    k->parts = ift_min(least > PARTS ? least : PARTS, ift_ceil(k->n, SHARE_N));
}

/* The depth of a piece: k cut evenly, so that the last piece is no thin slice. */
static int64_t piece_depth(int64_t k) {
    const int64_t pieces = ift_ceil(k, IFT_DEPTH);
    return pieces ? ift_ceil(k, pieces) : 0;
}

/* Columns of a block in whole panels, and its depth in whole pieces. */
static int64_t block_width(int64_t n) {
    return ift_ceil(ift_min(n, BLOCK_N), NR) * NR;
}
static int64_t block_depth(int64_t n, int64_t k) {
    const int64_t piece = piece_depth(k), fit = BLOCK / block_width(n);
    return fit > piece ? fit / piece * piece : piece;
}

/* Most floats of the packed block of b, for all products of at most these n and k. */
static int64_t block_b(int64_t n, int64_t k) {
    const int64_t wide = block_width(n), piece = wide * ift_min(k, IFT_DEPTH);
    return ift_min(wide * k, piece > BLOCK ? piece : BLOCK);
}

/* A product this small is not worth waking anyone for. */
enum { SMALL = 1 << 18 };

static void packed_run(struct ift_team *team, const struct ift_product *p, float *scratch) {
    struct block k = {.p = p, .b = scratch, .depth = piece_depth(p->k)};
    const int64_t grain = (double)p->m * (double)p->n * (double)p->k < SMALL ? INT64_MAX : 1;
    const int64_t deep = p->k ? block_depth(p->n, p->k) : 1;
    k.rooms = scratch + block_b(p->n, p->k);
    for (k.n0 = 0; k.n0 < p->n; k.n0 += BLOCK_N) {
        k.n = ift_min(BLOCK_N, p->n - k.n0);
        share_out(&k, grain > 1 ? 1 : ift_team_threads(team));
        k.k0 = 0;
        do {
            k.k = ift_min(deep, p->k - k.k0);
            ift_team_each(team, ift_ceil(k.n, NR), grain > 8 ? grain : 8, pack_b, &k);
            ift_team_each(team, k.whole + k.last * k.parts, grain, shares, &k);
            k.k0 += deep;
        } while (k.k0 < p->k);
    }
}

void ift_product_run(struct ift_team *team, const struct ift_product *p, void *scratch) {
    const int64_t block = block_b(p->n, p->k);
    float *const rooms = (float *)scratch + block;
    if (p->m > 0 && p->n > 0 && !ift_skinny_run(team, p, scratch, block, rooms))
        packed_run(team, p, scratch);
}

size_t ift_product_scratch(int64_t n, int64_t k, int threads) {
    return (size_t)(block_b(n, k) + (int64_t)threads * IFT_ROOM * IFT_DEPTH) * sizeof(float);
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
        .b = ift_data(b),
        .b_type = b->dtype,
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
        {&c->in[1], "b", IFT_F32, IFT_READS | IFT_HALF, 2, {tb ? n : k, tb ? k : n}},
        {&c->in[2], "c", IFT_F32, IFT_READS | IFT_MAY, 2, {m, n}},
        {&c->in[3], "bias", IFT_F32, IFT_READS | IFT_MAY, 1, {n}},
        {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {m, n}},
    };
    return ift_operands_check(c, want, 5, why);
}

static size_t scratch(const struct ift_call *c, int threads) {
    return ift_product_scratch(c->in[1].dim[!c->at.gemm.trans_b], c->in[0].dim[!c->at.gemm.trans_a],
                               threads);
}

static void run(struct ift_team *team, const struct ift_call *c) {
    const struct ift_product p = product_of(c);
    ift_product_run(team, &p, ift_data(&c->scratch));
}

const struct ift_cpu_op IFT_ISA(gemm) = {check, scratch, run};
