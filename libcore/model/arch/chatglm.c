/* chatglm.c: ChatGLM-6B, both releases of its vocabulary (THUDM/chatglm-6b:
 * modeling_chatglm.py): a context that is read in both directions, two positions a token, and
 * residuals that are the scaled output of the norms. */
#include <math.h>

#include "libcore/model/decoder.h"

/* sqrt(2 layers) of the published model, also in models with another number of them: the code never
 * hands the number down. */
#define ALPHA ((float)sqrt(2.0 * 28.0))

static bool knows(const struct ift_json *doc, int root) {
    return ift_json_get(doc, root, "inner_hidden_size") >= 0;
}

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    IFT_TRY(ift_config_size(doc, root, "vocab_size", 0, &c->vocab, err));
    IFT_TRY(ift_config_size(doc, root, "hidden_size", 0, &c->hidden, err));
    IFT_TRY(ift_config_size(doc, root, "inner_hidden_size", 0, &c->intermediate, err));
    IFT_TRY(ift_config_size(doc, root, "num_layers", 0, &c->layers, err));
    IFT_TRY(ift_config_size(doc, root, "num_attention_heads", 0, &c->heads, err));
    IFT_TRY(ift_config_size(doc, root, "max_sequence_length", 2048, &c->max_positions, err));
    IFT_TRY(ift_json_get_bool(doc, root, "position_encoding_2d", true, &c->blocks, err));
    if (c->hidden % c->heads || c->hidden / c->heads % (c->blocks ? 4 : 2))
        return IFT_FAIL(err, "%lld channels in %lld heads do not rotate in pairs",
                        (long long)c->hidden, (long long)c->heads);
    c->kv_heads = c->heads;
    c->head_dim = c->hidden / c->heads;
    c->act = IFT_ACT_GELU_TANH;
    IFT_TRY(ift_json_get_f64(doc, root, "layernorm_epsilon", 1e-5, &c->norm_eps, err));
    IFT_TRY(ift_json_get_bool(doc, root, "tie_word_embeddings", true, &c->tied, err));
    IFT_TRY(ift_config_common(doc, root, c, err));
    IFT_TRY(ift_config_refuse(doc, root, "pre_seq_len", err)); /* P-tuning inside the model */
    /* Absent keys mean the first release. */
    IFT_TRY(ift_config_token(doc, root, "bos_token_id", 150004, c, &c->bos, err));
    IFT_TRY(ift_config_token(doc, root, "mask_token_id", 150000, c, &c->mask, err));
    IFT_TRY(ift_config_token(doc, root, "gmask_token_id", 150001, c, &c->gmask, err));
    if (c->neos == 0) {
        IFT_TRY(ift_config_token(doc, root, "eos_token_id", 150005, c, &c->eos[0], err));
        c->neos = 1;
    }
    IFT_TRY(ift_config_rope_plain(c, 10000, c->blocks ? c->head_dim / 2 : c->head_dim, err));
    c->rope.f16_frequencies = true;
    return 0;
}

/* The context ends at the first <sop>, and is written for the first [gMASK], or else [MASK]. */
static int place(const struct ift_config *c, const int32_t *id, int64_t n, struct ift_place *p,
                 struct ift_err *err) {
    int64_t bos = -1, mask = -1, gmask = -1;
    for (int64_t i = n; i-- > 0;) {
        if (id[i] == c->bos) bos = i;
        if (id[i] == c->mask) mask = i;
        if (id[i] == c->gmask) gmask = i;
    }
    if (bos < 0)
        return IFT_FAIL(err, "no token %d (<sop>) ends the context: use this model's prompt",
                        c->bos);
    if (gmask < 0 && mask < 0)
        return IFT_FAIL(err, "no token %d ([gMASK]) or %d ([MASK]): use this model's prompt",
                        c->gmask, c->mask);
    p->prefix = bos;
    p->held = gmask >= 0 ? gmask : mask;
    p->turn = c->blocks || gmask < 0 ? bos : IFT_NO_TURN;
    return 0;
}

/* (N, hidden): the first half of each head by the position, the second by that in the block. */
static ift_val rotate(struct ift_build *b, ift_val x) {
    const struct ift_config *const c = b->config;
    if (!c->blocks) return ift_build_rope(b, x, c->heads, false);
    const ift_val table = ift_build_rope_table(b);
    const int heads = (int)c->heads, head = (int)c->head_dim, half = head / 2;
    x = ift_graph_rope(b->g, x, b->positions, table, heads, head, 0, half, false);
    return ift_graph_rope(b->g, x, ift_build_blocks(b), table, heads, head, half, half, false);
}

static const struct ift_decoder parts = {.layers = "transformer.layers",
                                         .attn = "attention",
                                         .mlp = "mlp",
                                         .o = "dense",
                                         .up = "dense_h_to_4h",
                                         .down = "dense_4h_to_h"};

/* x (N, hidden) -> (N, hidden) */
static ift_val attention(struct ift_build *b, int layer, ift_val x) {
    const struct ift_config *const c = b->config;
    const int head = (int)c->head_dim;
    const struct ift_graph_split per_head = {(int)c->heads, head, head, head, false};
    ift_val q, k, v; // (N, hidden)
    ift_build_qkv(b, x, c->hidden, per_head, true, &q, &k, &v,
                  "transformer.layers.%d.attention.query_key_value", layer);
    q = rotate(b, q);
    k = rotate(b, k);
    return ift_decoder_attend(b, &parts, layer, x, q, k, v, ift_decoder_heads(c), true);
}

static ift_val forward(struct ift_build *b) {
    ift_val x = ift_build_embed(b); // (N, hidden)
    for (int layer = 0; layer < b->config->layers; layer++) {
        ift_graph_checkpoint(b->g, x);
        const ift_val h =
            ift_build_layer_norm(b, x, "transformer.layers.%d.input_layernorm", layer);
        x = ift_graph_axpby(b->g, ALPHA, h, 1, attention(b, layer, h));
        const ift_val i =
            ift_build_layer_norm(b, x, "transformer.layers.%d.post_attention_layernorm", layer);
        x = ift_graph_axpby(b->g, ALPHA, i, 1, ift_decoder_plain_mlp(b, &parts, layer, i));
    }
    return ift_build_layer_norm(b, x, "transformer.final_layernorm");
}

static const char *const model_types[] = {"chatglm", NULL};
static const char *const buffers[] = {".rotary_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"query_key_value", NULL};
static const char *const linear_suffixes[] = {"query_key_value", "dense", "dense_h_to_4h",
                                              "dense_4h_to_h", NULL};

extern const struct ift_arch ift_arch_chatglm;
const struct ift_arch ift_arch_chatglm = {
    .name = "chatglm",
    .model_types = model_types,
    .knows = knows,
    .configure = configure,
    .forward = forward,
    .place = place,
    .prefix = "transformer.",
    .embed_name = "transformer.word_embeddings.weight",
    .head_name = "lm_head.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
};
