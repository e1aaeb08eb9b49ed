/* Every family against its original, in every reference case that is at hand: logits, loss, hidden
 * states, the gradient of every parameter, packed documents. */
#include "tests/unit/families.h"

/* ---- whole rows ---- */

/* Row pad_token_id of the embedding: no gradient through the look-up. */
static void check_pad_row(const struct golden_case *c, struct golden_run *r) {
    struct ift_err err = {0};
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

/* Some keep the gradients of one block only, to be small. */
static bool has_all_gradients(const char *name) {
    static const char *const few[] = {"internlm-7b-ntk", "qwen-7b-long", "chatglm-6b-1d"};
    for (size_t i = 0; i < sizeof few / sizeof *few; i++)
        if (strcmp(name, few[i]) == 0) return false;
    return true;
}

static void whole_rows(const struct golden_case *c) {
    struct ift_err err = {0};
    struct golden_run r;
    struct golden_batch b = batch_of(c, "");
    const struct ift_tensor *const loss = ift_safetensors_find(c->io, "loss");
    CHECK_OK(golden_run_init(&r, c->m, c->device, NULL, loss != NULL, loss != NULL, &err), &err);
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
    struct ift_err err = {0};
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
    struct ift_err err = {0};
    struct golden_run r;
    struct golden_batch b = batch_of(c, "");
    double worst = -1;
    CHECK_OK(golden_run_open(&r, c->m, c->device, (struct ift_build){0}, false, true, &err), &err);
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
    struct ift_err err = {0};
    struct golden_run r;
    const struct ift_tensor *const want = ift_safetensors_find(c->io, "train.logits");
    if (!want) return;
    struct golden_batch b = batch_of(c, "");
    const struct ift_build build = {.learning = true};
    CHECK_OK(golden_run_open(&r, c->m, c->device, build, false, false, &err), &err);
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
    struct ift_err err = {0};
    struct golden_run r;
    const struct ift_tensor *const labels = golden_maybe(io, prefix, "labels"),
                                   *const loss = golden_maybe(io, prefix, "loss");
    struct golden_batch b =
        packed_batch(golden_find(io, prefix, "input_ids"), labels, begin, segments);
    CHECK_OK(golden_run_init(&r, c->m, c->device, NULL, true, true, &err), &err);
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

/* ---- */

static void check_case(struct golden_case *c) {
    if (!c->io) return;
    whole_rows(c);
    hidden_states(c);
    learning(c);
    packed(c);
}

int main(int argc, char **argv) {
    return families_main(argc, argv, check_case);
}
