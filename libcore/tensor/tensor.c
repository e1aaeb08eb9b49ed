#include "libcore/tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

static const char *const names[IFT_DTYPES] = {
    [IFT_F32] = "f32", [IFT_F16] = "f16",   [IFT_BF16] = "bf16", [IFT_F64] = "f64",
    [IFT_I64] = "i64", [IFT_I32] = "i32",   [IFT_I16] = "i16",   [IFT_I8] = "i8",
    [IFT_U8] = "u8",   [IFT_BOOL] = "bool",
};

const char *ift_dtype_name(enum ift_dtype type) {
    return names[type];
}

bool ift_dtype_parse(const char *name, enum ift_dtype *type) {
    for (int i = 0; i < IFT_DTYPES; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *type = (enum ift_dtype)i;
        return true;
    }
    return false;
}

bool ift_dtype_is_float(enum ift_dtype type) {
    return type == IFT_F32 || type == IFT_F16 || type == IFT_BF16 || type == IFT_F64;
}

static int by_name(const void *a, const void *b) {
    const struct ift_tensor *const *const x = a, *const *const y = b;
    return strcmp((*x)->name, (*y)->name);
}

const struct ift_tensor **ift_tensor_index(const struct ift_tensor *t, size_t n,
                                           struct ift_err *err) {
    const struct ift_tensor **const index = ift_alloc(n * sizeof *index);
    for (size_t i = 0; i < n; i++) index[i] = &t[i];
    if (n) qsort(index, n, sizeof *index, by_name);
    for (size_t i = 1; i < n; i++) {
        if (by_name(&index[i - 1], &index[i]) != 0) continue;
        ift_fail(err, "\"%s\" is there twice", index[i]->name);
        free(index);
        return NULL;
    }
    return index;
}

const struct ift_tensor *ift_tensor_find(const struct ift_tensor *const *index, size_t n,
                                         const char *name) {
    const struct ift_tensor key = {.name = name}, *const k = &key;
    const struct ift_tensor *const *const hit =
        n ? bsearch(&k, index, n, sizeof *index, by_name) : NULL;
    return hit ? *hit : NULL;
}

int64_t ift_shape_count(int ndim, const int64_t *dim) {
    /* A zero hides the other sizes from the product, but not from whoever strides by them. */
    int64_t count = 1, nonzero = 1;
    for (int i = 0; i < ndim; i++) {
        if (dim[i] < 0) return -1;
        if (dim[i] && __builtin_mul_overflow(nonzero, dim[i], &nonzero)) return -1;
        count *= dim[i] ? 1 : 0;
    }
    return nonzero > INT64_MAX / 8 ? -1 : count * nonzero;
}

static inline uint32_t bits_of(float x) {
    uint32_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static inline float float_of(uint32_t b) {
    float x;
    memcpy(&x, &b, sizeof x);
    return x;
}

static inline float from_half(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31,
                   mantissa = h & 0x3ff;
    if (exponent == 0) return float_of(sign | bits_of((float)mantissa * 0x1p-24f));
    const uint32_t wide = exponent == 31 ? 255 : exponent + (127 - 15);
    return float_of(sign | wide << 23 | mantissa << 13);
}

static inline uint16_t to_half(float x) {
    const uint32_t b = bits_of(x), sign = (b >> 16) & 0x8000, a = b & 0x7fffffff;
    if (a > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x3ff)); /* stays a NaN */
    if (a >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* 65520 and more round to infinity */
    /* Below 2^-14 halves are multiples of 2^-24, the spacing of floats at 0.5: let the adder round.
     */
    if (a < 0x38800000) return (uint16_t)(sign | (bits_of(float_of(a) + 0.5f) - bits_of(0.5f)));
    return (uint16_t)(sign | ((a - (112u << 23) + 0xfff + (a >> 13 & 1)) >> 13));
}

static inline uint16_t to_bf16(float x) {
    const uint32_t b = bits_of(x);
    if ((b & 0x7fffffff) > 0x7f800000) return (uint16_t)(b >> 16 | 0x40); /* stays a NaN */
    return (uint16_t)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}

int ift_to_f32(float *dst, const void *src, enum ift_dtype type, size_t n, struct ift_err *err) {
    const char *const from = src;
    uint16_t half;
    double wide;
    switch (type) {
    case IFT_F32:
        if (n) memcpy(dst, src, n * sizeof *dst);
        return 0;
    case IFT_BF16:
        for (size_t i = 0; i < n; i++) {
            memcpy(&half, from + 2 * i, 2);
            dst[i] = float_of((uint32_t)half << 16);
        }
        return 0;
    case IFT_F16:
        for (size_t i = 0; i < n; i++) {
            memcpy(&half, from + 2 * i, 2);
            dst[i] = from_half(half);
        }
        return 0;
    case IFT_F64:
        for (size_t i = 0; i < n; i++) {
            memcpy(&wide, from + 8 * i, 8);
            dst[i] = (float)wide;
        }
        return 0;
    default:
        return IFT_FAIL(err, "%s values where floating point is needed", names[type]);
    }
}

int ift_from_f32(void *dst, enum ift_dtype type, const float *src, size_t n, struct ift_err *err) {
    char *const to = dst;
    switch (type) {
    case IFT_F32:
        if (n) memcpy(dst, src, n * sizeof *src);
        return 0;
    case IFT_BF16:
        for (size_t i = 0; i < n; i++) memcpy(to + 2 * i, &(const uint16_t){to_bf16(src[i])}, 2);
        return 0;
    case IFT_F16:
        for (size_t i = 0; i < n; i++) memcpy(to + 2 * i, &(const uint16_t){to_half(src[i])}, 2);
        return 0;
    case IFT_F64:
        for (size_t i = 0; i < n; i++) memcpy(to + 8 * i, &(const double){(double)src[i]}, 8);
        return 0;
    default:
        return IFT_FAIL(err, "floating point cannot be stored as %s", names[type]);
    }
}
