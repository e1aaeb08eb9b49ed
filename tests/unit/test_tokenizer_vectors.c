/* Every vector under $SHARED/tok/vectors for the vocabularies that are supported: ids, places,
 * decoded text. The files say what sentencepiece 0.2.1, tokenizers and tiktoken gave, and what
 * published test suites expect. */
#include <sys/stat.h>
#include <unistd.h>

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

/* A folder of links: "FILE>NAME FILE …" of $SHARED/tok, a name being that of the file unless it
 * is said, and a tokenizer_config.json. */
static void make_folder(struct ift_str *path, const char *files, const char *config) {
    static int number;
    ift_str_addf(path, "folder-%d", number++);
    CHECK_INT(mkdir(path->p, 0777), 0);
    for (size_t n; *files; files += n + (files[n] == ' ')) {
        struct ift_str from = {0}, to = {0};
        n = strcspn(files, " ");
        const char *const name = memchr(files, '>', n), *const slash = strchr(files, '/');
        const size_t nfrom = name ? (size_t)(name - files) : n;
        const char *const base = (name ? name : slash) + 1;
        ift_str_addf(&from, "%s/%.*s", tok, (int)nfrom, files);
        ift_str_addf(&to, "%s/%.*s", path->p, (int)(files + n - base), base);
        CHECK_INT(symlink(from.p, to.p), 0);
        ift_str_release(&from);
        ift_str_release(&to);
    }
    if (!config) return;
    struct ift_str to = {0};
    ift_str_addf(&to, "%s/tokenizer_config.json", path->p);
    FILE *const f = fopen(to.p, "w");
    CHECK(f && fputs(config, f) >= 0 && fclose(f) == 0);
    ift_str_release(&to);
}

static struct ift_tokenizer *open_tokenizer(const char *file, const char *config) {
    struct ift_err err = {0};
    struct ift_str path = {0};
    struct ift_tokenizer *t = NULL;
    if (strchr(file, ' ') || strchr(file, '>') || config)
        make_folder(&path, file, config);
    else
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
            /* A mark that went into the character before it has no place there; ours tile. */
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

static void add_ids(struct ift_str *out, const int32_t *id, size_t n) {
    for (size_t i = 0; i < n; i++) ift_str_addf(out, out->n ? " %d" : "%d", id[i]);
}

/* Published test cases say how they were made. */
static void check_published(struct ift_tokenizer *t, const char *name) {
    const struct ift_tokenizer_info *const info = ift_tokenizer_info(t);
    struct lines l;
    struct ift_err err = {0};
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_json doc = {0};
    struct ift_str text = {0}, got = {0}, want = {0}, mode = {0};
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
        const bool full = !strncmp(mode.p, "bos", 3) || !strncmp(mode.p, "full", 4);
        ift_str_clear(&got);
        if (full) add_ids(&got, info->before, info->nbefore);
        add_ids(&got, tokens.id, tokens.n);
        if (full) add_ids(&got, info->after, info->nafter);
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
    ift_str_release(&mode);
    free_lines(&l);
}

/* One vocabulary with whatever vectors exist for it. */
struct subject {
    const char *file; /* of $SHARED/tok, or what a folder is made of */
    const char *ids;
    bool control; /* the vectors' library obeys names of control tokens in the text */
    const char *decdiff, *random, *offsets, *invalid, *published, *config;
};

#define QWEN2_CONFIG                                                                               \
    "{\"tokenizer_class\": \"Qwen2Tokenizer\", \"added_tokens_decoder\": {"                        \
    "\"151643\": {\"content\": \"<|endoftext|>\", \"special\": true},"                             \
    "\"151644\": {\"content\": \"<|im_start|>\", \"special\": true},"                              \
    "\"151645\": {\"content\": \"<|im_end|>\", \"special\": true}}}"

static const struct subject subjects[] = {
    {.file = "llama/tokenizer.model",
     .ids = "llama.spm",
     .decdiff = "llama",
     .random = "llama",
     .invalid = "llama"},
    {.file = "llama/hf_tokenizer.json",
     .ids = "llama.hf",
     .control = true,
     .offsets = "llama",
     .published = "llama"},
    {.file = "gpt2/tokenizer.json", .ids = "gpt2.hf", .control = true, .published = "gpt2"},
    {.file = "gpt2/encoder.json gpt2/vocab.bpe",
     .ids = "gpt2.hf",
     .control = true,
     .published = "gpt2"},
    {.file = "gpt2/encoder.json>vocab.json gpt2/vocab.bpe>merges.txt",
     .ids = "gpt2.hf",
     .control = true,
     .config = "{\"tokenizer_class\": \"GPT2Tokenizer\"}"},
    {.file = "llama3/tokenizer.rebuilt.json", .ids = "llama3.hf", .control = true},
    {.file = "llama3/tokenizer.rebuilt.json", .ids = "llama3.tiktoken"},
    {.file = "llama3/tokenizer.model llama3/hf_tokenizer_config.json>tokenizer_config.json",
     .ids = "llama3.tiktoken",
     .published = "llama3"},
    {.file = "llama3/tokenizer.model llama3/hf_tokenizer_config.json>tokenizer_config.json",
     .ids = "llama3.hf",
     .control = true},
    {.file = "qwen/qwen.tiktoken", .ids = "qwen.tiktoken", .control = true},
    {.file = "qwen", .ids = "qwen.tiktoken", .control = true, .published = "qwen2"},
    {.file = "qwen2/tokenizer.json",
     .ids = "qwen2.hf",
     .control = true,
     .offsets = "qwen2",
     .published = "qwen2"},
    {.file = "qwen2/vocab.json qwen2/merges.txt",
     .ids = "qwen2.hf",
     .control = true,
     .offsets = "qwen2",
     .published = "qwen2",
     .config = QWEN2_CONFIG},
    {.file = "moss/tokenizer.derived.json", .ids = "moss.hf", .control = true},
    {.file = "moss/vocab.derived.json>vocab.json moss/merges.txt moss/added_tokens.json "
             "moss/special_tokens_map.json moss/config.json",
     .ids = "moss.hf",
     .control = true},
    {.file = "bloom/standin.tokenizer.json",
     .ids = "bloom-standin.hf",
     .control = true,
     .offsets = "bloom-standin"},
    {.file = "chinese-llama/tokenizer.llama.model",
     .ids = "chinese-llama.spm",
     .decdiff = "chinese-llama",
     .random = "chinese-llama",
     .invalid = "chinese-llama"},
    {.file = "chinese-llama/tokenizer.alpaca.model", .ids = "chinese-alpaca.spm"},
    {.file = "baichuan/tokenizer.rebuilt.model",
     .ids = "baichuan.spm",
     .decdiff = "baichuan",
     .random = "baichuan",
     .published = "baichuan"},
    {.file = "baichuan2/tokenizer.model",
     .ids = "baichuan2.spm",
     .decdiff = "baichuan2",
     .random = "baichuan2",
     .published = "baichuan2"},
    {.file = "internlm/V7_sft.model",
     .ids = "internlm.spm",
     .decdiff = "internlm",
     .random = "internlm",
     .invalid = "internlm",
     .published = "internlm"},
    {.file = "chatglm2/tokenizer.model",
     .ids = "chatglm2.spm",
     .decdiff = "chatglm2",
     .random = "chatglm2"},
    {.file = "chatglm2", .ids = "chatglm2.spm", .published = "chatglm2"},
    {.file = "chatglm/ice_text.model",
     .ids = "chatglm.spm",
     .decdiff = "chatglm",
     .random = "chatglm",
     .invalid = "chatglm"},
    {.file = "chatglm", .ids = "chatglm.pre", .published = "chatglm"},
    {.file = "chinese-llama/chinese_sp.model", .ids = "chinese_sp-unigram.spm"},
    {.file = "spm-test/test_model.model", .ids = "spm_test_model.spm"},
};

/* What MOSS's tokenizer was with transformers of May 2023, which took white space along around the
 * tokens that it adds; a folder can still ask for that. */
#define MOSS_2023 "moss/vocab.derived.json>vocab.json moss/merges.txt moss/config.json"
#define MOSS_2023_CONFIG                                                                           \
    "{\"added_tokens_decoder\": {"                                                                 \
    "\"106057\": {\"content\": \"   \", \"lstrip\": true, \"rstrip\": true},"                      \
    "\"106058\": {\"content\": \"  \", \"lstrip\": true, \"rstrip\": true}}}"

/* One text, obeying names of control tokens. */
static void check_one(const char *files, const char *config, const char *text, const char *ids) {
    struct ift_err err = {0};
    struct ift_tokenizer *const t = open_tokenizer(files, config);
    if (!t) return;
    struct ift_encoder *const e = ift_encoder_new(t);
    struct ift_tokens tokens = {0};
    struct ift_str got = {0};
    const struct ift_encode_opts opts = {.parse_control = true};
    CHECK_OK(ift_encoder_encode(e, text, strlen(text), &opts, &tokens, &err), &err);
    print_ids(&tokens, &got);
    CHECK_STR(got.p, ids);
    vectors++;
    ift_str_release(&got);
    ift_tokens_release(&tokens);
    ift_encoder_free(e);
    ift_tokenizer_free(t);
}

int main(void) {
    const char *const shared = getenv("SHARED");
    if (!shared || !*shared) check_skip("needs the vocabularies in $SHARED/tok");
    struct ift_str dir = {0};
    ift_str_addf(&dir, "%s/tok", shared);
    tok = dir.p;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const struct subject *const s = &subjects[i];
        struct ift_tokenizer *const t = open_tokenizer(s->file, s->config);
        if (!t) continue;
        check_ids(t, s->ids, s->control, s->decdiff);
        if (s->random) check_random_decoding(t, s->random);
        if (s->offsets) check_offsets(t, s->offsets);
        if (s->invalid) check_invalid(t, s->invalid);
        if (s->published) check_published(t, s->published);
        ift_tokenizer_free(t);
    }
    struct ift_tokenizer *const model = open_tokenizer("llama/tokenizer.model", NULL),
                                *const json = open_tokenizer("llama/hf_tokenizer.json", NULL);
    CHECK(ift_tokenizer_info(model)->digest == ift_tokenizer_info(json)->digest);
    check_one("llama/tokenizer.model", "{\"legacy\": true}", "Hello <s>.", "15043 29871 1 869");
    check_one("llama/tokenizer.model", "{\"legacy\": false}", "Hello <s>.", "15043 29871 1 29889");
    check_one(MOSS_2023, MOSS_2023_CONFIG, "a  \n  b\n   \nc \n ",
              "64 106058 106058 65 106057 66 220 56599");
    ift_tokenizer_free(model);
    ift_tokenizer_free(json);
    ift_str_release(&dir);
    printf("%zu vectors\n", vectors);
    return check_done();
}
