/* arch.h: what an architecture is: one file arch/<family>.c that exports one `const struct ift_arch` and one row in arch.c. It reads
 * its config keys and describes its forward in ops; memory, backward, tuning methods, caches and files are
 * none of its business.
 *
 * Adding a family: arch/<family>.c, its row in the table of arch.c, a golden case. Code outside arch/ never names a family.
 *
 * The forward is written once and serves training (segments of fresh keys), scoring and generation (keys in a
 * cache): ift_build_attn hides which.
 */
#ifndef IFT_ARCH_H
#define IFT_ARCH_H

#include "libcore/graph/graph.h"
#include "libcore/model/config.h"

struct ift_build;

struct ift_arch {
    const char *name;                    /* "llama" */
    const char *const *model_types;      /* of config.json, NULL-terminated */
    int (*configure)(const struct ift_json *doc, int root, struct ift_config *c, struct ift_err *err);
    /* Token ids to final hidden states (N, hidden), normed, ready for the output projection. */
    ift_val (*forward)(struct ift_build *b);
    const char *embed_name;              /* "model.embed_tokens.weight" */
    const char *head_name;               /* "lm_head.weight"; the embedding when tied */
    const char *const *lora_targets;     /* PEFT's default target modules for the family, NULL-terminated */
    const char *const *linear_suffixes;  /* last parts of the names of all linear modules but the head: "all-linear" */
};

/* By config.json's model_type; an unknown one is an error that lists the known. */
const struct ift_arch *ift_arch_find(const char *model_type, struct ift_err *err);
const struct ift_arch *const *ift_arch_all(void); /* NULL-terminated */

/* Where a tuning method may take hold. Given by peft/, called while the forward is described; NULL members do nothing. */
struct ift_attach {
    void *self;
    /* The linear module `name` ("model.layers.0.self_attn.q_proj") maps x (N, in) to y (N, out) by `weight`; returns what to use for y. */
    ift_val (*linear)(void *self, struct ift_build *b, const char *name, ift_val x, ift_val weight, ift_val y);
    /* Output x (N, hidden) of sub-block `name` ("model.layers.0.mlp") whose input was `in`, before the residual sum. */
    ift_val (*block)(void *self, struct ift_build *b, const char *name, ift_val in, ift_val x);
    /* Token embeddings x (N, hidden) of ids. */
    ift_val (*embedding)(void *self, struct ift_build *b, const char *name, ift_val ids, ift_val x);
};

/* One description of a forward in progress. */
struct ift_build {
    struct ift_graph *g;
    const struct ift_arch *arch;
    const struct ift_config *config;
    const struct ift_attach *attach;   /* NULL: the bare model */
    bool train_base;                   /* every base parameter is trainable (full tuning) */
    int64_t cache_rows;                /* > 0: generation; keys and values are written to a cache of this many rows a layer */
    /* Inputs, declared by ift_build_begin: */
    ift_val ids;        /* (N) i32 */
    ift_val positions;  /* (N) i32 */
    ift_val segments;   /* (S, 4) i32, see ATTN in kernels/backend.h */
    ift_val slots;      /* (N) i32: the cache row of each token; 0 when there is no cache */
    ift_val dropout_key;/* (2) i32: dropout of this step; 0 when not training */
    ift_val rope_table; /* (P, rot/2, 2) parameter "rope.table", bound by ift_model_bind */
};

/* ---- what arch files call ---- */

/* The parameter `fmt...` with the given shape, trainable if the base is. */
ift_val ift_build_param(struct ift_build *b, int ndim, const int64_t *dim, const char *fmt, ...) IFT_PRINTF(4, 5);
/* Linear module `name` (in -> out, weight "<name>.weight", bias "<name>.bias" if bias), with the tuning method attached. */
ift_val ift_build_linear(struct ift_build *b, ift_val x, int64_t in, int64_t out, bool bias, const char *fmt, ...) IFT_PRINTF(6, 7);
ift_val ift_build_embed(struct ift_build *b, const char *name); /* "model.embed_tokens": rows for b->ids */
/* Rotates (N, heads * head_dim) by b->positions. */
ift_val ift_build_rope(struct ift_build *b, ift_val x, int heads, bool interleaved);
/* Attention of layer `layer`; with a cache, k and v are first written to states "cache.<layer>.k" and ".v". */
ift_val ift_build_attn(struct ift_build *b, int layer, ift_val q, ift_val k, ift_val v, struct ift_graph_attn a);
ift_val ift_build_block(struct ift_build *b, ift_val in, ift_val x, const char *fmt, ...) IFT_PRINTF(4, 5); /* the block attachment point */

#endif
