/* wordcache.h: the words of a text repeat, so what a word became is remembered. A flat table; a
 * word of up to 16 bytes lies in its slot, so is a single token; longer words and rows of tokens
 * lie in two arrays beside it. When the table is full it is emptied: memory is bounded, and no
 * answer depends on what was remembered. One per thread. Private to text.
 */
#ifndef IFT_WORDCACHE_H
#define IFT_WORDCACHE_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/str.h"
#include "libcore/text/bpe.h"

enum { IFT_WORDCACHE_LONGEST = 64 }; /* longer words are not worth keeping */

struct ift_wordcache_slot {
    uint64_t key0, key1;
    uint32_t n; /* bytes in the word, 0: an empty slot */
    uint32_t ntokens;
    uint64_t value; /* ntokens 1: the id; otherwise where the tokens begin */
};

/* A zeroed struct is an empty cache. */
struct ift_wordcache {
    struct ift_wordcache_slot *slot;
    size_t mask, used;
    struct ift_str words;
    struct ift_bpe_symbol *token;
    size_t ntokens, cap;
};

/* The slot of the word p[0, n), 1 <= n <= LONGEST; it is empty (n is 0) when the word is new, and
 * then only good for the ift_wordcache_put that follows. */
struct ift_wordcache_slot *ift_wordcache_find(struct ift_wordcache *c, const char *p, size_t n);
void ift_wordcache_put(struct ift_wordcache *c, struct ift_wordcache_slot *slot, const char *p,
                       size_t n, const struct ift_bpe_symbol *token, size_t ntokens);
void ift_wordcache_release(struct ift_wordcache *c);

#endif
