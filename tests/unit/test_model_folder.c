/* Model folders: made of random numbers, saved whole or in shards, and refused when they do not
 * fit. */
#include <dirent.h>
#include <sys/stat.h>

#include "libcore/io/outdir.h"
#include "tests/unit/golden.h"

static void put(const char *path, const char *text) {
    FILE *const f = fopen(path, "wb");
    CHECK(f && fwrite(text, 1, strlen(text), f) == strlen(text));
    CHECK(f && fclose(f) == 0);
}

static bool same(const char *a, const char *b) {
    struct ift_err err = {0};
    struct ift_str x = {0}, y = {0};
    CHECK_OK(ift_in_slurp(a, &x, 0, &err), &err);
    CHECK_OK(ift_in_slurp(b, &y, 0, &err), &err);
    const bool equal = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    ift_str_release(&x);
    ift_str_release(&y);
    return equal;
}

static int entries(const char *dir) {
    DIR *const d = opendir(dir);
    int n = 0;
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n - 2;
}

static struct ift_model *open_ok(const char *dir) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    CHECK_OK(ift_model_open(&m, dir, &err), &err);
    if (!m) exit(1);
    return m;
}

static void refused(const char *dir, const char *because) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    const int rc = ift_model_open(&m, dir, &err);
    if (rc == 0 || !strstr(err.text, because))
        fprintf(stderr, "%s: \"%s\", expected \"%s\"\n", dir, err.text, because);
    CHECK(rc < 0 && strstr(err.text, because));
    ift_model_free(m);
}

static const char config[] =
    "{\"model_type\":\"llama\",\"vocab_size\":50,\"hidden_size\":32,\"intermediate_size\":40,"
    "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"num_key_value_heads\":2,\"attention_"
    "bias\":true,"
    "\"initializer_range\":0.1,\"pad_token_id\":3,\"eos_token_id\":1,\"tie_word_embeddings\":%s}";

static void write_config(const char *path, const char *tied) {
    struct ift_str text = {0};
    const char *const hole = strstr(config, "%s");
    ift_str_add(&text, config, (size_t)(hole - config));
    ift_str_adds(&text, tied);
    ift_str_adds(&text, hole + 2);
    put(path, text.p);
    ift_str_release(&text);
}

/* Random weights: the same for a seed, with the statistics of the original's initialisation. */
static void create(void) {
    struct ift_err err = {0};
    struct ift_model_create how = {.seed = 1};
    mkdir("from", 0777);
    write_config("from/config.json", "false");
    put("from/tokenizer.json", "{\"any\": 1}\n");
    put("from/pytorch_model.bin", "no");
    put("from/.hidden", "no");
    CHECK_OK(ift_model_create("from", "one", &how, &err), &err);
    CHECK_OK(ift_model_create("from/config.json", "two", &how, &err), &err);
    how.seed = 2;
    CHECK_OK(ift_model_create("from", "three", &how, &err), &err);
    const enum ift_dtype bf16 = IFT_BF16;
    how = (struct ift_model_create){.seed = 1, .dtype = &bf16, .provenance = "[]\n"};
    CHECK_OK(ift_model_create("from", "four", &how, &err), &err);
    CHECK(same("one/model.safetensors", "two/model.safetensors"));
    CHECK(!same("one/model.safetensors", "three/model.safetensors"));
    CHECK(same("one/tokenizer.json", "from/tokenizer.json"));
    CHECK_INT(entries("one"), 3);
    CHECK_INT(entries("two"), 2);
    CHECK_INT(entries("four"), 4);
    CHECK(ift_model_create("from", "one", &how, &err) < 0 && strstr(err.text, "not empty"));
    CHECK(ift_model_create("nowhere", "five", &how, &err) < 0);
    CHECK(ift_model_create("from/tokenizer.json", "five", &how, &err) < 0);
    CHECK(access("five", F_OK) != 0);

    struct ift_model *const m = open_ok("one"), *const narrow = open_ok("four");
    CHECK_INT(ift_model_config(narrow)->dtype, IFT_BF16);
    for (size_t i = 0; i < ift_weights_count(ift_model_weights(m)); i++) {
        const struct ift_tensor *const t = ift_weights_at(ift_model_weights(m), i);
        const struct ift_tensor *const u = golden_weight(narrow, t->name);
        const float *const x = t->data;
        const size_t n = t->bytes / 4;
        double sum = 0, squares = 0;
        for (size_t k = 0; k < n; k++) sum += (double)x[k], squares += (double)x[k] * (double)x[k];
        uint16_t rounded[50 * 40];
        CHECK_OK(ift_from_f32(rounded, IFT_BF16, x, n, &err), &err);
        CHECK(u->dtype == IFT_BF16 && memcmp(rounded, u->data, u->bytes) == 0);
        if (strstr(t->name, ".bias")) CHECK(squares == 0);
        else if (t->ndim == 1) CHECK(sum == (double)n && squares == (double)n);
        else {
            CHECK_NEAR(sum / (double)n, 0, 0.4 / sqrt((double)n));
            CHECK_NEAR(sqrt(squares / (double)n), 0.1, 0.012);
        }
    }
    const float *const embed =
        golden_weight(m, "model.embed_tokens.weight")->data;
    for (int k = 0; k < 32; k++) CHECK(embed[3 * 32 + k] == 0);
    CHECK(embed[4 * 32] != 0);
    ift_model_free(m);
    ift_model_free(narrow);
}

/* Saving what was opened: byte for byte one file, or shards that are the same model. */
static void save(void) {
    struct ift_err err = {0};
    struct ift_model *const m = open_ok("one");
    const struct ift_weights *const w = ift_model_weights(m);
    const struct ift_tensor *const t = ift_weights_at(w, 0);
    const size_t n = ift_weights_count(w);
    CHECK_OK(ift_model_save(m, "copy", t, n, &(const struct ift_model_save){.lender = NULL}, &err),
             &err);
    CHECK(same("copy/model.safetensors", "one/model.safetensors"));
    CHECK(same("copy/config.json", "one/config.json"));
    CHECK(same("copy/tokenizer.json", "one/tokenizer.json"));
    CHECK(ift_model_save(m, "copy", t, n, &(const struct ift_model_save){.lender = NULL}, &err) <
          0);

    const struct ift_model_save shards = {.shard_bytes = 10000};
    CHECK_OK(ift_model_save(m, "shards", t, n, &shards, &err), &err);
    CHECK(access("shards/model.safetensors.index.json", F_OK) == 0);
    CHECK(access("shards/model.safetensors", F_OK) != 0);
    struct ift_model *const back = open_ok("shards");
    CHECK_INT(ift_weights_count(ift_model_weights(back)), n);
    for (size_t i = 0; i < n; i++) {
        const struct ift_tensor *const u = golden_weight(back, t[i].name);
        CHECK(u->bytes == t[i].bytes && memcmp(u->data, t[i].data, u->bytes) == 0);
    }
    CHECK(ift_model_digest(m) != ift_model_digest(back));
    ift_model_free(back);

    /* Into a folder with other files. */
    mkdir("mine", 0777);
    put("mine/notes", "kept\n");
    put("mine/config.json", "old");
    const struct ift_model_save into = {.into = true, .provenance = "[1]\n"};
    CHECK_OK(ift_model_save(m, "mine", t, n, &into, &err), &err);
    CHECK(same("mine/config.json", "one/config.json"));
    CHECK(access("mine/notes", F_OK) == 0);
    CHECK_INT(entries("mine"), 5);
    ift_model_free(m);
}

/* A lender that fails half way leaves nothing behind. */
static int fail_late(void *self, const struct ift_tensor *t, const void **data,
                     struct ift_err *err) {
    static const float zeros[50 * 40];
    int *const left = self;
    (void)t;
    *data = zeros;
    return --*left ? 0 : IFT_FAIL(err, "no more");
}

static void fail_half_way(void) {
    struct ift_err err = {0};
    struct ift_model *const m = open_ok("one");
    const size_t n = ift_weights_count(ift_model_weights(m));
    struct ift_tensor *const t = ift_alloc(n * sizeof *t);
    for (size_t i = 0; i < n; i++) {
        t[i] = *ift_weights_at(ift_model_weights(m), i);
        t[i].data = NULL;
    }
    int left = 5;
    const int before = entries(".");
    const struct ift_tensor_lender lender = {&left, fail_late};
    CHECK(ift_model_save(m, "half", t, n, &(const struct ift_model_save){.lender = &lender}, &err) <
          0);
    CHECK_STR(err.text, "no more");
    CHECK_INT(entries("."), before);
    left = 5;
    const struct ift_model_save into = {.lender = &lender, .into = true};
    CHECK(ift_model_save(m, "mine", t, n, &into, &err) < 0);
    CHECK_INT(entries("mine"), 5);
    CHECK(same("mine/model.safetensors", "one/model.safetensors"));
    free(t);
    ift_model_free(m);
}

/* Writes a model like "one" with a tensor left out, added or reshaped. */
static void variant(const char *dir, const char *tied, const char *drop,
                    const struct ift_tensor *add) {
    struct ift_err err = {0};
    struct ift_model *const m = open_ok("one");
    const size_t n = ift_weights_count(ift_model_weights(m));
    struct ift_tensor *const t = ift_alloc((n + 1) * sizeof *t);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        t[k] = *ift_weights_at(ift_model_weights(m), i);
        k += !drop || strcmp(t[k].name, drop) != 0;
    }
    if (add) t[k++] = *add;
    CHECK_OK(ift_model_save(m, dir, t, k, &(const struct ift_model_save){.lender = NULL}, &err),
             &err);
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/config.json", dir);
    write_config(path.p, tied);
    ift_str_release(&path);
    free(t);
    ift_model_free(m);
}

static void misfits(void) {
    static const float zeros[50 * 32];
    struct ift_model *const m = open_ok("one");
    const struct ift_tensor extra = {
        "model.layers.2.mlp.up_proj.weight", IFT_F32, 2, {40, 32}, zeros, 5120};
    const struct ift_tensor buffer = {
        "model.layers.1.self_attn.rotary_emb.inv_freq", IFT_F32, 1, {4}, zeros, 16};
    const struct ift_tensor other = {"lm_head.weight", IFT_F32, 2, {50, 32}, zeros, 6400};
    const struct ift_tensor flat = {"model.norm.weight", IFT_F32, 2, {1, 32}, zeros, 128};
    const struct ift_tensor whole = {"model.norm.weight", IFT_I32, 1, {32}, zeros, 128};
    struct ift_tensor copy = *golden_weight(m, "model.embed_tokens.weight");
    copy.name = "lm_head.weight";
    variant("v1", "false", "model.norm.weight", NULL);
    refused("v1", "no weight \"model.norm.weight\"");
    variant("v2", "false", NULL, &extra);
    refused("v2", "\"model.layers.2.mlp.up_proj.weight\" is no weight");
    variant("v3", "false", "model.norm.weight", &flat);
    refused("v3", "has shape (1, 32)");
    variant("v4", "false", "model.norm.weight", &whole);
    refused("v4", "is of i32");
    variant("v5", "false", NULL, &buffer);
    ift_model_free(open_ok("v5"));
    variant("v6", "true", "lm_head.weight", NULL);
    ift_model_free(open_ok("v6"));
    variant("v7", "true", "lm_head.weight", &copy);
    ift_model_free(open_ok("v7"));
    variant("v8", "true", "lm_head.weight", &other);
    refused("v8", "\"lm_head.weight\" is no weight");
    put("v6/generation_config.json", "{\"eos_token_id\":[1,7]}");
    struct ift_model *const g = open_ok("v6");
    CHECK_INT(ift_model_config(g)->neos, 2);
    ift_model_free(g);
    put("v6/generation_config.json", "{");
    refused("v6", "generation_config.json");
    refused("nowhere", "No such file");
    refused("one/config.json", "not a model folder");
    ift_model_free(m);
}

int main(void) {
    create();
    save();
    fail_half_way();
    misfits();
    return check_done();
}
