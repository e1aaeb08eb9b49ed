/* fuzz_torch_bin.c: any bytes are tensors within their bounds, or end in a message. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/tensor/torch_bin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    struct ift_torch_bin *b = NULL;
    char path[64];
    const int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (ift_torch_bin_open(&b, path, &err) == 0) {
        for (size_t i = 0; i < ift_torch_bin_count(b); i++) {
            const struct ift_tensor *const t = ift_torch_bin_at(b, i);
            for (size_t k = 0; k < t->bytes; k++) (void)((const volatile uint8_t *)t->data)[k];
        }
    } else if (!err.text[0]) {
        abort();
    }
    ift_torch_bin_free(b);
    close(fd);
    return 0;
}
