/* weights: whatever files a folder holds, they are one list of tensors. */
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/tensor/safetensors.h"
#include "libcore/tensor/weights.h"
#include "tests/unit/check.h"

static void put(const char *path, const void *p, size_t n) {
    FILE *const f = fopen(path, "wb");
    CHECK(f && fwrite(p, 1, n, f) == n);
    CHECK(f && fclose(f) == 0);
}

static int open_index(const char *index, struct ift_weights **w, struct ift_err *err) {
    put("shards/model.safetensors.index.json", index, strlen(index));
    return ift_weights_open_model(w, "shards", err);
}

static void bad_index(const char *index, const char *because) {
    struct ift_err err = {0};
    struct ift_weights *w = NULL;
    CHECK(open_index(index, &w, &err) < 0);
    if (!strstr(err.text, because)) fprintf(stderr, "%s: expected \"%s\"\n", err.text, because);
    CHECK(strstr(err.text, because));
}

static void shards(void) {
    struct ift_err err = {0};
    struct ift_weights *w = NULL;
    static const float x[4] = {1, 2, 3, 4};
    const struct ift_tensor one[] = {{"a", IFT_F32, 1, {1}, x, 4}, {"both", IFT_F32, 1, {2}, x, 8}};
    const struct ift_tensor two[] = {{"b", IFT_F32, 1, {1}, x + 3, 4},
                                     {"both", IFT_F32, 1, {2}, x + 1, 8}};
    mkdir("shards", 0777);
    CHECK_OK(ift_safetensors_write("shards/1.safetensors", one, 2, NULL, 0, &err), &err);
    CHECK_OK(ift_safetensors_write("shards/2.safetensors", two, 2, NULL, 0, &err), &err);
    CHECK_OK(open_index("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\","
                        "\"both\":\"2.safetensors\"}}",
                        &w, &err),
             &err);
    if (w) {
        CHECK_INT(ift_weights_count(w), 3);
        CHECK_NEAR(*(const float *)ift_weights_find(w, "both")->data, 2, 0);
        CHECK_NEAR(*(const float *)ift_weights_find(w, "b")->data, 4, 0);
    }
    ift_weights_free(w);
    bad_index("{}", "weight_map");
    bad_index("{\"weight_map\":{\"a\":1}}", "same folder");
    bad_index("{\"weight_map\":{\"a\":\"../order\"}}", "same folder");
    bad_index("{\"weight_map\":{\"a\":\"..\"}}", "same folder");
    bad_index("{\"weight_map\":{\"a\":\"\"}}", "same folder");
    bad_index("{\"weight_map\":{\"a\":\"1.safetensors\"}}", "not in the index");
    bad_index("{\"weight_map\":{\"a\":\"1.safetensors\",\"both\":\"1.safetensors\","
              "\"c\":\"1.safetensors\"}}",
              "not in 1.safetensors");
    bad_index("{\"weight_map\":{\"a\":\"1.safetensors\",\"a\":\"2.safetensors\"}}", "twice");
    bad_index("{\"weight_map\":{\"a\":\"3.safetensors\"}}", "3.safetensors");
    mkdir("nothing", 0777);
    CHECK(ift_weights_open_model(&w, "nothing", &err) < 0);
    CHECK(strstr(err.text, "No such file"));
    put("nothing/pytorch_model.bin", "", 0);
    CHECK(ift_weights_open_model(&w, "nothing", &err) < 0);
    CHECK(strstr(err.text, "not a file of torch.save"));
}

int main(void) {
    shards();
    return check_done();
}
