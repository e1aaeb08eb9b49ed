/* wordcount.h: how often each word occurs, a word being any bytes: what a vocabulary is learned
 * from. Private to text.
 */
#ifndef IFT_WORDCOUNT_H
#define IFT_WORDCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"

struct ift_counted {
    struct ift_slice word; /* p NULL: an empty place of the table */
    uint64_t hash, count;
};

/* A zeroed struct has no words. */
struct ift_wordcount {
    struct ift_arena arena;
    struct ift_counted *slot;
    size_t mask, n; /* mask: slots - 1; n: different words */
};

void ift_wordcount_add(struct ift_wordcount *w, struct ift_slice word, uint64_t times);
/* All of `from` to w. */
void ift_wordcount_join(struct ift_wordcount *w, const struct ift_wordcount *from);
/* The words in the order of their bytes, whatever the order they came in: an array of w->n, the
 * caller's to free; the words stay w's. */
struct ift_counted *ift_wordcount_sorted(const struct ift_wordcount *w);
void ift_wordcount_release(struct ift_wordcount *w);

#endif
