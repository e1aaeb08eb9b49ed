/* json_scan.h: what parser, splitter and writer ask most: how far does plain text go? Private to
 * io.
 */
#ifndef IFT_JSON_SCAN_H
#define IFT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool ift_json_is_blank(char c) {
    const uint64_t set = 1ull << ' ' | 1ull << '\n' | 1ull << '\r' | 1ull << '\t';
    return (unsigned char)c <= ' ' && (set >> c & 1);
}

static inline bool ift_json_is_special(char c) {
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

/* The first quote, backslash or control character in [p, end), or end. */
static inline const char *ift_json_plain_end(const char *p, const char *end) {
#ifdef __SSE2__
    /* With bit 1 turned, `"` becomes 0x20, controls stay below it and all else above: one
     * comparison for both. */
    const __m128i turn = _mm_set1_epi8(2), last = _mm_set1_epi8(0x20), slash = _mm_set1_epi8('\\');
    for (; end - p >= 16; p += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)p), y = _mm_xor_si128(x, turn);
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(y, last), y);
        const unsigned hit =
            (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(x, slash)));
        if (hit) return p + __builtin_ctz(hit);
    }
#else
    /* Eight bytes at a time in a plain register. Bytes above 0x7f may raise a false alarm, never
     * hide a true one: the loop below decides. */
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    for (; end - p >= 8; p += 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        const uint64_t q = x ^ (ones * '"'), s = x ^ (ones * '\\');
        if ((((q - ones) & ~q) | ((s - ones) & ~s) | ((x - ones * 0x20) & ~x)) & high) break;
    }
#endif
    while (p < end && !ift_json_is_special(*p)) p++;
    return p;
}

/* The value of four hexadecimal digits at p, or -1. */
int ift_json_hex4(const char *p, const char *end);

/* What the escape at *p, which the parser has checked, stands for; *p moves behind it. Returns its
 * length. */
size_t ift_json_escape_text(const char **p, char out[4]);

#endif
