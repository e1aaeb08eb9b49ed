/* Learning merges: against a trainer that counts all pairs anew for every merge. */
#include "libcore/text/bpe_train.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/rng.h"
#include "tests/unit/check.h"

enum { WORDS = 40, LONGEST = 24 };

struct row {
    uint32_t id[LONGEST];
    size_t n;
    uint64_t count;
};

/* The most frequent pair, of equals the one with the lowest ids; its count. */
static uint64_t best_pair(const struct row *row, size_t nrows, uint32_t *left, uint32_t *right) {
    uint64_t most = 0;
    for (size_t r = 0; r < nrows; r++) {
        for (size_t i = 0; i + 1 < row[r].n; i++) {
            const uint32_t a = row[r].id[i], b = row[r].id[i + 1];
            uint64_t count = 0;
            for (size_t s = 0; s < nrows; s++)
                for (size_t k = 0; k + 1 < row[s].n; k++)
                    count += row[s].id[k] == a && row[s].id[k + 1] == b ? row[s].count : 0;
            if (count < most) continue;
            if (count == most && (a > *left || (a == *left && b >= *right))) continue;
            most = count;
            *left = a;
            *right = b;
        }
    }
    return most;
}

static void join(struct row *row, uint32_t left, uint32_t right, uint32_t made) {
    size_t n = 0;
    for (size_t i = 0; i < row->n; n++) {
        const int pair = i + 1 < row->n && row->id[i] == left && row->id[i + 1] == right;
        row->id[n] = pair ? made : row->id[i];
        i += pair ? 2 : 1;
    }
    row->n = n;
}

static void compare(struct ift_rng *rng) {
    static const char letters[] = "aaaabbbcd";
    static const char *const special[] = {"<s>", "</s>", "<s>"};
    const size_t kinds = 1 + ift_rng_below(rng, sizeof letters - 1);
    const struct ift_bpe_train job = {258 + ift_rng_below(rng, 80), 1 + ift_rng_below(rng, 4),
                                      special, 3};
    struct ift_wordcount words = {0};
    struct ift_bpe_learned learned = {0};
    struct ift_err err;
    for (size_t i = 0; i < WORDS; i++) {
        char word[LONGEST];
        const size_t n = 1 + ift_rng_below(rng, LONGEST - 1);
        for (size_t k = 0; k < n; k++) word[k] = letters[ift_rng_below(rng, kinds)];
        ift_wordcount_add(&words, (struct ift_slice){word, n}, 1 + ift_rng_below(rng, 9));
    }
    CHECK(ift_bpe_train(&job, &words, &learned, &err) == 0);
    CHECK(learned.nspecial == 2);

    struct row row[WORDS];
    struct ift_counted *const sorted = ift_wordcount_sorted(&words);
    for (size_t r = 0; r < words.n; r++) {
        row[r] = (struct row){.n = sorted[r].word.n, .count = sorted[r].count};
        for (size_t i = 0; i < row[r].n; i++)
            row[r].id[i] = (uint32_t)(2 + sorted[r].word.p[i] - '!');
    }
    size_t merges = 0;
    for (uint32_t made = 258; made < job.size; made++, merges++) {
        uint32_t left = 0, right = 0;
        const uint64_t count = best_pair(row, words.n, &left, &right);
        if (count == 0 || count < job.least) break;
        CHECK(merges < learned.nmerges);
        CHECK(learned.merge[merges].left == left && learned.merge[merges].right == right);
        for (size_t r = 0; r < words.n; r++) join(&row[r], left, right, made);
    }
    CHECK(learned.nmerges == merges && learned.name.n == 258 + merges);
    free(sorted);
    ift_wordcount_release(&words);
    ift_bpe_learned_release(&learned);
}

static void test_against_counting(void) {
    struct ift_rng rng = ift_rng(17, 0, 0);
    for (int i = 0; i < 300; i++) compare(&rng);
}

/* One word of a megabyte: linear, or this never ends. */
static void test_long_word(void) {
    enum { LONG = 1 << 20 };
    const struct ift_bpe_train job = {.size = 4000, .least = 2};
    struct ift_wordcount words = {0};
    struct ift_bpe_learned learned = {0};
    struct ift_rng rng = ift_rng(3, 0, 0);
    struct ift_err err;
    char *const word = malloc(LONG);
    for (size_t i = 0; i < LONG; i++) word[i] = (char)('a' + ift_rng_below(&rng, 20));
    ift_wordcount_add(&words, (struct ift_slice){word, LONG}, 1);
    memset(word, 'a', LONG);
    ift_wordcount_add(&words, (struct ift_slice){word, LONG}, 1);
    CHECK(ift_bpe_train(&job, &words, &learned, &err) == 0);
    CHECK(learned.name.n == job.size);
    free(word);
    ift_wordcount_release(&words);
    ift_bpe_learned_release(&learned);
}

static void test_nothing(void) {
    const struct ift_bpe_train job = {.size = 300, .least = 1};
    struct ift_wordcount words = {0};
    struct ift_bpe_learned learned = {0};
    struct ift_err err;
    CHECK(ift_bpe_train(&job, &words, &learned, &err) == 0);
    CHECK(learned.name.n == 256 && learned.nmerges == 0);
    ift_bpe_learned_release(&learned);
}

int main(void) {
    test_nothing();
    test_against_counting();
    test_long_word();
    return check_done();
}
