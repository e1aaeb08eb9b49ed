/* What torch.save writes. The pickle is protocol 2 and says of each tensor: call _rebuild_tensor_v2
 * with the storage of this key, its place there, shape and strides. Nothing is remembered and
 * mentioned again (pickle's memo), which is shorter to write and the same to read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/tensor/torch_bin.h"
#include "libcore/tensor/zip_write.h"

#define FOLDER "archive/" /* what torch calls it when it writes to no file */
enum { ALIGN = 64 };      /* as torch aligns storages */

/* Of torch, as modules have it; NULL: torch has no storage of the kind. */
static const char *const storages[IFT_DTYPES] = {
    [IFT_F32] = "FloatStorage",  [IFT_F16] = "HalfStorage", [IFT_BF16] = "BFloat16Storage",
    [IFT_F64] = "DoubleStorage", [IFT_I64] = "LongStorage", [IFT_I32] = "IntStorage",
    [IFT_I16] = "ShortStorage",  [IFT_I8] = "CharStorage",  [IFT_U8] = "ByteStorage",
    [IFT_BOOL] = "BoolStorage",
};

static void add_number(struct ift_str *out, uint64_t value) {
    ift_str_addc(out, '\x8a'); /* LONG1: so many bytes, two's complement */
    ift_str_addc(out, 8);
    for (int i = 0; i < 8; i++) ift_str_addc(out, (char)(value >> 8 * i));
}

static void add_text(struct ift_str *out, const char *text) {
    const size_t n = strlen(text);
    ift_str_addc(out, 'X'); /* BINUNICODE */
    for (int i = 0; i < 4; i++) ift_str_addc(out, (char)(n >> 8 * i));
    ift_str_add(out, text, n);
}

static void add_tensor(struct ift_str *out, const struct ift_tensor *t, size_t key) {
    char name[24];
    snprintf(name, sizeof name, "%zu", key);
    const uint64_t count = (uint64_t)ift_shape_count(t->ndim, t->dim);
    add_text(out, t->name);
    ift_str_addf(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    add_text(out, "storage");
    ift_str_addf(out, "ctorch\n%s\n", storages[t->dtype]);
    add_text(out, name);
    add_text(out, "cpu");
    add_number(out, count);
    ift_str_adds(out, "tQ"); /* the storage, by that tuple */
    add_number(out, 0);
    ift_str_addc(out, '(');
    for (int i = 0; i < t->ndim; i++) add_number(out, (uint64_t)t->dim[i]);
    ift_str_adds(out, "t(");
    for (int i = 0; i < t->ndim; i++) {
        uint64_t stride = 1;
        for (int j = i + 1; j < t->ndim; j++) stride *= t->dim[j] ? (uint64_t)t->dim[j] : 1;
        add_number(out, stride);
    }
    ift_str_adds(out, "t\x89"
                      "ccollections\nOrderedDict\n)RtR"); /* False, no hooks; call */
}

static int make_pickle(struct ift_str *out, const char *path, const struct ift_tensor *t, size_t n,
                       struct ift_err *err) {
    ift_str_adds(out, "\x80\x02}(");
    for (size_t i = 0; i < n; i++) {
        const int64_t count = ift_shape_count(t[i].ndim, t[i].dim);
        if (count < 0 || (size_t)count * ift_dtype_size(t[i].dtype) != t[i].bytes)
            return IFT_FAIL(err, "%s: the shape of \"%s\" does not fill its %zu bytes", path,
                            t[i].name, t[i].bytes);
        add_tensor(out, &t[i], i);
    }
    ift_str_adds(out, "u.");
    return 0;
}

static int write_members(struct ift_zip_writer *z, const struct ift_str *pickle,
                         const struct ift_tensor *t, size_t n,
                         const struct ift_tensor_lender *lender, struct ift_err *err) {
    IFT_TRY(ift_zip_writer_add(z, FOLDER "data.pkl", pickle->p, pickle->n, ALIGN, err));
    IFT_TRY(ift_zip_writer_add(z, FOLDER "byteorder", "little", 6, ALIGN, err));
    for (size_t i = 0; i < n; i++) {
        char name[40];
        const void *data = t[i].data;
        snprintf(name, sizeof name, FOLDER "data/%zu", i);
        if (!data && t[i].bytes) IFT_TRY(lender->lend(lender->self, &t[i], &data, err));
        IFT_TRY(ift_zip_writer_add(z, name, data ? data : "", t[i].bytes, ALIGN, err));
    }
    IFT_TRY(ift_zip_writer_add(z, FOLDER "version", "3\n", 2, ALIGN, err));
    return ift_zip_writer_finish(z, err);
}

int ift_torch_bin_write_from(const char *path, const struct ift_tensor *t, size_t n,
                             const struct ift_tensor_lender *lender, struct ift_err *err) {
    struct ift_str pickle = {0};
    struct ift_out *out = NULL;
    int rc = make_pickle(&pickle, path, t, n, err);
    if (rc == 0) rc = ift_out_open(&out, path, err);
    if (rc == 0) {
        struct ift_zip_writer *const z = ift_zip_writer_new(out);
        rc = write_members(z, &pickle, t, n, lender, err);
        ift_zip_writer_free(z);
        if (rc == 0)
            rc = ift_out_close(out, err);
        else
            ift_out_abandon(out);
    }
    ift_str_release(&pickle);
    return rc;
}
