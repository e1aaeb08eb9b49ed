/* cuts.h: the places at which a piece can be cut into two pieces, for vocabularies that list no
 * merges: any two neighbours may merge whose joined text is a piece. There are several times as
 * many places as pieces, and at most of them one side is no piece: a filter, a bit for each piece,
 * says so without a look at the vocabulary. It is asked by a hash that parts have from the whole,
 *
 *     h(s) = s[0] B^(n-1) + ... + s[n-1],    h(right) = h(whole) - h(left) B^(bytes of right)
 *
 * Private to text.
 */
#ifndef IFT_CUTS_H
#define IFT_CUTS_H

#include "libcore/text/vocab.h"

struct ift_cut {
    uint32_t id, at;     /* the piece, and how many of its bytes are the left part */
    int32_t left, right; /* what ift_vocab_find gives for the parts */
};
enum ift_cuts_between { IFT_CUTS_BYTES, IFT_CUTS_CHARACTERS /* of UTF-8 */ };

typedef void ift_cut_fn(void *ctx, const struct ift_cut *cut);

/* Calls fn for every cut of a piece into two, of some others too, in the order of ids and places.
 * Between characters, one that is no piece counts as one. Pieces are normal ones that
 * ift_vocab_find finds; the vocabulary must not change meanwhile. */
void ift_cuts_each(const struct ift_vocab *v, enum ift_cuts_between between, ift_cut_fn *fn,
                   void *ctx);

#endif
