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

static ift_val forward(struct ift_build *b) {
    static const struct ift_decoder names = {IFT_DECODER_USUAL, .q = "q_proj", .k = "k_proj",
                                             .v = "v_proj"};
    return ift_decoder_forward(b, &names);
}

static const char *const model_types[] = {"mistral", NULL};
static const char *const buffers[] = {".rotary_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"q_proj", "v_proj", NULL};
static const char *const linear_suffixes[] = {"q_proj",    "k_proj",  "v_proj",    "o_proj",
                                              "gate_proj", "up_proj", "down_proj", NULL};

extern const struct ift_arch ift_arch_mistral;
const struct ift_arch ift_arch_mistral = {
    .name = "mistral",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .embed_name = "model.embed_tokens.weight",
    .head_name = "lm_head.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
};
