/* What iconv makes of a whole text at once is what recode must give, however the text is cut: for
 * the encodings that it reads by pairs over all that they have. */
#include "libcore/io/recode.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/check.h"

struct result {
    struct ift_str text;
    char wrong[sizeof((struct ift_err *)0)->text];
};

/* The header's promise, by iconv alone. */
static void expect(const char *encoding, struct ift_slice text, struct result *r) {
    static char out[1 << 16];
    const iconv_t cd = iconv_open("UTF-8", encoding);
    char *from = (char *)text.p;
    size_t left = text.n;
    ift_str_clear(&r->text);
    r->wrong[0] = '\0';
    while (left > 0) {
        char *to = out;
        size_t room = sizeof out;
        const size_t rc = iconv(cd, &from, &left, &to, &room);
        const int why = errno;
        ift_str_add(&r->text, out, (size_t)(to - out));
        if (rc != (size_t)-1 || why == E2BIG) continue;
        if (why == EINVAL) break;
        ift_str_addf(&r->text, "\xff<%02x>", (unsigned char)*from);
        from++;
        left--;
    }
    if (left > 0) {
        size_t line = 1, n = 0;
        for (const char *p = text.p; p < from; p++) line += *p == '\n';
        n = (size_t)snprintf(r->wrong, sizeof r->wrong,
                             "t:%zu: byte %zu: the text ends inside a character,", line,
                             text.n - left);
        for (; left > 0; left--, from++)
            n += (size_t)snprintf(r->wrong + n, sizeof r->wrong - n, " %02x", (unsigned char)*from);
        snprintf(r->wrong + n, sizeof r->wrong - n, " of %s", encoding);
    }
    iconv_close(cd);
}

static void read_cut(struct ift_recode *d, struct ift_slice text, size_t step, struct result *r) {
    struct ift_err err = {0};
    struct ift_slice block;
    int got = 0;
    ift_str_clear(&r->text);
    r->wrong[0] = '\0';
    ift_recode_begin(d, "t");
    for (bool more = true; more && got >= 0;) {
        const size_t n = step < text.n ? step : text.n;
        more = n > 0;
        if (more)
            ift_recode_push(d, (struct ift_slice){text.p, n});
        else
            ift_recode_finish(d);
        text = (struct ift_slice){text.p + n, text.n - n};
        while ((got = ift_recode_next(d, &block, &err)) > 0)
            ift_str_add(&r->text, block.p, block.n);
    }
    if (got < 0) snprintf(r->wrong, sizeof r->wrong, "%s", err.text);
}

static void same(const char *encoding, const struct ift_str *text, const size_t *step) {
    struct ift_err err = {0};
    struct ift_recode *d;
    struct result want = {0}, got = {0};
    CHECK_OK(ift_recode_open(&d, encoding, &err), &err);
    expect(encoding, ift_str_slice(text), &want);
    for (; *step; step++) {
        read_cut(d, ift_str_slice(text), *step, &got);
        CHECK(ift_slice_eq(ift_str_slice(&got.text), ift_str_slice(&want.text)));
        CHECK_STR(got.wrong, want.wrong);
    }
    ift_recode_free(d);
    ift_str_release(&want.text);
    ift_str_release(&got.text);
}

static const char *const encodings[] = {"GB18030", "gbk", "GB2312"};
enum { ENCODINGS = sizeof encodings / sizeof *encodings };
static const size_t every[] = {SIZE_MAX, 1, 2, 3, 5, 7, 4093, 0};

/* Every byte and every two, by themselves and one behind the other. */
static void test_pairs(void) {
    struct ift_str text = {0};
    for (int behind = 0; behind < 3; behind++) {
        ift_str_clear(&text);
        for (unsigned i = 0; i < 0x100; i++) {
            ift_str_addc(&text, (char)i);
            ift_str_adds(&text, "\n");
        }
        for (unsigned i = 0; i < 0x10000; i++) {
            ift_str_addc(&text, (char)(i >> 8));
            ift_str_addc(&text, (char)i);
            ift_str_adds(&text, behind == 0 ? "" : behind == 1 ? "\n" : "ASCII, long");
        }
        for (size_t e = 0; e < ENCODINGS; e++) same(encodings[e], &text, every);
    }
    ift_str_release(&text);
}

/* Of four bytes, those that iconv knows, shifted against the buffers. */
static void test_fours(void) {
    static const size_t large[] = {SIZE_MAX, 3, 4093, 0};
    struct ift_str text = {0};
    size_t known = 0;
    const iconv_t cd = iconv_open("UTF-8", "GB18030");
    for (unsigned i = 0; i < 126 * 10 * 126 * 10; i++) {
        char four[4] = {(char)(0x81 + i / 12600), (char)(0x30 + i / 1260 % 10),
                        (char)(0x81 + i / 10 % 126), (char)(0x30 + i % 10)};
        char out[8], *from = four, *to = out;
        size_t left = sizeof four, room = sizeof out;
        if (iconv(cd, &from, &left, &to, &room) == (size_t)-1) continue;
        ift_str_add(&text, four, sizeof four);
        if (++known % 1000 == 0) ift_str_adds(&text, "a\xc4\xe3\n");
    }
    iconv_close(cd);
    CHECK(known > 0x100000);
    same("GB18030", &text, large);
    ift_str_release(&text);
}

/* Good and bad and halves mixed, to the end of the text. */
static void test_random(void) {
    static const unsigned char likely[] = {0x81, 0x30, 0x39, 0xfe, 0xff, 0x80, '\n', 'a',
                                           0xc4, 0xe3, 0xa2, 0x7f, 0x84, 0x31, 0x95, 0x33};
    struct ift_str text = {0};
    uint64_t state = 1;
    for (int i = 0; i < 8000; i++) {
        ift_str_clear(&text);
        ift_str_adds(&text, "");
        for (unsigned n = 1 + (unsigned)i % 40; n > 0; n--) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            const unsigned x = (unsigned)(state >> 40);
            ift_str_addc(&text, (char)(x & 0x300 ? likely[x % 16] : x >> 16));
        }
        same(encodings[i % ENCODINGS], &text, every);
    }
    ift_str_release(&text);
}

int main(void) {
    test_pairs();
    test_fours();
    test_random();
    return check_done();
}
