/* A model saved with other numbers in its tensors, or with the same in another type. */
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/model/model_internal.h"

struct recaster {
    const struct ift_model *model;
    const struct ift_model_change *change;
    const struct ift_tensor *first; /* of the list being written, in the order of the files */
    float *wide;
    void *stored;
};

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct recaster *const r = self;
    const struct ift_tensor *const from = ift_weights_at(r->model->weights, (size_t)(t - r->first));
    const size_t count = (size_t)ift_shape_count(t->ndim, t->dim);
    *data = from->data;
    if (!ift_dtype_is_float(from->dtype) || (!r->change && t->dtype == from->dtype)) return 0;
    r->wide = ift_realloc(r->wide, count, sizeof *r->wide);
    IFT_TRY(ift_to_f32(r->wide, from->data, from->dtype, count, err));
    int changed = 0;
    if (r->change) {
        struct ift_str name = {0};
        ift_model_name(r->model, from, &name);
        changed = r->change->change(r->change->self, name.p, from, r->wide, err);
        ift_str_release(&name);
        IFT_TRY(changed);
    }
    if (!changed && t->dtype == from->dtype)
        return 0; /* f64 would not survive the way through f32 */
    r->stored = ift_realloc(r->stored, count, ift_dtype_size(t->dtype));
    *data = r->stored;
    return ift_from_f32(r->stored, t->dtype, r->wide, count, err);
}

int ift_model_save_changed(const struct ift_model *m, const char *dir,
                           const struct ift_model_change *change, const struct ift_model_save *how,
                           struct ift_err *err) {
    const size_t n = ift_weights_count(m->weights);
    struct ift_tensor *const t = ift_alloc(n * sizeof *t);
    for (size_t i = 0; i < n; i++) {
        t[i] = *ift_weights_at(m->weights, i);
        t[i].data = NULL;
        if (!how->dtype || !ift_dtype_is_float(t[i].dtype)) continue;
        t[i].dtype = *how->dtype;
        t[i].bytes = (size_t)ift_shape_count(t[i].ndim, t[i].dim) * ift_dtype_size(*how->dtype);
    }
    struct recaster r = {.model = m, .change = change, .first = t};
    const struct ift_tensor_lender lender = {&r, lend};
    struct ift_model_save save = *how;
    save.lender = &lender;
    const int rc = ift_model_save(m, dir, t, n, &save, err);
    free(r.wide);
    free(r.stored);
    free(t);
    return rc;
}
