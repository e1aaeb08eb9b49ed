/* Normal form C as Python has it and as tokenizers has it: U+0899 and U+11938 are younger than the
 * Unicode of the latter. */
#include "libcore/base/rng.h"
#include "libcore/io/utf8.h"
#include "libcore/text/normalize.h"
#include "tests/unit/check.h"

/* `plain`: as it is, by tokenizers or by Python. */
static void test_forms(void) {
    static const struct {
        const char *text, *latest, *nine;
    } table[] = {
        {"plain", "plain", "plain"},
        {"e\u0301", "\u00e9", "\u00e9"},
        {"a\u0315\u0323", "\u1ea1\u0315", "\u1ea1\u0315"},
        {"a\u0315\u0899", "a\u0899\u0315", "a\u0315\u0899"},
        {"a\u0899\u0301", "\u00e1\u0899", "a\u0899\u0301"},
        {"e\u0301\u0899", "\u00e9\u0899", "\u00e9\u0899"},
        {"\u0899\u0323\u0334", "\u0334\u0899\u0323", "\u0899\u0334\u0323"},
        {"\u0315\u0899\u0334", "\u0334\u0899\u0315", "\u0315\u0899\u0334"},
        {"\U00011935\U00011930", "\U00011938", "\U00011935\U00011930"},
        {"\U00011938", "\U00011938", "\U00011938"},
    };
    struct ift_normal out = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int form = IFT_NFC_LATEST; form <= IFT_NFC_9; form++) {
            const struct ift_normalizer z = {.nfc = (enum ift_nfc)form, .keep_bytes = true};
            const char *const want = form == IFT_NFC_9 ? table[i].nine : table[i].latest;
            ift_normalize(&z, table[i].text, strlen(table[i].text), true, &out);
            CHECK_STR(ift_str_slice(&out.text).p, want);
            CHECK(!ift_nfc_is(z.nfc, table[i].text, strlen(table[i].text)) ||
                  strcmp(table[i].text, want) == 0);
        }
    ift_normal_release(&out);
}

/* The map leads from each byte to what went into it. */
static void test_map(void) {
    const struct ift_normalizer z = {.nfc = IFT_NFC_9, .keep_bytes = true};
    const char text[] = "x\u0899e\u0301y";
    struct ift_normal out = {0};
    ift_normalize(&z, text, sizeof text - 1, true, &out);
    CHECK_STR(out.text.p, "x\u0899\u00e9y");
    static const uint32_t want[] = {0, 1, 2, 3, 4, 4, 7, 8};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK_INT(ift_normal_source(&out, i), want[i]);
    ift_normal_release(&out);
}

/* What lies between bytes that are not UTF-8 becomes what utf8proc makes of it. */
static void test_broken(void) {
    const struct ift_normalizer z = {.nfc = IFT_NFC_LATEST, .keep_bytes = true};
    struct ift_rng rng = ift_rng(20261124, 0, 0);
    struct ift_str text = {0}, want = {0};
    struct ift_normal out = {0};
    struct ift_err err = {0};
    for (int k = 0; k < 20000; k++) {
        ift_str_clear(&text);
        ift_str_clear(&want);
        while (text.n < 1 || ift_rng_below(&rng, 12) > 0) {
            static const char *const parts[] = {"e",      "\u0301",   "\u0323", "\u00e9", "\u1100",
                                                "\u1161", "\u4e2d",   "\u0915", "\u093c", "\xcc",
                                                "\x80",   "\xe3\x82", "\u30ab", "\u3099"};
            ift_str_adds(&text, parts[ift_rng_below(&rng, sizeof parts / sizeof *parts)]);
        }
        for (size_t i = 0; i < text.n;) {
            const size_t fine = ift_utf8_check(text.p + i, text.n - i);
            CHECK_OK(ift_utf8_normalize(IFT_UTF8_NFC, text.p + i, fine, &want, &err), &err);
            i += fine;
            if (i < text.n) ift_str_addc(&want, text.p[i++]);
        }
        ift_normalize(&z, text.p, text.n, true, &out);
        CHECK_STR(ift_str_slice(&out.text).p, want.p);
    }
    ift_str_release(&text);
    ift_str_release(&want);
    ift_normal_release(&out);
}

int main(void) {
    test_forms();
    test_map();
    test_broken();
    return check_done();
}
