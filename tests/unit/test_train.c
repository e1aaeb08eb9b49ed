/* Whole runs against the original: every loss, gradient norm and learning rate, and the weights at
 * the end, for full tuning (transformers' Trainer) and LoRA (peft); that neither micro-batches
 * nor packing change the numbers; and that the memory they take is the memory forecast. */
#include "libcore/train/forecast.h"
#include "libcore/train/schedule.h"
#include "libcore/train/trainer.h"
#include "tests/unit/golden.h"

static struct ift_device device;

enum { BATCHES = 10, MAX_STEPS = 10 };

/* The ten batches as one corpus: batch b is rows [first[b], first[b + 1]). */
struct data {
    struct ift_corpus *c;
    uint32_t first[BATCHES + 1];
};

static void add_row(struct data *s, const struct ift_tensor *const t[3], int64_t r) {
    struct ift_err err = {0};
    int32_t id[64];
    uint8_t learn[64];
    uint32_t n = 0;
    for (int64_t i = r * t[0]->dim[1]; i < (r + 1) * t[0]->dim[1]; i++) {
        if (!golden_i64(t[1], i)) continue;
        id[n] = (int32_t)golden_i64(t[0], i);
        learn[n++] = golden_i64(t[2], i) >= 0;
    }
    const struct ift_row row = {id, learn, n, &n, 1};
    CHECK_OK(ift_corpus_add(s->c, &row, "row", &err), &err);
}

static struct data read_batches(const char *dir, int64_t vocab) {
    struct data s = {.c = ift_corpus_new(vocab, 64)};
    struct ift_safetensors *const file = golden_open(dir, "batches.safetensors");
    for (int b = 0; b < BATCHES; b++) {
        char prefix[16];
        snprintf(prefix, sizeof prefix, "%d.", b);
        const struct ift_tensor *const t[3] = {golden_find(file, prefix, "input_ids"),
                                               golden_find(file, prefix, "attention_mask"),
                                               golden_find(file, prefix, "labels")};
        for (int64_t r = 0; r < t[0]->dim[0]; r++) add_row(&s, t, r);
        s.first[b + 1] = (uint32_t)ift_corpus_rows(s.c);
    }
    ift_safetensors_free(file);
    return s;
}

/* A model with its method and trainer. */
struct rig {
    struct ift_model *m;
    struct ift_peft *p;
    struct ift_trainer *t;
};

static void need(int rc, const struct ift_err *err, const char *what) {
    if (rc == 0) return;
    fprintf(stderr, "%s: %s\n", what, err->text);
    exit(1);
}

/* adapter NULL: full tuning. */
static struct rig make_rig(const char *model, const char *adapter, struct ift_optim_config optim,
                           int64_t tokens) {
    struct ift_err err = {0};
    struct rig r = {0};
    need(ift_model_open(&r.m, model, &err), &err, model);
    const struct ift_peft_options full = {.method = "none"};
    need(adapter ? ift_peft_open(&r.p, r.m, adapter, &err) : ift_peft_new(&r.p, r.m, &full, &err),
         &err, "peft");
    const struct ift_trainer_config c = {.optim = optim, .tokens = tokens};
    need(ift_trainer_new(&r.t, r.m, r.p, &device, &c, &err), &err, "trainer");
    return r;
}

static void release_rig(struct rig *r) {
    ift_trainer_free(r->t);
    ift_peft_free(r->p);
    ift_model_free(r->m);
}

/* L2 of (final - want) over L2 of (want - start), over all weights. */
static double update_error(const struct rig *r, const struct ift_safetensors *want) {
    struct ift_err err = {0};
    double off = 0, moved = 0;
    const struct ift_weights *const start = ift_model_weights(r->m);
    for (size_t i = 0; i < ift_weights_count(start); i++) {
        const struct ift_tensor *const s = ift_weights_at(start, i);
        const float *const w = golden_find(want, "", s->name)->data, *const b = s->data;
        float *const got = ift_alloc(s->bytes);
        CHECK_OK(ift_model_read(r->m, i, got, &err), &err);
        for (size_t k = 0; k < s->bytes / 4; k++) {
            off += pow((double)got[k] - (double)w[k], 2);
            moved += pow((double)w[k] - (double)b[k], 2);
        }
        free(got);
    }
    return sqrt(off / moved);
}

/* ---- the Trainer's runs ---- */

struct full_case {
    const char *name, *schedule;
    int accumulation, epochs, updates;
    double clip;
};

struct want {
    double loss, norm, lr, learned;
};

static struct want wanted(const char *dir, int update) {
    struct ift_err err = {0};
    struct ift_str text = {0};
    struct ift_json doc = {0};
    char *const path = golden_join(dir, "case.json");
    need(ift_in_slurp(path, &text, 0, &err), &err, path);
    need(ift_json_parse(&doc, text.p, text.n, &err), &err, path);
    const int s = ift_json_at(&doc, ift_json_get(&doc, 0, "steps"), (size_t)update);
    struct want w = {0};
    CHECK_OK(ift_json_get_f64(&doc, s, "loss", NAN, &w.loss, &err), &err);
    CHECK_OK(ift_json_get_f64(&doc, s, "grad_norm", NAN, &w.norm, &err), &err);
    CHECK_OK(ift_json_get_f64(&doc, s, "lr", NAN, &w.lr, &err), &err);
    CHECK_OK(ift_json_get_f64(&doc, s, "learned_tokens", NAN, &w.learned, &err), &err);
    ift_json_release(&doc);
    ift_str_release(&text);
    free(path);
    return w;
}

static void all_updates(const struct full_case *c, const char *dir, struct rig *r, struct data *s) {
    const struct ift_schedule schedule = {c->schedule, golden_number(dir, "settings", "lr", NULL),
                                          2, c->updates};
    uint32_t row[64];
    for (uint32_t i = 0; i < 64; i++) row[i] = i;
    const int per_epoch = (BATCHES + c->accumulation - 1) / c->accumulation;
    double worst_loss = 0, worst_norm = 0;
    for (int k = 0; k < c->updates; k++) {
        struct ift_err err = {0};
        struct ift_update u = {0};
        const int from = k % per_epoch * c->accumulation;
        const int to = from + c->accumulation < BATCHES ? from + c->accumulation : BATCHES;
        const double lr = ift_schedule_lr(&schedule, k);
        CHECK_INT(ift_trainer_update(r->t, s->c, row + s->first[from],
                                     s->first[to] - s->first[from], lr, &u, &err),
                  1);
        const struct want w = wanted(dir, k);
        CHECK_NEAR(lr, w.lr, 0);
        CHECK_INT(u.learned, w.learned);
        CHECK_NEAR(u.loss, w.loss, 1e-5);
        CHECK_NEAR(u.grad_norm, w.norm, 1e-5 * w.norm);
        worst_loss = fmax(worst_loss, fabs(u.loss - w.loss));
        worst_norm = fmax(worst_norm, fabs(u.grad_norm / w.norm - 1));
    }
    printf("%s: losses %.2g, norms %.2g\n", c->name, worst_loss, worst_norm);
}

static void full_run(const char *root, const struct full_case *c) {
    char *const model = golden_join(root, "model/llama/model"), *const train =
                                                                    golden_join(root, "train");
    char *const dir = golden_join(train, c->name), *const final =
                                                       golden_join(dir, "final.safetensors");
    const struct ift_optim_config optim = {0.9, 0.999, 1e-8, 0.01, c->clip};
    struct rig r = make_rig(model, NULL, optim, 256);
    struct data s = read_batches(train, 131);
    all_updates(c, dir, &r, &s);
    if (access(final, F_OK) == 0) {
        struct ift_safetensors *const want = golden_open(dir, "final.safetensors");
        const double e = update_error(&r, want),
                     noise = golden_number(dir, "noise", "total_update_rel_l2", NULL);
        printf("%s: total update %.2g (noise of the original %.2g)\n", c->name, e, noise);
        golden_check(c->name, "total update", e, fmax(2e-5, 2 * noise));
        ift_safetensors_free(want);
    }
    ift_corpus_free(s.c);
    release_rig(&r);
    free(model);
    free(train);
    free(dir);
    free(final);
}

static void decay_lists(const char *root) {
    char *const dir = golden_join(root, "train/linear-accum3"), *const path =
                                                                    golden_join(dir, "case.json");
    struct ift_err err = {0};
    struct ift_str text = {0}, name = {0};
    struct ift_json doc = {0};
    need(ift_in_slurp(path, &text, 0, &err), &err, path);
    need(ift_json_parse(&doc, text.p, text.n, &err), &err, path);
    int seen = 0;
    for (int spared = 0; spared < 2; spared++) {
        const int list = ift_json_get(&doc, 0, spared ? "no_decay" : "decay");
        for (int v = ift_json_first(&doc, list); v >= 0; v = ift_json_next(&doc, list, v)) {
            ift_str_clear(&name);
            ift_json_text(&doc, v, &name);
            if (ift_optim_decays(name.p) == (spared == 1)) fprintf(stderr, "%s:\n", name.p);
            CHECK_INT(ift_optim_decays(name.p), !spared);
            seen++;
        }
    }
    CHECK_INT(seen, 21);
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&name);
    free(dir);
    free(path);
}

/* ---- peft's runs ---- */

/* The adapter as it now is against final/, within a few times what rounding did to the original. */
static void check_adapter(const char *dir, struct rig *r) {
    struct ift_err err = {0};
    need(ift_peft_save(r->p, &device, "saved", &err), &err, "save");
    struct ift_safetensors *const got = golden_open("saved", "adapter_model.safetensors");
    char *const final = golden_join(dir, "final");
    struct ift_safetensors *const want = golden_open(final, "adapter_model.safetensors");
    CHECK_INT(ift_safetensors_count(got), ift_safetensors_count(want));
    double worst = 0;
    for (size_t i = 0; i < ift_safetensors_count(want); i++) {
        const struct ift_tensor *const w = ift_safetensors_at(want, i), *const g =
                                                                            golden_find(got, "",
                                                                                        w->name);
        const double noise = golden_number(dir, "noise", "final_parameter_abs", w->name);
        double off = 0;
        CHECK_INT(g->bytes, w->bytes);
        for (size_t k = 0; k < w->bytes / 4; k++)
            off = fmax(off, fabs((double)((const float *)g->data)[k] -
                                 (double)((const float *)w->data)[k]));
        golden_check(dir, w->name, off, fmax(2e-6, 4 * noise));
        worst = fmax(worst, off);
    }
    printf("%s: final tensors %.2g\n", dir, worst);
    ift_safetensors_free(got);
    ift_safetensors_free(want);
    free(final);
}

static void lora_run(const char *root, const char *name) {
    char *const peft = golden_join(root, "peft"), *const dir = golden_join(peft, name);
    char *const base = golden_join(peft, "base-llama"), *const init = golden_join(dir, "init");
    const double lr = golden_number(dir, "optimizer", "lr", NULL);
    struct rig r = make_rig(base, init, (struct ift_optim_config){0.9, 0.999, 1e-8, 0, 0}, 128);
    struct data s = read_batches(peft, 131);
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    const float *const loss = golden_find(io, "", "losses")->data;
    uint32_t row[64];
    for (uint32_t i = 0; i < 64; i++) row[i] = i;
    double worst = 0;
    for (int k = 0; k < BATCHES; k++) {
        struct ift_err err = {0};
        struct ift_update u = {0};
        CHECK_INT(ift_trainer_update(r.t, s.c, row + s.first[k], s.first[k + 1] - s.first[k], lr,
                                     &u, &err),
                  1);
        CHECK_NEAR(u.loss, loss[k], 1e-5);
        worst = fmax(worst, fabs(u.loss - (double)loss[k]));
    }
    printf("%s: losses %.2g\n", name, worst);
    check_adapter(dir, &r);
    system("rm -r saved");
    ift_safetensors_free(io);
    ift_corpus_free(s.c);
    release_rig(&r);
    free(peft);
    free(dir);
    free(base);
    free(init);
}

/* ---- what must not matter ---- */

/* One update of all rows, in micro-batches of at most `tokens`. */
static struct ift_update one_update(const char *model, const char *train, int64_t tokens) {
    const struct ift_optim_config optim = {0.9, 0.999, 1e-8, 0.01, 1};
    struct ift_err err = {0};
    struct rig r = make_rig(model, NULL, optim, tokens);
    struct data s = read_batches(train, 131);
    uint32_t row[64];
    for (uint32_t i = 0; i < 64; i++) row[i] = i;
    struct ift_update u = {0};
    CHECK_INT(ift_trainer_update(r.t, s.c, row, s.first[BATCHES], 1e-3, &u, &err), 1);
    double loss = 0;
    CHECK_INT(ift_trainer_evaluate(r.t, s.c, row, s.first[BATCHES], &loss, &err), 1);
    CHECK(loss < u.loss); /* it learned, and measuring does not use old weights */
    ift_corpus_free(s.c);
    release_rig(&r);
    return u;
}

static void micro_batches(const char *model, const char *train) {
    const struct ift_update whole = one_update(model, train, 512);
    for (int64_t tokens = 14; tokens < 256; tokens *= 3) {
        const struct ift_update u = one_update(model, train, tokens);
        CHECK_INT(u.learned, whole.learned);
        CHECK_INT(u.tokens, whole.tokens);
        CHECK_NEAR(u.loss, whole.loss, 1e-6);
        CHECK_NEAR(u.grad_norm, whole.grad_norm, 1e-6 * whole.grad_norm);
        CHECK_NEAR(u.flops / whole.flops, 1, 1e-12);
    }
}

/* All rows of a batch as the documents of one packed row: the same loss. */
static void packing(const char *model, const char *train) {
    struct ift_err err = {0};
    struct rig r = make_rig(model, NULL, (struct ift_optim_config){0.9, 0.999, 1e-8, 0, 0}, 64);
    struct data s = read_batches(train, 131);
    struct ift_corpus *const packed = ift_corpus_new(131, 64);
    int32_t id[512];
    uint8_t learn[512];
    uint32_t doc[64];
    size_t n = 0, docs = 0;
    double sum = 0, learned = 0;
    for (uint32_t i = 0; i < s.first[BATCHES]; i++) {
        double loss = 0;
        CHECK_INT(ift_trainer_evaluate(r.t, s.c, &i, 1, &loss, &err), 1);
        sum += loss * (double)ift_corpus_learned(s.c, i);
        learned += (double)ift_corpus_learned(s.c, i);
        const struct ift_row row = ift_corpus_row(s.c, i);
        memcpy(id + n, row.id, row.n * sizeof *id);
        memcpy(learn + n, row.learn, row.n);
        doc[docs++] = (uint32_t)row.n;
        n += row.n;
    }
    const struct ift_row row = {id, learn, n, doc, docs};
    CHECK_OK(ift_corpus_add(packed, &row, "packed", &err), &err);
    double loss = 0;
    CHECK_INT(ift_trainer_evaluate(r.t, packed, (const uint32_t[]){0}, 1, &loss, &err), 1);
    CHECK_NEAR(loss, sum / learned, 1e-6);
    ift_corpus_free(packed);
    ift_corpus_free(s.c);
    release_rig(&r);
}

/* ---- the forecast ---- */

/* Every byte that a trainer takes of the device was forecast, and a measurement takes no slab of
 * its own. */
static void forecast(const char *own, const char *name, const char *method, size_t recompute) {
    char *const path = golden_join(own, name), *const model = golden_join(path, "model");
    struct ift_err err = {0};
    const struct ift_peft_options o = {.method = method, .rank = 3, .targets = "all-linear"};
    const struct ift_trainer_config c = {.optim = {0.9, 0.999, 1e-8, 0, 0},
                                         .tokens = 48,
                                         .recompute = recompute};
    struct rig r = {0};
    struct ift_forecast f;
    need(ift_model_open(&r.m, model, &err), &err, model);
    need(ift_peft_new(&r.p, r.m, &o, &err), &err, method);
    const size_t before = device.bytes;
    need(ift_forecast_memory(&f, r.m, r.p, &device, &c, 0, false, &err), &err, "forecast");
    CHECK_INT(device.bytes, before);
    need(ift_trainer_new(&r.t, r.m, r.p, &device, &c, &err), &err, "trainer");
    const size_t taken = device.bytes - before;
    const struct ift_exec_bytes step = ift_exec_bytes(ift_optim_exec(ift_trainer_optim(r.t)));
    CHECK_INT(taken, ift_forecast_total(&f) + step.slab + step.inputs);
    CHECK(step.slab + step.inputs < 1000);
    struct ift_corpus *const corpus = ift_corpus_new(ift_model_config(r.m)->vocab, 48);
    const int32_t id[] = {1, 2, 3, 5, 8};
    const uint8_t learn[] = {0, 1, 1, 1, 1};
    const struct ift_row row = {id, learn, 5, (const uint32_t[]){5}, 1};
    CHECK_OK(ift_corpus_add(corpus, &row, "row", &err), &err);
    double loss = 0;
    CHECK_INT(ift_trainer_evaluate(r.t, corpus, (const uint32_t[]){0}, 1, &loss, &err), 1);
    CHECK(device.bytes - before - taken < f.bytes[IFT_FORECAST_WORKSPACE]);
    ift_corpus_free(corpus);
    release_rig(&r);
    CHECK_INT(device.bytes, before);
    free(path);
    free(model);
}

static void forecasts(const char *own) {
    static const char *const names[] = {"model/llama",     "model/llama-gqa",
                                        "model/bloom-odd", "model/gpt2-odd",
                                        "model/qwen3-odd", "model/llama-dynamic-odd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t recompute = 0; recompute < 2; recompute++) {
            forecast(own, names[i], "none", recompute);
            forecast(own, names[i], "lora", recompute);
        }
    }
}

int main(void) {
    static const struct full_case full[] = {
        {"linear-accum2", "linear", 2, 2, 10, 1},
        {"cosine", "cosine", 1, 1, 10, 1},
        {"linear-accum3", "linear", 3, 1, 4, 5},
    };
    struct ift_err err = {0};
    need(ift_device_open(&device, "cpu", 2, &err), &err, "device");
    char *root = golden_path("SHARED", "golden");
    char *const own = golden_path("SRC", "tests/golden");
    if (!own) check_skip("SRC is not set");
    if (!root) root = ift_strdup(own); /* without the weights at the end of every run */
    char *const model = golden_join(own, "model/llama/model"), *const train =
                                                                   golden_join(own, "train");
    decay_lists(own);
    for (size_t i = 0; i < sizeof full / sizeof *full; i++) full_run(root, &full[i]);
    lora_run(root, "lora-qv");
    lora_run(root, "lora-all-linear");
    micro_batches(model, train);
    packing(model, train);
    forecasts(own);
    free(root);
    free(own);
    free(model);
    free(train);
    ift_device_close(&device);
    return check_done();
}
