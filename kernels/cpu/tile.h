/* tile.h: the innermost product. A tile is MR rows by NR columns of a result, held in registers while k runs.
 * A step loads one element of a per row, spread over a vector, and two vectors of b, so that the multiply-adds
 * are the bottleneck: 6 x 2 vectors with 16 registers, 12 x 2 with 32.
 */
#ifndef IFT_TILE_H
#define IFT_TILE_H

#include "kernels/cpu/vec.h"

#if defined(__AVX512F__) || defined(__aarch64__)
enum { MR = 12 };
#else
enum { MR = 6 };
#endif
enum { NR = 2 * VL };

/* acc[i][h] += sum over p < k of a[i * row + p * step] * b[p * ldb + h * VL ...], i < rows. Where b is read in place, what
 * lies `ahead` elements further is fetched, if not 0. rows and ahead are constants where this is inlined. */
INLINE void ift_tile_rows(int rows, int64_t ahead, int64_t k, const float *a, int64_t row, int64_t step,
                          const float *b, int64_t ldb, vf acc[MR][2]) {
    for (int64_t p = 0; p < k; p++) {
        const vf b0 = vf_load(b), b1 = vf_load(b + VL);
        if (ahead) __builtin_prefetch(b + ahead);
        UNROLL
        for (int i = 0; i < rows; i++) {
            const vf s = vf_set(a[i * row]);
            acc[i][0] += s * b0;
            acc[i][1] += s * b1;
        }
        a += step;
        b += ldb;
    }
}

INLINE void ift_tile(int64_t k, const float *a, int64_t row, int64_t step, const float *b, int64_t ldb,
                     vf acc[MR][2]) {
    ift_tile_rows(MR, 0, k, a, row, step, b, ldb, acc);
}

#endif
