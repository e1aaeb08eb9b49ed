/* moss.c: MOSS, a CodeGen: attention and MLP read the same norm and are summed, q, v and k are
 * stored in four slices, and the output projection has a bias (fnlp/moss-moon-003-base:
 * modeling_moss.py). */
#include "libcore/model/decoder.h"

enum { SLICES = 4 }; /* of the processors it was first trained on */

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_embd", "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_layer", "num_hidden_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_head", "num_attention_heads", 0, &c->heads, err));
    IFT_TRY(ift_config_size_of(doc, root, "n_positions", "max_position_embeddings", 2048,
                               &c->max_positions, err));
    IFT_TRY(ift_config_size(doc, root, "n_inner", 4 * c->hidden, &c->intermediate, err));
    if (c->hidden % c->heads || c->heads % SLICES)
        return IFT_FAIL(err, "%lld channels in %lld heads do not divide into %d slices",
                        (long long)c->hidden, (long long)c->heads, SLICES);
    c->kv_heads = c->heads;
    c->head_dim = c->hidden / c->heads;
    IFT_TRY(ift_config_act(doc, root, "activation_function", "gelu_new", &c->act, err));
    IFT_TRY(ift_json_get_f64(doc, root, "layer_norm_epsilon", 1e-5, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", false, &c->tied, err));
    IFT_TRY(ift_config_common(doc, root, c, err));
    int64_t turning;
    IFT_TRY(ift_config_size(doc, root, "rotary_dim", c->head_dim, &turning, err));
    if (turning > c->head_dim)
        return IFT_FAIL(err, "\"rotary_dim\" is %lld of heads of %lld channels", (long long)turning,
                        (long long)c->head_dim);
    return ift_config_rope_plain(c, 10000, turning, err);
}

static const struct ift_decoder parts = {.layers = "transformer.h",
                                         .attn = "attn",
                                         .mlp = "mlp",
                                         .o = "out_proj",
                                         .up = "fc_in",
                                         .down = "fc_out"};

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int slice = (int)(c->hidden / SLICES);
    const struct ift_graph_split split = {SLICES, slice, slice, slice, true};
    ift_val q, k, v; // (N, hidden)
    ift_build_qkv(b, x, c->hidden, split, false, &q, &k, &v, "transformer.h.%d.attn.qkv_proj",
                  layer);
    q = ift_build_rope(b, q, c->heads, true);
    k = ift_build_rope(b, k, c->heads, true);
    return ift_decoder_attend(b, &parts, layer, x, q, k, v, ift_decoder_heads(c), false);
}

static ift_val forward(struct ift_build *b) {
    ift_val x = ift_build_embed(b), add = 0; // (N, hidden)
    for (int layer = 0; layer < b->config->layers; layer++) {
        const ift_val h = ift_build_add_layer_norm(b, &x, add, "transformer.h.%d.ln_1", layer);
        ift_graph_checkpoint(b->g, x);
        const ift_val a = attention(b, layer, h), m = ift_decoder_plain_mlp(b, &parts, layer, h);
        add = ift_graph_axpby(b->g, 1, a, 1, m);
    }
    return ift_build_add_layer_norm(b, &x, add, "transformer.ln_f");
}

static const char *const model_types[] = {"moss", NULL};
static const char *const buffers[] = {".attn.causal_mask", NULL};
static const char *const lora_targets[] = {"qkv_proj", NULL};
static const char *const linear_suffixes[] = {"qkv_proj", "out_proj", "fc_in", "fc_out", NULL};

extern const struct ift_arch ift_arch_moss;
const struct ift_arch ift_arch_moss = {
    .name = "moss",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .prefix = "transformer.",
    .embed_name = "transformer.wte.weight",
    .head_name = "lm_head.weight",
    .head_bias_name = "lm_head.bias",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
};
