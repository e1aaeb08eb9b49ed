/* tensor.h: a named tensor in host memory, as files hold it: row-major and dense. It borrows name and data. */
#ifndef IFT_TENSOR_H
#define IFT_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/backend.h"
#include "libcore/base/err.h"

struct ift_tensor {
    const char *name;
    enum ift_dtype dtype;
    int ndim;                  /* 0: a scalar */
    int64_t dim[IFT_MAX_DIMS];
    const void *data;
    size_t bytes;
};

/* Elements of a shape; -1 when the product overflows or a size is negative. */
int64_t ift_shape_count(int ndim, const int64_t *dim);

/* Converts n elements to float32 / from float32 (round to nearest even). src and dst may not overlap. Types: f32 f16 bf16 f64. */
int ift_to_f32(float *dst, const void *src, enum ift_dtype type, size_t n, struct ift_err *err) IFT_MUST_CHECK;
int ift_from_f32(void *dst, enum ift_dtype type, const float *src, size_t n, struct ift_err *err) IFT_MUST_CHECK;

#endif
