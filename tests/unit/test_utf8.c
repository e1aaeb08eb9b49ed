#include "libcore/io/utf8.h"

#include <utf8proc.h>

#include "tests/unit/check.h"

/* ---- bytes ---- */

/* The table of well-formed byte sequences of the Unicode standard (3-7), written out. */
static size_t well_formed(const unsigned char *b, size_t n) {
    static const struct {
        unsigned char lo[4], hi[4], len;
    } row[] = {
        {{0x00}, {0x7f}, 1},
        {{0xc2, 0x80}, {0xdf, 0xbf}, 2},
        {{0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}, 3},
        {{0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}, 3},
        {{0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}, 3},
        {{0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}, 3},
        {{0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}, 4},
    };
    for (size_t r = 0; r < sizeof row / sizeof *row; r++) {
        size_t i = 0;
        while (i < row[r].len && i < n && b[i] >= row[r].lo[i] && b[i] <= row[r].hi[i]) i++;
        if (i == row[r].len) return i;
    }
    return 0;
}

static size_t slow_check(const unsigned char *b, size_t n) {
    size_t i = 0, len;
    while (i < n && (len = well_formed(b + i, n - i)) > 0) i += len;
    return i;
}

/* Every sequence of up to four bytes that matters, standing at every place around a 32-byte
 * boundary. */
static void test_check(void) {
    static const unsigned char edge[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                         0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                         0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};
    enum { N = sizeof edge };
    unsigned char text[100];
    for (unsigned k = 0; k < N * N * N * N; k++) {
        const unsigned char seq[4] = {edge[k % N], edge[k / N % N], edge[k / N / N % N],
                                      edge[k / N / N / N]};
        uint32_t code;
        CHECK(ift_utf8_decode((const char *)seq, 4, &code) == well_formed(seq, 4));
        const size_t at = 26 + k % 10, n = at + 4 + k / 7 % 40;
        memset(text, 'a', sizeof text);
        memcpy(text + at, seq, 4);
        if (k % 3 == 0) memcpy(text + at - 3, "\xe4\xb8\xad", 3);
        if (k % 5 == 0) memcpy(text + at - 4, "\xf0\x9f\x98\x80", 4);
        const size_t want = slow_check(text, n), got = ift_utf8_check((char *)text, n);
        if (got != want)
            fprintf(stderr, "%02x %02x %02x %02x at %zu of %zu\n", seq[0], seq[1], seq[2], seq[3],
                    at, n);
        CHECK_INT(got, want);
        if (check_failures > 10) return;
    }
}

static void test_random_bytes(void) {
    unsigned char text[300];
    uint64_t x = 7;
    for (int round = 0; round < 60000; round++) {
        size_t n = 0;
        while (n < 280) { /* valid characters, now and then a byte spoilt */
            x = x * 6364136223846793005u + 1442695040888963407u;
            const uint32_t r = (uint32_t)(x >> 33), kind = r % 4;
            const uint32_t code = kind == 0   ? r / 4 % 0x80
                                  : kind == 1 ? r / 4 % 0x800
                                  : kind == 2 ? r / 4 % 0xd800
                                              : 0x10000 + r / 4 % 0x100000;
            n += ift_utf8_encode(code, (char *)text + n);
        }
        if (round % 4) text[(x >> 20) % n] ^= (unsigned char)(1u << (x >> 12) % 8);
        n -= (x >> 8) % 40;
        CHECK_INT(ift_utf8_check((char *)text, n), slow_check(text, n));
        if (check_failures > 10) return;
    }
}

static void test_codes(void) {
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff) continue;
        char text[4];
        uint32_t back = 0;
        const size_t len = ift_utf8_encode(code, text);
        CHECK(ift_utf8_decode(text, len, &back) == len && back == code &&
              ift_utf8_check(text, len) == len);
        CHECK(len == 1 || ift_utf8_decode(text, len - 1, &back) == 0);
        if (check_failures > 10) return;
    }
    CHECK_INT(ift_utf8_count("a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", 10), 4);
    CHECK_INT(ift_utf8_check("", 0), 0);
}

/* ---- classes ---- */

static void test_classes(void) {
    static const uint32_t spaces[] = {9,      10,     11,     12,     13,     0x20,   0x85,
                                      0xa0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                      0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
                                      0x2029, 0x202f, 0x205f, 0x3000};
    size_t n = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        const char *const c = ift_utf8_category(code);
        const bool space = n < sizeof spaces / sizeof *spaces && spaces[n] == code;
        n += space;
        /* Letters and numbers are those of Unicode 16, of which utf8proc may know less. */
        const bool letter = ift_utf8_is_letter(code), number = ift_utf8_is_number(code);
        CHECK(letter == (c[0] == 'L') || (letter && c[0] == 'C' && c[1] == 'n'));
        CHECK(number == (c[0] == 'N') || (number && c[0] == 'C' && c[1] == 'n'));
        CHECK(ift_utf8_is_mark(code) == (c[0] == 'M') && ift_utf8_is_space(code) == space);
        const bool word = letter || c[0] == 'M' || (number && strcmp(c, "No") != 0) ||
                          strcmp(c, "Pc") == 0 || code == 0x200c || code == 0x200d;
        CHECK(ift_utf8_is_word(code) == word || c[0] == 'S' || c[0] == 'C');
        if (check_failures > 10) return;
    }
    CHECK(ift_utf8_is_letter(0x13460) && ift_utf8_is_letter(0x2ee5d));
    CHECK(ift_utf8_is_number(0x1ccf9));
    CHECK(ift_utf8_is_word(0x24b6) && !ift_utf8_is_word(0x2460) && !ift_utf8_is_word('-'));
    CHECK_STR(ift_utf8_category('A'), "Lu");
    CHECK_STR(ift_utf8_category(0x4e2d), "Lo");
    CHECK_STR(ift_utf8_category(0x0378), "Cn");
    CHECK_INT(ift_utf8_lower(0xc9), 0xe9);
    CHECK_INT(ift_utf8_upper(0xe9), 0xc9);
    CHECK_INT(ift_utf8_lower(0x4e2d), 0x4e2d);
}

/* ---- normal forms: the shortcut against utf8proc on the whole text ---- */

static void same_form(const char *text, size_t n, struct ift_str *out) {
    static const utf8proc_option_t options[] = {
        [IFT_UTF8_NFC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
        [IFT_UTF8_NFD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
        [IFT_UTF8_NFKC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [IFT_UTF8_NFKD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
    };
    for (int form = IFT_UTF8_NFC; form <= IFT_UTF8_NFKD; form++) {
        struct ift_err err = {0};
        ift_str_clear(out);
        CHECK_OK(ift_utf8_normalize(form, text, n, out, &err), &err);
        utf8proc_uint8_t *want;
        const utf8proc_ssize_t len =
            utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &want, options[form]);
        CHECK(len >= 0 && out->n == (size_t)len && memcmp(out->p, want, out->n) == 0);
        free(want);
    }
}

static void test_forms(void) {
    struct ift_str out = {0};
    struct ift_err err = {0};
    static const uint32_t after[] = {0,     'a',   0x300,  0x301,  0x327,  0x334,   0x345, 0x5b0,
                                     0x9be, 0xbd7, 0x1161, 0x11a8, 0x3099, 0x110ba, 0xac00};
    for (uint32_t code = 0; code <= 0x10ffff && check_failures < 10; code++) {
        if (code >= 0xd800 && code <= 0xdfff) continue;
        const bool alike = (code >= 0x3400 && code < 0xf900) ||
                           code >= 0x13000; /* ideographs, syllables, private use */
        if (alike && code % 29) continue;
        for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
            char text[20] = "e";
            size_t n = 1 + ift_utf8_encode(code, text + 1);
            if (after[i]) n += ift_utf8_encode(after[i], text + n);
            text[n++] = 'z';
            same_form(text, n, &out);
            if (alike && i > 3) break;
        }
    }
    uint64_t x = 3;
    for (int round = 0; round < 20000 && check_failures < 10;
         round++) { /* strings of what combines */
        char text[200];
        size_t n = 0;
        while (n < 60) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            static const uint32_t from[] = {0x20,   0xc0,   0x300,  0x900,  0x1100, 0x1e00,
                                            0x3040, 0xac00, 0xf900, 0xff00, 0x11100};
            const uint32_t r = (uint32_t)(x >> 33);
            n += ift_utf8_encode(from[r % 11] + r / 11 % 0x80, text + n);
        }
        same_form(text, n, &out);
    }
    ift_str_clear(&out);
    CHECK_OK(ift_utf8_normalize(IFT_UTF8_NFC, NULL, 0, &out, &err), &err);
    CHECK_INT(ift_utf8_normalize(IFT_UTF8_NFC, "ab\xff", 3, &out, &err), -1);
    CHECK_STR(err.text, "byte 3: not UTF-8");
    CHECK_INT(ift_utf8_normalize(IFT_UTF8_NFC, "e\xcc\x81\xff", 4, &out, &err), -1);
    ift_str_release(&out);
}

int main(void) {
    test_check();
    test_random_bytes();
    test_codes();
    test_classes();
    test_forms();
    return check_done();
}
