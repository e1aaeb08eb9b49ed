/* pth.c: the checkpoint of the original LLaMA code (facebookresearch/llama): consolidated.00.pth, a
 * flat dictionary of tensors under the names of its modules, and params.json, from which that code
 * makes them. Queries and keys rotate in neighbouring channels there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/export/piece.h"
#include "libcore/io/outdir.h"
#include "libcore/io/stream.h"
#include "libcore/model/decoder.h"
#include "libcore/model/vocab_files.h"
#include "libcore/tensor/torch_bin.h"

static const char *const names[IFT_PARTS] = {
    [IFT_PART_EMBED] = "tok_embeddings", [IFT_PART_FINAL_NORM] = "norm",
    [IFT_PART_HEAD] = "output",          [IFT_PART_ATTN_NORM] = "attention_norm",
    [IFT_PART_Q] = "attention.wq",       [IFT_PART_K] = "attention.wk",
    [IFT_PART_V] = "attention.wv",       [IFT_PART_O] = "attention.wo",
    [IFT_PART_MLP_NORM] = "ffn_norm",    [IFT_PART_GATE] = "feed_forward.w1",
    [IFT_PART_DOWN] = "feed_forward.w2", [IFT_PART_UP] = "feed_forward.w3",
};

/* ---- what the original can say ---- */

static int check_config(const struct ift_model *m, struct ift_err *err) {
    const struct ift_config *const c = ift_model_config(m);
    const struct ift_decoder *const d = ift_model_arch(m)->parts;
    const struct ift_rope *const r = &c->rope;
    /* Its "use_scaled_rope" is these numbers and no others. */
    const bool scaled = r->kind == IFT_ROPE_LLAMA3 && r->factor == 8 && r->low_freq_factor == 1 &&
                        r->high_freq_factor == 4 && r->original_max_positions == 8192;
    const struct {
        bool differs;
        const char *what;
    } check[] = {
        {!d || !d->gate || d->embed_norm || d->places || c->blocks, "such layers"},
        {c->centred || c->residual_normed || c->no_final_norm, "such norms"},
        {c->act != IFT_ACT_SILU, "an activation that is not silu"},
        {c->qkv_bias || c->o_bias || c->mlp_bias, "biases"},
        {d && (d->q_norm || d->k_norm), "norms of queries and keys"},
        {c->alibi, "distances (ALiBi) in place of rope"},
        {!c->alibi && r->kind != IFT_ROPE_DEFAULT && !scaled, "this rope scaling"},
        {r->f16_frequencies || r->log_n || (!c->alibi && r->dims != c->head_dim), "this rope"},
        {c->window && c->window < c->max_positions, "a sliding window"},
        {c->heads * c->head_dim != c->hidden, "heads that do not fill hidden_size"},
    };
    for (size_t i = 0; i < sizeof check / sizeof *check; i++)
        if (check[i].differs)
            return IFT_FAIL(err, "%s: the original LLaMA code cannot say %s (model_type \"%s\")",
                            ift_model_dir(m), check[i].what, c->model_type);
    return 0;
}

/* What FeedForward of model.py makes of these: two thirds of four times dim, times the multiplier
 * if there is one, rounded up to a multiple. */
static int64_t wide(int64_t dim, double multiplier, int64_t multiple) {
    int64_t hidden = (int64_t)(8.0 * (double)dim / 3);
    if (multiplier > 0) hidden = (int64_t)(multiplier * (double)hidden);
    return (hidden + multiple - 1) / multiple * multiple;
}

/* The numbers that give the width there is: those of LLaMA first, then the multiplier with the
 * fewest digits. */
static void find_width(const struct ift_config *c, int64_t *multiple, double *multiplier) {
    *multiplier = 0;
    for (*multiple = 256; *multiple > 0; *multiple /= 2)
        if (wide(c->hidden, 0, *multiple) == c->intermediate) return;
    for (*multiple = 256; c->intermediate % *multiple; *multiple /= 2) {
    }
    const double exact = (double)c->intermediate / (double)wide(c->hidden, 0, 1);
    for (int digits = 1; digits <= 17; digits++) {
        const double unit = pow(10, digits);
        for (int up = 0; up < 2; up++) {
            *multiplier = (floor(exact * unit) + up) / unit;
            if (*multiplier > 0 && wide(c->hidden, *multiplier, *multiple) == c->intermediate)
                return;
        }
    }
}

static int add_params(const struct ift_config *c, struct ift_str *out) {
    int64_t multiple;
    double multiplier;
    find_width(c, &multiple, &multiplier);
    ift_str_addf(out, "{\"dim\": %lld, \"multiple_of\": %lld", (long long)c->hidden,
                 (long long)multiple);
    if (multiplier > 0) {
        ift_str_adds(out, ", \"ffn_dim_multiplier\": ");
        ift_json_number(out, multiplier);
    }
    ift_str_addf(out, ", \"n_heads\": %lld", (long long)c->heads);
    if (c->kv_heads != c->heads)
        ift_str_addf(out, ", \"n_kv_heads\": %lld", (long long)c->kv_heads);
    ift_str_addf(out, ", \"n_layers\": %lld, \"norm_eps\": ", (long long)c->layers);
    ift_json_number(out, c->norm_eps);
    if (c->rope.theta != 10000) {
        ift_str_adds(out, ", \"rope_theta\": ");
        ift_json_number(out, c->rope.theta);
    }
    if (c->rope.kind == IFT_ROPE_LLAMA3) ift_str_adds(out, ", \"use_scaled_rope\": true");
    ift_str_adds(out, ", \"vocab_size\": -1}\n"); /* its code asks the tokenizer */
    return wide(c->hidden, multiplier, multiple) == c->intermediate ? 0 : -1;
}

/* ---- writing ---- */

struct writer {
    const struct ift_piece *piece;
    const struct ift_tensor *first; /* in the same order */
    const enum ift_encoding *as;
    struct ift_piece_reader reader;
};

static enum ift_encoding own_encoding(enum ift_dtype dtype) {
    return dtype == IFT_F16 ? IFT_AS_F16 : dtype == IFT_BF16 ? IFT_AS_BF16 : IFT_AS_F32;
}

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct writer *const w = self;
    const struct ift_piece *const p = &w->piece[t - w->first];
    return ift_piece_read(&w->reader, p, w->as ? *w->as : own_encoding(p->from->dtype), data, err);
}

static int write_tensors(const char *path, const struct ift_piece *piece, size_t n,
                         const enum ift_encoding *as, struct ift_err *err) {
    static const enum ift_dtype dtypes[IFT_ENCODINGS] =
        {[IFT_AS_F32] = IFT_F32, [IFT_AS_F16] = IFT_F16, [IFT_AS_BF16] = IFT_BF16};
    struct ift_tensor *const t = ift_alloc0(n, sizeof *t);
    struct ift_arena arena = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct ift_piece *const p = &piece[i];
        char name[80];
        if (!names[p->part] || p->bias)
            rc = IFT_FAIL(err, "\"%s\" is unknown to the original LLaMA code", p->from->name);
        else if (p->layer < 0)
            snprintf(name, sizeof name, "%s.weight", names[p->part]);
        else
            snprintf(name, sizeof name, "layers.%d.%s.weight", p->layer, names[p->part]);
        if (rc < 0) break;
        const enum ift_encoding with = as ? *as : own_encoding(p->from->dtype);
        t[i] = (struct ift_tensor){.name = ift_arena_strndup(&arena, name, strlen(name)),
                                   .dtype = dtypes[with],
                                   .ndim = p->ndim,
                                   .bytes = ift_piece_bytes(p, with)};
        memcpy(t[i].dim, p->dim, sizeof p->dim);
    }
    struct writer w = {.piece = piece, .first = t, .as = as};
    const struct ift_tensor_lender lender = {&w, lend};
    if (rc == 0) rc = ift_torch_bin_write_from(path, t, n, &lender, err);
    ift_piece_reader_release(&w.reader);
    ift_arena_release(&arena);
    free(t);
    return rc;
}

/* The vocabulary that the original code asks for, where the model has it. */
static int copy_vocabulary(const struct ift_model *m, struct ift_outdir *f, struct ift_err *err) {
    static const char name[] = "tokenizer.model";
    const char *const folder = ift_model_dir(m);
    if (!ift_vocab_files_has(folder, name)) return 0;
    return ift_vocab_files_copy(folder, name, name, f, err);
}

static int write_files(const struct ift_model *m, struct ift_outdir *f,
                       const struct ift_piece *piece, size_t n, const struct ift_export_how *how,
                       struct ift_err *err) {
    struct ift_str params = {0};
    int rc = write_tensors(ift_outdir_path(f, "consolidated.00.pth"), piece, n, how->as, err);
    if (rc == 0) rc = copy_vocabulary(m, f, err);
    if (rc == 0 && how->provenance)
        rc = ift_out_text(ift_outdir_path(f, "provenance.json"), ift_slice(how->provenance), err);
    if (rc == 0 && add_params(ift_model_config(m), &params) < 0)
        rc = IFT_FAIL(err, "%s: no multiple_of and ffn_dim_multiplier give a width of %lld",
                      ift_model_dir(m), (long long)ift_model_config(m)->intermediate);
    if (rc == 0) rc = ift_out_text(ift_outdir_path(f, "params.json"), ift_str_slice(&params), err);
    ift_str_release(&params);
    return rc;
}

static int write(const struct ift_model *m, const char *to, const struct ift_export_how *how,
                 struct ift_err *err) {
    static const struct ift_piece_how apart = {.pairs = true, .untied = true};
    struct ift_piece *piece;
    struct ift_outdir *f;
    size_t n;
    IFT_TRY(check_config(m, err));
    IFT_TRY(ift_piece_list(m, &apart, &piece, &n, err));
    int rc = ift_outdir_open(&f, to, IFT_OUTDIR_NEW, err);
    if (rc == 0) {
        rc = write_files(m, f, piece, n, how, err);
        if (rc == 0)
            rc = ift_outdir_commit(f, err);
        else
            ift_outdir_abandon(f);
    }
    free(piece);
    return rc;
}

static const enum ift_encoding encodings[] = {IFT_AS_F16, IFT_AS_F32, IFT_AS_BF16, IFT_ENCODINGS};

extern const struct ift_export ift_export_pth;
const struct ift_export ift_export_pth = {
    .name = "pth",
    .about = "a checkpoint of the original LLaMA code: consolidated.00.pth, params.json",
    .encodings = encodings,
    .first = true,
    .write = write,
};
