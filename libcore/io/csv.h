/* csv.h: rows of delimited text, in either of the two ways such files are really written.
 *
 * Quoting as Python's csv module reads by default (Excel's dialect): a field that starts with `"`
 * runs to its closing quote, `""` inside stands for `"`, delimiters and line ends inside belong to
 * the field; a quote in the middle of a field is a character like any other, and what follows a
 * closing quote is appended as it stands. A row ends with LF, CR or CR LF. Only one thing is an
 * error, where Python takes what there is: a quoted field that is still open at the end of the
 * input.
 *
 * Without quoting: a field ends at a delimiter, a row at LF (a CR before it is dropped); every
 * other byte is the field's. Files written by joining with tabs must be read so, for a field that
 * starts with `"` would swallow the lines after it.
 */
#ifndef IFT_CSV_H
#define IFT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

struct ift_csv_dialect {
    char delimiter; /* one byte, below 0x80 */
    bool quoting;
};

struct ift_csv_row {
    const struct ift_slice *field;
    size_t n;
    size_t line; /* 1-based line on which the row starts */
};

struct ift_csv;
struct ift_csv *ift_csv_new(const struct ift_csv_dialect *dialect);
/* 1: the next row, lent until the next call. 0: needs more input (push), or, after finish, there is
 * none. -1: a quoted field was never closed: `line 12: …`. Empty lines are no rows. */
int ift_csv_next(struct ift_csv *c, struct ift_csv_row *row, struct ift_err *err) IFT_MUST_CHECK;
/* A block of input, borrowed until next has returned 0. */
void ift_csv_push(struct ift_csv *c, const char *p, size_t n);
/* No more input comes: a last row without a line end is complete now; call next once more. */
void ift_csv_finish(struct ift_csv *c);
void ift_csv_free(struct ift_csv *c);

#endif
