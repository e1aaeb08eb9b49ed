#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/model/model_internal.h"
#include "libcore/model/rope_table.h"

static size_t count_of(const struct ift_tensor *t) {
    return (size_t)ift_shape_count(t->ndim, t->dim);
}

/* As f32 in memory of its own. */
static int load_copy(struct ift_device *d, const struct ift_tensor *t, struct ift_operand *to,
                     struct ift_err *err) {
    IFT_TRY(ift_device_tensor(d, IFT_F32, t->ndim, t->dim, to, err));
    float *wide = NULL;
    int rc = 0;
    if (t->dtype != IFT_F32) {
        wide = ift_alloc(count_of(t) * sizeof *wide);
        rc = ift_to_f32(wide, t->data, t->dtype, count_of(t), err);
    }
    if (rc == 0) rc = ift_device_upload(d, to, wide ? (const void *)wide : t->data, err);
    free(wide);
    if (rc < 0) ift_device_free(d, to);
    ift_safetensors_forget(t);
    return rc;
}

static int load(struct ift_model *m, size_t i, bool train, struct ift_err *err) {
    struct ift_model_slot *const s = &m->slot[i];
    const struct ift_tensor *const t = ift_safetensors_at(m->weights, i);
    if (s->operand.buf) {
        if (!train || s->trained) return 0;
        return IFT_FAIL(
            err, "\"%s\" is bound as a frozen weight already: bind the graph that trains first",
            t->name);
    }
    const bool aligned = (uintptr_t)t->data % sizeof(float) == 0;
    s->trained = train;
    if (t->dtype == IFT_F32 && aligned && !train)
        return ift_device_wrap(m->device, IFT_F32, t->ndim, t->dim, t->data, &s->operand, err);
    return load_copy(m->device, t, &s->operand, err);
}

/* A table with at least the rows asked for, cut to them. */
static int load_table(struct ift_model *m, const struct ift_value *v, struct ift_operand *to,
                      struct ift_err *err) {
    for (size_t i = 0; i < m->tables; i++) {
        *to = m->table[i];
        if (to->dim[0] < v->dim[0]) continue;
        to->dim[0] = v->dim[0];
        return 0;
    }
    float *const table = ift_alloc((size_t)ift_shape_count(v->ndim, v->dim) * sizeof *table);
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

/* Parameters that are neither a weight nor the table belong to a tuning method, which binds them
 * itself. */
static int bind(struct ift_model *m, struct ift_exec *x, ift_val v, const struct ift_value *value,
                struct ift_err *err) {
    struct ift_operand operand;
    if (!ift_model_is_weight(value)) {
        IFT_TRY(load_table(m, value, &operand, err));
    } else {
        const struct ift_tensor *const t = ift_safetensors_find(m->weights, value->name);
        if (!t) return 0;
        const size_t i = (size_t)(t - ift_safetensors_at(m->weights, 0));
        IFT_TRY(load(m, i, value->trainable, err));
        operand = m->slot[i].operand;
    }
    return ift_exec_bind(x, v, &operand, err);
}

int ift_model_bind(struct ift_model *m, struct ift_device *d, struct ift_exec *x,
                   const struct ift_graph *g, struct ift_err *err) {
    if (m->device && m->device != d)
        return IFT_FAIL(err, "%s: bound to another device already", m->dir);
    m->device = d;
    for (size_t v = 1; v <= ift_graph_values(g); v++) {
        const struct ift_value *const value = ift_graph_value(g, (ift_val)v);
        if (value->role == IFT_PARAM) IFT_TRY(bind(m, x, (ift_val)v, value, err));
    }
    return 0;
}

int ift_model_read(const struct ift_model *m, size_t i, float *to, struct ift_err *err) {
    const struct ift_tensor *const t = ift_safetensors_at(m->weights, i);
    if (m->slot[i].trained) return ift_device_download(m->device, to, &m->slot[i].operand, err);
    return ift_to_f32(to, t->data, t->dtype, count_of(t), err);
}
