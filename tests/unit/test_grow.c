/* Models of every way to keep an embedding, grown to a longer vocabulary: each row of each table is
 * what it should be, and all else stays. */
#include <sys/stat.h>

#include "libcore/io/stream.h"
#include "libcore/model/model.h"
#include "tests/unit/golden.h"

enum { OLD = 10, NEW = 13 };

#define SHAPE                                                                                      \
    "\"hidden_size\":32,\"num_hidden_layers\":2,\"num_attention_heads\":2,"                        \
    "\"num_key_value_heads\":2,\"intermediate_size\":48,\"initializer_range\":0.5,"
#define SMALL "\"n_embd\":32,\"n_layer\":2,\"n_head\":4,\"n_positions\":64,"

struct family {
    const char *config;
    int rows; /* of the base; more than OLD: padded */
    int multiple, want;
    int tables;
};

static const struct family families[] = {
    {SHAPE "\"vocab_size\":10,\"model_type\":\"llama\"", 10, 0, 13, 2},
    {SHAPE "\"vocab_size\":10,\"model_type\":\"llama\",\"tie_word_embeddings\":true", 10, 8, 16, 1},
    {SHAPE "\"vocab_size\":12,\"model_type\":\"qwen2\",\"torch_dtype\":\"bfloat16\"", 12, 0, 13, 2},
    {SHAPE "\"vocab_size\":64,\"model_type\":\"mistral\"", 64, 0, 64, 2},
    {SHAPE "\"vocab_size\":10,\"model_type\":\"internlm2\",\"torch_dtype\":\"float16\"", 10, 0, 13,
     2},
    {SHAPE "\"vocab_size\":11,\"model_type\":\"baichuan\"", 11, 5, 15, 2},
    {SHAPE "\"vocab_size\":10,\"model_type\":\"qwen\",\"kv_channels\":16", 10, 0, 13, 2},
    {SMALL "\"vocab_size\":10,\"model_type\":\"gpt2\"", 10, 0, 13, 1},
    {SMALL "\"vocab_size\":10,\"model_type\":\"moss\",\"rotary_dim\":4", 10, 4, 16, 3},
    {SHAPE "\"vocab_size\":10,\"model_type\":\"bloom\",\"n_layer\":2,\"n_head\":2", 10, 0, 13, 1},
    {SHAPE "\"vocab_size\":10,\"padded_vocab_size\":12,\"model_type\":\"chatglm\",\"num_layers\":2,"
           "\"ffn_hidden_size\":48,\"kv_channels\":16,\"seq_length\":64",
     12, 0, 13, 2},
};

/* "abcd" is what the old vocabulary calls 9 and 3, " h" what it calls 6 and 7; <new> has no text.
 */
static const int pieces[NEW - OLD][2] = {{9, 3}, {6, 7}, {-1, -1}};

static void write_text(const char *dir, const char *name, const char *text) {
    char *const path = golden_join(dir, name);
    struct ift_err err = {0};
    CHECK_OK(ift_out_text(path, ift_slice(text), &err), &err);
    free(path);
}

#define TOKENIZER(added, vocab)                                                                    \
    "{\"added_tokens\":[" added "],\"normalizer\":null,\"post_processor\":null,"                   \
    "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\","                           \
    "\"prepend_scheme\":\"first\",\"split\":false},\"decoder\":{\"type\":\"Metaspace\","           \
    "\"replacement\":\"▁\",\"prepend_scheme\":\"first\",\"split\":false},"                       \
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"vocab\":{\"<unk>\":0,\"b\":1,"          \
    "\"c\":2,\"d\":3,\"e\":4,\"a\":5,\"▁\":6,\"h\":7,\"ab\":8,\"abc\":9" vocab "},"              \
    "\"merges\":[\"a b\",\"ab c\"]}}"
static const char old_text[] = TOKENIZER("", "");
static const char new_text[] =
    TOKENIZER("{\"id\":12,\"content\":\"<new>\",\"special\":true}", ",\"abcd\":10,\"▁h\":11");
static const char other_text[] =
    TOKENIZER("{\"id\":10,\"content\":\"<new>\",\"special\":true}", "");

static void make_base(const char *config, const char *dir) {
    struct ift_err err = {0};
    struct ift_str text = {0};
    ift_str_addf(&text, "{%s}", config);
    mkdir("from", 0777);
    write_text("from", "config.json", text.p);
    write_text("from", "tokenizer.json", old_text);
    write_text("from", "tokenizer.model", "stale");
    write_text("from", "tokenizer_config.json", "{\"note\":1}");
    const struct ift_model_create how = {.seed = 5};
    CHECK_OK(ift_model_create("from", dir, &how, &err), &err);
    ift_str_release(&text);
}

static void row_of(const struct ift_tensor *t, int64_t row, size_t width, float *to) {
    struct ift_err err = {0};
    const size_t size = ift_dtype_size(t->dtype) * width;
    CHECK_OK(ift_to_f32(to, (const char *)t->data + (size_t)row * size, t->dtype, width, &err),
             &err);
}

/* What row k begins as, in the numbers of the table's type. */
static void expect_row(const struct ift_tensor *base, int k, bool by_pieces, size_t width,
                       float *to) {
    struct ift_err err = {0};
    const bool mean = k >= NEW || !by_pieces || pieces[k - OLD][0] < 0;
    const int n = mean ? OLD : 2;
    float *const row = ift_alloc(width * sizeof *row);
    double *const sum = ift_alloc0(width, sizeof *sum);
    for (int i = 0; i < n; i++) {
        row_of(base, mean ? i : pieces[k - OLD][i], width, row);
        for (size_t c = 0; c < width; c++) sum[c] += (double)row[c];
    }
    for (size_t c = 0; c < width; c++) to[c] = (float)(sum[c] / n);
    unsigned char *const stored = ift_alloc(width * 4);
    CHECK_OK(ift_from_f32(stored, base->dtype, to, width, &err), &err);
    CHECK_OK(ift_to_f32(to, stored, base->dtype, width, &err), &err);
    free(stored);
    free(sum);
    free(row);
}

static void check_table(const struct family *f, const struct ift_tensor *base,
                        const struct ift_tensor *got, bool by_pieces) {
    const size_t width = (size_t)(ift_shape_count(base->ndim, base->dim) / base->dim[0]);
    float *const is = ift_alloc(width * sizeof *is), *const want = ift_alloc(width * sizeof *want);
    CHECK_INT(base->dim[0], f->rows);
    CHECK_INT(got->dim[0], f->want);
    CHECK(got->dtype == base->dtype);
    for (int k = 0; k < f->want; k++) {
        const bool stays = k < OLD || (k >= NEW && k < f->rows);
        row_of(got, k, width, is);
        if (stays) row_of(base, k, width, want);
        if (!stays) expect_row(base, k, by_pieces, width, want);
        if (memcmp(is, want, width * sizeof *is) != 0) {
            fprintf(stderr, "%s: row %d of %s\n", f->config, k, got->name);
            check_failures++;
        }
    }
    free(is);
    free(want);
}

static void check_saved(const struct family *f, const struct ift_model *base, const char *dir,
                        bool by_pieces) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    CHECK_OK(ift_model_open(&m, dir, &err), &err);
    if (!m) return;
    int tables = 0;
    CHECK_INT(ift_model_config(m)->vocab, f->want);
    const struct ift_weights *const w = ift_model_weights(m), *const was = ift_model_weights(base);
    CHECK_INT(ift_weights_count(w), ift_weights_count(was));
    for (size_t i = 0; i < ift_weights_count(w); i++) {
        const struct ift_tensor *const t = ift_weights_at(w, i);
        const struct ift_tensor *const from = ift_weights_find(was, t->name);
        CHECK(from != NULL);
        if (!from) continue;
        if (from->dim[0] != f->rows) {
            CHECK(from->bytes == t->bytes && memcmp(from->data, t->data, t->bytes) == 0);
            continue;
        }
        tables++;
        check_table(f, from, t, by_pieces);
    }
    CHECK_INT(tables, f->tables);
    ift_model_free(m);
}

static void check_text(const char *dir, const char *name, const char *want) {
    struct ift_err err = {0};
    struct ift_str text = {0};
    char *const path = golden_join(dir, name);
    CHECK_OK(ift_in_slurp(path, &text, 0, &err), &err);
    CHECK_STR(text.p, want);
    ift_str_release(&text);
    free(path);
}

static void check_family(const struct family *f, size_t number) {
    struct ift_err err = {0};
    struct ift_str base = {0}, out = {0};
    ift_str_addf(&base, "base-%zu", number);
    make_base(f->config, base.p);
    for (int by_pieces = 0; by_pieces < 2; by_pieces++) {
        const struct ift_model_growth how = {"new.json", ift_model_new_rows[by_pieces],
                                             f->multiple};
        struct ift_model *m = NULL, *was = NULL;
        ift_str_clear(&out);
        ift_str_addf(&out, "grown-%zu-%d", number, by_pieces);
        CHECK_OK(ift_model_open(&m, base.p, &err), &err);
        CHECK_OK(ift_model_open(&was, base.p, &err), &err);
        CHECK(!ift_model_is_grown(m));
        CHECK_OK(ift_model_grow(m, &how, &err), &err);
        CHECK(ift_model_is_grown(m));
        CHECK_OK(ift_model_save_changed(m, out.p, NULL, &(struct ift_model_save){0}, &err), &err);
        check_saved(f, was, out.p, by_pieces);
        check_text(out.p, "tokenizer.json", new_text);
        check_text(out.p, "tokenizer_config.json", "{\"note\":1}");
        char *const stale = golden_join(out.p, "tokenizer.model");
        CHECK(access(stale, F_OK) != 0);
        free(stale);
        ift_model_free(m);
        ift_model_free(was);
    }
    ift_str_release(&base);
    ift_str_release(&out);
}

static void refusals(void) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    CHECK_OK(ift_model_open(&m, "grown-0-0", &err), &err);
    struct ift_model_growth how = {"base-0", "mean", 0};
    CHECK(ift_model_grow(m, &how, &err) < 0 &&
          strstr(err.text, "id 10 is not there, not \"abcd\""));
    how.vocab = "other.json";
    CHECK(ift_model_grow(m, &how, &err) < 0 &&
          strstr(err.text, "id 10 is \"<new>\", not \"abcd\""));
    how.vocab = "nowhere";
    CHECK(ift_model_grow(m, &how, &err) < 0 && strstr(err.text, "nowhere"));
    ift_model_free(m);
}

int main(void) {
    write_text(".", "new.json", new_text);
    write_text(".", "other.json", other_text);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) check_family(&families[i], i);
    refusals();
    return check_done();
}
