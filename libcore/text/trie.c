#include "libcore/text/trie.h"

#include <stdlib.h>

#include "libcore/base/mem.h"

static uint32_t new_node(struct ift_trie *t) {
    t->nodes++;
    t->leaf = ift_grow(t->leaf, t->nodes + 1, &t->cap, sizeof *t->leaf);
    t->leaf[t->nodes] = -1;
    return t->nodes;
}

void ift_trie_add(struct ift_trie *t, const char *p, size_t n, int32_t value) {
    uint32_t *const first = &t->first[(unsigned char)p[0]];
    if (*first == 0) *first = new_node(t);
    uint32_t node = *first;
    for (size_t i = 1; i < n; i++) {
        uint32_t next = node;
        if (!ift_trie_step(t, &next, p[i])) {
            next = new_node(t);
            ift_u64map_put(&t->edge, (uint64_t)node << 8 | (unsigned char)p[i], next);
        }
        node = next;
    }
    t->leaf[node] = value;
}

size_t ift_trie_match(const struct ift_trie *t, const char *p, size_t n, int32_t *value) {
    size_t longest = 0;
    uint32_t node = 0;
    for (size_t i = 0; i < n && ift_trie_step(t, &node, p[i]); i++) {
        const int32_t leaf = ift_trie_value(t, node);
        if (leaf < 0) continue;
        *value = leaf;
        longest = i + 1;
    }
    return longest;
}

void ift_trie_release(struct ift_trie *t) {
    ift_u64map_release(&t->edge);
    free(t->leaf);
    *t = (struct ift_trie){0};
}
