/* xlsx_sheet.h: the rows of one sheet of a workbook. Private to xlsx. */
#ifndef IFT_XLSX_SHEET_H
#define IFT_XLSX_SHEET_H

#include "libcore/io/csv.h"
#include "libcore/io/xlsx_text.h"

struct ift_xlsx_sheet;
/* Opens the part of that name. fd and the shared strings must outlive the result. */
int ift_xlsx_sheet_open(struct ift_xlsx_sheet **s, int fd, const char *part,
                        const struct ift_xlsx_shared *shared, struct ift_err *err) IFT_MUST_CHECK;
/* As ift_xlsx_next. */
int ift_xlsx_sheet_next(struct ift_xlsx_sheet *s, struct ift_csv_row *row,
                        struct ift_err *err) IFT_MUST_CHECK;
void ift_xlsx_sheet_free(struct ift_xlsx_sheet *s);

#endif
