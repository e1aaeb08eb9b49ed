/* measure.h: how many tokens texts become under a vocabulary, which is what a larger one is made
 * for. The measure is characters per token; bytes per token would favour scripts whose characters
 * have three of them.
 */
#ifndef IFT_MEASURE_H
#define IFT_MEASURE_H

#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"
#include "libcore/text/tokenizer.h"

struct ift_measured {
    uint64_t texts, characters;
    uint64_t tokens[2]; /* under each of the two; no BOS, no EOS */
};

/* Texts as in texts.h; what looks like a control token is text. */
int ift_measure(const struct ift_tokenizer *const t[2], const char *const *paths, size_t npaths,
                const char *field, const struct ift_run *run, struct ift_measured *m,
                struct ift_err *err) IFT_MUST_CHECK;
/* Characters per token of one of the two; 0 where there are none. */
double ift_measured_ratio(const struct ift_measured *m, int which);

#endif
