/* none.c: full tuning: every parameter of the base is trained, and what is saved is a model. */
#include <stdlib.h>

#include "libcore/peft/method.h"

static int none_make(struct ift_peft *p, const struct ift_peft_options *o, struct ift_err *err) {
    (void)p, (void)o, (void)err;
    return 0;
}

static void none_release(struct ift_peft *p) {
    (void)p;
}

static int none_merge(const struct ift_peft *p, const char *name, float *w, int ndim,
                      const int64_t *dim, struct ift_err *err) {
    (void)p, (void)name, (void)w, (void)ndim, (void)dim, (void)err;
    return 0;
}

/* A weight on its way from the device to the file. */
struct lender {
    const struct ift_model *model;
    const struct ift_tensor
        *first; /* of the list being written, in the order of the model's files */
    float *wide;
    void *stored;
};

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct lender *const l = self;
    const size_t n = t->bytes / ift_dtype_size(t->dtype);
    l->wide = ift_realloc(l->wide, n, sizeof *l->wide);
    l->stored = ift_realloc(l->stored, n, ift_dtype_size(t->dtype));
    IFT_TRY(ift_model_read(l->model, (size_t)(t - l->first), l->wide, err));
    *data = l->stored;
    return ift_from_f32(l->stored, t->dtype, l->wide, n, err);
}

/* Each tensor rounded once to the type it has in the model's files. */
static int none_save(struct ift_peft *p, const char *dir, struct ift_err *err) {
    const struct ift_weights *const weights = ift_model_weights(p->model);
    const size_t n = ift_weights_count(weights);
    struct ift_tensor *const t = ift_alloc(n * sizeof *t);
    for (size_t i = 0; i < n; i++) {
        t[i] = *ift_weights_at(weights, i);
        if (ift_dtype_is_float(t[i].dtype)) t[i].data = NULL;
    }
    struct lender l = {.model = p->model, .first = t};
    const struct ift_tensor_lender lender = {&l, lend};
    const struct ift_model_save how = {.lender = &lender, .into = true};
    const int rc = ift_model_save(p->model, dir, t, n, &how, err);
    free(l.wide);
    free(l.stored);
    free(t);
    return rc;
}

extern const struct ift_peft_method ift_peft_none;
const struct ift_peft_method ift_peft_none = {
    .name = "none",
    .trains_base = true,
    .make = none_make,
    .release = none_release,
    .merge = none_merge,
    .save = none_save,
};
