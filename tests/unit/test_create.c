/* Fresh weights of each family are distributed as its original initialises them. */
#include <unistd.h>

#include "libcore/model/model.h"

#include "libcore/base/mem.h"
#include "tests/unit/check.h"

#define SHAPE                                                                                      \
    "\"vocab_size\":512,\"hidden_size\":96,\"num_hidden_layers\":3,"                               \
    "\"num_attention_heads\":4,\"intermediate_size\":128,\"pad_token_id\":5,"                      \
    "\"initializer_range\":0.05,\"model_type\":"

struct family {
    const char *config, *pad; /* the embedding whose padding row is zero, or NULL */
    const char *residual;     /* end of the names divided by sqrt(2 layers), or NULL */
};

static const struct family families[] = {
    {SHAPE "\"llama\",\"attention_bias\":true", "model.embed_tokens.weight", NULL},
    {SHAPE "\"mistral\",\"num_key_value_heads\":2", "model.embed_tokens.weight", NULL},
    {SHAPE "\"qwen2\",\"num_key_value_heads\":2", "model.embed_tokens.weight", NULL},
    {SHAPE "\"qwen3\",\"num_key_value_heads\":2", "model.embed_tokens.weight", NULL},
    {SHAPE "\"internlm\"", "model.embed_tokens.weight", NULL},
    {SHAPE "\"internlm2\"", "model.tok_embeddings.weight", NULL},
    {SHAPE "\"baichuan\"", "model.embed_tokens.weight", NULL},
    {SHAPE "\"qwen\",\"kv_channels\":24", NULL, "c_proj.weight"},
};

static bool ends_with(const char *name, const char *end) {
    const size_t n = strlen(name), k = strlen(end);
    return n >= k && strcmp(name + n - k, end) == 0;
}

/* All equal to `value`? */
static bool is_all(const float *x, int64_t n, float value) {
    for (int64_t i = 0; i < n; i++)
        if (x[i] != value) return false;
    return true;
}

static void check_tensor(const struct family *f, const struct ift_tensor *t) {
    struct ift_err err = {0};
    const int64_t n = ift_shape_count(t->ndim, t->dim);
    float *const x = ift_alloc((size_t)n * sizeof *x);
    CHECK_OK(ift_to_f32(x, t->data, t->dtype, (size_t)n, &err), &err);
    if (t->ndim == 1) {
        CHECK(is_all(x, n, ends_with(t->name, ".bias") ? 0.0f : 1.0f));
    } else {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) sum += x[i], squares += (double)x[i] * x[i];
        const bool divided = f->residual && ends_with(t->name, f->residual);
        const double want = 0.05 / (divided ? sqrt(6) : 1);
        /* Four deviations of what so many numbers scatter; a padding row is 1 of 512. */
        CHECK_NEAR(sqrt(squares / (double)n), want, want * (4 / sqrt(2 * (double)n) + 2e-3));
        CHECK_NEAR(sum / (double)n, 0, 4 * want / sqrt((double)n));
        const float *const row = x + 5 * t->dim[1];
        CHECK(is_all(row, t->dim[1], 0) == (f->pad && strcmp(f->pad, t->name) == 0));
    }
    free(x);
}

static void check_family(const struct family *f, int number) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    char config[64], dir[64];
    snprintf(config, sizeof config, "config-%d.json", number);
    snprintf(dir, sizeof dir, "model-%d-%d", (int)getpid(), number);
    FILE *const out = fopen(config, "w");
    CHECK(out && fprintf(out, "{%s}", f->config) > 0 && fclose(out) == 0);
    CHECK_OK(ift_model_create(config, dir, &(struct ift_model_create){.seed = 3}, &err), &err);
    CHECK_OK(ift_model_open(&m, dir, &err), &err);
    if (!m) return;
    const struct ift_weights *const w = ift_model_weights(m);
    CHECK(ift_weights_count(w) > 10);
    for (size_t i = 0; i < ift_weights_count(w); i++) check_tensor(f, ift_weights_at(w, i));
    ift_model_free(m);
}

int main(void) {
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        check_family(&families[i], (int)i);
    return check_done();
}
