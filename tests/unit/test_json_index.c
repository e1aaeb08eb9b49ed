/* Where strings may end, found for a whole text: both ways of doing it against the definition; and
 * values parsed where they lie in a text against the same values alone. */
#include "libcore/io/json_index.c" /* for the way that this processor would not choose */

#include <stdlib.h>

#include "libcore/base/rng.h"
#include "tests/unit/check.h"

enum { LONGEST = 300, WORDS = LONGEST / BLOCK + 2 };

/* Byte by byte, as the header says it. */
static void expect(const char *text, size_t n, const struct ift_json_block *block) {
    bool escaped = false, escapes = false;
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        const bool simple = c && strchr("\"\\bfnrt", c);
        const bool stop = escaped ? !simple : c == '"' || (unsigned char)c < 0x20;
        wrong += (block[i / BLOCK].stops >> i % BLOCK & 1) != stop;
        wrong += (block[i / BLOCK].escapes >> i % BLOCK & 1) != (stop && (escapes || escaped));
        escaped = !escaped && c == '\\';
        escapes = !stop && (escapes || c == '\\');
    }
    CHECK_INT(wrong, 0);
}

static void both(const char *text, size_t n) {
    struct ift_json_block block[WORDS];
    const bool good = ift_utf8_check(text, n) == n;
    CHECK(index_any(block, text, n) == good);
    expect(text, n, block);
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2")) return;
    CHECK(index_avx2(block, text, n) == good);
    expect(text, n, block);
#endif
}

/* From the end on everything stops a search. */
static void check_end(const char *text, size_t n) {
    struct ift_json_index x = {0};
    ift_json_index_fill(&x, text, n);
    for (size_t i = n; i < n + BLOCK; i++) CHECK(x.block[i / BLOCK].stops >> i % BLOCK & 1);
    ift_json_index_release(&x);
}

/* The text is cut into two values; each means the same where it lies. */
static void check_parts(const char *text, size_t n, size_t cut) {
    struct ift_json_index x = {0};
    struct ift_json alone = {0}, inside = {0};
    const struct ift_slice part[2] = {{text, cut}, {text + cut, n - cut}};
    ift_json_index_fill(&x, text, n);
    for (int i = 0; i < 2; i++) {
        struct ift_err a = {0}, b = {0};
        const int got = ift_json_parse(&alone, part[i].p, part[i].n, &a);
        CHECK_INT(ift_json_parse_in(&inside, &x, part[i], &b), got);
        CHECK_STR(b.text, a.text);
        CHECK_INT(inside.n, alone.n);
        for (size_t k = 0; k < alone.n; k++) {
            const struct ift_slice want = ift_json_raw(&alone, (int)k),
                                   have = ift_json_raw(&inside, (int)k);
            CHECK(want.p == have.p && want.n == have.n);
            CHECK_INT(inside.node[k].escaped, alone.node[k].escaped);
        }
    }
    ift_json_release(&alone);
    ift_json_release(&inside);
    ift_json_index_release(&x);
}

static void check_values(struct ift_rng *rng) {
    static const char *const value[] = {"{\"a\": \"\"}",
                                        "[\"\\\\\", \"\\u00e9\"]",
                                        "[1,2]",
                                        "{\"\\n\":\"x\\\"y\"}",
                                        "[\"a\nb\"]",
                                        "\"text\"",
                                        "[\"a\\",
                                        "{\"a\": \"\xe4",
                                        "\xb8\x80\": 1}",
                                        "[\"\xe4\xb8\x80\"] ",
                                        "12",
                                        "[\"a]",
                                        "\"]",
                                        "[\"\\q\"]"};
    const char *const a = value[ift_rng_below(rng, sizeof value / sizeof *value)],
                      *const b = value[ift_rng_below(rng, sizeof value / sizeof *value)];
    char *const text = malloc(strlen(a) + strlen(b));
    memcpy(text, a, strlen(a));
    memcpy(text + strlen(a), b, strlen(b));
    check_parts(text, strlen(a) + strlen(b), strlen(a));
    free(text);
}

int main(void) {
    static const char *const piece[] = {"a",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\x1f",
                                        " ",
                                        "\x7f",
                                        "text",
                                        "\xc3\xa9",
                                        "\xe4\xb8\x80",
                                        "\xf0\x9f\x98\x80",
                                        "\\n",
                                        "\\u0041",
                                        "/",
                                        "\\\\",
                                        "\xed\xa0",
                                        "\xc3",
                                        "\xff",
                                        "plain text"};
    enum { GOOD = 15 }; /* the last pieces are not UTF-8: few texts have them */
    for (uint32_t seed = 0; seed < 20000; seed++) {
        struct ift_rng rng = ift_rng(seed, 0, 0);
        const uint64_t kinds = seed % 8 ? GOOD : sizeof piece / sizeof *piece;
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
        check_end(exact, n);
        free(exact);
        check_values(&rng);
    }
    return check_done();
}
