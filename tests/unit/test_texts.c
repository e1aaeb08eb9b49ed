/* Where a plain text may be cut into parts: no word, and no normal form, is another for it. */
#include "libcore/text/texts.h"

#include <string.h>

#include "libcore/base/rng.h"
#include "libcore/io/utf8.h"
#include "libcore/text/pretoken.h"
#include "tests/unit/check.h"

enum { LONGEST = 256 };

static void random_text(struct ift_rng *r, struct ift_str *text) {
    static const char *const bits[] = {
        "a",      "x",  "Z",   "\n",   "\n",       " ",  " ",  "\r",  "\t",     "\u3000",
        "\u00a0", "'s", "'ll", "'",    "é",        "中", "文", "、",  "。",     "，",
        "々",     "〇", "（",  "〈",   "1",        "23", ".",  "!\n", "\u0301", "\u302a",
        "\u3099", "ſ",  "'ſ",  "\xff", "\xe4\xb8", "-",  "_",
    };
    ift_str_clear(text);
    const size_t n = 3 + ift_rng_below(r, 30);
    for (size_t i = 0; i < n; i++)
        ift_str_adds(text, bits[ift_rng_below(r, sizeof bits / sizeof *bits)]);
}

/* Sets starts[i] where a word of p[from, to) begins. */
static void mark_words(ift_pretoken_fn *scan, struct ift_classes *c, const char *p, size_t from,
                       size_t to, char starts[LONGEST]) {
    while (from < to) {
        starts[from] = 1;
        from += scan(c, p + from, to - from);
    }
}

static void check_words(struct ift_classes *c, const struct ift_str *t, size_t at) {
    ift_pretoken_fn *const scan[] = {ift_pretoken_gpt2, ift_pretoken_llama3, ift_pretoken_qwen};
    for (size_t s = 0; s < 3; s++) {
        char whole[LONGEST] = {0}, parts[LONGEST] = {0};
        mark_words(scan[s], c, t->p, 0, t->n, whole);
        mark_words(scan[s], c, t->p, 0, at, parts);
        mark_words(scan[s], c, t->p, at, t->n, parts);
        CHECK(memcmp(whole, parts, t->n) == 0);
    }
}

static void check_normal_form(const struct ift_str *t, size_t at) {
    struct ift_str whole = {0}, parts = {0};
    struct ift_err err;
    if (ift_utf8_check(t->p, t->n) != t->n) return;
    CHECK_OK(ift_utf8_normalize(IFT_UTF8_NFC, t->p, t->n, &whole, &err), &err);
    CHECK_OK(ift_utf8_normalize(IFT_UTF8_NFC, t->p, at, &parts, &err), &err);
    CHECK_OK(ift_utf8_normalize(IFT_UTF8_NFC, t->p + at, t->n - at, &parts, &err), &err);
    CHECK(whole.n == parts.n && memcmp(whole.p, parts.p, whole.n) == 0);
    ift_str_release(&whole);
    ift_str_release(&parts);
}

int main(void) {
    struct ift_rng r = ift_rng(1, 0, 0);
    struct ift_classes classes = {0};
    struct ift_str text = {0};
    size_t checked = 0;
    for (int k = 0; k < 50000; k++) {
        random_text(&r, &text);
        for (size_t i = 1; i + 3 <= text.n; i++) {
            if (!ift_texts_may_begin(text.p, i)) continue;
            check_words(&classes, &text, i);
            check_normal_form(&text, i);
            checked++;
        }
    }
    CHECK(checked > 50000);
    ift_str_release(&text);
    ift_classes_release(&classes);
    return check_done();
}
