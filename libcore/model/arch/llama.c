/* llama.c: LLaMA 1, 2, 3 and what publishes itself as them (transformers:
 * models/llama/modeling_llama.py). */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.max_positions = 2048, .norm_eps = 1e-6};
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    IFT_TRY(ift_json_get_bool(doc, root, "attention_bias", false, &c->qkv_bias, err));
    IFT_TRY(ift_json_get_bool(doc, root, "mlp_bias", false, &c->mlp_bias, err));
    c->o_bias = c->qkv_bias;
    return ift_config_rope(doc, root, c, err);
}

static const char *const model_types[] = {"llama", NULL};

extern const struct ift_arch ift_arch_llama;
const struct ift_arch ift_arch_llama = {
    .name = "llama",
    .model_types = model_types,
    .configure = configure,
    IFT_ARCH_USUAL,
};
