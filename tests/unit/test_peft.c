/* Adapters and full tuning by what they promise: seeds, names of old versions, dropout, what is
 * saved. */
#include <sys/stat.h>

#include "tests/unit/peft_case.h"

/* A fresh adapter: bit-equal for a seed, within its bound, and without effect; with dropout, off by
 * chance. */
static void fresh_case(void) {
    struct ift_err err = {0};
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
    struct ift_err err = {0};
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
    struct ift_err err = {0};
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
    struct ift_err err = {0};
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
    begin_cases();
    fresh_case();
    old_names_case();
    dropout_case();
    full_case();
    return end_cases();
}
