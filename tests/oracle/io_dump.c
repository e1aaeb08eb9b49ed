/* io_dump json|csv|tsv|plain: reads documents framed by their length (four bytes, little endian)
 * and answers each with a frame: for json the canonical text, empty when it was refused; for rows
 * one JSON array of arrays, empty when they were refused. tests/oracle/io.py drives it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/csv.h"
#include "libcore/io/json.h"

static void dump_json(const char *text, size_t n, struct ift_str *out) {
    struct ift_json doc = {0};
    if (ift_json_parse(&doc, text, n, NULL) == 0) ift_json_copy(out, &doc, 0);
    ift_json_release(&doc);
}

static void add_row(const struct ift_csv_row *row, struct ift_str *out) {
    if (out->n > 1) ift_str_addc(out, ',');
    for (size_t i = 0; i < row->n; i++) {
        ift_str_addc(out, i ? ',' : '[');
        ift_json_quote(out, row->field[i].p, row->field[i].n);
    }
    ift_str_addc(out, ']');
}

static void dump_rows(const struct ift_csv_dialect *dialect, const char *text, size_t n,
                      struct ift_str *out) {
    struct ift_csv *const c = ift_csv_new(dialect);
    struct ift_csv_row row;
    int got;
    ift_str_addc(out, '[');
    if (n) ift_csv_push(c, text, n);
    while ((got = ift_csv_next(c, &row, NULL)) > 0) add_row(&row, out);
    ift_csv_finish(c);
    while (got == 0 && (got = ift_csv_next(c, &row, NULL)) > 0) {
        add_row(&row, out);
        got = 0;
        break;
    }
    ift_str_addc(out, ']');
    if (got < 0) ift_str_clear(out);
    ift_csv_free(c);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    const bool json = strcmp(argv[1], "json") == 0, csv = strcmp(argv[1], "csv") == 0;
    const struct ift_csv_dialect dialect = {csv ? ',' : '\t', strcmp(argv[1], "plain") != 0};
    struct ift_str out = {0};
    uint32_t n;
    while (fread(&n, sizeof n, 1, stdin) == 1) {
        char *const text = malloc(n ? n : 1); /* exact, for the sanitizers */
        if (fread(text, 1, n, stdin) != n) return 1;
        ift_str_clear(&out);
        if (json) {
            dump_json(text, n, &out);
        } else {
            dump_rows(&dialect, text, n, &out);
        }
        const uint32_t size = (uint32_t)out.n;
        fwrite(&size, sizeof size, 1, stdout);
        if (size) fwrite(out.p, 1, size, stdout);
        free(text);
    }
    ift_str_release(&out);
    return 0;
}
