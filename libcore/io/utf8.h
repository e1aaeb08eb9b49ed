/* utf8.h: Unicode text. The only room that knows utf8proc (Unicode 15).
 *
 * "Strict" is what the standard's table of well-formed byte sequences allows: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 */
#ifndef IFT_UTF8_H
#define IFT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Length of the longest prefix that is strict UTF-8: n when all of it is. Several GB/s. */
size_t ift_utf8_check(const char *p, size_t n);

/* Reads one code point from n bytes: its length, 1 to 4, or 0 when there is none or the bytes are
 * not strict UTF-8. */
size_t ift_utf8_decode(const char *p, size_t n, uint32_t *code);
/* Writes a code point, which must not be a surrogate nor above U+10FFFF; returns its length. */
size_t ift_utf8_encode(uint32_t code, char out[4]);
/* Code points in strict UTF-8 text. */
size_t ift_utf8_count(const char *p, size_t n);

/* General category as two letters of the standard, "Lu", "Nd", "Zs" …; "Cn" for what is not
 * assigned. */
const char *ift_utf8_category(uint32_t code);
/* The classes of regular expressions; letters and numbers are those of Unicode 16. */
bool ift_utf8_is_letter(uint32_t code); /* \p{L} */
bool ift_utf8_is_mark(uint32_t code);   /* \p{M} */
bool ift_utf8_is_number(uint32_t code); /* \p{N} */
bool ift_utf8_is_word(uint32_t code);   /* \w: alphabetic, marks, digits, connectors, joiners */
bool ift_utf8_is_space(uint32_t code);  /* White_Space, \s of Unicode-aware expressions */
uint32_t ift_utf8_lower(uint32_t code); /* simple mapping; itself when there is none */
uint32_t ift_utf8_upper(uint32_t code);

enum ift_utf8_form { IFT_UTF8_NFC, IFT_UTF8_NFD, IFT_UTF8_NFKC, IFT_UTF8_NFKD };

/* True for a character that stays as it is and does not touch the one before it: normalization may
 * cut there. It may still take part in a composition with what follows. Everything that joins
 * backwards is a mark or a Hangul jamo. */
bool ift_utf8_is_quiet(enum ift_utf8_form form, uint32_t code);

/* Appends the normal form of strict UTF-8 text. Text for which the form changes nothing by its
 * range alone (ASCII; below U+0300 for NFC) is copied at memory speed. Fails only on text that is
 * not strict UTF-8. */
int ift_utf8_normalize(enum ift_utf8_form form, const char *p, size_t n, struct ift_str *out,
                       struct ift_err *err) IFT_MUST_CHECK;

#endif
