/* chatglm2.c: ChatGLM2-6B, ChatGLM3-6B and CodeGeeX2-6B (THUDM/chatglm2-6b: modeling_chatglm.py):
 * few key heads, half of each head rotated, a gated MLP in one matrix. Every switch of its
 * configuration counts. */
#include "libcore/model/decoder.h"

static bool knows(const struct ift_json *doc, int root) {
    return ift_json_get(doc, root, "ffn_hidden_size") >= 0;
}

static int read_switches(const struct ift_json *doc, int root, struct ift_config *c,
                         struct ift_err *err) {
    bool groups, rms, last, qkv_bias;
    IFT_TRY(ift_json_get_bool(doc, root, "multi_query_attention", false, &groups, err));
    IFT_TRY(ift_json_get_bool(doc, root, "rmsnorm", true, &rms, err));
    IFT_TRY(ift_json_get_bool(doc, root, "post_layer_norm", true, &last, err));
    IFT_TRY(ift_json_get_bool(doc, root, "add_qkv_bias", false, &qkv_bias, err));
    IFT_TRY(ift_json_get_bool(doc, root, "add_bias_linear", false, &c->mlp_bias, err));
    IFT_TRY(ift_json_get_bool(doc, root, "apply_residual_connection_post_layernorm", false,
                              &c->residual_normed, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", false, &c->tied, err));
    c->qkv_per_head = !groups;
    c->centred = !rms;
    c->no_final_norm = !last;
    c->qkv_bias = qkv_bias || c->mlp_bias;
    c->o_bias = c->mlp_bias;
    c->kv_heads = c->heads;
    if (groups) IFT_TRY(ift_config_size(doc, root, "multi_query_group_num", 1, &c->kv_heads, err));
    if (c->heads % c->kv_heads)
        return IFT_FAIL(err, "%lld heads cannot share %lld key and value heads",
                        (long long)c->heads, (long long)c->kv_heads);
    return 0;
}

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    IFT_TRY(ift_config_size_of(doc, root, "padded_vocab_size", "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size(doc, root, "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size(doc, root, "ffn_hidden_size", 0, &c->intermediate, err));
    IFT_TRY(ift_config_size(doc, root, "num_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size(doc, root, "num_attention_heads", 0, &c->heads, err));
    IFT_TRY(ift_config_size(doc, root, "kv_channels", 128, &c->head_dim, err));
    IFT_TRY(ift_config_size(doc, root, "seq_length", 2048, &c->max_positions, err));
    if (c->head_dim % 4)
        return IFT_FAIL(err, "half of %lld channels does not rotate in pairs",
                        (long long)c->head_dim);
    c->act = IFT_ACT_SILU;
    IFT_TRY(read_switches(doc, root, c, err));
    IFT_TRY(ift_json_get_f64(doc, root, "layernorm_epsilon", 1e-5, &c->norm_eps, err));
    IFT_TRY(ift_config_common(doc, root, c, err));
    IFT_TRY(ift_config_refuse(doc, root, "pre_seq_len", err)); /* P-tuning inside the model */
    return ift_config_rope_plain(c, 10000, c->head_dim / 2, err);
}

/* Of *x + add, which *x becomes, or its norm where the residual is that. */
static ift_val norm(struct ift_build *b, ift_val *x, ift_val add, int layer, const char *which) {
    static const char name[] = "transformer.encoder.layers.%d.%s";
    const ift_val h = b->config->centred ? ift_build_add_layer_norm(b, x, add, name, layer, which)
                                         : ift_build_add_norm(b, x, add, name, layer, which);
    if (b->config->residual_normed) *x = h;
    return h;
}

static ift_val final_norm(struct ift_build *b, ift_val x, ift_val add) {
    static const char name[] = "transformer.encoder.final_layernorm";
    if (b->config->no_final_norm) return ift_graph_axpby(b->g, 1, x, 1, add);
    return b->config->centred ? ift_build_add_layer_norm(b, &x, add, name)
                              : ift_build_add_norm(b, &x, add, name);
}

static const struct ift_decoder parts = {.layers = "transformer.encoder.layers",
                                         .final_norm = "transformer.encoder.final_layernorm",
                                         .attn_norm = "input_layernorm",
                                         .mlp_norm = "post_attention_layernorm",
                                         .attn = "self_attention",
                                         .mlp = "mlp",
                                         .qkv = "query_key_value",
                                         .o = "dense",
                                         .up = "dense_h_to_4h",
                                         .down = "dense_4h_to_h"};

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int head = (int)c->head_dim;
    const int wide = (int)c->heads * head, narrow = (int)c->kv_heads * head;
    const struct ift_graph_split per_head = {(int)c->heads, head, head, head, false},
                                 in_turn = {1, wide, narrow, narrow, false};
    ift_val q, k, v; // (N, wide), (N, narrow), (N, narrow)
    ift_build_qkv(b, x, c->hidden, c->qkv_per_head ? per_head : in_turn, c->qkv_bias, &q, &k, &v,
                  "transformer.encoder.layers.%d.self_attention.query_key_value", layer);
    q = ift_build_rope(b, q, c->heads, true);
    k = ift_build_rope(b, k, c->kv_heads, true);
    return ift_decoder_attend(b, &parts, layer, x, q, k, v, ift_decoder_heads(c), c->o_bias);
}

/* x (N, hidden) -> (N, hidden) */
static ift_val mlp(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int inner = (int)c->intermediate;
    const ift_val both = ift_build_linear(b, x, c->hidden, 2 * c->intermediate, c->mlp_bias,
                                          "transformer.encoder.layers.%d.mlp.dense_h_to_4h", layer);
    ift_val gate, up, none; // (N, intermediate)
    ift_graph_split(b->g, both, (struct ift_graph_split){1, inner, inner, 0, false}, &gate, &up,
                    &none);
    const ift_val h = ift_graph_glu(b->g, gate, up, c->act);
    const ift_val y = ift_build_linear(b, h, c->intermediate, c->hidden, c->mlp_bias,
                                       "transformer.encoder.layers.%d.mlp.dense_4h_to_h", layer);
    return ift_build_block(b, x, y, "transformer.encoder.layers.%d.mlp", layer);
}

static ift_val forward(struct ift_build *b) {
    ift_val x = ift_build_embed(b), add = 0; // (N, hidden)
    for (int layer = 0; layer < b->config->layers; layer++) {
        const ift_val h = norm(b, &x, add, layer, "input_layernorm");
        ift_graph_checkpoint(b->g, x);
        add = attention(b, layer, h);
        add = mlp(b, layer, norm(b, &x, add, layer, "post_attention_layernorm"));
    }
    return final_norm(b, x, add);
}

static const struct ift_arch_gguf gguf = {.name = "chatglm", .fused = true};
static const char *const model_types[] = {"chatglm", NULL};
static const char *const buffers[] = {".rotary_pos_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"query_key_value", NULL};
static const char *const linear_suffixes[] = {"query_key_value", "dense", "dense_h_to_4h",
                                              "dense_4h_to_h", NULL};

extern const struct ift_arch ift_arch_chatglm2;
const struct ift_arch ift_arch_chatglm2 = {
    .name = "chatglm2",
    .model_types = model_types,
    .knows = knows,
    .configure = configure,
    .forward = forward,
    .prefix = "transformer.",
    .embed_name = "transformer.embedding.word_embeddings.weight",
    .head_name = "transformer.output_layer.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
