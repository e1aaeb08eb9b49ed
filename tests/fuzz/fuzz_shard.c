/* fuzz_shard.c: any bytes are rows, every one as row.h promises, or end in a message. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/shard/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    struct ift_rows *rows = NULL;
    struct ift_row row;
    char path[64];
    const char *const paths[] = {path};
    const int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int got = ift_rows_open(&rows, paths, 1, &err);
    while (got >= 0 && (got = ift_rows_next(rows, &row, &err)) > 0)
        if (ift_row_check(&row, &err) < 0 || ift_row_learned(&row) > row.n) abort();
    if (got < 0 && !err.text[0]) abort();
    ift_rows_free(rows);
    close(fd);
    return 0;
}
