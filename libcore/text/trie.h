/* trie.h: a set of byte strings and the question "which is the longest of them that starts here?"
 * Used for symbols that are never split: user-defined pieces and added tokens. Private to text.
 */
#ifndef IFT_TRIE_H
#define IFT_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/text/u64map.h"

/* A zeroed struct is an empty set. */
struct ift_trie {
    struct ift_u64map edge; /* node << 8 | byte -> node */
    struct ift_u64map leaf; /* node -> value of the string that ends there */
    uint32_t nodes;
    bool first[256]; /* some string starts with this byte */
};

/* n >= 1. A string added again takes the new value. */
void ift_trie_add(struct ift_trie *t, const char *p, size_t n, int32_t value);
/* Length of the longest string that is a prefix of p[0, n), and its value; 0: none. */
size_t ift_trie_match(const struct ift_trie *t, const char *p, size_t n, int32_t *value);
void ift_trie_release(struct ift_trie *t);

#endif
