/* extract.h: the answer inside a text. What a model writes around its answer is its business; a
 * rule finds the answer, and gold and prediction go through the same rule before they are compared,
 * so "The answer is 1,080." equals "1080".
 *
 * Rules, by name:
 *     number      the last number: digits with optional sign, decimal point and thousands commas;
 *                 written without commas, leading plus or zeros, and without a fraction of zeros:
 *                 "-1,080.50" gives "-1080.5"
 *     choice      the last of (A) .. (J), else the last capital A .. J standing alone: "A"
 *     line        the last line that is not blank, trimmed
 *     after:TEXT  what follows the last TEXT (in any ASCII case) up to the end of its line, trimmed
 *                 and without a full stop at the end
 *     whole       everything, trimmed
 */
#ifndef IFT_EXTRACT_H
#define IFT_EXTRACT_H

#include <stdbool.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

struct ift_extract {
    bool (*find)(struct ift_slice text, struct ift_slice marker, struct ift_str *answer);
    struct ift_slice marker; /* of after:TEXT */
};

/* The rule called `name`; the error lists the rules. `name` must outlive the rule. */
int ift_extract_rule(struct ift_extract *rule, const char *name,
                     struct ift_err *err) IFT_MUST_CHECK;
/* Replaces *answer; false (and "") when the text has none. */
bool ift_extract(const struct ift_extract *rule, struct ift_slice text, struct ift_str *answer);

#endif
