/* bpe.h: byte-pair merging. A word is a row of symbols; the neighbouring pair with the lowest rank,
 * the leftmost of equals, becomes one symbol, until no neighbours form a pair. SentencePiece BPE
 * and byte-level BPE are this loop with different ranks:
 *
 *   SentencePiece   any two symbols whose joined text is a piece may merge; rank: the position of
 *                   the piece's score among all scores, highest first; equal scores share a rank
 *                   (bpe_model.cc)
 *   merges.txt      only the listed pairs may merge; rank: the line
 *
 * Cost: quadratic with a tiny constant for the short words that text consists of; for long ones
 * n log n through a heap, however hostile the text. Private to text.
 */
#ifndef IFT_BPE_H
#define IFT_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/text/u64map.h"

/* A symbol that is no piece and takes part in no pair. */
#define IFT_BPE_UNKNOWN UINT32_MAX

struct ift_bpe {
    struct ift_u64map pair;        /* left << 32 | right -> rank << 32 | merged */
    uint64_t *may;                 /* a bit for the hash of each, so that most that are no pair are
                                    * told without the table, which is larger than caches are */
    struct ift_u64map_slot *added; /* what is put there next */
    size_t nadded;
};

struct ift_bpe_symbol {
    uint32_t id;
    uint32_t from; /* first byte in the word; it ends where the next begins */
};

/* Long words only: a symbol's neighbours and pairs that wait to be merged. */
struct ift_bpe_link {
    uint64_t value; /* rank and result of the pair that starts here */
    uint32_t prev, next;
};
enum { IFT_BPE_RUNS = 256 };
struct ift_bpe_entry {
    uint32_t at, next; /* the left symbol; the next entry of the same run */
};
struct ift_bpe_head {
    uint64_t key; /* rank << 32 | at */
    uint32_t entry;
};
struct ift_bpe_run {
    uint32_t rank, last;
};

/* One per thread, reused from word to word. A zeroed struct is ready. */
struct ift_bpe_work {
    struct ift_bpe_symbol *symbol; /* the word: in before, out after the merge */
    size_t n, cap;
    struct ift_bpe_link *link; /* of each symbol */
    struct ift_bpe_head *heap;
    struct ift_bpe_entry *entry;
    struct ift_bpe_run run[IFT_BPE_RUNS]; /* that of a rank which may go on */
    uint32_t unused;                      /* an entry that is free, the first of a list */
    size_t nheap, nentry, cap_link, cap_heap, cap_entry;
};

void ift_bpe_add(struct ift_bpe *b, uint32_t left, uint32_t right, uint32_t rank, uint32_t merged);
/* Room for so many pairs at once. */
void ift_bpe_reserve(struct ift_bpe *b, size_t pairs);
/* After the last pair. Of two that are the same the later one counts. */
void ift_bpe_settle(struct ift_bpe *b);
void ift_bpe_release(struct ift_bpe *b);

/* Appends a symbol to the word; w->n = 0 begins a new one. */
static inline void ift_bpe_push(struct ift_bpe_work *w, uint32_t id, uint32_t from);
/* Merges w->symbol[0, w->n) in place. */
void ift_bpe_merge(const struct ift_bpe *b, struct ift_bpe_work *w);
void ift_bpe_work_release(struct ift_bpe_work *w);

void ift_bpe_grow(struct ift_bpe_work *w); /* room for one more symbol */

static inline void ift_bpe_push(struct ift_bpe_work *w, uint32_t id, uint32_t from) {
    if (w->n == w->cap) ift_bpe_grow(w);
    w->symbol[w->n++] = (struct ift_bpe_symbol){id, from};
}

enum { IFT_BPE_LOG2_BITS = 21 };
static inline size_t ift_bpe_bit(uint64_t key) {
    return (size_t)(key * 0x9e3779b97f4a7c15u >> (64 - IFT_BPE_LOG2_BITS));
}

/* Rank and result of a pair, or IFT_U64MAP_NONE. */
static inline uint64_t ift_bpe_pair(const struct ift_bpe *b, uint32_t left, uint32_t right) {
    const uint64_t key = (uint64_t)left << 32 | right;
    if (left == IFT_BPE_UNKNOWN || right == IFT_BPE_UNKNOWN || !b->may) return IFT_U64MAP_NONE;
    const size_t bit = ift_bpe_bit(key);
    return b->may[bit / 64] >> (bit % 64) & 1 ? ift_u64map_get(&b->pair, key) : IFT_U64MAP_NONE;
}

#endif
