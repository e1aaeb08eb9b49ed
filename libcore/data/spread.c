#include "libcore/data/spread.h"

#include <stdlib.h>

#include "libcore/base/mem.h"

static struct ift_spread_slot *find(const struct ift_spread *s, uint64_t value) {
    size_t i = (value * 0x9e3779b97f4a7c15u >> 32) & (s->slots - 1);
    while (s->slot[i].count && s->slot[i].value != value) i = (i + 1) & (s->slots - 1);
    return &s->slot[i];
}

/* Room for `more` values beside those there are. */
static void reserve(struct ift_spread *s, size_t more) {
    const struct ift_spread old = *s;
    size_t slots = old.slots ? old.slots : 16;
    while (4 * (old.used + more) > 3 * slots) slots *= 2;
    if (slots == old.slots) return;
    s->slots = slots;
    s->slot = ift_alloc0(slots, sizeof *s->slot);
    for (size_t i = 0; i < old.slots; i++) {
        if (old.slot[i].count) *find(s, old.slot[i].value) = old.slot[i];
    }
    free(old.slot);
}

static void add(struct ift_spread *s, uint64_t value, uint64_t times) {
    struct ift_spread_slot *const slot = find(s, value);
    s->used += slot->count == 0;
    slot->value = value;
    slot->count += times;
    s->n += times;
    s->sum += times * value;
}

void ift_spread_add(struct ift_spread *s, uint64_t value) {
    reserve(s, 1);
    add(s, value, 1);
}

void ift_spread_merge(struct ift_spread *into, const struct ift_spread *from) {
    reserve(into, from->used); /* at once: in the order of slots, a table that is too small fills
                                  up from one end */
    for (size_t i = 0; i < from->slots; i++) {
        if (from->slot[i].count) add(into, from->slot[i].value, from->slot[i].count);
    }
}

void ift_spread_release(struct ift_spread *s) {
    free(s->slot);
    *s = (struct ift_spread){0};
}

static int by_value(const void *a, const void *b) {
    const struct ift_spread_slot *const x = a, *const y = b;
    return (x->value > y->value) - (x->value < y->value);
}

struct ift_spread_summary ift_spread_summary(const struct ift_spread *s) {
    struct ift_spread_summary sum = {.n = s->n, .sum = s->sum};
    struct ift_spread_slot *const list = ift_alloc(s->used * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < s->slots; i++) {
        if (s->slot[i].count) list[n++] = s->slot[i];
    }
    if (n) qsort(list, n, sizeof *list, by_value);
    const struct {
        unsigned percent;
        uint64_t *value;
    } want[] = {{50, &sum.median}, {90, &sum.p90}, {99, &sum.p99}, {100, &sum.max}};
    uint64_t rank = 0; /* of the last of list[i] */
    for (size_t i = 0, k = 0; i < n; i++) {
        rank += list[i].count;
        for (; k < 4 && rank * 100 >= s->n * want[k].percent; k++) *want[k].value = list[i].value;
    }
    free(list);
    return sum;
}

double ift_spread_mean(const struct ift_spread_summary *s) {
    return s->n ? (double)s->sum / (double)s->n : 0;
}
