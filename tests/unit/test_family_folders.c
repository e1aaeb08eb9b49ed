/* Models of every family as folders say them: other spellings of config.json, other storage of the
 * weights, and weights as published. */
#include "tests/unit/families.h"

/* The same numbers from another folder; NULL: those of the case. */
static void same_logits(const struct golden_case *c, const char *dir, const char *what,
                        const struct ift_tensor *want) {
    struct ift_err err = {0};
    struct golden_case other = *c;
    struct golden_run r;
    other.m = NULL;
    CHECK_OK(ift_model_open(&other.m, dir, &err), &err);
    if (!other.m) return;
    struct golden_batch b = batch_of(c, "");
    CHECK_OK(golden_run_init(&r, other.m, c->device, NULL, false, false, &err), &err);
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
        struct ift_err err = {0};
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
    struct ift_err err = {0};
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

static void check_case(struct golden_case *c) {
    if (c->io) {
        spellings(c);
        storage(c);
    } else {
        published(c);
    }
}

int main(int argc, char **argv) {
    return families_main(argc, argv, check_case);
}
