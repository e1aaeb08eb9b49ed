/* gemm.h: the matrix product for other ops of the CPU backend (xent). Each level of the instruction
 * set has its own.
 */
#ifndef IFT_GEMM_H
#define IFT_GEMM_H

#include "kernels/cpu/cpu.h"

/* y[i][j] = alpha * sum over p of a[i * a_row + p * a_step] * b[p * b_step + j * b_col] + c[i][j] +
 * bias[j], i < m, j < n, p < k. One stride of a and one of b is 1. c and bias may be NULL; c may be
 * y. b may be stored as f16 or bf16: it is widened where it is read, and the result has the bits it
 * would have with b widened before. The order of summation depends on m, n and k alone. */
struct ift_product {
    int64_t m, n, k;
    float alpha;
    const float *a;
    int64_t a_row, a_step;
    const void *b;
    enum ift_dtype b_type;
    int64_t b_step, b_col;
    const float *c;
    int64_t ldc;
    const float *bias;
    float *y;
    int64_t ldy;
};

#define ift_product_run     IFT_ISA(product_run)
#define ift_product_scratch IFT_ISA(product_scratch)
#define ift_skinny_run      IFT_ISA(skinny_run)

/* Bytes that a product of at most these n and k needs, whatever m is. */
size_t ift_product_scratch(int64_t n, int64_t k, int threads);
void ift_product_run(struct ift_team *team, const struct ift_product *p, void *scratch);

enum {
    IFT_DEPTH = 528, /* of a block: so many k are summed up before anything is written */
    IFT_ROOM = 108,  /* a thread's private memory holds IFT_ROOM x IFT_DEPTH floats */
};

/* Products with few rows or few columns, skinny.c: returns false when this is none of them. block:
 * `floats` floats that all threads share; rooms: their private memories. */
bool ift_skinny_run(struct ift_team *team, const struct ift_product *p, float *block,
                    int64_t floats, float *rooms);

/* One side of a product: element (i, p) is at[i * lane + p * step]. */
struct ift_side {
    const void *at;
    enum ift_dtype type;
    int64_t lane, step;
};

/* n / unit rounded up, and the smaller of two. */
static inline int64_t ift_ceil(int64_t n, int64_t unit) {
    return (n + unit - 1) / unit;
}
static inline int64_t ift_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}

#endif
