/* Where plain text ends, marked for a whole text: both ways of doing it against the definition. */
#include "libcore/io/json_mark.c" /* for the one that this processor would not choose */

#include <stdlib.h>

#include "libcore/base/rng.h"
#include "tests/unit/check.h"

enum { LONGEST = 300 };

static void expect(const char *text, size_t n, const uint64_t *mark, bool good) {
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        wrong += (mark[i / 64] >> i % 64 & 1) != ift_json_is_special(text[i]);
    }
    CHECK_INT(wrong, 0);
    CHECK(mark[n / 64] >> n % 64 & 1); /* something stops every search */
    CHECK(good == (ift_utf8_check(text, n) == n));
}

static void both(const char *text, size_t n) {
    uint64_t mark[LONGEST / 64 + 1];
    bool good = mark_any(text, n, mark);
    expect(text, n, mark, good);
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2")) return;
    good = mark_avx2(text, n, mark);
    expect(text, n, mark, good);
#endif
}

int main(void) {
    static const char *const piece[] =
        {"a",    "\"",       "\\",       "\n",           "\x1f",
         " ",    "\x7f",     "\xc3\xa9", "\xe4\xb8\x80", "\xf0\x9f\x98\x80",
         "text", "\xed\xa0", "\xc3",     "\xff",         "plain text"};
    for (uint32_t seed = 0; seed < 20000; seed++) {
        struct ift_rng rng = ift_rng(seed, 0, 0);
        /* The last pieces are not UTF-8: few texts have them. */
        const uint64_t kinds = seed % 8 ? 11 : sizeof piece / sizeof *piece;
        const size_t want = ift_rng_below(&rng, LONGEST - 16);
        char text[LONGEST];
        size_t n = 0;
        while (n < want) {
            const char *const p = piece[ift_rng_below(&rng, kinds)];
            memcpy(text + n, p, strlen(p));
            n += strlen(p);
        }
        char *const exact = malloc(n ? n : 1); /* a sanitizer sees a look behind it */
        memcpy(exact, text, n);
        both(exact, n);
        free(exact);
    }
    return check_done();
}
