#include "libcore/text/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"

__attribute__((noinline)) static void grow(struct ift_vocab *v, size_t pieces) {
    v->found = ift_grow(v->found, pieces, &v->cap, sizeof *v->found);
    v->kind = ift_realloc(v->kind, v->cap, sizeof *v->kind);
    v->at = ift_realloc(v->at, v->cap + 1, sizeof *v->at);
}

void ift_vocab_add(struct ift_vocab *v, const char *p, size_t n, enum ift_piece_kind kind) {
    if (v->n == v->cap) grow(v, v->n + 1);
    v->found[v->n] = false;
    v->at[v->n] = (uint32_t)v->bytes.n;
    v->kind[v->n] = (uint8_t)kind;
    ift_str_add(&v->bytes, p, n);
    v->at[++v->n] = (uint32_t)v->bytes.n;
}

int ift_vocab_byte(struct ift_slice name) {
    static const char digits[] = "0123456789ABCDEF";
    if (name.n != 6 || memcmp(name.p, "<0x", 3) != 0 || name.p[5] != '>') return -1;
    const char *const high = memchr(digits, name.p[3], 16), *const low =
                                                                memchr(digits, name.p[4], 16);
    return high && low ? (int)((high - digits) << 4 | (low - digits)) : -1;
}

/* ---- the index ---- */

enum { FEWEST_SLOTS = 1024, SHORT = 16, AHEAD = 8, DIGEST_BLOCK = 1 << 16 };

/* Most pieces are short, and a call for each would cost more than the rest. */
static uint32_t hash_of(const char *p, size_t n) {
    if (n > SHORT || n == 0) return (uint32_t)ift_hash(p, n);
    uint64_t a = (unsigned char)p[0], b = (unsigned char)p[n - 1];
    if (n >= 8) {
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
    } else if (n >= 4) {
        uint32_t first, last;
        memcpy(&first, p, 4);
        memcpy(&last, p + n - 4, 4);
        a = first;
        b = last;
    } else {
        a |= (uint64_t)(unsigned char)p[n / 2] << 8;
    }
    const unsigned __int128 product =
        (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) * (b ^ (0xd6e8feb86659fd93u + n));
    return (uint32_t)((uint64_t)product ^ (uint64_t)(product >> 64));
}

/* The slot that holds these bytes, or the empty one where they belong. */
static struct ift_vocab_slot *find_slot(const struct ift_vocab *v, uint32_t hash, const char *p,
                                        size_t n) {
    for (size_t i = hash;; i++) {
        struct ift_vocab_slot *const slot = &v->slot[i & v->mask];
        if (slot->place == 0) return slot;
        if (slot->hash != hash) continue;
        const struct ift_slice s = ift_vocab_piece(v, slot->place - 1);
        if (s.n == n && ift_bytes_eq(s.p, p, n)) return slot;
    }
}

static void resize(struct ift_vocab *v, size_t slots) {
    struct ift_vocab_slot *const old = v->slot;
    const size_t nold = old ? v->mask + 1 : 0;
    v->slot = memset(ift_alloc_table(slots, sizeof *v->slot), 0, slots * sizeof *v->slot);
    v->mask = slots - 1;
    for (size_t i = 0; i < nold; i++) {
        if (old[i].place == 0) continue;
        size_t k = old[i].hash & v->mask;
        while (v->slot[k].place != 0) k = (k + 1) & v->mask;
        v->slot[k] = old[i];
    }
    free(old);
}

void ift_vocab_reserve(struct ift_vocab *v, size_t pieces) {
    size_t slots = FEWEST_SLOTS;
    while (2 * slots < 3 * pieces) slots *= 2;
    if (!v->slot || slots > v->mask + 1) resize(v, slots);
    if (pieces > v->cap) grow(v, pieces);
}

static bool index_hashed(struct ift_vocab *v, uint32_t id, uint32_t hash) {
    if (!v->slot || 3 * (v->indexed + 1) > 2 * (v->mask + 1))
        resize(v, v->slot ? 2 * (v->mask + 1) : FEWEST_SLOTS);
    const struct ift_slice s = ift_vocab_piece(v, id);
    struct ift_vocab_slot *const slot = find_slot(v, hash, s.p, s.n);
    v->found[id] = slot->place == 0 || slot->place == id + 1;
    if (slot->place != 0) return v->found[id];
    *slot = (struct ift_vocab_slot){hash, id + 1};
    v->indexed++;
    return true;
}

bool ift_vocab_index(struct ift_vocab *v, uint32_t id) {
    const struct ift_slice s = ift_vocab_piece(v, id);
    return index_hashed(v, id, hash_of(s.p, s.n));
}

/* The hash of a text, whose slot is on its way from memory then. */
static uint32_t fetch(const struct ift_vocab *v, struct ift_slice text) {
    const uint32_t hash = hash_of(text.p, text.n);
    if (v->slot) __builtin_prefetch(&v->slot[hash & v->mask]);
    return hash;
}

int64_t ift_vocab_index_all(struct ift_vocab *v) {
    int64_t lost = -1;
    uint32_t hash[AHEAD];
    ift_vocab_reserve(v, v->n);
    for (size_t i = 0; i < v->n + AHEAD; i++) {
        const size_t id = i - AHEAD;
        if (i >= AHEAD && v->found[id] && !index_hashed(v, (uint32_t)id, hash[id % AHEAD]))
            lost = (int64_t)id;
        if (i >= v->n || !v->found[i]) continue;
        hash[i % AHEAD] = fetch(v, ift_vocab_piece(v, (uint32_t)i));
    }
    return lost;
}

/* The first piece that may be these bytes by its hash, or -1. */
static int32_t guess(const struct ift_vocab *v, uint32_t hash) {
    for (size_t i = hash;; i++) {
        const struct ift_vocab_slot slot = v->slot[i & v->mask];
        if (slot.place == 0 || slot.hash == hash) return (int32_t)slot.place - 1;
    }
}

void ift_vocab_find_all(const struct ift_vocab *v, struct ift_vocab_query *query, size_t n) {
    for (size_t i = 0; i < n; i++) query[i].hash = fetch(v, query[i].text);
    for (size_t i = 0; i < n; i++) {
        query[i].id = v->slot ? guess(v, query[i].hash) : -1;
        if (query[i].id >= 0) __builtin_prefetch(&v->at[query[i].id]);
    }
    for (size_t i = 0; i < n; i++)
        if (query[i].id >= 0) __builtin_prefetch(v->bytes.p + v->at[query[i].id]);
    for (size_t i = 0; i < n; i++) {
        struct ift_vocab_query *const q = &query[i];
        if (q->id < 0) continue;
        const struct ift_slice s = ift_vocab_piece(v, (uint32_t)q->id);
        if (s.n != q->text.n || !ift_bytes_eq(s.p, q->text.p, s.n))
            q->id = (int32_t)find_slot(v, q->hash, q->text.p, q->text.n)->place - 1;
    }
}

int32_t ift_vocab_find(const struct ift_vocab *v, const char *p, size_t n) {
    return v->slot ? (int32_t)find_slot(v, hash_of(p, n), p, n)->place - 1 : -1;
}

void ift_vocab_release(struct ift_vocab *v) {
    ift_str_release(&v->bytes);
    free(v->at);
    free(v->kind);
    free(v->found);
    free(v->slot);
    *v = (struct ift_vocab){0};
}

uint64_t ift_vocab_digest(const struct ift_vocab *v) {
    struct ift_hasher *const h = ift_hasher_new();
    struct ift_str block = {0};
    for (uint32_t i = 0; i < v->n; i++) {
        const struct ift_slice s = ift_vocab_piece(v, i);
        const enum ift_piece_kind kind = v->kind[i];
        const bool text = kind == IFT_PIECE_NORMAL || kind == IFT_PIECE_USER;
        char *const to = ift_str_reserve(&block, s.n + 5);
        to[0] = text ? 't' : kind == IFT_PIECE_BYTE ? 'b' : 'c';
        for (int k = 0; k < 4; k++) to[1 + k] = (char)(s.n >> (8 * k));
        if (s.n > 0) memcpy(to + 5, s.p, s.n);
        block.n += s.n + 5;
        if (block.n < DIGEST_BLOCK && i + 1 < v->n) continue;
        ift_hasher_add(h, block.p, block.n);
        ift_str_clear(&block);
    }
    const uint64_t digest = ift_hasher_value(h);
    ift_hasher_free(h);
    ift_str_release(&block);
    return digest;
}
