#include "libcore/peft/peft.h"

struct merger {
    struct ift_peft *const *adapter;
    size_t n, changed;
};

static int merge(void *self, const char *name, const struct ift_tensor *t, float *values,
                 struct ift_err *err) {
    struct merger *const m = self;
    size_t changes = 0;
    bool replaced = false;
    for (size_t i = 0; i < m->n; i++) {
        const int rc = ift_peft_merge(m->adapter[i], name, values, t->ndim, t->dim, err);
        IFT_TRY(rc);
        changes += rc > 0;
        replaced |= rc == 2;
    }
    if (replaced && changes > 1)
        return IFT_FAIL(err,
                        "one adapter replaces \"%s\", and another changes it: merge them one after "
                        "the other",
                        name);
    m->changed += changes > 0;
    return changes > 0;
}

int ift_peft_merge_model(const struct ift_model *model, struct ift_peft *const *adapters, size_t n,
                         const char *dir, const struct ift_model_save *how, size_t *changed,
                         struct ift_err *err) {
    struct merger m = {.adapter = adapters, .n = n};
    const struct ift_model_change change = {&m, merge};
    const int rc = ift_model_save_changed(model, dir, &change, how, err);
    *changed = m.changed;
    return rc;
}
