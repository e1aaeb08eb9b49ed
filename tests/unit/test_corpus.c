/* Rows go in and come out as they were, in 2 or 4 bytes a token; what cannot be trained on is
 * refused by name. */
#include "libcore/base/rng.h"
#include "libcore/train/corpus.h"
#include "tests/unit/check.h"

enum { ROWS = 50, MOST = 40 };

struct made {
    int32_t id[MOST];
    uint8_t learn[MOST];
    uint32_t doc[4], n, ndocs;
};

/* 1 to 4 documents of 2 to 10 tokens, each with a learned one. */
static struct made make(uint64_t seed, uint64_t index, uint64_t vocab) {
    struct ift_rng r = ift_rng(seed, 1, index);
    struct made m = {.ndocs = 1 + (uint32_t)ift_rng_below(&r, 4)};
    for (uint32_t d = 0; d < m.ndocs; d++) {
        m.doc[d] = 2 + (uint32_t)ift_rng_below(&r, 9);
        for (uint32_t i = 0; i < m.doc[d]; i++) {
            m.id[m.n] = (int32_t)ift_rng_below(&r, vocab);
            m.learn[m.n++] = i == 1 || ift_rng_below(&r, 2);
        }
    }
    return m;
}

static struct ift_row row_of(const struct made *m) {
    return (struct ift_row){m->id, m->learn, m->n, m->doc, m->ndocs};
}

static uint64_t round_trip(uint64_t seed, int64_t vocab) {
    struct ift_err err = {0};
    struct ift_corpus *c = ift_corpus_new(vocab, 10);
    int64_t tokens = 0;
    for (uint64_t i = 0; i < ROWS; i++) {
        const struct made m = make(seed, i, (uint64_t)vocab);
        const struct ift_row row = row_of(&m);
        CHECK_OK(ift_corpus_add(c, &row, "x", &err), &err);
        tokens += m.n;
    }
    CHECK_INT(ift_corpus_rows(c), ROWS);
    CHECK_INT(ift_corpus_tokens(c), tokens);
    for (uint64_t i = ROWS; i-- > 0;) {
        const struct made m = make(seed, i, (uint64_t)vocab);
        const struct ift_row want = row_of(&m), got = ift_corpus_row(c, i);
        CHECK_INT(got.n, want.n);
        CHECK_INT(got.ndocs, want.ndocs);
        CHECK(memcmp(got.id, want.id, want.n * sizeof *want.id) == 0);
        CHECK(memcmp(got.learn, want.learn, want.n) == 0);
        CHECK(memcmp(got.doc, want.doc, want.ndocs * sizeof *want.doc) == 0);
        CHECK_INT(ift_corpus_length(c, i), want.n);
        CHECK_INT(ift_corpus_learned(c, i), ift_row_learned(&want));
        uint32_t longest = 0;
        for (size_t d = 0; d < want.ndocs; d++)
            longest = want.doc[d] > longest ? want.doc[d] : longest;
        CHECK_INT(ift_corpus_longest(c, i), longest);
    }
    const uint64_t digest = ift_corpus_digest(c);
    ift_corpus_free(c);
    return digest;
}

static void refusals(void) {
    const struct {
        struct ift_row row;
        const char *says;
    } bad[] = {
        {{(const int32_t[]){1, 9, 3}, (const uint8_t[]){1, 1, 1}, 3, (const uint32_t[]){3}, 1},
         "r.jsonl: row 3: token 2 is id 9, the model's vocabulary has 9"},
        {{(const int32_t[]){1, -1, 3}, (const uint8_t[]){1, 1, 1}, 3, (const uint32_t[]){3}, 1},
         "r.jsonl: row 3: token 2 is id -1"},
        {{(const int32_t[]){1, 2, 3, 4, 5}, (const uint8_t[]){1, 1, 1, 1, 1}, 5,
          (const uint32_t[]){5}, 1},
         "r.jsonl: row 3: a document of 5 tokens, the model has 4 positions"},
        {{(const int32_t[]){1, 2, 3}, (const uint8_t[]){1, 0, 1}, 3, (const uint32_t[]){2, 1}, 2},
         "r.jsonl: row 3: no token of the row is learned"},
    };
    struct ift_corpus *c = ift_corpus_new(9, 4);
    const uint64_t before = ift_corpus_digest(c);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ift_err err = {0};
        CHECK_INT(ift_corpus_add(c, &bad[i].row, "r.jsonl: row 3", &err), -1);
        if (strncmp(err.text, bad[i].says, strlen(bad[i].says)) != 0)
            CHECK_STR(err.text, bad[i].says);
    }
    CHECK_INT(ift_corpus_rows(c), 0);
    CHECK(ift_corpus_digest(c) == before);
    ift_corpus_free(c);
}

int main(void) {
    CHECK(round_trip(1, 65536) == round_trip(1, 65536));
    CHECK(round_trip(1, 65536) != round_trip(2, 65536));
    round_trip(3, 65537); /* the first that needs 4 bytes */
    round_trip(4, 200000);
    refusals();
    return check_done();
}
