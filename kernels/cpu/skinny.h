/* skinny.h: products with few rows or few columns, which are over before packing would pay. One
 * side, `wide`, is read once, in place, from memory (the weights when generating, the activations
 * of a low-rank adapter), against the other, `few`. For skinny.c and the ways it knows.
 *
 * Memory gives most when it is read as a handful of long streams, which the processor foresees
 * without being told. So rows that are used together do not lie side by side: what is to be read is
 * cut into as many bands, and one row of each band is taken at a time.
 */
#ifndef IFT_SKINNY_H
#define IFT_SKINNY_H

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/vec.h"

struct skinny {
    const struct ift_product *p;
    struct ift_side wide, few;
    int64_t n_wide, n_few;
    bool swapped;  /* wide is b: results are y[few][wide] */
    int64_t k0, k; /* the part of k at hand */
};

/* Where k runs along the rows of the wide side, results are dot products; where the wide side's own
 * index does, they are tiles with the wide side in place. Both give the results of wide lanes
 * begin .. end - 1; room: this thread's memory of IFT_ROOM x IFT_DEPTH floats. */
typedef void skinny_way(const struct skinny *s, int64_t begin, int64_t end, float *room);
skinny_way IFT_ISA(skinny_dots), IFT_ISA(skinny_tiles);

/* For a handful of few, the sum of the wide side's rows, each times its factor: all of the product.
 * block has `floats` floats; returns false when these do not do. */
bool IFT_ISA(skinny_sums)(struct ift_team *team, const struct skinny *s, float *block,
                          int64_t floats, float *rooms);

enum {
    SKINNY_SUMS = 4,   /* most few for which rows are summed up */
    SKINNY_TILES = 32, /* for tiles */
    SKINNY_DOTS = 64,  /* and for dot products */
};

/* Element (j, p) of the few, p counted from k0. */
INLINE float skinny_few(const struct skinny *s, int64_t j, int64_t p) {
    const struct ift_side *f = &s->few;
    return ift_get_as(f->type, ift_at(f->type, f->at, j * f->lane + (s->k0 + p) * f->step));
}

/* A result in its place. */
INLINE void skinny_put(const struct skinny *s, int64_t wide, int64_t few, float sum) {
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

/* Results of `n` neighbours on the wide side. */
INLINE void skinny_put_row(const struct skinny *s, int64_t wide, int64_t few, int64_t n,
                           const float *sum) {
    const struct ift_product *p = s->p;
    int64_t i = 0;
    if (s->swapped) {
        float *const y = p->y + few * p->ldy + wide;
        const float *const c = s->k0 ? y : p->c ? p->c + few * p->ldc + wide : NULL;
        const float *const bias = p->bias && !s->k0 ? p->bias + wide : NULL;
        for (; i + VL <= n; i += VL) {
            vf v = p->alpha * vf_load(sum + i);
            if (bias) v += vf_load(bias + i);
            if (c) v += vf_load(c + i);
            vf_store(y + i, v);
        }
    }
    for (; i < n; i++) skinny_put(s, wide + i, few, sum[i]);
}

#endif
