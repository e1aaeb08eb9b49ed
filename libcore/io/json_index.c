#include <limits.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include "libcore/io/utf8_avx2.h"
#endif

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/json_scan.h"
#include "libcore/io/utf8.h"

enum { BLOCK = IFT_JSON_BLOCK };

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2"))) static inline

/* A bit a byte of two registers that lie one behind the other. */
AVX2 uint64_t bits(__m256i x, __m256i y) {
    return (uint32_t)_mm256_movemask_epi8(x) | (uint64_t)(uint32_t)_mm256_movemask_epi8(y) << 32;
}

/* Quotes and control characters: with bit 1 turned, `"` becomes 0x20, controls stay below it and
 * all else above. */
AVX2 __m256i find_ends(__m256i x) {
    const __m256i y = _mm256_xor_si256(x, _mm256_set1_epi8(2));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(y, _mm256_set1_epi8(0x20)), y);
}

AVX2 __m256i find_slashes(__m256i x) {
    return _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));
}

/* The escapes `"\bfnrt`: the halves of the byte, looked up, have a bit in common. */
AVX2 __m256i find_simple(__m256i x) {
    const __m256i high =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i low = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 0));
    const __m256i a = _mm256_shuffle_epi8(high, ift_utf8_high_half(x));
    const __m256i b = _mm256_shuffle_epi8(low, _mm256_and_si256(x, _mm256_set1_epi8(15)));
    return _mm256_cmpgt_epi8(_mm256_and_si256(a, b), _mm256_setzero_si256());
}

/* What backslashes escape: every second byte of a run of them, and what follows a run of odd
 * length. The sum of a run and its first bit carries to the place behind it, whose parity against
 * the first one's tells the length's. (Langdale and Lemire, "Parsing gigabytes of JSON per second",
 * 2019, 3.1.1.) The carry: whether the block's first, or the next one's, is escaped. */
static inline uint64_t find_escaped(uint64_t slash, uint64_t *carry) {
    const uint64_t even = 0x5555555555555555u, first = *carry;
    slash &= ~first;
    const uint64_t behind = slash << 1 | first, odd_starts = slash & ~even & ~behind;
    unsigned long long past;
    *carry = __builtin_uaddll_overflow(odd_starts, slash, &past);
    return (even ^ (uint64_t)past << 1) & behind;
}

/* Of the stops, those with a backslash between them and the stop before: a sum carries from each to
 * the next stop, and perhaps into the next block. */
static inline uint64_t find_escaped_runs(uint64_t stops, uint64_t slash, uint64_t *carry) {
    unsigned long long sum;
    const bool over = __builtin_uaddll_overflow(~stops, slash, &sum);
    *carry = __builtin_uaddll_overflow(sum, *carry, &sum) | over;
    return sum & stops;
}

/* Out of the loop's way, whose constants would not have room in the registers besides. */
__attribute__((noinline, target("avx2"))) static bool is_wrong(__m256i a, __m256i b,
                                                               __m256i before) {
    return ift_utf8_is_wrong(a, before) || ift_utf8_is_wrong(b, a);
}

__attribute__((target("avx2"))) static bool index_avx2(struct ift_json_block *to, const char *text,
                                                       size_t n) {
    char tail[BLOCK] = {0}; /* the zeros behind the text are controls, and end a code point */
    const size_t whole = n - n % BLOCK;
    if (n % BLOCK) memcpy(tail, text + whole, n % BLOCK);
    uint64_t escape = 0, escapes = 0;
    __m256i before = _mm256_setzero_si256();
    bool wrong = false;
    for (size_t i = 0; i <= whole; i += BLOCK) {
        const __m256i *const p = (const __m256i *)(i < whole ? text + i : tail);
        const __m256i a = _mm256_loadu_si256(p), b = _mm256_loadu_si256(p + 1);
        const __m256i any = _mm256_or_si256(_mm256_or_si256(a, b), before);
        if (_mm256_movemask_epi8(any)) wrong |= is_wrong(a, b, before); /* not all ASCII */
        before = b;
        const uint64_t slash = bits(find_slashes(a), find_slashes(b));
        const uint64_t escaped = find_escaped(slash, &escape);
        const uint64_t simple = bits(find_simple(a), find_simple(b)) & escaped;
        to->stops = (bits(find_ends(a), find_ends(b)) | escaped) & ~simple;
        to->escapes = find_escaped_runs(to->stops, slash, &escapes);
        to++;
    }
    return !wrong;
}
#undef AVX2
#endif

static bool is_simple(char c) {
    return c && strchr("\"\\bfnrt", c);
}

static bool index_any(struct ift_json_block *to, const char *text, size_t n) {
    memset(to, 0, (n / BLOCK + 1) * sizeof *to);
    uint64_t escapes = 0;
    for (const char *p = text, *const end = text + n; (p = ift_json_plain_end(p, end)) < end; p++) {
        if (*p == '\\') {
            escapes = 1;
            if (++p == end) break;
            if (is_simple(*p)) continue;
        }
        const size_t i = (size_t)(p - text);
        to[i / BLOCK].stops |= 1ull << i % BLOCK;
        to[i / BLOCK].escapes |= escapes << i % BLOCK;
        escapes = 0;
    }
    return ift_utf8_check(text, n) == n;
}

void ift_json_index_fill(struct ift_json_index *x, const char *text, size_t n) {
    x->text = text;
    x->n = n;
    x->utf8 = false;
    if (n > INT_MAX) return;
    const size_t blocks = n / BLOCK + 1;
    x->block = ift_grow(x->block, blocks + 1, &x->cap, sizeof *x->block);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        x->utf8 = index_avx2(x->block, text, n);
    else
#endif
        x->utf8 = index_any(x->block, text, n);
    x->block[blocks - 1].stops |= ~0ull << n % BLOCK; /* something stops every search */
    x->block[blocks] = (struct ift_json_block){~0ull, 0};
}

void ift_json_index_release(struct ift_json_index *x) {
    free(x->block);
    *x = (struct ift_json_index){0};
}
