#include "libcore/train/result.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"

/* Lends the trained weights one by one, in the types of the files. */
struct lender {
    const struct ift_model *m;
    const struct ift_tensor *first; /* of the list being written */
    float *wide;
    void *narrow;
};

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct lender *l = self;
    const size_t count = t->bytes / ift_dtype_size(t->dtype);
    l->wide = ift_realloc(l->wide, count, sizeof *l->wide);
    IFT_TRY(ift_model_read(l->m, (size_t)(t - l->first), l->wide, err));
    *data = l->wide;
    if (t->dtype == IFT_F32) return 0;
    l->narrow = ift_realloc(l->narrow, t->bytes, 1);
    *data = l->narrow;
    return ift_from_f32(l->narrow, t->dtype, l->wide, count, err);
}

static int save_model(const char *dir, const struct ift_model *m, struct ift_err *err) {
    const struct ift_weights *weights = ift_model_weights(m);
    const size_t n = ift_weights_count(weights);
    struct ift_tensor *t = ift_alloc(n * sizeof *t);
    for (size_t i = 0; i < n; i++) {
        t[i] = *ift_weights_at(weights, i);
        if (ift_dtype_is_float(t[i].dtype)) t[i].data = NULL;
    }
    struct lender lender = {.m = m, .first = t};
    const struct ift_tensor_lender lends = {&lender, lend};
    const struct ift_model_save how = {.lender = &lends, .into = true};
    const int rc = ift_model_save(m, dir, t, n, &how, err);
    free(lender.wide);
    free(lender.narrow);
    free(t);
    return rc;
}

static int save_provenance(const char *dir, const char *provenance, struct ift_err *err) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/provenance.json", dir);
    struct ift_out *out = NULL;
    int rc = ift_out_open(&out, path.p, err);
    ift_str_release(&path);
    IFT_TRY(rc);
    rc = ift_out_write(out, provenance, strlen(provenance), err);
    if (rc == 0) rc = ift_out_write(out, "\n", 1, err);
    if (rc == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return rc;
}

int ift_result_save(const char *dir, struct ift_model *m, struct ift_peft *p, struct ift_device *d,
                    const char *provenance, struct ift_err *err) {
    IFT_TRY(save_provenance(dir, provenance, err));
    return ift_peft_trains_base(p) ? save_model(dir, m, err) : ift_peft_save(p, d, dir, err);
}
