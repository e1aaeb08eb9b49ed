/* LoRA against PEFT: logits and gradients at the start, ten AdamW steps, the saved folder, merged
 * weights. */
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/peft/peft.h"
#include "tests/unit/golden.h"

static struct ift_device device;
static char *root; /* tests/golden/peft */

static void open_both(const char *folder, const char *sub, struct ift_model **m,
                      struct ift_peft **p) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/base", folder); /* of its own, or the one of most */
    if (access(path.p, F_OK) != 0) {
        ift_str_clear(&path);
        ift_str_addf(&path, "%s/base-llama", root);
    }
    CHECK_OK(ift_model_open(m, path.p, &err), &err);
    ift_str_clear(&path);
    ift_str_addf(&path, "%s/%s", folder, sub);
    CHECK_OK(ift_peft_open(p, *m, path.p, &err), &err);
    ift_str_release(&path);
    if (!*m || !*p) exit(1);
}

static struct ift_safetensors *open_batches(const char *folder) {
    static const char name[] = "batches.safetensors";
    char *const own = golden_join(folder, name);
    const bool there = access(own, F_OK) == 0;
    free(own);
    return golden_open(there ? folder : root, name);
}

/* ---- the optimizer, as a graph of its own ---- */

struct adam {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val coef, hyper;
};

static void adam_init(struct adam *a, const struct golden_run *r) {
    struct ift_err err = {{0}, 0, 0};
    *a = (struct adam){.g = ift_graph_new()};
    a->coef = ift_graph_input(a->g, "coef", IFT_F32, IFT_FIXED, 1, (const int64_t[]){1});
    a->hyper = ift_graph_input(a->g, "hyper", IFT_F32, IFT_FIXED, 1, (const int64_t[]){4});
    const struct ift_graph_adamw rule = {.beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f};
    for (size_t i = 1; i <= ift_graph_values(r->g); i++) {
        const struct ift_value *const p = ift_graph_value(r->g, (ift_val)i);
        if (p->role != IFT_PARAM || !p->trainable) continue;
        const char *const prefix[] = {"grad.", "m.", "v."};
        ift_val state[3];
        for (int k = 0; k < 3; k++) {
            struct ift_str name = {0};
            ift_str_addf(&name, "%s%s", prefix[k], p->name);
            state[k] = ift_graph_state(a->g, name.p, IFT_F32, p->ndim, p->dim);
            ift_str_release(&name);
        }
        const ift_val w = ift_graph_param(a->g, p->name, p->ndim, p->dim, true);
        ift_graph_adamw(a->g, state[0], a->coef, a->hyper, w, state[1], state[2], rule);
    }
    CHECK_OK(ift_exec_new(&a->x, a->g, &device, (const int64_t[IFT_EXTENTS]){0}, &err), &err);
    for (size_t i = 1; i <= ift_graph_values(a->g); i++) {
        const struct ift_value *const v = ift_graph_value(a->g, (ift_val)i);
        const ift_val same = v->name ? ift_graph_find(r->g, v->name) : 0;
        struct ift_operand t;
        if (!same || v->role == IFT_INPUT) continue;
        CHECK_OK(ift_exec_operand(r->x, same, &t, &err), &err);
        CHECK_OK(ift_exec_bind(a->x, (ift_val)i, &t, &err), &err);
    }
}

static void adam_step(struct adam *a, int step, float lr) {
    struct ift_err err = {{0}, 0, 0};
    const float coef = 1;
    /* Of the betas as floats, which the moments decay by. */
    const double beta1 = (double)0.9f, beta2 = (double)0.999f;
    const float hyper[4] = {lr, (float)(1 - pow(beta1, step)), (float)(1 - pow(beta2, step)), 0};
    CHECK_OK(ift_exec_upload(a->x, a->coef, &coef, 1, &err), &err);
    CHECK_OK(ift_exec_upload(a->x, a->hyper, hyper, 1, &err), &err);
    CHECK_OK(ift_exec_run(a->x, (const int64_t[IFT_EXTENTS]){0}, &err), &err);
}

/* ---- one case ---- */

static double logits_error(struct golden_run *r, const struct ift_safetensors *batches,
                           const char *prefix, const struct ift_tensor *want, double *loss) {
    struct ift_err err = {{0}, 0, 0};
    struct golden_batch b = golden_batch(batches, prefix);
    *loss = golden_run_batch(r, &b, &err);
    float *const logits = golden_logits(r, &b, want->dim[want->ndim - 1]);
    const double e = golden_rows_error(&b, logits, want);
    free(logits);
    golden_batch_release(&b);
    return e;
}

/* Ten batches, an update after each. Returns the largest loss error. */
static double train(struct golden_run *r, const struct ift_safetensors *batches,
                    const struct ift_safetensors *io) {
    struct ift_err err = {{0}, 0, 0};
    const float *const want = golden_find(io, "", "losses")->data;
    struct adam a;
    adam_init(&a, r);
    double worst = 0;
    for (int step = 0; step < 10; step++) {
        char prefix[16];
        snprintf(prefix, sizeof prefix, "%d.", step);
        struct golden_batch b = golden_batch(batches, prefix);
        worst = fmax(worst, fabs(golden_run_batch(r, &b, &err) - (double)want[step]));
        adam_step(&a, step + 1, 0.01f);
        golden_batch_release(&b);
    }
    ift_exec_free(a.x);
    ift_graph_free(a.g);
    return worst;
}

static bool is_copy(const char *name) {
    return strstr(name, ".original_module.") || strstr(name, ".modules_to_save.") ||
           strcmp(name, "base_model.model.lm_head.weight") == 0;
}

/* What we saved against what PEFT saved. Adam turns a gradient's rounding into a difference of the
 * update: the reference's own noise says how much. */
static double saved_error(const char *ours, const char *folder, const char *name) {
    struct ift_safetensors *const got = golden_open(ours, "adapter_model.safetensors");
    char *const final = golden_join(folder, "final");
    struct ift_safetensors *const want = golden_open(final, "adapter_model.safetensors");
    double worst = 0;
    size_t seen = 0;
    for (size_t i = 0; i < ift_safetensors_count(want); i++) {
        /* PEFT writes some modules twice and thrice. */
        const struct ift_tensor *const w = ift_safetensors_at(want, i);
        const struct ift_tensor *const g = ift_safetensors_find(got, w->name);
        if (!g && is_copy(w->name)) continue;
        if (!g) golden_find(got, "", w->name);
        seen++;
        const double noise = golden_number(folder, "noise", "final_parameter_abs", w->name);
        double diff = 0;
        CHECK_INT(g->bytes, w->bytes);
        for (size_t k = 0; k < w->bytes / 4; k++)
            diff = fmax(diff, fabs((double)((const float *)g->data)[k] -
                                   (double)((const float *)w->data)[k]));
        golden_check(name, w->name, diff, fmax(1e-5, 4 * noise));
        worst = fmax(worst, diff);
    }
    CHECK_INT(ift_safetensors_count(got), seen);
    free(final);
    ift_safetensors_free(got);
    ift_safetensors_free(want);
    return worst;
}

static void one_case(const char *name) {
    struct ift_err err = {{0}, 0, 0};
    char *const folder = golden_join(root, name);
    struct ift_model *m = NULL;
    struct ift_peft *p = NULL;
    open_both(folder, "init", &m, &p);
    struct ift_safetensors *const io = golden_open(folder, "io.safetensors");
    struct ift_safetensors *const batches = open_batches(folder);
    struct golden_run r;
    CHECK_OK(golden_run_init(&r, m, &device, ift_peft_attach(p, true), false, true, &err), &err);
    CHECK_OK(ift_peft_bind(p, &device, r.x, r.g, &err), &err);
    if (err.text[0]) exit(1);

    double loss;
    const double probe =
        logits_error(&r, batches, "probe.", golden_find(io, "", "logits_init"), &loss);
    const double first =
        logits_error(&r, batches, "0.", golden_find(io, "", "logits_step0"), &loss);
    golden_check(name, "logits_init", probe, 1e-5);
    golden_check(name, "logits_step0", first, 1e-5);
    const double grads = golden_gradients(&r, io, name, 1e-4, true);
    const double losses = train(&r, batches, io);
    golden_check(name, "losses", losses, 1e-5);
    const double last =
        logits_error(&r, batches, "probe.", golden_find(io, "", "logits_final"), &loss);
    golden_check(name, "logits_final", last, 1e-5);

    CHECK_OK(ift_peft_save(p, &device, "saved", &err), &err);
    const double saved = saved_error("saved", folder, name);
    printf("%s: logits %.2g %.2g, gradients %.2g, losses %.2g, logits after ten steps %.2g, "
           "tensors %.2g\n",
           name, probe, first, grads, losses, last, saved);
    golden_run_release(&r);
    ift_peft_free(p);

    /* What was saved opens again to the same numbers. */
    p = NULL;
    CHECK_OK(ift_peft_open(&p, m, "saved", &err), &err);
    CHECK_OK(golden_run_init(&r, m, &device, ift_peft_attach(p, false), false, false, &err), &err);
    CHECK_OK(ift_peft_bind(p, &device, r.x, r.g, &err), &err);
    CHECK_NEAR(logits_error(&r, batches, "probe.", golden_find(io, "", "logits_final"), &loss),
               last, 0);
    golden_run_release(&r);
    ift_peft_free(p);
    ift_safetensors_free(batches);
    ift_safetensors_free(io);
    ift_model_free(m);
    free(folder);
}

/* The final adapter folded into the base: weights, the other files, and the logits of the merged
 * model. */
static void merged_case(const char *name, const char *out) {
    struct ift_err err = {{0}, 0, 0};
    char *const folder = golden_join(root, name);
    struct ift_model *m = NULL;
    struct ift_peft *p = NULL;
    open_both(folder, "final", &m, &p);
    struct ift_safetensors *const io = golden_open(folder, "io.safetensors");
    size_t changed = 0, expected = 0;
    CHECK_OK(ift_peft_merge_model(m, &p, 1, out, &(const struct ift_model_save){0}, &changed, &err),
             &err);
    struct ift_safetensors *const got = golden_open(out, "model.safetensors");
    double worst = 0;
    for (size_t i = 0; i < ift_safetensors_count(got); i++) {
        const struct ift_tensor *const t = ift_safetensors_at(got, i);
        struct ift_str full = {0};
        ift_str_addf(&full, "merged.%s", t->name);
        const struct ift_tensor *const want = ift_safetensors_find(io, full.p);
        ift_str_release(&full);
        if (!want) {
            const struct ift_tensor *const base = golden_weight(m, t->name);
            CHECK(base->bytes == t->bytes && memcmp(base->data, t->data, t->bytes) == 0);
            continue;
        }
        expected++;
        worst = fmax(worst, golden_error(t->data, want->data, t->bytes / 4));
    }
    CHECK_INT(changed, expected);
    golden_check(name, "merged weights", worst, 3e-7);
    ift_peft_free(p);
    ift_model_free(m);

    CHECK_OK(ift_model_open(&m, out, &err), &err);
    struct ift_safetensors *const batches = open_batches(folder);
    struct golden_run r;
    double loss;
    CHECK_OK(golden_run_init(&r, m, &device, NULL, false, false, &err), &err);
    const double e =
        logits_error(&r, batches, "probe.", golden_find(io, "", "logits_merged"), &loss);
    golden_check(name, "logits_merged", e, 1e-5);
    printf("%s merged: weights %.2g, logits %.2g\n", name, worst, e);
    golden_run_release(&r);
    ift_model_free(m);
    ift_safetensors_free(batches);
    ift_safetensors_free(got);
    ift_safetensors_free(io);
    free(folder);
}

/* Other configurations of the reference, from their init folder: logits and gradients. */
static void init_case(const char *shared, const char *name) {
    struct ift_err err = {{0}, 0, 0};
    char *const folder = golden_join(shared, name);
    struct ift_model *m = NULL;
    struct ift_peft *p = NULL;
    open_both(folder, "init", &m, &p);
    struct ift_safetensors *const io = golden_open(folder, "io.safetensors");
    struct ift_safetensors *const batches = open_batches(folder);
    struct golden_run r;
    double loss;
    CHECK_OK(golden_run_init(&r, m, &device, ift_peft_attach(p, true), false, true, &err), &err);
    CHECK_OK(ift_peft_bind(p, &device, r.x, r.g, &err), &err);
    const double e = logits_error(&r, batches, "0.", golden_find(io, "", "logits_step0"), &loss);
    golden_check(name, "logits_step0", e, 1e-5);
    const double grads = golden_gradients(&r, io, name, 1e-4, true);
    printf("%s: logits %.2g, gradients %.2g\n", name, e, grads);
    golden_run_release(&r);
    ift_peft_free(p);
    ift_model_free(m);
    ift_safetensors_free(batches);
    ift_safetensors_free(io);
    free(folder);
}

/* A fresh adapter: bit-equal for a seed, within its bound, and without effect; with dropout, off by
 * chance. */
static void fresh_case(void) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *m = NULL;
    char *const base = golden_join(root, "base-llama");
    CHECK_OK(ift_model_open(&m, base, &err), &err);
    free(base);
    struct ift_peft_options o = {.method = "lora", .rank = 4, .targets = "all-linear", .seed = 7};
    for (int i = 0; i < 3; i++) {
        struct ift_peft *p = NULL;
        if (i == 2) o.seed = 8;
        CHECK_OK(ift_peft_new(&p, m, &o, &err), &err);
        CHECK_OK(ift_peft_save(p, &device,
                               i == 0   ? "fresh0"
                               : i == 1 ? "fresh1"
                                        : "fresh2",
                               &err),
                 &err);
        ift_peft_free(p);
    }
    struct ift_safetensors *const s[3] = {golden_open("fresh0", "adapter_model.safetensors"),
                                          golden_open("fresh1", "adapter_model.safetensors"),
                                          golden_open("fresh2", "adapter_model.safetensors")};
    CHECK_INT(ift_safetensors_count(s[0]), 2 * 7 * 2);
    for (size_t i = 0; i < ift_safetensors_count(s[0]); i++) {
        const struct ift_tensor *const t = ift_safetensors_at(s[0], i);
        const bool is_a = strstr(t->name, "lora_A") != NULL;
        const double bound = 1 / sqrt((double)t->dim[1]);
        double most = 0;
        for (size_t k = 0; k < t->bytes / 4; k++)
            most = fmax(most, fabs((double)((const float *)t->data)[k]));
        CHECK(memcmp(t->data, ift_safetensors_at(s[1], i)->data, t->bytes) == 0);
        CHECK(is_a ? most <= bound && most > 0.9 * bound : most == 0);
        CHECK((memcmp(t->data, ift_safetensors_at(s[2], i)->data, t->bytes) != 0) == is_a);
    }
    for (int i = 0; i < 3; i++) ift_safetensors_free(s[i]);

    struct ift_peft *p = NULL;
    o.targets = "q_prj";
    CHECK(ift_peft_new(&p, m, &o, &err) < 0 && strstr(err.text, "q_proj"));
    o.targets = "lm_head";
    CHECK(ift_peft_new(&p, m, &o, &err) < 0);
    o.targets = "v_proj,down_proj";
    o.rank = 0;
    CHECK(ift_peft_new(&p, m, &o, &err) < 0);
    ift_model_free(m);
}

/* Names as old versions wrote them, values in half precision: the same adapter. */
static void old_names_case(void) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *m = NULL;
    struct ift_peft *p = NULL;
    char *const init = golden_join(root, "lora-qv/init"), *const base =
                                                              golden_join(root, "base-llama");
    char *const config = golden_join(init, "adapter_config.json");
    struct ift_safetensors *const s = golden_open(init, "adapter_model.safetensors");
    struct ift_tensor t[16];
    struct ift_str name[16] = {{0}};
    static uint16_t half[16][512];
    const size_t n = ift_safetensors_count(s);
    for (size_t i = 0; i < n && n <= 16; i++) {
        const struct ift_tensor *const from = ift_safetensors_at(s, i);
        /* Every other one without the prefix too. */
        const char *const part = from->name + (i % 2 ? strlen("base_model.model.") : 0);
        ift_str_addf(&name[i], "%.*s.default.weight", (int)(strlen(part) - strlen(".weight")),
                     part);
        CHECK_OK(ift_from_f32(half[i], IFT_F16, from->data, from->bytes / 4, &err), &err);
        t[i] = *from;
        t[i].name = name[i].p;
        t[i].dtype = IFT_F16;
        t[i].data = half[i];
        t[i].bytes = from->bytes / 2;
    }
    mkdir("old", 0777);
    CHECK(symlink(config, "old/adapter_config.json") == 0);
    CHECK_OK(ift_safetensors_write("old/adapter_model.safetensors", t, n, NULL, 0, &err), &err);
    CHECK_OK(ift_model_open(&m, base, &err), &err);
    CHECK_OK(ift_peft_open(&p, m, "old", &err), &err);
    CHECK_OK(ift_peft_save(p, &device, "new", &err), &err);
    struct ift_safetensors *const back = golden_open("new", "adapter_model.safetensors");
    for (size_t i = 0; i < n; i++) {
        const struct ift_tensor *const from = ift_safetensors_at(s, i);
        const struct ift_tensor *const to = golden_find(back, "", from->name);
        CHECK(to->dtype == IFT_F32 && to->bytes == from->bytes);
        CHECK(golden_error(to->data, from->data, from->bytes / 4) < 1.0 / 1024);
        ift_str_release(&name[i]);
    }
    /* The same tensor under both names is one too many. */
    struct ift_tensor twice[17];
    for (size_t i = 0; i < n; i++) twice[i] = *ift_safetensors_at(s, i);
    twice[n] = twice[0];
    twice[n].name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight";
    CHECK_OK(ift_safetensors_write("old/adapter_model.safetensors", twice, n + 1, NULL, 0, &err),
             &err);
    struct ift_peft *q = NULL;
    CHECK(ift_peft_open(&q, m, "old", &err) < 0 && strstr(err.text, "twice"));
    ift_safetensors_free(back);
    ift_safetensors_free(s);
    ift_peft_free(p);
    ift_model_free(m);
    free(config);
    free(init);
    free(base);
}

/* Dropout acts in training only, changes with its key, and is the same for the same key. */
static void dropout_case(void) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *m = NULL;
    struct ift_peft *p = NULL;
    char *const folder = golden_join(root, "lora-qv/init"), *const base =
                                                                golden_join(root, "base-llama");
    struct ift_safetensors *const batches = golden_open(root, "batches.safetensors");
    struct golden_batch b = golden_batch(batches, "0.");
    double loss[4] = {0};
    CHECK_OK(ift_model_open(&m, base, &err), &err);
    for (int training = 0; training < 2; training++) {
        struct golden_run r;
        struct ift_str text = {0};
        char *const config = golden_join(folder, "adapter_config.json");
        char *const weights = golden_join(folder, "adapter_model.safetensors");
        CHECK_OK(ift_in_slurp(config, &text, 0, &err), &err);
        const char *const at = strstr(text.p, "\"lora_dropout\": 0.0");
        mkdir("dropping", 0777);
        FILE *const f = fopen("dropping/adapter_config.json", "wb");
        CHECK(f && at);
        fprintf(f, "%.*s\"lora_dropout\": 0.5%s", (int)(at - text.p), text.p, at + 19);
        CHECK(fclose(f) == 0);
        unlink("dropping/adapter_model.safetensors");
        CHECK(symlink(weights, "dropping/adapter_model.safetensors") == 0);
        CHECK_OK(ift_peft_open(&p, m, "dropping", &err), &err);
        CHECK_OK(golden_run_init(&r, m, &device, ift_peft_attach(p, training), false, training,
                                 &err),
                 &err);
        CHECK_OK(ift_peft_bind(p, &device, r.x, r.g, &err), &err);
        CHECK(!r.build.dropout_key == !training);
        for (int k = 0; k < (training ? 3 : 1); k++) {
            const int32_t key[2] = {k == 1 ? 5 : 4, 0};
            if (training) CHECK_OK(ift_exec_upload(r.x, r.build.dropout_key, key, 1, &err), &err);
            loss[training + k] = golden_run_batch(&r, &b, &err);
        }
        golden_run_release(&r);
        ift_peft_free(p);
        ift_str_release(&text);
        free(config);
        free(weights);
    }
    CHECK(loss[1] != loss[0] && loss[2] != loss[0] && loss[2] != loss[1]);
    CHECK_NEAR(loss[3], loss[1], 0);
    CHECK_NEAR(loss[1], loss[0], 0.5);
    golden_batch_release(&b);
    ift_safetensors_free(batches);
    ift_model_free(m);
    free(folder);
    free(base);
}

/* Full tuning: what is saved is the model, in the types it was stored in; a step shows in it. */
static void full_case(void) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *m = NULL;
    struct ift_peft *p = NULL;
    char *const base = golden_join(root, "base-llama");
    const enum ift_dtype bf16 = IFT_BF16;
    const struct ift_model_create how = {.seed = 3, .dtype = &bf16};
    CHECK_OK(ift_model_create(base, "narrow", &how, &err), &err);
    CHECK_OK(ift_model_open(&m, "narrow", &err), &err);
    CHECK_OK(ift_peft_new(&p, m, &(const struct ift_peft_options){.method = "none"}, &err), &err);
    CHECK(ift_peft_trains_base(p));
    struct golden_run r, watch;
    struct ift_safetensors *const batches = golden_open(root, "batches.safetensors");
    struct golden_batch b = golden_batch(batches, "0.");
    CHECK_OK(golden_run_init(&r, m, &device, ift_peft_attach(p, true), true, true, &err), &err);
    CHECK_OK(golden_run_init(&watch, m, &device, ift_peft_attach(p, false), false, false, &err),
             &err);
    const double before = golden_run_batch(&r, &b, &err);
    CHECK_NEAR(golden_run_batch(&watch, &b, &err), before, 0);
    CHECK_OK(ift_peft_save(p, &device, "same", &err), &err);
    struct ift_safetensors *const same = golden_open("same", "model.safetensors");
    struct adam a;
    adam_init(&a, &r);
    adam_step(&a, 1, 0.01f);
    CHECK(golden_run_batch(&watch, &b, &err) < before);
    CHECK_OK(ift_peft_save(p, &device, "stepped", &err), &err);
    struct ift_safetensors *const stepped = golden_open("stepped", "model.safetensors");
    for (size_t i = 0; i < ift_weights_count(ift_model_weights(m)); i++) {
        const struct ift_tensor *const t = ift_weights_at(ift_model_weights(m), i);
        CHECK(t->dtype == IFT_BF16);
        CHECK(memcmp(golden_find(same, "", t->name)->data, t->data, t->bytes) == 0);
        CHECK(memcmp(golden_find(stepped, "", t->name)->data, t->data, t->bytes) != 0);
    }
    ift_exec_free(a.x);
    ift_graph_free(a.g);
    golden_run_release(&r);
    golden_run_release(&watch);
    golden_batch_release(&b);
    ift_safetensors_free(same);
    ift_safetensors_free(stepped);
    ift_safetensors_free(batches);
    ift_peft_free(p);
    ift_model_free(m);
    free(base);
}

int main(void) {
    struct ift_err err = {{0}, 0, 0};
    root = golden_path("SRC", "tests/golden/peft");
    if (!root) check_skip("SRC does not name the source folder");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    one_case("lora-qv");
    one_case("lora-all-linear");
    one_case("saved-grown");
    one_case("saved-tied");
    one_case("saved-apart");
    merged_case("lora-qv", "merged0");
    merged_case("lora-all-linear", "merged1");
    merged_case("saved-grown", "merged2");
    merged_case("saved-tied", "merged3");
    merged_case("saved-apart", "merged4");
    fresh_case();
    old_names_case();
    dropout_case();
    full_case();
    char *const shared = golden_path("SHARED", "golden/peft");
    if (shared) {
        init_case(shared, "lora-lmhead");
        init_case(shared, "lora-rslora");
        init_case(shared, "lora-patterns");
        init_case(shared, "lora-layers");
    }
    free(shared);
    free(root);
    ift_device_close(&device);
    return check_done();
}
