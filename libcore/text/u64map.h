/* u64map.h: a flat hash table from 64-bit keys to 64-bit values, for tables that are filled once
 * and then asked millions of times (merge pairs, characters, the edges of a trie). Linear probing,
 * at most half full: a question costs one cache line most of the time. Private to text.
 */
#ifndef IFT_U64MAP_H
#define IFT_U64MAP_H

#include <stddef.h>
#include <stdint.h>

#define IFT_U64MAP_NONE UINT64_MAX /* never a key; as a value: not there */

struct ift_u64map_slot {
    uint64_t key, value;
};

/* A zeroed struct is an empty map. */
struct ift_u64map {
    struct ift_u64map_slot *slot;
    size_t mask, n; /* mask: slots - 1 */
};

/* Room for so many keys at once. */
void ift_u64map_reserve(struct ift_u64map *m, size_t keys);
/* Sets or replaces. */
void ift_u64map_put(struct ift_u64map *m, uint64_t key, uint64_t value);
/* The same for many, whose places are brought near ahead of them. */
void ift_u64map_put_all(struct ift_u64map *m, const struct ift_u64map_slot *list, size_t n);
void ift_u64map_release(struct ift_u64map *m);

static inline uint64_t ift_u64map_mix(uint64_t key) {
    key *= 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

/* The value or IFT_U64MAP_NONE. */
static inline uint64_t ift_u64map_get(const struct ift_u64map *m, uint64_t key) {
    if (!m->slot) return IFT_U64MAP_NONE;
    for (size_t i = ift_u64map_mix(key) & m->mask;; i = (i + 1) & m->mask) {
        const struct ift_u64map_slot s = m->slot[i];
        if (s.key == key) return s.value;
        if (s.key == IFT_U64MAP_NONE) return IFT_U64MAP_NONE;
    }
}

#endif
