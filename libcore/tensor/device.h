/* device.h: an opened processor with its one stream, and buffers on it, with errors in the library's form.
 * A thin skin over kernels/backend.h, so that nobody above this room handles `why` strings.
 */
#ifndef IFT_DEVICE_H
#define IFT_DEVICE_H

#include <stdint.h>

#include "kernels/backend.h"
#include "libcore/base/err.h"

struct ift_device {
    const struct ift_backend *backend;
    struct ift_dev *dev;
    struct ift_stream *stream;
    size_t bytes, peak; /* allocated now and at most, by this handle */
};

/* name: "auto", "cpu", "cuda". threads: CPU workers, 0 = one a core. */
int ift_device_open(struct ift_device *d, const char *name, int threads, struct ift_err *err) IFT_MUST_CHECK;
void ift_device_close(struct ift_device *d);

/* A dense tensor in fresh device memory, contents undefined; free with ift_device_free. */
int ift_device_tensor(struct ift_device *d, enum ift_dtype dtype, int ndim, const int64_t *dim, struct ift_operand *t, struct ift_err *err) IFT_MUST_CHECK;
/* The same over host memory, without a copy where the backend can (memory must be aligned to 64 bytes or to
 * the element where the backend accepts it, and outlive the tensor), else copied. */
int ift_device_wrap(struct ift_device *d, enum ift_dtype dtype, int ndim, const int64_t *dim, const void *host, struct ift_operand *t, struct ift_err *err) IFT_MUST_CHECK;
void ift_device_free(struct ift_device *d, struct ift_operand *t);

size_t ift_operand_bytes(const struct ift_operand *t);   /* of its elements, as if dense */
int64_t ift_operand_count(const struct ift_operand *t);

/* Whole dense tensors; both wait for completion. */
int ift_device_upload(struct ift_device *d, const struct ift_operand *t, const void *host, struct ift_err *err) IFT_MUST_CHECK;
int ift_device_download(struct ift_device *d, void *host, const struct ift_operand *t, struct ift_err *err) IFT_MUST_CHECK;
int ift_device_zero(struct ift_device *d, const struct ift_operand *t, struct ift_err *err) IFT_MUST_CHECK;
int ift_device_run(struct ift_device *d, const struct ift_call *calls, size_t count, struct ift_err *err) IFT_MUST_CHECK;
int ift_device_sync(struct ift_device *d, struct ift_err *err) IFT_MUST_CHECK;

#endif
