/* Continuations (greedy and by beam search, with every processor) and sampling filters of the
 * reference cases: with a cache, in slots, prompts cut anywhere; the memory of the cache. */
#include "libcore/infer/generator.h"

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/tensor/safetensors.h"
#include "tests/unit/check.h"

struct want {
    const struct ift_json *doc;
    int prompts, ids; /* arrays of arrays */
    int prompt;       /* node of the next prompt, -1: not started */
    int32_t id[256];
    uint64_t done;
};

static size_t numbers(const struct ift_json *doc, int array, int32_t *out) {
    size_t n = 0;
    for (int v = ift_json_first(doc, array); v >= 0; v = ift_json_next(doc, array, v)) {
        long long x = -1;
        CHECK(ift_parse_i64(ift_json_raw(doc, v), &x));
        out[n++] = (int32_t)x;
    }
    return n;
}

static int next_prompt(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    (void)err;
    struct want *w = ctx;
    w->prompt = w->prompt < 0 ? ift_json_first(w->doc, w->prompts)
                              : ift_json_next(w->doc, w->prompts, w->prompt);
    if (w->prompt < 0) return 0;
    *p = (struct ift_prompt_ids){w->id, numbers(w->doc, w->prompt, w->id), ift_strdup("tag")};
    return 1;
}

static int check_done_ids(void *ctx, const struct ift_completion *c, struct ift_err *err) {
    (void)err;
    struct want *w = ctx;
    int32_t want[256];
    CHECK_INT(c->index, w->done);
    CHECK_STR(c->tag, "tag");
    const size_t n = numbers(w->doc, ift_json_at(w->doc, w->ids, w->done++), want);
    CHECK_INT(c->n, n);
    for (size_t i = 0; i < n && i < c->n; i++) CHECK_INT(c->id[i], want[i]);
    for (size_t i = 0; i < c->n; i++) CHECK(c->logprob[i] <= 0);
    return 0;
}

static double setting(const struct ift_json *doc, int settings, const char *key, double def) {
    struct ift_err err = {0};
    double value = def;
    CHECK_OK(ift_json_get_f64(doc, settings, key, def, &value, &err), &err);
    return value;
}

static enum ift_beam_stop stop_of(const struct ift_json *doc, int settings) {
    return ift_json_is(doc, ift_json_get(doc, settings, "early_stopping"), IFT_JSON_TRUE)
               ? IFT_BEAM_FULL
               : IFT_BEAM_HOPELESS;
}

/* One of the case's runs. */
static void run(struct ift_model *m, struct ift_device *d, const struct ift_json *doc, int one,
                struct ift_generator_config c) {
    struct ift_err err = {0};
    const int generation = ift_json_get(doc, 0, "generation"),
              settings = ift_json_get(doc, one, "settings"),
              eos = ift_json_get(doc, settings, "eos_token_id");
    int32_t stop[8];
    long long max_new = 0, single = 0;
    CHECK(ift_parse_i64(ift_json_raw(doc, ift_json_get(doc, generation, "max_new_tokens")),
                        &max_new));
    struct ift_generate o = {
        .sampling = {.repetition_penalty = setting(doc, settings, "repetition_penalty", 1),
                     .no_repeat_ngram =
                         (long long)setting(doc, settings, "no_repeat_ngram_size", 0),
                     .top_p = 1},
        .max_new = max_new,
        .logprobs = true,
        .eos = stop,
        .length_penalty = setting(doc, settings, "length_penalty", 1),
        .stop = stop_of(doc, settings),
    };
    c.beams = (int64_t)setting(doc, settings, "num_beams", 1);
    if (ift_json_is(doc, eos, IFT_JSON_ARRAY))
        o.neos = numbers(doc, eos, stop);
    else if (eos >= 0 && ift_parse_i64(ift_json_raw(doc, eos), &single))
        stop[0] = (int32_t)single, o.neos = 1;
    struct want w = {.doc = doc,
                     .prompts = ift_json_get(doc, generation, "prompts"),
                     .ids = ift_json_get(doc, one, "new_ids"),
                     .prompt = -1};
    struct ift_generator *g;
    if (ift_generator_new(&g, m, NULL, d, c, &err) < 0) {
        CHECK_OK(-1, &err);
        return;
    }
    const struct ift_prompts p = {&w, next_prompt, check_done_ids};
    CHECK_OK(ift_generator_run(g, &p, &o, &err), &err);
    CHECK_INT(w.done, doc->node[w.prompts].count);
    ift_generator_free(g);
}

/* The distribution that each filter leaves, against the original's. */
static void filters(const char *dir, const struct ift_json *doc, size_t vocab) {
    char path[4200];
    struct ift_err err = {0};
    struct ift_safetensors *io;
    snprintf(path, sizeof path, "%s/io.safetensors", dir);
    if (ift_safetensors_open(&io, path, &err) < 0) {
        CHECK_OK(-1, &err);
        return;
    }
    const int generation = ift_json_get(doc, 0, "generation"),
              all = ift_json_get(doc, generation, "filter_settings");
    const struct ift_tensor *logits = ift_safetensors_find(io, "filter.logits");
    struct ift_sampler *s = ift_sampler_new(vocab);
    double *probs = ift_alloc0(vocab, sizeof *probs);
    int32_t seen[256];
    const size_t nseen =
        all < 0 ? 0 : numbers(doc, ift_json_get(doc, generation, "filter_prompt"), seen);
    for (int k = ift_json_first(doc, all); k >= 0 && logits;
         k = ift_json_next(doc, all, ift_json_next(doc, all, k))) {
        const int v = ift_json_next(doc, all, k);
        const struct ift_slice name = ift_json_raw(doc, k);
        snprintf(path, sizeof path, "filter.%.*s", (int)name.n - 2, name.p + 1);
        const struct ift_tensor *want = ift_safetensors_find(io, path);
        CHECK(want != NULL);
        if (!want) continue;
        const struct ift_sampling o = {
            .temperature = setting(doc, v, "temperature", 1),
            .top_k = (long long)setting(doc, v, "top_k", 0),
            .top_p = setting(doc, v, "top_p", 1),
            .min_p = setting(doc, v, "min_p", 0),
            .repetition_penalty = setting(doc, v, "repetition_penalty", 1),
        };
        ift_sampler_probs(s, &o, logits->data, seen, nseen, probs);
        for (size_t i = 0; i < vocab; i++)
            CHECK_NEAR(probs[i], ((const float *)want->data)[i], 1e-6);
    }
    free(probs);
    ift_sampler_free(s);
    ift_safetensors_free(io);
}

static bool model_case(const char *root, const char *name) {
    char dir[4096], path[4200];
    struct ift_err err = {0};
    struct ift_str text = {0};
    struct ift_json doc = {0};
    struct ift_model *m;
    struct ift_device d;
    snprintf(dir, sizeof dir, "%s/%s", root, name);
    snprintf(path, sizeof path, "%s/case.json", dir);
    if (ift_in_slurp(path, &text, 0, &err) < 0) {
        ift_str_release(&text);
        return false;
    }
    CHECK_OK(ift_json_parse(&doc, text.p, text.n, &err), &err);
    snprintf(path, sizeof path, "%s/model", dir);
    if (ift_model_open(&m, path, &err) < 0 || ift_device_open(&d, "cpu", 2, &err) < 0) {
        CHECK_OK(-1, &err);
        return true;
    }
    const int runs = ift_json_get(&doc, ift_json_get(&doc, 0, "generation"), "runs");
    for (int key = ift_json_first(&doc, runs); key >= 0;) {
        const int one = ift_json_next(&doc, runs, key);
        const struct ift_slice title = ift_json_raw(&doc, key);
        const int before = check_failures;
        run(m, &d, &doc, one, (struct ift_generator_config){.slots = 1, .context = 48});
        run(m, &d, &doc, one, (struct ift_generator_config){.slots = 6, .context = 48, .step = 3});
        run(m, &d, &doc, one, (struct ift_generator_config){.slots = 8, .context = 48});
        if (check_failures > before) fprintf(stderr, "%s: %.*s\n", name, (int)title.n, title.p);
        key = ift_json_next(&doc, runs, one);
    }
    filters(dir, &doc, (size_t)ift_model_config(m)->vocab);
    ift_model_free(m);
    ift_device_close(&d);
    ift_json_release(&doc);
    ift_str_release(&text);
    return true;
}

/* ---- memory of the cache ---- */

enum { GROWING = 7, GROWN_NEW = 9 };

struct growing {
    size_t from, to, at; /* of the prompts, which get longer and longer */
    int32_t id[GROWING][GROWN_NEW];
    double logprob[GROWING][GROWN_NEW];
};

static int next_growing(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    static int32_t id[64];
    struct growing *const w = ctx;
    (void)err;
    if (w->at == w->to) return 0;
    const size_t n = 1 + w->at * w->at;
    for (size_t i = 0; i < n; i++) id[i] = (int32_t)((w->at * 31 + i * 7) % 60);
    *p = (struct ift_prompt_ids){id, n, NULL};
    w->at++;
    return 1;
}

static int done_growing(void *ctx, const struct ift_completion *c, struct ift_err *err) {
    struct growing *const w = ctx;
    (void)err;
    CHECK_INT(c->n, GROWN_NEW);
    memcpy(w->id[w->from + c->index], c->id, sizeof w->id[0]);
    memcpy(w->logprob[w->from + c->index], c->logprob, sizeof w->logprob[0]);
    return 0;
}

/* Prompts from .. to in so many slots; returns the bytes of the device that this took. */
static size_t grow(struct ift_model *m, struct growing *w, struct ift_generator_config c) {
    struct ift_err err = {0};
    struct ift_device d;
    struct ift_generator *g = NULL;
    const struct ift_generate o = {.sampling = {.repetition_penalty = 1, .top_p = 1},
                                   .max_new = GROWN_NEW,
                                   .logprobs = true};
    const struct ift_prompts p = {w, next_growing, done_growing};
    w->at = w->from;
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    CHECK_OK(ift_generator_new(&g, m, NULL, &d, c, &err), &err);
    if (!g) exit(1);
    const size_t before = d.bytes;
    CHECK_OK(ift_generator_run(g, &p, &o, &err), &err);
    const size_t bytes = d.bytes - before;
    ift_generator_free(g);
    ift_model_free(m);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
    return bytes;
}

static struct ift_model *opened(const char *dir) {
    struct ift_err err = {0};
    struct ift_model *m = NULL;
    CHECK_OK(ift_model_open(&m, dir, &err), &err);
    if (!m) exit(1);
    return m;
}

/* The cache has as many rows as were needed, and when others need more, those under way do not
 * notice. */
static void memory(const char *root) {
    char dir[4200];
    snprintf(dir, sizeof dir, "%s/llama-gqa/model", root);
    struct ift_model *const m = opened(dir);
    const struct ift_config *const c = ift_model_config(m);
    const size_t row = (size_t)(c->layers * 2 * c->kv_heads * c->head_dim) * sizeof(float);
    struct growing apart = {0}, together = {.to = GROWING};
    ift_model_free(m);
    for (size_t i = 0; i < GROWING; i++) {
        apart.from = i;
        apart.to = i + 1;
        const size_t bytes =
            grow(opened(dir), &apart, (struct ift_generator_config){.slots = 64, .context = 60});
        CHECK_INT(bytes, row * (1 + i * i + GROWN_NEW));
    }
    for (int64_t slots = 1; slots <= GROWING; slots++) {
        const struct ift_generator_config how = {.slots = slots, .context = 60, .step = 5};
        const size_t bytes = grow(opened(dir), &together, how);
        CHECK(bytes >= row * (size_t)(slots * (1 + 36 + GROWN_NEW)));
        CHECK(bytes <= row * (size_t)(slots * 60));
        CHECK(memcmp(apart.id, together.id, sizeof apart.id) == 0);
        for (size_t i = 0; i < GROWING; i++)
            for (size_t k = 0; k < GROWN_NEW; k++)
                CHECK_NEAR(together.logprob[i][k], apart.logprob[i][k], 1e-5);
    }
}

int main(void) {
    static const char *const cases[] = {"llama",          "llama-gqa", "llama-bias",
                                        "llama3-rope",    "qwen2",     "qwen3",
                                        "mistral-window", "bloom",     "gpt2"};
    const char *shared = getenv("SHARED"), *src = getenv("SRC");
    char own[4096], given[4096];
    snprintf(own, sizeof own, "%s/tests/golden/model", src ? src : ".");
    snprintf(given, sizeof given, "%s/golden/model", shared ? shared : "../shared");
    int found = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        found += model_case(given, cases[i]) || model_case(own, cases[i]);
    if (!found) check_skip("no reference model cases");
    memory(own);
    return check_done();
}
