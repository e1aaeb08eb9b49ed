#include "kernels/cpu/skinny.h"

/* Sums of the rows of the wide side, each times its factor. k is cut into pieces, by shape alone,
 * whose sums are added up at the end: shared out by columns, rows would be read in bits too short
 * to be foreseen. */
enum {
    W = 4, /* bands */
    PIECES = 8,
    PIECE = 64,   /* fewest rows of a piece */
    STRIP = 4096, /* sums that stay in the first level cache while rows are added to them */
    PART = 512,   /* columns that a thread adds up at the end */
};

struct sums {
    const struct skinny *s;
    int64_t pieces, parts; /* of k; of the columns, where there are more threads than pieces */
    float *sum;            /* (pieces, few, n_wide) */
    float *rooms;
};

/* As add, for the few columns behind the last vector. */
static __attribute__((noinline)) void add_slowly(enum ift_dtype type, int rows, int R,
                                                 const void *wide, int64_t apart,
                                                 const float *factor, float *sum, int64_t ld,
                                                 int64_t n) {
    for (int64_t c = 0; c < n; c++)
        for (int j = 0; j < R; j++)
            for (int a = 0; a < rows; a++)
                sum[j * ld + c] +=
                    factor[j * W + a] * ift_get_as(type, ift_at(type, wide, a * apart + c));
}

/* sum[j] += factor[j][0] wide[0] + factor[j][1] wide[apart] ..., R sums of n elements each, `ld`
 * apart. */
INLINE void add(enum ift_dtype type, int rows, int R, const void *wide, int64_t apart,
                const float *factor, float *sum, int64_t ld, int64_t n) {
    int64_t c = 0;
    for (; c + VL <= n; c += VL) {
        vf w[W];
        UNROLL
        for (int a = 0; a < rows; a++) w[a] = vf_load_as(type, ift_at(type, wide, a * apart + c));
        UNROLL
        for (int j = 0; j < R; j++) {
            vf v = vf_load(sum + j * ld + c);
            UNROLL
            for (int a = 0; a < rows; a++) v += factor[j * W + a] * w[a];
            vf_store(sum + j * ld + c, v);
        }
    }
    if (c < n) add_slowly(type, rows, R, ift_at(type, wide, c), apart, factor, sum + c, ld, n - c);
}

/* The same for rows that no band has. */
static __attribute__((noinline)) void add_row(enum ift_dtype type, int R, const void *wide,
                                              const float *factor, float *sum, int64_t ld,
                                              int64_t n) {
    for (int j = 0; j < R; j++, factor += W, sum += ld) {
        if (type == IFT_BF16)
            add(IFT_BF16, 1, 1, wide, 0, factor, sum, ld, n);
        else if (type == IFT_F16)
            add(IFT_F16, 1, 1, wide, 0, factor, sum, ld, n);
        else
            add(IFT_F32, 1, 1, wide, 0, factor, sum, ld, n);
    }
}

/* The sums of columns begin .. end - 1 over the part of k at hand. */
INLINE void piece(enum ift_dtype type, int R, const struct skinny *s, int64_t begin, int64_t end,
                  float *sum, float *factors) {
    const int64_t ld = s->wide.step, band = s->k / W, n = s->n_wide;
    for (int64_t p = 0; p < s->k; p++) { /* (band, R, W), then the rows that remain */
        const bool last = p >= W * band;
        const int64_t a = last ? 0 : p / band, at = last ? p - (W - 1) * band : p % band;
        for (int j = 0; j < R; j++) factors[(at * R + j) * W + a] = skinny_few(s, j, p);
    }
    for (int j = 0; j < R; j++) memset(sum + j * n + begin, 0, (size_t)(end - begin) * sizeof *sum);
    for (int64_t c = begin, width; c < end; c += width) {
        const void *wide = ift_at(type, s->wide.at, s->k0 * ld + c);
        const float *factor = factors;
        width = ift_min(STRIP / R, end - c);
        for (int64_t p = 0; p < band; p++, factor += R * W)
            add(type, W, R, ift_at(type, wide, p * ld), band * ld, factor, sum + c, n, width);
        for (int64_t p = W * band; p < s->k; p++, factor += R * W)
            add_row(type, R, ift_at(type, wide, p * ld), factor, sum + c, n, width);
    }
}

INLINE void piece_as(enum ift_dtype type, const struct skinny *s, int64_t begin, int64_t end,
                     float *sum, float *factors) {
    _Static_assert(SKINNY_SUMS == 4, "a case for each");
    switch (s->n_few) {
    case 1:
        piece(type, 1, s, begin, end, sum, factors);
        break;
    case 2:
        piece(type, 2, s, begin, end, sum, factors);
        break;
    case 3:
        piece(type, 3, s, begin, end, sum, factors);
        break;
    default:
        piece(type, 4, s, begin, end, sum, factors);
    }
}

static void pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct sums *w = ctx;
    struct skinny s = *w->s;
    const int64_t n = s.n_wide, k = s.p->k;
    float *const factors = w->rooms + (int64_t)thread * IFT_ROOM * IFT_DEPTH;
    for (int64_t t = begin; t < end; t++) {
        const int64_t i = t / w->parts, part = t % w->parts, vectors = ift_ceil(n, VL);
        const int64_t from = vectors * part / w->parts * VL,
                      to = ift_min(n, vectors * (part + 1) / w->parts * VL);
        float *const sum = w->sum + i * s.n_few * n;
        s.k0 = k * i / w->pieces;
        s.k = k * (i + 1) / w->pieces - s.k0;
        if (s.wide.type == IFT_BF16)
            piece_as(IFT_BF16, &s, from, to, sum, factors);
        else if (s.wide.type == IFT_F16)
            piece_as(IFT_F16, &s, from, to, sum, factors);
        else
            piece_as(IFT_F32, &s, from, to, sum, factors);
    }
}

/* Adds up the pieces, in their order. */
static void add_up(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct sums *w = ctx;
    const int64_t n = w->s->n_wide, few = w->s->n_few;
    for (int64_t t = begin; t < end; t++) {
        const int64_t j = t % few, c = t / few * PART, width = ift_min(PART, n - c);
        float *const sum = w->sum + j * n + c;
        for (int64_t i = 1; i < w->pieces; i++) {
            const float *const more = sum + i * few * n;
            for (int64_t at = 0; at < width; at++) sum[at] += more[at];
        }
        skinny_put_row(w->s, c, j, width, sum);
    }
}

bool IFT_ISA(skinny_sums)(struct ift_team *team, const struct skinny *s, float *block,
                          int64_t floats, float *rooms) {
    const int64_t k = s->p->k, all = s->n_few * s->n_wide;
    const int64_t count = ift_min(ift_min(ift_ceil(k, PIECE), PIECES), floats / all);
    const int threads = ift_team_threads(team);
    if (count < 1 || (k / count + W * W) * SKINNY_SUMS > (int64_t)IFT_ROOM * IFT_DEPTH)
        return false;
    const struct sums w = {s, count, ift_ceil(threads, count), block, rooms};
    ift_team_each(team, w.pieces * w.parts, 1, pieces, &w);
    ift_team_each(team, s->n_few * ift_ceil(s->n_wide, PART), 4, add_up, &w);
    return true;
}
