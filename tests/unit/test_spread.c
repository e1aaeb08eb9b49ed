/* Percentiles against sorted lists, sums of parts against the whole, sets against sets. */
#include "libcore/data/seen.h"
#include "libcore/data/spread.h"
#include "tests/unit/check.h"

static uint64_t state = 1;
static uint64_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 20;
}

static int by_value(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The value of the smallest rank that has p per cent of all at or below it. */
static uint64_t percentile(const uint64_t *sorted, size_t n, size_t p) {
    size_t rank = 1;
    while (rank * 100 < n * p) rank++;
    return sorted[rank - 1];
}

static void check_values(uint64_t *value, size_t n) {
    struct ift_spread whole = {0}, part[3] = {0};
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        ift_spread_add(&whole, value[i]);
        ift_spread_add(&part[i % 3], value[i]);
        sum += value[i];
    }
    for (int k = 1; k < 3; k++) ift_spread_merge(&part[0], &part[k]);
    const struct ift_spread_summary a = ift_spread_summary(&whole),
                                    b = ift_spread_summary(&part[0]);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    qsort(value, n, sizeof *value, by_value);
    CHECK_INT(a.n, n);
    CHECK_INT(a.sum, sum);
    CHECK_INT(a.median, percentile(value, n, 50));
    CHECK_INT(a.p90, percentile(value, n, 90));
    CHECK_INT(a.p99, percentile(value, n, 99));
    CHECK_INT(a.max, value[n - 1]);
    CHECK_NEAR(ift_spread_mean(&a), (double)sum / (double)n, 0);
    ift_spread_release(&whole);
    for (int k = 0; k < 3; k++) ift_spread_release(&part[k]);
}

static void test_spreads(void) {
    enum { MOST = 3000 };
    uint64_t *const value = malloc(MOST * sizeof *value);
    for (size_t n = 1; n <= MOST; n += n < 210 ? 1 : 193) {
        const uint64_t bounds[] = {1, 2, 7, 100, 5000, UINT64_C(1) << 40};
        for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
            for (size_t i = 0; i < n; i++) value[i] = next() % bounds[b];
            check_values(value, n);
        }
    }
    free(value);
    const struct ift_spread none = {0};
    const struct ift_spread_summary s = ift_spread_summary(&none);
    CHECK_INT(s.n + s.sum + s.median + s.p90 + s.p99 + s.max, 0);
    CHECK_NEAR(ift_spread_mean(&s), 0, 0);
}

/* A hash with any low bits: 0, which means a free slot inside, too. */
static uint64_t hash_of(uint64_t i) {
    return i * 0x9e3779b97f4a7c15u;
}

static void test_seen(void) {
    struct ift_seen a = {0}, b = {0}, none = {0};
    for (uint64_t i = 0; i < 50000; i++) ift_seen_add(&a, hash_of(i % 20000));
    CHECK_INT(ift_seen_count(&a), 20000);
    for (uint64_t i = 15000; i < 200000; i++) ift_seen_add(&b, hash_of(i));
    CHECK_INT(ift_seen_count(&b), 185000);
    ift_seen_absorb(&a, &none);
    CHECK_INT(ift_seen_count(&a), 20000);
    ift_seen_absorb(&a, &b);
    CHECK_INT(ift_seen_count(&a), 200000);
    CHECK_INT(ift_seen_count(&b), 0);
    ift_seen_absorb(&none, &a);
    CHECK_INT(ift_seen_count(&none), 200000);
    ift_seen_release(&none);
}

int main(void) {
    test_spreads();
    test_seen();
    return check_done();
}
