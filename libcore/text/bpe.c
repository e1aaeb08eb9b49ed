#include "libcore/text/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

#define NONE IFT_U64MAP_NONE
enum { BLOCK = 256 };          /* pairs that are put at once */
enum { SHORT = 32, NIL = -1 }; /* up to SHORT symbols, looking at every pair beats any cleverness */

void ift_bpe_reserve(struct ift_bpe *b, size_t pairs) {
    ift_u64map_reserve(&b->pair, pairs);
}

static void flush(struct ift_bpe *b) {
    if (!b->may) b->may = ift_alloc0(((size_t)1 << IFT_BPE_LOG2_BITS) / 64, sizeof *b->may);
    for (size_t i = 0; i < b->nadded; i++) {
        const size_t bit = ift_bpe_bit(b->added[i].key);
        b->may[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
    ift_u64map_put_all(&b->pair, b->added, b->nadded);
    b->nadded = 0;
}

void ift_bpe_add(struct ift_bpe *b, uint32_t left, uint32_t right, uint32_t rank, uint32_t merged) {
    if (!b->added) b->added = ift_alloc(BLOCK * sizeof *b->added);
    if (b->nadded == BLOCK) flush(b);
    b->added[b->nadded++] =
        (struct ift_u64map_slot){(uint64_t)left << 32 | right, (uint64_t)rank << 32 | merged};
}

void ift_bpe_settle(struct ift_bpe *b) {
    flush(b);
    free(b->added);
    b->added = NULL;
}

void ift_bpe_release(struct ift_bpe *b) {
    ift_u64map_release(&b->pair);
    free(b->may);
    free(b->added);
}

void ift_bpe_grow(struct ift_bpe_work *w) {
    w->symbol = ift_grow(w->symbol, w->n + 1, &w->cap, sizeof *w->symbol);
}

void ift_bpe_work_release(struct ift_bpe_work *w) {
    free(w->symbol);
    free(w->link);
    free(w->heap);
    free(w->entry);
    *w = (struct ift_bpe_work){0};
}

static void merge_short(const struct ift_bpe *b, struct ift_bpe_work *w) {
    struct ift_bpe_symbol *const s = w->symbol;
    uint64_t value[SHORT];
    size_t n = w->n;
    for (size_t i = 0; i + 1 < n; i++) value[i] = ift_bpe_pair(b, s[i].id, s[i + 1].id);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (value[i] >> 32 < value[best] >> 32) best = i;
        if (value[best] == NONE) break;
        s[best].id = (uint32_t)value[best];
        n--;
        memmove(s + best + 1, s + best + 2, (n - best - 1) * sizeof *s);
        if (best + 1 < n) {
            memmove(value + best + 1, value + best + 2, (n - best - 2) * sizeof *value);
            value[best] = ift_bpe_pair(b, s[best].id, s[best + 1].id);
        }
        if (best > 0) value[best - 1] = ift_bpe_pair(b, s[best - 1].id, s[best].id);
    }
    w->n = n;
}

/* ---- long words: a linked list of symbols, and pairs in a queue by rank, then place. Pairs of a
 * rank mostly turn up from left to right, as in a run of one character, so the queue is one of
 * runs: ascending places of one rank, of which a 4-ary heap holds the first. A place that comes
 * before the end of its rank's run begins another. ---- */

static void sift_down(struct ift_bpe_head *heap, size_t n) {
    const struct ift_bpe_head x = heap[0];
    size_t i = 0;
    for (;;) {
        const size_t first = 4 * i + 1, last = first + 4 < n ? first + 4 : n;
        if (first >= n) break;
        size_t least = first;
        for (size_t c = first + 1; c < last; c++)
            if (heap[c].key < heap[least].key) least = c;
        if (heap[least].key >= x.key) break;
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = x;
}

static void push_head(struct ift_bpe_work *w, struct ift_bpe_head x) {
    w->heap = ift_grow(w->heap, w->nheap + 1, &w->cap_heap, sizeof *w->heap);
    size_t i = w->nheap++;
    for (; i > 0 && w->heap[(i - 1) / 4].key > x.key; i = (i - 1) / 4)
        w->heap[i] = w->heap[(i - 1) / 4];
    w->heap[i] = x;
}

static uint32_t new_entry(struct ift_bpe_work *w, uint32_t at) {
    uint32_t entry = w->unused;
    if (entry != (uint32_t)NIL) {
        w->unused = w->entry[entry].next;
    } else {
        w->entry = ift_grow(w->entry, w->nentry + 1, &w->cap_entry, sizeof *w->entry);
        entry = (uint32_t)w->nentry++;
    }
    w->entry[entry] = (struct ift_bpe_entry){at, (uint32_t)NIL};
    return entry;
}

static struct ift_bpe_run *run_of(struct ift_bpe_work *w, uint32_t rank) {
    return &w->run[rank % IFT_BPE_RUNS];
}

static void push(struct ift_bpe_work *w, uint32_t rank, uint32_t at) {
    struct ift_bpe_run *const run = run_of(w, rank);
    const uint32_t entry = new_entry(w, at);
    const bool goes_on =
        run->rank == rank && run->last != (uint32_t)NIL && w->entry[run->last].at < at;
    if (goes_on)
        w->entry[run->last].next = entry;
    else
        push_head(w, (struct ift_bpe_head){(uint64_t)rank << 32 | at, entry});
    *run = (struct ift_bpe_run){rank, entry};
}

static uint64_t pop(struct ift_bpe_work *w) {
    const struct ift_bpe_head top = w->heap[0];
    const uint32_t next = w->entry[top.entry].next;
    struct ift_bpe_run *const run = run_of(w, (uint32_t)(top.key >> 32));
    if (next != (uint32_t)NIL) {
        const uint64_t rank = top.key & 0xffffffff00000000u;
        w->heap[0] = (struct ift_bpe_head){rank | w->entry[next].at, next};
    } else {
        if (run->last == top.entry) run->last = (uint32_t)NIL;
        w->heap[0] = w->heap[--w->nheap];
    }
    if (w->nheap > 1) sift_down(w->heap, w->nheap);
    w->entry[top.entry].next = w->unused;
    w->unused = top.entry;
    return top.key;
}

static void set_value(const struct ift_bpe *b, struct ift_bpe_work *w, uint32_t i) {
    const uint32_t right = w->link[i].next;
    w->link[i].value =
        right == (uint32_t)NIL ? NONE : ift_bpe_pair(b, w->symbol[i].id, w->symbol[right].id);
}

static void push_pair(const struct ift_bpe *b, struct ift_bpe_work *w, uint32_t i) {
    set_value(b, w, i);
    if (w->link[i].value != NONE) push(w, (uint32_t)(w->link[i].value >> 32), i);
}

/* Whether the next to be merged is the pair behind i's, so that i's will be another before its turn
 * comes. */
static bool is_passing(const struct ift_bpe_work *w, uint32_t i) {
    const uint32_t right = w->link[i].next;
    const uint64_t next = w->heap[0].key;
    return (uint32_t)next == right && w->link[right].value >> 32 == next >> 32;
}

/* Room for a word of w->n symbols; what was there is of no use. */
static void make_room(struct ift_bpe_work *w) {
    if (w->n <= w->cap_link) return;
    free(w->link);
    free(w->entry);
    w->cap_link = w->cap_entry = w->n + w->n / 2;
    w->link = ift_alloc_table(w->cap_link, sizeof *w->link);
    w->entry = ift_alloc_table(w->cap_entry, sizeof *w->entry);
}

static void start_long(const struct ift_bpe *b, struct ift_bpe_work *w) {
    make_room(w);
    w->nheap = w->nentry = 0;
    w->unused = (uint32_t)NIL;
    for (size_t i = 0; i < IFT_BPE_RUNS; i++) w->run[i].last = (uint32_t)NIL;
    for (uint32_t i = 0; i < w->n; i++) {
        w->link[i].prev = i - 1; /* NIL for the first */
        w->link[i].next = i + 1 < w->n ? i + 1 : (uint32_t)NIL;
        push_pair(b, w, i);
    }
}

static void merge_long(const struct ift_bpe *b, struct ift_bpe_work *w) {
    start_long(b, w);
    for (uint64_t top = NONE; top != NONE || w->nheap > 0;) {
        if (top == NONE) top = pop(w);
        const uint32_t i = (uint32_t)top, rank = (uint32_t)(top >> 32);
        top = NONE;
        struct ift_bpe_link *const link = &w->link[i];
        /* Symbols only grow, so an entry whose rank is still that of the pair at its place is
         * current. */
        if (link->value == NONE || link->value >> 32 != rank) continue;
        const uint32_t gone = link->next, left = link->prev, right = w->link[gone].next;
        w->symbol[i].id = (uint32_t)link->value;
        w->link[gone].value = NONE;
        link->next = right;
        if (right != (uint32_t)NIL) w->link[right].prev = i;
        if (left != (uint32_t)NIL) push_pair(b, w, left);
        set_value(b, w, i);
        const uint64_t key = (link->value & 0xffffffff00000000u) | i;
        if (link->value == NONE) continue;
        if (w->nheap == 0 || key < w->heap[0].key)
            top = key; /* it would be the next to be taken */
        else if (!is_passing(w, i))
            push(w, (uint32_t)(link->value >> 32), i);
    }
    size_t n = 0;
    for (uint32_t i = 0; i != (uint32_t)NIL; i = w->link[i].next) w->symbol[n++] = w->symbol[i];
    w->n = n;
}

void ift_bpe_merge(const struct ift_bpe *b, struct ift_bpe_work *w) {
    if (w->n < 2) return;
    if (w->n <= SHORT)
        merge_short(b, w);
    else
        merge_long(b, w);
}
