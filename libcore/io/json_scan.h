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

#ifdef __SSE2__
/* A bit a byte. With bit 1 turned, `"` becomes 0x20, controls stay below it and all else above: one
 * comparison for both. */
static inline unsigned ift_json_specials(__m128i x) {
    const __m128i turn = _mm_set1_epi8(2), last = _mm_set1_epi8(0x20), slash = _mm_set1_epi8('\\');
    const __m128i y = _mm_xor_si128(x, turn), low = _mm_cmpeq_epi8(_mm_min_epu8(y, last), y);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(x, slash)));
}

/* Of less than 16 bytes the first and the last eight or four are looked at, which overlap. */
static inline const char *ift_json_plain_tail(const char *p, const char *end) {
    if (end - p >= 8) {
        uint64_t x, y;
        memcpy(&x, p, 8);
        memcpy(&y, end - 8, 8);
        const unsigned hit = ift_json_specials(_mm_set_epi64x((int64_t)y, (int64_t)x));
        return !hit ? end : (hit & 0xff ? p : end - 16) + __builtin_ctz(hit);
    }
    if (end - p >= 4) {
        uint32_t x, y;
        memcpy(&x, p, 4);
        memcpy(&y, end - 4, 4);
        const unsigned hit = ift_json_specials(_mm_set1_epi64x((int64_t)((uint64_t)y << 32 | x)));
        return !hit ? end : (hit & 0xf ? p : end - 8) + __builtin_ctz(hit);
    }
    while (p < end && !ift_json_is_special(*p)) p++;
    return p;
}
#endif

/* The first quote, backslash or control character in [p, end), or end. */
static inline const char *ift_json_plain_end(const char *p, const char *end) {
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        const unsigned hit = ift_json_specials(_mm_loadu_si128((const __m128i *)p));
        if (hit) return p + __builtin_ctz(hit);
    }
    return ift_json_plain_tail(p, end);
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
    while (p < end && !ift_json_is_special(*p)) p++;
    return p;
#endif
}

/* The value of four hexadecimal digits at p, or -1. */
int ift_json_hex4(const char *p, const char *end);

/* What the escape at *p, which the parser has checked, stands for; *p moves behind it. Returns its
 * length. */
size_t ift_json_escape_text(const char **p, char out[4]);

#endif
