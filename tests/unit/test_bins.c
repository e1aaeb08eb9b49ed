/* Packing: the same rows as best fit decreasing done naively, and rows that are nearly full. */
#include <time.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/shard/bins.h"
#include "tests/unit/check.h"

static uint32_t *draw(uint64_t seed, size_t n, uint32_t least, uint32_t most) {
    struct ift_rng r = ift_rng(seed, 1, 0);
    uint32_t *const length = ift_alloc(n * sizeof *length);
    for (size_t i = 0; i < n; i++)
        length[i] = least + (uint32_t)ift_rng_below(&r, most - least + 1);
    return length;
}

/* Log-normal, mean 300, clipped to `most`: as instruction data are, and as the peers are measured.
 */
static uint32_t *draw_lognormal(uint64_t seed, size_t n, uint32_t most) {
    struct ift_rng r = ift_rng(seed, 2, 0);
    uint32_t *const length = ift_alloc(n * sizeof *length);
    for (size_t i = 0; i < n; i++) {
        const double x = exp(log(300.0) - 0.405 + 0.9 * ift_rng_normal(&r));
        length[i] = x < 1 ? 1 : x > most ? most : (uint32_t)x;
    }
    return length;
}

/* Every room is looked at. Of rows with equal room the one that got it last is taken, as the lists
 * do. */
static size_t pack_naively(const uint32_t *length, size_t n, uint32_t capacity, uint32_t *bin) {
    uint32_t *const room = ift_alloc0(n, sizeof *room);
    uint64_t *const since = ift_alloc0(n, sizeof *since);
    uint64_t clock = 0;
    size_t rows = 0;
    for (uint32_t l = capacity; l > 0; l--) {
        for (size_t i = 0; i < n; i++) {
            if (length[i] != l) continue;
            size_t best = rows;
            for (size_t r = 0; r < rows; r++)
                if (room[r] >= l && (best == rows || room[r] < room[best] ||
                                     (room[r] == room[best] && since[r] > since[best])))
                    best = r;
            if (best == rows) room[rows++] = capacity;
            bin[i] = (uint32_t)best;
            room[best] -= l;
            since[best] = ++clock;
        }
    }
    free(room);
    free(since);
    return rows;
}

static void check_against_naive(uint64_t seed, size_t n, uint32_t least, uint32_t most,
                                uint32_t capacity) {
    uint32_t *const length = draw(seed, n, least, most), *const bin = ift_alloc0(n, 4),
                    *const want = ift_alloc0(n, 4);
    const size_t rows = ift_bins_pack(length, n, capacity, bin);
    CHECK_INT(rows, pack_naively(length, n, capacity, want));
    CHECK(memcmp(bin, want, n * sizeof *bin) == 0);
    free(length);
    free(bin);
    free(want);
}

/* No row overflows, and in total they are as full as promised. */
static void check_fill(const uint32_t *length, size_t n, uint32_t capacity, double least_fill) {
    uint32_t *const bin = ift_alloc(n * sizeof *bin);
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    const size_t rows = ift_bins_pack(length, n, capacity, bin);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    uint64_t *const used = ift_alloc0(rows, sizeof *used), tokens = 0;
    for (size_t i = 0; i < n; i++) {
        CHECK(bin[i] < rows);
        used[bin[i]] += length[i];
        tokens += length[i];
    }
    for (size_t r = 0; r < rows; r++) CHECK(used[r] >= 1 && used[r] <= capacity);
    const double fill = (double)tokens / ((double)rows * capacity);
    const double s = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
    printf("%zu lengths into rows of %u: fill %.6f, %.1f million a second\n", n, capacity, fill,
           (double)n / s / 1e6);
    CHECK(fill >= least_fill);
    free(bin);
    free(used);
}

int main(void) {
    uint32_t none;
    CHECK_INT(ift_bins_pack(NULL, 0, 10, &none), 0);
    for (uint64_t seed = 0; seed < 40; seed++) {
        check_against_naive(seed, 1 + seed * 7, 1, 10, 10);
        check_against_naive(seed, 300, 1, 63, 63);
        check_against_naive(seed, 300, 1, 64, 64);
        check_against_naive(seed, 300, 20, 500, 1000);
        check_against_naive(seed, 200, 1, 5000, 5000);
        check_against_naive(seed, 100, 1, 100000, 300000);
        check_against_naive(seed, 50, 1, 1, 1);
        check_against_naive(seed, 50, 7, 7, 20);
    }
    const uint32_t capacities[] = {512, 2048, 8192};
    for (size_t i = 0; i < 3; i++) {
        uint32_t *const length = draw_lognormal(i, 1000000, capacities[i]);
        check_fill(length, 1000000, capacities[i], capacities[i] == 512 ? 0.99 : 0.9999);
        free(length);
    }
    return check_done();
}
