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

/* Most words of most texts are short, of ASCII, as is what follows them, and no white space but
 * perhaps a space in front. They are found without a scanner's loops: sixteen bytes are told apart
 * at once, and the word ends where the bits of its class do. */
enum ift_pretoken_ascii { IFT_ASCII_ASK, IFT_ASCII_GPT2, IFT_ASCII_LLAMA3, IFT_ASCII_QWEN };
enum ift_pretoken_ascii ift_pretoken_ascii(ift_pretoken_fn *scan);

/* What its scanner would say of p[0, n); or 0: ask it. Reads 16 bytes, whatever n. */
static inline size_t ift_pretoken_ascii_word(enum ift_pretoken_ascii how, const char *p, size_t n);

/* ---- the body of what is above ---- */

#ifdef __SSE2__
/* Bit i: of what class byte i is. Bytes that are not ASCII have none. */
struct ift_pretoken_bits {
    unsigned letter, number, rest;
};

static inline struct ift_pretoken_bits ift_pretoken_bits(const char *p) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    /* Each class is moved to where signed bytes end, all else ends up below. */
    const __m128i lower = _mm_or_si128(x, _mm_set1_epi8(0x20));
    const __m128i letter =
        _mm_cmpgt_epi8(_mm_add_epi8(lower, _mm_set1_epi8(127 - 'z')), _mm_set1_epi8(127 - 26));
    const __m128i number =
        _mm_cmpgt_epi8(_mm_add_epi8(x, _mm_set1_epi8(127 - '9')), _mm_set1_epi8(127 - 10));
    const __m128i control = _mm_cmpgt_epi8(_mm_add_epi8(x, _mm_set1_epi8(127 - '\r')),
                                           _mm_set1_epi8(127 - 5)); /* \t to \r */
    const __m128i space = _mm_or_si128(control, _mm_cmpeq_epi8(x, _mm_set1_epi8(' ')));
    const __m128i other = _mm_or_si128(_mm_or_si128(letter, number), _mm_or_si128(space, x));
    return (struct ift_pretoken_bits){(unsigned)_mm_movemask_epi8(letter),
                                      (unsigned)_mm_movemask_epi8(number),
                                      0xffff & ~(unsigned)_mm_movemask_epi8(other)};
}

static inline size_t ift_pretoken_ascii_word(enum ift_pretoken_ascii how, const char *p, size_t n) {
    if (how == IFT_ASCII_ASK || p[0] == '\'') return 0;
    const struct ift_pretoken_bits bits = ift_pretoken_bits(p);
    const unsigned space = p[0] == ' ', first = 1u << space;
    const bool gpt2 = how == IFT_ASCII_GPT2;
    unsigned run = bits.letter, before = space;
    size_t most = 16;
    bool takes_lines = false;
    if (bits.number & first) {
        if (!gpt2) most = space ? 1 : how == IFT_ASCII_QWEN ? 1 : 3;
        run = bits.number;
    } else if (bits.rest & first) {
        const bool leads = !gpt2 && !space && bits.letter & 2; /* goes with the letters behind it */
        if (leads) before = 1;
        if (!leads) run = bits.rest;
        takes_lines = !gpt2 && !leads;
    } else if (!(run & first)) {
        return 0;
    }
    const size_t end = (size_t)__builtin_ctz(~(run | before));
    if (end >= n || end >= most) return n < most ? n : most < 16 ? most : 0;
    const bool goes_on = takes_lines && (p[end] == '\n' || p[end] == '\r');
    return (signed char)p[end] < 0 || goes_on ? 0 : end;
}
#else
static inline size_t ift_pretoken_ascii_word(enum ift_pretoken_ascii how, const char *p, size_t n) {
    (void)how;
    (void)p;
    (void)n;
    return 0;
}
#endif

#endif
