/* What a word's row is said to hold for: beside the row that is found where the word stands, with
 * scores so close that rounding decides between many of them. */
#include "libcore/text/unigram.h"

#include <math.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "tests/unit/check.h"

enum { PIECES = 300, WORDS = 3000, LONGEST = 20 };

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static size_t random_text(uint64_t *state, size_t most, char *p) {
    static const char *const letter[] = {"a", "b", "c", "\xe4\xb8\xad", "\xe6\x96\x87", "\xc3\xa9"};
    const size_t chars = 1 + next(state) % most;
    size_t n = 0;
    for (size_t i = 0; i < chars; i++) {
        const char *const c = letter[next(state) % 6];
        memcpy(p + n, c, strlen(c));
        n += strlen(c);
    }
    return n;
}

/* Scores in steps of `step`, so that equal and nearly equal sums abound. */
static void make(struct ift_unigram *u, bool narrow, double step, uint64_t *state) {
    *u = (struct ift_unigram){.narrow = narrow, .unknown = narrow ? (double)-23.7f : -23.7};
    u->score = ift_alloc0(PIECES, sizeof *u->score);
    static char text[PIECES][4 * LONGEST];
    struct ift_chartrie_string list[PIECES];
    struct ift_err err = {0};
    for (int32_t id = 1; id < PIECES; id++) {
        const size_t n = random_text(state, 5, text[id]);
        const double score = -3.1 * (double)n - step * (double)(next(state) % 7);
        u->score[id] = narrow ? (double)(float)score : score;
        list[id - 1] = (struct ift_chartrie_string){{text[id], n}, id, 0};
    }
    CHECK(ift_chartrie_build(&u->piece, list, PIECES - 1, u->score, &err) == 0);
    ift_unigram_settle(u, PIECES);
}

static bool same_row(const struct ift_unigram_work *a, const struct ift_unigram_work *b) {
    if (a->n != b->n) return false;
    for (uint32_t i = (uint32_t)a->n; i > 0; i = a->node[i].from)
        if (a->node[i].from != b->node[i].from || a->node[i].edge != b->node[i].edge) return false;
    return true;
}

static void test_sure(bool narrow, double step) {
    uint64_t state = 88172645463325252u;
    struct ift_unigram u;
    struct ift_unigram_work first = {0}, here = {0}, there = {0};
    make(&u, narrow, step, &state);
    size_t held = 0, other = 0;
    for (int i = 0; i < WORDS; i++) {
        char p[4 * LONGEST];
        const size_t n = random_text(&state, LONGEST, p);
        first.score = 0;
        const unsigned sure = ift_unigram_run_sure(&u, p, n, &first);
        for (int k = 0; k < 24; k++) {
            const double before =
                -ldexp((double)(float)(1 + 1e-3 * (double)(next(&state) % 999)), k);
            here.score = there.score = narrow ? (double)(float)before : before;
            const bool said = ift_unigram_is_sure(fabs(here.score), sure);
            ift_unigram_run(&u, p, n, &here);
            const unsigned again = ift_unigram_run_sure(&u, p, n, &there);
            CHECK(again == (said ? sure : 0)); /* what is sure is this row, not one of rounding */
            CHECK(same_row(&here, &there) && here.score == there.score);
            if (said) CHECK(same_row(&here, &first));
            held += said;
            other += !same_row(&here, &first);
        }
    }
    CHECK(held > WORDS); /* the promise is made, and where it is not, it could not be */
    CHECK(other > 0 || !narrow);
    ift_unigram_work_release(&first);
    ift_unigram_work_release(&here);
    ift_unigram_work_release(&there);
    ift_unigram_release(&u);
}

int main(void) {
    test_sure(true, 0x1p-18);
    test_sure(true, 0x1p-12);
    test_sure(true, 0.1);
    test_sure(false, 0x1p-48);
    test_sure(false, 0.1);
    return check_done();
}
