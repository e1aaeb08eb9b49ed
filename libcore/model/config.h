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

enum ift_rope_kind { IFT_ROPE_DEFAULT, IFT_ROPE_LLAMA3 };

/* Rotary position embedding: inv_freq[i] = theta^(-2i/dims), rescaled by kind: rope_table.h. */
struct ift_rope {
    enum ift_rope_kind kind;
    int64_t dims; /* channels of a head that turn, even */
    double theta, factor, low_freq_factor, high_freq_factor;
    int64_t original_max_positions;
};

enum { IFT_MAX_EOS = 8 };

struct ift_config {
    char model_type[64];
    int64_t vocab, hidden, layers, heads, kv_heads, head_dim, intermediate, max_positions;
    double norm_eps;
    double initializer_range; /* standard deviation of fresh weights */
    enum ift_act act;
    struct ift_rope rope;
    bool tied; /* output projection is the embedding table */
    bool attention_bias, mlp_bias;
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
 * c->max_positions. */
int ift_config_rope(const struct ift_json *doc, int root, struct ift_config *c,
                    struct ift_err *err) IFT_MUST_CHECK;
/* The padding_idx of an embedding table: pad_token_id, where a negative one counts from the end. */
int ift_config_embed_pad(const struct ift_json *doc, int root, struct ift_config *c,
                         struct ift_err *err) IFT_MUST_CHECK;

/* Appends the config's text with its dtype (in whichever key it has) replaced, every other byte
 * kept. */
int ift_config_set_dtype(const char *text, size_t n, enum ift_dtype dtype, struct ift_str *out,
                         struct ift_err *err) IFT_MUST_CHECK;

#endif
