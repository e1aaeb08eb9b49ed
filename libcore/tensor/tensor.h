/* tensor.h: a named tensor in host memory, as files hold it: row-major and dense. It borrows name
 * and data.
 */
#ifndef IFT_TENSOR_H
#define IFT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/backend.h"
#include "libcore/base/err.h"

struct ift_tensor {
    const char *name;
    enum ift_dtype dtype;
    int ndim; /* 0: a scalar */
    int64_t dim[IFT_MAX_DIMS];
    const void *data; /* NULL: whoever writes it asks for it, see ift_tensor_lender */
    size_t bytes;
};

/* Where the bytes of a tensor come from that need not all be in memory at once: what is lent must
 * stay until the next call. */
struct ift_tensor_lender {
    void *self;
    int (*lend)(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err);
};

/* Tensors by name: pointers to the n tensors, sorted, to be freed. NULL: a name is there twice. */
const struct ift_tensor **ift_tensor_index(const struct ift_tensor *t, size_t n,
                                           struct ift_err *err) IFT_MUST_CHECK;
/* In such an index; NULL: absent. */
const struct ift_tensor *ift_tensor_find(const struct ift_tensor *const *index, size_t n,
                                         const char *name);

/* Elements of a shape; -1 when a size is negative or the bytes cannot be counted. */
int64_t ift_shape_count(int ndim, const int64_t *dim);

/* "f32", "bf16", "i64" …: the word for messages and options; and back, false for no such word. */
const char *ift_dtype_name(enum ift_dtype type);
bool ift_dtype_parse(const char *name, enum ift_dtype *type);
bool ift_dtype_is_float(enum ift_dtype type);

/* Converts n elements to float32 / from float32 (round to nearest even). src and dst may not
 * overlap; the file's side (src of the first, dst of the second) may lie at any address. Types: f32
 * f16 bf16 f64. */
int ift_to_f32(float *dst, const void *src, enum ift_dtype type, size_t n,
               struct ift_err *err) IFT_MUST_CHECK;
int ift_from_f32(void *dst, enum ift_dtype type, const float *src, size_t n,
                 struct ift_err *err) IFT_MUST_CHECK;

#endif
