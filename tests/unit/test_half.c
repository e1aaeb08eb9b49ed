/* Frozen weights stored as bf16 or f16 stay so in memory, and every result has the bits it has with
 * the same weights stored as f32. */
#include "libcore/infer/generator.h"
#include "tests/unit/golden.h"

enum { TOKENS = 90, VOCAB = 301, NEW = 12 };

/* Widths on both sides of every choice the products make between few rows and many. */
static const char config[] =
    "{\"model_type\":\"llama\",\"vocab_size\":301,\"hidden_size\":72,\"intermediate_size\":208,"
    "\"num_hidden_layers\":2,\"num_attention_heads\":6,\"num_key_value_heads\":2,\"attention_"
    "bias\":true,\"max_position_embeddings\":128,\"initializer_range\":0.2,"
    "\"tie_word_embeddings\":%s}";

static void make_folders(bool tied, enum ift_dtype dtype) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    const enum ift_dtype wide = IFT_F32;
    size_t changed;
    FILE *const f = fopen("config.json", "wb");
    CHECK(f && fprintf(f, config, tied ? "true" : "false") > 0 && fclose(f) == 0);
    CHECK(system("rm -rf half wide") == 0);
    CHECK_OK(ift_model_create("config.json", "half",
                              &(struct ift_model_create){.seed = 3, .dtype = &dtype}, &err),
             &err);
    CHECK_OK(ift_model_open(&m, "half", &err), &err);
    CHECK_OK(ift_peft_merge_model(m, NULL, 0, "wide", &(struct ift_model_save){.dtype = &wide},
                                  &changed, &err),
             &err);
    ift_model_free(m);
}

/* All that a model computes. */
struct results {
    float *logits;  /* (TOKENS, VOCAB) */
    float *grads;   /* of all that is trained, one after the other */
    size_t n_grads; /* floats */
    double loss;
    int32_t id[3][NEW];
    int prompts;
    size_t frozen; /* bytes of what was bound */
};

static struct golden_batch batch_of(const struct golden_run *r) {
    const int64_t width = ift_graph_value(r->g, r->build.segments)->dim[1];
    struct golden_batch b = {.tokens = TOKENS, .segments = 2};
    b.id = ift_alloc0(TOKENS, sizeof *b.id);
    b.position = ift_alloc0(TOKENS, sizeof *b.position);
    b.target = ift_alloc0(TOKENS, sizeof *b.target);
    b.segment = ift_alloc0((size_t)(2 * width), sizeof *b.segment);
    for (int i = 0; i < TOKENS; i++) {
        b.id[i] = (i * 37 + 11) % VOCAB;
        b.position[i] = i % (TOKENS / 2);
        b.target[i] = i % 5 ? (i * 53 + 7) % VOCAB : -1;
        b.learned += b.target[i] >= 0;
    }
    for (int s = 0; s < 2; s++) {
        int32_t *const segment = b.segment + s * width;
        segment[0] = segment[2] = s * TOKENS / 2;
        segment[1] = segment[3] = TOKENS / 2;
    }
    return b;
}

static void keep_gradients(const struct golden_run *r, struct results *out) {
    struct ift_err err = {0};
    for (size_t v = 1; v <= ift_graph_values(r->g); v++) {
        const struct ift_value *const value = ift_graph_value(r->g, (ift_val)v);
        if (value->role != IFT_STATE) continue;
        const size_t n = (size_t)ift_value_count(value, r->capacity);
        out->grads = ift_realloc(out->grads, out->n_grads + n, sizeof *out->grads);
        CHECK_OK(ift_exec_download(r->x, out->grads + out->n_grads, (ift_val)v, 1, &err), &err);
        out->n_grads += n;
    }
}

static void train(struct ift_model *m, struct ift_device *d, bool base, struct results *out) {
    struct ift_err err = {0};
    struct ift_peft *p = NULL;
    struct golden_run r;
    const struct ift_peft_options o = {.method = "lora",
                                       .rank = 4,
                                       .alpha = 8,
                                       .targets = "all-linear",
                                       .seed = 5};
    CHECK_OK(ift_peft_new(&p, m, &o, &err), &err);
    const struct ift_attach *const attach = base ? NULL : ift_peft_attach(p, true);
    CHECK_OK(golden_run_init(&r, m, d, attach, base, true, &err), &err);
    const size_t before = d->bytes;
    CHECK_OK(ift_peft_bind(p, d, r.x, r.g, &err), &err);
    CHECK((d->bytes > before) == !base);
    struct golden_batch b = batch_of(&r);
    out->loss = golden_run_batch(&r, &b, &err);
    out->logits = golden_logits(&r, &b, VOCAB);
    keep_gradients(&r, out);
    golden_batch_release(&b);
    golden_run_release(&r);
    ift_peft_free(p);
}

static int next_prompt(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    static const int32_t ids[] = {5, 17, 200, 3, 44, 91, 300, 0, 12};
    struct results *const out = ctx;
    (void)err;
    if (out->prompts == 3) return 0;
    *p = (struct ift_prompt_ids){ids + out->prompts, (size_t)(3 + 2 * out->prompts), NULL};
    out->prompts++;
    return 1;
}

static int done_prompt(void *ctx, const struct ift_completion *c, struct ift_err *err) {
    struct results *const out = ctx;
    (void)err;
    CHECK_INT(c->n, NEW);
    memcpy(out->id[c->index], c->id, sizeof out->id[0]);
    return 0;
}

static void generate(struct ift_model *m, struct ift_device *d, int64_t slots,
                     struct results *out) {
    struct ift_err err = {0};
    struct ift_generator *g = NULL;
    const struct ift_generator_config c = {.slots = slots, .context = 64};
    const struct ift_generate o = {.sampling = {.repetition_penalty = 1, .top_p = 1},
                                   .max_new = NEW};
    const struct ift_prompts p = {out, next_prompt, done_prompt};
    CHECK_OK(ift_generator_new(&g, m, NULL, d, c, &err), &err);
    if (!g) exit(1);
    CHECK_OK(ift_generator_run(g, &p, &o, &err), &err);
    CHECK_INT(out->prompts, 3);
    ift_generator_free(g);
}

static struct results run(const char *dir, int threads, bool base) {
    struct ift_err err = {0};
    struct results out = {0};
    struct ift_model *m = NULL;
    struct ift_device d;
    CHECK_OK(ift_model_open(&m, dir, &err), &err);
    CHECK_OK(ift_device_open(&d, "cpu", threads, &err), &err);
    train(m, &d, base, &out);
    out.frozen = d.bytes;
    generate(m, &d, threads, &out);
    ift_model_free(m);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
    return out;
}

static void results_release(struct results *r) {
    free(r->logits);
    free(r->grads);
}

/* Elements of the weights that are matrices: those that may stay as they are. */
static size_t matrices(void) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    size_t n = 0;
    CHECK_OK(ift_model_open(&m, "half", &err), &err);
    struct ift_graph *const g = ift_graph_new();
    struct ift_build b = {0};
    ift_build_begin(&b, m, g);
    ift_graph_keep(g, ift_graph_linear(g, ift_build_forward(&b), ift_build_head(&b), 0));
    for (size_t v = 1; v <= ift_graph_values(g); v++) {
        const struct ift_value *const value = ift_graph_value(g, (ift_val)v);
        if (value->role != IFT_PARAM) continue;
        const bool takes = ift_graph_takes_half(g, (ift_val)v);
        CHECK_INT(takes, value->ndim == 2);
        if (takes) n += (size_t)(value->dim[0] * value->dim[1]);
    }
    ift_graph_free(g);
    ift_model_free(m);
    return n;
}

static void same_bits(bool base) {
    struct results wide = run("wide", 1, base);
    for (int threads = 1; threads < 4; threads += 2) {
        struct results half = run("half", threads, base);
        CHECK(wide.loss > 1 && half.loss == wide.loss);
        CHECK(memcmp(half.logits, wide.logits, sizeof(float[TOKENS][VOCAB])) == 0);
        CHECK(wide.n_grads > 0 && half.n_grads == wide.n_grads);
        CHECK(memcmp(half.grads, wide.grads, wide.n_grads * sizeof *wide.grads) == 0);
        CHECK(memcmp(half.id, wide.id, sizeof wide.id) == 0);
        CHECK_INT(wide.frozen - half.frozen, base ? 0 : 2 * matrices());
        results_release(&half);
    }
    results_release(&wide);
}

/* Bound as stored by one graph, as f32 by another that can read nothing else; training afterwards
 * is refused. */
static void two_graphs(void) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    struct ift_device d;
    CHECK_OK(ift_model_open(&m, "half", &err), &err);
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    const size_t count = (size_t)VOCAB * 72;
    float *const value[] = {ift_alloc(count * 4), ift_alloc(count * 4)};
    for (int k = 0; k < 3; k++) {
        struct ift_graph *const g = ift_graph_new();
        struct ift_exec *x = NULL;
        struct ift_build b = {.train_base = k == 2};
        ift_build_begin(&b, m, g);
        const ift_val head = ift_build_head(&b);
        const ift_val eye =
            ift_graph_input(g, "eye", IFT_F32, IFT_FIXED, 2, (const int64_t[]){72, 72});
        const ift_val y = k ? ift_graph_axpby(g, 1, head, 0, 0)                   // (V, C)
                            : ift_graph_gemm(g, eye, false, head, true, 1, 0, 0); // (C, V)
        ift_graph_keep(g, y);
        CHECK_INT(ift_graph_takes_half(g, head), k == 0);
        CHECK_OK(ift_exec_new(&x, g, &d, (const int64_t[IFT_EXTENTS]){1, 1, 1, 1}, &err), &err);
        const int rc = ift_model_bind(m, &d, x, g, &err);
        if (k == 2)
            CHECK(rc < 0 && strstr(err.text, "frozen"));
        else {
            float one[72 * 72] = {0};
            for (int i = 0; i < 72; i++) one[73 * i] = 1;
            CHECK_OK(rc, &err);
            CHECK_OK(ift_exec_upload(x, eye, one, 72, &err), &err);
            CHECK_OK(ift_exec_run(x, (const int64_t[IFT_EXTENTS]){0}, &err), &err);
            CHECK_OK(ift_exec_download(x, value[k], y, 1, &err), &err);
        }
        ift_exec_free(x);
        ift_graph_free(g);
    }
    for (size_t i = 0; i < count; i++) CHECK(value[0][i % 72 * VOCAB + i / 72] == value[1][i]);
    free(value[0]);
    free(value[1]);
    ift_model_free(m);
    ift_device_close(&d);
}

/* A held model's weights are all in memory of the device, and mean the same. */
static void held(void) {
    struct ift_err err = {0};
    struct ift_device d;
    float *logits[2];
    struct ift_model_bytes bytes[2];
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    for (int hold = 0; hold < 2; hold++) {
        struct ift_model *m = NULL;
        struct golden_run r;
        CHECK_OK(ift_model_open(&m, "half", &err), &err);
        if (hold) ift_model_hold(m);
        CHECK_OK(golden_run_init(&r, m, &d, NULL, false, false, &err), &err);
        struct golden_batch b = batch_of(&r);
        bytes[hold] = ift_model_measure(m, &d, r.g);
        golden_run_batch(&r, &b, &err);
        logits[hold] = golden_logits(&r, &b, VOCAB);
        golden_batch_release(&b);
        golden_run_release(&r);
        ift_model_free(m);
        CHECK_INT(d.bytes, 0);
    }
    ift_device_close(&d);
    CHECK(bytes[0].mapped >= 2 * matrices());
    CHECK_INT(bytes[1].mapped, 0);
    CHECK_INT(bytes[1].own, bytes[0].own + bytes[0].mapped);
    CHECK(memcmp(logits[0], logits[1], sizeof(float[TOKENS][VOCAB])) == 0);
    free(logits[0]);
    free(logits[1]);
}

int main(void) {
    static const enum ift_dtype types[] = {IFT_BF16, IFT_F16};
    for (int i = 0; i < 4; i++) {
        make_folders(i & 1, types[i / 2]);
        same_bits(false);
        if (i == 0) same_bits(true);
        two_graphs();
        held();
    }
    return check_done();
}
