/* xlsx.h: the rows of a spreadsheet as Excel and its kin write it, .xlsx (ECMA-376): a zip of XML,
 * read by libarchive and expat.
 *
 * Sheets come in the order in which the workbook lists them, hidden ones too, those of charts not.
 * A cell is text: strings without their formats and readings, numbers with the digits that the file
 * has, TRUE and FALSE, errors as #N/A; of a formula the value that was saved with it. A date is the
 * number that it is in the file, and a merged cell stands at its upper left. Empty cells at the end
 * of a row, and rows without any other, are not there.
 *
 * Strings that cells share are kept in memory, at most 1 GiB of them.
 */
#ifndef IFT_XLSX_H
#define IFT_XLSX_H

#include <stdbool.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/csv.h"

/* Whether a file that starts so is a package of Office; a .docx is one too. */
bool ift_xlsx_begins(const char *p, size_t n);
/* Whether it is what Office wrote before, .xls, or writes with a password: not read here. */
bool ift_xlsx_is_closed(const char *p, size_t n);

struct ift_xlsx;
/* Takes the descriptor, of a file in which one can seek, also when it fails. */
int ift_xlsx_open_take(struct ift_xlsx **x, int fd, struct ift_err *err) IFT_MUST_CHECK;
/* Goes to the next sheet: 1, 0 when there is no more, -1. Its name is lent until the next call. */
int ift_xlsx_next_sheet(struct ift_xlsx *x, const char **name, struct ift_err *err) IFT_MUST_CHECK;
/* The next row of the sheet, lent until the next call, `line` being its number: 1, 0 at the end of
 * the sheet, -1: `row 3: …`, or what is wrong with the file. */
int ift_xlsx_next(struct ift_xlsx *x, struct ift_csv_row *row, struct ift_err *err) IFT_MUST_CHECK;
void ift_xlsx_free(struct ift_xlsx *x);

#endif
