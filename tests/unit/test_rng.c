/* Philox4x32-10: the published known answers, the layout of the counter, and what is drawn from it.
 */
#include <stdbool.h>

#include "libcore/base/rng.h"
#include "tests/unit/check.h"

/* kat_vectors of Random123, the authors' library: counter, key, result. */
static void test_known(void) {
    static const uint32_t kat[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (size_t i = 0; i < sizeof kat / sizeof *kat; i++) {
        uint32_t out[4];
        ift_philox(kat[i], kat[i] + 4, out);
        for (int j = 0; j < 4; j++) CHECK_INT(out[j], kat[i][6 + j]);
    }
}

static void test_layout(void) {
    /* key = seed, counter = (draw, stream, index): seeds recorded today must mean the same
     * tomorrow. */
    struct ift_rng r = ift_rng(0x1122334455667788u, 9, 0x0a0b0c0d0e0f1011u);
    const uint32_t key[2] = {0x55667788, 0x11223344};
    for (uint32_t draw = 0; draw < 3; draw++) {
        const uint32_t counter[4] = {draw, 9, 0x0e0f1011, 0x0a0b0c0d};
        uint32_t out[4];
        ift_philox(counter, key, out);
        for (int j = 0; j < 4; j++) CHECK_INT(ift_rng_u32(&r), out[j]);
    }
    struct ift_rng a = ift_rng(1, 2, 3), b = ift_rng(1, 2, 3);
    const uint64_t low = ift_rng_u32(&a), high = ift_rng_u32(&a);
    CHECK(ift_rng_u64(&b) == (low | high << 32));

    struct ift_rng other[] = {ift_rng(2, 2, 3), ift_rng(1, 3, 3), ift_rng(1, 2, 4)};
    for (int i = 0; i < 3; i++) CHECK(ift_rng_u32(&other[i]) != (uint32_t)low);
}

static void test_below(void) {
    struct ift_rng r = ift_rng(5, 0, 0);
    enum { BINS = 7, N = 70000 };
    int count[BINS] = {0};
    for (int i = 0; i < N; i++) {
        const uint64_t v = ift_rng_below(&r, BINS);
        CHECK(v < BINS);
        count[v]++;
    }
    double chi2 = 0;
    for (int i = 0; i < BINS; i++) chi2 += pow(count[i] - N / BINS, 2) / (N / BINS);
    CHECK(chi2 < 22.5); /* 6 degrees of freedom, p = 0.001 */
    for (int i = 0; i < 100; i++) CHECK(ift_rng_below(&r, 1) == 0);

    /* Just above 2^63 nearly half of all words must be rejected: the mean shows that they are. */
    const uint64_t big = ((uint64_t)1 << 63) + 1;
    double mean = 0;
    for (int i = 0; i < 10000; i++) mean += (double)ift_rng_below(&r, big) / (double)big / 10000;
    CHECK_NEAR(mean, 0.5, 0.012);
}

static void test_reals(void) {
    struct ift_rng r = ift_rng(6, 0, 0);
    enum { N = 100000 };
    double mean = 0, low = 1, high = 0;
    for (int i = 0; i < N; i++) {
        const double u = ift_rng_unit(&r);
        mean += u / N;
        low = fmin(low, u);
        high = fmax(high, u);
    }
    CHECK(low >= 0 && high < 1 && low < 1e-3 && high > 1 - 1e-3);
    CHECK_NEAR(mean, 0.5, 0.004);

    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    for (int i = 0; i < N; i++) {
        const double x = ift_rng_normal(&r);
        m1 += x / N;
        m2 += x * x / N;
        m3 += x * x * x / N;
        m4 += x * x * x * x / N;
    }
    CHECK_NEAR(m1, 0, 0.015);
    CHECK_NEAR(m2, 1, 0.02);
    CHECK_NEAR(m3, 0, 0.05);
    CHECK_NEAR(m4, 3, 0.15);
}

static void test_normal_bits(void) {
    /* The C library's functions agree to rounding; our own bits are fixed. */
    struct ift_rng r = ift_rng(42, 1, 0), u = r;
    uint64_t digest = 0;
    for (int i = 0; i < 20000; i++) {
        const double x = ift_rng_normal(&r);
        const double u1 = ift_rng_unit(&u), u2 = ift_rng_unit(&u);
        const double want = sqrt(-2 * log(1 - u1)) * cos(2 * 3.14159265358979323846 * u2);
        CHECK_NEAR(x, want, 4e-15);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        digest = (digest ^ bits) * 0x100000001b3u;
    }
    CHECK(digest == 0xf8428cc9151b4dcau);
}

/* Many at once are the same bits as one after the other, wherever a part begins and ends, and past
 * the place where the counter starts again. */
static void test_many_normals(void) {
    enum { N = 1500, GUARD = 1 };
    double want[N], got[N + GUARD];
    for (uint64_t seed = 0; seed < 40; seed++) {
        const struct ift_rng fresh = ift_rng(seed * 0x9e3779b97f4a7c15u, (uint32_t)seed, ~seed);
        struct ift_rng r = fresh;
        if (seed % 2) r.counter[0] = 0u - 700;
        const struct ift_rng start = r;
        for (int i = 0; i < N; i++) want[i] = ift_rng_normal(&r);
        for (size_t from = 0; from < N; from += 1 + 97 * (seed % 5) + from / 3) {
            const size_t n = (N - from) / (1 + from % 4);
            got[n] = 17;
            ift_rng_normals(&start, from, got, n);
            CHECK(memcmp(got, want + from, n * sizeof *got) == 0);
            CHECK(got[n] == 17);
        }
    }
}

static void test_permutation(void) {
    enum { N = 1000 };
    uint32_t order[N];
    bool seen[N] = {false};
    struct ift_rng r = ift_rng(7, 0, 0);
    ift_rng_permutation(&r, order, N);
    size_t fixed = 0;
    for (size_t i = 0; i < N; i++) {
        CHECK(order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    CHECK(fixed < 8);
    ift_rng_permutation(&r, order, 0);
    ift_rng_permutation(&r, order, 1);
    CHECK_INT(order[0], 0);

    /* All six orders of three are equally likely. */
    int count[6] = {0};
    for (uint64_t i = 0; i < 6000; i++) {
        struct ift_rng each = ift_rng(8, 0, i);
        ift_rng_permutation(&each, order, 3);
        count[order[0] * 2 + (order[1] > order[2])]++;
    }
    for (int i = 0; i < 6; i++) CHECK(abs(count[i] - 1000) < 120);
}

int main(void) {
    test_known();
    test_layout();
    test_below();
    test_reals();
    test_normal_bits();
    test_many_normals();
    test_permutation();
    return check_done();
}
