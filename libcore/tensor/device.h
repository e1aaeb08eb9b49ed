/* device.h: an opened processor with its one stream, and buffers on it, with errors in the
 * library's form. A thin skin over kernels/backend.h, so that nobody above this room handles `why`
 * strings.
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
    size_t bytes, peak; /* of the tensors of this handle, now and at most; wrapped ones count too */
};

/* name: "auto", "cpu", "cuda". threads: CPU workers, 0 = one a core. */
int ift_device_open(struct ift_device *d, const char *name, int threads, struct ift_err *err)
    IFT_MUST_CHECK;
void ift_device_close(struct ift_device *d); /* fine after a failed open, and twice */

/* A dense tensor in fresh device memory, contents undefined; free with ift_device_free. */
int ift_device_tensor(struct ift_device *d, enum ift_dtype dtype, int ndim, const int64_t *dim,
                      struct ift_operand *t, struct ift_err *err) IFT_MUST_CHECK;
/* The same over host memory, which must outlive the tensor: without a copy where the backend can,
 * and then no op may write to it; else copied. Align it to 64 bytes, or to the element where that
 * is all there is. */
int ift_device_wrap(struct ift_device *d, enum ift_dtype dtype, int ndim, const int64_t *dim,
                    const void *host, struct ift_operand *t, struct ift_err *err) IFT_MUST_CHECK;
void ift_device_free(struct ift_device *d, struct ift_operand *t); /* and clears t; twice is fine */

size_t ift_operand_bytes(const struct ift_operand *t); /* of its elements, as if dense */
int64_t ift_operand_count(const struct ift_operand *t);

/* Whole dense tensors; up- and download wait for completion, zero is enqueued. */
int ift_device_upload(struct ift_device *d, const struct ift_operand *t, const void *host,
                      struct ift_err *err) IFT_MUST_CHECK;
int ift_device_download(struct ift_device *d, void *host, const struct ift_operand *t,
                        struct ift_err *err) IFT_MUST_CHECK;
int ift_device_zero(struct ift_device *d, const struct ift_operand *t, struct ift_err *err)
    IFT_MUST_CHECK;
int ift_device_run(struct ift_device *d, const struct ift_call *calls, size_t count,
                   struct ift_err *err) IFT_MUST_CHECK;
int ift_device_sync(struct ift_device *d, struct ift_err *err) IFT_MUST_CHECK;

#endif
