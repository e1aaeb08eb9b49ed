#include "libcore/tensor/device.h"

int64_t ift_operand_count(const struct ift_operand *t) {
    int64_t count = 1;
    for (int i = 0; i < t->ndim; i++) count *= t->dim[i];
    return count;
}

size_t ift_operand_bytes(const struct ift_operand *t) {
    return (size_t)ift_operand_count(t) * ift_dtype_size(t->dtype);
}

int ift_device_open(struct ift_device *d, const char *name, int threads, struct ift_err *err) {
    char why[IFT_WHY];
    *d = (struct ift_device){.backend = ift_backend_find(name, why)};
    if (!d->backend) return IFT_FAIL(err, "%s", why);
    const struct ift_backend_config cfg = {.threads = threads};
    if (d->backend->open(&d->dev, &cfg, why) != 0) {
        d->backend = NULL;
        return IFT_FAIL(err, "%s", why);
    }
    if (d->backend->stream_open(d->dev, &d->stream, why) != 0) {
        d->backend->close(d->dev);
        *d = (struct ift_device){0};
        return IFT_FAIL(err, "%s", why);
    }
    return 0;
}

void ift_device_close(struct ift_device *d) {
    if (!d->backend) return;
    d->backend->stream_close(d->stream);
    d->backend->close(d->dev);
    *d = (struct ift_device){0};
}

/* A dense tensor without memory. */
static int shape(struct ift_operand *t, enum ift_dtype dtype, int ndim, const int64_t *dim,
                 struct ift_err *err) {
    *t = (struct ift_operand){.dtype = dtype, .ndim = ndim, .row = 1};
    int64_t bytes = (int64_t)ift_dtype_size(dtype);
    if (ndim < 1 || ndim > IFT_MAX_DIMS)
        return IFT_FAIL(err, "a tensor of %d dimensions, not 1 to %d", ndim, IFT_MAX_DIMS);
    for (int i = 0; i < ndim; i++) {
        if (dim[i] < 0 || __builtin_mul_overflow(bytes, dim[i], &bytes))
            return IFT_FAIL(err, "a tensor too large for memory");
        t->dim[i] = dim[i];
        if (i > 0) t->row *= dim[i];
    }
    return 0;
}

static void count(struct ift_device *d, const struct ift_operand *t) {
    d->bytes += ift_operand_bytes(t);
    if (d->bytes > d->peak) d->peak = d->bytes;
}

int ift_device_tensor(struct ift_device *d, enum ift_dtype dtype, int ndim, const int64_t *dim,
                      struct ift_operand *t, struct ift_err *err) {
    char why[IFT_WHY];
    IFT_TRY(shape(t, dtype, ndim, dim, err));
    if (d->backend->alloc(d->dev, ift_operand_bytes(t), &t->buf, why) != 0)
        return IFT_FAIL(err, "%s", why);
    count(d, t);
    return 0;
}

int ift_device_wrap(struct ift_device *d, enum ift_dtype dtype, int ndim, const int64_t *dim,
                    const void *host, struct ift_operand *t, struct ift_err *err) {
    char why[IFT_WHY];
    IFT_TRY(shape(t, dtype, ndim, dim, err));
    if (d->backend->wrap &&
        d->backend->wrap(d->dev, host, ift_operand_bytes(t), &t->buf, why) == 0) {
        count(d, t);
        return 0;
    }
    IFT_TRY(ift_device_tensor(d, dtype, ndim, dim, t, err));
    if (ift_device_upload(d, t, host, err) == 0) return 0;
    ift_device_free(d, t);
    return -1;
}

void ift_device_free(struct ift_device *d, struct ift_operand *t) {
    if (!t->buf) return;
    d->backend->free(d->dev, t->buf);
    d->bytes -= ift_operand_bytes(t);
    *t = (struct ift_operand){0};
}

int ift_device_upload(struct ift_device *d, const struct ift_operand *t, const void *host,
                      struct ift_err *err) {
    char why[IFT_WHY];
    if (d->backend->upload(d->stream, t->buf, t->offset, host, ift_operand_bytes(t), why) != 0)
        return IFT_FAIL(err, "%s", why);
    return ift_device_sync(d, err);
}

int ift_device_download(struct ift_device *d, void *host, const struct ift_operand *t,
                        struct ift_err *err) {
    char why[IFT_WHY];
    if (d->backend->download(d->stream, host, t->buf, t->offset, ift_operand_bytes(t), why) != 0)
        return IFT_FAIL(err, "%s", why);
    return ift_device_sync(d, err);
}

int ift_device_zero(struct ift_device *d, const struct ift_operand *t, struct ift_err *err) {
    char why[IFT_WHY];
    if (d->backend->zero(d->stream, t->buf, t->offset, ift_operand_bytes(t), why) != 0)
        return IFT_FAIL(err, "%s", why);
    return 0;
}

int ift_device_run(struct ift_device *d, const struct ift_call *calls, size_t n,
                   struct ift_err *err) {
    char why[IFT_WHY];
    return d->backend->run(d->stream, calls, n, why) != 0 ? IFT_FAIL(err, "%s", why) : 0;
}

int ift_device_sync(struct ift_device *d, struct ift_err *err) {
    char why[IFT_WHY];
    return d->backend->sync(d->stream, why) != 0 ? IFT_FAIL(err, "%s", why) : 0;
}
