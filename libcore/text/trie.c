#include "libcore/text/trie.h"

static uint64_t edge_key(uint64_t node, char byte) {
    return node << 8 | (unsigned char)byte;
}

void ift_trie_add(struct ift_trie *t, const char *p, size_t n, int32_t value) {
    uint64_t node = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t next = ift_u64map_get(&t->edge, edge_key(node, p[i]));
        if (next == IFT_U64MAP_NONE) {
            next = ++t->nodes;
            ift_u64map_put(&t->edge, edge_key(node, p[i]), next);
        }
        node = next;
    }
    t->first[(unsigned char)p[0]] = true;
    ift_u64map_put(&t->leaf, node, (uint32_t)value);
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
    ift_u64map_release(&t->leaf);
    *t = (struct ift_trie){0};
}
