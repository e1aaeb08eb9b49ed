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

static ift_val forward(struct ift_build *b) {
    static const struct ift_decoder names = {IFT_DECODER_USUAL, .q = "q_proj", .k = "k_proj",
                                             .v = "v_proj"};
    return ift_decoder_forward(b, &names);
}

static const char *const model_types[] = {"llama", NULL};
static const char *const buffers[] = {".rotary_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"q_proj", "v_proj", NULL};
static const char *const linear_suffixes[] = {"q_proj",    "k_proj",  "v_proj",    "o_proj",
                                              "gate_proj", "up_proj", "down_proj", NULL};

extern const struct ift_arch ift_arch_llama;
const struct ift_arch ift_arch_llama = {
    .name = "llama",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .embed_name = "model.embed_tokens.weight",
    .head_name = "lm_head.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
};
