/* rng.h: counter-based random numbers. Philox4x32-10 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011): the number is a pure function of (seed, stream, index), so record
 * 17's choice does not depend on how many threads ran or what records 0..16 drew. Same bits on
 * every machine, the normal deviates too.
 */
#ifndef IFT_RNG_H
#define IFT_RNG_H

#include <stddef.h>
#include <stdint.h>

/* One block: out[4] = Philox4x32-10(counter, key). The raw primitive, for tests and kernels. */
void ift_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A sequence of numbers belonging to one (seed, stream, index): key = seed, counter = (draw,
 * stream, index). */
struct ift_rng {
    uint32_t key[2], counter[4], block[4];
    unsigned left; /* unused words of block */
};

/* stream: which use ("pattern choice", "shuffle", "init of tensor 3"), any number, kept apart by
 * the caller; index: the record. */
struct ift_rng ift_rng(uint64_t seed, uint32_t stream, uint64_t index);
uint32_t ift_rng_u32(struct ift_rng *r);
uint64_t ift_rng_u64(struct ift_rng *r);
uint64_t ift_rng_below(struct ift_rng *r, uint64_t n); /* uniform in [0, n), unbiased; n >= 1 */
double ift_rng_unit(struct ift_rng *r);                /* [0, 1), 53 bits */
double ift_rng_normal(struct ift_rng *r);              /* standard normal (Box-Muller, the first) */
/* Deviates from, from + 1, … of a sequence that nothing was drawn of, at once: the same bits as n
 * calls of ift_rng_normal, any part of them by itself; with AVX2 in a quarter of the time. */
void ift_rng_normals(const struct ift_rng *r, size_t from, double *out, size_t n);

/* A uniform permutation of 0..n-1, written to `order` (Fisher-Yates); n < 2^32. */
void ift_rng_permutation(struct ift_rng *r, uint32_t *order, size_t n);

#endif
