/* tile.h: the innermost product. A tile is MR rows by NR columns of a result, held in registers
 * while k runs. A step loads one element of a per row, spread over a vector, and two vectors of b,
 * so that the multiply-adds are the bottleneck: 6 x 2 vectors with 16 registers, 12 x 2 with 32.
 * Four steps at a time, or the loop's own instructions cost a tenth of the speed.
 */
#ifndef IFT_TILE_H
#define IFT_TILE_H

#include "kernels/cpu/vec.h"

#if VL == 16 || defined(__aarch64__)
enum { MR = 12 };
#else
enum { MR = 6 };
#endif
enum { NR = 2 * VL };

/* acc[i][h] += sum over p < k of a[i * row + p * step] * b[p * ldb + h * VL ...], i < rows; b is
 * stored as `type`. Where b is read in place, what lies `ahead` elements further is fetched, if not
 * 0. type, rows and ahead are constants where this is inlined. */
INLINE void ift_tile_rows(enum ift_dtype type, int rows, int64_t ahead, int64_t k, const float *a,
                          int64_t row, int64_t step, const void *b, int64_t ldb, vf acc[MR][2]) {
    FOUR_STEPS
    for (int64_t p = 0; p < k; p++) {
        const vf b0 = vf_load_as(type, b), b1 = vf_load_as(type, ift_at(type, b, VL));
        if (ahead) __builtin_prefetch(ift_at(type, b, ahead));
        UNROLL
        for (int i = 0; i < rows; i++) {
            const vf s = vf_set(a[i * row]);
            acc[i][0] += s * b0;
            acc[i][1] += s * b1;
        }
        a += step;
        b = ift_at(type, b, ldb);
    }
}

INLINE void ift_tile(int64_t k, const float *a, int64_t row, int64_t step, const float *b,
                     int64_t ldb, vf acc[MR][2]) {
    ift_tile_rows(IFT_F32, MR, 0, k, a, row, step, b, ldb, acc);
}

/* dst[p * width + i] = src[i * lane + p] for four i; src is stored as `type`. */
INLINE void ift_turn_four_as(enum ift_dtype type, float *dst, int width, const void *src,
                             int64_t lane, int64_t k) {
    int64_t p = 0;
    for (; p + 4 <= k; p += 4) {
        if (p % 16 == 0) /* the next lanes; rows far apart are nothing the processor foresees */
            for (int i = 0; i < 4; i++)
                __builtin_prefetch(ift_at(type, src, (i + width) * lane + p));
        v4 r[4];
        for (int i = 0; i < 4; i++) r[i] = v4_load_as(type, ift_at(type, src, i * lane + p));
        const v4 a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
        const v4 b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
        const v4 c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
        const v4 d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
        const v4 t[4] = {__builtin_shufflevector(a, c, 0, 1, 4, 5),
                         __builtin_shufflevector(a, c, 2, 3, 6, 7),
                         __builtin_shufflevector(b, d, 0, 1, 4, 5),
                         __builtin_shufflevector(b, d, 2, 3, 6, 7)};
        for (int i = 0; i < 4; i++) memcpy(dst + (p + i) * width, &t[i], sizeof t[i]);
    }
    for (; p < k; p++)
        for (int i = 0; i < 4; i++)
            dst[p * width + i] = ift_get_as(type, ift_at(type, src, i * lane + p));
}

INLINE void ift_turn_four(float *dst, int width, const float *src, int64_t lane, int64_t k) {
    ift_turn_four_as(IFT_F32, dst, width, src, lane, k);
}

#endif
