/* Where words begin, found for a whole text: never within a piece, always between two characters of
 * ASCII that no piece has side by side, and only in front of characters. */
#include "libcore/text/joins.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/rng.h"
#include "tests/unit/check.h"

enum { PIECES = 40, LONGEST = 400, TEXTS = 20000 };

static const char *const character[] = {"a",
                                        "b",
                                        "c",
                                        ".",
                                        " ",
                                        "\n",
                                        "\xc3\xa9",
                                        "\xe4\xb8\xad",
                                        "\xe6\x96\x87",
                                        "\xe3\x80\x82",
                                        "\xf0\x9f\x98\x80"};
enum { CHARACTERS = sizeof character / sizeof *character };

/* Runs of one kind, as texts have them: of ASCII the first six, of others the rest, or any. */
static size_t random_text(struct ift_rng *rng, size_t most, char *p) {
    size_t n = 0;
    for (size_t left = 0, from = 0, kinds = 0; n < most; left--) {
        if (left == 0) {
            const uint64_t kind = ift_rng_below(rng, 3);
            left = 1 + ift_rng_below(rng, 30);
            from = kind == 1 ? 6 : 0;
            kinds = kind == 0 ? 6 : kind == 1 ? CHARACTERS - 6 : CHARACTERS;
        }
        const char *const c = character[from + ift_rng_below(rng, kinds)];
        if (n + strlen(c) > most) break;
        memcpy(p + n, c, strlen(c));
        n += strlen(c);
    }
    return n;
}

struct pieces {
    char text[PIECES][16];
    size_t n[PIECES];
    bool pair[128][128]; /* of ASCII */
};

static struct ift_joins make(struct pieces *s, struct ift_rng *rng, bool before_spaces) {
    struct ift_joins j;
    ift_joins_init(&j, PIECES);
    j.before_spaces = before_spaces;
    for (int k = 0; k < PIECES; k++) {
        do s->n[k] = random_text(rng, 1 + ift_rng_below(rng, 12), s->text[k]);
        while (s->n[k] == 0);
        ift_joins_add(&j, s->text[k], s->n[k]);
        for (size_t i = 1; i < s->n[k]; i++) {
            const unsigned char a = (unsigned char)s->text[k][i - 1],
                                b = (unsigned char)s->text[k][i];
            if ((a | b) < 128) s->pair[a][b] = true;
        }
    }
    return j;
}

static bool has(const struct ift_bounds *b, size_t i) {
    return b->block[i / 64].word >> (i % 64) & 1;
}

static void check_text(const struct ift_joins *j, const struct pieces *s, const char *p, size_t n,
                       struct ift_bounds *bounds) {
    size_t wrong = 0;
    ift_joins_bounds(j, p, n, bounds);
    CHECK(has(bounds, n));
    for (size_t i = 1; i < n; i++) {
        const unsigned char a = (unsigned char)p[i - 1], b = (unsigned char)p[i];
        const bool before_space = j->before_spaces && b == ' ';
        if ((a | b) < 128)
            wrong += has(bounds, i) != (before_space || !s->pair[a][b]);
        else if ((b & 0xc0) == 0x80)
            wrong += has(bounds, i);
        else
            wrong += before_space && !has(bounds, i);
    }
    for (int k = 0; k < PIECES; k++)
        for (size_t at = 0; at + s->n[k] <= n; at++) {
            if (memcmp(p + at, s->text[k], s->n[k]) != 0) continue;
            for (size_t i = at + 1; i < at + s->n[k]; i++)
                wrong += has(bounds, i) && !(j->before_spaces && p[i] == ' ');
        }
    for (size_t at = 0, next; at < n; at = next) {
        next = ift_bounds_next(bounds, at);
        wrong += !has(bounds, next);
        for (size_t i = at + 1; i < next; i++) wrong += has(bounds, i);
    }
    CHECK_INT(wrong, 0);
}

int main(void) {
    struct ift_bounds bounds = {0};
    for (uint32_t seed = 0; seed < TEXTS / 200; seed++) {
        struct ift_rng rng = ift_rng(seed, 0, 0);
        struct pieces pieces = {0};
        struct ift_joins j = make(&pieces, &rng, seed % 2);
        for (int k = 0; k < 200; k++) {
            char text[LONGEST];
            const size_t n = random_text(&rng, 4 + ift_rng_below(&rng, LONGEST - 4), text);
            char *const exact = malloc(n ? n : 1); /* a sanitizer sees a look behind it */
            memcpy(exact, text, n);
            if (n > 0) check_text(&j, &pieces, exact, n, &bounds);
            free(exact);
        }
        ift_joins_release(&j);
    }
    ift_bounds_release(&bounds);
    return check_done();
}
