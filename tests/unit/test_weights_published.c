/* weights: folders as models are published, sharded pickles and safetensors, hold exactly the
 * tensors that their authors' library reads from them. */
#include "libcore/tensor/weights.h"

#include "tests/unit/golden.h"

/* The folder's tensors are those of the file; a file made by others may call a bool u8. */
static void same(const char *root, const char *dir, const char *file) {
    struct ift_err err = {0};
    char *const folder = golden_join(root, dir);
    struct ift_weights *w = NULL;
    CHECK_OK(ift_weights_open_model(&w, folder, &err), &err);
    free(folder);
    if (!w) return;
    struct ift_safetensors *const want = golden_open(root, file);
    CHECK_INT(ift_weights_count(w), ift_safetensors_count(want));
    for (size_t i = 0; i < ift_weights_count(w); i++) {
        const struct ift_tensor *const t = ift_weights_at(w, i), *const e =
                                                                     golden_find(want, "", t->name);
        const bool equal = (t->dtype == e->dtype || (t->dtype == IFT_BOOL && e->dtype == IFT_U8)) &&
                           t->ndim == e->ndim && t->bytes == e->bytes &&
                           memcmp(t->dim, e->dim, (size_t)t->ndim * sizeof *t->dim) == 0 &&
                           memcmp(t->data, e->data, t->bytes) == 0;
        if (!equal) fprintf(stderr, "%s: %s differs\n", dir, t->name);
        CHECK(equal);
        CHECK(ift_weights_find(w, t->name) == t);
    }
    ift_weights_free(w);
    ift_safetensors_free(want);
}

int main(void) {
    static const char *const families[] = {
        "baichuan-7b-bin",  "baichuan-13b-bin", "baichuan2-13b-bin",
        "chatglm-6b-bin",   "chatglm2-6b-bin",  "internlm-7b-bin",
        "internlm2-7b-bin", "moss-bin",         "qwen-7b-shards",
    };
    char *const root = golden_path("SHARED", "golden/model");
    if (!root) check_skip("no reference models");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        char *const dir = golden_join(families[i], "model");
        char *const file = golden_join(families[i], "expected.safetensors");
        same(root, dir, file);
        free(dir);
        free(file);
    }
    same(root, "llama/storage/sharded", "llama/model/model.safetensors");
    same(root, "llama/storage/bin", "llama/model/model.safetensors");
    same(root, "llama/storage/bin-legacy", "llama/model/model.safetensors");
    same(root, "llama/storage/bin-sharded", "llama/storage/f16/model.safetensors");
    free(root);
    return check_done();
}
