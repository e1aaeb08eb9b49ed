/* vocab_train.h: a byte-level BPE vocabulary learned from text, written as Hugging Face's
 * tokenizers writes one. bpe_train.h says which merges are learned.
 */
#ifndef IFT_VOCAB_TRAIN_H
#define IFT_VOCAB_TRAIN_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/tool.h"

/* Whose expression cuts text into words; Qwen's takes normal form C first. */
enum ift_vocab_cut { IFT_CUT_GPT2, IFT_CUT_LLAMA3, IFT_CUT_QWEN };

struct ift_vocab_train {
    const char *const *paths; /* texts: see texts.h */
    size_t npaths;
    const char *field; /* NULL: plain text */
    enum ift_vocab_cut cut;
    size_t size;                 /* tokens, special ones and the 256 bytes included */
    size_t least;                /* a pair that occurs less often is not merged */
    const char *bos, *eos, *pad; /* names of special tokens, which get the first ids; NULL */
    const char *const *special;  /* and others, behind these */
    size_t nspecial;
    const char *provenance; /* a text for provenance.json */
};

/* Writes a new folder: tokenizer.json, tokenizer_config.json, provenance.json. What it writes does
 * not depend on -j. Text that holds too few words for the size gives a smaller vocabulary, and the
 * note says so. */
int ift_vocab_train(const struct ift_vocab_train *job, const char *dir, const struct ift_run *run,
                    struct ift_err *err) IFT_MUST_CHECK;

#endif
