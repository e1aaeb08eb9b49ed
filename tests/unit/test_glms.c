/* GLM's two-sided contexts and second positions on the way of training (batch.h, feed.h) and
 * in prompts that share small steps, and an adapter on weights stored as (in, out). */
#include "libcore/peft/peft.h"
#include "tests/unit/glm_case.h"

/* own: case.json is as tests/oracle writes it. */
static void learning(const char *dir, const char *name, struct ift_model *m, bool own) {
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    const double noise = golden_number(dir, "noise", "logits", NULL);
    const double grad_noise = own ? golden_number(dir, "noise", "worst_grad", "value")
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

/* An adapter on weights stored as (in, out). */
static void adapting(const char *dir, struct ift_model *m) {
    struct ift_err err = {0};
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

static void one_case(const char *root, const char *name, bool own) {
    char *const dir = golden_join(root, name);
    struct ift_model *const m = open_model(dir, "model");
    learning(dir, name, m, own);
    ift_model_free(m);
    struct ift_model *const frozen = open_model(dir, "model");
    continuing(dir, name, frozen, 0);
    if (strcmp(name, "gpt2-odd") == 0) adapting(dir, frozen);
    ift_model_free(frozen);
    free(dir);
}

int main(int argc, char **argv) {
    static const char *const here[] = {"gpt2-odd", "chatglm-odd"};
    static const char *const there[] = {"chatglm-6b", "chatglm-6b-1d", "chatglm-6b-mask"};
    struct ift_err err = {0};
    char *const root = golden_path("SRC", "tests/golden/model");
    if (!root) check_skip("SRC does not name the source folder");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    char *const shared = golden_path("SHARED", "golden/model");
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        if (argc < 2 || strcmp(argv[1], here[i]) == 0) one_case(root, here[i], true);
    }
    for (size_t i = 0; shared && i < sizeof there / sizeof *there; i++) {
        if (argc < 2 || strcmp(argv[1], there[i]) == 0) one_case(shared, there[i], false);
    }
    free(shared);
    free(root);
    ift_device_close(&device);
    return check_done();
}
