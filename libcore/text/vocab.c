#include "libcore/text/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"

void ift_vocab_add(struct ift_vocab *v, const char *p, size_t n, enum ift_piece_kind kind) {
    v->at = ift_grow(v->at, v->n + 2, &v->cap_at, sizeof *v->at);
    v->kind = ift_grow(v->kind, v->n + 1, &v->cap_kind, sizeof *v->kind);
    v->at[v->n] = v->bytes.n;
    v->kind[v->n] = (uint8_t)kind;
    ift_str_add(&v->bytes, p, n);
    v->at[++v->n] = v->bytes.n;
}

/* The slot that holds these bytes, or the empty one where they belong. */
static size_t find_slot(const struct ift_vocab *v, const char *p, size_t n) {
    size_t i = ift_hash(p, n) & v->mask;
    for (; v->slot[i] != 0; i = (i + 1) & v->mask) {
        const struct ift_slice s = ift_vocab_piece(v, v->slot[i] - 1);
        if (s.n == n && memcmp(s.p, p, n) == 0) break;
    }
    return i;
}

static void grow_index(struct ift_vocab *v) {
    uint32_t *const old = v->slot;
    const size_t nold = old ? v->mask + 1 : 0, slots = nold ? 2 * nold : 1024;
    v->slot = ift_alloc0(slots, sizeof *v->slot);
    v->mask = slots - 1;
    for (size_t i = 0; i < nold; i++) {
        if (old[i] == 0) continue;
        const struct ift_slice s = ift_vocab_piece(v, old[i] - 1);
        v->slot[find_slot(v, s.p, s.n)] = old[i];
    }
    free(old);
}

bool ift_vocab_index(struct ift_vocab *v, uint32_t id) {
    if (!v->slot || 2 * (v->indexed + 1) > v->mask + 1) grow_index(v);
    const struct ift_slice s = ift_vocab_piece(v, id);
    uint32_t *const slot = &v->slot[find_slot(v, s.p, s.n)];
    if (*slot != 0) return false;
    *slot = id + 1;
    v->indexed++;
    return true;
}

int32_t ift_vocab_find(const struct ift_vocab *v, const char *p, size_t n) {
    return v->slot ? (int32_t)v->slot[find_slot(v, p, n)] - 1 : -1;
}

void ift_vocab_release(struct ift_vocab *v) {
    ift_str_release(&v->bytes);
    free(v->at);
    free(v->kind);
    free(v->slot);
    *v = (struct ift_vocab){0};
}

uint64_t ift_vocab_digest(const struct ift_vocab *v) {
    struct ift_hasher *const h = ift_hasher_new();
    for (uint32_t i = 0; i < v->n; i++) {
        const struct ift_slice s = ift_vocab_piece(v, i);
        const enum ift_piece_kind kind = v->kind[i];
        const bool text = kind == IFT_PIECE_NORMAL || kind == IFT_PIECE_USER;
        const unsigned char head[5] = {text                     ? 't'
                                       : kind == IFT_PIECE_BYTE ? 'b'
                                                                : 'c',
                                       s.n & 255, s.n >> 8 & 255, s.n >> 16 & 255, s.n >> 24 & 255};
        ift_hasher_add(h, head, sizeof head);
        ift_hasher_add(h, s.p, s.n);
    }
    const uint64_t digest = ift_hasher_value(h);
    ift_hasher_free(h);
    return digest;
}
