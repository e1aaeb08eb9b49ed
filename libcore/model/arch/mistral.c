/* mistral.c: Mistral 7B (transformers: models/mistral/modeling_mistral.py): LLaMA whose queries see
 * a window of keys. */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.kv_heads = 8,
                                                    .max_positions = 131072,
                                                    .norm_eps = 1e-6};
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    IFT_TRY(ift_config_window(doc, root, true, 0, c, err));
    return ift_config_rope(doc, root, c, err);
}

static const char *const model_types[] = {"mistral", NULL};

extern const struct ift_arch ift_arch_mistral;
const struct ift_arch ift_arch_mistral = {
    .name = "mistral",
    .model_types = model_types,
    .configure = configure,
    IFT_ARCH_USUAL,
};
