/* Every family against its original, in every reference case that is at hand: logits, loss, hidden
 * states, the gradient of every parameter, packed documents, other spellings of config.json, other
 * storage of the weights, and greedy continuations. A case is a folder with `model`, case.json and
 * io.safetensors; what a case lacks is not checked. Cases of families that are not supported are
 * named as skipped. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "libcore/infer/generator.h"
#include "tests/unit/golden.h"

static struct ift_device device;

/* One case under way. */
struct golden_case {
    const char *dir, *name;
    struct ift_str text;
    struct ift_json doc; /* case.json */
    struct ift_model *m;
    struct ift_safetensors *io;
};

/* A member of case.json at a path of keys; -1: not there. */
static int at(const struct golden_case *c, const char *a, const char *b) {
    const int node = ift_json_get(&c->doc, 0, a);
    return b ? ift_json_get(&c->doc, node, b) : node;
}

static double number(const struct golden_case *c, int node) {
    double value = 0;
    if (node >= 0) CHECK(ift_parse_f64(ift_json_raw(&c->doc, node), &value));
    return value;
}

static bool read_case(struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    char *const path = golden_join(c->dir, "case.json");
    const int rc = ift_in_slurp(path, &c->text, 0, &err);
    free(path);
    if (rc < 0) return false;
    CHECK_OK(ift_json_parse(&c->doc, c->text.p, c->text.n, &err), &err);
    return true;
}

/* ---- folders ---- */

/* A folder in the working directory with the files of `from` but another config.json. */
static char *with_config(const char *from, const char *config, size_t n) {
    static int made;
    struct ift_err err = {{0}, 0, 0};
    struct ift_str path = {0}, target = {0};
    char name[32];
    snprintf(name, sizeof name, "derived-%d", made++);
    CHECK(mkdir(name, 0777) == 0 || errno == EEXIST);
    DIR *const d = opendir(from);
    CHECK(d != NULL);
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "config.json") == 0) continue;
        ift_str_clear(&path);
        ift_str_clear(&target);
        ift_str_addf(&path, "%s/%s", name, e->d_name);
        ift_str_addf(&target, "%s/%s", from, e->d_name);
        unlink(path.p);
        CHECK(symlink(target.p, path.p) == 0);
    }
    if (d) closedir(d);
    ift_str_clear(&path);
    ift_str_addf(&path, "%s/config.json", name);
    FILE *const f = fopen(path.p, "w");
    CHECK(f && fwrite(config, 1, n, f) == n && fclose(f) == 0);
    ift_str_release(&path);
    ift_str_release(&target);
    (void)err;
    return ift_strdup(name);
}

/* The case's model folder. The vocabulary of a small Baichuan 2 does not tell that it is one: its
 * config.json says so here. */
static char *model_folder(const struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_str text = {0}, said = {0};
    char *const dir = golden_join(c->dir, "model");
    const int family = at(c, "family", NULL);
    const struct ift_slice raw =
        family >= 0 ? ift_json_raw(&c->doc, family) : (struct ift_slice){"", 0};
    if (raw.n < 10 || strncmp(raw.p + 1, "baichuan2", 9) != 0) return dir;
    char *const path = golden_join(dir, "config.json");
    CHECK_OK(ift_in_slurp(path, &text, 0, &err), &err);
    ift_str_adds(&said, "{\"norm_head\": true,");
    ift_str_adds(&said, strchr(text.p, '{') + 1);
    char *const derived = with_config(dir, said.p, said.n);
    ift_str_release(&text);
    ift_str_release(&said);
    free(path);
    free(dir);
    return derived;
}

/* ---- whole rows ---- */

static struct golden_batch batch_of(const struct golden_case *c, const char *prefix) {
    struct golden_batch b = golden_batch(c->io, prefix);
    b.padding_counts = at(c, "family", NULL) < 0;
    return b;
}

/* Row pad_token_id of the embedding: no gradient through the look-up. */
static void check_pad_row(const struct golden_case *c, struct golden_run *r) {
    struct ift_err err = {{0}, 0, 0};
    const struct ift_config *const config = ift_model_config(c->m);
    if (config->tied || config->embed_pad < 0) return;
    struct ift_str name = {0};
    ift_str_addf(&name, "grad.%s", ift_model_arch(c->m)->embed_name);
    const ift_val v = ift_graph_find(r->g, name.p);
    ift_str_release(&name);
    const int64_t width = config->hidden;
    float *const grad = ift_alloc((size_t)(config->vocab * width) * sizeof *grad);
    CHECK_OK(ift_exec_download(r->x, grad, v, 1, &err), &err);
    double sum = 0;
    for (int64_t i = 0; i < width; i++) sum += fabs((double)grad[config->embed_pad * width + i]);
    if (sum != 0) fprintf(stderr, "%s: the padding row has a gradient\n", c->name);
    CHECK(sum == 0);
    free(grad);
}

/* Runs the batch of "<prefix>" and compares its logits with "<prefix>logits" of `io`. */
static double logits_error(const struct golden_case *c, struct golden_run *r,
                           const struct golden_batch *b, const struct ift_tensor *want) {
    float *const logits = golden_logits(r, b, ift_model_config(c->m)->vocab);
    const double e = golden_rows_error(b, logits, want);
    free(logits);
    return e;
}

/* Some keep the gradients of one block only, to be small. */
static bool has_all_gradients(const char *name) {
    static const char *const few[] = {"internlm-7b-ntk", "qwen-7b-long", "chatglm-6b-1d"};
    for (size_t i = 0; i < sizeof few / sizeof *few; i++)
        if (strcmp(name, few[i]) == 0) return false;
    return true;
}

static void whole_rows(const struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_run r;
    struct golden_batch b = batch_of(c, "");
    const struct ift_tensor *const loss = ift_safetensors_find(c->io, "loss");
    CHECK_OK(golden_run_init(&r, c->m, &device, NULL, loss != NULL, loss != NULL, &err), &err);
    if (err.text[0]) exit(1);
    const double got = golden_run_batch(&r, &b, &err);
    const double noise = number(c, at(c, "noise", "logits"));
    const double e = logits_error(c, &r, &b, golden_find(c->io, "", "logits"));
    golden_check(c->name, "logits", e, fmax(1e-5, 4 * noise));
    printf("%s: logits %.2g (noise of the original %.2g)", c->name, e, noise);
    if (loss) {
        const int worst = at(c, "noise", "worst_grad");
        const double grad_noise = number(c, worst >= 0 ? ift_json_get(&c->doc, worst, "value")
                                                       : at(c, "noise", "worst_gradient"));
        const double want = (double)*(const float *)loss->data;
        golden_check(c->name, "loss", fabs(got - want), 1e-6 * want);
        const double g = golden_gradients(&r, c->io, c->name, fmax(1e-4, 4 * grad_noise),
                                          has_all_gradients(c->name));
        check_pad_row(c, &r);
        printf(", loss %.2g, gradients %.2g (%.2g)", fabs(got - want), g, grad_noise);
    }
    printf("\n");
    golden_run_release(&r);
    golden_batch_release(&b);
}

/* The best match of a hidden state among the values of the forward. */
static double nearest(struct golden_run *r, const struct golden_batch *b,
                      const struct ift_tensor *want) {
    struct ift_err err = {{0}, 0, 0};
    const int64_t width = want->dim[2];
    float *const got = ift_alloc((size_t)(b->tokens * width) * sizeof *got);
    double best = INFINITY;
    for (size_t v = 1; v <= ift_graph_values(r->g); v++) {
        const struct ift_value *const value = ift_graph_value(r->g, (ift_val)v);
        if (value->role != IFT_TEMP || value->dtype != IFT_F32 || value->ndim != 2 ||
            value->extent != IFT_TOKENS || value->dim[1] != width)
            continue;
        CHECK_OK(ift_exec_download(r->x, got, (ift_val)v, b->tokens, &err), &err);
        best = fmin(best, golden_rows_error(b, got, want));
    }
    free(got);
    return best;
}

static void hidden_states(const struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_run r;
    struct golden_batch b = batch_of(c, "");
    double worst = -1;
    CHECK_OK(golden_run_open(&r, c->m, &device, (struct ift_build){0}, false, true, &err), &err);
    golden_run_batch(&r, &b, &err);
    for (size_t i = 0; i < ift_safetensors_count(c->io); i++) {
        const struct ift_tensor *const want = ift_safetensors_at(c->io, i);
        if (strncmp(want->name, "hidden.", 7) != 0) continue;
        const double e = nearest(&r, &b, want);
        golden_check(c->name, want->name, e, 1e-5);
        worst = fmax(worst, e);
    }
    if (worst >= 0) printf("%s: hidden states %.2g\n", c->name, worst);
    golden_run_release(&r);
    golden_batch_release(&b);
}

/* Where nothing is stretched because it is to be learned. */
static void learning(const struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_run r;
    const struct ift_tensor *const want = ift_safetensors_find(c->io, "train.logits");
    if (!want) return;
    struct golden_batch b = batch_of(c, "");
    const struct ift_build build = {.learning = true};
    CHECK_OK(golden_run_open(&r, c->m, &device, build, false, false, &err), &err);
    golden_run_batch(&r, &b, &err);
    const double e = logits_error(c, &r, &b, want);
    golden_check(c->name, "train.logits", e, 1e-5);
    printf("%s: learning: logits %.2g\n", c->name, e);
    golden_run_release(&r);
    golden_batch_release(&b);
}

/* ---- packed ---- */

/* Documents in one row: `begin` of each, then the end. */
static struct golden_batch packed_batch(const struct ift_tensor *ids,
                                        const struct ift_tensor *labels, const int64_t *begin,
                                        int64_t segments) {
    const int64_t n = ids->dim[1];
    struct golden_batch b = {.tokens = n, .segments = segments, .rows = 1, .length = n};
    b.id = ift_alloc0((size_t)n, sizeof *b.id);
    b.position = ift_alloc0((size_t)n, sizeof *b.position);
    b.target = ift_alloc0((size_t)n, sizeof *b.target);
    b.place = ift_alloc0((size_t)n, sizeof *b.place);
    b.segment = ift_alloc0((size_t)segments * 5, sizeof *b.segment);
    for (int64_t s = 0; s < segments; s++) {
        const int32_t from = (int32_t)begin[s], length = (int32_t)(begin[s + 1] - begin[s]);
        memcpy(b.segment + 5 * s, (const int32_t[]){from, length, from, length, 0},
               5 * sizeof *b.segment);
        for (int64_t i = from; i < begin[s + 1]; i++) {
            const int64_t label = labels && i + 1 < n ? golden_i64(labels, i + 1) : -100;
            b.id[i] = (int32_t)golden_i64(ids, i);
            b.position[i] = (int32_t)(i - from);
            b.target[i] = label < 0 ? -1 : (int32_t)label;
            b.learned += label >= 0;
            b.place[i] = i;
        }
    }
    return b;
}

static void run_packed(const struct golden_case *c, const struct ift_safetensors *io,
                       const char *prefix, const int64_t *begin, int64_t segments) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_run r;
    const struct ift_tensor *const labels = golden_maybe(io, prefix, "labels"),
                                   *const loss = golden_maybe(io, prefix, "loss");
    struct golden_batch b =
        packed_batch(golden_find(io, prefix, "input_ids"), labels, begin, segments);
    CHECK_OK(golden_run_init(&r, c->m, &device, NULL, true, true, &err), &err);
    const double got = golden_run_batch(&r, &b, &err);
    const double e = logits_error(c, &r, &b, golden_find(io, prefix, "logits"));
    golden_check(c->name, "packed logits", e, 1e-5);
    printf("%s: packed: logits %.2g", c->name, e);
    if (loss && labels) {
        const double want = (double)*(const float *)loss->data;
        golden_check(c->name, "packed loss", fabs(got - want), 1e-6 * want);
        printf(", loss %.2g, gradients %.2g", fabs(got - want),
               golden_gradients(&r, io, c->name, 1e-4, false));
    }
    printf("\n");
    golden_run_release(&r);
    golden_batch_release(&b);
}

static void packed(const struct golden_case *c) {
    int64_t begin[64] = {0};
    const struct ift_tensor *const number_of = ift_safetensors_find(c->io, "packed.attention_mask");
    if (number_of) { /* the number of each token's document */
        int64_t n = 0;
        for (int64_t i = 1; i < number_of->dim[1]; i++)
            if (golden_i64(number_of, i) != golden_i64(number_of, i - 1)) begin[++n] = i;
        begin[++n] = number_of->dim[1];
        run_packed(c, c->io, "packed.", begin, n);
    }
    char *const path = golden_join(c->dir, "packed.safetensors");
    if (access(path, F_OK) == 0) {
        struct ift_safetensors *const io = golden_open(c->dir, "packed.safetensors");
        const struct ift_tensor *const cu = golden_find(io, "", "cu_seqlens");
        for (int64_t i = 0; i < cu->dim[0]; i++) begin[i] = golden_i64(cu, i);
        run_packed(c, io, "", begin, cu->dim[0] - 1);
        ift_safetensors_free(io);
    }
    free(path);
}

/* ---- spellings and storage ---- */

/* The same numbers from another folder; NULL: those of the case. */
static void same_logits(const struct golden_case *c, const char *dir, const char *what,
                        const struct ift_tensor *want) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_case other = *c;
    struct golden_run r;
    other.m = NULL;
    CHECK_OK(ift_model_open(&other.m, dir, &err), &err);
    if (!other.m) return;
    struct golden_batch b = batch_of(c, "");
    CHECK_OK(golden_run_init(&r, other.m, &device, NULL, false, false, &err), &err);
    golden_run_batch(&r, &b, &err);
    const double e = logits_error(&other, &r, &b, want ? want : golden_find(c->io, "", "logits"));
    golden_check(c->name, what, e, 1e-5);
    printf("%s: %s: logits %.2g\n", c->name, what, e);
    golden_run_release(&r);
    golden_batch_release(&b);
    ift_model_free(other.m);
}

static void spellings(const struct golden_case *c) {
    static const char *const files[] = {"config.v4.json", "config.v4-old.json"};
    char *const model = golden_join(c->dir, "model");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct ift_err err = {{0}, 0, 0};
        struct ift_str text = {0};
        char *const path = golden_join(c->dir, files[i]);
        if (access(path, F_OK) == 0) {
            CHECK_OK(ift_in_slurp(path, &text, 0, &err), &err);
            char *const dir = with_config(model, text.p, text.n);
            same_logits(c, dir, files[i], NULL);
            free(dir);
        }
        ift_str_release(&text);
        free(path);
    }
    free(model);
}

static void storage(const struct golden_case *c) {
    static const char *const forms[][2] = {
        {"storage/sharded", "logits.f32"},     {"storage/f16", "logits.f16"},
        {"storage/bf16", "logits.bf16"},       {"storage/bin", "logits.f32"},
        {"storage/bin-sharded", "logits.f16"}, {"storage/bin-legacy", "logits.f32"},
    };
    struct ift_safetensors *io = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *const dir = golden_join(c->dir, forms[i][0]);
        if (access(dir, F_OK) == 0) {
            if (!io) io = golden_open(c->dir, "storage/io.safetensors");
            same_logits(c, dir, forms[i][0], golden_find(io, "", forms[i][1]));
        }
        free(dir);
    }
    ift_safetensors_free(io);
}

/* Folders as published: the weights are those of expected.safetensors, bit for bit. */
static void published(const struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_safetensors *const want = golden_open(c->dir, "expected.safetensors");
    const struct ift_weights *const files = ift_model_weights(c->m);
    for (size_t i = 0; i < ift_safetensors_count(want); i++) {
        const struct ift_tensor *const w = ift_safetensors_at(want, i);
        const struct ift_tensor *const t = ift_weights_find(files, w->name);
        const size_t n = (size_t)ift_shape_count(w->ndim, w->dim);
        if (!ift_dtype_is_float(w->dtype)) continue;
        float *const a = ift_alloc(n * sizeof *a), *const b = ift_alloc(n * sizeof *b);
        CHECK(t && t->ndim == w->ndim && ift_shape_count(t->ndim, t->dim) == (int64_t)n);
        if (t) {
            CHECK_OK(ift_to_f32(a, w->data, w->dtype, n, &err), &err);
            CHECK_OK(ift_to_f32(b, t->data, t->dtype, n, &err), &err);
            if (memcmp(a, b, n * sizeof *a) != 0) fprintf(stderr, "%s: %s\n", c->name, w->name);
            CHECK(memcmp(a, b, n * sizeof *a) == 0);
        }
        free(a);
        free(b);
    }
    printf("%s: %zu tensors as published\n", c->name, ift_safetensors_count(want));
    ift_safetensors_free(want);
}

/* ---- continuations ---- */

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
    struct ift_err err = {{0}, 0, 0};
    struct talk t = talk_of(c, "greedy");
    struct ift_generator *g = NULL;
    int32_t want[LONGEST];
    const int64_t positions = ift_model_config(c->m)->max_positions;
    if (t.n == 0 || turns_cache_anew(c)) return;
    if (how.context > positions) how.context = positions;
    const struct ift_generate o = {.sampling = {.repetition_penalty = 1, .top_p = 1},
                                   .max_new = (int64_t)numbers(&c->doc, t.wanted[0], want)};
    const struct ift_prompts p = {&t, ask, compare};
    CHECK_OK(ift_generator_new(&g, c->m, NULL, &device, how, &err), &err);
    if (!g) return;
    CHECK_OK(ift_generator_run(g, &p, &o, &err), &err);
    CHECK_INT(t.answered, t.n);
    ift_generator_free(g);
    printf("%s: %zu continuations\n", c->name, t.n);
}

/* Each next token from a run over all that came before. */
static void greedy_whole(const struct golden_case *c) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_run r;
    struct talk t = talk_of(c, "uncached_greedy");
    const int64_t vocab = ift_model_config(c->m)->vocab;
    if (t.n == 0 || t.wanted[0] < 0) return;
    CHECK_OK(golden_run_init(&r, c->m, &device, NULL, false, false, &err), &err);
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

/* ---- all cases ---- */

static void check_case(struct golden_case *c) {
    char *const io = golden_join(c->dir, "io.safetensors");
    if (access(io, F_OK) != 0) {
        published(c);
    } else {
        c->io = golden_open(c->dir, "io.safetensors");
        whole_rows(c);
        hidden_states(c);
        learning(c);
        packed(c);
        spellings(c);
        storage(c);
        const int64_t most = ift_model_config(c->m)->max_positions;
        greedy(c, (struct ift_generator_config){.slots = 1, .context = most < 64 ? most : 64});
        greedy(c, (struct ift_generator_config){.frozen = true,
                                                .slots = 2,
                                                .context = most < 48 ? most : 48,
                                                .step = 3});
        greedy_whole(c);
        ift_safetensors_free(c->io);
    }
    free(io);
}

/* false: the family is not supported. */
static bool run_case(const char *root, const char *name) {
    struct ift_err err = {{0}, 0, 0};
    char *const dir = golden_join(root, name);
    struct golden_case c = {.dir = dir, .name = name};
    bool known = true;
    if (read_case(&c)) {
        char *const folder = model_folder(&c);
        /* Binding for training comes first, so each case opens its own model. */
        if (ift_model_open(&c.m, folder, &err) == 0) {
            check_case(&c);
        } else if (strstr(err.text, "is not known, only") || strstr(err.text, "\"pre_seq_len\"")) {
            printf("%s: SKIPPED, not supported: %s\n", name, err.text);
            known = false;
        } else {
            CHECK_OK(-1, &err);
        }
        ift_model_free(c.m);
        free(folder);
    }
    ift_json_release(&c.doc);
    ift_str_release(&c.text);
    free(dir);
    return known;
}

static int visible(const struct dirent *e) {
    return e->d_name[0] != '.';
}

/* Arguments, where given, name the cases to run. */
static void run_folder(const char *root, int names, char *const *name, size_t *cases,
                       size_t *skipped) {
    struct dirent **entry = NULL;
    const int n = scandir(root, &entry, visible, alphasort);
    for (int i = 0; i < n; i++) {
        bool chosen = names == 0;
        for (int k = 0; k < names; k++) chosen = chosen || strcmp(name[k], entry[i]->d_name) == 0;
        struct ift_str model = {0};
        ift_str_addf(&model, "%s/%s/model", root, entry[i]->d_name);
        if (chosen && access(model.p, F_OK) == 0) {
            ++*cases;
            *skipped += !run_case(root, entry[i]->d_name);
        }
        ift_str_release(&model);
        free(entry[i]);
    }
    free(entry);
}

int main(int argc, char **argv) {
    struct ift_err err = {{0}, 0, 0};
    size_t cases = 0, skipped = 0;
    char *const own = golden_path("SRC", "tests/golden/model");
    char *const shared = golden_path("SHARED", "golden/model");
    if (!own && !shared) check_skip("no reference model cases");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (own) run_folder(own, argc - 1, argv + 1, &cases, &skipped);
    if (shared) run_folder(shared, argc - 1, argv + 1, &cases, &skipped);
    printf("%zu cases, %zu of them skipped\n", cases, skipped);
    CHECK(cases > skipped);
    free(own);
    free(shared);
    ift_device_close(&device);
    return check_done();
}
