/* chartrie.h: the strings of a unigram vocabulary as a tree whose edges are characters, asked at
 * every character of a text for all strings that start there. It is one flat hash table: a slot is
 * an edge and the node that it leads to, so a step costs one cache line, whatever the script.
 *
 * Strings and texts are UTF-8, so that both have their characters at the same places. Private to
 * text.
 */
#ifndef IFT_CHARTRIE_H
#define IFT_CHARTRIE_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/str.h"

struct ift_chartrie_slot {
    uint32_t parent;    /* number of the node it comes from; 0: the root */
    uint32_t character; /* its bytes, as ift_char_load has them */
    uint32_t node;      /* number of the node it leads to, from 1 on; 0: an empty slot */
    int32_t value;      /* of the string that ends there; -1: none does */
};

/* A zeroed struct is an empty set. */
struct ift_chartrie {
    struct ift_chartrie_slot *slot;
    size_t mask;
    uint32_t nodes;
};

struct ift_chartrie_string {
    struct ift_slice text; /* not empty */
    int32_t value;
    uint32_t node; /* 0 */
};

/* Room for about this many strings at once. */
void ift_chartrie_reserve(struct ift_chartrie *t, size_t strings);
/* Adds all of a list, and uses it up: they grow side by side, a character at a time, so that memory
 * is not waited for at every edge. */
void ift_chartrie_fill(struct ift_chartrie *t, struct ift_chartrie_string *list, size_t n);
/* n >= 1, value >= 0. A string added again takes the new value. */
void ift_chartrie_add(struct ift_chartrie *t, const char *p, size_t n, int32_t value);
void ift_chartrie_release(struct ift_chartrie *t);

static inline size_t ift_chartrie_hash(uint32_t parent, uint32_t character) {
    const uint64_t key = ((uint64_t)parent << 32 | character) * 0x9e3779b97f4a7c15u;
    return (size_t)(key ^ key >> 32);
}

/* Where a character leads from node `parent`, or NULL when no string goes on with it. The set is
 * not empty. */
static inline const struct ift_chartrie_slot *
ift_chartrie_step(const struct ift_chartrie *t, uint32_t parent, uint32_t character) {
    for (size_t i = ift_chartrie_hash(parent, character);; i++) {
        const struct ift_chartrie_slot *const s = &t->slot[i & t->mask];
        if (s->parent == parent && s->character == character && s->node != 0) return s;
        if (s->node == 0) return NULL;
    }
}

#endif
