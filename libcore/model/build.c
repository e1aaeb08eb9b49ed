#include <stdio.h>

#include "libcore/model/arch.h"

enum { NAME = 256, POSITIONS = 1 << 17 };

/* Fills name from fmt and the arguments behind it. */
#define FORMAT(name, fmt)                                                                          \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        vsnprintf(name, sizeof(name), fmt, args);                                                  \
        va_end(args);                                                                              \
    } while (0)

void ift_build_begin_config(struct ift_build *b, const struct ift_arch *arch,
                            const struct ift_config *c, struct ift_graph *g) {
    b->g = g;
    b->arch = arch;
    b->config = c;
    b->ids = ift_graph_input(g, "ids", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    b->positions = ift_graph_input(g, "positions", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    b->segments = ift_graph_input(g, "segments", IFT_I32, IFT_SEGMENTS, 2, (const int64_t[]){0, 5});
    b->slots = 0;
    if (b->cache_rows > 0)
        b->slots = ift_graph_input(g, "slots", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    b->head = b->blocks = b->dropout_key = b->rope_table = b->turn_rows = b->turns =
        b->query_turns = 0;
    if (b->positions_max <= 0)
        b->positions_max = c->max_positions < POSITIONS ? c->max_positions : POSITIONS;
}

ift_val ift_build_forward(struct ift_build *b) {
    return b->arch->forward(b);
}

ift_val ift_build_head(struct ift_build *b) {
    if (b->head) return b->head;
    const struct ift_config *const c = b->config;
    const ift_val w = ift_build_param(b, 2, (const int64_t[]){c->vocab, c->hidden}, "%s",
                                      c->tied ? b->arch->embed_name : b->arch->head_name);
    b->head = c->norm_head ? ift_graph_unit_rows(b->g, w) : w;
    return b->head;
}

ift_val ift_build_head_bias(struct ift_build *b) {
    const char *const name = b->arch->head_bias_name;
    return name ? ift_build_vector(b, b->config->vocab, "%s", name) : 0;
}

ift_val ift_build_logits(struct ift_build *b, ift_val x) {
    const ift_val w = ift_build_head(b);
    return ift_graph_linear(b->g, x, w, ift_build_head_bias(b));
}

ift_val ift_build_loss(struct ift_build *b, ift_val x, ift_val targets, ift_val scale) {
    const ift_val w = ift_build_head(b);
    return ift_graph_xent(b->g, x, w, ift_build_head_bias(b), targets, scale);
}

ift_val ift_build_slopes(struct ift_build *b) {
    return ift_graph_param(b->g, "alibi.slopes", 1, (const int64_t[]){b->config->heads}, false);
}

ift_val ift_build_blocks(struct ift_build *b) {
    if (!b->blocks)
        b->blocks = ift_graph_input(b->g, "blocks", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    return b->blocks;
}

ift_val ift_build_dropout_key(struct ift_build *b) {
    if (!b->dropout_key)
        b->dropout_key =
            ift_graph_input(b->g, "dropout_key", IFT_I32, IFT_FIXED, 1, (const int64_t[]){2});
    return b->dropout_key;
}

static ift_val declare(struct ift_build *b, int ndim, const int64_t *dim, const char *name) {
    const struct ift_attach *const a = b->attach;
    const ift_val v = a && a->weight ? a->weight(a->self, b, name, ndim, dim) : 0;
    return v ? v : ift_graph_param(b->g, name, ndim, dim, b->train_base);
}

ift_val ift_build_param(struct ift_build *b, int ndim, const int64_t *dim, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return declare(b, ndim, dim, name);
}

ift_val ift_build_vector(struct ift_build *b, int64_t n, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return declare(b, 1, &n, name);
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

void ift_build_qkv(struct ift_build *b, ift_val x, int64_t in, struct ift_graph_split s, bool bias,
                   ift_val *q, ift_val *k, ift_val *v, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    const int64_t out = (int64_t)s.groups * (s.q + s.k + s.v);
    ift_graph_split(b->g, ift_build_linear(b, x, in, out, bias, "%s", name), s, q, k, v);
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

/* Both kinds of norm: module `name`, of *x + add where there is an add. */
static ift_val norm(struct ift_build *b, ift_val *x, ift_val add, bool centred, const char *name) {
    const float eps = (float)b->config->norm_eps;
    const ift_val w = ift_build_vector(b, b->config->hidden, "%s.weight", name);
    if (!centred)
        return add ? ift_graph_add_norm(b->g, *x, add, w, eps, x)
                   : ift_graph_norm(b->g, *x, w, eps);
    const ift_val c = ift_build_vector(b, b->config->hidden, "%s.bias", name);
    return add ? ift_graph_add_layer_norm(b->g, *x, add, w, c, eps, x)
               : ift_graph_layer_norm(b->g, *x, w, c, eps);
}

ift_val ift_build_add_norm(struct ift_build *b, ift_val *x, ift_val add, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return norm(b, x, add, false, name);
}

ift_val ift_build_layer_norm(struct ift_build *b, ift_val x, const char *fmt, ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return norm(b, &x, 0, true, name);
}

ift_val ift_build_add_layer_norm(struct ift_build *b, ift_val *x, ift_val add, const char *fmt,
                                 ...) {
    char name[NAME];
    FORMAT(name, fmt);
    return norm(b, x, add, true, name);
}

ift_val ift_build_rope_table(struct ift_build *b) {
    const int64_t dim[3] = {b->positions_max, b->config->rope.dims / 2, 2};
    if (!b->rope_table) b->rope_table = ift_graph_param(b->g, "rope.table", 3, dim, false);
    return b->rope_table;
}

/* A table for each run, with a row a token. */
static ift_val declare_turns(struct ift_build *b, const char *name) {
    if (!b->turn_rows)
        b->turn_rows =
            ift_graph_input(b->g, "turn_rows", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    return ift_graph_input(b->g, name, IFT_F32, IFT_TOKENS, 3,
                           (const int64_t[]){0, b->config->rope.dims / 2, 2});
}

static bool depends_on_sequence(const struct ift_build *b) {
    const struct ift_rope *const r = &b->config->rope;
    if (r->kind == IFT_ROPE_DYNAMIC) return true;
    return !b->learning && (r->kind == IFT_ROPE_STEPS || r->log_n);
}

static ift_val rotate(struct ift_build *b, ift_val x, int64_t heads, bool interleaved, ift_val rows,
                      ift_val table) {
    const struct ift_config *const c = b->config;
    return ift_graph_rope(b->g, x, rows, table, (int)heads, (int)c->head_dim, 0, (int)c->rope.dims,
                          interleaved);
}

ift_val ift_build_rope(struct ift_build *b, ift_val x, int64_t heads, bool interleaved) {
    if (!depends_on_sequence(b))
        return rotate(b, x, heads, interleaved, b->positions, ift_build_rope_table(b));
    if (!b->turns) b->turns = declare_turns(b, "turns");
    return rotate(b, x, heads, interleaved, b->turn_rows, b->turns);
}

ift_val ift_build_rope_query(struct ift_build *b, ift_val x, int64_t heads, bool interleaved) {
    if (!depends_on_sequence(b) || !b->config->rope.log_n)
        return ift_build_rope(b, x, heads, interleaved);
    if (!b->query_turns) b->query_turns = declare_turns(b, "query_turns");
    return rotate(b, x, heads, interleaved, b->turn_rows, b->query_turns);
}

/* The rows of a layer's cache after x has been written to b->slots. */
static ift_val through_cache(struct ift_build *b, int layer, char which, ift_val x, int64_t width) {
    char name[NAME];
    snprintf(name, sizeof name, "cache.%d.%c", layer, which);
    const ift_val cache =
        ift_graph_state(b->g, name, IFT_F32, 2, (const int64_t[]){b->cache_rows, width});
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
