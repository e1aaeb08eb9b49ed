/* config.h: what a config.json says about a decoder, in one spelling. Each architecture's reader
 * (arch/<family>.c) fills it from whatever keys its publishers use, with the helpers below; nobody
 * else reads config.json.
 */
#ifndef IFT_CONFIG_H
#define IFT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/backend.h"
#include "libcore/base/err.h"
#include "libcore/io/json.h"

enum ift_rope_kind {
    IFT_ROPE_DEFAULT,
    IFT_ROPE_LINEAR,
    IFT_ROPE_LLAMA3,
    IFT_ROPE_YARN,
    /* Those whose base grows with the length of the sequence: their table is made for each run, see
     * feed.h. */
    IFT_ROPE_DYNAMIC,
    IFT_ROPE_STEPS, /* in powers of two, and only where nothing is learned: Qwen 1 */
};

/* Rotary position embedding: inv_freq[i] = theta^(-2i/dims), rescaled by kind: rope_table.h. */
struct ift_rope {
    enum ift_rope_kind kind;
    int64_t dims;         /* channels of a head that turn, even */
    bool f16_frequencies; /* inv_freq is rounded to f16 before it is used */
    double theta, factor;
    double low_freq_factor, high_freq_factor;      /* llama3 */
    double beta_fast, beta_slow, attention_factor; /* yarn */
    bool truncate;                                 /* yarn: whole dimensions bound the ramp */
    int64_t original_max_positions;                /* what the base was made for */
    bool log_n; /* where nothing is learned, the query of position t beyond them is stretched by
                 * log(t + 1) / log(original_max_positions) */
};

enum { IFT_MAX_EOS = 8 };

struct ift_config {
    char model_type[64];
    int64_t vocab, hidden, layers, heads, kv_heads, head_dim, intermediate;
    int64_t max_positions; /* every position is below; INT32_MAX: none is too far */
    double norm_eps;
    double initializer_range; /* standard deviation of fresh weights */
    enum ift_act act;
    struct ift_rope rope;
    bool tied;                       /* output projection is the embedding table */
    bool qkv_bias, o_bias, mlp_bias; /* which linear modules have a bias */
    bool alibi;                      /* keys count by their distance, nothing rotates */
    bool norm_head;                  /* rows of the output projection are divided by their length */
    int64_t window;       /* keys that a sliding layer sees, the query's own included; 0: all */
    int64_t window_first; /* layers from this one on slide */
    /* What few families do, or do otherwise where their configuration says so. */
    bool residual_normed; /* what a sub-block gives is added to the output of the norm before it */
    bool centred;         /* norms are layer norms */
    bool no_final_norm;
    bool qkv_per_head;    /* in a fused projection q, k and v lie head by head */
    bool scores_unscaled; /* q k is not divided by sqrt(head_dim) */
    bool scores_by_layer; /* but by layer + 1, the first being 0 */
    bool blocks;          /* tokens have a second position: place.h */
    int32_t mask, gmask;  /* the tokens that an answer is written for */

    int32_t bos, pad;         /* -1: none */
    int32_t embed_pad;        /* row of the embedding table that is never trained; -1: none */
    int32_t eos[IFT_MAX_EOS]; /* any of them ends a generation */
    int neos;
    enum ift_dtype dtype; /* of the stored weights, as the config says */
};

/* ---- for arch files: each reads one matter, in every spelling that transformers 4.2x to 5.x
 * writes ---- */

/* A whole number in [1, 2^31). Absent or null: def; without a default (0) that is an error. */
int ift_config_size(const struct ift_json *doc, int root, const char *key, int64_t def,
                    int64_t *value, struct ift_err *err) IFT_MUST_CHECK;
/* The same under either of two keys; where both are there the first counts. */
int ift_config_size_of(const struct ift_json *doc, int root, const char *key, const char *other,
                       int64_t def, int64_t *value, struct ift_err *err) IFT_MUST_CHECK;
/* A token id, which must be below c->vocab. Absent or null: def; negative: -1, none. */
int ift_config_token(const struct ift_json *doc, int root, const char *key, int64_t def,
                     const struct ift_config *c, int32_t *id, struct ift_err *err) IFT_MUST_CHECK;
/* What would change the numbers and is not supported: any value but null, false and 0 is an error.
 */
int ift_config_refuse(const struct ift_json *doc, int root, const char *key,
                      struct ift_err *err) IFT_MUST_CHECK;
/* hidden_act and its like: silu, gelu, gelu_new, gelu_pytorch_tanh, relu. */
int ift_config_act(const struct ift_json *doc, int root, const char *key, const char *def,
                   enum ift_act *act, struct ift_err *err) IFT_MUST_CHECK;
/* model_type; bos_token_id, eos_token_id (a number or a list), pad_token_id, which must be below
 * c->vocab; dtype or torch_dtype; initializer_range. Sets embed_pad to none. */
int ift_config_common(const struct ift_json *doc, int root, struct ift_config *c,
                      struct ift_err *err) IFT_MUST_CHECK;
/* eos_token_id alone: a generation_config.json overrides what config.json says. Absent: nothing
 * changes. */
int ift_config_eos(const struct ift_json *doc, int root, struct ift_config *c,
                   struct ift_err *err) IFT_MUST_CHECK;
/* rope_parameters, or rope_theta and rope_scaling, into c->rope, for c->head_dim and
 * c->max_positions; a kind that grows with the sequence takes the limit of positions away. */
int ift_config_rope(const struct ift_json *doc, int root, struct ift_config *c,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Its parts, for families with keys of their own: the ordinary kind; and after it one that grows in
 * sequences longer than `length`, which takes the limit of positions away. */
int ift_config_rope_plain(struct ift_config *c, double theta, int64_t dims,
                          struct ift_err *err) IFT_MUST_CHECK;
int ift_config_rope_grows(struct ift_config *c, enum ift_rope_kind kind, double factor,
                          int64_t length, struct ift_err *err) IFT_MUST_CHECK;
/* sliding_window (absent: 4096, null: none) of the layers from max_window_layers (absent: `first`)
 * on, if use_sliding_window (absent: `slides`) says so; a layer_types must agree. */
int ift_config_window(const struct ift_json *doc, int root, bool slides, int64_t first,
                      struct ift_config *c, struct ift_err *err) IFT_MUST_CHECK;
/* The padding_idx of an embedding table: pad_token_id, where a negative one counts from the end. */
int ift_config_embed_pad(const struct ift_json *doc, int root, struct ift_config *c,
                         struct ift_err *err) IFT_MUST_CHECK;

/* Appends the config's text with the value of `key` replaced by the JSON text `value`, or the key
 * added, every other byte kept. */
int ift_config_set(const char *text, size_t n, const char *key, const char *value,
                   struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;
/* Appends the config's text with its dtype (in whichever key it has) replaced, every other byte
 * kept. */
int ift_config_set_dtype(const char *text, size_t n, enum ift_dtype dtype, struct ift_str *out,
                         struct ift_err *err) IFT_MUST_CHECK;

#endif
