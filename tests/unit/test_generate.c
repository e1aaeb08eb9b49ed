/* Continuations (greedy and by beam search, with every processor) and sampling filters of the
 * reference cases: with a cache, in slots, prompts cut anywhere. */
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
    struct ift_err err = {{0}, 0, 0};
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
    struct ift_err err = {{0}, 0, 0};
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
    struct ift_err err = {{0}, 0, 0};
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
    struct ift_err err = {{0}, 0, 0};
    struct ift_str text = {0};
    struct ift_json doc = {0};
    struct ift_model *m;
    struct ift_device d;
    snprintf(dir, sizeof dir, "%s/%s", root, name);
    snprintf(path, sizeof path, "%s/case.json", dir);
    if (ift_in_slurp(path, &text, 0, &err) < 0) return false;
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
    return check_done();
}
