/* Random bytes, Latin letters and rare words: what an encoder remembers, and how much of it, has no
 * say in the ids; and a byte that is not UTF-8 is U+FFFD to SentencePiece. Vocabularies are those
 * of test_tokenizer.c. */
#include <dirent.h>

#include "libcore/base/rng.h"
#include "libcore/io/utf8.h"
#include "libcore/text/tokenizer.h"
#include "tests/unit/check.h"

enum { LONG = 150000, SHORT = 400, TEXTS = 40 };

/* how: 0 bytes, 1 Latin letters, 2 characters of all scripts. */
static void add_random(struct ift_str *text, struct ift_rng *rng, int how, size_t n) {
    ift_str_clear(text);
    while (text->n < n) {
        char p[4];
        const uint32_t byte = (uint32_t)ift_rng_below(rng, 256);
        const bool meta = ift_rng_below(rng, 50) == 0;
        if (meta) ift_str_adds(text, "\xe2\x96\x81");
        if (how == 0)
            ift_str_addc(text, (char)byte);
        else
            ift_str_add(text, p, ift_utf8_encode(how == 1 ? byte : byte << 6, p));
    }
}

static void replace_broken(struct ift_str *out, const struct ift_str *text) {
    ift_str_clear(out);
    for (size_t i = 0, len; i < text->n; i += len) {
        uint32_t code;
        len = ift_utf8_decode(text->p + i, text->n - i, &code);
        if (len > 0) ift_str_add(out, text->p + i, len);
        if (len == 0) ift_str_adds(out, "\xef\xbf\xbd");
        if (len == 0) len = 1;
    }
}

static void check_same(struct ift_encoder *a, const struct ift_str *of_a, struct ift_encoder *b,
                       const struct ift_str *of_b, const char *name) {
    struct ift_err err = {0};
    struct ift_tokens x = {0}, y = {0};
    CHECK_OK(ift_encoder_encode(a, of_a->p, of_a->n, NULL, &x, &err), &err);
    CHECK_OK(ift_encoder_encode(b, of_b->p, of_b->n, NULL, &y, &err), &err);
    if (x.n != y.n || memcmp(x.id, y.id, x.n * sizeof *x.id) != 0) {
        fprintf(stderr, "%s: ids differ\n", name);
        check_failures++;
    }
    ift_tokens_release(&x);
    ift_tokens_release(&y);
}

static void check_vocabulary(const char *path, bool sentencepiece) {
    struct ift_err err = {0};
    struct ift_tokenizer *t = NULL;
    struct ift_str text = {0}, replaced = {0};
    struct ift_rng rng = ift_rng(20261124, 0, 0);
    CHECK_OK(ift_tokenizer_open(&t, path, &err), &err);
    if (!t) exit(1);
    struct ift_encoder *const old = ift_encoder_new(t);
    for (int i = 0; i < TEXTS; i++) {
        add_random(&text, &rng, i % 3, i == 0 ? LONG : SHORT);
        struct ift_encoder *const fresh = ift_encoder_new(t);
        check_same(old, &text, fresh, &text, path);
        replace_broken(&replaced, &text);
        if (sentencepiece) check_same(old, &text, fresh, &replaced, path);
        ift_encoder_free(fresh);
    }
    ift_encoder_free(old);
    ift_tokenizer_free(t);
    ift_str_release(&text);
    ift_str_release(&replaced);
}

int main(void) {
    const char *const src = getenv("SRC");
    struct ift_str folder = {0}, path = {0};
    ift_str_addf(&folder, "%s/tests/golden/tokenizer", src && *src ? src : ".");
    DIR *const d = opendir(folder.p);
    size_t n = 0;
    for (const struct dirent *f; d && (f = readdir(d));) {
        const char *const dot = strrchr(f->d_name, '.');
        const bool model = dot && strcmp(dot, ".model") == 0;
        if (!model && !(dot && strcmp(dot, ".json") == 0)) continue;
        ift_str_clear(&path);
        ift_str_addf(&path, "%s/%s", folder.p, f->d_name);
        /* nmt_nfkc's rules make a space of a U+FFFD that is written. */
        check_vocabulary(path.p, model && strncmp(f->d_name, "nmt", 3) != 0);
        n++;
    }
    CHECK(n > 30);
    if (d) closedir(d);
    ift_str_release(&folder);
    ift_str_release(&path);
    return check_done();
}
