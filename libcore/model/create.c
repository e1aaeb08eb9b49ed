#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/io/stream.h"
#include "libcore/model/model_internal.h"

enum {
    STREAM = 0x696e6974, /* keeps these numbers apart from other uses of a seed */
    BLOCK = 1024,
};

struct maker {
    const struct ift_model_create *how;
    enum ift_dtype dtype;
    const struct ift_arch *arch;
    struct ift_config config;
    float *wide;  /* of the tensor being lent */
    void *stored; /* the same in the dtype asked for */
};

static bool ends_with(const char *name, const char *end) {
    const size_t n = strlen(name), k = strlen(end);
    return n >= k && strcmp(name + n - k, end) == 0;
}

/* Every tensor has a sequence of its own, by its name: what else the model has changes nothing. */
static void fill(const struct maker *k, const struct ift_tensor *t, float *to) {
    const struct ift_config *const c = &k->config;
    const size_t n = (size_t)ift_shape_count(t->ndim, t->dim);
    if (t->ndim < 2) {
        const float value = ends_with(t->name, ".bias") ? 0.0f : 1.0f;
        for (size_t i = 0; i < n; i++) to[i] = value;
        return;
    }
    const char *const residual = k->arch->residual_suffix;
    double deviation = c->initializer_range;
    if (residual && ends_with(t->name, residual)) deviation /= sqrt(2.0 * (double)c->layers);
    const struct ift_rng r = ift_rng(k->how->seed, STREAM, ift_hash(t->name, strlen(t->name)));
    double normal[BLOCK];
    for (size_t from = 0; from < n; from += BLOCK) {
        const size_t count = n - from < BLOCK ? n - from : BLOCK;
        ift_rng_normals(&r, from, normal, count);
        for (size_t i = 0; i < count; i++) to[from + i] = (float)(deviation * normal[i]);
    }
    if (c->embed_pad >= 0 && strcmp(t->name, k->arch->embed_name) == 0)
        memset(to + (size_t)c->embed_pad * (size_t)c->hidden, 0, (size_t)c->hidden * sizeof *to);
}

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct maker *const k = self;
    const size_t n = (size_t)ift_shape_count(t->ndim, t->dim);
    k->wide = ift_realloc(k->wide, n, sizeof *k->wide);
    k->stored = ift_realloc(k->stored, n, ift_dtype_size(t->dtype));
    fill(k, t, k->wide);
    *data = k->stored;
    return ift_from_f32(k->stored, t->dtype, k->wide, n, err);
}

/* Every weight of the outline, names lent by it. */
static struct ift_tensor *list(const struct ift_graph *g, enum ift_dtype dtype, size_t *n) {
    struct ift_tensor *const t = ift_alloc0(ift_graph_values(g) + 1, sizeof *t);
    *n = 0;
    for (size_t v = 1; v <= ift_graph_values(g); v++) {
        const struct ift_value *const value = ift_graph_value(g, (ift_val)v);
        if (!ift_model_is_weight(value)) continue;
        struct ift_tensor *const to = &t[(*n)++];
        *to = (struct ift_tensor){.name = value->name, .dtype = dtype, .ndim = value->ndim};
        memcpy(to->dim, value->dim, sizeof to->dim);
        to->bytes = (size_t)ift_shape_count(to->ndim, to->dim) * ift_dtype_size(dtype);
    }
    return t;
}

/* `folder`: the one the config came from, or NULL. */
static int write_folder(struct maker *k, const struct ift_str *config_text, const char *folder,
                        const char *dir, struct ift_err *err) {
    struct ift_outdir *f;
    struct ift_graph *const g = ift_model_outline(k->arch, &k->config, err);
    if (!g) return -1;
    size_t n;
    struct ift_tensor *const t = list(g, k->dtype, &n);
    const struct ift_tensor_lender lender = {k, lend};
    const struct ift_model_save how = {.lender = &lender,
                                       .dtype = k->how->dtype,
                                       .provenance = k->how->provenance};
    int rc = ift_outdir_open(&f, dir, IFT_OUTDIR_NEW, err);
    if (rc == 0) {
        if (folder) rc = ift_model_copy_files(folder, NULL, f, err);
        if (rc == 0) rc = ift_model_write_files(f, t, n, &how, config_text, err);
        if (rc == 0)
            rc = ift_outdir_commit(f, err);
        else
            ift_outdir_abandon(f);
    }
    free(t);
    ift_graph_free(g);
    return rc;
}

int ift_model_create(const char *from, const char *dir, const struct ift_model_create *how,
                     struct ift_err *err) {
    struct stat st;
    if (stat(from, &st) != 0) return ift_fail_errno(err, "%s", from);
    const bool is_folder = S_ISDIR(st.st_mode);
    char *const path = is_folder ? ift_model_path(from, "config.json") : ift_strdup(from);
    struct maker k = {.how = how};
    struct ift_str text = {0};
    int rc = ift_in_slurp(path, &text, 0, err);
    if (rc == 0) {
        rc = ift_arch_configure(text.p, text.n, &k.arch, &k.config, err);
        if (rc < 0) ift_fail_in(err, "%s", path);
    }
    k.dtype = how->dtype ? *how->dtype : k.config.dtype;
    if (rc == 0) rc = write_folder(&k, &text, is_folder ? from : NULL, dir, err);
    free(k.wide);
    free(k.stored);
    ift_str_release(&text);
    free(path);
    return rc;
}
