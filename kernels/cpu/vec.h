/* vec.h: vectors of floats as wide as the level of the instruction set allows, and the functions of
 * them that the ops share. A loop over n floats reads
 *
 *     for (int64_t i = 0; i < n; i += VL) {
 *         const vf x = vf_get(src + i, n - i);
 *         vf_put(dst + i, n - i, x * x);
 *     }
 *
 * where the last vector may be short: get fills up with zeros, put writes what there is. Products
 * and sums are contracted to fused multiply-adds where the level has them.
 */
#ifndef IFT_VEC_H
#define IFT_VEC_H

#include <stdint.h>
#include <string.h>

#include "kernels/backend.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) || defined(IFT_CPU_WIDE)
#define VL 16
#elif defined(__AVX2__)
#define VL 8
#else
#define VL 4
#endif

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL     _Pragma("clang loop unroll(full)")
#define FOUR_STEPS _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL     _Pragma("GCC unroll 32")
#define FOUR_STEPS _Pragma("GCC unroll 4")
#endif

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));
typedef uint32_t vu __attribute__((vector_size(4 * VL)));

INLINE vf vf_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE void vf_store(float *p, vf v) {
    memcpy(p, &v, sizeof v);
}
INLINE vf vf_set(float x) {
    return x - (vf){0};
}
INLINE vi vi_set(int32_t x) {
    return x - (vi){0};
}
INLINE vf vf_get(const float *p, int64_t left) {
    vf v = {0};
    if (left >= VL) return vf_load(p);
    for (int64_t i = 0; i < left; i++) v[i] = p[i];
    return v;
}
INLINE void vf_put(float *p, int64_t left, vf v) {
    if (left >= VL)
        vf_store(p, v);
    else
        for (int64_t i = 0; i < left; i++) p[i] = v[i];
}

/* Lane by lane: where mask is all ones a, where it is zero b. */
INLINE vf vf_select(vi mask, vf a, vf b) {
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}
/* The larger; b where either is not a number. */
INLINE vf vf_max(vf a, vf b) {
#if VL == 16 && defined(__AVX512F__)
    return _mm512_max_ps(a, b);
#elif VL == 8
    return _mm256_max_ps(a, b);
#elif VL == 4 && defined(__SSE2__)
    return _mm_max_ps(a, b);
#else
    return vf_select(a > b, a, b);
#endif
}
INLINE vf vf_min(vf a, vf b) {
#if VL == 16 && defined(__AVX512F__)
    return _mm512_min_ps(a, b);
#elif VL == 8
    return _mm256_min_ps(a, b);
#elif VL == 4 && defined(__SSE2__)
    return _mm_min_ps(a, b);
#else
    return vf_select(a < b, a, b);
#endif
}
/* The sum of all lanes, by halves. */
INLINE float vf_sum(vf v) {
    float x[VL];
    memcpy(x, &v, sizeof x);
    for (int half = VL / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) x[i] += x[i + half];
    return x[0];
}
typedef float v4 __attribute__((vector_size(16)));

/* Four lanes that add up to what all lanes do. */
INLINE v4 vf_quarter(vf v) {
#if VL == 16
    const v4 a = __builtin_shufflevector(v, v, 0, 1, 2, 3),
             b = __builtin_shufflevector(v, v, 4, 5, 6, 7);
    const v4 c = __builtin_shufflevector(v, v, 8, 9, 10, 11),
             d = __builtin_shufflevector(v, v, 12, 13, 14, 15);
    return (a + c) + (b + d);
#elif VL == 8
    return __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
    return v;
#endif
}

/* ---- numbers stored in half the bytes ---- */

typedef uint16_t h4 __attribute__((vector_size(8)));
typedef uint16_t vh __attribute__((vector_size(2 * VL)));
typedef uint32_t u4 __attribute__((vector_size(16)));

/* Shifted into place, an f16 is a float 2^112 too small; subnormals come out right by an exact
 * subtraction. */
INLINE v4 v4_from_f16(h4 h) {
#if defined(__F16C__)
    uint64_t bits;
    memcpy(&bits, &h, sizeof bits);
    return (v4)_mm_cvtph_ps(_mm_cvtsi64_si128((int64_t)bits));
#else
    const u4 x = __builtin_convertvector(h, u4), body = (x & 0x7FFF) << 13;
    const u4 offset = (u4){0} + (113u << 23), small = (u4)((v4)(body + offset) - (v4)offset);
    const u4 is_small = (u4)(body < 1u << 23), is_special = (u4)(body >= 0x1Fu << 23);
    const u4 normal = body + (112u << 23);
    const u4 finite = (is_small & small) | (~is_small & normal);
    return (v4)((x & 0x8000) << 16 | (is_special & (body | 0x7F800000)) | (~is_special & finite));
#endif
}
/* Shifted into place, a bf16 is a float. Compilers take many steps to what is one instruction. */
INLINE vf vf_from_bf16(vh h) {
#if VL == 16 && defined(__AVX512F__)
    return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)h), 16);
#elif VL == 8
    return (vf)_mm256_slli_epi32(_mm256_cvtepu16_epi32((__m128i)h), 16);
#else
    return (vf)(__builtin_convertvector(h, vu) << 16);
#endif
}
INLINE vf vf_from_f16(vh h) {
#if VL == 16 && defined(__AVX512F__)
    return (vf)_mm512_cvtph_ps((__m256i)h);
#elif VL == 8
    return (vf)_mm256_cvtph_ps((__m128i)h);
#else
    v4 part[VL / 4];
    h4 from[VL / 4];
    vf v;
    memcpy(from, &h, sizeof h);
    for (int i = 0; i < VL / 4; i++) part[i] = v4_from_f16(from[i]);
    memcpy(&v, part, sizeof v);
    return v;
#endif
}

/* Readers of floats stored as `type`: f32, f16 or bf16, a constant wherever they are inlined. What
 * they read is exactly what the stored numbers are. */

/* Where element i is. */
INLINE const void *ift_at(enum ift_dtype type, const void *p, int64_t i) {
    return (const char *)p + i * (type == IFT_F32 ? 4 : 2);
}
INLINE vf vf_load_as(enum ift_dtype type, const void *p) {
    if (type == IFT_F32) return vf_load(p);
    vh h;
    memcpy(&h, p, sizeof h);
    return type == IFT_F16 ? vf_from_f16(h) : vf_from_bf16(h);
}
INLINE v4 v4_load_as(enum ift_dtype type, const void *p) {
    v4 v;
    h4 h;
    if (type == IFT_F32) {
        memcpy(&v, p, sizeof v);
        return v;
    }
    memcpy(&h, p, sizeof h);
    return type == IFT_F16 ? v4_from_f16(h) : (v4)(__builtin_convertvector(h, u4) << 16);
}
/* As vf_get. */
INLINE vf vf_get_as(enum ift_dtype type, const void *p, int64_t left) {
    if (left >= VL) return vf_load_as(type, p);
    if (type == IFT_F32) return vf_get(p, left);
    uint16_t h[VL] = {0};
    memcpy(h, p, (size_t)left * sizeof *h);
    return vf_load_as(type, h);
}
INLINE float ift_get_as(enum ift_dtype type, const void *p) {
    float f;
    if (type == IFT_F32) {
        memcpy(&f, p, sizeof f);
        return f;
    }
    h4 h = {0};
    memcpy(&h, p, sizeof h[0]);
    return type == IFT_F16 ? v4_from_f16(h)[0] : ((v4)(__builtin_convertvector(h, u4) << 16))[0];
}

/* The sums of four vectors. */
INLINE v4 vf_sum4(vf a, vf b, vf c, vf d) {
    const v4 p = vf_quarter(a), q = vf_quarter(b), r = vf_quarter(c), s = vf_quarter(d);
    const v4 pq =
        __builtin_shufflevector(p, q, 0, 1, 4, 5) + __builtin_shufflevector(p, q, 2, 3, 6, 7);
    const v4 rs =
        __builtin_shufflevector(r, s, 0, 1, 4, 5) + __builtin_shufflevector(r, s, 2, 3, 6, 7);
    return __builtin_shufflevector(pq, rs, 0, 2, 4, 6) +
           __builtin_shufflevector(pq, rs, 1, 3, 5, 7);
}
INLINE float vf_top(vf v) {
    float x[VL];
    memcpy(x, &v, sizeof x);
    for (int half = VL / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
    return x[0];
}
/* 0, 1, 2 ... */
INLINE vi vi_lanes(void) {
    vi v;
    for (int i = 0; i < VL; i++) v[i] = i;
    return v;
}

/* e^x = 2^n e^r, n an integer and |r| <= ln 2 / 2: *power is set to n << 23, the bits that add n to
 * an exponent; the result is e^r, by a minimax polynomial of degree 6. Good to 1 ulp or so for |x|
 * < 10^6. */
INLINE vf vf_exp_parts(vf x, vi *power) {
    const vf magic = vf_set(0x1.8p23f); /* adding it rounds to an integer, left in the low bits */
    const vf shifted = x * 0x1.715476p0f + magic;
    const vf n = shifted - magic;
    vf r = x - n * 0x1.62e4p-1f;
    r = r - n * 0x1.7f7d1cp-20f;
    vf p = vf_set(0x1.6a2434p-10f);
    p = p * r + 0x1.1239e2p-7f;
    p = p * r + 0x1.5558f2p-5f;
    p = p * r + 0x1.555492p-3f;
    p = p * r + 0x1.fffffcp-2f;
    p = p * (r * r) + r;
    *power = (vi)((vu)shifted << 23);
    return p + 1.0f;
}

/* e^x. Below -87.3, where results become subnormal, 0; above 88.7 infinity; NaN stays NaN. */
INLINE vf vf_exp(vf x) {
    vi k;
    const vf p = vf_exp_parts(vf_max(vf_set(-88.0f), vf_min(vf_set(88.8f), x)), &k);
    /* Two steps, because 2^128 itself is no float. */
    const vi one = vi_set(127 << 23), half = (vi)((vu)(k >> 24) << 23), rest = k - half;
    return (vf)((vi)(p * (vf)(half + one) * (vf)(rest + one)) & ~(x < vf_set(-87.3f)));
}

/* e^x for x <= 0 (or NaN, which stays), in fewer steps: the terms of a softmax. */
INLINE vf vf_exp_low(vf x) {
    vi k;
    const vf p = vf_exp_parts(x, &k);
    const vi low = x < vf_set(-87.3f), odd = x != x;
    /* Unsigned, because p of a very low x is anything before it is masked out. */
    return (vf)((vi)((vu)p + (vu)(k & ~odd)) & ~low);
}

/* 1 - erf(z) for z >= 0, to about 5e-7 relative: t P(t) e^(-z^2), t = 1 / (1 + 0.4 z), P minimax of
 * degree 9. */
INLINE vf vf_erfc(vf z) {
    static const float c[] = {-0.029593976f, 0.19801135f, -0.49880734f, 0.54743022f, -0.28436258f,
                              0.27206418f,   0.12968026f, 0.21491896f,  0.22495204f, 0.22570691f};
    const vf t = 1.0f / (1.0f + 0.4f * z);
    vf p = vf_set(c[0]);
    for (int i = 1; i < 10; i++) p = p * t + c[i];
    return p * t * vf_exp(-z * z);
}

#endif
