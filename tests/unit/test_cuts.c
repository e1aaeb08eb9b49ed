/* Cuts of pieces against their definition: every place of every piece, both parts looked up one by
 * one. Small alphabets, so that parts are often pieces; bytes, and characters of one to four. */
#include "libcore/text/cuts.h"

#include <string.h>

#include "tests/unit/check.h"

enum { VOCABULARIES = 60, PIECES = 400, LONGEST = 12 };

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void fill(struct ift_vocab *v, enum ift_cuts_between between, uint64_t *state) {
    static const char *const letter[] =
        {"a", "b", " ", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x99\x82"};
    for (uint32_t id = 0; id < PIECES; id++) {
        struct ift_str s = {0};
        for (uint64_t n = 1 + next(state) % (next(state) % 50 ? 4 : LONGEST); n > 0; n--) {
            if (between == IFT_CUTS_BYTES)
                ift_str_addc(&s, (char)(0x80 + next(state) % 3));
            else
                ift_str_adds(&s, letter[next(state) % 6]);
        }
        ift_vocab_add(v, s.p, s.n, next(state) % 20 ? IFT_PIECE_NORMAL : IFT_PIECE_USER);
        v->found[id] = next(state) % 10 > 0;
        ift_str_release(&s);
    }
    (void)ift_vocab_index_all(v);
}

/* What was given, and where the definition is by now. */
struct given {
    const struct ift_vocab *v;
    bool characters;
    uint32_t id, at;
    size_t pairs;
};

static size_t length_of(char byte) {
    const unsigned char b = (unsigned char)byte;
    return b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}

static bool counts(const struct given *g, struct ift_slice part) {
    return ift_vocab_find(g->v, part.p, part.n) >= 0 ||
           (g->characters && part.n == length_of(part.p[0]));
}

/* Goes on to the next cut of two that count; false: there is none. */
static bool go_on(struct given *g) {
    for (; g->id < g->v->n; g->id++, g->at = 0) {
        if (!g->v->found[g->id] || g->v->kind[g->id] != IFT_PIECE_NORMAL) continue;
        const struct ift_slice s = ift_vocab_piece(g->v, g->id);
        while ((g->at += (uint32_t)(g->characters ? length_of(s.p[g->at]) : 1)) < s.n)
            if (counts(g, (struct ift_slice){s.p, g->at}) &&
                counts(g, (struct ift_slice){s.p + g->at, s.n - g->at}))
                return true;
    }
    return false;
}

static void check_cut(void *ctx, const struct ift_cut *cut) {
    struct given *const g = ctx;
    const struct ift_slice s = ift_vocab_piece(g->v, cut->id);
    const struct ift_slice left = {s.p, cut->at}, right = {s.p + cut->at, s.n - cut->at};
    CHECK_INT(cut->left, ift_vocab_find(g->v, left.p, left.n));
    CHECK_INT(cut->right, ift_vocab_find(g->v, right.p, right.n));
    if (!counts(g, left) || !counts(g, right)) return;
    CHECK(go_on(g));
    CHECK_INT(cut->id, g->id);
    CHECK_INT(cut->at, g->at);
    g->pairs++;
}

int main(void) {
    uint64_t state = 88172645463325252u;
    size_t pairs[2] = {0};
    for (size_t i = 0; i < VOCABULARIES; i++) {
        const bool characters = i % 2;
        const enum ift_cuts_between between = characters ? IFT_CUTS_CHARACTERS : IFT_CUTS_BYTES;
        struct ift_vocab v = {0};
        fill(&v, between, &state);
        struct given g = {.v = &v, .characters = characters};
        ift_cuts_each(&v, between, check_cut, &g);
        CHECK(!go_on(&g));
        pairs[characters] += g.pairs;
        ift_vocab_release(&v);
    }
    CHECK(pairs[0] > PIECES && pairs[1] > PIECES);
    return check_done();
}
