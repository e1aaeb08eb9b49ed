/* qwen3.c: Qwen 3 (transformers: models/qwen3/modeling_qwen3.py): LLaMA that norms each head of
 * queries and keys. */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.kv_heads = 32,
                                                    .head_dim = 128,
                                                    .max_positions = 32768,
                                                    .norm_eps = 1e-6};
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    IFT_TRY(ift_json_get_bool(doc, root, "attention_bias", false, &c->qkv_bias, err));
    c->o_bias = c->qkv_bias;
    IFT_TRY(ift_config_window(doc, root, false, 28, c, err));
    return ift_config_rope(doc, root, c, err);
}

static const struct ift_decoder parts = {IFT_DECODER_USUAL, .q = "q_proj",      .k = "k_proj",
                                         .v = "v_proj",     .q_norm = "q_norm", .k_norm = "k_norm"};

static ift_val forward(struct ift_build *b) {
    return ift_decoder_forward(b, &parts);
}

static const struct ift_arch_gguf gguf = {.name = "qwen3", .any_head_dim = true};

static const char *const model_types[] = {"qwen3", NULL};

extern const struct ift_arch ift_arch_qwen3;
const struct ift_arch ift_arch_qwen3 = {
    .name = "qwen3",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .embed_name = "model.embed_tokens.weight",
    .head_name = "lm_head.weight",
    .buffers = ift_decoder_buffers,
    .lora_targets = ift_decoder_lora_targets,
    .linear_suffixes = ift_decoder_linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
