/* What published test suites expect, $SHARED/tok/vectors/published, and texts of bug reports. */
#include "tests/unit/vectors.h"

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

struct subject {
    const char *file, *published, *config; /* file: of $SHARED/tok, or what a folder is made of */
};

static const struct subject subjects[] = {
    {.file = "llama/hf_tokenizer.json", .published = "llama"},
    {.file = "gpt2/tokenizer.json", .published = "gpt2"},
    {.file = "gpt2/encoder.json gpt2/vocab.bpe", .published = "gpt2"},
    {.file = "llama3/tokenizer.model llama3/hf_tokenizer_config.json>tokenizer_config.json",
     .published = "llama3"},
    {.file = "qwen", .published = "qwen2"},
    {.file = "qwen2/tokenizer.json", .published = "qwen2"},
    {.file = "qwen2/vocab.json qwen2/merges.txt", .published = "qwen2", .config = QWEN2_CONFIG},
    {.file = "baichuan/tokenizer.rebuilt.model", .published = "baichuan"},
    {.file = "baichuan2/tokenizer.model", .published = "baichuan2"},
    {.file = "internlm/V7_sft.model", .published = "internlm"},
    {.file = "chatglm2", .published = "chatglm2"},
    {.file = "chatglm", .published = "chatglm"},
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
    vectors_begin();
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct ift_tokenizer *const t = open_tokenizer(subjects[i].file, subjects[i].config);
        if (t) check_published(t, subjects[i].published);
        ift_tokenizer_free(t);
    }
    struct ift_tokenizer *const model = open_tokenizer("llama/tokenizer.model", NULL),
                                *const json = open_tokenizer("llama/hf_tokenizer.json", NULL);
    CHECK(ift_tokenizer_info(model)->digest == ift_tokenizer_info(json)->digest);
    ift_tokenizer_free(model);
    ift_tokenizer_free(json);
    check_one("llama/tokenizer.model", "{\"legacy\": true}", "Hello <s>.", "15043 29871 1 869");
    check_one("llama/tokenizer.model", "{\"legacy\": false}", "Hello <s>.", "15043 29871 1 29889");
    check_one(MOSS_2023, MOSS_2023_CONFIG, "a  \n  b\n   \nc \n ",
              "64 106058 106058 65 106057 66 220 56599");
    check_one(MOSS_2023, NULL, "<|MOSS|>:", "27 91 44 18420 91 31175");
    check_one(MOSS_2023, NULL, " None", "6045");
    return vectors_end();
}
