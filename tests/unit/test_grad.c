/* Gradients of models small enough for finite differences, and of models made again (recompute),
 * padded and run twice. */
#include "tests/unit/grad_check.h"

static const struct case_llama tiny = {.layers = 2,
                                       .heads = 4,
                                       .kv_heads = 2,
                                       .hidden = 12,
                                       .head_dim = 4,
                                       .inner = 10,
                                       .vocab = 17,
                                       .train = true,
                                       .pad = -1};

static void check_llama(struct case_llama c) {
    struct ift_graph *g = ift_graph_new();
    const ift_val loss = case_forward(g, &c);
    const struct case_batch b = case_batch_of(&c, (const int[]){5, 1, 7}, 3);
    check_gradients(g, loss, &b);
}

static void test_llama(void) {
    struct case_llama c = tiny;
    check_llama(c);
    c.tied = c.add_norm = true;
    c.act = IFT_ACT_GELU_TANH;
    c.window = 3;
    check_llama(c);
    c.tied = c.add_norm = false;
    c.interleaved = true;
    c.rot = 2;
    c.act = IFT_ACT_GELU;
    c.kv_heads = 1;
    c.bias = true;
    check_llama(c);
}

/* The row of the padding token is left alone, and nothing else changes. */
static void test_pad(void) {
    struct case_llama c = tiny;
    float *got[2];
    const struct case_batch b = case_batch_of(&c, (const int[]){8, 5}, 2);
    for (int i = 0; i < 2; i++) {
        struct ift_err err = {0};
        struct ift_device d;
        struct case_run r = {.d = &d, .g = ift_graph_new()};
        c.pad = i ? b.ids[2] : -1;
        CHECK_OK(ift_graph_backward(r.g, case_forward(r.g, &c), &err), &err);
        CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
        CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 13, 2, 0}, &err), &err);
        case_bind(&r);
        case_upload(&r, &b);
        CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
        got[i] = case_download(&r, ift_graph_find(r.g, "grad.embed"), b.extent);
        case_run_release(&r);
        ift_device_close(&d);
    }
    for (int64_t i = 0; i < c.vocab * c.hidden; i++) {
        const bool pad = i / c.hidden == c.pad;
        if (pad) CHECK(got[0][i] != 0);
        CHECK(got[1][i] == (pad ? 0 : got[0][i]));
    }
    free(got[0]);
    free(got[1]);
}

static void test_lora(void) {
    struct case_llama c = tiny;
    c.train = false;
    c.rank = 3;
    c.dropout = 0.3f;
    check_llama(c);
    c.lora_all = c.add_norm = true;
    check_llama(c);
    c.lora_from = 1;
    check_llama(c);
    c.train = true; /* both at once */
    check_llama(c);
}

/* Every gradient of a backward that keeps every n-th checkpoint, one after the other; to be freed.
 * *slab: bytes of its activations. */
static float *gradients_of(const struct case_llama *c, size_t n, int64_t *count, size_t *slab) {
    struct ift_err err = {0};
    struct ift_device d;
    struct case_run r = {.d = &d, .g = ift_graph_new()};
    const struct case_batch b = case_batch_of(c, (const int[]){5, 1, 7}, 3);
    const ift_val loss = case_forward(r.g, c);
    float *all = NULL;
    ift_graph_recompute(r.g, n);
    CHECK_OK(ift_graph_backward(r.g, loss, &err), &err);
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, CASE_POSITIONS, 8, 8}, &err), &err);
    case_bind(&r);
    case_upload(&r, &b);
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    *slab = ift_exec_bytes(r.x).slab;
    *count = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(r.g); v++) {
        const ift_val grad = ift_graph_grad(r.g, v);
        if (!grad) continue;
        const int64_t more = ift_value_count(ift_graph_value(r.g, grad), b.extent);
        float *const got = case_download(&r, grad, b.extent);
        all = realloc(all, (size_t)(*count + more) * sizeof *all);
        memcpy(all + *count, got, (size_t)more * sizeof *all);
        *count += more;
        free(got);
    }
    case_run_release(&r);
    ift_device_close(&d);
    return all;
}

/* Making the forward again changes no bit and takes less memory. */
static void check_recompute(struct case_llama c) {
    int64_t count, same;
    size_t slab, less;
    c.layers = 6;
    float *const want = gradients_of(&c, 0, &count, &slab);
    for (size_t n = 1; n <= 3; n++) {
        float *const got = gradients_of(&c, n, &same, &less);
        CHECK_INT(same, count);
        CHECK(memcmp(got, want, (size_t)count * sizeof *got) == 0);
        CHECK(less < slab);
        free(got);
    }
    CHECK(count > 0);
    free(want);
}

static void test_recompute(void) {
    struct case_llama c = tiny;
    check_recompute(c);
    c.tied = c.add_norm = c.bias = true;
    check_recompute(c);
    c.train = c.bias = false;
    c.rank = 3;
    c.dropout = 0.3f;
    c.lora_all = true;
    check_recompute(c);
    c.lora_from = 1;
    check_recompute(c);
}

/* Two runs leave twice the gradient. */
static void test_runs_accumulate(void) {
    struct ift_err err = {0};
    struct ift_device d;
    struct case_run r = {.d = &d, .g = ift_graph_new()};
    const ift_val loss = case_forward(r.g, &tiny);
    const struct case_batch b = case_batch_of(&tiny, (const int[]){9}, 1);
    CHECK_OK(ift_graph_backward(r.g, loss, &err), &err);
    CHECK_OK(ift_device_open(&d, "cpu", 1, &err), &err);
    CHECK_OK(ift_exec_new(&r.x, r.g, &d, (int64_t[]){0, 9, 1, 0}, &err), &err);
    case_bind(&r);
    case_upload(&r, &b);
    const char *const names[] = {"embed", "head", "norm", "0.q", "1.down", "0.norm2"};
    float *once[6];
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    for (int i = 0; i < 6; i++)
        once[i] = case_download(&r, ift_graph_grad(r.g, ift_graph_find(r.g, names[i])), b.extent);
    CHECK_OK(ift_exec_run(r.x, b.extent, &err), &err);
    for (int i = 0; i < 6; i++) {
        const ift_val p = ift_graph_find(r.g, names[i]);
        float *twice = case_download(&r, ift_graph_grad(r.g, p), b.extent);
        for (int64_t j = 0; j < ift_value_count(ift_graph_value(r.g, p), b.extent); j++)
            CHECK_NEAR(twice[j], 2 * once[i][j], 1e-6 * (1 + fabsf(once[i][j])));
        free(twice);
        free(once[i]);
    }
    case_run_release(&r);
    ift_device_close(&d);
}

int main(void) {
    test_llama();
    test_pad();
    test_lora();
    test_recompute();
    test_runs_accumulate();
    return check_done();
}
