/* What sentencepiece 0.2.1, tokenizers and tiktoken gave for the texts of
 * $SHARED/tok/vectors/oracle, for each vocabulary that is supported: ids, places, decoded text. */
#include "libcore/io/utf8.h"
#include "tests/unit/vectors.h"

/* Places tile the text. */
static void check_tiling(const struct ift_tokens *tokens, size_t n, const char *name, size_t line) {
    bool good = tokens->from[tokens->n] == n && (tokens->n == 0 || tokens->from[0] == 0 || n == 0);
    for (size_t i = 0; i < tokens->n; i++) good = good && tokens->from[i] <= tokens->from[i + 1];
    if (good) return;
    fprintf(stderr, "%s: text %zu: the places of tokens do not tile the text\n", name, line);
    check_failures++;
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

/* One vocabulary with whatever vectors exist for it. */
struct subject {
    const char *file; /* of $SHARED/tok, or what a folder is made of */
    const char *ids;
    bool control; /* the vectors' library obeys names of control tokens in the text */
    const char *decdiff, *random, *offsets, *invalid, *config;
};

static const struct subject subjects[] = {
    {.file = "llama/tokenizer.model",
     .ids = "llama.spm",
     .decdiff = "llama",
     .random = "llama",
     .invalid = "llama"},
    {.file = "llama/hf_tokenizer.json", .ids = "llama.hf", .control = true, .offsets = "llama"},
    {.file = "gpt2/tokenizer.json", .ids = "gpt2.hf", .control = true},
    {.file = "gpt2/encoder.json gpt2/vocab.bpe", .ids = "gpt2.hf", .control = true},
    {.file = "gpt2/encoder.json>vocab.json gpt2/vocab.bpe>merges.txt",
     .ids = "gpt2.hf",
     .control = true,
     .config = "{\"tokenizer_class\": \"GPT2Tokenizer\"}"},
    {.file = "llama3/tokenizer.rebuilt.json", .ids = "llama3.hf", .control = true},
    {.file = "llama3/tokenizer.rebuilt.json", .ids = "llama3.tiktoken"},
    {.file = "llama3/tokenizer.model llama3/hf_tokenizer_config.json>tokenizer_config.json",
     .ids = "llama3.tiktoken"},
    {.file = "llama3/tokenizer.model llama3/hf_tokenizer_config.json>tokenizer_config.json",
     .ids = "llama3.hf",
     .control = true},
    {.file = "qwen/qwen.tiktoken", .ids = "qwen.tiktoken", .control = true},
    {.file = "qwen", .ids = "qwen.tiktoken", .control = true},
    {.file = "qwen2/tokenizer.json", .ids = "qwen2.hf", .control = true, .offsets = "qwen2"},
    {.file = "qwen2/vocab.json qwen2/merges.txt",
     .ids = "qwen2.hf",
     .control = true,
     .offsets = "qwen2",
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
     .random = "baichuan"},
    {.file = "baichuan2/tokenizer.model",
     .ids = "baichuan2.spm",
     .decdiff = "baichuan2",
     .random = "baichuan2"},
    {.file = "internlm/V7_sft.model",
     .ids = "internlm.spm",
     .decdiff = "internlm",
     .random = "internlm",
     .invalid = "internlm"},
    {.file = "chatglm2/tokenizer.model",
     .ids = "chatglm2.spm",
     .decdiff = "chatglm2",
     .random = "chatglm2"},
    {.file = "chatglm2", .ids = "chatglm2.spm"},
    {.file = "chatglm/ice_text.model",
     .ids = "chatglm.spm",
     .decdiff = "chatglm",
     .random = "chatglm",
     .invalid = "chatglm"},
    {.file = "chatglm", .ids = "chatglm.pre"},
    {.file = "chinese-llama/chinese_sp.model", .ids = "chinese_sp-unigram.spm"},
    {.file = "spm-test/test_model.model", .ids = "spm_test_model.spm"},
};

int main(void) {
    vectors_begin();
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const struct subject *const s = &subjects[i];
        struct ift_tokenizer *const t = open_tokenizer(s->file, s->config);
        if (!t) continue;
        check_ids(t, s->ids, s->control, s->decdiff);
        if (s->random) check_random_decoding(t, s->random);
        if (s->offsets) check_offsets(t, s->offsets);
        if (s->invalid) check_invalid(t, s->invalid);
        ift_tokenizer_free(t);
    }
    return vectors_end();
}
