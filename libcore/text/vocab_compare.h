/* vocab_compare.h: what two vocabularies have in common. A piece is the same in both when it stands
 * for the same bytes in the same role: text, a single byte, or a token that text never becomes.
 */
#ifndef IFT_VOCAB_COMPARE_H
#define IFT_VOCAB_COMPARE_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"

/* Given paths (texts.h), also how many tokens their texts become in each. */
struct ift_vocab_comparison {
    const char *vocab[2];
    const char *const *paths;
    size_t npaths;
    const char *field;
};
/* Appends lines of `key: value`. */
int ift_vocab_compare_print(const struct ift_vocab_comparison *job, const struct ift_run *run,
                            struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

#endif
