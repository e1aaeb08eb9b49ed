#include "libcore/text/wordcache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"

enum { FIRST_SLOTS = 1 << 12, MOST_SLOTS = 1 << 18 };

static uint64_t load64(const char *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

static uint64_t load32(const char *p) {
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}

/* Up to 16 bytes as two numbers. Loads overlap; together with n they still tell all words apart. */
static void short_key(const char *p, size_t n, uint64_t key[2]) {
    if (n >= 8) {
        key[0] = load64(p);
        key[1] = load64(p + n - 8);
    } else if (n >= 4) {
        key[0] = load32(p) | load32(p + n - 4) << 32;
        key[1] = 0;
    } else {
        const unsigned char *const b = (const unsigned char *)p;
        key[0] = b[0] | (uint64_t)b[n / 2] << 8 | (uint64_t)b[n - 1] << 16;
        key[1] = 0;
    }
}

static size_t place(uint64_t key0, uint64_t key1, uint32_t n) {
    uint64_t h = (key0 + n) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 32 ^ key1) * 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

static bool same(const struct ift_wordcache *c, const struct ift_wordcache_slot *s,
                 const uint64_t key[2], const char *p, size_t n) {
    if (s->n != n || s->key0 != key[0]) return false;
    return n <= 16 ? s->key1 == key[1] : memcmp(c->words.p + s->key1, p, n) == 0;
}

struct ift_wordcache_slot *ift_wordcache_find(struct ift_wordcache *c, const char *p, size_t n) {
    if (!c->slot) {
        c->slot = ift_alloc0(FIRST_SLOTS, sizeof *c->slot);
        c->mask = FIRST_SLOTS - 1;
    }
    uint64_t key[2] = {0, 0};
    if (n <= 16)
        short_key(p, n, key);
    else
        key[0] = ift_hash(p, n);
    size_t i = place(key[0], n <= 16 ? key[1] : 0, (uint32_t)n) & c->mask;
    while (c->slot[i].n != 0 && !same(c, &c->slot[i], key, p, n)) i = (i + 1) & c->mask;
    return &c->slot[i];
}

static void resize(struct ift_wordcache *c) {
    struct ift_wordcache_slot *const old = c->slot;
    const size_t nold = c->mask + 1;
    if (nold == MOST_SLOTS) {
        memset(old, 0, nold * sizeof *old);
        ift_str_clear(&c->words);
        c->ntokens = c->used = 0;
        return;
    }
    c->slot = ift_alloc0(4 * nold, sizeof *c->slot);
    c->mask = 4 * nold - 1;
    for (size_t k = 0; k < nold; k++) {
        if (old[k].n == 0) continue;
        size_t i = place(old[k].key0, old[k].n <= 16 ? old[k].key1 : 0, old[k].n) & c->mask;
        while (c->slot[i].n != 0) i = (i + 1) & c->mask;
        c->slot[i] = old[k];
    }
    free(old);
}

void ift_wordcache_put(struct ift_wordcache *c, struct ift_wordcache_slot *slot, const char *p,
                       size_t n, const struct ift_bpe_symbol *token, size_t ntokens) {
    if (2 * (c->used + 1) > c->mask + 1) {
        resize(c);
        slot = ift_wordcache_find(c, p, n);
    }
    uint64_t key[2] = {0, 0};
    if (n <= 16) {
        short_key(p, n, key);
    } else {
        key[0] = ift_hash(p, n);
        key[1] = c->words.n;
        ift_str_add(&c->words, p, n);
    }
    uint64_t value = c->ntokens;
    if (ntokens == 1) {
        value = token[0].id;
    } else {
        c->token = ift_grow(c->token, c->ntokens + ntokens, &c->cap, sizeof *c->token);
        memcpy(c->token + c->ntokens, token, ntokens * sizeof *token);
        c->ntokens += ntokens;
    }
    *slot = (struct ift_wordcache_slot){key[0], key[1], (uint32_t)n, (uint32_t)ntokens, value};
    c->used++;
}

void ift_wordcache_release(struct ift_wordcache *c) {
    free(c->slot);
    free(c->token);
    ift_str_release(&c->words);
    *c = (struct ift_wordcache){0};
}
