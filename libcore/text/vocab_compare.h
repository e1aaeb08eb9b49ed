/* vocab_compare.h: what two vocabularies have in common. A piece is the same in both when it stands
 * for the same bytes in the same role: text, a single byte, or a token that text never becomes.
 */
#ifndef IFT_VOCAB_COMPARE_H
#define IFT_VOCAB_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"
#include "libcore/text/tokenizer.h"

struct ift_vocab_compared {
    uint32_t size[2];
    uint32_t shared;  /* pieces of the first that the second has, whatever their ids */
    uint32_t only[2]; /* pieces of each that the other lacks */
    uint32_t same_id; /* ids that mean the same in both … */
    uint32_t prefix;  /* … and those of them before the first that does not */
};
void ift_vocab_compare(const struct ift_tokenizer *a, const struct ift_tokenizer *b,
                       struct ift_vocab_compared *c);

/* The same as lines of `key: value`, and with paths (texts.h) how many tokens texts become. */
struct ift_vocab_comparison {
    const char *vocab[2];
    const char *const *paths;
    size_t npaths;
    const char *field;
};
int ift_vocab_compare_print(const struct ift_vocab_comparison *job, const struct ift_run *run,
                            struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

#endif
