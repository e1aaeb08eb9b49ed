#include "libcore/base/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* What many numbers at once are made of is plain loops over them, which compilers turn into vectors
 * of two or four: no branch, no call. The Makefile tells the compiler that nobody asks for errno or
 * floating-point exceptions here, which changes no result. */
#define LANE __attribute__((always_inline)) static inline

LANE void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c0;
        const uint64_t b = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u; /* Weyl steps: the golden ratio and sqrt(3) - 1 */
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void ift_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    philox(counter, key, out);
}

struct ift_rng ift_rng(uint64_t seed, uint32_t stream, uint64_t index) {
    return (struct ift_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, stream, (uint32_t)index, (uint32_t)(index >> 32)},
    };
}

uint32_t ift_rng_u32(struct ift_rng *r) {
    if (r->left == 0) {
        ift_philox(r->counter, r->key, r->block);
        r->counter[0]++;
        r->left = 4;
    }
    return r->block[4 - r->left--];
}

uint64_t ift_rng_u64(struct ift_rng *r) {
    const uint64_t low = ift_rng_u32(r);
    return low | (uint64_t)ift_rng_u32(r) << 32;
}

uint64_t ift_rng_below(struct ift_rng *r, uint64_t n) {
    /* Lemire, "Fast random integer generation in an interval", 2019: the high word of a product,
     * rejecting the few low words that would make some results likelier. */
    __uint128_t product = (__uint128_t)ift_rng_u64(r) * n;
    if ((uint64_t)product < n) {
        const uint64_t threshold = -n % n;
        while ((uint64_t)product < threshold) product = (__uint128_t)ift_rng_u64(r) * n;
    }
    return (uint64_t)(product >> 64);
}

LANE double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The upper 53 bits after the point: 52 as the fraction of 1.…, the last by what is taken off. */
LANE double unit(uint64_t bits) {
    return from_bits(0x3ff0000000000000u | bits >> 12) - (bits >> 11 & 1 ? 1 - 0x1p-53 : 1);
}

double ift_rng_unit(struct ift_rng *r) {
    return unit(ift_rng_u64(r));
}

/* The C library's log and cos differ in the last bit from one processor to the next (it picks a
 * version with or without fused multiply-add), and weights drawn here must not. These two use
 * only operations that IEEE 754 rounds in one way, and are good to 1e-15. */

/* ln(x) for 0 < x <= 1, x >= 2^-53: x = m 2^e with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m -
 * 1) / (m + 1)). e is read as the last digits of a number near 2^52. */
LANE double exact_log(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const double half = from_bits(0x3fe0000000000000u | (bits & 0xfffffffffffffu));
    const bool doubled = half < 0.70710678118654752;
    const double m = doubled ? 2 * half : half;
    const double e =
        from_bits(0x4330000000000000u | bits >> 52) - (0x1p52 + (doubled ? 1023 : 1022));
    const double t = (m - 1) / (m + 1), t2 = t * t;
    double sum = 0;
#pragma GCC unroll 13
    for (int k = 25; k >= 1; k -= 2) sum = sum * t2 + 1.0 / k;
    return e * 0.69314718055994531 + 2 * t * sum;
}

/* cos(2 pi u) for 0 <= u < 1: folded to a quarter turn, then the series of sine or cosine up to
 * pi / 4. */
LANE double exact_cos_turn(double u) {
    u = u > 0.5 ? 1 - u : u;
    const double sign = u > 0.25 ? -1 : 1;
    u = u > 0.25 ? 0.5 - u : u;
    const bool swapped = u > 0.125; /* cos(x) = sin(pi / 2 - x) */
    const double x = 6.2831853071795865 * (swapped ? 0.25 - u : u), x2 = x * x;
    double sum = 0;
#pragma GCC unroll 9
    for (int k = 18; k > 0; k -= 2)
        sum = (1 + sum) * (-x2 / (swapped ? (k + 1.0) * k : k * (k - 1.0)));
    return sign * (swapped ? x : 1) * (1 + sum);
}

LANE double normal(uint64_t first, uint64_t second) {
    return sqrt(-2 * exact_log(1 - unit(first))) * exact_cos_turn(unit(second));
}

double ift_rng_normal(struct ift_rng *r) {
    const uint64_t first = ift_rng_u64(r);
    return normal(first, ift_rng_u64(r));
}

enum { LANES = 64 };

/* A normal deviate takes one block: two numbers of 64 bits. */
LANE void normals(const struct ift_rng *r, uint32_t draw, double out[LANES]) {
    uint64_t first[LANES], second[LANES];
    for (uint32_t i = 0; i < LANES; i++) {
        const uint32_t counter[] = {draw + i, r->counter[1], r->counter[2], r->counter[3]};
        uint32_t block[4];
        philox(counter, r->key, block);
        first[i] = block[0] | (uint64_t)block[1] << 32;
        second[i] = block[2] | (uint64_t)block[3] << 32;
    }
    for (int i = 0; i < LANES; i++) out[i] = normal(first[i], second[i]);
}

typedef void normals_fn(const struct ift_rng *r, uint32_t draw, double out[LANES]);

static void normals_any(const struct ift_rng *r, uint32_t draw, double out[LANES]) {
    normals(r, draw, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void normals_avx2(const struct ift_rng *r, uint32_t draw,
                                                         double out[LANES]) {
    normals(r, draw, out);
}
static normals_fn *pick(void) {
    return __builtin_cpu_supports("avx2") ? normals_avx2 : normals_any;
}
#else
static normals_fn *pick(void) {
    return normals_any;
}
#endif

void ift_rng_normals(const struct ift_rng *r, size_t from, double *out, size_t n) {
    normals_fn *const fn = pick();
    double last[LANES];
    for (size_t i = 0; i < n; i += LANES) {
        const bool whole = n - i >= LANES;
        fn(r, r->counter[0] + (uint32_t)(from + i), whole ? out + i : last);
        if (!whole) memcpy(out + i, last, (n - i) * sizeof *out);
    }
}

void ift_rng_permutation(struct ift_rng *r, uint32_t *order, size_t n) {
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        const size_t j = ift_rng_below(r, i);
        const uint32_t swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}
