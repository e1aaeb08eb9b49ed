#include "libcore/model/decoder.h"

#include <math.h>

/* The linear module `name` of a sub-block of the layer. */
static ift_val linear(struct ift_build *b, const struct ift_decoder *d, int layer,
                      const char *block, const char *name, ift_val x, int64_t in, int64_t out,
                      bool bias) {
    static const char path[] = "%s.%d.%s.%s";
    return d->in_out ? ift_build_conv1d(b, x, in, out, path, d->layers, layer, block, name)
                     : ift_build_linear(b, x, in, out, bias, path, d->layers, layer, block, name);
}

/* x (N, hidden) -> q (N, heads * head_dim), k and v (N, kv_heads * head_dim) */
static void project(struct ift_build *b, const struct ift_decoder *d, int layer, ift_val x,
                    ift_val *q, ift_val *k, ift_val *v) {
    const struct ift_config *const c = b->config;
    const int64_t wide = c->heads * c->head_dim, narrow = c->kv_heads * c->head_dim;
    if (d->qkv) {
        const int64_t groups = d->qkv_groups ? c->kv_heads : 1;
        const struct ift_graph_split s = {.groups = (int)groups,
                                          .q = (int)(wide / groups),
                                          .k = (int)(narrow / groups),
                                          .v = (int)(narrow / groups)};
        ift_build_qkv(b, x, c->hidden, s, c->qkv_bias, q, k, v, "%s.%d.%s.%s", d->layers, layer,
                      d->attn, d->qkv);
        return;
    }
    *q = linear(b, d, layer, d->attn, d->q, x, c->hidden, wide, c->qkv_bias);
    *k = linear(b, d, layer, d->attn, d->k, x, c->hidden, narrow, c->qkv_bias);
    *v = linear(b, d, layer, d->attn, d->v, x, c->hidden, narrow, c->qkv_bias);
}

/* Each head of x (N, heads * head_dim) by itself, all with one weight. */
static ift_val norm_heads(struct ift_build *b, const struct ift_decoder *d, int layer,
                          const char *name, ift_val x) {
    const struct ift_config *const c = b->config;
    const ift_val w =
        ift_build_vector(b, c->head_dim, "%s.%d.%s.%s.weight", d->layers, layer, d->attn, name);
    return ift_graph_norm(b->g, x, w, (float)c->norm_eps);
}

struct ift_graph_attn ift_decoder_heads(const struct ift_config *c) {
    return (struct ift_graph_attn){.heads = (int)c->heads,
                                   .kv_heads = (int)c->kv_heads,
                                   .head_dim = (int)c->head_dim,
                                   .scale = (float)(1.0 / sqrt((double)c->head_dim)),
                                   .causal = true};
}

ift_val ift_decoder_attend(struct ift_build *b, const struct ift_decoder *d, int layer, ift_val x,
                           ift_val q, ift_val k, ift_val v, struct ift_graph_attn a, bool bias) {
    const struct ift_config *const c = b->config;
    const ift_val o = ift_build_attn(b, layer, q, k, v, a); // (N, heads * head_dim)
    const ift_val y =
        linear(b, d, layer, d->attn, d->o, o, c->heads * c->head_dim, c->hidden, bias);
    return ift_build_block(b, x, y, "%s.%d.%s", d->layers, layer, d->attn);
}

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, const struct ift_decoder *d, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    ift_val q, k, v;
    project(b, d, layer, x, &q, &k, &v);
    if (d->q_norm) q = norm_heads(b, d, layer, d->q_norm, q);
    if (d->k_norm) k = norm_heads(b, d, layer, d->k_norm, k);
    if (!c->alibi) {
        q = ift_build_rope_query(b, q, c->heads, false);
        k = ift_build_rope(b, k, c->kv_heads, false);
    }
    struct ift_graph_attn a = ift_decoder_heads(c);
    a.window = layer >= c->window_first ? (int)c->window : 0;
    a.slopes = c->alibi ? ift_build_slopes(b) : 0;
    return ift_decoder_attend(b, d, layer, x, q, k, v, a, c->o_bias);
}

/* h (N, intermediate), what the MLP makes of x inside -> (N, hidden) */
static ift_val down(struct ift_build *b, const struct ift_decoder *d, int layer, ift_val x,
                    ift_val h, bool bias) {
    const struct ift_config *const c = b->config;
    const ift_val y = linear(b, d, layer, d->mlp, d->down, h, c->intermediate, c->hidden, bias);
    return ift_build_block(b, x, y, "%s.%d.%s", d->layers, layer, d->mlp);
}

ift_val ift_decoder_plain_mlp(struct ift_build *b, const struct ift_decoder *d, int layer,
                              ift_val x) {
    const struct ift_config *const c = b->config;
    const ift_val up = linear(b, d, layer, d->mlp, d->up, x, c->hidden, c->intermediate, true);
    return down(b, d, layer, x, ift_graph_act(b->g, up, c->act), true);
}

/* x (N, hidden) -> (N, hidden) */
static ift_val mlp(struct ift_build *b, const struct ift_decoder *d, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const ift_val gate =
        linear(b, d, layer, d->mlp, d->gate, x, c->hidden, c->intermediate, c->mlp_bias);
    const ift_val up =
        linear(b, d, layer, d->mlp, d->up, x, c->hidden, c->intermediate, c->mlp_bias);
    return down(b, d, layer, x, ift_graph_glu(b->g, gate, up, c->act), c->mlp_bias);
}

/* The residual stream x is summed up inside the norms: each takes what the sub-block before it
 * gave. */
ift_val ift_decoder_forward(struct ift_build *b, const struct ift_decoder *d) {
    ift_val x = ift_build_embed(b), add = 0; // (N, hidden)
    for (int layer = 0; layer < b->config->layers; layer++) {
        ift_val h = ift_build_add_norm(b, &x, add, "%s.%d.%s", d->layers, layer, d->attn_norm);
        ift_graph_checkpoint(b->g, x);
        add = attention(b, d, layer, h);
        h = ift_build_add_norm(b, &x, add, "%s.%d.%s", d->layers, layer, d->mlp_norm);
        add = mlp(b, d, layer, h);
    }
    return ift_build_add_norm(b, &x, add, "%s", d->final_norm);
}

const char *const ift_decoder_buffers[] = {".rotary_emb.inv_freq", NULL};
const char *const ift_decoder_lora_targets[] = {"q_proj", "v_proj", NULL};
const char *const ift_decoder_linear_suffixes[] = {"q_proj",    "k_proj",  "v_proj",    "o_proj",
                                                   "gate_proj", "up_proj", "down_proj", NULL};

const struct ift_decoder ift_decoder_usual_parts = {IFT_DECODER_USUAL, .q = "q_proj", .k = "k_proj",
                                                    .v = "v_proj"};

const struct ift_arch_gguf ift_decoder_usual_gguf = {.name = "llama",
                                                     .biases = true,
                                                     .pairs = true,
                                                     .any_head_dim = true};

ift_val ift_decoder_usual(struct ift_build *b) {
    return ift_decoder_forward(b, &ift_decoder_usual_parts);
}

int ift_decoder_configure(const struct ift_json *doc, int root,
                          const struct ift_decoder_defaults *def, struct ift_config *c,
                          struct ift_err *err) {
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size(doc, root, "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size(doc, root, "intermediate_size", 0, &c->intermediate, err));
    IFT_TRY(ift_config_size(doc, root, "num_hidden_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size(doc, root, "num_attention_heads", 0, &c->heads, err));
    const bool absent = ift_json_get(doc, root, "num_key_value_heads") < 0;
    IFT_TRY(ift_config_size(doc, root, "num_key_value_heads",
                            absent && def->kv_heads ? def->kv_heads : c->heads, &c->kv_heads, err));
    if (c->heads % c->kv_heads)
        return IFT_FAIL(err, "%lld heads cannot share %lld key and value heads",
                        (long long)c->heads, (long long)c->kv_heads);
    IFT_TRY(ift_config_size(doc, root, "head_dim",
                            def->head_dim ? def->head_dim : c->hidden / c->heads, &c->head_dim,
                            err));
    IFT_TRY(ift_config_size(doc, root, "max_position_embeddings", def->max_positions,
                            &c->max_positions, err));
    IFT_TRY(ift_json_get_f64(doc, root, "rms_norm_eps", def->norm_eps, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", false, &c->tied, err));
    IFT_TRY(ift_config_act(doc, root, "hidden_act", "silu", &c->act, err));
    IFT_TRY(ift_config_common(doc, root, c, err));
    return ift_config_embed_pad(doc, root, c, err);
}
