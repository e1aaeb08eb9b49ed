#include "libcore/text/chartrie.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

enum { FEWEST_SLOTS = 64, AHEAD = 8 };

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

/* The edge from a node, made when it is new; valid until the next one is made. */
static struct ift_chartrie_slot *edge(struct ift_chartrie *t, uint32_t parent, uint32_t character) {
    if (!t->slot || 3 * ((size_t)t->nodes + 1) > 2 * (t->mask + 1))
        resize(t, t->slot ? 2 * (t->mask + 1) : FEWEST_SLOTS);
    struct ift_chartrie_slot *const s = find(t, parent, character);
    if (s->node == 0) *s = (struct ift_chartrie_slot){parent, character, ++t->nodes, -1};
    return s;
}

void ift_chartrie_add(struct ift_chartrie *t, const char *p, size_t n, int32_t value) {
    struct ift_chartrie_slot *s = NULL;
    for (size_t i = 0, len; i < n; i += len) {
        const uint32_t character = ift_char_load(p + i, n - i, &len);
        s = edge(t, s ? s->node : 0, character);
    }
    s->value = value;
}

void ift_chartrie_fill(struct ift_chartrie *t, struct ift_chartrie_string *list, size_t n) {
    ift_chartrie_reserve(t, n);
    for (size_t left = n; n > 0; n = left) {
        left = 0;
        for (size_t i = 0, len; i < n; i++) {
            const struct ift_chartrie_string *const ahead = &list[i + AHEAD < n ? i + AHEAD : i];
            const uint32_t next = ift_char_load(ahead->text.p, ahead->text.n, &len);
            __builtin_prefetch(&t->slot[ift_chartrie_hash(ahead->node, next) & t->mask], 1);
            struct ift_chartrie_string string = list[i];
            const uint32_t character = ift_char_load(string.text.p, string.text.n, &len);
            struct ift_chartrie_slot *const s = edge(t, string.node, character);
            if (len == string.text.n) s->value = string.value;
            string.text = (struct ift_slice){string.text.p + len, string.text.n - len};
            string.node = s->node;
            if (string.text.n > 0) list[left++] = string;
        }
    }
}

void ift_chartrie_release(struct ift_chartrie *t) {
    free(t->slot);
    *t = (struct ift_chartrie){0};
}
