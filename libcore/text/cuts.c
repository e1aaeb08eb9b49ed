#include "libcore/text/cuts.h"

#include <stdlib.h>

#include "libcore/base/mem.h"

enum { BLOCK = 64 /* cuts whose parts are looked up together */, BITS_A_PIECE = 8 };
static const uint64_t base = 0xd6e8feb86659fd93u, mix = 0x9e3779b97f4a7c15u;

struct cuts {
    const struct ift_vocab *v;
    ift_cut_fn *fn;
    void *ctx;
    uint64_t *bit; /* of each piece */
    unsigned shift;
    uint64_t *power, *prefix; /* base to the n; hashes of a piece's beginnings */
    uint32_t *place;          /* where it may be cut */
};

static uint64_t place_of(const struct cuts *c, uint64_t hash) {
    return hash * mix >> c->shift;
}

static unsigned may_be_piece(const struct cuts *c, uint64_t hash) {
    const uint64_t h = place_of(c, hash);
    return c->bit[h / 64] >> (h % 64) & 1;
}

static void init(struct cuts *c) {
    const struct ift_vocab *const v = c->v;
    size_t longest = 0;
    for (c->shift = 64 - 12; (uint64_t)1 << (64 - c->shift) < BITS_A_PIECE * v->n; c->shift--)
        continue;
    c->bit = ift_alloc0((size_t)1 << (64 - 6 - c->shift), sizeof *c->bit);
    for (uint32_t id = 0; id < v->n; id++) {
        if (!v->found[id]) continue;
        const struct ift_slice s = ift_vocab_piece(v, id);
        uint64_t hash = 0;
        for (size_t i = 0; i < s.n; i++) hash = hash * base + (unsigned char)s.p[i];
        const uint64_t h = place_of(c, hash);
        c->bit[h / 64] |= (uint64_t)1 << (h % 64);
        if (s.n > longest) longest = s.n;
    }
    c->power = ift_alloc0(longest + 1, sizeof *c->power);
    c->prefix = ift_alloc0(longest + 1, sizeof *c->prefix);
    c->place = ift_alloc0(longest + 1, sizeof *c->place);
    c->power[0] = 1;
    for (size_t i = 0; i < longest; i++) c->power[i + 1] = c->power[i] * base;
}

static void release(struct cuts *c) {
    free(c->bit);
    free(c->power);
    free(c->prefix);
    free(c->place);
}

/* Looks at a piece: its beginnings' hashes, and how many places there are. Here and below what
 * nobody foresees is added, not asked. */
static size_t look(const struct cuts *c, struct ift_slice s, bool characters) {
    size_t n = 0;
    uint64_t hash = 0;
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char byte = (unsigned char)s.p[i];
        c->prefix[i] = hash;
        c->place[n] = (uint32_t)i;
        n += !(characters & ((byte & 0xc0) == 0x80)) & (i > 0);
        hash = hash * base + byte;
    }
    c->prefix[s.n] = hash;
    return n;
}

static void give(const struct cuts *c, struct ift_cut *cut, size_t n) {
    struct ift_vocab_query part[2 * BLOCK];
    for (size_t i = 0; i < n; i++) {
        const struct ift_slice s = ift_vocab_piece(c->v, cut[i].id);
        part[2 * i].text = (struct ift_slice){s.p, cut[i].at};
        part[2 * i + 1].text = (struct ift_slice){s.p + cut[i].at, s.n - cut[i].at};
    }
    ift_vocab_find_all(c->v, part, 2 * n);
    for (size_t i = 0; i < n; i++) {
        cut[i].left = part[2 * i].id;
        cut[i].right = part[2 * i + 1].id;
        c->fn(c->ctx, &cut[i]);
    }
}

void ift_cuts_each(const struct ift_vocab *v, enum ift_cuts_between between, ift_cut_fn *fn,
                   void *ctx) {
    struct cuts c = {.v = v, .fn = fn, .ctx = ctx};
    struct ift_cut cut[BLOCK];
    const bool characters = between == IFT_CUTS_CHARACTERS;
    size_t n = 0;
    init(&c);
    for (uint32_t id = 0; id < v->n; id++) {
        if (!v->found[id] || v->kind[id] != IFT_PIECE_NORMAL) continue;
        const struct ift_slice s = ift_vocab_piece(v, id);
        const size_t places = look(&c, s, characters);
        const uint64_t whole = c.prefix[s.n];
        for (size_t i = 0; i < places; i++) {
            const uint32_t at = c.place[i];
            const uint64_t left = c.prefix[at], right = whole - left * c.power[s.n - at];
            cut[n].id = id;
            cut[n].at = at;
            n += (may_be_piece(&c, left) | (characters & (i == 0))) &
                 (may_be_piece(&c, right) | (characters & (i + 1 == places)));
            if (n < BLOCK) continue;
            give(&c, cut, n);
            n = 0;
        }
    }
    give(&c, cut, n);
    release(&c);
}
