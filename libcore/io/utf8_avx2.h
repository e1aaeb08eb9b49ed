/* utf8_avx2.h: strict UTF-8 checked 32 bytes at a time, for whoever has them in a register already.
 * Private to io; the caller is compiled for AVX2 and chosen at run time.
 *
 * The lookup method of Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"
 * (2021): three 16-entry tables, indexed by the high and low half of each byte and the high half of
 * its successor, give the set of errors that pair may be; their intersection is empty for a legal
 * pair. Third and fourth bytes are settled by looking two and three back.
 */
#ifndef IFT_UTF8_AVX2_H
#define IFT_UTF8_AVX2_H

#include <immintrin.h>
#include <stdbool.h>

#define AVX2 __attribute__((target("avx2"))) static inline

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

AVX2 __m256i ift_utf8_high_half(__m256i x) {
    return _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi8(15));
}

/* x shifted by k bytes with the end of the block before shifted in. */
#define BEFORE(x, prev, k) _mm256_alignr_epi8(x, _mm256_permute2x128_si256(prev, x, 0x21), 16 - (k))

AVX2 __m256i ift_utf8_pair_errors(__m256i x, __m256i prev) {
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
    return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first_high,
                                                                 ift_utf8_high_half(before)),
                                             _mm256_shuffle_epi8(first_low, low)),
                            _mm256_shuffle_epi8(second_high, ift_utf8_high_half(x)));
}

/* Whether something is wrong in x, or in how it goes on from prev, the 32 bytes before it. A code
 * point that x leaves unfinished is the next block's matter: text ends well when a block of zeros
 * follows well. */
AVX2 bool ift_utf8_is_wrong(__m256i x, __m256i prev) {
    if (_mm256_movemask_epi8(_mm256_or_si256(x, prev)) == 0) return false;
    /* High bits left by these subtractions mark where a third or fourth byte must stand. */
    const __m256i third = _mm256_subs_epu8(BEFORE(x, prev, 2), _mm256_set1_epi8(0xe0 - 0x80));
    const __m256i fourth = _mm256_subs_epu8(BEFORE(x, prev, 3), _mm256_set1_epi8(0xf0 - 0x80));
    const __m256i must =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(E(0x80)));
    const __m256i wrong = _mm256_xor_si256(must, ift_utf8_pair_errors(x, prev));
    return !_mm256_testz_si256(wrong, wrong);
}

#undef AVX2
#undef TABLE
#undef BEFORE
#undef E

#endif
