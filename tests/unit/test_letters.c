/* Counting text at once against one character after the other, wherever it begins and ends. */
#include "libcore/data/letters.h"
#include "libcore/io/utf8.h"
#include "tests/unit/check.h"

static const struct {
    const char *text;
    enum ift_letters script;
} samples[] = {
    {"aZéßªŋ\xe1\xba\xbf", IFT_LETTERS_LATIN},
    {"Ωά", IFT_LETTERS_GREEK},
    {"Жщѣ", IFT_LETTERS_CYRILLIC},
    {"שלום", IFT_LETTERS_HEBREW},
    {"عربي", IFT_LETTERS_ARABIC},
    {"हनद", IFT_LETTERS_DEVANAGARI},
    {"বল", IFT_LETTERS_BENGALI},
    {"தமழ", IFT_LETTERS_TAMIL},
    {"తలగ", IFT_LETTERS_TELUGU},
    {"ไทย", IFT_LETTERS_THAI},
    {"中文々〆𠀀", IFT_LETTERS_HAN},
    {"ひらカナーｱｰ", IFT_LETTERS_KANA},
    {"한글ㅎ", IFT_LETTERS_HANGUL},
    {"აკµ𝒜", IFT_LETTERS_OTHER},
    {" 019_-.,、。「\xcc\x81😀२", IFT_LETTERS_KINDS},
};

static void test_samples(const struct ift_letters_table *table) {
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const char *const text = samples[i].text;
        uint64_t letters[IFT_LETTERS_KINDS + 1] = {0};
        const uint64_t n = ift_letters_count(table, text, strlen(text), letters);
        CHECK_INT(n, ift_utf8_count(text, strlen(text)));
        if (strchr(text, (char)0xe3) && samples[i].script == IFT_LETTERS_HAN)
            CHECK_INT(letters[IFT_LETTERS_HAN] + letters[IFT_LETTERS_OTHER], n); /* 〆 is shared */
        else
            CHECK_INT(letters[samples[i].script], n);
    }
}

static void test_pieces(const struct ift_letters_table *table) {
    struct ift_str text = {0};
    for (size_t i = 0; i < 400; i++) {
        const char *const piece = samples[i * 7 % (sizeof samples / sizeof *samples)].text;
        ift_str_adds(&text, piece);
        for (size_t k = 0; k < i % 40; k++) ift_str_addc(&text, "The end. "[k % 9]);
    }
    for (size_t from = 0; from < 300; from++) {
        if (((unsigned char)text.p[from] & 0xc0) == 0x80) continue;
        for (size_t to = from; to < from + 90; to++) {
            if (((unsigned char)text.p[to] & 0xc0) == 0x80) continue;
            uint64_t got[IFT_LETTERS_KINDS + 1] = {0}, want[IFT_LETTERS_KINDS + 1] = {0};
            const uint64_t n = ift_letters_count(table, text.p + from, to - from, got);
            uint64_t characters = 0;
            for (size_t i = from; i < to; characters++) {
                uint32_t code;
                i += ift_utf8_decode(text.p + i, to - i, &code);
                want[ift_letters_of(code)]++;
            }
            CHECK_INT(n, characters);
            CHECK(memcmp(got, want, sizeof got) == 0);
        }
    }
    ift_str_release(&text);
}

int main(void) {
    struct ift_letters_table *const table = ift_letters_table_new();
    test_samples(table);
    test_pieces(table);
    for (uint32_t code = 0; code < 0x110000; code++)
        CHECK((ift_letters_of(code) < IFT_LETTERS_KINDS) == ift_utf8_is_letter(code));
    free(table);
    return check_done();
}
