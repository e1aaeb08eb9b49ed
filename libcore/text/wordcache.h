/* wordcache.h: the words of a text repeat, so what a word became is remembered. A flat table, two
 * slots a cache line; a word of up to 16 bytes lies in its slot, so do up to three tokens; longer
 * words and rows of tokens lie in two arrays beside it. The table grows while that pays: one that
 * is full and as large as it may be, or in which few of the words asked for are found, as those of
 * random bytes, is emptied. Memory is bounded, and no answer depends on what was remembered. One
 * per thread. Private to text.
 *
 * Looking a word up is three steps, so that a caller with several words at hand can take each step
 * for all of them, and memory is waited for once:
 *
 *     key = ift_wordcache_key(p, n, kind);  ift_wordcache_fetch(&cache, &key);
 *     …other words…
 *     slot = ift_wordcache_find(&cache, &key, p);
 */
#ifndef IFT_WORDCACHE_H
#define IFT_WORDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcore/base/str.h"
#include "libcore/text/bpe.h"

enum {
    IFT_WORDCACHE_SHORT = 16,   /* words up to here are their own key */
    IFT_WORDCACHE_LONGEST = 64, /* longer words are not worth keeping */
    IFT_WORDCACHE_FEW = 3,      /* tokens that a slot holds */
};

struct ift_wordcache_slot {
    uint64_t word[2];               /* its bytes; of a long one: its hash, and where it lies */
    uint32_t id[IFT_WORDCACHE_FEW]; /* its tokens; when ntokens is 0: where they lie, how many */
    uint8_t n;                      /* bytes in the word, 0: an empty slot; and its kind */
    uint8_t ntokens : 2, sure : 6;  /* sure: what its scheme wants to know of it */
    uint8_t from[IFT_WORDCACHE_FEW - 1]; /* where the second and the third token begin */
};

struct ift_wordcache_key {
    uint64_t word[2], hash;
    uint8_t n;
};

/* A zeroed struct is an empty cache. */
struct ift_wordcache {
    struct ift_wordcache_slot *slot;
    size_t mask, used;
    size_t asked; /* words since the table was a quarter full; its owner counts them */
    struct ift_str words;
    struct ift_bpe_symbol *token;
    size_t ntokens, cap;
};

/* p[0, n), 1 <= n <= LONGEST. Reads 16 bytes, whatever n. Words of the two kinds are kept apart. */
static inline struct ift_wordcache_key ift_wordcache_key(const char *p, size_t n, bool kind);
static inline void ift_wordcache_fetch(const struct ift_wordcache *c,
                                       const struct ift_wordcache_key *key);
/* Its slot, or NULL when the word is new. */
static inline const struct ift_wordcache_slot *
ift_wordcache_find(const struct ift_wordcache *c, const struct ift_wordcache_key *key,
                   const char *p);
/* The same for most words, short ones with few tokens that lie where they are looked for first;
 * NULL: ask ift_wordcache_find. */
static inline const struct ift_wordcache_slot *
ift_wordcache_hit(const struct ift_wordcache *c, const struct ift_wordcache_key *key);
/* Remembers a word that is new. */
void ift_wordcache_put(struct ift_wordcache *c, const struct ift_wordcache_key *key, const char *p,
                       const struct ift_bpe_symbol *token, size_t ntokens, unsigned sure);
void ift_wordcache_release(struct ift_wordcache *c);

/* ---- the bodies of what is above ---- */

uint64_t ift_wordcache_hash_long(const char *p, size_t n);

static inline uint64_t ift_wordcache_mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

enum { IFT_WORDCACHE_KIND = 0x80 };

static inline struct ift_wordcache_key ift_wordcache_key(const char *p, size_t n, bool kind) {
    /* Ones where a word of n bytes has its bytes: read from 16 - n on. */
    static const unsigned char ones[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                           255, 255, 255, 255, 255, 255, 255, 255};
    struct ift_wordcache_key key = {.n = (uint8_t)(n | (kind ? IFT_WORDCACHE_KIND : 0))};
    if (n > IFT_WORDCACHE_SHORT) {
        key.word[0] = key.hash = ift_wordcache_hash_long(p, n);
        key.word[1] = UINT64_MAX; /* no place */
        return key;
    }
    uint64_t mask[2];
    memcpy(key.word, p, sizeof key.word);
    memcpy(mask, ones + IFT_WORDCACHE_SHORT - n, sizeof mask);
    key.word[0] &= mask[0];
    key.word[1] &= mask[1];
    key.hash = ift_wordcache_mix(key.word[0] ^ 0x9e3779b97f4a7c15u,
                                 key.word[1] ^ (0xd6e8feb86659fd93u + key.n));
    return key;
}

static inline void ift_wordcache_fetch(const struct ift_wordcache *c,
                                       const struct ift_wordcache_key *key) {
    if (c->slot) __builtin_prefetch(&c->slot[key->hash & c->mask]);
}

static inline const struct ift_wordcache_slot *
ift_wordcache_hit(const struct ift_wordcache *c, const struct ift_wordcache_key *key) {
    if (!c->slot) return NULL;
    const struct ift_wordcache_slot *const s = &c->slot[key->hash & c->mask];
    const uint64_t differ = (s->word[0] ^ key->word[0]) | (s->word[1] ^ key->word[1]);
    return (differ | (s->n ^ key->n)) == 0 && s->ntokens ? s : NULL;
}

static inline const struct ift_wordcache_slot *
ift_wordcache_find(const struct ift_wordcache *c, const struct ift_wordcache_key *key,
                   const char *p) {
    if (!c->slot) return NULL;
    const size_t n = key->n & ~IFT_WORDCACHE_KIND;
    for (size_t i = key->hash & c->mask;; i = (i + 1) & c->mask) {
        const struct ift_wordcache_slot *const s = &c->slot[i];
        if (s->n == key->n && s->word[0] == key->word[0]) {
            if (s->word[1] == key->word[1] && n <= IFT_WORDCACHE_SHORT) return s;
            if (n > IFT_WORDCACHE_SHORT && memcmp(c->words.p + s->word[1], p, n) == 0) return s;
        }
        if (s->n == 0) return NULL;
    }
}

#endif
