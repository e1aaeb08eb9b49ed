/* pretoken.h: where byte-level vocabularies cut text into words before any merging. The published
 * files say it as a regular expression; each of the few that exist is recognised by its exact text
 * and done by a scanner written for it, in one pass without backtracking. Private to text.
 *
 * To add one: a scanner in pretoken.c and a row in its table.
 */
#ifndef IFT_PRETOKEN_H
#define IFT_PRETOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "libcore/base/str.h"

/* What the expressions tell apart: \p{L}, \p{N}, \s and the rest (marks, punctuation, symbols,
 * controls, unassigned, and bytes that are not UTF-8). Looked up page by page on first use. A
 * zeroed struct is ready; one per thread. */
enum ift_class { IFT_CLASS_REST, IFT_CLASS_LETTER, IFT_CLASS_NUMBER, IFT_CLASS_SPACE };
struct ift_classes {
    uint8_t *page[0x1100];
};
void ift_classes_release(struct ift_classes *c);

/* Length, >= 1, of the first word of p[0, n), n >= 1. The text must go on to where the segment
 * ends: `\s+(?!\S)` looks there. */
typedef size_t ift_pretoken_fn(struct ift_classes *c, const char *p, size_t n);

/* The scanner of a published expression; NULL when we do not know it. */
ift_pretoken_fn *ift_pretoken_for(struct ift_slice expression);
/* And back; NULL: there is none, no text is cut. */
const char *ift_pretoken_expression(ift_pretoken_fn *scan);

size_t ift_pretoken_gpt2(struct ift_classes *c, const char *p,
                         size_t n); /* ByteLevel's own expression */
size_t ift_pretoken_llama3(struct ift_classes *c, const char *p, size_t n);
size_t ift_pretoken_qwen(struct ift_classes *c, const char *p, size_t n);
size_t ift_pretoken_bloom(struct ift_classes *c, const char *p, size_t n);
size_t ift_pretoken_whole(struct ift_classes *c, const char *p, size_t n); /* no cut at all */

/* Whether p[0, 3) is one of U+5000 to U+9FFF: letters all, that no normal form changes, and most of
 * what Chinese is written in. */
static inline bool ift_is_ideograph(const char *p) {
    const unsigned char *const b = (const unsigned char *)p;
    return b[0] >= 0xe5 && b[0] <= 0xe9 && (b[1] & 0xc0) == 0x80 && (b[2] & 0xc0) == 0x80;
}

/* Most words of most texts: letters, perhaps behind a space, of ASCII as is what follows them. Here
 * all expressions that `cuts_plainly` is true for agree. Length, or 0: ask the scanner. */
bool ift_pretoken_cuts_plainly(ift_pretoken_fn *scan);

static inline size_t ift_pretoken_plain(const char *p, size_t n) {
#ifdef __SSE2__
    if (n <= 16) return 0;
    /* In either case letters end up on 102..127, all else below. */
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    const __m128i y = _mm_add_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), _mm_set1_epi8(5));
    const unsigned letters = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(y, _mm_set1_epi8(101)));
    const unsigned space = p[0] == ' ';
    const size_t end = (size_t)__builtin_ctz(~(letters | space));
    return end > space && end < 16 && (signed char)p[end] >= 0 ? end : 0;
#else
    (void)p;
    (void)n;
    return 0;
#endif
}

#endif
