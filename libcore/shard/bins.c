#include "libcore/shard/bins.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

#define NONE UINT32_MAX
enum { LEVELS = 5 }; /* 64^5 > IFT_ROW_LONGEST */

/* Open rows by how much room they have: a list for each number, and which lists are not empty as a
 * bitmap, with a bitmap of its words that are not zero above it, and so on. */
struct rooms {
    uint32_t *first; /* (capacity + 1) list heads */
    uint32_t *next;  /* (rows) */
    uint64_t *level[LEVELS];
    size_t words[LEVELS];
    int levels;
};

static void rooms_init(struct rooms *r, uint32_t capacity, size_t rows) {
    const size_t lists = (size_t)capacity + 1;
    *r = (struct rooms){.first = ift_alloc(lists * sizeof *r->first),
                        .next = ift_alloc(rows * sizeof *r->next)};
    memset(r->first, 0xff, lists * sizeof *r->first);
    for (size_t bits = lists; r->levels == 0 || bits > 1; bits = r->words[r->levels++]) {
        r->words[r->levels] = (bits + 63) / 64;
        r->level[r->levels] = ift_alloc0(r->words[r->levels], sizeof **r->level);
    }
}

static void rooms_release(struct rooms *r) {
    free(r->first);
    free(r->next);
    for (int l = 0; l < r->levels; l++) free(r->level[l]);
}

static void rooms_push(struct rooms *r, uint32_t room, uint32_t row) {
    r->next[row] = r->first[room];
    r->first[room] = row;
    size_t i = room;
    for (int l = 0; l < r->levels; l++, i /= 64) r->level[l][i / 64] |= (uint64_t)1 << i % 64;
}

static uint32_t rooms_pop(struct rooms *r, uint32_t room) {
    const uint32_t row = r->first[room];
    r->first[room] = r->next[row];
    size_t i = room;
    bool empty = r->first[room] == NONE;
    for (int l = 0; empty && l < r->levels; l++, i /= 64) {
        r->level[l][i / 64] &= ~((uint64_t)1 << i % 64);
        empty = r->level[l][i / 64] == 0;
    }
    return row;
}

/* The least room >= least that some row has, or NONE: up the bitmaps to the first with a bit
 * behind, and down again. */
static uint32_t rooms_find(const struct rooms *r, uint32_t least) {
    size_t i = least;
    for (int l = 0; l < r->levels && i / 64 < r->words[l]; l++, i = i / 64 + 1) {
        const uint64_t word = r->level[l][i / 64] & ~(uint64_t)0 << i % 64;
        if (word == 0) continue;
        i = i / 64 * 64 + (size_t)__builtin_ctzll(word);
        while (l-- > 0) i = i * 64 + (size_t)__builtin_ctzll(r->level[l][i]);
        return (uint32_t)i;
    }
    return NONE;
}

/* Documents from the longest to the shortest, equals in order. */
static uint32_t *by_length(const uint32_t *length, size_t n, uint32_t capacity) {
    uint32_t *const at = ift_alloc0((size_t)capacity + 2, sizeof *at), *const order = ift_alloc(
                                                                           n * sizeof *order);
    for (size_t i = 0; i < n; i++) at[length[i]]++;
    uint32_t before = 0;
    for (size_t l = (size_t)capacity + 1; l-- > 0;) {
        const uint32_t count = at[l];
        at[l] = before;
        before += count;
    }
    for (size_t i = 0; i < n; i++) order[at[length[i]]++] = (uint32_t)i;
    free(at);
    return order;
}

size_t ift_bins_pack(const uint32_t *length, size_t n, uint32_t capacity, uint32_t *bin) {
    struct rooms rooms;
    size_t rows = 0;
    if (n == 0) return 0;
    uint32_t *const order = by_length(length, n, capacity);
    rooms_init(&rooms, capacity, n);
    for (size_t k = 0; k < n; k++) {
        const uint32_t i = order[k], found = rooms_find(&rooms, length[i]);
        const uint32_t row = found == NONE ? (uint32_t)rows++ : rooms_pop(&rooms, found);
        bin[i] = row;
        rooms_push(&rooms, (found == NONE ? capacity : found) - length[i], row);
    }
    rooms_release(&rooms);
    free(order);
    return rows;
}
