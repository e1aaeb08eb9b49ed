/* trie.h: a set of byte strings and the question "which is the longest of them that starts here?"
 * Used for symbols that are never split, user-defined pieces and added tokens. Private to
 * text.
 */
#ifndef IFT_TRIE_H
#define IFT_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/text/u64map.h"

/* A zeroed struct is an empty set. */
struct ift_trie {
    uint32_t first[256];    /* the node of a string's first byte; 0: none starts so */
    struct ift_u64map edge; /* node << 8 | byte -> node, for the others */
    int32_t *leaf;          /* by node: the value of the string that ends there, or -1 */
    size_t cap;
    uint32_t nodes; /* 1 .. nodes */
};

/* n >= 1, value >= 0. A string added again takes the new value. */
void ift_trie_add(struct ift_trie *t, const char *p, size_t n, int32_t value);
/* Length of the longest string that is a prefix of p[0, n), and its value; 0: none. */
size_t ift_trie_match(const struct ift_trie *t, const char *p, size_t n, int32_t *value);
void ift_trie_release(struct ift_trie *t);

/* Every string that starts at a place, the shortest first: *node is 0 at the start; a step along
 * the next byte is true while some string goes on. */
static inline bool ift_trie_step(const struct ift_trie *t, uint32_t *node, char byte) {
    if (*node == 0) return (*node = t->first[(unsigned char)byte]) != 0;
    const uint64_t next = ift_u64map_get(&t->edge, (uint64_t)*node << 8 | (unsigned char)byte);
    *node = (uint32_t)next;
    return next != IFT_U64MAP_NONE;
}
/* The value of the string that ends at a node that a step led to, or -1. */
static inline int32_t ift_trie_value(const struct ift_trie *t, uint32_t node) {
    return t->leaf[node];
}

#endif
