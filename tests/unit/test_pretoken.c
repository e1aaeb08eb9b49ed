/* What is found of words of ASCII by bits is what the scanners say, at every place of random texts,
 * wherever these end. */
#include "libcore/base/rng.h"
#include "libcore/io/utf8.h"
#include "libcore/text/pretoken.h"
#include "tests/unit/check.h"

enum { MOST = 200, TEXTS = 60000 };

static const struct {
    ift_pretoken_fn *scan;
    const char *name;
} scanners[] = {{ift_pretoken_gpt2, "gpt2"},
                {ift_pretoken_llama3, "llama3"},
                {ift_pretoken_qwen, "qwen"}};

static uint32_t below(struct ift_rng *r, uint32_t n) {
    return (uint32_t)ift_rng_below(r, n);
}

/* Characters around the ends of what is told apart, Chinese, and bytes that are no characters. */
static size_t put_other(struct ift_rng *r, char *to) {
    static const uint32_t near[] = {0x2010, 0x2027, 0x3001, 0x3002, 0x3008, 0x3011,
                                    0x4e00, 0x9fbf, 0xff01, 0xff0f, 0xff1a, 0xff20};
    static const char *const odd[] = {"\xc3\xa9", "\xc2\xb2", "\xc2\xa0",
                                      "\xe4",     "\xb8",     "\xe5\xb8"};
    const uint32_t kind = below(r, 4);
    if (kind == 0) {
        const char *const c = odd[below(r, 6)];
        memcpy(to, c, strlen(c));
        return strlen(c);
    }
    const uint32_t at = near[below(r, sizeof near / sizeof *near)] + below(r, 3) - 1;
    return ift_utf8_encode(kind == 1 ? at : 0x4e00 + below(r, 0x5200), to);
}

/* Runs of a class, any bytes of ASCII, and in some texts much that is not. */
static size_t make_text(struct ift_rng *r, char text[MOST + 16]) {
    static const char *const kinds[] = {"abzAZst", "0189", " ", " \n\t\r", "',.-(_/{", "dlmrv'"};
    size_t n = 0;
    const size_t want = 1 + below(r, MOST - 4);
    const uint32_t others = below(r, 3);
    while (n < want) {
        const uint32_t kind = below(r, 8);
        if (kind == 6) text[n++] = (char)below(r, 128);
        if (kind == 7 && below(r, 3) < others) n += put_other(r, text + n);
        for (uint32_t k = others ? below(r, 9 * others) : 0; kind == 7 && k > 8 && n < want; k--)
            n += put_other(r, text + n);
        for (size_t k = kind < 6 ? 1 + below(r, below(r, 4) ? 4 : 18) : 0; k > 0 && n < want; k--)
            text[n++] = kinds[kind][below(r, (uint32_t)strlen(kinds[kind]))];
    }
    memset(text + n, below(r, 2) ? 0 : "a1 .\n"[below(r, 5)], 16); /* which must not count */
    return n;
}

int main(void) {
    struct ift_rng r = ift_rng(7, 0, 0);
    struct ift_classes classes = {0};
    struct ift_bounds bounds = {0};
    size_t found = 0, asked = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        char text[MOST + 16];
        const size_t n = make_text(&r, text);
        char *const exact = malloc(n); /* a sanitizer sees a look behind it */
        memcpy(exact, text, n);
        for (size_t k = 0; k < sizeof scanners / sizeof *scanners; k++) {
            const enum ift_pretoken_kind how = ift_pretoken_kind(scanners[k].scan);
            ift_pretoken_bounds(how, exact, n, &bounds);
            for (size_t at = 0, len; at < n; at += len) {
                len = scanners[k].scan(&classes, exact + at, n - at);
                const size_t end = ift_pretoken_end(how, &bounds, at);
                *(end ? &found : &asked) += 1;
                if (end == 0 || end == at + len) continue;
                printf("%s: %zu for %zu of \"%.*s\"\n", scanners[k].name, end - at, len,
                       (int)(n - at), exact + at);
                CHECK(end == at + len);
            }
        }
        free(exact);
    }
#ifdef __SSE2__
    CHECK(2 * found > asked); /* these texts are odder than most */
#endif
    CHECK(ift_pretoken_kind(ift_pretoken_bloom) == IFT_PRETOKEN_ASK);
    ift_classes_release(&classes);
    ift_bounds_release(&bounds);
    return check_done();
}
