#include "libcore/text/chartrie.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/text/joins.h"

enum { FEWEST_SLOTS = 64, AHEAD = 8 };

/* The slot of an edge, or the empty one where it belongs. */
static struct ift_chartrie_slot *find(const struct ift_chartrie *t, uint32_t parent,
                                      uint32_t character, size_t hash) {
    for (size_t i = hash;; i++) {
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
        if (old[i].node != 0)
            *find(t, old[i].parent, old[i].character,
                  ift_chartrie_hash(old[i].parent, old[i].character)) = old[i];
    free(old);
}

void ift_chartrie_reserve(struct ift_chartrie *t, size_t strings) {
    size_t slots = FEWEST_SLOTS;
    while (slots < 4 * strings) slots *= 2;
    if (!t->slot || slots > t->mask + 1) resize(t, slots);
}

/* The edge from a node, made when it is new; valid until the next one is made. */
static struct ift_chartrie_slot *edge(struct ift_chartrie *t, uint32_t parent, uint32_t character,
                                      size_t hash) {
    if (!t->slot || 3 * ((size_t)t->nodes + 1) > 2 * (t->mask + 1))
        resize(t, t->slot ? 2 * (t->mask + 1) : FEWEST_SLOTS);
    struct ift_chartrie_slot *const s = find(t, parent, character, hash);
    if (s->node == 0) *s = (struct ift_chartrie_slot){parent, character, ++t->nodes, -1};
    return s;
}

void ift_chartrie_add(struct ift_chartrie *t, const char *p, size_t n, int32_t value) {
    struct ift_chartrie_slot *s = NULL;
    for (size_t i = 0, len; i < n; i += len) {
        const uint32_t character = ift_char_load(p + i, n - i, &len);
        const uint32_t parent = s ? s->node : 0;
        s = edge(t, parent, character, ift_chartrie_hash(parent, character));
    }
    s->value = value;
}

/* The next character of a string, whose edge is on its way from memory. */
struct step {
    size_t hash, len;
    uint32_t character;
};

static struct step look_ahead(const struct ift_chartrie *t,
                              const struct ift_chartrie_string *string) {
    struct step s;
    s.character = ift_char_load(string->text.p, string->text.n, &s.len);
    s.hash = ift_chartrie_hash(string->node, s.character);
    __builtin_prefetch(&t->slot[s.hash & t->mask], 1);
    return s;
}

void ift_chartrie_fill(struct ift_chartrie *t, struct ift_chartrie_string *list, size_t n) {
    struct step ahead[AHEAD];
    ift_chartrie_reserve(t, n);
    for (size_t left = n; n > 0; n = left) {
        left = 0;
        for (size_t i = 0; i < n && i < AHEAD; i++) ahead[i] = look_ahead(t, &list[i]);
        for (size_t i = 0; i < n; i++) {
            struct ift_chartrie_string string = list[i];
            const struct step step = ahead[i % AHEAD];
            struct ift_chartrie_slot *const s = edge(t, string.node, step.character, step.hash);
            if (i + AHEAD < n) ahead[i % AHEAD] = look_ahead(t, &list[i + AHEAD]);
            if (step.len == string.text.n) s->value = string.value;
            string.text = (struct ift_slice){string.text.p + step.len, string.text.n - step.len};
            string.node = s->node;
            if (string.text.n > 0) list[left++] = string;
        }
    }
}

void ift_chartrie_release(struct ift_chartrie *t) {
    free(t->slot);
    *t = (struct ift_chartrie){0};
}
