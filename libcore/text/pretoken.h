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

#include "libcore/base/str.h"
#include "libcore/text/bounds.h"

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

/* Whether p[0, 3) is one of U+4E00 to U+9FFF: letters all, that no normal form changes, and most of
 * what Chinese is written in. */
static inline bool ift_is_ideograph(const char *p) {
    const unsigned char *const b = (const unsigned char *)p;
    const unsigned two = (unsigned)b[0] << 8 | b[1];
    return two >= 0xe4b8 && two <= 0xe9bf && (b[1] & b[2] & 0xc0) == 0x80 &&
           ((b[1] | b[2]) & 0x40) == 0;
}

/* Most words of most texts are of ASCII, or of what Chinese is mostly written in, as is what
 * follows them, and have no white space but perhaps a space in front. All of those are found at
 * once, by the bits of their classes (bounds.h): a word that begins where nothing is to be asked,
 * wherever that is, ends at the next bound, if there is nothing to ask either. Else the scanner
 * knows. */
enum ift_pretoken_kind {
    IFT_PRETOKEN_ASK,
    IFT_PRETOKEN_GPT2,
    IFT_PRETOKEN_LLAMA3,
    IFT_PRETOKEN_QWEN,
};
enum ift_pretoken_kind ift_pretoken_kind(ift_pretoken_fn *scan); /* ASK: always */

/* Of p[0, n); of ASK none. */
void ift_pretoken_bounds(enum ift_pretoken_kind how, const char *p, size_t n, struct ift_bounds *b);
/* Where the word ends that begins at p[at]; 0: ask the scanner. */
static inline size_t ift_pretoken_end(enum ift_pretoken_kind how, struct ift_bounds *b, size_t at) {
    if (how == IFT_PRETOKEN_ASK || ift_bounds_ask(b, at)) return 0;
    const size_t end = ift_bounds_next(b, at);
    return ift_bounds_ask(b, end) ? 0 : end;
}

#endif
