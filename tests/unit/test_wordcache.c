/* The table of remembered words grows: after each growth every word that was put is found with its
 * tokens, also where they crowd the end of the table and go on at its beginning. */
#include "libcore/text/wordcache.h"
#include "tests/unit/check.h"

struct word {
    char text[IFT_WORDCACHE_LONGEST + IFT_WORDCACHE_SHORT];
    struct ift_wordcache_key key;
};

/* Of 1 to 64 bytes, of either kind; numbers that differ give words that do. */
static struct word word_of(unsigned number) {
    struct word w = {{0}, {{0}, 0, 0}};
    const size_t digits = (size_t)snprintf(w.text, sizeof w.text, "%u", number);
    const size_t n = number % 5 ? digits : digits + number % (IFT_WORDCACHE_LONGEST - 10);
    memset(w.text + digits, 'x', n - digits);
    w.key = ift_wordcache_key(w.text, n, number % 2);
    return w;
}

/* 1 to 5, the first of which is the word's number. */
static size_t tokens_of(unsigned number, struct ift_bpe_symbol *token) {
    const size_t n = 1 + number % 5;
    for (uint32_t i = 0; i < n; i++) token[i] = (struct ift_bpe_symbol){number + i, i};
    return n;
}

static bool is_known(const struct ift_wordcache *c, unsigned number) {
    const struct word w = word_of(number);
    struct ift_bpe_symbol want[5];
    const size_t n = tokens_of(number, want);
    const struct ift_wordcache_slot *const s = ift_wordcache_find(c, &w.key, w.text);
    if (!s) return false;
    if (n <= IFT_WORDCACHE_FEW) return s->ntokens == n && s->id[n - 1] == want[n - 1].id;
    return s->ntokens == 0 && s->id[1] == n &&
           memcmp(c->token + s->id[0], want, n * sizeof *want) == 0;
}

/* Puts `words` words whose place in the smallest table is not before `from`. */
static void test_growth(size_t words, size_t from) {
    enum { SMALLEST = 1 << 12 };
    struct ift_wordcache c = {0};
    unsigned *const put = calloc(words, sizeof *put);
    size_t mask = 0, growths = 0, lost = 0;
    unsigned number = 0;
    for (size_t n = 0; n < words; number++) {
        const struct word w = word_of(number);
        if (w.key.hash % SMALLEST < from) continue;
        struct ift_bpe_symbol token[5];
        c.asked = SIZE_MAX / 2; /* growth pays */
        ift_wordcache_put(&c, &w.key, w.text, token, tokens_of(number, token), 0);
        put[n++] = number;
        if (c.mask == mask) continue;
        for (size_t i = 0; i < n; i++) lost += !is_known(&c, put[i]);
        growths += mask > 0;
        mask = c.mask;
    }
    for (size_t i = 0; i < words; i++) lost += !is_known(&c, put[i]);
    CHECK(!is_known(&c, number));
    CHECK_INT(lost, 0);
    CHECK(growths >= 2);
    free(put);
    ift_wordcache_release(&c);
}

int main(void) {
    test_growth(200000, 0);
    test_growth(6000, 4090);
    return check_done();
}
