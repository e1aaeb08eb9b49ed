/* Rows do not depend on how the input is cut into blocks, and quoting a row gives it back. The
 * first byte chooses the dialect. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void rows(const struct ift_csv_dialect *dialect, const char *text, size_t n, size_t step,
                 struct ift_str *out) {
    struct ift_csv *const c = ift_csv_new(dialect);
    struct ift_csv_row row;
    size_t used = 0;
    int got;
    bool finished = false;
    char *block = NULL;
    while ((got = ift_csv_next(c, &row, NULL)) >= 0) {
        if (got > 0) {
            ift_str_addf(out, "%zu:", row.line);
            for (size_t i = 0; i < row.n; i++) {
                ift_str_addf(out, "%zu=", row.field[i].n);
                ift_str_add(out, row.field[i].p, row.field[i].n);
            }
        } else if (finished) {
            break;
        } else if (used == n) {
            finished = true;
            ift_csv_finish(c);
        } else {
            const size_t take = n - used < step ? n - used : step;
            free(block);
            block = malloc(take);
            memcpy(block, text + used, take);
            used += take;
            ift_csv_push(c, block, take);
        }
    }
    ift_str_addf(out, "%d", got);
    free(block);
    ift_csv_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0) return 0;
    const struct ift_csv_dialect dialect = {data[0] & 1 ? ',' : '\t', data[0] & 2};
    const char *const text = (const char *)data + 1;
    struct ift_str whole = {0}, cut = {0};
    rows(&dialect, text, n - 1, n, &whole);
    rows(&dialect, text, n - 1, 1 + data[0] / 4u % 5, &cut);
    if (!ift_slice_eq(ift_str_slice(&whole), ift_str_slice(&cut))) abort();
    ift_str_release(&whole);
    ift_str_release(&cut);
    return 0;
}
