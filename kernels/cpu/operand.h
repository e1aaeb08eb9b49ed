/* operand.h: what an op asks of its operands, checked before it runs, and how it reaches them.
 *
 * An op lists every operand it knows with name, type and shape; ift_operands_check holds them
 * against the call and says in words what does not fit. The dimensions of a list usually come from
 * the call itself
 * ("y has x's rows and weight's columns"); that is safe, because the operand they come from is in
 * the list too.
 *
 *     const int64_t n = c->in[0].dim[0], ch = c->in[0].dim[1];
 *     const struct ift_want want[] = {
 *         {&c->in[0], "x", IFT_F32, IFT_READS, 2, {n, ch}},
 *         {&c->in[1], "weight", IFT_F32, IFT_READS, 1, {ch}},
 *         {&c->out[0], "y", IFT_F32, IFT_WRITES, 2, {n, ch}},
 *     };
 *     return ift_operands_check(c, want, 3, why);
 */
#ifndef IFT_OPERAND_H
#define IFT_OPERAND_H

#include <string.h>

#include "kernels/backend.h"

struct ift_buf {
    char *data;
    size_t size;
    bool wrapped; /* lent by the caller: only to be read */
};

/* Or-ed. IFT_MAY: may be absent. IFT_HALF: what must be f32 may be f16 or bf16 as well. */
enum ift_want_how { IFT_READS = 0, IFT_WRITES = 1, IFT_MAY = 2, IFT_HALF = 4 };

struct ift_want {
    const struct ift_operand *operand;
    const char *name;
    enum ift_dtype dtype;
    int how;
    int ndim;
    int64_t dim[IFT_MAX_DIMS];
};

/* Fills `why` with "<op>: <message>" and returns -1. */
int ift_call_fail(const struct ift_call *c, char *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Presence, type, shape, strides, bounds and alignment of each operand in `want`, and that the call
 * has no others. */
int ift_operands_check(const struct ift_call *c, const struct ift_want *want, int count, char *why);

/* A want of the same shape as `like` (which itself may be wanted like itself). */
struct ift_want ift_want_like(const struct ift_operand *operand, const char *name,
                              enum ift_dtype dtype, int how, const struct ift_operand *like);

/* Every element of a one-dimensional i32 operand lies in low .. high - 1. */
int ift_ids_check(const struct ift_call *c, const struct ift_operand *ids, const char *name,
                  int64_t low, int64_t high, char *why);

/* The scratch operand holds `need` bytes. */
int ift_scratch_check(const struct ift_call *c, size_t need, char *why);

static inline void *ift_data(const struct ift_operand *o) {
    return o->buf ? o->buf->data + o->offset : NULL;
}
/* NULL when absent. */
static inline float *ift_f32(const struct ift_operand *o) {
    return ift_data(o);
}
static inline int32_t *ift_i32(const struct ift_operand *o) {
    return ift_data(o);
}
/* Elements of one row: the product of all dimensions but the first. */
static inline int64_t ift_row_size(const struct ift_operand *o) {
    int64_t n = 1;
    for (int i = 1; i < o->ndim; i++) n *= o->dim[i];
    return n;
}
static inline int64_t ift_count(const struct ift_operand *o) {
    return o->dim[0] * ift_row_size(o);
}

/* How an elementwise op walks operands of one shape: as one long row when all are dense, else row
 * by row; either way in pieces short enough to share out and long enough to be worth it. */
struct ift_walk {
    int64_t rows, width;     /* what is walked */
    int64_t pieces, per_row; /* all pieces, and those of one row */
    bool dense;
};
enum { IFT_PIECE = 8192 }; /* elements */

struct ift_walk ift_walk_of(const struct ift_operand *const *operands,
                            int count); /* absent ones are ignored */

/* The place of one piece: element offset `col` of row `row`, `n` elements. */
struct ift_piece {
    int64_t row, col, n;
};
static inline struct ift_piece ift_walk_piece(const struct ift_walk *w, int64_t index) {
    const int64_t row = index / w->per_row, col = index % w->per_row * IFT_PIECE;
    return (struct ift_piece){row, col, w->width - col < IFT_PIECE ? w->width - col : IFT_PIECE};
}
/* Elements from the operand's start to the piece. */
static inline int64_t ift_piece_at(const struct ift_operand *o, struct ift_piece p) {
    return p.row * o->row + p.col;
}

#endif
