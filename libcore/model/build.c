#include <stdio.h>

#include "libcore/model/arch.h"

enum { NAME = 256, POSITIONS = 1 << 17 };

/* Fills name from fmt and the arguments behind it. */
#define FORMAT(name, fmt)                         \
    do {                                          \
        va_list args;                             \
        va_start(args, fmt);                      \
        vsnprintf(name, sizeof(name), fmt, args); \
        va_end(args);                             \
    } while (0)

void ift_build_begin_config(struct ift_build *b, const struct ift_arch *arch,
                            const struct ift_config *c, struct ift_graph *g) {
    b->g = g;
    b->arch = arch;
    b->config = c;
    b->ids = ift_graph_input(g, "ids", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    b->positions = ift_graph_input(g, "positions", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    b->segments = ift_graph_input(g, "segments", IFT_I32, IFT_SEGMENTS, 2, (const int64_t[]){0, 4});
    b->slots = 0;
    if (b->cache_rows > 0)
        b->slots = ift_graph_input(g, "slots", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    b->blocks = b->dropout_key = b->rope_table = 0;
    if (b->positions_max <= 0)
        b->positions_max = c->max_positions < POSITIONS ? c->max_positions : POSITIONS;
}

ift_val ift_build_forward(struct ift_build *b) {
    return b->arch->forward(b);
}

ift_val ift_build_head(struct ift_build *b) {
    const struct ift_config *const c = b->config;
    return ift_build_param(b, 2, (const int64_t[]){c->vocab, c->hidden}, "%s",
                           c->tied ? b->arch->embed_name : b->arch->head_name);
}

ift_val ift_build_blocks(struct ift_build *b) {
    if (!b->blocks)
        b->blocks = ift_graph_input(b->g, "blocks", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    return b->blocks;
}

ift_val ift_build_dropout_key(struct ift_build *b) {
    if (!b->dropout_key)
        b->dropout_key = ift_graph_input(b->g, "dropout_key", IFT_I32, IFT_FIXED, 1,
                                         (const int64_t[]){2});
    return b->dropout_key;
}

ift_val ift_build_param(struct ift_build *b, int ndim, const int64_t *dim, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return ift_graph_param(b->g, name, ndim, dim, b->train_base);
}

ift_val ift_build_vector(struct ift_build *b, int64_t n, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return ift_graph_param(b->g, name, 1, &n, b->train_base);
}

ift_val ift_build_linear(struct ift_build *b, ift_val x, int64_t in, int64_t out, bool bias,
                         const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    const ift_val w = ift_build_param(b, 2, (const int64_t[]){out, in}, "%s.weight", name);
    const ift_val c = bias ? ift_build_vector(b, out, "%s.bias", name) : 0;
    const ift_val y = ift_graph_linear(b->g, x, w, c);
    if (!b->attach || !b->attach->linear) return y;
    return b->attach->linear(b->attach->self, b, name, x, w, false, y);
}

ift_val ift_build_conv1d(struct ift_build *b, ift_val x, int64_t in, int64_t out, const char *fmt,
                         ...) {
    char name[NAME];
    FORMAT(name, fmt);
    const ift_val w = ift_build_param(b, 2, (const int64_t[]){in, out}, "%s.weight", name);
    const ift_val c = ift_build_vector(b, out, "%s.bias", name);
    const ift_val y = ift_graph_gemm(b->g, x, false, w, false, 1, 0, c);
    if (!b->attach || !b->attach->linear) return y;
    return b->attach->linear(b->attach->self, b, name, x, w, true, y);
}

ift_val ift_build_embed(struct ift_build *b) {
    const struct ift_config *const c = b->config;
    const char *const name = b->arch->embed_name;
    const ift_val table = ift_build_param(b, 2, (const int64_t[]){c->vocab, c->hidden}, "%s", name);
    const ift_val x = ift_graph_embed(b->g, table, b->ids, c->embed_pad); // (N, hidden)
    if (!b->attach || !b->attach->embedding) return x;
    return b->attach->embedding(b->attach->self, b, name, b->ids, x);
}

ift_val ift_build_rope(struct ift_build *b, ift_val x, int64_t heads, bool interleaved) {
    const struct ift_config *const c = b->config;
    const int64_t rot = c->rope.dims;
    if (!b->rope_table)
        b->rope_table = ift_graph_param(b->g, "rope.table", 3,
                                        (const int64_t[]){b->positions_max, rot / 2, 2}, false);
    return ift_graph_rope(b->g, x, b->positions, b->rope_table, (int)heads, (int)c->head_dim,
                          0, (int)rot, interleaved);
}

/* The rows of a layer's cache after x has been written to b->slots. */
static ift_val through_cache(struct ift_build *b, int layer, char which, ift_val x, int64_t width) {
    char name[NAME];
    snprintf(name, sizeof name, "cache.%d.%c", layer, which);
    const ift_val cache = ift_graph_state(b->g, name, IFT_F32, 2,
                                          (const int64_t[]){b->cache_rows, width});
    return ift_graph_scatter(b->g, x, b->slots, cache);
}

ift_val ift_build_attn(struct ift_build *b, int layer, ift_val q, ift_val k, ift_val v,
                       struct ift_graph_attn a) {
    if (b->cache_rows > 0) {
        const int64_t width = (int64_t)a.kv_heads * a.head_dim;
        k = through_cache(b, layer, 'k', k, width);
        v = through_cache(b, layer, 'v', v, width);
    }
    return ift_graph_attn(b->g, q, k, v, b->segments, a);
}

ift_val ift_build_block(struct ift_build *b, ift_val in, ift_val x, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    if (!b->attach || !b->attach->block) return x;
    return b->attach->block(b->attach->self, b, name, in, x);
}
