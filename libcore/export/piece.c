#include "libcore/export/piece.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/model/decoder.h"
#include "libcore/quant/q8_0.h"

/* ---- what there is ---- */

struct lister {
    const struct ift_model *m;
    const struct ift_config *c;
    const struct ift_decoder *d;
    const struct ift_piece_how *how;
    struct ift_piece *piece;
    size_t n, cap;
    struct ift_str name;
};

static struct ift_piece *add(struct lister *l, enum ift_part part, int layer, bool bias,
                             const struct ift_tensor *from) {
    l->piece = ift_grow(l->piece, l->n + 1, &l->cap, sizeof *l->piece);
    struct ift_piece *const p = &l->piece[l->n++];
    *p = (struct ift_piece){.part = part,
                            .layer = layer,
                            .bias = bias,
                            .ndim = from->ndim,
                            .dim = {from->dim[0], from->ndim > 1 ? from->dim[1] : 1},
                            .from = from,
                            .strip = from->dim[0]};
    const bool linear = part >= IFT_PART_QKV && part != IFT_PART_Q_NORM &&
                        part != IFT_PART_K_NORM && part != IFT_PART_MLP_NORM;
    if (l->d->in_out && linear && !bias) {
        p->a = from->dim[0];
        p->b = from->dim[1];
        p->block = 1;
        p->dim[0] = p->b;
        p->dim[1] = p->a;
    }
    return p;
}

static int64_t columns(const struct ift_piece *p) {
    return p->ndim > 1 ? p->dim[1] : 1;
}

static const struct ift_tensor *find(struct lister *l, const char *kind) {
    const size_t n = l->name.n;
    ift_str_adds(&l->name, kind);
    const struct ift_tensor *const t = ift_model_find(l->m, l->name.p);
    l->name.n = n;
    return t;
}

/* Channels j and j + head / 2 of each head become neighbours. */
static void pair_up(const struct lister *l, struct ift_piece *p) {
    if (!l->how->pairs || l->c->alibi) return;
    p->a = 2;
    p->b = l->c->head_dim / 2;
    p->block = columns(p);
}

/* The rows of q, k or v out of a matrix that is all three. */
static void take(const struct lister *l, struct ift_piece *p, bool groups) {
    const struct ift_config *const c = l->c;
    const int64_t of = groups ? c->kv_heads : 1, q = c->heads / of * c->head_dim,
                  k = c->kv_heads / of * c->head_dim;
    p->strip = p->part == IFT_PART_Q ? q : k;
    p->first = p->part == IFT_PART_Q ? 0 : p->part == IFT_PART_K ? q : q + k;
    p->stride = q + 2 * k;
    p->dim[0] = p->strip * of;
}

static void add_fused(struct lister *l, int layer, bool bias, const struct ift_tensor *from) {
    const struct ift_config *const c = l->c;
    const bool groups = l->d->qkv_groups || c->qkv_per_head;
    if (!l->how->fused) {
        for (enum ift_part part = IFT_PART_Q; part <= IFT_PART_V; part++) {
            struct ift_piece *const p = add(l, part, layer, bias, from);
            take(l, p, groups);
            if (part != IFT_PART_V) pair_up(l, p);
        }
        return;
    }
    struct ift_piece *const p = add(l, IFT_PART_QKV, layer, bias, from);
    if (!groups) return;
    p->a = c->kv_heads; /* each with its query, key and value */
    p->b = 3;
    p->block = c->head_dim * columns(p);
}

/* The weight of the part called `name`, and its bias if it has one. NULL: the family has no such
 * part. */
static void add_part(struct lister *l, enum ift_part part, int layer, const char *name, ...) {
    va_list args;
    va_start(args, name);
    ift_str_clear(&l->name);
    ift_str_addv(&l->name, name, args);
    va_end(args);
    for (int bias = 0; bias < 2; bias++) {
        const struct ift_tensor *const from = find(l, bias ? ".bias" : ".weight");
        if (!from) continue;
        if (part == IFT_PART_QKV) {
            add_fused(l, layer, bias, from);
            continue;
        }
        struct ift_piece *const p = add(l, part, layer, bias, from);
        if (part == IFT_PART_Q || part == IFT_PART_K || part == IFT_PART_Q_NORM ||
            part == IFT_PART_K_NORM)
            pair_up(l, p);
    }
}

static void add_layer(struct lister *l, int i) {
    const struct ift_decoder *const d = l->d;
    const struct {
        enum ift_part part;
        const char *block, *name;
    } parts[] = {
        {IFT_PART_ATTN_NORM, NULL, d->attn_norm},
        {IFT_PART_QKV, d->attn, d->qkv},
        {IFT_PART_Q, d->attn, d->q},
        {IFT_PART_K, d->attn, d->k},
        {IFT_PART_V, d->attn, d->v},
        {IFT_PART_Q_NORM, d->attn, d->q_norm},
        {IFT_PART_K_NORM, d->attn, d->k_norm},
        {IFT_PART_O, d->attn, d->o},
        {IFT_PART_MLP_NORM, NULL, d->mlp_norm},
        {IFT_PART_GATE, d->mlp, d->gate},
        {IFT_PART_UP, d->mlp, d->up},
        {IFT_PART_DOWN, d->mlp, d->down},
    };
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        if (!parts[k].name) continue;
        if (parts[k].block)
            add_part(l, parts[k].part, i, "%s.%d.%s.%s", d->layers, i, parts[k].block,
                     parts[k].name);
        else
            add_part(l, parts[k].part, i, "%s.%d.%s", d->layers, i, parts[k].name);
    }
}

static void add_ends(struct lister *l) {
    const struct ift_arch *const a = ift_model_arch(l->m);
    const struct ift_tensor *const embed = ift_model_find(l->m, a->embed_name);
    const struct ift_tensor *const head = l->c->tied ? NULL : ift_model_find(l->m, a->head_name);
    if (embed) add(l, IFT_PART_EMBED, -1, false, embed);
    if (l->d->embed_norm) add_part(l, IFT_PART_EMBED_NORM, -1, "%s", l->d->embed_norm);
    if (l->d->places) add_part(l, IFT_PART_PLACES, -1, "%s", l->d->places);
    add_part(l, IFT_PART_FINAL_NORM, -1, "%s", l->d->final_norm);
    if (!head && !(l->how->untied && embed)) return;
    add(l, IFT_PART_HEAD, -1, false, head ? head : embed)->unit_rows = l->c->norm_head;
}

static int check_all(const struct lister *l, struct ift_err *err) {
    const struct ift_weights *const w = ift_model_weights(l->m);
    for (size_t i = 0; i < ift_weights_count(w); i++) {
        const struct ift_tensor *const t = ift_weights_at(w, i);
        bool have = ift_model_is_spare(l->m, t);
        for (size_t k = 0; !have && k < l->n; k++) have = l->piece[k].from == t;
        if (!have) return IFT_FAIL(err, "\"%s\" has no place in the format asked for", t->name);
    }
    return 0;
}

int ift_piece_list(const struct ift_model *m, const struct ift_piece_how *how,
                   struct ift_piece **piece, size_t *n, struct ift_err *err) {
    const struct ift_arch *const arch = ift_model_arch(m);
    struct lister l = {.m = m, .c = ift_model_config(m), .d = arch->parts, .how = how};
    if (!l.d) return IFT_FAIL(err, "%s models have no place in the format asked for", arch->name);
    add_ends(&l);
    for (int i = 0; i < l.c->layers; i++) add_layer(&l, i);
    ift_str_release(&l.name);
    *piece = l.piece;
    *n = l.n;
    if (check_all(&l, err) == 0) return 0;
    free(l.piece);
    return -1;
}

/* ---- reading ---- */

static int64_t count_of(const struct ift_piece *p) {
    return p->dim[0] * columns(p);
}

size_t ift_piece_bytes(const struct ift_piece *p, enum ift_encoding as) {
    const size_t n = (size_t)count_of(p);
    return as == IFT_AS_Q8_0  ? n / IFT_Q8_0_NUMBERS * IFT_Q8_0_BYTES
           : as == IFT_AS_F32 ? n * 4
                              : n * 2;
}

/* Its rows of the file, one behind the other. */
static const char *gather(struct ift_piece_reader *r, const struct ift_piece *p) {
    const size_t size = ift_dtype_size(p->from->dtype);
    const int64_t across = p->from->ndim > 1 ? p->from->dim[1] : 1;
    const int64_t rows = count_of(p) / across;
    const size_t row = (size_t)across * size, strip = (size_t)p->strip * row;
    const char *const from = (const char *)p->from->data + (size_t)p->first * row;
    if (p->strip == rows) return from;
    char *const to = r->gathered = ift_realloc(r->gathered, (size_t)rows, row);
    for (int64_t i = 0; i * p->strip < rows; i++)
        memcpy(to + (size_t)i * strip, from + (size_t)(i * p->stride) * row, strip);
    return to;
}

static const char *turn(struct ift_piece_reader *r, const struct ift_piece *p, const char *from) {
    if (!p->a) return from;
    const size_t size = ift_dtype_size(p->from->dtype), block = (size_t)p->block * size;
    const int64_t outer = count_of(p) / (p->a * p->b * p->block);
    char *to = r->turned = ift_realloc(r->turned, (size_t)count_of(p), size);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t j = 0; j < p->b; j++)
            for (int64_t i = 0; i < p->a; i++, to += block)
                memcpy(to, from + (size_t)((o * p->a + i) * p->b + j) * block, block);
    return r->turned;
}

static void make_unit(float *row, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)row[i] * row[i];
    const double length = fmax(sqrt(sum), 1e-12);
    for (int64_t i = 0; i < n; i++) row[i] = (float)(row[i] / length);
}

int ift_piece_read(struct ift_piece_reader *r, const struct ift_piece *p, enum ift_encoding as,
                   const void **data, struct ift_err *err) {
    static const enum ift_dtype dtypes[IFT_ENCODINGS] =
        {[IFT_AS_F32] = IFT_F32, [IFT_AS_F16] = IFT_F16, [IFT_AS_BF16] = IFT_BF16};
    const char *const from = turn(r, p, gather(r, p));
    const enum ift_dtype is = p->from->dtype;
    *data = from;
    if (as != IFT_AS_Q8_0 && is == dtypes[as] && !p->unit_rows) return 0;
    /* Some rows at a time, or what is like them where there is one column. */
    const size_t total = (size_t)count_of(p), row = (size_t)columns(p);
    const size_t step = row > 1 ? row * (1 + 65536 / row) : 65536;
    r->wide = ift_realloc(r->wide, step, sizeof *r->wide);
    r->stored = ift_realloc(r->stored, ift_piece_bytes(p, as), 1);
    for (size_t at = 0; at < total; at += step) {
        const size_t some = total - at < step ? total - at : step;
        char *const to =
            (char *)r->stored + (as == IFT_AS_Q8_0 ? at / IFT_Q8_0_NUMBERS * IFT_Q8_0_BYTES
                                                   : at * ift_dtype_size(dtypes[as]));
        IFT_TRY(ift_to_f32(r->wide, from + at * ift_dtype_size(is), is, some, err));
        for (size_t k = 0; p->unit_rows && k < some; k += row) make_unit(r->wide + k, (int64_t)row);
        if (as == IFT_AS_Q8_0)
            ift_q8_0_encode(to, r->wide, some);
        else
            IFT_TRY(ift_from_f32(to, dtypes[as], r->wide, some, err));
    }
    *data = r->stored;
    return 0;
}

void ift_piece_reader_release(struct ift_piece_reader *r) {
    free(r->gathered);
    free(r->turned);
    free(r->stored);
    free(r->wide);
    *r = (struct ift_piece_reader){0};
}
