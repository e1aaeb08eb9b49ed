/* GLM's two-sided contexts and second positions on the way of training (batch.h, feed.h) and
 * in prompts that share small steps, in both releases of ChatGLM's vocabulary, and an adapter on
 * weights stored as (in, out). */
#include <sys/stat.h>

#include "libcore/infer/generator.h"
#include "libcore/model/batch.h"
#include "libcore/model/feed.h"
#include "libcore/peft/peft.h"
#include "libcore/text/tokenizer.h"
#include "tests/unit/golden.h"

enum { TOKENS = 128, NEW = 24 };

static struct ift_device device;

static struct ift_model *open_model(const char *dir, const char *sub) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *m = NULL;
    char *const path = golden_join(dir, sub);
    CHECK_OK(ift_model_open(&m, path, &err), &err);
    free(path);
    if (!m) exit(1);
    return m;
}

/* ---- forward and backward ---- */

/* The rows of a case as documents, ids higher by `raised`, and where each token was in the padded
 * (B, T). Masks of (B, T) say which are real; larger ones belong to GLM, where all are. */
struct documents {
    struct ift_batch batch;
    int64_t place[TOKENS];
};

static void read_documents(struct documents *d, const struct ift_model *m,
                           const struct ift_safetensors *io, int32_t raised) {
    struct ift_err err = {{0}, 0, 0};
    const struct ift_tensor *const ids = golden_find(io, "", "input_ids"),
                                   *const mask = golden_find(io, "", "attention_mask"),
                                   *const labels = golden_find(io, "", "labels");
    const int64_t length = ids->dim[1];
    d->batch = (struct ift_batch){.arch = ift_model_arch(m),
                                  .config = ift_model_config(m),
                                  .capacity = TOKENS};
    for (int64_t r = 0; r < ids->dim[0]; r++) {
        int32_t id[TOKENS];
        uint8_t learn[TOKENS];
        uint32_t n = 0;
        for (int64_t t = 0; t < length; t++) {
            const int64_t i = r * length + t;
            if (mask->ndim == 2 && !golden_i64(mask, i)) continue;
            CHECK(golden_i64(labels, i) == -100 || golden_i64(labels, i) == golden_i64(ids, i));
            learn[n] = golden_i64(labels, i) >= 0;
            d->place[d->batch.tokens + n] = i;
            id[n++] = (int32_t)golden_i64(ids, i) + raised;
        }
        const struct ift_row row = {id, learn, n, &n, 1};
        size_t doc = 0;
        CHECK_INT(ift_batch_row(&d->batch, &row, (uint64_t)r, &doc, &err), 1);
    }
}

static void describe(struct golden_run *r, struct ift_model *m, const struct ift_attach *attach,
                     bool learn) {
    struct ift_err err = {{0}, 0, 0};
    *r = (struct golden_run){.g = ift_graph_new(), .d = &device};
    r->build = (struct ift_build){.attach = attach, .train_base = learn, .learning = learn};
    ift_build_begin(&r->build, m, r->g);
    const ift_val h = ift_build_forward(&r->build), head = ift_build_head(&r->build);
    r->targets = ift_graph_input(r->g, "targets", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    r->scale = ift_graph_input(r->g, "scale", IFT_F32, IFT_FIXED, 1, (const int64_t[]){1});
    r->logits = ift_build_logits(&r->build, h);
    r->loss = ift_graph_xent(r->g, h, head, ift_build_head_bias(&r->build), r->targets, r->scale);
    ift_graph_keep(r->g, r->logits);
    ift_graph_keep(r->g, r->loss);
    if (learn) CHECK_OK(ift_graph_backward(r->g, r->loss, &err), &err);
    CHECK_OK(ift_graph_check(r->g, &err), &err);
    CHECK_OK(ift_exec_new(&r->x, r->g, &device, (const int64_t[]){1, TOKENS, 16, TOKENS}, &err),
             &err);
    CHECK_OK(ift_model_bind(m, &device, r->x, r->g, &err), &err);
    if (check_failures) exit(1);
}

/* The mean loss over learned tokens. */
static double run(struct golden_run *r, const struct ift_batch *b) {
    struct ift_err err = {{0}, 0, 0};
    const float scale = 1 / (float)b->learned;
    const struct ift_feed feed = {.tokens = b->tokens,
                                  .segments = b->docs,
                                  .id = b->id,
                                  .position = b->position,
                                  .block = b->block,
                                  .segment = b->segment};
    for (size_t v = 1; v <= ift_graph_values(r->g); v++) {
        if (ift_graph_value(r->g, (ift_val)v)->role == IFT_STATE)
            CHECK_OK(ift_exec_zero(r->x, (ift_val)v, &err), &err);
    }
    CHECK_OK(ift_feed_upload(&feed, &r->build, r->x, &err), &err);
    CHECK_OK(ift_exec_upload(r->x, r->targets, b->target, b->tokens, &err), &err);
    CHECK_OK(ift_exec_upload(r->x, r->scale, &scale, 1, &err), &err);
    CHECK_OK(ift_exec_run(r->x, (const int64_t[]){0, b->tokens, b->docs, b->tokens}, &err), &err);
    float loss[TOKENS] = {0};
    CHECK_OK(ift_exec_download(r->x, loss, r->loss, b->tokens, &err), &err);
    double sum = 0;
    for (int64_t i = 0; i < b->tokens; i++) sum += (double)loss[i];
    return sum / (double)b->learned;
}

static double logits_error(struct golden_run *r, const struct documents *d,
                           const struct ift_tensor *want) {
    struct ift_err err = {{0}, 0, 0};
    const int64_t width = want->dim[2], n = d->batch.tokens;
    float *const got = ift_alloc((size_t)(n * width) * sizeof *got), *const picked = ift_alloc(
                                                                         (size_t)(n * width) *
                                                                         sizeof *picked);
    CHECK_OK(ift_exec_download(r->x, got, r->logits, n, &err), &err);
    for (int64_t i = 0; i < n; i++)
        memcpy(picked + i * width, (const float *)want->data + d->place[i] * width,
               (size_t)width * sizeof *picked);
    const double e = golden_error(got, picked, (size_t)(n * width));
    free(got);
    free(picked);
    return e;
}

/* GLM's (B, 2, T) are what the batch must hold. */
static void check_positions(const struct documents *d, const struct ift_safetensors *io) {
    const struct ift_tensor *const want = ift_safetensors_find(io, "position_ids");
    if (!want || want->ndim != 3) return;
    const int64_t length = want->dim[2];
    for (int64_t i = 0; i < d->batch.tokens; i++) {
        const int64_t row = d->place[i] / length, t = d->place[i] % length;
        CHECK_INT(d->batch.position[i], golden_i64(want, 2 * row * length + t));
        CHECK_INT(d->batch.block[i], golden_i64(want, (2 * row + 1) * length + t));
    }
}

/* native: case.json is as transformers' own families have it. */
static void learning(const char *dir, const char *name, struct ift_model *m, bool native) {
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    const double noise = golden_number(dir, "noise", "logits", NULL);
    const double grad_noise = native ? golden_number(dir, "noise", "worst_grad", "value")
                                     : golden_number(dir, "noise", "worst_gradient", NULL);
    struct documents d = {0};
    struct golden_run r;
    read_documents(&d, m, io, 0);
    check_positions(&d, io);
    describe(&r, m, NULL, true);
    const double want = (double)*(const float *)golden_find(io, "", "loss")->data;
    const double loss = fabs(run(&r, &d.batch) - want);
    const double e = logits_error(&r, &d, golden_find(io, "", "logits"));
    golden_check(name, "logits", e, fmax(1e-5, 4 * noise));
    golden_check(name, "loss", loss, 1e-6 * want);
    const double g = golden_gradients(&r, io, name, fmax(1e-4, 4 * grad_noise),
                                      strcmp(name, "chatglm-6b-1d") != 0);
    printf("%s: logits %.2g (noise of the original %.2g), loss %.2g, gradients %.2g (%.2g)\n", name,
           e, noise, loss, g, grad_noise);
    golden_run_release(&r);
    ift_batch_release(&d.batch);
    ift_safetensors_free(io);
}

/* ---- continuations ---- */

struct prompts {
    struct ift_str text;
    struct ift_json doc; /* of the text */
    int list, node;      /* the prompts' array; the one to be asked next */
    bool native;
    int32_t raised; /* how much higher the model's ids are */
    int32_t id[TOKENS], want[8][NEW];
    size_t n[8], done;
    const char *name;
};

static size_t read_ids(const struct ift_json *doc, int list, int32_t raised, int32_t *id) {
    size_t n = 0;
    for (int v = ift_json_first(doc, list); v >= 0; v = ift_json_next(doc, list, v)) {
        long long value = -1;
        CHECK(ift_parse_i64(ift_json_raw(doc, v), &value));
        id[n++] = (int32_t)value + raised;
    }
    return n;
}

static int next_prompt(void *self, struct ift_prompt_ids *p, struct ift_err *err) {
    struct prompts *const s = self;
    (void)err;
    if (s->node < 0) return 0;
    const int prompt = s->native ? s->node : ift_json_get(&s->doc, s->node, "prompt");
    *p = (struct ift_prompt_ids){s->id, read_ids(&s->doc, prompt, s->raised, s->id), NULL};
    s->node = ift_json_next(&s->doc, s->list, s->node);
    return 1;
}

static int check_answer(void *self, const struct ift_completion *c, struct ift_err *err) {
    struct prompts *const s = self;
    (void)err;
    CHECK_INT(c->n, s->n[c->index]);
    for (size_t i = 0; i < c->n; i++) {
        if (c->id[i] != s->want[c->index][i])
            fprintf(stderr, "%s: prompt %d, token %zu\n", s->name, (int)c->index, i);
        CHECK_INT(c->id[i], s->want[c->index][i]);
    }
    s->done++;
    return 0;
}

/* Reads what the original continued with; 0: it did not. */
static size_t read_answers(struct prompts *s, const char *dir) {
    struct ift_err err = {{0}, 0, 0};
    char *const path = golden_join(dir, "case.json");
    CHECK_OK(ift_in_slurp(path, &s->text, 0, &err), &err);
    CHECK_OK(ift_json_parse(&s->doc, s->text.p, s->text.n, &err), &err);
    free(path);
    const int generation = ift_json_get(&s->doc, 0, "generation");
    size_t n = 0;
    s->native = ift_json_is(&s->doc, generation, IFT_JSON_OBJECT);
    s->list = s->native ? ift_json_get(&s->doc, generation, "prompts") : generation;
    s->node = ift_json_first(&s->doc, s->list);
    const int runs = ift_json_get(&s->doc, generation, "runs"),
              list = s->native
                         ? ift_json_get(&s->doc, ift_json_get(&s->doc, runs, "greedy"), "new_ids")
                         : generation;
    for (int v = ift_json_first(&s->doc, list); v >= 0; v = ift_json_next(&s->doc, list, v), n++)
        s->n[n] = read_ids(&s->doc, s->native ? v : ift_json_get(&s->doc, v, "greedy"), s->raised,
                           s->want[n]);
    return n;
}

/* Greedy continuations, alone and with other sequences, in steps of whole and of cut prompts. */
static void continuing(const char *dir, const char *name, struct ift_model *m, int32_t raised) {
    struct ift_err err = {{0}, 0, 0};
    for (int slots = 1; slots <= 3; slots += 2) {
        struct prompts s = {.name = name, .raised = raised};
        const size_t count = read_answers(&s, dir);
        struct ift_generator *g = NULL;
        const struct ift_generator_config c = {.slots = slots, .context = 40, .step = 4};
        const struct ift_prompts p = {&s, next_prompt, check_answer};
        struct ift_generate o = {.sampling = {.top_p = 1, .repetition_penalty = 1},
                                 .max_new = (long long)s.n[0]};
        if (count) {
            CHECK_OK(ift_generator_new(&g, m, NULL, &device, c, &err), &err);
            if (g) CHECK_OK(ift_generator_run(g, &p, &o, &err), &err);
            ift_generator_free(g);
        }
        CHECK_INT(s.done, count);
        ift_json_release(&s.doc);
        ift_str_release(&s.text);
    }
}

/* ---- an adapter on weights stored as (in, out) ---- */

static void adapting(const char *dir, struct ift_model *m) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    static const char name[] = "transformer.h.1.mlp.c_proj.weight";
    char *const path = golden_join(dir, "adapter");
    struct ift_peft *p = NULL;
    CHECK_OK(ift_peft_open(&p, m, path, &err), &err);
    free(path);
    if (!p) exit(1);
    struct documents d = {0};
    struct golden_run r;
    read_documents(&d, m, io, 0);
    describe(&r, m, ift_peft_attach(p, false), false);
    CHECK_OK(ift_peft_bind(p, &device, r.x, r.g, &err), &err);
    run(&r, &d.batch);
    const double e = logits_error(&r, &d, golden_find(io, "", "adapter.logits"));
    golden_check("gpt2-odd", "logits with an adapter", e, 1e-5);

    const struct ift_tensor *const want = golden_find(io, "merged.", name),
                                   *const w = ift_weights_find(ift_model_weights(m), name + 12);
    float *const merged = ift_alloc(want->bytes);
    CHECK(w && w->bytes == want->bytes && w->dtype == IFT_F32);
    memcpy(merged, w->data, w->bytes);
    CHECK_INT(ift_peft_merge(p, name, merged, w->ndim, w->dim, &err), 1);
    const double q = golden_error(merged, want->data, want->bytes / sizeof *merged);
    golden_check("gpt2-odd", name, q, 1e-6);
    printf("gpt2-odd: logits with an adapter %.2g, a merged weight %.2g\n", e, q);
    free(merged);
    golden_run_release(&r);
    ift_batch_release(&d.batch);
    ift_safetensors_free(io);
    ift_peft_free(p);
}

/* ---- the first release's vocabulary ---- */

/* It has 20,000 images before its texts, so that every id is as much higher, and its config.json
 * leaves [MASK] and [gMASK] to the defaults. */
enum { FIRST_VOCAB = 150528, IMAGES = 20000, FIRST_MASK = 150000, FIRST_SOP = 150004 };

/* A folder as the first release was, with the weights of a case: its rows lie `raised` further down
 * in matrices of the release's size that are zero elsewhere. */
static void write_first(const char *dir, const char *made, int32_t raised) {
    static const char config[] =
        "{\"architectures\": [\"ChatGLMModel\"], \"bos_token_id\": 150004, \"eos_token_id\": "
        "150005,"
        " \"hidden_size\": 60, \"inner_hidden_size\": 148, \"layernorm_epsilon\": 1e-05,"
        " \"max_sequence_length\": 64, \"model_type\": \"chatglm\", \"num_attention_heads\": 3,"
        " \"num_layers\": 3, \"position_encoding_2d\": true, \"vocab_size\": 150528}";
    struct ift_err err = {{0}, 0, 0};
    struct ift_safetensors *const from = golden_open(dir, "model/model.safetensors");
    const size_t n = ift_safetensors_count(from);
    struct ift_tensor *const t = ift_alloc(n * sizeof *t);
    void **const raised_data = ift_alloc0(n, sizeof *raised_data);
    for (size_t i = 0; i < n; i++) {
        t[i] = *ift_safetensors_at(from, i);
        if (strcmp(t[i].name, "lm_head.weight") != 0 && !strstr(t[i].name, "word_embeddings"))
            continue;
        const size_t row = t[i].bytes / (size_t)t[i].dim[0];
        raised_data[i] = ift_alloc0(FIRST_VOCAB, row);
        memcpy((char *)raised_data[i] + (size_t)raised * row, t[i].data, t[i].bytes);
        t[i].dim[0] = FIRST_VOCAB;
        t[i].data = raised_data[i];
        t[i].bytes = FIRST_VOCAB * row;
    }
    CHECK(mkdir(made, 0777) == 0);
    char *const weights = golden_join(made, "model.safetensors"), *const file =
                                                                      golden_join(made,
                                                                                  "config.json");
    CHECK_OK(ift_safetensors_write(weights, t, n, NULL, 0, &err), &err);
    FILE *const f = fopen(file, "w");
    CHECK(f && fputs(config, f) >= 0 && fclose(f) == 0);
    for (size_t i = 0; i < n; i++) free(raised_data[i]);
    free(raised_data);
    free(t);
    free(weights);
    free(file);
    ift_safetensors_free(from);
}

/* The logits of the case at the higher ids, zero at all others. */
static double raised_error(struct golden_run *r, const struct documents *d, int32_t raised,
                           const struct ift_tensor *want) {
    struct ift_err err = {{0}, 0, 0};
    const int64_t n = d->batch.tokens, width = want->dim[2];
    float *const got = ift_alloc((size_t)n * FIRST_VOCAB * sizeof *got),
                 *const a = ift_alloc((size_t)(n * width) * sizeof *a),
                 *const b = ift_alloc((size_t)(n * width) * sizeof *b);
    CHECK_OK(ift_exec_download(r->x, got, r->logits, n, &err), &err);
    int64_t others = 0;
    for (int64_t i = 0; i < n; i++) {
        const float *const row = got + i * FIRST_VOCAB;
        memcpy(a + i * width, row + raised, (size_t)width * sizeof *a);
        memcpy(b + i * width, (const float *)want->data + d->place[i] * width,
               (size_t)width * sizeof *b);
        for (int64_t v = 0; v < FIRST_VOCAB; v++)
            others += row[v] != 0 && (v < raised || v >= raised + width);
    }
    CHECK_INT(others, 0);
    const double e = golden_error(a, b, (size_t)(n * width));
    free(got);
    free(a);
    free(b);
    return e;
}

static void first_release(const char *dir, const char *name) {
    struct ift_model *const later = open_model(dir, "model");
    const int32_t raised = FIRST_SOP - ift_model_config(later)->bos;
    ift_model_free(later);
    write_first(dir, name, raised);
    struct ift_model *const m = open_model(name, "");
    const struct ift_config *const c = ift_model_config(m);
    CHECK_INT(c->mask, FIRST_MASK);
    CHECK_INT(c->gmask, FIRST_MASK + 1);
    CHECK_INT(c->bos, FIRST_SOP);
    CHECK_INT(c->neos, 1);
    CHECK_INT(c->eos[0], FIRST_SOP + 1);
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    struct documents d = {0};
    struct golden_run r;
    read_documents(&d, m, io, raised);
    check_positions(&d, io);
    describe(&r, m, NULL, false);
    run(&r, &d.batch);
    const double e = raised_error(&r, &d, raised, golden_find(io, "", "logits")),
                 noise = golden_number(dir, "noise", "logits", NULL);
    golden_check(name, "logits", e, fmax(1e-5, 4 * noise));
    printf("%s: logits %.2g (noise of the original %.2g)\n", name, e, noise);
    golden_run_release(&r);
    ift_batch_release(&d.batch);
    ift_safetensors_free(io);
    ift_model_free(m);
    struct ift_model *const frozen = open_model(name, "");
    continuing(dir, name, frozen, raised);
    ift_model_free(frozen);
}

static struct ift_tokenizer *open_vocab(const char *dir, const char *config) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_tokenizer *t = NULL;
    char *const model = golden_path("SHARED", "tok/chatglm/ice_text.model"),
                *const link = golden_join(dir, "ice_text.model"),
                *const file = golden_join(dir, "tokenizer_config.json");
    CHECK(mkdir(dir, 0777) == 0 && symlink(model, link) == 0);
    FILE *const f = fopen(file, "w");
    CHECK(f && fputs(config, f) >= 0 && fclose(f) == 0);
    CHECK_OK(ift_tokenizer_open(&t, dir, &err), &err);
    free(model);
    free(link);
    free(file);
    if (!t) exit(1);
    return t;
}

/* What its tokenizer makes of a text: the later release's ids, each higher by the images. */
static void first_vocabulary(void) {
    static const char text[] = "\xe4\xbd\xa0\xe5\xa5\xbd, two  blanks\n\tand 3.14";
    struct ift_err err = {{0}, 0, 0};
    struct ift_tokens ids[2] = {{0}, {0}};
    struct ift_tokenizer *const t[2] =
        {open_vocab("vocab.first", "{\"tokenizer_class\": \"ChatGLMTokenizer\"}"),
         open_vocab("vocab.later",
                    "{\"tokenizer_class\": \"ChatGLMTokenizer\", \"num_image_tokens\": 0}")};
    for (int i = 0; i < 2; i++) {
        struct ift_encoder *const e = ift_encoder_new(t[i]);
        CHECK_OK(ift_encoder_encode(e, text, sizeof text - 1, NULL, &ids[i], &err), &err);
        ift_encoder_free(e);
    }
    CHECK(ids[1].n > 8);
    CHECK_INT(ids[0].n, ids[1].n);
    for (size_t i = 0; i < ids[0].n && i < ids[1].n; i++)
        CHECK_INT(ids[0].id[i], ids[1].id[i] + IMAGES);
    const struct ift_tokenizer_info *const info = ift_tokenizer_info(t[0]);
    CHECK_INT(info->nbefore + info->nafter, 2);
    CHECK_INT(info->after[0], FIRST_MASK + 1);
    CHECK_INT(info->after[1], FIRST_SOP);
    CHECK_INT(info->eos, FIRST_SOP + 1);
    CHECK_INT(ift_tokenizer_control(t[0], "[MASK]", 6), FIRST_MASK);
    for (int i = 0; i < 2; i++) {
        ift_tokens_release(&ids[i]);
        ift_tokenizer_free(t[i]);
    }
}

/* ---- */

static void one_case(const char *root, const char *name) {
    char *const dir = golden_join(root, name);
    struct ift_model *const m = open_model(dir, "model");
    learning(dir, name, m, strncmp(name, "bloom", 5) == 0 || strncmp(name, "gpt2", 4) == 0);
    ift_model_free(m);
    struct ift_model *const frozen = open_model(dir, "model");
    continuing(dir, name, frozen, 0);
    if (strcmp(name, "gpt2-odd") == 0) adapting(dir, frozen);
    ift_model_free(frozen);
    free(dir);
}

int main(int argc, char **argv) {
    static const char *const here[] = {"gpt2-odd"};
    static const char *const there[] = {"chatglm-6b", "chatglm-6b-1d", "chatglm-6b-mask"};
    struct ift_err err = {{0}, 0, 0};
    char *const root = golden_path("SRC", "tests/golden/model");
    if (!root) check_skip("SRC does not name the source folder");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    char *const shared = golden_path("SHARED", "golden/model");
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        if (argc < 2 || strcmp(argv[1], here[i]) == 0) one_case(root, here[i]);
    }
    for (size_t i = 0; shared && i < sizeof there / sizeof *there; i++) {
        if (argc < 2 || strcmp(argv[1], there[i]) == 0) one_case(shared, there[i]);
    }
    if (shared && argc < 2) {
        char *const dir = golden_join(shared, "chatglm-6b");
        first_release(dir, "chatglm-6b.first");
        free(dir);
    }
    char *const vocab = golden_path("SHARED", "tok/chatglm/ice_text.model");
    if (vocab && argc < 2) first_vocabulary();
    free(vocab);
    free(shared);
    free(root);
    ift_device_close(&device);
    return check_done();
}
