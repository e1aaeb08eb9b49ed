#include "libcore/data/seen.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

/* Hashes are random enough to be places themselves. */
static void put(struct ift_seen *s, uint64_t hash) {
    size_t i = hash & (s->slots - 1);
    while (s->slot[i] && s->slot[i] != hash) i = (i + 1) & (s->slots - 1);
    s->n += s->slot[i] == 0;
    s->slot[i] = hash;
}

/* Room for `more` beside those there are. */
static void reserve(struct ift_seen *s, size_t more) {
    if (!more) return;
    const struct ift_seen old = *s;
    size_t slots = old.slots ? old.slots : 64;
    while (4 * (old.n + more) > 3 * slots) slots *= 2;
    if (slots == old.slots) return;
    s->slots = slots;
    s->slot = ift_alloc_table(slots, sizeof *s->slot);
    memset(s->slot, 0, slots * sizeof *s->slot);
    s->n = 0;
    for (size_t i = 0; i < old.slots; i++) {
        if (old.slot[i]) put(s, old.slot[i]);
    }
    free(old.slot);
}

static void flush(struct ift_seen *s) {
    reserve(s, s->queued);
    for (size_t i = 0; i < s->queued; i++) put(s, s->queue[i]);
    s->queued = 0;
}

void ift_seen_add(struct ift_seen *s, uint64_t hash) {
    hash += hash == 0;
    if (s->slots) __builtin_prefetch(&s->slot[hash & (s->slots - 1)], 1);
    s->queue[s->queued++] = hash;
    if (s->queued == IFT_SEEN_QUEUE) flush(s);
}

uint64_t ift_seen_count(struct ift_seen *s) {
    flush(s);
    return s->n;
}

void ift_seen_absorb(struct ift_seen *into, struct ift_seen *from) {
    flush(into);
    flush(from);
    if (into->n < from->n) { /* the fewer are added to the many */
        const struct ift_seen swap = *into;
        *into = *from;
        *from = swap;
    }
    reserve(into, from->n); /* at once: in the order of slots, a table that is too small fills up
                               from one end */
    for (size_t i = 0; i < from->slots; i++) {
        if (from->slot[i]) put(into, from->slot[i]);
    }
    ift_seen_release(from);
}

void ift_seen_release(struct ift_seen *s) {
    free(s->slot);
    *s = (struct ift_seen){0};
}
