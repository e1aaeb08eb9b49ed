/* internlm2.c: InternLM 2 (modeling_internlm2.py, published beside the weights): LLaMA under other
 * names, queries, keys and values from one matrix. */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.max_positions = 2048, .norm_eps = 1e-6};
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    IFT_TRY(ift_json_get_bool(doc, root, "bias", true, &c->qkv_bias, err));
    c->o_bias = c->qkv_bias;
    return ift_config_rope(doc, root, c, err);
}

static const struct ift_decoder parts = {.layers = "model.layers",
                                         .final_norm = "model.norm",
                                         .attn_norm = "attention_norm",
                                         .mlp_norm = "ffn_norm",
                                         .attn = "attention",
                                         .mlp = "feed_forward",
                                         .qkv = "wqkv",
                                         .qkv_groups = true,
                                         .o = "wo",
                                         .gate = "w1",
                                         .up = "w3",
                                         .down = "w2"};

static ift_val forward(struct ift_build *b) {
    return ift_decoder_forward(b, &parts);
}

static const struct ift_arch_gguf gguf = {.name = "internlm2", .pairs = true};

static const char *const model_types[] = {"internlm2", NULL};
static const char *const buffers[] = {".rotary_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"wqkv", NULL};
static const char *const linear_suffixes[] = {"wqkv", "wo", "w1", "w3", "w2", NULL};

extern const struct ift_arch ift_arch_internlm2;
const struct ift_arch ift_arch_internlm2 = {
    .name = "internlm2",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .embed_name = "model.tok_embeddings.weight",
    .head_name = "output.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
