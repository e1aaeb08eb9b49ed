#include "kernels/cpu/skinny.h"
#include "kernels/cpu/tile.h"

/* Columns `col` .. of the wide side times R few rows, packed (k, R). `columns` of the NR are real.
 */
INLINE void few_tile(enum ift_dtype type, int R, const struct skinny *s, const float *few,
                     const void *wide, int64_t ld, int64_t col, int64_t columns, int64_t row) {
    vf acc[MR][2] = {0};
    ift_tile_rows(type, R, NR, s->k, few, 1, R, wide, ld, acc);
    float sum[MR][NR];
    for (int64_t i = 0; i < ift_min(R, s->n_few - row); i++) {
        vf_store(sum[i], acc[i][0]);
        vf_store(sum[i] + VL, acc[i][1]);
        skinny_put_row(s, col, row + i, columns, sum[i]);
    }
}

/* Few rows go in groups of this many, an even number. */
static int64_t group_rows(int64_t n) {
    return (ift_ceil(n, ift_ceil(n, MR)) + 1) / 2 * 2;
}

INLINE void strip(enum ift_dtype type, const struct skinny *s, const float *few, const void *wide,
                  int64_t ld, int64_t col, int64_t columns) {
    const int64_t rows = group_rows(s->n_few);
    for (int64_t row = 0; row < s->n_few; row += rows, few += rows * s->k) switch (rows) {
        case 2:
            few_tile(type, 2, s, few, wide, ld, col, columns, row);
            break;
        case 4:
            few_tile(type, 4, s, few, wide, ld, col, columns, row);
            break;
        case 6:
            few_tile(type, 6, s, few, wide, ld, col, columns, row);
            break;
#if VL == 16 || defined(__aarch64__)
        case 8:
            few_tile(type, 8, s, few, wide, ld, col, columns, row);
            break;
        case 10:
            few_tile(type, 10, s, few, wide, ld, col, columns, row);
            break;
        case 12:
            few_tile(type, 12, s, few, wide, ld, col, columns, row);
            break;
#endif
        }
}

/* Edges of all types come here as floats. */
static __attribute__((noinline)) void strip_f32(const struct skinny *s, const float *few,
                                                const float *wide, int64_t ld, int64_t col,
                                                int64_t columns) {
    strip(IFT_F32, s, few, wide, ld, col, columns);
}

INLINE void tiles(enum ift_dtype type, const struct skinny *s, int64_t begin, int64_t end,
                  float *few) {
    const int64_t rows = group_rows(s->n_few), groups = ift_ceil(s->n_few, rows);
    float *const edge = few + groups * rows * s->k;
    for (int64_t i = 0; i < groups * rows; i++)
        for (int64_t p = 0; p < s->k; p++)
            few[i / rows * rows * s->k + p * rows + i % rows] =
                i < s->n_few ? skinny_few(s, i, p) : 0;
    const int64_t ld = s->wide.step;
    int64_t col = begin;
    const void *wide = ift_at(type, s->wide.at, s->k0 * ld);
    for (; col + NR <= end; col += NR) {
        const void *const at = ift_at(type, wide, col);
        if (type == IFT_F32)
            strip_f32(s, few, at, ld, col, NR);
        else
            strip(type, s, few, at, ld, col, NR);
    }
    if (col == end) return;
    for (int64_t p = 0; p < s->k; p++)
        for (int h = 0; h < 2; h++) {
            const int64_t at = col + h * VL, left = end - at;
            vf_store(edge + p * NR + h * VL,
                     left > 0 ? vf_get_as(type, ift_at(type, wide, p * ld + at), left) : (vf){0});
        }
    strip_f32(s, few, edge, NR, col, end - col);
}

void IFT_ISA(skinny_tiles)(const struct skinny *s, int64_t begin, int64_t end, float *room) {
    if (s->wide.type == IFT_BF16)
        tiles(IFT_BF16, s, begin, end, room);
    else if (s->wide.type == IFT_F16)
        tiles(IFT_F16, s, begin, end, room);
    else
        tiles(IFT_F32, s, begin, end, room);
}
