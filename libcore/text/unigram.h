/* unigram.h: the most likely row of pieces for a text, each piece having a score, its log
 * probability: the score of a row is the sum, and of rows with equal sums the one found first wins.
 * Viterbi's algorithm over bytes, as unigram_model.cc's EncodeOptimized and tokenizers' Unigram do
 * it.
 *
 * What makes two implementations disagree is rounding, so both ways to add are here. sentencepiece
 * adds in double and keeps the sum of a place as a float, and so the sum of all that stands before
 * a word has a say in which of two nearly equal rows wins. Words are therefore split in order, each
 * beginning with the sum of those before it; the cuts themselves change nothing, since they lie
 * where no piece spans (joins.h) and every row must pass there. Private to text.
 */
#ifndef IFT_UNIGRAM_H
#define IFT_UNIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/text/trie.h"

struct ift_unigram {
    struct ift_trie piece; /* what segmentation can produce: bytes -> id */
    double *score;         /* by id */
    double unknown;        /* of a character that is no piece */
    bool narrow;           /* sums are kept as floats (sentencepiece); otherwise as doubles */
};

/* The best row that ends at a place. */
struct ift_unigram_node {
    double score;
    uint32_t from; /* where its last piece begins; UINT32_MAX: no row ends here yet */
    uint32_t id;
};

/* One per thread. A zeroed struct is ready; score = 0 begins a text. */
struct ift_unigram_work {
    struct ift_unigram_node *node;
    size_t cap;
    double score; /* sum of everything before the next word */
};

/* Fills w->node[0, n] for p[0, n), n >= 1, and adds to w->score. The row is read from the end: node
 * n holds the last piece, node[node n's from] the one before it. unk: the id of unknown ones. */
void ift_unigram_run(const struct ift_unigram *u, const char *p, size_t n, uint32_t unk,
                     struct ift_unigram_work *w);
void ift_unigram_work_release(struct ift_unigram_work *w);
void ift_unigram_release(struct ift_unigram *u);

#endif
