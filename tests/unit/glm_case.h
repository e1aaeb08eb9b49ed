/* glm_case.h: what tests of GLM's models share: documents of a golden case in batches, the graph of
 * a model with its loss, and continuations. */
#ifndef GLM_CASE_H
#define GLM_CASE_H

#include "libcore/infer/generator.h"
#include "libcore/model/batch.h"
#include "libcore/model/feed.h"
#include "tests/unit/golden.h"

enum { TOKENS = 128, NEW = 24 };

static struct ift_device device;

static inline struct ift_model *open_model(const char *dir, const char *sub) {
    struct ift_err err = {0};
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

static inline void read_documents(struct documents *d, const struct ift_model *m,
                                  const struct ift_safetensors *io, int32_t raised) {
    struct ift_err err = {0};
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

static inline void describe(struct golden_run *r, struct ift_model *m,
                            const struct ift_attach *attach, bool learn) {
    struct ift_err err = {0};
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
static inline double run(struct golden_run *r, const struct ift_batch *b) {
    struct ift_err err = {0};
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

static inline double logits_error(struct golden_run *r, const struct documents *d,
                                  const struct ift_tensor *want) {
    struct ift_err err = {0};
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
static inline void check_positions(const struct documents *d, const struct ift_safetensors *io) {
    const struct ift_tensor *const want = ift_safetensors_find(io, "position_ids");
    if (!want || want->ndim != 3) return;
    const int64_t length = want->dim[2];
    for (int64_t i = 0; i < d->batch.tokens; i++) {
        const int64_t row = d->place[i] / length, t = d->place[i] % length;
        CHECK_INT(d->batch.position[i], golden_i64(want, 2 * row * length + t));
        CHECK_INT(d->batch.block[i], golden_i64(want, (2 * row + 1) * length + t));
    }
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

static inline size_t read_ids(const struct ift_json *doc, int list, int32_t raised, int32_t *id) {
    size_t n = 0;
    for (int v = ift_json_first(doc, list); v >= 0; v = ift_json_next(doc, list, v)) {
        long long value = -1;
        CHECK(ift_parse_i64(ift_json_raw(doc, v), &value));
        id[n++] = (int32_t)value + raised;
    }
    return n;
}

static inline int next_prompt(void *self, struct ift_prompt_ids *p, struct ift_err *err) {
    struct prompts *const s = self;
    (void)err;
    if (s->node < 0) return 0;
    const int prompt = s->native ? s->node : ift_json_get(&s->doc, s->node, "prompt");
    *p = (struct ift_prompt_ids){s->id, read_ids(&s->doc, prompt, s->raised, s->id), NULL};
    s->node = ift_json_next(&s->doc, s->list, s->node);
    return 1;
}

static inline int check_answer(void *self, const struct ift_completion *c, struct ift_err *err) {
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
static inline size_t read_answers(struct prompts *s, const char *dir) {
    struct ift_err err = {0};
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
static inline void continuing(const char *dir, const char *name, struct ift_model *m,
                              int32_t raised) {
    struct ift_err err = {0};
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

#endif
