/* LoRA against PEFT: logits and gradients at the start, ten AdamW steps, the saved folder, merged
 * weights. */
#include "tests/unit/peft_case.h"

/* ---- one case ---- */

/* Ten batches, an update after each. Returns the largest loss error. */
static double train(struct golden_run *r, const struct ift_safetensors *batches,
                    const struct ift_safetensors *io) {
    struct ift_err err = {0};
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
    struct ift_err err = {0};
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
    struct ift_err err = {0};
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
    struct ift_err err = {0};
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

int main(void) {
    begin_cases();
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
    char *const shared = golden_path("SHARED", "golden/peft");
    if (shared) {
        init_case(shared, "lora-lmhead");
        init_case(shared, "lora-rslora");
        init_case(shared, "lora-patterns");
        init_case(shared, "lora-layers");
    }
    free(shared);
    return end_cases();
}
