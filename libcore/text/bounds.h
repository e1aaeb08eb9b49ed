/* bounds.h: where the words of a text begin, found for all of it at once, so that none waits for
 * the end of the word before it. Private to text.
 *
 *     struct ift_bounds_block *block = ift_bounds_make(&b, n);     // to be filled in order
 *     ift_bounds_rewind(&b);
 *     for (size_t at = 0; at < n; at = next) next = ift_bounds_next(&b, at);
 */
#ifndef IFT_BOUNDS_H
#define IFT_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of 64 bytes, a bit each. */
struct ift_bounds_block {
    uint64_t word; /* a word begins there; set at the place behind the text too */
    uint64_t ask;  /* of a word that begins or ends there it is not certain where it ends */
};

/* A zeroed struct is ready. */
struct ift_bounds {
    struct ift_bounds_block *block;
    size_t cap;
    const struct ift_bounds_block *at; /* the bits of `left` are those of this one not yet … */
    uint64_t left;
    size_t reached; /* … given; the last one that was */
};

/* The blocks of a text of n bytes and the place behind it, and one more; what was there is lost. */
struct ift_bounds_block *ift_bounds_make(struct ift_bounds *b, size_t n);
void ift_bounds_release(struct ift_bounds *b);

static inline void ift_bounds_rewind(struct ift_bounds *b) {
    b->at = b->block;
    b->left = b->block->word;
    b->reached = 0;
}

/* The first bound behind `at`, which is in the text and never before one asked for earlier. */
static inline size_t ift_bounds_next(struct ift_bounds *b, size_t at) {
    while (b->reached <= at) {
        while (b->left == 0) b->left = (++b->at)->word;
        b->reached = 64 * (size_t)(b->at - b->block) + (size_t)__builtin_ctzll(b->left);
        b->left &= b->left - 1;
    }
    return b->reached;
}

static inline bool ift_bounds_ask(const struct ift_bounds *b, size_t i) {
    return b->block[i / 64].ask >> (i % 64) & 1;
}

#endif
