/* What models of every family go on with, greedily: by the generator, with prompts in small steps,
 * and by whole runs, as the originals did. */
#include "libcore/infer/generator.h"
#include "tests/unit/families.h"

enum { LONGEST = 256 };

static size_t numbers(const struct ift_json *doc, int array, int32_t *out) {
    size_t n = 0;
    for (int v = ift_json_first(doc, array); v >= 0; v = ift_json_next(doc, array, v)) {
        long long x = -1;
        CHECK(n < LONGEST && ift_parse_i64(ift_json_raw(doc, v), &x));
        out[n++] = (int32_t)x;
    }
    return n;
}

/* Prompts and what must follow them, taken one after the other. */
struct talk {
    const struct golden_case *c;
    int prompts[16], wanted[16]; /* nodes */
    size_t n, asked, answered;
    int32_t id[LONGEST];
};

static struct talk talk_of(const struct golden_case *c, const char *kind) {
    struct talk t = {.c = c};
    const struct ift_json *const doc = &c->doc;
    const int all = at(c, "generation", NULL);
    if (ift_json_is(doc, all, IFT_JSON_ARRAY)) {
        for (int v = ift_json_first(doc, all); v >= 0; v = ift_json_next(doc, all, v)) {
            t.prompts[t.n] = ift_json_get(doc, v, "prompt");
            t.wanted[t.n++] = ift_json_get(doc, v, kind);
        }
        return t;
    }
    const int run = ift_json_get(doc, ift_json_get(doc, all, "runs"), kind);
    const int prompts = ift_json_get(doc, all, "prompts"), ids = ift_json_get(doc, run, "new_ids");
    for (int v = ift_json_first(doc, ids); v >= 0; v = ift_json_next(doc, ids, v)) {
        t.prompts[t.n] = ift_json_at(doc, prompts, (int)t.n);
        t.wanted[t.n++] = v;
    }
    return t;
}

static int ask(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    (void)err;
    struct talk *const t = ctx;
    if (t->asked == t->n) return 0;
    const size_t n = numbers(&t->c->doc, t->prompts[t->asked++], t->id);
    *p = (struct ift_prompt_ids){t->id, n, NULL};
    return 1;
}

static int compare(void *ctx, const struct ift_completion *a, struct ift_err *err) {
    (void)err;
    struct talk *const t = ctx;
    int32_t want[LONGEST];
    const size_t n = numbers(&t->c->doc, t->wanted[t->answered++], want);
    const bool same = a->n == n && memcmp(a->id, want, n * sizeof *want) == 0;
    if (!same) fprintf(stderr, "%s: continuation %zu differs\n", t->c->name, t->answered);
    CHECK(same);
    return 0;
}

/* InternLM's later code turns the keys in its cache anew when the base has grown; ours stay as they
 * were, as those of every other family do. Beyond that length its ids are compared with those that
 * whole runs give. */
static bool turns_cache_anew(const struct golden_case *c) {
    return strcmp(c->name, "internlm-7b-ntk") == 0;
}

static void greedy(const struct golden_case *c, struct ift_generator_config how) {
    struct ift_err err = {0};
    struct talk t = talk_of(c, "greedy");
    struct ift_generator *g = NULL;
    int32_t want[LONGEST];
    const int64_t positions = ift_model_config(c->m)->max_positions;
    if (t.n == 0 || turns_cache_anew(c)) return;
    if (how.context > positions) how.context = positions;
    const struct ift_generate o = {.sampling = {.repetition_penalty = 1, .top_p = 1},
                                   .max_new = (int64_t)numbers(&c->doc, t.wanted[0], want)};
    const struct ift_prompts p = {&t, ask, compare};
    CHECK_OK(ift_generator_new(&g, c->m, NULL, c->device, how, &err), &err);
    if (!g) return;
    CHECK_OK(ift_generator_run(g, &p, &o, &err), &err);
    CHECK_INT(t.answered, t.n);
    ift_generator_free(g);
    printf("%s: %zu continuations\n", c->name, t.n);
}

/* Each next token from a run over all that came before. */
static void greedy_whole(const struct golden_case *c) {
    struct ift_err err = {0};
    struct golden_run r;
    struct talk t = talk_of(c, "uncached_greedy");
    const int64_t vocab = ift_model_config(c->m)->vocab;
    if (t.n == 0 || t.wanted[0] < 0) return;
    CHECK_OK(golden_run_init(&r, c->m, c->device, NULL, false, false, &err), &err);
    for (size_t k = 0; k < t.n; k++) {
        int32_t id[2 * LONGEST], position[2 * LONGEST], target[2 * LONGEST], want[LONGEST];
        size_t n = numbers(&c->doc, t.prompts[k], id);
        const size_t more = numbers(&c->doc, t.wanted[k], want);
        bool same = true;
        for (size_t i = 0; i < more; i++, n++) {
            for (size_t j = 0; j < n; j++) position[j] = (int32_t)j, target[j] = -1;
            int32_t segment[5] = {0, (int32_t)n, 0, (int32_t)n, 0};
            const struct golden_batch b = {.tokens = (int64_t)n,
                                           .segments = 1,
                                           .id = id,
                                           .position = position,
                                           .target = target,
                                           .segment = segment};
            golden_run_batch(&r, &b, &err);
            float *const logits = golden_logits(&r, &b, vocab);
            const float *const last = logits + (int64_t)(n - 1) * vocab;
            int32_t best = 0;
            for (int32_t v = 1; v < vocab; v++)
                if (last[v] > last[best]) best = v;
            same = same && best == want[i];
            id[n] = want[i];
            free(logits);
        }
        if (!same) fprintf(stderr, "%s: continuation %zu by whole runs differs\n", c->name, k + 1);
        CHECK(same);
    }
    printf("%s: %zu continuations by whole runs\n", c->name, t.n);
    golden_run_release(&r);
}

static void check_case(struct golden_case *c) {
    if (!c->io) return;
    const int64_t most = ift_model_config(c->m)->max_positions;
    greedy(c, (struct ift_generator_config){.slots = 1, .context = most < 64 ? most : 64});
    greedy(c, (struct ift_generator_config){.frozen = true,
                                            .slots = 2,
                                            .context = most < 48 ? most : 48,
                                            .step = 3});
    greedy_whole(c);
}

int main(int argc, char **argv) {
    return families_main(argc, argv, check_case);
}
