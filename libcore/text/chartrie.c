#include "libcore/text/chartrie.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

enum { FEWEST_SLOTS = 64 };

/* The slot of an edge, or the empty one where it belongs. */
static struct ift_chartrie_slot *find(const struct ift_chartrie *t, uint32_t parent,
                                      uint32_t character) {
    size_t i = ift_chartrie_hash(parent, character);
    for (;; i++) {
        struct ift_chartrie_slot *const s = &t->slot[i & t->mask];
        if (s->node == 0 || (s->parent == parent && s->character == character)) return s;
    }
}

static void resize(struct ift_chartrie *t, size_t slots) {
    struct ift_chartrie_slot *const old = t->slot;
    const size_t nold = old ? t->mask + 1 : 0;
    t->slot = memset(ift_alloc_table(slots, sizeof *t->slot), 0, slots * sizeof *t->slot);
    t->mask = slots - 1;
    for (size_t i = 0; i < nold; i++)
        if (old[i].node != 0) *find(t, old[i].parent, old[i].character) = old[i];
    free(old);
}

void ift_chartrie_reserve(struct ift_chartrie *t, size_t strings) {
    size_t slots = FEWEST_SLOTS;
    while (slots < 4 * strings) slots *= 2;
    if (!t->slot || slots > t->mask + 1) resize(t, slots);
}

void ift_chartrie_add(struct ift_chartrie *t, const char *p, size_t n, int32_t value) {
    uint32_t node = 0;
    for (size_t i = 0, len; i < n; i += len) {
        const uint32_t character = ift_char_load(p + i, n - i, &len);
        if (!t->slot || 3 * (t->nodes + 1) > 2 * (t->mask + 1))
            resize(t, t->slot ? 2 * (t->mask + 1) : FEWEST_SLOTS);
        struct ift_chartrie_slot *const s = find(t, node, character);
        if (s->node == 0) *s = (struct ift_chartrie_slot){node, character, ++t->nodes, -1};
        if (i + len == n) s->value = value;
        node = s->node;
    }
}

void ift_chartrie_release(struct ift_chartrie *t) {
    free(t->slot);
    *t = (struct ift_chartrie){0};
}
