/* recode.h: text in any encoding that the C library's iconv knows becomes UTF-8, block by block, in
 * memory that does not grow.
 *
 * Strict: a byte that is nothing in the encoding becomes "\xff<c4>", which is no UTF-8 either, so
 * that the record in which it stands is refused and others are not; after it the text goes on. Half
 * a character at the end is an error. Nothing is replaced by text, left out or transliterated. An
 * encoding whose order of bytes is told by a mark (UTF-16, UTF-32) needs that mark; without one the
 * order is part of the name (UTF-16LE). Marks come out as U+FEFF, for whoever counts them.
 */
#ifndef IFT_RECODE_H
#define IFT_RECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Whether iconv knows the encoding; the message says how to list those that it does. */
int ift_recode_check(const char *encoding, struct ift_err *err) IFT_MUST_CHECK;

struct ift_recode;
int ift_recode_open(struct ift_recode **d, const char *encoding,
                    struct ift_err *err) IFT_MUST_CHECK;
void ift_recode_free(struct ift_recode *d);

/* Starts over, with a text that messages call `name`. */
void ift_recode_begin(struct ift_recode *d, const char *name);
/* A block of input, borrowed until next has returned 0. */
void ift_recode_push(struct ift_recode *d, struct ift_slice block);
/* No more comes. */
void ift_recode_finish(struct ift_recode *d);
/* Lends the next block of UTF-8 until the next call: 1; 0: needs more input, or, after finish,
 * there is none; -1: `name:line: byte 1234: …`, bytes counted from 0. */
int ift_recode_next(struct ift_recode *d, struct ift_slice *block,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Whether text that came from here holds bytes that were nothing in the encoding; appends the first
 * few in hexadecimal. */
bool ift_recode_bad(struct ift_slice text, struct ift_str *bytes);

#endif
