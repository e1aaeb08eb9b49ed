/* A spreadsheet of any bytes, or one whose parts are any XML, is read or refused; rows are in order
 * and end in a cell with text. */
#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcore/io/xlsx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void add_part(struct archive *a, const char *name, const void *text, size_t n) {
    struct archive_entry *const e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_size(e, (la_int64_t)n);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_write_header(a, e);
    if (n > 0 && archive_write_data(a, text, n) < 0) abort();
    archive_entry_free(e);
}

/* The data are the parts, with a zero byte between. */
static int package(const uint8_t *data, size_t n) {
    static const char *const name[] = {"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml",
                                       "xl/workbook.xml", "xl/_rels/workbook.xml.rels"};
    static const char *const usual[] =
        {"<worksheet/>", "<sst><si><t>a</t></si></sst>",
         "<workbook><sheets><sheet name=\"n\" id=\"i\"/></sheets></workbook>",
         "<r><Relationship Id=\"i\" Type=\"/worksheet\" Target=\"worksheets/sheet1.xml\"/></r>"};
    const int fd = memfd_create("xlsx", 0);
    struct archive *const a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_set_options(a, "zip:compression=store");
    archive_write_open_fd(a, fd);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        const uint8_t *const end = n ? memchr(data, 0, n) : NULL;
        const size_t k = end ? (size_t)(end - data) : n;
        const bool given = n > 0;
        add_part(a, name[i], given ? (const char *)data : usual[i], given ? k : strlen(usual[i]));
        data += k + (end != NULL);
        n -= k + (end != NULL);
    }
    archive_write_close(a);
    archive_write_free(a);
    return fd;
}

static int plain(const uint8_t *data, size_t n) {
    const int fd = memfd_create("xlsx", 0);
    if (n > 0 && write(fd, data, n) != (ssize_t)n) abort();
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0) return 0;
    struct ift_xlsx *x = NULL;
    struct ift_err err = {0};
    struct ift_csv_row row;
    const char *name;
    size_t sum = 0;
    int got =
        ift_xlsx_open_take(&x, data[0] & 1 ? package(data + 1, n - 1) : plain(data + 1, n - 1),
                           &err);
    while (got >= 0 && (got = ift_xlsx_next_sheet(x, &name, &err)) > 0) {
        size_t last = 0;
        while ((got = ift_xlsx_next(x, &row, &err)) > 0) {
            if (row.line <= last || row.n == 0 || row.field[row.n - 1].n == 0) abort();
            for (size_t i = 0; i < row.n; i++)
                for (size_t k = 0; k < row.field[i].n; k++) sum += (unsigned char)row.field[i].p[k];
            last = row.line;
        }
        if (got < 0) break;
    }
    if (got < 0 && err.text[0] == '\0') abort();
    ift_xlsx_free(x);
    return sum == SIZE_MAX;
}
