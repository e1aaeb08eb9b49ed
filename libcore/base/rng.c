#include "libcore/base/rng.h"

#include <math.h>

void ift_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
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

double ift_rng_unit(struct ift_rng *r) {
    return (double)(ift_rng_u64(r) >> 11) * 0x1p-53;
}

/* The C library's log and cos differ in the last bit from one processor to the next (it picks a
 * version with or without fused multiply-add), and weights drawn here must not. These two use
 * only operations that IEEE 754 rounds in one way, and are good to 1e-15. */

/* ln(x) for 0 < x <= 1: x = m 2^e with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m +
 * 1)). */
static double exact_log(double x) {
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) {
        m *= 2;
        e--;
    }
    const double t = (m - 1) / (m + 1), t2 = t * t;
    double sum = 0;
    for (int k = 25; k >= 1; k -= 2) sum = sum * t2 + 1.0 / k;
    return e * 0.69314718055994531 + 2 * t * sum;
}

/* cos(2 pi u) for 0 <= u < 1: folded to a quarter turn, then the series of sine or cosine up to
 * pi / 4. */
static double exact_cos_turn(double u) {
    if (u > 0.5) u = 1 - u;
    const double sign = u > 0.25 ? -1 : 1;
    if (u > 0.25) u = 0.5 - u;
    const int swapped = u > 0.125; /* cos(x) = sin(pi / 2 - x) */
    const double x = 6.2831853071795865 * (swapped ? 0.25 - u : u), x2 = x * x;
    double sum = 0;
    for (int k = 18 + swapped; k > swapped; k -= 2) sum = (1 + sum) * (-x2 / (k * (k - 1)));
    return sign * (swapped ? x : 1) * (1 + sum);
}

double ift_rng_normal(struct ift_rng *r) {
    const double radius = sqrt(-2 * exact_log(1 - ift_rng_unit(r)));
    return radius * exact_cos_turn(ift_rng_unit(r));
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
