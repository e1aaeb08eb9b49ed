/* vocab_merge.h: the pieces of one SentencePiece model appended to another, as Chinese-LLaMA did to
 * give LLaMA a Chinese vocabulary: ids of the base keep their meaning, so that its embeddings stay
 * in use, and new rows are learned for what is new.
 *
 * Appended are the NORMAL pieces of `add` that the base does not spell already, in their order.
 * All else of the base is kept byte for byte (its normalizer, its unknown fields), but for the
 * vocab_size that its trainer specification states, and for self-test samples: sentencepiece checks
 * these when it loads a model, and they may say what the base alone makes of a text.
 *
 * What score they get decides what becomes of text. In a BPE model of two pairs that could be
 * merged the better scored goes first:
 *
 *   zero   0, above all that LLaMA has: added pieces merge first, from the left. What
 *          Chinese-LLaMA's own script does, and so what a model trained with such a vocabulary
 *          needs.
 *   below  under the worst score of the base, in the order of the scores in `add`: text that the
 *          base has good pieces for is cut as before, and what is left is then merged the way `add`
 *          learned to. A piece whose parts the base's own merges take apart is never reached.
 *   own    the score in `add`. Of use when both are of one kind and scale; for unigram models,
 *          whose scores are log probabilities, it is the rule.
 *
 * Two symbols merge when their joined text is a piece, so a piece of three characters or more needs
 * a way there through shorter pieces; how many added pieces their own text does not become is
 * counted and said.
 */
#ifndef IFT_VOCAB_MERGE_H
#define IFT_VOCAB_MERGE_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/tool.h"

extern const char *const ift_vocab_merge_scores[]; /* "auto", "zero", "below", "own", NULL */

struct ift_vocab_merge {
    const char *base, *add; /* .model files */
    const char *scores;     /* auto: own between unigram models, below for a unigram base
                               otherwise, zero for a BPE base */
    const char *scripts;    /* only pieces all of whose characters are of these (script.h), a dummy
                               space in front aside; NULL: any */
    size_t fewest, most;    /* characters of a piece, without that space; most 0: any number */
    size_t limit;           /* only so many, the best scored of `add`; 0: all */
    const char *const *paths; /* texts to count tokens in before and after; none: npaths 0 */
    size_t npaths;
    const char *field; /* of JSON texts; NULL: plain text */
};

/* Writes the merged model to path ("-": standard output) and notes what was done. The model is read
 * back by our own reader before anything is written. */
int ift_vocab_merge(const struct ift_vocab_merge *job, const char *path, const struct ift_run *run,
                    struct ift_err *err) IFT_MUST_CHECK;

#endif
