/* bpe_train.h: learns the merges of a byte-level vocabulary from how often words occur, as the
 * BpeTrainer of Hugging Face's tokenizers does it, merge for merge (release 0.23). Private to text;
 * callers see vocab_train.h.
 *
 * Words begin as rows of bytes. The pair of neighbours that occurs most often becomes a token, its
 * occurrences are joined from left to right, and so on until the vocabulary is full or no pair
 * occurs often enough. Of pairs that occur equally often the one with the lower left id goes first,
 * then that with the lower right id; ids are those of tokenizers, special tokens first, then the
 * byte-level alphabet by code point, then tokens as they are made.
 *
 * Nothing else is left to chance. The inside of a text that becomes one token goes through the same
 * merges wherever the text occurs, since none may reach across its ends; so it is made by one pair
 * only, a pair comes up in one step only, the one that makes the later of its two halves, and once
 * merged it is gone. Each pair is therefore remembered with all its places when it comes up, and
 * only its count changes later: the queue corrects that when it matters. Words are linked lists, so
 * the whole takes time near to linear in the length of the different words, however long one is.
 *
 * Two things differ from tokenizers: counts have 64 bits, not 32, and a pair that would make a
 * special token of text is left alone.
 */
#ifndef IFT_BPE_TRAIN_H
#define IFT_BPE_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/text/vocab.h"
#include "libcore/text/wordcount.h"

struct ift_bpe_train {
    size_t size;                /* tokens to end with, special ones and the 256 bytes included */
    uint64_t least;             /* a pair that occurs less often is not merged */
    const char *const *special; /* the first ids; a name that repeats counts once */
    size_t nspecial;
};

struct ift_bpe_merged {
    uint32_t left, right;
};

/* What was learned. A zeroed struct is ready. */
struct ift_bpe_learned {
    struct ift_vocab
        name;        /* by id, as tokenizer.json spells it: bytes in the byte-level alphabet */
    size_t nspecial; /* the first so many are special tokens */
    struct ift_bpe_merged *merge;
    size_t nmerges, cap;
};
int ift_bpe_train(const struct ift_bpe_train *job, const struct ift_wordcount *words,
                  struct ift_bpe_learned *learned, struct ift_err *err) IFT_MUST_CHECK;
void ift_bpe_learned_release(struct ift_bpe_learned *l);

#endif
