#include "libcore/text/u64map.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

enum { FEWEST_SLOTS = 64, AHEAD = 16 };

static void resize(struct ift_u64map *m, size_t slots) {
    struct ift_u64map_slot *const old = m->slot;
    const size_t nold = old ? m->mask + 1 : 0;
    m->slot = ift_alloc_table(slots, sizeof *m->slot);
    memset(m->slot, 0xff, slots * sizeof *m->slot); /* every key IFT_U64MAP_NONE */
    m->mask = slots - 1;
    m->n = 0;
    for (size_t i = 0; i < nold; i++)
        if (old[i].key != IFT_U64MAP_NONE) ift_u64map_put(m, old[i].key, old[i].value);
    free(old);
}

void ift_u64map_reserve(struct ift_u64map *m, size_t keys) {
    size_t slots = FEWEST_SLOTS;
    while (slots < 2 * keys) slots *= 2;
    if (!m->slot || slots > m->mask + 1) resize(m, slots);
}

void ift_u64map_put(struct ift_u64map *m, uint64_t key, uint64_t value) {
    if (!m->slot || 2 * (m->n + 1) > m->mask + 1)
        resize(m, m->slot ? 2 * (m->mask + 1) : FEWEST_SLOTS);
    size_t i = ift_u64map_mix(key) & m->mask;
    while (m->slot[i].key != key && m->slot[i].key != IFT_U64MAP_NONE) i = (i + 1) & m->mask;
    if (m->slot[i].key != key) m->n++;
    m->slot[i] = (struct ift_u64map_slot){key, value};
}

void ift_u64map_put_all(struct ift_u64map *m, const struct ift_u64map_slot *list, size_t n) {
    while (n > 0 && (!m->slot || 2 * (m->n + n) > m->mask + 1))
        resize(m, m->slot ? 2 * (m->mask + 1) : FEWEST_SLOTS);
    for (size_t i = 0; i < n; i++) {
        const size_t ahead = i + AHEAD < n ? i + AHEAD : i;
        __builtin_prefetch(&m->slot[ift_u64map_mix(list[ahead].key) & m->mask], 1);
        ift_u64map_put(m, list[i].key, list[i].value);
    }
}

void ift_u64map_release(struct ift_u64map *m) {
    free(m->slot);
    *m = (struct ift_u64map){0};
}
