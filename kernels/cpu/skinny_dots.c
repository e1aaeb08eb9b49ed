#include "kernels/cpu/skinny.h"

/* Wide rows that stay in the first level cache while all few are gone through. */
enum { GROUP = 12 };

/* Bytes that a band is asked for in advance: it is one stream, its rows lie one behind the other,
 * but the processor's own prefetching begins anew with each page, and fetches what is needed once
 * into caches where it only drives out other things. */
enum { AHEAD = 2048 };

/* The few as they are read, k along rows: in place, or turned. */
struct few {
    const float *at;
    int64_t lane;
};

/* acc[a * F + b] += wide[a] * few[b], one vector of k. */
INLINE void step(enum ift_dtype type, int W, int F, const void *wide, int64_t apart,
                 const float *few, int64_t lane, vf acc[12]) {
    vf f[4];
    UNROLL
    for (int b = 0; b < F; b++) f[b] = vf_load(few + b * lane);
    UNROLL
    for (int a = 0; a < W; a++) {
        const vf w = vf_load_as(type, ift_at(type, wide, a * apart));
        UNROLL
        for (int b = 0; b < F; b++) acc[a * F + b] += w * f[b];
    }
}

/* The last `left` < VL of `rows` rows, filled up with zeros. A call, for it is rare, and would be
 * inlined dozens of times. */
static __attribute__((noinline)) void short_rows(enum ift_dtype type, int rows, const void *from,
                                                 int64_t apart, int64_t left, float *to) {
    memset(to, 0, (size_t)rows * VL * sizeof *to);
    for (int a = 0; a < rows; a++)
        for (int64_t i = 0; i < left; i++)
            to[a * VL + i] = ift_get_as(type, ift_at(type, from, a * apart + i));
}

/* W x F dot products of length k: of wide rows i, i + band ... and few rows from j on. */
INLINE void dots(enum ift_dtype type, int W, int F, const struct skinny *s, struct few few,
                 int64_t i, int64_t band, int64_t j) {
    vf acc[12] = {0};
    const int64_t k = s->k, apart = band * s->wide.lane, line = type == IFT_F32 ? 16 : 32;
    const void *wide = ift_at(type, s->wide.at, s->k0 + i * s->wide.lane);
    const float *at = few.at + j * few.lane;
    int64_t p = 0;
    for (; p + line <= k; p += line) {
        UNROLL
        for (int a = 0; a < W; a++)
            __builtin_prefetch((const char *)ift_at(type, wide, p + a * apart) + AHEAD, 0, 0);
        UNROLL
        for (int64_t v = 0; v < line; v += VL)
            step(type, W, F, ift_at(type, wide, p + v), apart, at + p + v, few.lane, acc);
    }
    for (; p + VL <= k; p += VL)
        step(type, W, F, ift_at(type, wide, p), apart, at + p, few.lane, acc);
    if (p < k) {
        float w[6 * VL], f[4 * VL];
        short_rows(type, W, ift_at(type, wide, p), apart, k - p, w);
        short_rows(IFT_F32, F, at + p, few.lane, k - p, f);
        step(IFT_F32, W, F, w, VL, f, VL, acc);
    }
    float sum[12];
    UNROLL
    for (int a = 0; a < 12; a += 4) {
        const v4 four = vf_sum4(acc[a], acc[a + 1], acc[a + 2], acc[a + 3]);
        memcpy(sum + a, &four, sizeof four);
    }
    for (int a = 0; a < W; a++)
        for (int b = 0; b < F; b++) skinny_put(s, i + a * band, j + b, sum[a * F + b]);
}

/* The same for one and one: what bands leave over. */
static __attribute__((noinline)) void dot(enum ift_dtype type, const struct skinny *s,
                                          struct few few, int64_t i, int64_t j) {
    if (type == IFT_BF16)
        dots(IFT_BF16, 1, 1, s, few, i, 0, j);
    else if (type == IFT_F16)
        dots(IFT_F16, 1, 1, s, few, i, 0, j);
    else
        dots(IFT_F32, 1, 1, s, few, i, 0, j);
}

/* Rows i .. end - 1 of W bands against F few rows from j on. */
INLINE void along(enum ift_dtype type, int W, int F, const struct skinny *s, struct few few,
                  int64_t i, int64_t end, int64_t band, int64_t j) {
    for (; i < end; i++) dots(type, W, F, s, few, i, band, j);
}

/* How many of `left` few rows to take at once: 4 or less, without leaving a single one behind. */
INLINE int64_t take(int64_t left) {
    return left >= 8 || left == 4 ? 4 : left > 4 ? (left + 1) / 2 : left;
}

/* W bands of wide rows against all few; those that remain singly. */
INLINE void bands(enum ift_dtype type, int W, const struct skinny *s, struct few few, int64_t begin,
                  int64_t end) {
    const int64_t band = (end - begin) / W, stop = begin + band;
    for (int64_t i = begin; i < stop; i += GROUP / W) {
        const int64_t to = ift_min(stop, i + GROUP / W);
        for (int64_t j = 0, n; j < s->n_few; j += n) {
            n = take(s->n_few - j);
            if (W == 3 && n == 4)
                along(type, W, 4, s, few, i, to, band, j);
            else if (W == 3 && n == 3)
                along(type, W, 3, s, few, i, to, band, j);
            else if (n == 2)
                along(type, W, 2, s, few, i, to, band, j);
            else
                along(type, W, 1, s, few, i, to, band, j);
        }
    }
    for (int64_t i = begin + W * band; i < end; i++)
        for (int64_t j = 0; j < s->n_few; j++) dot(type, s, few, i, j);
}

INLINE void dots_as(enum ift_dtype type, const struct skinny *s, struct few few, int64_t begin,
                    int64_t end) {
    if (s->n_few <= 2)
        bands(type, 6, s, few, begin, end);
    else
        bands(type, 3, s, few, begin, end);
}

void IFT_ISA(skinny_dots)(const struct skinny *s, int64_t begin, int64_t end, float *room) {
    struct few few = {(const float *)s->few.at + s->k0, s->few.lane};
    if (s->few.step != 1) {
        for (int64_t p = 0; p < s->k; p++)
            for (int64_t j = 0; j < s->n_few; j++) room[j * s->k + p] = skinny_few(s, j, p);
        few = (struct few){room, s->k};
    }
    if (s->wide.type == IFT_BF16)
        dots_as(IFT_BF16, s, few, begin, end);
    else if (s->wide.type == IFT_F16)
        dots_as(IFT_F16, s, few, begin, end);
    else
        dots_as(IFT_F32, s, few, begin, end);
}
