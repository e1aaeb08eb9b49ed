/* qwen.c: Qwen 1 (modeling_qwen.py, published beside the weights): LLaMA under other names,
 * queries, keys and values from one matrix with a bias. Beyond seq_length, and only where nothing
 * is learned, the base of its rope grows in steps and queries are stretched. */
#include "libcore/model/decoder.h"

static int read_rope(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    double base, part;
    int64_t length;
    bool grows, log_n;
    IFT_TRY(ift_json_get_f64(doc, root, "rotary_emb_base", 10000, &base, err));
    IFT_TRY(ift_json_get_f64(doc, root, "rotary_pct", 1, &part, err));
    IFT_TRY(ift_json_get_bool(doc, root, "use_dynamic_ntk", true, &grows, err));
    IFT_TRY(ift_json_get_bool(doc, root, "use_logn_attn", true, &log_n, err));
    IFT_TRY(ift_config_size(doc, root, "seq_length", c->max_positions, &length, err));
    if (part != 1) return IFT_FAIL(err, "\"rotary_pct\" is %g, only 1 is supported", part);
    if (log_n && length < 2) return IFT_FAIL(err, "\"seq_length\" is 1: queries have no logarithm");
    IFT_TRY(ift_config_rope_plain(c, base, c->head_dim, err));
    c->rope.original_max_positions = length;
    c->rope.log_n = log_n;
    return grows ? ift_config_rope_grows(c, IFT_ROPE_STEPS, 1, length, err) : 0;
}

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    bool no_bias;
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size(doc, root, "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size(doc, root, "intermediate_size", 0, &c->intermediate, err));
    IFT_TRY(ift_config_size(doc, root, "num_hidden_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size(doc, root, "num_attention_heads", 0, &c->heads, err));
    IFT_TRY(ift_config_size(doc, root, "kv_channels", 128, &c->head_dim, err));
    IFT_TRY(ift_config_size(doc, root, "max_position_embeddings", 8192, &c->max_positions, err));
    IFT_TRY(ift_json_get_f64(doc, root, "layer_norm_epsilon", 1e-6, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", false, &c->tied, err));
    IFT_TRY(ift_json_get_bool(doc, root, "no_bias", true, &no_bias, err));
    if (c->intermediate % 2)
        return IFT_FAIL(err, "\"intermediate_size\" is %lld, which no two halves make up",
                        (long long)c->intermediate);
    c->intermediate /= 2;
    c->kv_heads = c->heads;
    c->act = IFT_ACT_SILU;
    c->qkv_bias = true;
    c->o_bias = c->mlp_bias = !no_bias;
    IFT_TRY(ift_config_common(doc, root, c, err));
    return read_rope(doc, root, c, err);
}

static const struct ift_decoder parts = {.layers = "transformer.h",
                                         .final_norm = "transformer.ln_f",
                                         .attn_norm = "ln_1",
                                         .mlp_norm = "ln_2",
                                         .attn = "attn",
                                         .mlp = "mlp",
                                         .qkv = "c_attn",
                                         .o = "c_proj",
                                         .gate = "w2",
                                         .up = "w1",
                                         .down = "c_proj"};

static ift_val forward(struct ift_build *b) {
    return ift_decoder_forward(b, &parts);
}

static const struct ift_arch_gguf gguf = {.name = "qwen", .fused = true, .doubled = true};

static const char *const model_types[] = {"qwen", NULL};
static const char *const buffers[] = {".rotary_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"c_attn", "c_proj", "w1", "w2", NULL};
static const char *const linear_suffixes[] = {"c_attn", "c_proj", "w1", "w2", NULL};

extern const struct ift_arch ift_arch_qwen;
const struct ift_arch ift_arch_qwen = {
    .name = "qwen",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .embed_name = "transformer.wte.weight",
    .head_name = "lm_head.weight",
    .residual_suffix = "c_proj.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
