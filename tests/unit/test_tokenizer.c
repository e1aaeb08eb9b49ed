/* Small vocabularies with random pieces and merges, and what sentencepiece and tokenizers made of
 * random texts with them (tests/oracle/tokenizer.py golden); marks, refusals, and text that would
 * break a slower algorithm. */
#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/text/tokenizer.h"
#include "tests/unit/check.h"

static struct ift_str folder;

static struct ift_str path_of(const char *name) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", folder.p, name);
    return path;
}

static struct ift_tokenizer *open_golden(const char *name) {
    struct ift_err err = {0};
    struct ift_tokenizer *t = NULL;
    struct ift_str path = path_of(name);
    CHECK_OK(ift_tokenizer_open(&t, path.p, &err), &err);
    ift_str_release(&path);
    if (!t) exit(1);
    return t;
}

static size_t read_ids(const struct ift_json *doc, int32_t *id, size_t most) {
    const int array = ift_json_get(doc, 0, "ids");
    size_t n = 0;
    for (int v = ift_json_first(doc, array); v >= 0 && n < most; v = ift_json_next(doc, array, v)) {
        long long x = -1;
        CHECK(ift_parse_i64(ift_json_raw(doc, v), &x));
        id[n++] = (int32_t)x;
    }
    return n;
}

/* One case: text -> ids where there is a text, ids -> decoded. */
static void check_case(const struct ift_tokenizer *t, struct ift_encoder *e,
                       const struct ift_json *doc, bool control, const char *name, size_t line) {
    static int32_t id[4096];
    struct ift_err err = {0};
    struct ift_tokens tokens = {0};
    struct ift_str text = {0}, decoded = {0}, got = {0};
    const size_t n = read_ids(doc, id, 4096);
    if (ift_json_get(doc, 0, "text") >= 0) {
        ift_json_text(doc, ift_json_get(doc, 0, "text"), &text);
        const struct ift_encode_opts opts = {.parse_control = control};
        CHECK_OK(ift_encoder_encode(e, text.p ? text.p : "", text.n, &opts, &tokens, &err), &err);
        if (tokens.n != n || (n > 0 && memcmp(tokens.id, id, n * sizeof *id) != 0)) {
            fprintf(stderr, "%s:%zu: ids differ\n", name, line);
            check_failures++;
        }
        CHECK_INT(tokens.from[tokens.n], text.n);
        for (size_t i = 0; i < tokens.n; i++) CHECK(tokens.from[i] <= tokens.from[i + 1]);
    }
    ift_json_text(doc, ift_json_get(doc, 0, "decoded"), &decoded);
    CHECK_OK(ift_tokenizer_decode(t, id, n, false, &got, &err), &err);
    if (!ift_slice_eq(ift_str_slice(&got), ift_str_slice(&decoded))) {
        fprintf(stderr, "%s:%zu: decoded '%s', expected '%s'\n", name, line, got.p ? got.p : "",
                decoded.p ? decoded.p : "");
        check_failures++;
    }
    ift_tokens_release(&tokens);
    ift_str_release(&text);
    ift_str_release(&decoded);
    ift_str_release(&got);
}

static void check_golden(const char *name) {
    struct ift_err err = {0};
    struct ift_str path = path_of(name), vocab = {0};
    const char *const paths[] = {path.p};
    struct ift_in *in;
    struct ift_slice line;
    struct ift_json doc = {0};
    bool terminated, control = false;
    CHECK_OK(ift_in_open(&in, paths, 1, NULL, &err), &err);
    CHECK_INT(ift_in_next(in, &err), 1);
    CHECK_INT(ift_in_line(in, &line, &terminated, &err), 1);
    CHECK_OK(ift_json_parse(&doc, line.p, line.n, &err), &err);
    CHECK_OK(ift_json_get_str(&doc, 0, "vocab", "", &vocab, &err), &err);
    CHECK_OK(ift_json_get_bool(&doc, 0, "control", false, &control, &err), &err);
    struct ift_tokenizer *const t = open_golden(vocab.p);
    struct ift_encoder *const e = ift_encoder_new(t);
    size_t n = 1;
    while (ift_in_line(in, &line, &terminated, &err) > 0) {
        CHECK_OK(ift_json_parse(&doc, line.p, line.n, &err), &err);
        check_case(t, e, &doc, control, name, ++n);
    }
    CHECK(n > 50);
    ift_encoder_free(e);
    ift_tokenizer_free(t);
    ift_json_release(&doc);
    ift_in_free(in);
    ift_str_release(&path);
    ift_str_release(&vocab);
}

static size_t check_all_golden(void) {
    DIR *const d = opendir(folder.p);
    CHECK(d != NULL);
    size_t n = 0;
    for (const struct dirent *f; d && (f = readdir(d));) {
        const char *const dot = strrchr(f->d_name, '.');
        if (!dot || strcmp(dot, ".jsonl") != 0) continue;
        check_golden(f->d_name);
        n++;
    }
    if (d) closedir(d);
    return n;
}

/* A control token stands where its mark says and nowhere else. */
static void check_marks(void) {
    struct ift_err err = {0};
    struct ift_tokenizer *const t = open_golden("model-0.model");
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0}, alone = {0};
    const struct ift_tokenizer_info *const info = ift_tokenizer_info(t);
    CHECK_INT(info->bos, 1);
    CHECK_INT(info->eos, 2);
    CHECK_INT(ift_tokenizer_control(t, "</s>", 4), 2);
    CHECK_INT(ift_tokenizer_control(t, "</s", 3), -1);
    CHECK_OK(ift_encoder_encode(e, "<s>ab</s>", 9, NULL, &tokens, &err), &err);
    for (size_t i = 0; i < tokens.n; i++) CHECK(tokens.id[i] != 1 && tokens.id[i] != 2);
    const struct ift_mark marks[] = {{0, 3, 1}, {5, 9, 2}, {9, 9, 2}};
    const struct ift_encode_opts opts = {.mark = marks, .nmarks = 3};
    CHECK_OK(ift_encoder_encode(e, "<s>ab</s>", 9, &opts, &tokens, &err), &err);
    CHECK_OK(ift_encoder_encode(e, "ab", 2, NULL, &alone, &err), &err);
    CHECK_INT(tokens.n, alone.n + 3);
    CHECK_INT(tokens.id[0], 1);
    CHECK(memcmp(tokens.id + 1, alone.id, alone.n * sizeof *alone.id) == 0);
    CHECK_INT(tokens.id[tokens.n - 2], 2);
    CHECK_INT(tokens.from[tokens.n - 2], 5);
    CHECK_INT(tokens.from[tokens.n - 1], 9);
    const int32_t beyond[] = {(int32_t)info->size}, negative[] = {-1};
    struct ift_str out = {0};
    CHECK_INT(ift_tokenizer_decode(t, beyond, 1, false, &out, &err), -1);
    CHECK_INT(ift_tokenizer_decode(t, negative, 1, false, &out, &err), -1);
    CHECK_STR(err.text[0] ? "said" : "", "said");
    ift_str_release(&out);
    ift_tokens_release(&tokens);
    ift_tokens_release(&alone);
    ift_encoder_free(e);
    ift_tokenizer_free(t);
}

/* What is not understood is refused by name. */
static void check_refusals(void) {
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "it has no pieces"},
        {"\x0a\xff\xff", "malformed or cut"},
        {"{}", "it has no \"model\""},
        {"{\"model\":{\"type\":\"WordPiece\"}}", "model WordPiece, as set here, is not supported"},
        {"{\"model\":{\"type\":\"BPE\",\"dropout\":0.1}}", "dropout is not supported"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}}",
         "id 0 has two tokens"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}",
         "the id of a token is missing or not between"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}",
         "merge 0 joins \"b\", which is no token"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a a\"]}}",
         "merge 0 makes \"aa\", which is no token"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a\"]}}",
         "merge 0 is not two tokens"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}",
         "256 bytes have no token and there is no unk_token"},
        {"{\"normalizer\":{\"type\":\"NFKC\"},\"model\":{\"type\":\"BPE\"}}",
         "normalizer NFKC, as set here, is not supported"},
        {"{\"normalizer\":{\"type\":\"NFC\"},\"model\":{\"type\":\"BPE\"}}",
         "normalizer NFC without ByteLevel is not supported"},
        {"{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",\"b\"]]}}",
         "piece 0 is not a text and a score"},
        {"{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",0]]}}", "the model has no unk_id"},
        {"{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x+\"}},\"model\":{}}",
         "the pattern x+ is not one we know"},
        {"{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\"}]},"
         "\"model\":{}}",
         "pre-tokenizer Digits"},
        {"IQ== 0\nIg== 1\n", "refused does not say how words are cut"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ift_err err = {0};
        struct ift_tokenizer *t;
        FILE *const f = fopen("refused", "wb");
        CHECK(f && fwrite(bad[i].text, 1, strlen(bad[i].text), f) == strlen(bad[i].text) &&
              fclose(f) == 0);
        CHECK_INT(ift_tokenizer_open(&t, "refused", &err), -1);
        if (!strstr(err.text, bad[i].message)) CHECK_STR(err.text, bad[i].message);
    }
    unlink("refused");
    struct ift_err err = {0};
    struct ift_tokenizer *t;
    CHECK_INT(ift_tokenizer_open(&t, "no/such/vocabulary", &err), -1);
    CHECK_STR(err.text, "no/such/vocabulary: No such file or directory");
    CHECK_INT(ift_tokenizer_open(&t, "/", &err), -1);
    CHECK(strstr(err.text, "/: no vocabulary is there: tokenizer.json, ") == err.text);
}

static double seconds_to_encode(struct ift_encoder *e, const char *text, size_t n) {
    struct ift_err err = {0};
    struct ift_tokens tokens = {0};
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    CHECK_OK(ift_encoder_encode(e, text, n, NULL, &tokens, &err), &err);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    ift_tokens_release(&tokens);
    return (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

/* A word without an end takes time linear in its length, or nearly: ten times the text, not a
 * hundred times the time. */
static void check_hostile(const char *vocab) {
    struct ift_tokenizer *const t = open_golden(vocab);
    static const char *const unit[] = {"a",        " ", "中",   "\n", "ab",
                                       "e\xcc\x81", "😀", "\xff", "'"};
    enum { LARGE = 600000 };
    char *const text = ift_alloc(LARGE);
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        const size_t n = strlen(unit[u]);
        for (size_t i = 0; i < LARGE; i++) text[i] = unit[u][i % n];
        struct ift_encoder *const e = ift_encoder_new(t);
        (void)seconds_to_encode(e, text, LARGE / 60);
        const double small = seconds_to_encode(e, text, LARGE / 10),
                     large = seconds_to_encode(e, text, LARGE);
        if (large > 40 * small && large > 0.5) {
            fprintf(stderr, "%s: '%s' %d times: %.3f s, a tenth of it %.3f s\n", vocab, unit[u],
                    LARGE, large, small);
            check_failures++;
        }
        ift_encoder_free(e);
    }
    free(text);
    ift_tokenizer_free(t);
}

int main(void) {
    const char *const src = getenv("SRC");
    ift_str_addf(&folder, "%s/tests/golden/tokenizer", src && *src ? src : ".");
    CHECK_INT(check_all_golden(), 44);
    check_marks();
    check_refusals();
    check_hostile("model-0.model");
    check_hostile("bytes-7.json");
    check_hostile("chars-15.json");
    check_hostile("unigram-21.model");
    check_hostile("tiktoken-41");
    ift_str_release(&folder);
    return check_done();
}
