/* chartrie.h: the pieces of a unigram vocabulary as a tree whose edges are characters, asked at
 * every character of a text for all pieces that start there. The edges of a node lie side by side,
 * a small hash table of their own within one array, so that those asked for one after the other
 * share cache lines, and where no piece goes on nothing is waited for. A score lies beside its
 * edge; the piece's number, which only those of the best row are asked for, does not.
 *
 * Pieces and texts are UTF-8, so that both have their characters at the same places. Private to
 * text.
 */
#ifndef IFT_CHARTRIE_H
#define IFT_CHARTRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* An edge, and the node it leads to. */
struct ift_chartrie_slot {
    uint32_t character;    /* its bytes, as ift_char_load has them; UINT32_MAX: an empty slot */
    uint32_t is_piece : 1; /* a piece ends there */
    uint32_t log2 : 5;     /* the node's own edges: 2^log2 slots … */
    uint32_t first : 26;   /* … from this one on */
    double score;          /* of the piece */
};

struct ift_chartrie {
    struct ift_chartrie_slot *slot; /* [0] leads to the root */
    int32_t *id;                    /* of the piece that ends where slot i leads to */
};

struct ift_chartrie_string {
    struct ift_slice text; /* not empty */
    int32_t id;
    uint32_t node; /* 0 */
};

/* Makes the tree of a list of pieces, which it uses up. Of two that are the same the later one
 * counts. score: by id. They grow side by side, a character at a time, so that memory is not waited
 * for at every edge. */
int ift_chartrie_build(struct ift_chartrie *t, struct ift_chartrie_string *list, size_t n,
                       const double *score, struct ift_err *err) IFT_MUST_CHECK;
void ift_chartrie_release(struct ift_chartrie *t);

static inline uint32_t ift_chartrie_hash(uint32_t character) {
    const uint32_t h = character * 0x9e3779b1u;
    return h ^ h >> 15;
}

/* Where a character leads from where `from` does, at the start t->slot; NULL: no piece goes on. */
static inline const struct ift_chartrie_slot *
ift_chartrie_step(const struct ift_chartrie *t, const struct ift_chartrie_slot *from,
                  uint32_t character) {
    const struct ift_chartrie_slot *const edge = t->slot + from->first;
    const uint32_t mask = ((uint32_t)1 << from->log2) - 1;
    for (uint32_t i = ift_chartrie_hash(character);; i++) {
        const struct ift_chartrie_slot *const s = &edge[i & mask];
        if (s->character == character) return s;
        if (s->character == UINT32_MAX || mask == 0) return NULL;
    }
}

static inline void ift_chartrie_fetch(const struct ift_chartrie *t,
                                      const struct ift_chartrie_slot *from, uint32_t character) {
    const uint32_t mask = ((uint32_t)1 << from->log2) - 1;
    __builtin_prefetch(&t->slot[from->first + (ift_chartrie_hash(character) & mask)]);
}

#endif
