/* arch.h: what an architecture is: one file arch/<family>.c that exports one `const struct
 * ift_arch` and one row in arch.c. It reads its config keys and describes its forward in ops;
 * memory, backward, tuning methods, caches and files are none of its business.
 *
 * Adding a family: arch/<family>.c, its row in the table of arch.c, a golden case. One whose layers
 * are LLaMA's under other names is a table of names: decoder.h. Code outside arch/ never names a
 * family. What tensors a model has is not written down a second time: the description declares
 * them, and ift_model_open compares it with the files, ift-init fills it with random numbers.
 *
 * The forward is written once and serves training (segments of fresh keys), scoring and generation
 * (keys in a cache): ift_build_attn hides which.
 */
#ifndef IFT_ARCH_H
#define IFT_ARCH_H

#include "libcore/graph/graph.h"
#include "libcore/model/config.h"
#include "libcore/model/place.h"

struct ift_build;
struct ift_decoder;

/* How GGUF, llama.cpp's format, says a family: for libcore/export. */
struct ift_arch_gguf {
    const char *name;     /* general.architecture */
    const char *alibi;    /* the same where ift_config.alibi; NULL: cannot be said */
    int64_t alibi_layers; /* which is so of models of this depth alone */
    bool pairs;           /* channels that rotate together are neighbours there, here half a head
                             apart */
    bool fused;           /* queries, keys and values stay one matrix */
    bool biases;          /* linear modules other than queries, keys and values may have them */
    bool any_head_dim;    /* heads need not fill hidden */
    bool doubled;         /* feed_forward_length counts gate and up */
};

struct ift_arch {
    const char *name;               /* "llama" */
    const char *const *model_types; /* of config.json, NULL-terminated */
    /* Where several families share a model_type: is the config.json one of this one? NULL: yes. */
    bool (*knows)(const struct ift_json *doc, int root);
    int (*configure)(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err);
    /* Token ids to final hidden states (N, hidden), normed, ready for the output projection. */
    ift_val (*forward)(struct ift_build *b);
    /* Places the n tokens of a document, or a prompt. NULL: they count from 0 and see what is in
     * front of them. A document that the family cannot place is an error. */
    int (*place)(const struct ift_config *c, const int32_t *id, int64_t n, struct ift_place *p,
                 struct ift_err *err);
    /* "transformer.": what names in files lack that were saved without the output projection; NULL:
     * always there. */
    const char *prefix;
    const char *embed_name;     /* "model.embed_tokens.weight" */
    const char *head_name;      /* "lm_head.weight"; the embedding when tied */
    const char *head_bias_name; /* of the output projection's bias; NULL: it has none */
    /* End of the names of weights that ift-init divides by sqrt(2 layers), as those that write into
     * the residual stream of some families are; NULL: none. */
    const char *residual_suffix;
    /* NULL-terminated: ends of names of tensors in files that are not weights; PEFT's default
     * target modules; last parts of the names of all linear modules but the head. */
    const char *const *buffers;
    const char *const *lora_targets;
    const char *const *linear_suffixes;
    /* What the parts of a layer are called, for formats that call them otherwise; NULL: of other
     * parts than decoder.h knows. */
    const struct ift_decoder *parts;
    const struct ift_arch_gguf *gguf; /* NULL: GGUF does not know it */
};

/* Reads a config.json: finds the family and lets it fill `c`. A model_type that is not known is an
 * error that lists those that are. */
int ift_arch_configure(const char *text, size_t n, const struct ift_arch **arch,
                       struct ift_config *c, struct ift_err *err) IFT_MUST_CHECK;

/* arch->place, or the ordinary place; that also for arch NULL. */
int ift_arch_place(const struct ift_arch *arch, const struct ift_config *c, const int32_t *id,
                   int64_t n, struct ift_place *p, struct ift_err *err) IFT_MUST_CHECK;

/* Where a tuning method may take hold. Given by peft/, called while the forward is described; NULL
 * members do nothing. */
struct ift_attach {
    void *self;
    /* The linear module `name` ("model.layers.0.self_attn.q_proj") maps x (N, in) to y (N, out) by
     * `weight`, which is (out, in), or (in, out) if transposed; returns what to use for y. */
    ift_val (*linear)(void *self, struct ift_build *b, const char *name, ift_val x, ift_val weight,
                      bool transposed, ift_val y);
    /* Output x (N, hidden) of sub-block `name` ("model.layers.0.mlp") whose input was `in`, before
     * the residual sum. */
    ift_val (*block)(void *self, struct ift_build *b, const char *name, ift_val in, ift_val x);
    /* What stands in for the weight `name` of this shape; 0: it does itself. */
    ift_val (*weight)(void *self, struct ift_build *b, const char *name, int ndim,
                      const int64_t *dim);
    /* Token embeddings x (N, hidden) of ids. */
    ift_val (*embedding)(void *self, struct ift_build *b, const char *name, ift_val ids, ift_val x);
};

/* One description of a forward in progress. The caller sets the members up to `positions_max` and
 * leaves the rest zero; ift_build_begin declares the inputs. */
struct ift_build {
    const struct ift_attach *attach; /* NULL: the bare model */
    bool train_base;                 /* every base parameter is trainable (full tuning) */
    bool learning;                   /* a forward to learn by: some families stretch no positions */
    /* > 0: generation; keys and values are written to a cache of this many rows a layer. */
    int64_t cache_rows;
    /* Every position is below this: rows of the rope table. 0: max_positions of the config, at most
     * 131072, which is 64 MB for heads of 128 channels: say what is needed where that is known. */
    int64_t positions_max;

    struct ift_graph *g;
    const struct ift_arch *arch;
    const struct ift_config *config;
    ift_val ids;         /* (N) i32 "ids" */
    ift_val positions;   /* (N) i32 "positions" */
    ift_val blocks;      /* (N) i32 "blocks": second positions, see place.h; 0 until asked for */
    ift_val segments;    /* (S, 5) i32 "segments", see ATTN in kernels/backend.h */
    ift_val slots;       /* (N) i32 "slots": the cache row of each token; 0 without a cache */
    ift_val dropout_key; /* (2) i32 "dropout_key", new in each step; 0 when nothing drops */
    ift_val head;        /* what ift_build_head gave; 0 until asked for */
    ift_val rope_table;  /* (P, rot/2, 2) parameter "rope.table"; 0 until something rotates */
    /* In its place where the table is a function of the sequence, see feed.h; else 0. */
    ift_val turn_rows;          /* (N) i32 "turn_rows": 0, 1, 2... */
    ift_val turns, query_turns; /* (N, rot/2, 2) "turns", "query_turns": a row a token */
};

void ift_build_begin_config(struct ift_build *b, const struct ift_arch *arch,
                            const struct ift_config *c, struct ift_graph *g);
ift_val ift_build_forward(struct ift_build *b);
ift_val ift_build_head(struct ift_build *b);      /* the output projection's weight (V, hidden) */
ift_val ift_build_head_bias(struct ift_build *b); /* its bias (V); 0: none */
/* Of final hidden states x (N, hidden): logits (N, V), or the loss of each token (N), see
 * ift_graph_xent. */
ift_val ift_build_logits(struct ift_build *b, ift_val x);
ift_val ift_build_loss(struct ift_build *b, ift_val x, ift_val targets, ift_val scale);

/* ---- what arch files call ---- */

/* The parameter `fmt...` with the given shape, trainable if the base is. */
ift_val ift_build_param(struct ift_build *b, int ndim, const int64_t *dim, const char *fmt, ...)
    IFT_PRINTF(4, 5);
/* The vector `fmt...` of n elements: the weight of a norm. */
ift_val ift_build_vector(struct ift_build *b, int64_t n, const char *fmt, ...) IFT_PRINTF(3, 4);
/* Linear module `name` (in -> out, weight "<name>.weight", bias "<name>.bias" if bias), with the
 * tuning method attached. */
ift_val ift_build_linear(struct ift_build *b, ift_val x, int64_t in, int64_t out, bool bias,
                         const char *fmt, ...) IFT_PRINTF(6, 7);
/* The same for one module that makes queries, keys and values of x (N, in): laid out as s says. */
void ift_build_qkv(struct ift_build *b, ift_val x, int64_t in, struct ift_graph_split s, bool bias,
                   ift_val *q, ift_val *k, ift_val *v, const char *fmt, ...) IFT_PRINTF(9, 10);
/* A linear module whose weight is stored as (in, out), always with a bias: Conv1D of GPT-2.
 */
ift_val ift_build_conv1d(struct ift_build *b, ift_val x, int64_t in, int64_t out, const char *fmt,
                         ...) IFT_PRINTF(5, 6);
ift_val ift_build_embed(struct ift_build *b); /* rows of arch->embed_name for b->ids */
/* RMS norm "<name>.weight", or LayerNorm "<name>.weight" and "<name>.bias", of x (N, hidden), with
 * the config's epsilon. Those with an add are of *x + add, which *x becomes, in one pass over
 * memory; add 0: of *x. */
ift_val ift_build_add_norm(struct ift_build *b, ift_val *x, ift_val add, const char *fmt, ...)
    IFT_PRINTF(4, 5);
ift_val ift_build_layer_norm(struct ift_build *b, ift_val x, const char *fmt, ...) IFT_PRINTF(3, 4);
ift_val ift_build_add_layer_norm(struct ift_build *b, ift_val *x, ift_val add, const char *fmt, ...)
    IFT_PRINTF(4, 5);
/* Rotates the first config->rope.dims channels of each head of (N, heads * head_dim) by where the
 * token stands. Queries have a call of their own: some families stretch those of far tokens. */
ift_val ift_build_rope(struct ift_build *b, ift_val x, int64_t heads, bool interleaved);
ift_val ift_build_rope_query(struct ift_build *b, ift_val x, int64_t heads, bool interleaved);
/* The table that ift_build_rope turns by, where a family rotates by other numbers than
 * b->positions; not for kinds that depend on the sequence. */
ift_val ift_build_rope_table(struct ift_build *b);
ift_val ift_build_slopes(struct ift_build *b); /* (heads) parameter "alibi.slopes" */
ift_val ift_build_blocks(struct ift_build *b); /* b->blocks, declared when first asked for */
/* Attention of layer `layer`; with a cache, k and v are first written to states "cache.<layer>.k"
 * and ".v". */
ift_val ift_build_attn(struct ift_build *b, int layer, ift_val q, ift_val k, ift_val v,
                       struct ift_graph_attn a);
/* The block attachment point: sub-block `name` made x of in. */
ift_val ift_build_block(struct ift_build *b, ift_val in, ift_val x, const char *fmt, ...)
    IFT_PRINTF(4, 5);

/* ---- what tuning methods call ---- */

/* b->dropout_key, declared when first asked for. */
ift_val ift_build_dropout_key(struct ift_build *b);

#endif
