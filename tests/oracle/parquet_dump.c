/* parquet_dump FILE...: the rows of Parquet files as JSON lines, and on standard error what is
 * wrong with them. Stops at the first file that is damaged. For tests/oracle/parquet.py. */
#include <fcntl.h>
#include <stdio.h>

#include "libcore/io/parquet.h"

static int dump(const char *path, struct ift_err *err) {
    struct ift_parquet *p;
    struct ift_str row = {0};
    const char *wrong;
    IFT_TRY(ift_parquet_open_take(&p, open(path, O_RDONLY | O_CLOEXEC), 0, err));
    int got;
    while ((got = ift_parquet_next(p, &row, &wrong, err)) > 0) {
        ift_str_addc(&row, '\n');
        fwrite(row.p, 1, row.n, stdout);
        if (wrong) fprintf(stderr, "%s: %s\n", path, wrong);
        ift_str_clear(&row);
    }
    ift_parquet_free(p);
    ift_str_release(&row);
    return got;
}

int main(int argc, char **argv) {
    struct ift_err err = {0};
    for (int i = 1; i < argc; i++) {
        if (dump(argv[i], &err) == 0) continue;
        fprintf(stderr, "%s: %s\n", argv[i], err.text);
        return 1;
    }
    return 0;
}
