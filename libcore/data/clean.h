/* clean.h: changes to a record's texts that somebody asked for. None is made unasked.
 *
 * The texts are instruction, input, output, rationale, system and the contents of messages. What
 * was asked for is done in this order: `\n` becomes a line break, HTML becomes what it says
 * (html.h), characters take their normal form.
 */
#ifndef IFT_CLEAN_H
#define IFT_CLEAN_H

#include <stdbool.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/record.h"

struct ift_clean {
    const char *normalize;  /* one of ift_clean_forms; NULL: as it is */
    bool strip_html;        /* of texts that have tags; others stay as they are, "&amp;" and all */
    bool unescape_newlines; /* the characters \n, and \r\n, are a line break */
};
extern const char *const ift_clean_forms[]; /* "nfc", "nfkc", NULL */

bool ift_clean_wanted(const struct ift_clean *c);

/* Appends the record, compact, with its texts cleaned. *changed tells whether any of them did. */
int ift_clean_record(const struct ift_clean *c, const struct ift_record *r, struct ift_str *out,
                     bool *changed, struct ift_err *err) IFT_MUST_CHECK;

#endif
