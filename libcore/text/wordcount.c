#include "libcore/text/wordcount.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"

/* The word's place, or the empty one where it belongs. */
static struct ift_counted *place(const struct ift_wordcount *w, struct ift_slice word,
                                 uint64_t hash) {
    for (size_t i = hash & w->mask;; i = (i + 1) & w->mask) {
        struct ift_counted *const s = &w->slot[i];
        if (!s->word.p || (s->hash == hash && ift_slice_eq(s->word, word))) return s;
    }
}

static void grow(struct ift_wordcount *w) {
    const struct ift_wordcount old = *w;
    const size_t slots = old.slot ? 2 * (old.mask + 1) : 1024;
    w->slot = ift_alloc0(slots, sizeof *w->slot);
    w->mask = slots - 1;
    for (size_t i = 0; old.slot && i <= old.mask; i++)
        if (old.slot[i].word.p) *place(w, old.slot[i].word, old.slot[i].hash) = old.slot[i];
    free(old.slot);
}

static void add(struct ift_wordcount *w, struct ift_slice word, uint64_t hash, uint64_t times) {
    if (!w->slot || w->n > w->mask / 2) grow(w);
    struct ift_counted *const s = place(w, word, hash);
    if (!s->word.p) {
        s->word = (struct ift_slice){ift_arena_strndup(&w->arena, word.p, word.n), word.n};
        s->hash = hash;
        w->n++;
    }
    s->count += times;
}

void ift_wordcount_add(struct ift_wordcount *w, struct ift_slice word, uint64_t times) {
    add(w, word, ift_hash(word.p, word.n), times);
}

void ift_wordcount_join(struct ift_wordcount *w, const struct ift_wordcount *from) {
    for (size_t i = 0; from->slot && i <= from->mask; i++) {
        const struct ift_counted *const s = &from->slot[i];
        if (s->word.p) add(w, s->word, s->hash, s->count);
    }
}

static int by_bytes(const void *a, const void *b) {
    const struct ift_slice x = ((const struct ift_counted *)a)->word,
                           y = ((const struct ift_counted *)b)->word;
    const int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order != 0 ? order : (x.n > y.n) - (x.n < y.n);
}

struct ift_counted *ift_wordcount_sorted(const struct ift_wordcount *w) {
    struct ift_counted *const list = ift_alloc0(w->n, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; w->slot && i <= w->mask; i++)
        if (w->slot[i].word.p) list[n++] = w->slot[i];
    qsort(list, n, sizeof *list, by_bytes);
    return list;
}

void ift_wordcount_release(struct ift_wordcount *w) {
    ift_arena_release(&w->arena);
    free(w->slot);
    *w = (struct ift_wordcount){0};
}
