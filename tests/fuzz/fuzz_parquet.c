/* fuzz_parquet.c: any bytes are rows of JSON, or rows of which it is said what is wrong, or end in
 * a message. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/io/json.h"
#include "libcore/io/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 200, ROW_MAX = 1 << 16 };

static void need(int ok) {
    if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ift_err err = {0};
    struct ift_parquet *p;
    const int fd = memfd_create("input", MFD_CLOEXEC);
    need(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    if (ift_parquet_open_take(&p, fd, ROW_MAX, &err) < 0) {
        need(err.text[0]);
        return 0;
    }
    struct ift_str row = {0};
    struct ift_json doc = {0};
    const char *wrong;
    int got = 1;
    for (int i = 0; i < ROWS && (got = ift_parquet_next(p, &row, &wrong, &err)) > 0; i++) {
        if (!wrong) need(ift_json_parse(&doc, row.p, row.n, &err) == 0);
        ift_str_clear(&row);
    }
    need(got >= 0 || err.text[0]);
    ift_json_release(&doc);
    ift_str_release(&row);
    ift_parquet_free(p);
    return 0;
}
