#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/tensor/safetensors.h"

/* Name and rank of each dtype in the original's serializer: higher ranks come first. */
static const struct {
    const char *name;
    int rank;
} types[IFT_DTYPES] = {
    [IFT_BOOL] = {"BOOL", 0}, [IFT_U8] = {"U8", 1},   [IFT_I8] = {"I8", 2},
    [IFT_I16] = {"I16", 3},   [IFT_F16] = {"F16", 4}, [IFT_BF16] = {"BF16", 5},
    [IFT_I32] = {"I32", 6},   [IFT_F32] = {"F32", 7}, [IFT_F64] = {"F64", 8},
    [IFT_I64] = {"I64", 9},
};

static int by_rank(const void *a, const void *b) {
    const struct ift_tensor *const x = *(const struct ift_tensor *const *)a;
    const struct ift_tensor *const y = *(const struct ift_tensor *const *)b;
    if (types[x->dtype].rank != types[y->dtype].rank)
        return types[x->dtype].rank > types[y->dtype].rank ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void add_pair(struct ift_str *out, const char *key, const char *value) {
    ift_json_quote(out, key, strlen(key));
    ift_str_addc(out, ':');
    ift_json_quote(out, value, strlen(value));
}

static void add_entry(struct ift_str *out, const struct ift_tensor *t, size_t at) {
    ift_json_quote(out, t->name, strlen(t->name));
    ift_str_addf(out, ":{\"dtype\":\"%s\",\"shape\":[", types[t->dtype].name);
    for (int d = 0; d < t->ndim; d++)
        ift_str_addf(out, "%s%lld", d ? "," : "", (long long)t->dim[d]);
    ift_str_addf(out, "],\"data_offsets\":[%zu,%zu]}", at, at + t->bytes);
}

static int make_header(struct ift_str *out, const char *path,
                       const struct ift_tensor *const *sorted, size_t n,
                       const struct ift_safetensors_pair *metadata, size_t npairs,
                       struct ift_err *err) {
    ift_str_adds(out, "{\"__metadata__\":{");
    add_pair(out, "format", "pt");
    for (size_t i = 0; i < npairs; i++) {
        ift_str_addc(out, ',');
        add_pair(out, metadata[i].key, metadata[i].value);
    }
    ift_str_addc(out, '}');
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ift_tensor *const t = sorted[i];
        const int64_t count = ift_shape_count(t->ndim, t->dim);
        if (count < 0 || (size_t)count * ift_dtype_size(t->dtype) != t->bytes)
            return IFT_FAIL(err, "%s: the shape of \"%s\" does not fill its %zu bytes", path,
                            t->name, t->bytes);
        if (i && strcmp(t->name, sorted[i - 1]->name) == 0)
            return IFT_FAIL(err, "%s: \"%s\" is to be written twice", path, t->name);
        ift_str_addc(out, ',');
        add_entry(out, t, at);
        at += t->bytes;
    }
    ift_str_addc(out, '}');
    while (out->n % 8) ift_str_addc(out, ' ');
    return 0;
}

static int write_all(struct ift_out *f, const struct ift_str *header,
                     const struct ift_tensor *const *sorted, size_t n,
                     const struct ift_tensor_lender *lender, struct ift_err *err) {
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)((uint64_t)header->n >> 8 * i);
    IFT_TRY(ift_out_write(f, length, sizeof length, err));
    IFT_TRY(ift_out_write(f, header->p, header->n, err));
    for (size_t i = 0; i < n; i++) {
        const void *data = sorted[i]->data;
        if (!sorted[i]->bytes) continue;
        if (!data) IFT_TRY(lender->lend(lender->self, sorted[i], &data, err));
        IFT_TRY(ift_out_write(f, data, sorted[i]->bytes, err));
    }
    return 0;
}

int ift_safetensors_write_from(const char *path, const struct ift_tensor *t, size_t n,
                               const struct ift_safetensors_pair *metadata, size_t npairs,
                               const struct ift_tensor_lender *lender, struct ift_err *err) {
    const struct ift_tensor **const sorted = ift_alloc(n * sizeof *sorted);
    for (size_t i = 0; i < n; i++) sorted[i] = &t[i];
    if (n) qsort(sorted, n, sizeof *sorted, by_rank);
    struct ift_str header = {0};
    struct ift_out *f = NULL;
    int rc = make_header(&header, path, sorted, n, metadata, npairs, err);
    if (rc == 0) rc = ift_out_open(&f, path, err);
    if (rc == 0) {
        rc = write_all(f, &header, sorted, n, lender, err);
        if (rc == 0) rc = ift_out_close(f, err);
        else ift_out_abandon(f);
    }
    ift_str_release(&header);
    free(sorted);
    return rc;
}

int ift_safetensors_write(const char *path, const struct ift_tensor *t, size_t n,
                          const struct ift_safetensors_pair *metadata, size_t npairs,
                          struct ift_err *err) {
    return ift_safetensors_write_from(path, t, n, metadata, npairs, NULL, err);
}
