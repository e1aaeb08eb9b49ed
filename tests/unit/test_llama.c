/* LLaMA against the reference: logits, loss, hidden gradients of every parameter, packed rows, and
 * every spelling and storage that its folders come in. */
#include "libcore/model/rope_table.h"
#include "tests/unit/golden.h"

static struct ift_device device;

static struct ift_model *open_model(const char *dir, const char *sub) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *m = NULL;
    char *const path = golden_join(dir, sub);
    CHECK_OK(ift_model_open(&m, path, &err), &err);
    free(path);
    if (!m) exit(1);
    return m;
}

/* Row pad_token_id of the embedding: no gradient through the look-up. */
static void check_pad_row(struct golden_run *r, const struct ift_config *c, const char *what) {
    struct ift_err err = {{0}, 0, 0};
    if (c->tied || c->embed_pad < 0) return;
    const ift_val v = ift_graph_find(r->g, "grad.model.embed_tokens.weight");
    float *const grad = ift_alloc((size_t)(c->vocab * c->hidden) * sizeof *grad);
    CHECK_OK(ift_exec_download(r->x, grad, v, 1, &err), &err);
    double sum = 0;
    for (int64_t i = 0; i < c->hidden; i++) sum += fabs((double)grad[c->embed_pad * c->hidden + i]);
    if (sum != 0) fprintf(stderr, "%s: the padding row has a gradient\n", what);
    CHECK(sum == 0);
    free(grad);
}

static void whole_case(const char *dir, const char *name) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *const m = open_model(dir, "model");
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    struct golden_run r;
    struct golden_batch b = golden_batch(io, "");
    CHECK_OK(golden_run_init(&r, m, &device, NULL, true, true, &err), &err);
    if (err.text[0]) exit(1);
    const double loss = golden_run_batch(&r, &b, &err);
    float *const logits = golden_logits(&r, &b, ift_model_config(m)->vocab);

    const double noise = golden_number(dir, "noise", "logits", NULL);
    const double grad_noise = golden_number(dir, "noise", "worst_grad", "value");
    const double e = golden_rows_error(&b, logits, golden_find(io, "", "logits"));
    golden_check(name, "logits", e, fmax(1e-5, 4 * noise));
    const double want = (double)*(const float *)golden_find(io, "", "loss")->data;
    golden_check(name, "loss", fabs(loss - want), 1e-6 * want);
    const double g = golden_gradients(&r, io, name, fmax(1e-4, 4 * grad_noise), true);
    check_pad_row(&r, ift_model_config(m), name);
    printf("%s: logits %.2g (noise of the original %.2g), loss %.2g, gradients %.2g (%.2g)\n", name,
           e, noise, fabs(loss - want), g, grad_noise);
    free(logits);
    golden_run_release(&r);
    golden_batch_release(&b);
    ift_safetensors_free(io);
    ift_model_free(m);
}

/* Two documents in one row. */
static void packed_case(const char *dir) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *const m = open_model(dir, "model");
    struct ift_safetensors *const io = golden_open(dir, "packed.safetensors");
    const struct ift_tensor *const ids = golden_find(io, "", "input_ids"), *const labels =
                                                                               golden_find(
                                                                                   io, "",
                                                                                   "labels");
    const struct ift_tensor *const positions = golden_find(io, "", "position_ids"),
                                   *const cu = golden_find(io, "", "cu_seqlens");
    int32_t id[128], position[128], target[128], segment[64];
    int64_t place[128];
    struct golden_batch b = {.tokens = ids->dim[1],
                             .segments = cu->dim[0] - 1,
                             .rows = 1,
                             .length = ids->dim[1],
                             .id = id,
                             .position = position,
                             .target = target,
                             .segment = segment,
                             .place = place};
    for (int64_t i = 0; i < b.tokens; i++) {
        const int64_t label = i + 1 < b.tokens ? golden_i64(labels, i + 1) : -100;
        id[i] = (int32_t)golden_i64(ids, i);
        position[i] = (int32_t)golden_i64(positions, i);
        target[i] = label < 0 ? -1 : (int32_t)label;
        b.learned += label >= 0;
        place[i] = i;
    }
    for (int64_t s = 0; s < b.segments; s++) {
        const int32_t begin = (int32_t)golden_i64(cu, s),
                      n = (int32_t)golden_i64(cu, s + 1) - begin;
        memcpy(segment + 4 * s, (const int32_t[]){begin, n, begin, n}, 4 * sizeof *segment);
    }
    struct golden_run r;
    CHECK_OK(golden_run_init(&r, m, &device, NULL, true, true, &err), &err);
    const double loss = golden_run_batch(&r, &b, &err);
    float *const logits = golden_logits(&r, &b, ift_model_config(m)->vocab);
    const double e = golden_rows_error(&b, logits, golden_find(io, "", "logits"));
    golden_check("packed", "logits", e, 1e-5);
    const double want = (double)*(const float *)golden_find(io, "", "loss")->data;
    golden_check("packed", "loss", fabs(loss - want), 1e-6 * want);
    const double g = golden_gradients(&r, io, "packed", 1e-4, false);
    printf("packed: logits %.2g, loss %.2g, gradients %.2g\n", e, fabs(loss - want), g);
    free(logits);
    golden_run_release(&r);
    ift_safetensors_free(io);
    ift_model_free(m);
}

/* The same weights stored in other ways: logits of rounded weights. */
static void storage_case(const char *dir, const char *sub, const char *logits_name) {
    struct ift_err err = {{0}, 0, 0};
    struct ift_model *const m = open_model(dir, sub);
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors"),
                                  *const want = golden_open(dir, "storage/io.safetensors");
    struct golden_run r;
    struct golden_batch b = golden_batch(io, "");
    CHECK_OK(golden_run_init(&r, m, &device, NULL, false, false, &err), &err);
    golden_run_batch(&r, &b, &err);
    float *const logits = golden_logits(&r, &b, ift_model_config(m)->vocab);
    const double e = golden_rows_error(&b, logits, golden_find(want, "", logits_name));
    golden_check(sub, logits_name, e, 1e-5);
    printf("%s: logits %.2g\n", sub, e);
    free(logits);
    golden_run_release(&r);
    golden_batch_release(&b);
    ift_safetensors_free(io);
    ift_safetensors_free(want);
    ift_model_free(m);
}

int main(void) {
    static const char *const here[] = {"llama", "llama-gqa", "llama3-rope"};
    static const char *const there[] = {"llama-bias", "llama-attn-bias"};
    struct ift_err err = {{0}, 0, 0};
    char *const root = golden_path("SRC", "tests/golden/model");
    if (!root) check_skip("SRC does not name the source folder");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        char *const dir = golden_join(root, here[i]);
        whole_case(dir, here[i]);
        if (i == 0) packed_case(dir);
        free(dir);
    }
    char *const shared = golden_path("SHARED", "golden/model");
    for (size_t i = 0; shared && i < sizeof there / sizeof *there; i++) {
        char *const dir = golden_join(shared, there[i]);
        whole_case(dir, there[i]);
        free(dir);
    }
    if (shared) {
        char *const dir = golden_join(shared, "llama");
        storage_case(dir, "storage/sharded", "logits.f32");
        storage_case(dir, "storage/f16", "logits.f16");
        storage_case(dir, "storage/bf16", "logits.bf16");
        free(dir);
    }
    free(shared);
    free(root);
    ift_device_close(&device);
    return check_done();
}
