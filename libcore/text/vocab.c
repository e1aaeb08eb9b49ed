#include "libcore/text/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"

void ift_vocab_add(struct ift_vocab *v, const char *p, size_t n, enum ift_piece_kind kind) {
    v->at = ift_grow(v->at, v->n + 2, &v->cap_at, sizeof *v->at);
    v->kind = ift_grow(v->kind, v->n + 1, &v->cap_kind, sizeof *v->kind);
    v->found = ift_grow(v->found, v->n + 1, &v->cap_found, sizeof *v->found);
    v->found[v->n] = false;
    v->at[v->n] = v->bytes.n;
    v->kind[v->n] = (uint8_t)kind;
    ift_str_add(&v->bytes, p, n);
    v->at[++v->n] = v->bytes.n;
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
        if (s.n == n && memcmp(s.p, p, n) == 0) return slot;
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
    while (slots < 2 * pieces) slots *= 2;
    if (!v->slot || slots > v->mask + 1) resize(v, slots);
    v->at = ift_grow(v->at, pieces + 1, &v->cap_at, sizeof *v->at);
    v->kind = ift_grow(v->kind, pieces, &v->cap_kind, sizeof *v->kind);
    v->found = ift_grow(v->found, pieces, &v->cap_found, sizeof *v->found);
}

bool ift_vocab_index(struct ift_vocab *v, uint32_t id) {
    if (!v->slot || 2 * (v->indexed + 1) > v->mask + 1)
        resize(v, v->slot ? 2 * (v->mask + 1) : FEWEST_SLOTS);
    const struct ift_slice s = ift_vocab_piece(v, id);
    const uint32_t hash = hash_of(s.p, s.n);
    struct ift_vocab_slot *const slot = find_slot(v, hash, s.p, s.n);
    v->found[id] = slot->place == 0 || slot->place == id + 1;
    if (slot->place != 0) return v->found[id];
    *slot = (struct ift_vocab_slot){hash, id + 1};
    v->indexed++;
    return true;
}

void ift_vocab_fetch(const struct ift_vocab *v, const char *p, size_t n) {
    if (v->slot) __builtin_prefetch(&v->slot[hash_of(p, n) & v->mask]);
}

int64_t ift_vocab_index_all(struct ift_vocab *v) {
    int64_t lost = -1;
    ift_vocab_reserve(v, v->n);
    for (size_t id = 0; id < v->n; id++) {
        const size_t ahead = id + AHEAD < v->n ? id + AHEAD : id;
        const struct ift_slice s = ift_vocab_piece(v, (uint32_t)ahead);
        if (v->found[ahead]) ift_vocab_fetch(v, s.p, s.n);
        if (v->found[id] && !ift_vocab_index(v, (uint32_t)id)) lost = (int64_t)id;
    }
    return lost;
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
        const char head[5] = {text                     ? 't'
                              : kind == IFT_PIECE_BYTE ? 'b'
                                                       : 'c',
                              (char)s.n, (char)(s.n >> 8), (char)(s.n >> 16), (char)(s.n >> 24)};
        ift_str_add(&block, head, sizeof head);
        ift_str_add(&block, s.p, s.n);
        if (block.n < DIGEST_BLOCK && i + 1 < v->n) continue;
        ift_hasher_add(h, block.p, block.n);
        ift_str_clear(&block);
    }
    const uint64_t digest = ift_hasher_value(h);
    ift_hasher_free(h);
    ift_str_release(&block);
    return digest;
}
