/* llama.c: LLaMA 1, 2, 3 and what publishes itself as them (transformers:
 * models/llama/modeling_llama.py). */
#include <math.h>

#include "libcore/model/arch.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size(doc, root, "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size(doc, root, "intermediate_size", 0, &c->intermediate, err));
    IFT_TRY(ift_config_size(doc, root, "num_hidden_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size(doc, root, "num_attention_heads", 0, &c->heads, err));
    IFT_TRY(ift_config_size(doc, root, "num_key_value_heads", c->heads, &c->kv_heads, err));
    if (c->heads % c->kv_heads)
        return IFT_FAIL(err, "%lld heads cannot share %lld key and value heads",
                        (long long)c->heads, (long long)c->kv_heads);
    IFT_TRY(ift_config_size(doc, root, "head_dim", c->hidden / c->heads, &c->head_dim, err));
    IFT_TRY(ift_config_size(doc, root, "max_position_embeddings", 2048, &c->max_positions, err));
    IFT_TRY(ift_json_get_f64(doc, root, "rms_norm_eps", 1e-6, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "attention_bias", false, &c->attention_bias, err));
    IFT_TRY(ift_json_get_bool(doc, root, "mlp_bias", false, &c->mlp_bias, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", false, &c->tied, err));
    IFT_TRY(ift_config_act(doc, root, "hidden_act", "silu", &c->act, err));
    IFT_TRY(ift_config_common(doc, root, c, err));
    IFT_TRY(ift_config_embed_pad(doc, root, c, err));
    return ift_config_rope(doc, root, c, err);
}

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int64_t wide = c->heads * c->head_dim, narrow = c->kv_heads * c->head_dim;
    ift_val q = ift_build_linear(b, x, c->hidden, wide, c->attention_bias,
                                 "model.layers.%d.self_attn.q_proj", layer);
    ift_val k = ift_build_linear(b, x, c->hidden, narrow, c->attention_bias,
                                 "model.layers.%d.self_attn.k_proj", layer);
    const ift_val v = ift_build_linear(b, x, c->hidden, narrow, c->attention_bias,
                                       "model.layers.%d.self_attn.v_proj", layer);
    q = ift_build_rope(b, q, c->heads, false);
    k = ift_build_rope(b, k, c->kv_heads, false);
    const struct ift_graph_attn attn = {
        .heads = (int)c->heads,
        .kv_heads = (int)c->kv_heads,
        .head_dim = (int)c->head_dim,
        .scale = (float)(1.0 / sqrt((double)c->head_dim)),
        .causal = true,
    };
    const ift_val o = ift_build_attn(b, layer, q, k, v, attn); // (N, heads * head_dim)
    const ift_val y = ift_build_linear(b, o, wide, c->hidden, c->attention_bias,
                                       "model.layers.%d.self_attn.o_proj", layer);
    return ift_build_block(b, x, y, "model.layers.%d.self_attn", layer);
}

/* x (N, hidden) -> (N, hidden) */
static ift_val mlp(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const ift_val gate = ift_build_linear(b, x, c->hidden, c->intermediate, c->mlp_bias,
                                          "model.layers.%d.mlp.gate_proj", layer);
    const ift_val up = ift_build_linear(b, x, c->hidden, c->intermediate, c->mlp_bias,
                                        "model.layers.%d.mlp.up_proj", layer);
    const ift_val h = ift_graph_glu(b->g, gate, up, c->act); // (N, intermediate)
    const ift_val y = ift_build_linear(b, h, c->intermediate, c->hidden, c->mlp_bias,
                                       "model.layers.%d.mlp.down_proj", layer);
    return ift_build_block(b, x, y, "model.layers.%d.mlp", layer);
}

/* The residual stream x is summed up inside the norms: each takes what the sub-block before it
 * gave. */
static ift_val forward(struct ift_build *b) {
    const struct ift_config *const c = b->config;
    const float eps = (float)c->norm_eps;
    ift_val x = ift_build_embed(b), add = 0; // (N, hidden)
    for (int layer = 0; layer < c->layers; layer++) {
        const ift_val before = ift_build_vector(b, c->hidden,
                                                "model.layers.%d.input_layernorm.weight", layer);
        const ift_val h = add ? ift_graph_add_norm(b->g, x, add, before, eps, &x)
                              : ift_graph_norm(b->g, x, before, eps);
        add = attention(b, layer, h);
        const ift_val after = ift_build_vector(
            b, c->hidden, "model.layers.%d.post_attention_layernorm.weight", layer);
        add = mlp(b, layer, ift_graph_add_norm(b->g, x, add, after, eps, &x));
    }
    const ift_val last = ift_build_vector(b, c->hidden, "model.norm.weight");
    return ift_graph_add_norm(b->g, x, add, last, eps, &x);
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
