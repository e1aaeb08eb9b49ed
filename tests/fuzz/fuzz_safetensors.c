/* fuzz_safetensors.c: any bytes either open, with every tensor inside the file, or are refused with
 * a message. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/tensor/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    struct ift_safetensors *s = NULL;
    char path[64];
    const int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (ift_safetensors_open(&s, path, &err) == 0) {
        for (size_t i = 0; i < ift_safetensors_count(s); i++) {
            const struct ift_tensor *const t = ift_safetensors_at(s, i);
            for (size_t k = 0; k < t->bytes; k++) (void)((const volatile uint8_t *)t->data)[k];
            if (!ift_safetensors_find(s, t->name)) abort();
        }
    } else if (!err.text[0]) {
        abort();
    }
    ift_safetensors_free(s);
    close(fd);
    return 0;
}
