/* qwen2.c: Qwen 1.5, 2 and 2.5 (transformers: models/qwen2/modeling_qwen2.py): LLaMA with biases on
 * queries, keys and values. */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.kv_heads = 32,
                                                    .max_positions = 32768,
                                                    .norm_eps = 1e-6};
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    c->qkv_bias = true;
    IFT_TRY(ift_config_window(doc, root, false, 28, c, err));
    return ift_config_rope(doc, root, c, err);
}

static const struct ift_arch_gguf gguf = {.name = "qwen2"};
static const char *const model_types[] = {"qwen2", NULL};

extern const struct ift_arch ift_arch_qwen2;
const struct ift_arch ift_arch_qwen2 = {
    .name = "qwen2",
    .model_types = model_types,
    .configure = configure,
    .parts = &ift_decoder_usual_parts,
    .gguf = &gguf,
    IFT_ARCH_USUAL_BUT_GGUF,
};
