/* unigram.h: the most likely row of pieces for a text, each piece having a score, its log
 * probability: the score of a row is the sum, and of rows with equal sums the one found first wins.
 * Viterbi's algorithm over characters, as unigram_model.cc's EncodeOptimized and tokenizers'
 * Unigram do it.
 *
 * What makes two implementations disagree is rounding, so both ways to add are here. sentencepiece
 * adds in double and keeps the sum of a place as a float, and so the sum of all that stands before
 * a word has a say in which of two nearly equal rows wins. Words are therefore split in order, each
 * beginning with the sum of those before it; the cuts themselves change nothing, since they lie
 * where no piece spans (joins.h) and every row must pass there.
 *
 * Nearly equal rows are rare, though, and what a word becomes can be remembered together with how
 * sure that is. Let a word have m characters, so that a row has at most m pieces, and let M be the
 * greatest absolute score. Whatever stands before it, with a sum s, no sum within the word exceeds
 * |s| + mM by more than rounding, so that a row's last sum is off by at most m(|s| + mM)e, e being
 * 2^-24 for floats and 2^-53 for doubles. Rounding never turns two sums around, so Viterbi's row is
 * one whose rounded sum is the greatest: when the best two rows differ by more than what both are
 * off, it is the best one. That holds for every s with
 *
 *     |s| < margin / 2me - mM
 *
 * from which four times the rounding is taken, to have room for the rounding of the margin itself.
 * Private to text.
 */
#ifndef IFT_UNIGRAM_H
#define IFT_UNIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/text/chartrie.h"

struct ift_unigram {
    struct ift_chartrie piece; /* what segmentation can produce: characters -> id */
    double *score;             /* by id */
    double unknown;            /* of a character that is no piece */
    double most;               /* the greatest absolute score: ift_unigram_settle */
    bool narrow;               /* sums are kept as floats (sentencepiece); otherwise as doubles */
    bool tells_unknown; /* the tokens of an unknown character have its score, so that those of any
                           word say what it adds to a sum */
};

/* A place between characters, and the best row that ends there. */
struct ift_unigram_node {
    double score, second;   /* of the best row and, where that is asked for, of the next */
    uint32_t from;          /* node where its last piece begins; UINT32_MAX: no row ends here yet */
    uint32_t edge;          /* of its last piece, in u->piece; 0: an unknown character */
    uint32_t at, character; /* the byte, and the character that begins there */
    const struct ift_chartrie_slot *first; /* where it leads to from the root, or NULL */
};

/* One per thread. A zeroed struct is ready; score = 0 begins a text. */
struct ift_unigram_work {
    struct ift_unigram_node *node;
    size_t n, cap; /* n: characters; node[0, n] */
    double score;  /* sum of everything before the next word */
};

/* Once score has n and unknown one: what is derived from them. */
void ift_unigram_settle(struct ift_unigram *u, size_t n);

/* Splits p[0, n), n >= 1, and adds to w->score. The row is read from the end: node w->n holds the
 * last piece, node[its from] the one before it. */
void ift_unigram_run(const struct ift_unigram *u, const char *p, size_t n,
                     struct ift_unigram_work *w);
/* The same, and how sure the row is: it is that of the word wherever |w->score| is less than
 * 2^sure; 0: it may be another elsewhere. For short words, which it takes a little longer for. */
unsigned ift_unigram_run_sure(const struct ift_unigram *u, const char *p, size_t n,
                              struct ift_unigram_work *w);

/* A sum with one piece more. The score of an unknown character is added in float by sentencepiece,
 * which gives the same: a double holds twice the digits of a float and two more, so that rounding a
 * sum of floats twice is rounding it once. */
static inline double ift_unigram_add(const struct ift_unigram *u, double sum, double score) {
    return u->narrow ? (double)(float)(score + sum) : score + sum;
}

/* reach: |w->score|, or more. */
static inline bool ift_unigram_is_sure(double reach, unsigned sure) {
    return sure > 0 && reach < (double)((uint64_t)1 << sure);
}

void ift_unigram_work_release(struct ift_unigram_work *w);
void ift_unigram_release(struct ift_unigram *u);

#endif
