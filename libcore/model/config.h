/* config.h: what a config.json says about a decoder, in one spelling. Each architecture's reader (arch/<family>.c) fills it from
 * whatever keys its publishers use; nobody else reads config.json.
 */
#ifndef IFT_CONFIG_H
#define IFT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/backend.h"
#include "libcore/base/err.h"
#include "libcore/io/json.h"

enum ift_rope_kind { IFT_ROPE_DEFAULT, IFT_ROPE_LLAMA3 };

/* Rotary position embedding: inv_freq[i] = theta^(-2i/rot), then rescaled by kind. */
struct ift_rope {
    enum ift_rope_kind kind;
    double theta, factor, low_freq_factor, high_freq_factor;
    int64_t original_max_positions;
};

enum { IFT_MAX_EOS = 8 };

struct ift_config {
    char model_type[64];
    int64_t vocab, hidden, layers, heads, kv_heads, head_dim, intermediate, max_positions;
    double norm_eps;
    enum ift_act act;
    struct ift_rope rope;
    bool tied;                   /* output projection is the embedding table */
    bool attention_bias, mlp_bias;
    int32_t bos, pad;            /* -1: none */
    int32_t eos[IFT_MAX_EOS];    /* any of them ends a generation */
    int neos;
    enum ift_dtype dtype;        /* of the stored weights, as the config says */
};

#endif
