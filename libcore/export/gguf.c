/* gguf.c: GGUF, the file that llama.cpp and what is built on it run: weights, configuration and
 * vocabulary in one. Names, shapes and keys are those that llama.cpp's own converter gives; which
 * of its architectures a family is, the family says (ift_arch_gguf). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/export/gguf_vocab.h"
#include "libcore/export/piece.h"
#include "libcore/model/decoder.h"
#include "libcore/model/rope_table.h"
#include "libcore/quant/q8_0.h"

enum { UNLIMITED = 2048 }; /* positions to name where a model has no limit: BLOOM's own number */

static const char *const names[IFT_PARTS] = {
    [IFT_PART_EMBED] = "token_embd",
    [IFT_PART_EMBED_NORM] = "token_embd_norm",
    [IFT_PART_PLACES] = "position_embd",
    [IFT_PART_FINAL_NORM] = "output_norm",
    [IFT_PART_HEAD] = "output",
    [IFT_PART_ATTN_NORM] = "attn_norm",
    [IFT_PART_QKV] = "attn_qkv",
    [IFT_PART_Q] = "attn_q",
    [IFT_PART_K] = "attn_k",
    [IFT_PART_V] = "attn_v",
    [IFT_PART_Q_NORM] = "attn_q_norm",
    [IFT_PART_K_NORM] = "attn_k_norm",
    [IFT_PART_O] = "attn_output",
    [IFT_PART_MLP_NORM] = "ffn_norm",
    [IFT_PART_GATE] = "ffn_gate",
    [IFT_PART_UP] = "ffn_up",
    [IFT_PART_DOWN] = "ffn_down",
};

/* general.file_type: what most of the numbers are. */
static const uint32_t file_types[IFT_ENCODINGS] =
    {[IFT_AS_F32] = 0, [IFT_AS_F16] = 1, [IFT_AS_BF16] = 32, [IFT_AS_Q8_0] = 7};

struct writer {
    const struct ift_model *m;
    const struct ift_config *c;
    const struct ift_arch_gguf *as;
    const char *architecture;
    struct ift_gguf *g;
    struct ift_piece *piece;
    size_t n;
    enum ift_encoding *encoding; /* of each piece */
    enum ift_encoding usual;
    float *turns; /* (dims / 2), the tensor behind the pieces; NULL: none */
    struct ift_piece_reader reader;
    char key[96];
};

/* ---- what llama.cpp can run ---- */

static int check_config(struct writer *w, struct ift_err *err) {
    const struct ift_config *const c = w->c;
    const struct ift_rope *const r = &c->rope;
    const struct ift_decoder *const d = ift_model_arch(w->m)->parts;
    const bool gelu = d->places || d->embed_norm; /* the others gate, by silu */
    const struct {
        bool differs;
        const char *what;
    } check[] = {
        {c->alibi && !w->as->alibi, "distances (ALiBi) in place of rope"},
        {c->alibi && c->layers != w->as->alibi_layers, "distances (ALiBi) at this depth"},
        {c->centred || c->residual_normed || c->no_final_norm, "such norms"},
        {c->act != (gelu ? IFT_ACT_GELU_TANH : IFT_ACT_SILU), "this activation"},
        {c->scores_unscaled || c->scores_by_layer, "such attention scores"},
        {(c->o_bias || c->mlp_bias) && !w->as->biases, "biases of these linear modules"},
        {c->heads * c->head_dim != c->hidden && !w->as->any_head_dim,
         "heads that do not fill hidden_size"},
        {r->f16_frequencies, "rope frequencies of 16 bits"},
        {r->kind == IFT_ROPE_YARN && !r->truncate, "yarn without \"truncate\""},
        {r->kind == IFT_ROPE_LLAMA3 && !w->as->pairs, "this rope scaling"},
    };
    for (size_t i = 0; i < sizeof check / sizeof *check; i++)
        if (check[i].differs)
            return IFT_FAIL(err, "%s: llama.cpp's \"%s\" cannot say %s", ift_model_dir(w->m),
                            w->architecture, check[i].what);
    return 0;
}

/* ---- keys ---- */

static const char *key(struct writer *w, const char *name) {
    snprintf(w->key, sizeof w->key, "%s.%s", w->architecture, name);
    return w->key;
}

static void add_size(struct writer *w, const char *name, int64_t value) {
    ift_gguf_add_u32(w->g, key(w, name), (uint32_t)value);
}

static void add_real(struct writer *w, const char *name, double value) {
    ift_gguf_add_f32(w->g, key(w, name), value);
}

/* As far as llama.cpp computes what we do: to where a window would begin to count, or the base of
 * rope to grow. */
static int64_t context(const struct ift_config *c) {
    const struct ift_rope *const r = &c->rope;
    int64_t n = c->max_positions == INT32_MAX ? UNLIMITED : c->max_positions;
    if (r->kind == IFT_ROPE_DYNAMIC || r->kind == IFT_ROPE_STEPS) n = r->original_max_positions;
    return c->window && c->window_first < c->layers && c->window < n ? c->window : n;
}

static void add_rope(struct writer *w) {
    const struct ift_rope *const r = &w->c->rope;
    if (w->c->alibi || !r->dims) return;
    add_size(w, "rope.dimension_count", r->dims);
    add_real(w, "rope.freq_base", r->theta);
    if (r->kind != IFT_ROPE_LINEAR && r->kind != IFT_ROPE_YARN) return;
    ift_gguf_add_text(w->g, key(w, "rope.scaling.type"),
                      ift_slice(r->kind == IFT_ROPE_YARN ? "yarn" : "linear"));
    add_real(w, "rope.scaling.factor", r->factor);
    if (r->kind != IFT_ROPE_YARN) return;
    add_size(w, "rope.scaling.original_context_length", r->original_max_positions);
    add_real(w, "rope.scaling.yarn_beta_fast", r->beta_fast);
    add_real(w, "rope.scaling.yarn_beta_slow", r->beta_slow);
    /* It multiplies by what the paper says, and by this. */
    const double usual = 1 + 0.1 * log(fmax(r->factor, 1));
    if ((float)usual != (float)r->attention_factor)
        add_real(w, "rope.scaling.attn_factor", r->attention_factor / usual);
}

/* The folder's own name, where its path ends in one. */
static void add_name(struct writer *w) {
    const char *const dir = ift_model_dir(w->m);
    size_t n = strlen(dir);
    while (n && dir[n - 1] == '/') n--;
    size_t from = n;
    while (from && dir[from - 1] != '/') from--;
    if (n > from && dir[n - 1] != '.')
        ift_gguf_add_text(w->g, "general.name", (struct ift_slice){dir + from, n - from});
}

static void add_keys(struct writer *w, const char *provenance) {
    const struct ift_config *const c = w->c;
    bool layer_norm = false;
    for (size_t i = 0; i < w->n; i++)
        layer_norm |= w->piece[i].part == IFT_PART_FINAL_NORM && w->piece[i].bias;
    ift_gguf_add_text(w->g, "general.architecture", ift_slice(w->architecture));
    ift_gguf_add_text(w->g, "general.type", ift_slice("model"));
    add_name(w);
    ift_gguf_add_u32(w->g, "general.file_type", file_types[w->usual]);
    ift_gguf_add_u32(w->g, "general.quantization_version", 2);
    if (provenance) ift_gguf_add_text(w->g, "ift.provenance", ift_slice(provenance));
    add_size(w, "block_count", c->layers);
    add_size(w, "context_length", context(c));
    add_size(w, "embedding_length", c->hidden);
    add_size(w, "feed_forward_length", c->intermediate * (w->as->doubled ? 2 : 1));
    add_size(w, "attention.head_count", c->heads);
    add_size(w, "attention.head_count_kv", c->kv_heads);
    add_size(w, "attention.key_length", c->head_dim);
    add_size(w, "attention.value_length", c->head_dim);
    add_real(w, layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
             c->norm_eps);
    add_size(w, "vocab_size", c->vocab);
    add_rope(w);
}

/* ---- tensors ---- */

/* Vectors and tables of positions stay wide, as llama.cpp wants them; so does what does not divide
 * into blocks. */
static enum ift_encoding encoding_of(const struct writer *w, const struct ift_piece *p) {
    if (p->ndim < 2 || p->part == IFT_PART_PLACES) return IFT_AS_F32;
    const bool odd = w->usual == IFT_AS_Q8_0 && p->dim[1] % IFT_Q8_0_NUMBERS;
    return odd ? IFT_AS_F16 : w->usual;
}

/* What llama3's scaling divides each frequency by. */
static void add_turns(struct writer *w) {
    const struct ift_rope *const r = &w->c->rope;
    const int64_t n = r->dims / 2;
    if (w->c->alibi || r->kind != IFT_ROPE_LLAMA3) return;
    struct ift_rope plain = *r;
    plain.kind = IFT_ROPE_DEFAULT;
    float *const scaled = ift_alloc((size_t)n * sizeof *scaled);
    w->turns = ift_alloc((size_t)n * sizeof *w->turns);
    ift_rope_table_frequencies(&plain, 0, w->turns);
    ift_rope_table_frequencies(r, 0, scaled);
    for (int64_t i = 0; i < n; i++) w->turns[i] /= scaled[i];
    free(scaled);
    ift_gguf_add_tensor(w->g, "rope_freqs.weight", IFT_AS_F32, 1, &n, (size_t)n * sizeof *w->turns);
}

static void add_tensors(struct writer *w) {
    for (size_t i = 0; i < w->n; i++) {
        const struct ift_piece *const p = &w->piece[i];
        const char *const kind = p->bias ? "bias" : "weight";
        char name[64];
        if (p->layer < 0)
            snprintf(name, sizeof name, "%s.%s", names[p->part], kind);
        else
            snprintf(name, sizeof name, "blk.%d.%s.%s", p->layer, names[p->part], kind);
        w->encoding[i] = encoding_of(w, p);
        ift_gguf_add_tensor(w->g, name, w->encoding[i], p->ndim, p->dim,
                            ift_piece_bytes(p, w->encoding[i]));
    }
    add_turns(w);
}

static int lend(void *self, size_t i, const void **data, struct ift_err *err) {
    struct writer *const w = self;
    if (i < w->n) return ift_piece_read(&w->reader, &w->piece[i], w->encoding[i], data, err);
    *data = w->turns;
    return 0;
}

static enum ift_encoding own_encoding(const struct ift_model *m) {
    const struct ift_tensor *const t = ift_model_find(m, ift_model_arch(m)->embed_name);
    return t->dtype == IFT_F16 ? IFT_AS_F16 : t->dtype == IFT_BF16 ? IFT_AS_BF16 : IFT_AS_F32;
}

static int write(const struct ift_model *m, const char *to, const struct ift_export_how *how,
                 struct ift_err *err) {
    const struct ift_arch *const arch = ift_model_arch(m);
    struct writer w = {.m = m, .c = ift_model_config(m), .as = arch->gguf};
    if (!w.as) return IFT_FAIL(err, "%s: %s has no place in GGUF", ift_model_dir(m), arch->name);
    const struct ift_piece_how pieces = {.pairs = w.as->pairs, .fused = w.as->fused};
    w.architecture = w.c->alibi && w.as->alibi ? w.as->alibi : w.as->name;
    IFT_TRY(check_config(&w, err));
    IFT_TRY(ift_piece_list(m, &pieces, &w.piece, &w.n, err));
    w.usual = how->as ? *how->as : own_encoding(m);
    w.encoding = ift_alloc0(w.n, sizeof *w.encoding);
    w.g = ift_gguf_new();
    add_keys(&w, how->provenance);
    int rc = ift_gguf_add_vocab(w.g, m, err);
    add_tensors(&w);
    if (rc == 0) rc = ift_gguf_write(w.g, to, lend, &w, err);
    ift_piece_reader_release(&w.reader);
    ift_gguf_free(w.g);
    free(w.turns);
    free(w.encoding);
    free(w.piece);
    return rc;
}

static const enum ift_encoding encodings[] = {IFT_AS_F32, IFT_AS_F16, IFT_AS_BF16, IFT_AS_Q8_0,
                                              IFT_ENCODINGS};

extern const struct ift_export ift_export_gguf;
const struct ift_export ift_export_gguf = {
    .name = "gguf",
    .about = "a file for llama.cpp, with the vocabulary",
    .encodings = encodings,
    .write = write,
};
