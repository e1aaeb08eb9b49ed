/* decoder.h: the decoder that most families have been since LLaMA. A layer adds to the residual
 * stream what attention makes of its RMS norm, then what a gated MLP makes of its RMS norm; queries
 * and keys are rotated, or the distance of keys counts against them (ALiBi).
 *
 * A family says here what its parts are called, and in its config which of them have biases, how
 * many heads share keys, and how far they look. Names are those between the dots of tensor names:
 * "model.layers.0.self_attn.q_proj.weight" is of layers "model.layers", attn "self_attn", q
 * "q_proj".
 */
#ifndef IFT_DECODER_H
#define IFT_DECODER_H

#include "libcore/model/arch.h"

struct ift_decoder {
    const char *layers, *final_norm; /* "model.layers", "model.norm" */
    const char *attn_norm, *mlp_norm;
    const char *attn, *mlp; /* the sub-blocks of a layer */
    /* Linear modules of attn. qkv: one module makes all three: all queries, all keys, all values;
     * or if qkv_groups, for each head of keys its queries, its key, its value. */
    const char *q, *k, *v, *qkv, *o;
    bool qkv_groups;
    const char *q_norm, *k_norm;  /* RMS norms of each head before it is rotated; NULL: none */
    const char *gate, *up, *down; /* linear modules of mlp: down(act(gate x) up x) */
    /* Of families with a forward of their own, which use this to say what their parts are called
     * (ift_arch.parts). No gate: down(act(up x)), or up is both, gate first, where act says so. */
    const char *embed_norm, *places; /* "transformer.wpe": a table of positions; NULL: none */
    bool in_out;                     /* linear modules are stored as (in, out) */
};

/* What a family that publishes itself under LLaMA's names has in common with it, in its struct
 * ift_arch. */
extern const char *const ift_decoder_buffers[], *const ift_decoder_lora_targets[],
                                                    *const ift_decoder_linear_suffixes[];
extern const struct ift_decoder ift_decoder_usual_parts;
extern const struct ift_arch_gguf ift_decoder_usual_gguf;
ift_val ift_decoder_usual(struct ift_build *b);
#define IFT_ARCH_USUAL                                                                             \
    .parts = &ift_decoder_usual_parts, .gguf = &ift_decoder_usual_gguf, IFT_ARCH_USUAL_BUT_GGUF
#define IFT_ARCH_USUAL_BUT_GGUF                                                                    \
    .forward = ift_decoder_usual, .embed_name = "model.embed_tokens.weight",                       \
    .head_name = "lm_head.weight", .buffers = ift_decoder_buffers,                                 \
    .lora_targets = ift_decoder_lora_targets, .linear_suffixes = ift_decoder_linear_suffixes

/* The names that LLaMA gave, but for q, k and v. */
#define IFT_DECODER_USUAL                                                                          \
    .layers = "model.layers", .final_norm = "model.norm", .attn_norm = "input_layernorm",          \
    .mlp_norm = "post_attention_layernorm", .attn = "self_attn", .mlp = "mlp", .o = "o_proj",      \
    .gate = "gate_proj", .up = "up_proj", .down = "down_proj"

/* Token ids to (N, hidden), normed: the whole forward. */
ift_val ift_decoder_forward(struct ift_build *b, const struct ift_decoder *d);

/* For families with a forward of their own, which has these in common with it. Each makes (N,
 * hidden) of x (N, hidden), the input of the sub-block, and is an attachment point. */

/* The heads of the config, which see what is in front of them; scores are divided by the root of
 * their width. */
struct ift_graph_attn ift_decoder_heads(const struct ift_config *c);
/* What `a` makes of q (N, heads * head_dim), k and v (N, kv_heads * head_dim), through d->o. */
ift_val ift_decoder_attend(struct ift_build *b, const struct ift_decoder *d, int layer, ift_val x,
                           ift_val q, ift_val k, ift_val v, struct ift_graph_attn a, bool bias);
/* An MLP without a gate: down(act(up x)), with biases. */
ift_val ift_decoder_plain_mlp(struct ift_build *b, const struct ift_decoder *d, int layer,
                              ift_val x);

/* Reads the keys as LLaMA spells them, which most of these families do: sizes, norm, activation,
 * tied embeddings, tokens, and the padding row of the embedding. What a config.json leaves out is
 * `def`; there zeros mean heads for kv_heads, and hidden / heads for head_dim. Rope and biases are
 * left to the family. */
struct ift_decoder_defaults {
    int64_t kv_heads, head_dim, max_positions;
    double norm_eps;
};
int ift_decoder_configure(const struct ift_json *doc, int root,
                          const struct ift_decoder_defaults *def, struct ift_config *c,
                          struct ift_err *err) IFT_MUST_CHECK;

#endif
