/* gpt2.c: GPT-2: learned positions, and linear modules stored as (in, out) (transformers:
 * models/gpt2/modeling_gpt2.py). */
#include <math.h>

#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    bool scaled;
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_embd", "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_layer", "num_hidden_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_head", "num_attention_heads", 0, &c->heads, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_positions", "max_position_embeddings", 1024,
                               &c->max_positions, err));
    IFT_TRY(ift_config_size(doc, root, "n_inner", 4 * c->hidden, &c->intermediate, err));
    if (c->hidden % c->heads)
        return IFT_FAIL(err, "%lld channels do not divide into %lld heads", (long long)c->hidden,
                        (long long)c->heads);
    c->kv_heads = c->heads;
    c->head_dim = c->hidden / c->heads;
    IFT_TRY(ift_config_act(doc, root, "activation_function", "gelu_new", &c->act, err));
    IFT_TRY(ift_json_get_f64(doc, root, "layer_norm_epsilon", 1e-5, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "scale_attn_weights", true, &scaled, err));
    c->scores_unscaled = !scaled;
    IFT_TRY(ift_json_get_bool(doc, root, "scale_attn_by_inverse_layer_idx", false,
                              &c->scores_by_layer, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", true, &c->tied, err));
    IFT_TRY(ift_config_refuse(doc, root, "add_cross_attention", err));
    return ift_config_common(doc, root, c, err);
}

static const struct ift_decoder parts = {.layers = "transformer.h",
                                         .final_norm = "transformer.ln_f",
                                         .attn_norm = "ln_1",
                                         .mlp_norm = "ln_2",
                                         .attn = "attn",
                                         .mlp = "mlp",
                                         .qkv = "c_attn",
                                         .o = "c_proj",
                                         .up = "c_fc",
                                         .down = "c_proj",
                                         .places = "transformer.wpe",
                                         .in_out = true};

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int wide = (int)c->hidden;
    const ift_val z =
        ift_build_conv1d(b, x, c->hidden, 3 * c->hidden, "transformer.h.%d.attn.c_attn", layer);
    ift_val q, k, v; // (N, hidden)
    ift_graph_split(b->g, z, (struct ift_graph_split){1, wide, wide, wide, false}, &q, &k, &v);
    double scale = c->scores_unscaled ? 1 : 1 / sqrt((double)c->head_dim);
    if (c->scores_by_layer) scale /= layer + 1;
    struct ift_graph_attn a = ift_decoder_heads(c);
    a.scale = (float)scale;
    return ift_decoder_attend(b, &parts, layer, x, q, k, v, a, true);
}

/* The residual stream x is summed up inside the norms: each takes what was last to be added, at
 * first the positions. */
static ift_val forward(struct ift_build *b) {
    const struct ift_config *const c = b->config;
    const ift_val places = ift_build_param(b, 2, (const int64_t[]){c->max_positions, c->hidden},
                                           "transformer.wpe.weight");
    ift_val x = ift_build_embed(b), add = ift_graph_embed(b->g, places, b->positions, -1);
    for (int layer = 0; layer < c->layers; layer++) {
        ift_val h = ift_build_add_layer_norm(b, &x, add, "transformer.h.%d.ln_1", layer);
        ift_graph_checkpoint(b->g, x);
        add = attention(b, layer, h);
        h = ift_build_add_layer_norm(b, &x, add, "transformer.h.%d.ln_2", layer);
        add = ift_decoder_plain_mlp(b, &parts, layer, h);
    }
    return ift_build_add_layer_norm(b, &x, add, "transformer.ln_f");
}

static const struct ift_arch_gguf gguf = {.name = "gpt2", .fused = true};
static const char *const model_types[] = {"gpt2", NULL};
static const char *const buffers[] = {".attn.bias", ".attn.masked_bias", NULL};
static const char *const lora_targets[] = {"c_attn", NULL};
static const char *const linear_suffixes[] = {"c_attn", "c_proj", "c_fc", NULL};

extern const struct ift_arch ift_arch_gpt2;
const struct ift_arch ift_arch_gpt2 = {
    .name = "gpt2",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .prefix = "transformer.",
    .embed_name = "transformer.wte.weight",
    .head_name = "lm_head.weight",
    .residual_suffix = ".c_proj.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
