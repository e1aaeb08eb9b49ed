/* Merging against its definition, the pair of the lowest rank, the leftmost of equals, one at a
 * time: rows of few different symbols, where runs, equal ranks, and pairs that only merging makes,
 * with lower ranks than what made them, abound. Rows of few runs go both ways. */
#include "libcore/text/bpe.h"
#include "libcore/text/bpe_rows.h"

#include <string.h>

#include "tests/unit/check.h"

enum { SYMBOLS = 40, LETTERS = 3, VOCABULARIES = 300, ROWS = 20, LONGEST = 300 };

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

struct pair {
    uint32_t rank, merged; /* merged 0: they do not merge */
};

static void make(struct ift_bpe *b, struct pair pair[SYMBOLS][SYMBOLS], uint64_t *state) {
    memset(pair, 0, SYMBOLS * sizeof *pair);
    for (uint32_t merged = LETTERS; merged < SYMBOLS; merged++) {
        for (int k = 0; k < 3; k++) {
            const uint32_t left = (uint32_t)(next(state) % merged),
                           right = next(state) % 2 ? left : (uint32_t)(next(state) % merged),
                           rank = (uint32_t)(next(state) % (SYMBOLS / 2)) * 256;
            pair[left][right] = (struct pair){rank, merged};
            ift_bpe_add(b, left, right, rank, merged);
        }
    }
    ift_bpe_settle(b);
}

static size_t merge_as_defined(struct pair pair[SYMBOLS][SYMBOLS], struct ift_bpe_symbol *s,
                               size_t n) {
    for (;;) {
        size_t best = n;
        for (size_t i = 0; i + 1 < n; i++) {
            const struct pair here = pair[s[i].id][s[i + 1].id];
            if (here.merged && (best == n || here.rank < pair[s[best].id][s[best + 1].id].rank))
                best = i;
        }
        if (best == n) return n;
        s[best].id = pair[s[best].id][s[best + 1].id].merged;
        memmove(s + best + 1, s + best + 2, (--n - best - 1) * sizeof *s);
    }
}

static void test_row(const struct ift_bpe *b, struct pair pair[SYMBOLS][SYMBOLS],
                     struct ift_bpe_work *w, uint64_t *state) {
    struct ift_bpe_symbol want[LONGEST];
    const size_t n = 1 + next(state) % LONGEST;
    w->n = 0;
    uint32_t id = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (next(state) % 4 == 0) id = (uint32_t)(next(state) % LETTERS);
        want[i] = (struct ift_bpe_symbol){id, i};
        ift_bpe_push(w, id, i);
    }
    const size_t nwant = merge_as_defined(pair, want, n);
    ift_bpe_merge(b, w);
    CHECK_INT(w->n, nwant);
    CHECK(memcmp(w->symbol, want, nwant * sizeof *want) == 0);
}

static void test_runs(const struct ift_bpe *b, struct pair pair[SYMBOLS][SYMBOLS],
                      struct ift_bpe_work *w, uint64_t *state) {
    struct ift_bpe_symbol want[LONGEST];
    struct ift_bpe_row row[IFT_BPE_ROWS];
    char text[LONGEST];
    size_t n = 0;
    for (size_t runs = 1 + next(state) % IFT_BPE_FEW_ROWS; runs > 0; runs--) {
        const char letter = (char)(next(state) % LETTERS);
        for (size_t k = 1 + next(state) % (LONGEST / IFT_BPE_FEW_ROWS); k > 0; k--)
            text[n++] = letter;
    }
    for (uint32_t i = 0; i < n; i++) want[i] = (struct ift_bpe_symbol){(unsigned char)text[i], i};
    const size_t nwant = merge_as_defined(pair, want, n), rows = ift_bpe_rows(text, n, row);
    CHECK(rows > 0);
    ift_bpe_merge_rows(b, row, rows, w);
    CHECK_INT(w->n, nwant);
    CHECK(memcmp(w->symbol, want, nwant * sizeof *want) == 0);
}

static void test_many_runs(void) {
    struct ift_bpe_row row[IFT_BPE_ROWS];
    CHECK_INT(ift_bpe_rows("aabbccdd", 8, row), 4);
    CHECK_INT(ift_bpe_rows("aabbccdde", 9, row), 0);
    CHECK_INT(ift_bpe_rows("aa\xe4\xe4", 4, row), 0);
}

int main(void) {
    uint64_t state = 88172645463325252u;
    struct pair pair[SYMBOLS][SYMBOLS];
    struct ift_bpe_work w = {0};
    for (int v = 0; v < VOCABULARIES; v++) {
        struct ift_bpe b = {0};
        make(&b, pair, &state);
        for (int row = 0; row < ROWS; row++) test_row(&b, pair, &w, &state);
        for (int row = 0; row < ROWS; row++) test_runs(&b, pair, &w, &state);
        ift_bpe_release(&b);
    }
    test_many_runs();
    ift_bpe_work_release(&w);
    return check_done();
}
