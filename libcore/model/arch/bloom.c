/* bloom.c: BLOOM and BLOOMZ: ALiBi in place of positions, biases everywhere, a norm on the
 * embedding (transformers: models/bloom/modeling_bloom.py). */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_embed", "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_layer", "num_hidden_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_head", "num_attention_heads", 0, &c->heads, err));
    c->max_positions = INT32_MAX;
    if (c->hidden % c->heads)
        return IFT_FAIL(err, "%lld channels do not divide into %lld heads", (long long)c->hidden,
                        (long long)c->heads);
    c->kv_heads = c->heads;
    c->head_dim = c->hidden / c->heads;
    c->intermediate = 4 * c->hidden;
    c->act = IFT_ACT_GELU_TANH;
    IFT_TRY(ift_json_get_f64(doc, root, "layer_norm_epsilon", 1e-5, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "apply_residual_connection_post_layernorm", false,
                              &c->residual_normed, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", true, &c->tied, err));
    return ift_config_common(doc, root, c, err);
}

static const struct ift_decoder parts = {.layers = "transformer.h",
                                         .final_norm = "transformer.ln_f",
                                         .attn_norm = "input_layernorm",
                                         .mlp_norm = "post_attention_layernorm",
                                         .attn = "self_attention",
                                         .mlp = "mlp",
                                         .qkv = "query_key_value",
                                         .qkv_groups = true,
                                         .o = "dense",
                                         .up = "dense_h_to_4h",
                                         .down = "dense_4h_to_h",
                                         .embed_norm = "transformer.word_embeddings_layernorm"};

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int head = (int)c->head_dim;
    const struct ift_graph_split per_head = {(int)c->heads, head, head, head, false};
    ift_val q, k, v; // (N, hidden)
    ift_build_qkv(b, x, c->hidden, per_head, true, &q, &k, &v,
                  "transformer.h.%d.self_attention.query_key_value", layer);
    struct ift_graph_attn a = ift_decoder_heads(c);
    a.slopes = ift_build_slopes(b);
    return ift_decoder_attend(b, &parts, layer, x, q, k, v, a, true);
}

/* The residual stream x is summed up inside the norms: each takes what the sub-block before it
 * gave.
 */
static ift_val forward(struct ift_build *b) {
    const bool normed = b->config->residual_normed;
    ift_val x = ift_build_layer_norm(b, ift_build_embed(b),
                                     "transformer.word_embeddings_layernorm"); // (N, hidden)
    ift_val add = 0;
    for (int layer = 0; layer < b->config->layers; layer++) {
        ift_val h = ift_build_add_layer_norm(b, &x, add, "transformer.h.%d.input_layernorm", layer);
        ift_graph_checkpoint(b->g, x);
        if (normed) x = h;
        add = attention(b, layer, h);
        h = ift_build_add_layer_norm(b, &x, add, "transformer.h.%d.post_attention_layernorm",
                                     layer);
        if (normed) x = h;
        add = ift_decoder_plain_mlp(b, &parts, layer, h);
    }
    return ift_build_add_layer_norm(b, &x, add, "transformer.ln_f");
}

static const struct ift_arch_gguf gguf = {.name = "bloom", .fused = true};
static const char *const model_types[] = {"bloom", NULL};
static const char *const buffers[] = {NULL};
static const char *const lora_targets[] = {"query_key_value", NULL};
static const char *const linear_suffixes[] = {"query_key_value", "dense", "dense_h_to_4h",
                                              "dense_4h_to_h", NULL};

extern const struct ift_arch ift_arch_bloom;
const struct ift_arch ift_arch_bloom = {
    .name = "bloom",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .prefix = "transformer.",
    .embed_name = "transformer.word_embeddings.weight",
    .head_name = "lm_head.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
