#include <stdlib.h>
#include <string.h>

#include "libcore/peft/method.h"

/* The merged weights, made one at a time while they are written. */
struct merger {
    const struct ift_model *model;
    struct ift_peft *const *adapter;
    size_t n;
    const struct ift_tensor
        *first; /* of the list being written, in the order of the model's files */
    size_t changed;
    float *wide;
    void *stored;
};

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct merger *const m = self;
    const struct ift_tensor *const from = ift_weights_at(ift_model_weights(m->model),
                                                             (size_t)(t - m->first));
    const size_t count = (size_t)ift_shape_count(t->ndim, t->dim);
    *data = from->data;
    if (!ift_dtype_is_float(from->dtype)) return 0;
    m->wide = ift_realloc(m->wide, count, sizeof *m->wide);
    IFT_TRY(ift_to_f32(m->wide, from->data, from->dtype, count, err));
    struct ift_str name = {0};
    ift_model_name(m->model, from, &name);
    bool changed = false;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < m->n; i++) {
        rc = ift_peft_merge(m->adapter[i], name.p, m->wide, t->ndim, t->dim, err);
        changed |= rc > 0;
    }
    ift_str_release(&name);
    IFT_TRY(rc);
    m->changed += changed;
    if (!changed && t->dtype == from->dtype)
        return 0; /* f64 would not survive the way through f32 */
    m->stored = ift_realloc(m->stored, count, ift_dtype_size(t->dtype));
    *data = m->stored;
    return ift_from_f32(m->stored, t->dtype, m->wide, count, err);
}

int ift_peft_merge_model(const struct ift_model *model, struct ift_peft *const *adapters, size_t n,
                         const char *dir, const struct ift_model_save *how, size_t *changed,
                         struct ift_err *err) {
    const struct ift_weights *const weights = ift_model_weights(model);
    const size_t count = ift_weights_count(weights);
    struct ift_tensor *const t = ift_alloc(count * sizeof *t);
    for (size_t i = 0; i < count; i++) {
        t[i] = *ift_weights_at(weights, i);
        t[i].data = NULL;
        if (!how->dtype || !ift_dtype_is_float(t[i].dtype)) continue;
        t[i].dtype = *how->dtype;
        t[i].bytes = (size_t)ift_shape_count(t[i].ndim, t[i].dim) * ift_dtype_size(*how->dtype);
    }
    struct merger m = {.model = model, .adapter = adapters, .n = n, .first = t};
    const struct ift_tensor_lender lender = {&m, lend};
    const struct ift_model_save save = {
        .lender = &lender, .dtype = how->dtype, .provenance = how->provenance};
    const int rc = ift_model_save(model, dir, t, count, &save, err);
    *changed = m.changed;
    free(m.wide);
    free(m.stored);
    free(t);
    return rc;
}
