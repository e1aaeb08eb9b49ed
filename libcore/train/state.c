#include "libcore/train/state.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/tensor/safetensors.h"

enum { PARTS = 3 }; /* tensors of a parameter */

static const char *const prefix[PARTS] = {"", "m.", "v."};

static const struct ift_operand *part(const struct ift_optim_param *p, size_t i) {
    const struct ift_operand *const of[PARTS] = {&p->value, &p->m, &p->v};
    return of[i];
}

/* The tensors of a state file, without data: parameter by parameter. */
struct listing {
    const struct ift_optim *o;
    struct ift_device *d;
    struct ift_tensor *t; /* (n) */
    size_t n;
    float *copy; /* of the tensor at hand */
    struct ift_hasher *hash;
};

static const struct ift_operand *operand_of(const struct listing *l, size_t i) {
    return part(ift_optim_at(l->o, i / PARTS), i % PARTS);
}

static void list(struct listing *l) {
    size_t largest = 0;
    l->n = PARTS * ift_optim_count(l->o);
    l->t = ift_alloc0(l->n, sizeof *l->t);
    for (size_t i = 0; i < l->n; i++) {
        const struct ift_operand *at = operand_of(l, i);
        struct ift_str name = {0};
        ift_str_addf(&name, "%s%s", prefix[i % PARTS], ift_optim_at(l->o, i / PARTS)->name);
        l->t[i] = (struct ift_tensor){.name = ift_str_take(&name),
                                      .dtype = at->dtype,
                                      .ndim = at->ndim,
                                      .bytes = ift_operand_bytes(at)};
        memcpy(l->t[i].dim, at->dim, sizeof at->dim);
        if (l->t[i].bytes > largest) largest = l->t[i].bytes;
    }
    l->copy = ift_alloc(largest);
    l->hash = ift_hasher_new();
}

static void unlist(struct listing *l) {
    for (size_t i = 0; i < l->n; i++) free((char *)l->t[i].name);
    free(l->t);
    free(l->copy);
    ift_hasher_free(l->hash);
}

static void digest_tensor(struct ift_hasher *h, const char *name, const void *data, size_t bytes) {
    ift_hasher_add(h, name, strlen(name) + 1);
    ift_hasher_add(h, data, bytes);
}

static int lend(void *self, const struct ift_tensor *t, const void **data, struct ift_err *err) {
    struct listing *l = self;
    IFT_TRY(ift_device_download(l->d, l->copy, operand_of(l, (size_t)(t - l->t)), err));
    digest_tensor(l->hash, t->name, l->copy, t->bytes);
    *data = l->copy;
    return 0;
}

int ift_state_write(const char *path, const struct ift_optim *o, struct ift_device *d,
                    uint64_t *digest, struct ift_err *err) {
    struct listing l = {.o = o, .d = d};
    list(&l);
    const struct ift_tensor_lender lender = {&l, lend};
    const int rc = ift_safetensors_write_from(path, l.t, l.n, NULL, 0, &lender, err);
    *digest = ift_hasher_value(l.hash);
    unlist(&l);
    return rc;
}

int ift_state_digest(const char *path, uint64_t *digest, struct ift_err *err) {
    struct ift_safetensors *file = NULL;
    IFT_TRY(ift_safetensors_open(&file, path, err));
    struct ift_hasher *h = ift_hasher_new();
    for (size_t i = 0; i < ift_safetensors_count(file); i++) {
        const struct ift_tensor *t = ift_safetensors_at(file, i);
        digest_tensor(h, t->name, t->data, t->bytes);
        ift_safetensors_forget(file, t);
    }
    *digest = ift_hasher_value(h);
    ift_hasher_free(h);
    ift_safetensors_free(file);
    return 0;
}

static int read_tensor(const struct ift_safetensors *file, const char *name,
                       const struct ift_operand *to, struct ift_device *d, struct ift_err *err) {
    const struct ift_tensor *t = ift_safetensors_find(file, name);
    if (!t) return IFT_FAIL(err, "tensor \"%s\" is missing", name);
    if (t->dtype != to->dtype || t->ndim != to->ndim ||
        memcmp(t->dim, to->dim, (size_t)to->ndim * sizeof *to->dim) != 0)
        return IFT_FAIL(err, "tensor \"%s\" has another shape or type", name);
    const int rc = ift_device_upload(d, to, t->data, err);
    ift_safetensors_forget(file, t);
    return rc;
}

int ift_state_read(const char *path, const struct ift_optim *o, struct ift_device *d,
                   struct ift_err *err) {
    struct ift_safetensors *file = NULL;
    IFT_TRY(ift_safetensors_open(&file, path, err));
    struct listing l = {.o = o, .d = d};
    list(&l);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < l.n; i++)
        rc = read_tensor(file, l.t[i].name, operand_of(&l, i), d, err);
    if (rc < 0) ift_fail_in(err, "%s", path);
    unlist(&l);
    ift_safetensors_free(file);
    return rc;
}
