/* Every vector under $SHARED/tok/vectors for the vocabularies that are supported: ids, places,
 * decoded text. The files say what sentencepiece 0.2.1, tokenizers and tiktoken gave, and what
 * published test suites expect. */
#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"
#include "libcore/text/tokenizer.h"
#include "tests/unit/check.h"

static const char *tok; /* $SHARED/tok */

/* The lines of a file, NUL-terminated. */
struct lines {
    struct ift_str text;
    char **line;
    size_t n, cap;
};

static void read_lines(struct lines *l, const char *dir, const char *name, const char *suffix) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    *l = (struct lines){0};
    ift_str_addf(&path, "%s/vectors/%s/%s%s", tok, dir, name, suffix);
    CHECK_OK(ift_in_slurp(path.p, &l->text, 0, &err), &err);
    ift_str_release(&path);
    for (char *p = l->text.p, *end; p && p < l->text.p + l->text.n; p = end + 1) {
        end = strchr(p, '\n');
        if (!end) end = l->text.p + l->text.n;
        *end = '\0';
        l->line = ift_grow(l->line, l->n + 1, &l->cap, sizeof *l->line);
        l->line[l->n++] = p;
    }
    CHECK(l->n > 0);
}

static void free_lines(struct lines *l) {
    ift_str_release(&l->text);
    free(l->line);
}

static struct ift_tokenizer *open_tokenizer(const char *file) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    struct ift_tokenizer *t = NULL;
    ift_str_addf(&path, "%s/%s", tok, file);
    CHECK_OK(ift_tokenizer_open(&t, path.p, &err), &err);
    ift_str_release(&path);
    return t;
}

static void get_text(const struct ift_json *doc, int object, const char *key, struct ift_str *out) {
    ift_str_clear(out);
    ift_json_text(doc, ift_json_get(doc, object, key), out);
}

static int get_ids(const struct ift_json *doc, int object, const char *key, struct ift_str *out) {
    const int array = ift_json_get(doc, object, key);
    if (array < 0) return -1;
    ift_str_clear(out);
    for (int v = ift_json_first(doc, array); v >= 0; v = ift_json_next(doc, array, v)) {
        const struct ift_slice raw = ift_json_raw(doc, v);
        if (out->n) ift_str_addc(out, ' ');
        ift_str_add(out, raw.p, raw.n);
    }
    return 0;
}

static void print_ids(const struct ift_tokens *tokens, struct ift_str *out) {
    ift_str_clear(out);
    for (size_t i = 0; i < tokens->n; i++) ift_str_addf(out, i ? " %d" : "%d", tokens->id[i]);
}

static void get_hex(const char *hex, struct ift_str *out) {
    ift_str_clear(out);
    for (; hex[0] && hex[1]; hex += 2) {
        const char two[3] = {hex[0], hex[1], 0};
        ift_str_addc(out, (char)strtol(two, NULL, 16));
    }
}

/* Places tile the text. */
static void check_tiling(const struct ift_tokens *tokens, size_t n, const char *name, size_t line) {
    bool good = tokens->from[tokens->n] == n && (tokens->n == 0 || tokens->from[0] == 0 || n == 0);
    for (size_t i = 0; i < tokens->n; i++) good = good && tokens->from[i] <= tokens->from[i + 1];
    if (good) return;
    fprintf(stderr, "%s: text %zu: the places of tokens do not tile the text\n", name, line);
    check_failures++;
}

static size_t vectors;

static void expect(const char *name, size_t line, const char *what, const struct ift_str *got,
                   const struct ift_str *want) {
    vectors++;
    if (ift_slice_eq(ift_str_slice(got), ift_str_slice(want))) return;
    if (check_failures++ < 40)
        fprintf(stderr, "%s: line %zu: %s differ\n   got %.300s\n  want %.300s\n", name, line + 1,
                what, got->n ? got->p : "", want->n ? want->p : "");
}

/* NAME.ids: line k holds the ids of text k; round trip except where NAME.decdiff.jsonl says
 * otherwise. */
static void check_ids(struct ift_tokenizer *t, const char *name, bool control,
                      const char *decdiff) {
    struct lines texts, ids, diffs = {0};
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_json doc = {0};
    struct ift_str text = {0}, got = {0}, want = {0};
    read_lines(&texts, "oracle", "texts", ".jsonl");
    read_lines(&ids, "oracle", name, ".ids");
    if (decdiff) read_lines(&diffs, "oracle", decdiff, ".decdiff.jsonl");
    CHECK_INT(ids.n, texts.n);
    size_t diff = 0;
    for (size_t i = 0; i < texts.n; i++) {
        CHECK_OK(ift_json_parse(&doc, texts.line[i], strlen(texts.line[i]), &err), &err);
        get_text(&doc, 0, "text", &text);
        const struct ift_encode_opts opts = {.parse_control = control};
        CHECK_OK(ift_encoder_encode(e, text.p ? text.p : "", text.n, &opts, &tokens, &err), &err);
        print_ids(&tokens, &got);
        ift_str_clear(&want);
        ift_str_adds(&want, ids.line[i]);
        expect(name, i, "ids", &got, &want);
        check_tiling(&tokens, text.n, name, i);
        if (!decdiff) continue;
        if (diff < diffs.n) {
            CHECK_OK(ift_json_parse(&doc, diffs.line[diff], strlen(diffs.line[diff]), &err), &err);
            int64_t where;
            CHECK_OK(ift_json_get_i64(&doc, 0, "i", -1, &where, &err), &err);
            if (where == (int64_t)i) {
                struct ift_str hex = {0};
                get_text(&doc, 0, "decoded_hex", &hex);
                get_hex(hex.p, &text);
                ift_str_release(&hex);
                diff++;
            }
        }
        ift_str_clear(&got);
        CHECK_OK(ift_tokenizer_decode(t, tokens.id, tokens.n, false, &got, &err), &err);
        expect(name, i, "decoded texts", &got, &text);
    }
    if (decdiff) CHECK_INT(diff, diffs.n);
    ift_encoder_free(e);
    ift_tokens_release(&tokens);
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&got);
    ift_str_release(&want);
    free_lines(&texts);
    free_lines(&ids);
    free_lines(&diffs);
}

static void check_random_decoding(const struct ift_tokenizer *t, const char *name) {
    struct lines l;
    struct ift_err err = {0};
    struct ift_json doc = {0};
    struct ift_str got = {0}, want = {0}, hex = {0};
    int32_t id[4096];
    read_lines(&l, "oracle", name, ".randdec.jsonl");
    for (size_t i = 0; i < l.n; i++) {
        CHECK_OK(ift_json_parse(&doc, l.line[i], strlen(l.line[i]), &err), &err);
        const int array = ift_json_get(&doc, 0, "ids");
        size_t n = 0;
        for (int v = ift_json_first(&doc, array); v >= 0 && n < 4096;
             v = ift_json_next(&doc, array, v)) {
            long long x = -1;
            CHECK(ift_parse_i64(ift_json_raw(&doc, v), &x));
            id[n++] = (int32_t)x;
        }
        ift_str_clear(&got);
        CHECK_OK(ift_tokenizer_decode(t, id, n, false, &got, &err), &err);
        get_text(&doc, 0, "decoded_hex", &hex);
        get_hex(hex.p ? hex.p : "", &want);
        expect(name, i, "decoded random ids", &got, &want);
    }
    ift_json_release(&doc);
    ift_str_release(&got);
    ift_str_release(&want);
    ift_str_release(&hex);
    free_lines(&l);
}

/* Where a token begins and ends in code points, widened to whole characters, as tokenizers counts;
 * the dummy prefix, which has no place of its own, has there that of the character that follows. */
static void code_points(const struct ift_str *text, size_t from, size_t to, long long *a,
                        long long *b) {
    if (from == to && to < text->n) to++;
    while (from > 0 && ((unsigned char)text->p[from] & 0xc0) == 0x80) from--;
    while (to < text->n && ((unsigned char)text->p[to] & 0xc0) == 0x80) to++;
    *a = (long long)ift_utf8_count(text->p, from);
    *b = (long long)ift_utf8_count(text->p, to);
}

static void check_offsets(struct ift_tokenizer *t, const char *name) {
    struct lines texts, l;
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_json doc = {0}, source = {0};
    struct ift_str text = {0}, got = {0}, want = {0};
    read_lines(&texts, "oracle", "texts", ".jsonl");
    read_lines(&l, "oracle", name, ".hf.offsets.jsonl");
    for (size_t i = 0; i < l.n; i++) {
        int64_t k = 0;
        CHECK_OK(ift_json_parse(&doc, l.line[i], strlen(l.line[i]), &err), &err);
        CHECK_OK(ift_json_get_i64(&doc, 0, "i", 0, &k, &err), &err);
        CHECK_OK(ift_json_parse(&source, texts.line[k], strlen(texts.line[k]), &err), &err);
        get_text(&source, 0, "text", &text);
        const struct ift_encode_opts opts = {.parse_control = true};
        CHECK_OK(ift_encoder_encode(e, text.p ? text.p : "", text.n, &opts, &tokens, &err), &err);
        ift_str_clear(&got);
        ift_str_clear(&want);
        for (size_t j = 0; j < tokens.n; j++) {
            long long a, b;
            code_points(&text, tokens.from[j], tokens.from[j + 1], &a, &b);
            ift_str_addf(&got, "[%lld,%lld]", a, b);
        }
        const int array = ift_json_get(&doc, 0, "offsets");
        for (int v = ift_json_first(&doc, array); v >= 0; v = ift_json_next(&doc, array, v)) {
            const int next = ift_json_next(&doc, array, v);
            long long a = -1, b = -1, after = -1;
            CHECK(ift_parse_i64(ift_json_raw(&doc, ift_json_at(&doc, v, 0)), &a));
            CHECK(ift_parse_i64(ift_json_raw(&doc, ift_json_at(&doc, v, 1)), &b));
            /* A mark that went into the character before it has no place there; here places tile. */
            if (next >= 0)
                CHECK(ift_parse_i64(ift_json_raw(&doc, ift_json_at(&doc, next, 0)), &after));
            ift_str_addf(&want, "[%lld,%lld]", a, after > b ? after : b);
        }
        expect(name, i, "offsets", &got, &want);
    }
    ift_encoder_free(e);
    ift_tokens_release(&tokens);
    ift_json_release(&doc);
    ift_json_release(&source);
    ift_str_release(&text);
    ift_str_release(&got);
    ift_str_release(&want);
    free_lines(&texts);
    free_lines(&l);
}

static void check_invalid(struct ift_tokenizer *t, const char *name) {
    struct lines l;
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_json doc = {0};
    struct ift_str text = {0}, hex = {0}, got = {0}, want = {0};
    read_lines(&l, "oracle", "invalid_utf8", ".jsonl");
    for (size_t i = 0; i < l.n; i++) {
        CHECK_OK(ift_json_parse(&doc, l.line[i], strlen(l.line[i]), &err), &err);
        get_text(&doc, 0, "hex", &hex);
        get_hex(hex.p, &text);
        CHECK_OK(ift_encoder_encode(e, text.p, text.n, NULL, &tokens, &err), &err);
        print_ids(&tokens, &got);
        CHECK_INT(get_ids(&doc, 0, name, &want), 0);
        expect(name, i, "ids of ill-formed text", &got, &want);
        check_tiling(&tokens, text.n, name, i);
    }
    ift_encoder_free(e);
    ift_tokens_release(&tokens);
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&hex);
    ift_str_release(&got);
    ift_str_release(&want);
    free_lines(&l);
}

/* Published test cases say how they were made; before: ids that the library puts in front. */
static void check_published(struct ift_tokenizer *t, const char *name, const char *before) {
    struct lines l;
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_json doc = {0};
    struct ift_str text = {0}, got = {0}, want = {0}, ids = {0}, mode = {0};
    read_lines(&l, "published", name, ".jsonl");
    for (size_t i = 0; i < l.n; i++) {
        CHECK_OK(ift_json_parse(&doc, l.line[i], strlen(l.line[i]), &err), &err);
        get_text(&doc, 0, "text", &text);
        get_text(&doc, 0, "mode", &mode);
        CHECK_INT(get_ids(&doc, 0, "ids", &want), 0);
        const struct ift_encode_opts opts = {.parse_control = !strncmp(mode.p, "bos", 3) ||
                                                              strstr(mode.p, "allowed_special") ||
                                                              strstr(mode.p, "is special")};
        CHECK_OK(ift_encoder_encode(e, text.p ? text.p : "", text.n, &opts, &tokens, &err), &err);
        print_ids(&tokens, &ids);
        ift_str_clear(&got);
        if (!strncmp(mode.p, "bos", 3) || !strncmp(mode.p, "full", 4)) ift_str_adds(&got, before);
        if (got.n && ids.n) ift_str_addc(&got, ' ');
        ift_str_add(&got, ids.p, ids.n);
        if (strstr(mode.p, "+eos"))
            ift_str_addf(&got, " %d", ift_tokenizer_control(t, "<|end_of_text|>", 15));
        expect(name, i, "published ids", &got, &want);
    }
    ift_encoder_free(e);
    ift_tokens_release(&tokens);
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&got);
    ift_str_release(&want);
    ift_str_release(&ids);
    ift_str_release(&mode);
    free_lines(&l);
}

/* One vocabulary with whatever vectors exist for it. */
struct subject {
    const char *file, *ids;
    bool control; /* the vectors' library obeys names of control tokens in the text */
    const char *decdiff, *random, *offsets, *invalid, *published, *before;
};

static const struct subject subjects[] = {
    {"llama/tokenizer.model", "llama.spm", false, "llama", "llama", NULL, "llama", NULL, NULL},
    {"llama/hf_tokenizer.json", "llama.hf", true, NULL, NULL, "llama", NULL, "llama", "1"},
    {"gpt2/tokenizer.json", "gpt2.hf", true, NULL, NULL, NULL, NULL, "gpt2", ""},
    {"llama3/tokenizer.rebuilt.json", "llama3.hf", true, NULL, NULL, NULL, NULL, "llama3",
     "128000"},
    {"llama3/tokenizer.rebuilt.json", "llama3.tiktoken", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"bloom/standin.tokenizer.json", "bloom-standin.hf", true, NULL, NULL, "bloom-standin", NULL,
     NULL, NULL},
    {"qwen2/tokenizer.json", "qwen2.hf", true, NULL, NULL, "qwen2", NULL, "qwen2", ""},
    {"moss/tokenizer.derived.json", "moss.hf", true, NULL, NULL, NULL, NULL, NULL, NULL},
    {"chinese-llama/tokenizer.llama.model", "chinese-llama.spm", false, "chinese-llama",
     "chinese-llama", NULL, "chinese-llama", NULL, NULL},
    {"chinese-llama/tokenizer.alpaca.model", "chinese-alpaca.spm", false, NULL, NULL, NULL, NULL,
     NULL, NULL},
    {"baichuan/tokenizer.rebuilt.model", "baichuan.spm", false, "baichuan", "baichuan", NULL, NULL,
     NULL, NULL},
    {"baichuan2/tokenizer.model", "baichuan2.spm", false, "baichuan2", "baichuan2", NULL, NULL,
     "baichuan2", NULL},
    {"internlm/V7_sft.model", "internlm.spm", false, "internlm", "internlm", NULL, "internlm",
     "internlm", "1"},
    {"chatglm2/tokenizer.model", "chatglm2.spm", false, "chatglm2", "chatglm2", NULL, NULL,
     "chatglm2", "64790 64792"},
    {"chatglm/ice_text.model", "chatglm.spm", false, NULL, "chatglm", NULL, NULL, NULL, NULL},
    {"chinese-llama/chinese_sp.model", "chinese_sp-unigram.spm", false, NULL, NULL, NULL, NULL,
     NULL, NULL},
    {"spm-test/test_model.model", "spm_test_model.spm", false, NULL, NULL, NULL, NULL, NULL, NULL},
};

int main(void) {
    const char *const shared = getenv("SHARED");
    if (!shared || !*shared) check_skip("needs the vocabularies in $SHARED/tok");
    struct ift_str dir = {0};
    ift_str_addf(&dir, "%s/tok", shared);
    tok = dir.p;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const struct subject *const s = &subjects[i];
        struct ift_tokenizer *const t = open_tokenizer(s->file);
        if (!t) continue;
        check_ids(t, s->ids, s->control, s->decdiff);
        if (s->random) check_random_decoding(t, s->random);
        if (s->offsets) check_offsets(t, s->offsets);
        if (s->invalid) check_invalid(t, s->invalid);
        if (s->published) check_published(t, s->published, s->before);
        ift_tokenizer_free(t);
    }
    struct ift_tokenizer *const model = open_tokenizer("llama/tokenizer.model"),
                                *const json = open_tokenizer("llama/hf_tokenizer.json");
    CHECK(ift_tokenizer_info(model)->digest == ift_tokenizer_info(json)->digest);
    ift_tokenizer_free(model);
    ift_tokenizer_free(json);
    ift_str_release(&dir);
    printf("%zu vectors\n", vectors);
    return check_done();
}
