/* xlsx_text.h: the text of a string of a spreadsheet, and strings that its cells share. Private to
 * xlsx. */
#ifndef IFT_XLSX_TEXT_H
#define IFT_XLSX_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/str.h"
#include "libcore/io/xlsx_part.h"

/* Follows the elements of a string, plain or in runs; the readings of its characters (rPh) are
 * no text of it. Zeroed it is outside of any. */
struct ift_xlsx_text {
    bool in_text; /* of <t> */
    unsigned in_reading;
};
void ift_xlsx_text_start(struct ift_xlsx_text *t, const char *name);
void ift_xlsx_text_end(struct ift_xlsx_text *t, const char *name);
/* Whether characters that come now belong to the string. */
bool ift_xlsx_text_on(const struct ift_xlsx_text *t);
/* Of out, puts in place of _x000D_ from `from` on the character that it means. */
void ift_xlsx_text_unescape(struct ift_str *out, size_t from);

/* Shared strings. A zeroed struct is empty. */
struct ift_xlsx_shared {
    struct ift_str text;
    size_t *end, n, cap;
    struct ift_xlsx_text at;
};
extern const struct ift_xlsx_events ift_xlsx_shared_events; /* with it as ctx */
/* False: there is none of that index. */
bool ift_xlsx_shared_get(const struct ift_xlsx_shared *s, size_t i, struct ift_slice *text);
void ift_xlsx_shared_release(struct ift_xlsx_shared *s);

#endif
