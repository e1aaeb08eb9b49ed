#include "libcore/text/wordcache.h"

#include <stdlib.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"

enum { FIRST_SLOTS = 1 << 12, MORE_MUST_PAY = 1 << 15, MOST_SLOTS = 1 << 20 };

_Static_assert(sizeof(struct ift_wordcache_slot) == 32, "two slots a cache line");

uint64_t ift_wordcache_hash_long(const char *p, size_t n) {
    return ift_hash(p, n);
}

static uint64_t slot_hash(const struct ift_wordcache_slot *s) {
    const size_t n = s->n & ~IFT_WORDCACHE_KIND;
    if (n > IFT_WORDCACHE_SHORT) return s->word[0];
    return ift_wordcache_key((const char *)s->word, n, s->n & IFT_WORDCACHE_KIND).hash;
}

static struct ift_wordcache_slot *empty_slot(struct ift_wordcache *c, uint64_t hash) {
    size_t i = hash & c->mask;
    while (c->slot[i].n != 0) i = (i + 1) & c->mask;
    return &c->slot[i];
}

/* Asked when half of the slots are taken: whether two of three words were known. */
static bool growth_pays(const struct ift_wordcache *c) {
    const size_t slots = c->mask + 1;
    return slots < MORE_MUST_PAY || (slots < MOST_SLOTS && c->asked > 3 * (slots / 4));
}

static void empty(struct ift_wordcache *c) {
    memset(c->slot, 0, (c->mask + 1) * sizeof *c->slot);
    ift_str_clear(&c->words);
    c->ntokens = c->used = 0;
}

static void resize(struct ift_wordcache *c) {
    struct ift_wordcache_slot *const old = c->slot;
    const size_t nold = old ? c->mask + 1 : 0;
    const size_t size = nold ? 2 * nold : FIRST_SLOTS;
    c->slot = memset(ift_alloc_table(size, sizeof *c->slot), 0, size * sizeof *c->slot);
    c->mask = size - 1;
    c->asked = 0;
    for (size_t k = 0; k < nold; k++)
        if (old[k].n != 0) *empty_slot(c, slot_hash(&old[k])) = old[k];
    free(old);
}

void ift_wordcache_put(struct ift_wordcache *c, const struct ift_wordcache_key *key, const char *p,
                       const struct ift_bpe_symbol *token, size_t ntokens, unsigned sure) {
    const size_t n = key->n & ~IFT_WORDCACHE_KIND;
    if (!c->slot)
        resize(c);
    else if (2 * (c->used + 1) > c->mask + 1)
        growth_pays(c) ? resize(c) : empty(c);
    struct ift_wordcache_slot *const s = empty_slot(c, key->hash);
    *s = (struct ift_wordcache_slot){.word = {key->word[0], key->word[1]}, .n = key->n};
    if (n > IFT_WORDCACHE_SHORT) {
        s->word[1] = c->words.n;
        ift_str_add(&c->words, p, n);
    }
    s->sure = (uint8_t)(sure & 63);
    if (ntokens <= IFT_WORDCACHE_FEW) {
        s->ntokens = (uint8_t)(ntokens & 3);
        for (size_t i = 0; i < ntokens; i++) s->id[i] = token[i].id;
        for (size_t i = 1; i < ntokens; i++) s->from[i - 1] = (uint8_t)token[i].from;
    } else {
        s->id[0] = (uint32_t)c->ntokens;
        s->id[1] = (uint32_t)ntokens;
        c->token = ift_grow(c->token, c->ntokens + ntokens, &c->cap, sizeof *c->token);
        memcpy(c->token + c->ntokens, token, ntokens * sizeof *token);
        c->ntokens += ntokens;
    }
    if (++c->used == (c->mask + 1) / 4) c->asked = 0;
}

void ift_wordcache_release(struct ift_wordcache *c) {
    free(c->slot);
    free(c->token);
    ift_str_release(&c->words);
    *c = (struct ift_wordcache){0};
}
