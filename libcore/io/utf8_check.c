#include "libcore/io/utf8.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

size_t ift_utf8_decode(const char *p, size_t n, uint32_t *code) {
    const unsigned char *b = (const unsigned char *)p;
    if (n == 0) return 0;
    if (b[0] < 0x80) return *code = b[0], 1;
    const size_t len = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || n < len) return 0;
    uint32_t c = b[0] & (0x7f >> len);
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (b[i] & 0x3f);
    }
    if (len == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) return 0;
    if (len == 4 && (c < 0x10000 || c > 0x10ffff)) return 0;
    *code = c;
    return len;
}

size_t ift_utf8_encode(uint32_t code, char out[4]) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(0xf00 >> len | code);
    return len;
}

size_t ift_utf8_count(const char *p, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += (p[i] & 0xc0) != 0x80;
    return count;
}

/* One code point after the other, eight ASCII bytes at once. */
static size_t check_from(const char *p, size_t i, size_t n) {
    while (i < n) {
        uint64_t x;
        if (n - i >= 8 && (memcpy(&x, p + i, 8), (x & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        uint32_t code;
        const size_t len = ift_utf8_decode(p + i, n - i, &code);
        if (len == 0) return i;
        i += len;
    }
    return n;
}

#if defined(__x86_64__)
/* The lookup method of Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"
 * (2021): three 16-entry tables, indexed by the high and low half of each byte and the high half of
 * its successor, give the set of errors that pair may be; their intersection is empty for a legal
 * pair. Third and fourth bytes are settled by looking two and three back. */
enum {
    TOO_SHORT = 1 << 0,  /* lead followed by something that is no continuation */
    TOO_LONG = 1 << 1,   /* ASCII followed by a continuation */
    OVERLONG_3 = 1 << 2, /* e0 80..9f */
    TOO_LARGE = 1 << 3,  /* f4 90.., f5 and above */
    SURROGATE = 1 << 4,  /* ed a0..bf */
    OVERLONG_2 = 1 << 5, /* c0, c1 */
    OVERLONG_4 = 1 << 6, /* f0 80..8f, also f8.. with 80..8f */
    TWO_CONTS = 1 << 7,  /* two continuations: legal only as third or fourth byte */
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS,
};

#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))
#define E(x)       ((char)(x))

__attribute__((target("avx2"))) static inline __m256i high_half(__m256i x) {
    return _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi8(15));
}

/* x shifted by k bytes with the end of the block before shifted in. */
#define BEFORE(x, prev, k) _mm256_alignr_epi8(x, _mm256_permute2x128_si256(prev, x, 0x21), 16 - (k))

__attribute__((target("avx2"))) static inline __m256i pair_errors(__m256i x, __m256i prev) {
    const __m256i first_high =
        TABLE(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
              E(TWO_CONTS), E(TWO_CONTS), E(TWO_CONTS), E(TWO_CONTS), TOO_SHORT | OVERLONG_2,
              TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | OVERLONG_4);
    const __m256i first_low =
        TABLE(E(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), E(CARRY | OVERLONG_2), E(CARRY),
              E(CARRY), E(CARRY | TOO_LARGE), E(CARRY | TOO_LARGE | OVERLONG_4),
              E(CARRY | TOO_LARGE | OVERLONG_4), E(CARRY | TOO_LARGE | OVERLONG_4),
              E(CARRY | TOO_LARGE | OVERLONG_4), E(CARRY | TOO_LARGE | OVERLONG_4),
              E(CARRY | TOO_LARGE | OVERLONG_4), E(CARRY | TOO_LARGE | OVERLONG_4),
              E(CARRY | TOO_LARGE | OVERLONG_4), E(CARRY | TOO_LARGE | OVERLONG_4 | SURROGATE),
              E(CARRY | TOO_LARGE | OVERLONG_4), E(CARRY | TOO_LARGE | OVERLONG_4));
    const __m256i second_high =
        TABLE(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
              TOO_SHORT, E(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | OVERLONG_4),
              E(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE),
              E(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE),
              E(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT,
              TOO_SHORT, TOO_SHORT);
    const __m256i before = BEFORE(x, prev, 1);
    const __m256i low = _mm256_and_si256(before, _mm256_set1_epi8(15));
    return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first_high, high_half(before)),
                                             _mm256_shuffle_epi8(first_low, low)),
                            _mm256_shuffle_epi8(second_high, high_half(x)));
}

/* How many bytes are surely fine: n, or the block in which something is wrong or unfinished. */
__attribute__((target("avx2"))) static size_t check_blocks(const char *p, size_t n) {
    __m256i prev = _mm256_setzero_si256();
    size_t i = 0;
    for (; n - i >= 32; i += 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(p + i));
        if (_mm256_movemask_epi8(_mm256_or_si256(x, prev)) == 0) continue;
        /* High bits left by these subtractions mark where a third or fourth byte must stand. */
        const __m256i third = _mm256_subs_epu8(BEFORE(x, prev, 2), _mm256_set1_epi8(0xe0 - 0x80));
        const __m256i fourth = _mm256_subs_epu8(BEFORE(x, prev, 3), _mm256_set1_epi8(0xf0 - 0x80));
        const __m256i must =
            _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(E(0x80)));
        const __m256i wrong = _mm256_xor_si256(must, pair_errors(x, prev));
        if (!_mm256_testz_si256(wrong, wrong)) break;
        prev = x;
    }
    return i;
}
#endif

size_t ift_utf8_check(const char *p, size_t n) {
    size_t i = 0;
#if defined(__x86_64__)
    if (n >= 32 && __builtin_cpu_supports("avx2")) {
        i = check_blocks(p, n);
        /* A code point may straddle the last boundary: start again at its first byte. */
        for (size_t back = 1; back <= 3 && back <= i; back++) {
            if ((p[i - back] & 0xc0) == 0x80) continue;
            if (p[i - back] & 0x80) i -= back;
            break;
        }
    }
#endif
    return check_from(p, i, n);
}
