#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/model/alibi.h"
#include "libcore/model/model_internal.h"
#include "libcore/model/rope_table.h"

static size_t count_of(const struct ift_tensor *t) {
    return (size_t)ift_shape_count(t->ndim, t->dim);
}

/* Widened piece by piece: beside the weight itself next to nothing is held. */
static int upload_wide(struct ift_device *d, const struct ift_tensor *t,
                       const struct ift_operand *to, struct ift_err *err) {
    enum { PIECE = 1 << 16 };
    const size_t n = count_of(t), size = ift_dtype_size(t->dtype);
    float *const wide = ift_alloc(PIECE * sizeof *wide);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < n; at += PIECE) {
        const size_t some = n - at < PIECE ? n - at : PIECE;
        const struct ift_operand piece = {.buf = to->buf,
                                          .offset = to->offset + at * sizeof *wide,
                                          .dtype = IFT_F32,
                                          .ndim = 1,
                                          .dim = {(int64_t)some},
                                          .row = 1};
        rc = ift_to_f32(wide, (const char *)t->data + at * size, t->dtype, some, err);
        if (rc == 0) rc = ift_device_upload(d, &piece, wide, err);
    }
    free(wide);
    return rc;
}

/* As f32 or as it is stored, in memory of its own. */
static int load_copy(struct ift_model *m, const struct ift_tensor *t, enum ift_dtype dtype,
                     struct ift_operand *to, struct ift_err *err) {
    IFT_TRY(ift_device_tensor(m->device, dtype, t->ndim, t->dim, to, err));
    const int rc = t->dtype == dtype ? ift_device_upload(m->device, to, t->data, err)
                                     : upload_wide(m->device, t, to, err);
    if (rc < 0) ift_device_free(m->device, to);
    ift_weights_forget(m->weights, t);
    return rc;
}

int ift_model_upload(const struct ift_model *m, const char *name, struct ift_device *d,
                     const struct ift_operand *to, struct ift_err *err) {
    const struct ift_tensor *const t = ift_model_find(m, name);
    if (!t) return IFT_FAIL(err, "%s: no weight \"%s\"", m->dir, name);
    const int rc = upload_wide(d, t, to, err);
    ift_weights_forget(m->weights, t);
    return rc;
}

void ift_model_hold(struct ift_model *m) {
    m->held = true;
}

/* Are ops to read a frozen weight as this type where it lies in its file? */
static bool lies_ready(const struct ift_model *m, const struct ift_tensor *t,
                       enum ift_dtype dtype) {
    return !m->held && t->dtype == dtype && (uintptr_t)t->data % ift_dtype_size(dtype) == 0;
}

/* A weight that is not trained, in the file's own memory if possible. */
static int load_frozen(struct ift_model *m, const struct ift_tensor *t, enum ift_dtype dtype,
                       struct ift_operand *to, struct ift_err *err) {
    if (to->buf) return 0;
    if (lies_ready(m, t, dtype))
        return ift_device_wrap(m->device, dtype, t->ndim, t->dim, t->data, to, err);
    return load_copy(m, t, dtype, to, err);
}

static int load_trained(struct ift_model *m, const struct ift_tensor *t, struct ift_model_slot *s,
                        struct ift_err *err) {
    if (s->trained) return 0;
    if (s->wide.buf || s->half.buf)
        return IFT_FAIL(
            err, "\"%s\" is bound as a frozen weight already: bind the graph that trains first",
            t->name);
    IFT_TRY(load_copy(m, t, IFT_F32, &s->wide, err));
    s->trained = true;
    return 0;
}

/* Does graph g read its parameter v, which is t in the files, as it is stored? */
static bool is_read_as_stored(const struct ift_graph *g, ift_val v, const struct ift_tensor *t) {
    return (t->dtype == IFT_F16 || t->dtype == IFT_BF16) && ift_graph_takes_half(g, v);
}

/* What graph g is to read as its parameter v, which is tensor i of the files. */
static int load(struct ift_model *m, size_t i, const struct ift_graph *g, ift_val v,
                struct ift_operand *operand, struct ift_err *err) {
    struct ift_model_slot *const s = &m->slot[i];
    const struct ift_tensor *const t = ift_weights_at(m->weights, i);
    const bool half = !s->trained && is_read_as_stored(g, v, t);
    if (half)
        IFT_TRY(load_frozen(m, t, t->dtype, &s->half, err));
    else if (ift_graph_value(g, v)->trainable)
        IFT_TRY(load_trained(m, t, s, err));
    else
        IFT_TRY(load_frozen(m, t, IFT_F32, &s->wide, err));
    *operand = half ? s->half : s->wide;
    return 0;
}

/* What is computed and not read: the table of rope, the slopes of ALiBi. One with at least the rows
 * asked for, cut to them. */
static int load_table(struct ift_model *m, const struct ift_value *v, struct ift_operand *to,
                      struct ift_err *err) {
    for (size_t i = 0; i < m->tables; i++) {
        *to = m->table[i];
        if (to->ndim != v->ndim || to->dim[0] < v->dim[0]) continue;
        to->dim[0] = v->dim[0];
        return 0;
    }
    float *const table = ift_alloc((size_t)ift_shape_count(v->ndim, v->dim) * sizeof *table);
    if (v->ndim == 1)
        ift_alibi_slopes(v->dim[0], table);
    else
        ift_rope_table_fill(&m->config.rope, v->dim[0], table);
    int rc = ift_device_tensor(m->device, IFT_F32, v->ndim, v->dim, to, err);
    if (rc == 0) {
        rc = ift_device_upload(m->device, to, table, err);
        if (rc < 0) ift_device_free(m->device, to);
    }
    free(table);
    IFT_TRY(rc);
    m->table = ift_grow(m->table, m->tables + 1, &m->table_cap, sizeof *m->table);
    m->table[m->tables++] = *to;
    return 0;
}

/* Parameters that are neither a weight nor a table belong to a tuning method, which binds them
 * itself. */
static int bind(struct ift_model *m, struct ift_exec *x, const struct ift_graph *g, ift_val v,
                struct ift_err *err) {
    const struct ift_value *const value = ift_graph_value(g, v);
    struct ift_operand operand;
    if (!ift_model_is_weight(value)) {
        IFT_TRY(load_table(m, value, &operand, err));
    } else {
        const struct ift_tensor *const t = ift_model_find(m, value->name);
        if (!t) return 0;
        const size_t i = (size_t)(t - ift_weights_at(m->weights, 0));
        IFT_TRY(load(m, i, g, v, &operand, err));
    }
    return ift_exec_bind(x, v, &operand, err);
}

int ift_model_bind(struct ift_model *m, struct ift_device *d, struct ift_exec *x,
                   const struct ift_graph *g, struct ift_err *err) {
    if (m->device && m->device != d)
        return IFT_FAIL(err, "%s: bound to another device already", m->dir);
    m->device = d;
    for (size_t v = 1; v <= ift_graph_values(g); v++) {
        if (ift_graph_value(g, (ift_val)v)->role == IFT_PARAM)
            IFT_TRY(bind(m, x, g, (ift_val)v, err));
    }
    return 0;
}

struct ift_model_bytes ift_model_measure(const struct ift_model *m, const struct ift_device *d,
                                         const struct ift_graph *g) {
    struct ift_model_bytes bytes = {0};
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        const struct ift_value *const value = ift_graph_value(g, v);
        if (value->role != IFT_PARAM) continue;
        const struct ift_tensor *const t =
            ift_model_is_weight(value) ? ift_model_find(m, value->name) : NULL;
        if (ift_model_is_weight(value) && !t) continue;
        const size_t n = (size_t)ift_shape_count(value->ndim, value->dim);
        const enum ift_dtype dtype = t && is_read_as_stored(g, v, t) ? t->dtype : IFT_F32;
        const bool mapped = t && !value->trainable && d->backend->wrap && lies_ready(m, t, dtype);
        if (mapped && ift_weights_is_put(m->weights, t)) continue; /* held already */
        *(mapped ? &bytes.mapped : &bytes.own) += n * ift_dtype_size(dtype);
    }
    return bytes;
}

int ift_model_read(const struct ift_model *m, size_t i, float *to, struct ift_err *err) {
    const struct ift_tensor *t = ift_weights_at(m->weights, i);
    if (ift_model_is_copy(m, t)) {
        t = ift_model_find(m, m->arch->embed_name);
        i = (size_t)(t - ift_weights_at(m->weights, 0));
    }
    if (m->slot[i].trained) return ift_device_download(m->device, to, &m->slot[i].wide, err);
    return ift_to_f32(to, t->data, t->dtype, count_of(t), err);
}
