#include "libcore/io/xlsx.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/xlsx_sheet.h"

enum { SHEETS = 1 << 14 };

struct sheet {
    char *name, *id; /* id: of the relationship */
    char *part;      /* NULL: it is none of rows */
};

struct ift_xlsx {
    int fd;
    struct sheet *sheet;
    size_t n, cap, next;
    struct ift_xlsx_shared shared;
    struct ift_xlsx_sheet *open;
};

bool ift_xlsx_begins(const char *p, size_t n) {
    /* The name of the first member stands behind thirty bytes of header. */
    static const char *const first[] = {"[Content_Types].xml", "_rels/.rels",   "docProps/",
                                        "xl/workbook.xml",     "xl/_rels/",     "xl/worksheets/",
                                        "xl/sharedStrings",    "xl/styles.xml", "xl/theme/"};
    if (n < 30 || memcmp(p, "PK\3\4", 4) != 0) return false;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        const size_t k = strlen(first[i]);
        if (n >= 30 + k && memcmp(p + 30, first[i], k) == 0) return true;
    }
    return false;
}

bool ift_xlsx_is_closed(const char *p, size_t n) {
    static const char magic[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    return n >= 8 && memcmp(p, magic, 8) == 0;
}

/* ---- the workbook ---- */

static void ignore_end(void *ctx, struct ift_xlsx_part *p, const char *name) {
    (void)ctx, (void)p, (void)name;
}

static void workbook_start(void *ctx, struct ift_xlsx_part *p, const char *name,
                           const char **attr) {
    struct ift_xlsx *const x = ctx;
    if (strcmp(name, "sheet") != 0) return;
    const char *const title = ift_xlsx_attr(attr, "name"), *const id = ift_xlsx_attr(attr, "id");
    if (!title || !id) {
        ift_xlsx_part_fail(p, "the workbook has a sheet without a name or a place");
        return;
    }
    if (x->n == SHEETS) {
        ift_xlsx_part_fail(p, "more than %d sheets", SHEETS);
        return;
    }
    x->sheet = ift_grow(x->sheet, x->n + 1, &x->cap, sizeof *x->sheet);
    x->sheet[x->n++] = (struct sheet){ift_strdup(title), ift_strdup(id), NULL};
}

static bool ends_in(const char *s, const char *tail) {
    const size_t n = strlen(s), k = strlen(tail);
    return n >= k && strcmp(s + n - k, tail) == 0;
}

/* Parts are named from the workbook's folder, or from the root. */
static void relation_start(void *ctx, struct ift_xlsx_part *p, const char *name,
                           const char **attr) {
    struct ift_xlsx *const x = ctx;
    (void)p;
    const char *const id = ift_xlsx_attr(attr, "Id"), *const type = ift_xlsx_attr(attr, "Type"),
                      *const target = ift_xlsx_attr(attr, "Target");
    if (strcmp(name, "Relationship") != 0 || !id || !type || !target) return;
    for (size_t i = 0; i < x->n && ends_in(type, "/worksheet"); i++) {
        struct sheet *const s = &x->sheet[i];
        if (s->part || strcmp(s->id, id) != 0) continue;
        struct ift_str part = {0};
        ift_str_addf(&part, "%s%s", target[0] == '/' ? "" : "xl/", target + (target[0] == '/'));
        s->part = ift_str_take(&part);
    }
}

static int open_workbook(struct ift_xlsx *x, struct ift_err *err) {
    static const struct ift_xlsx_events workbook = {workbook_start, ignore_end, NULL},
                                        relations = {relation_start, ignore_end, NULL};
    int got = ift_xlsx_part_read(x->fd, "xl/workbook.xml", &workbook, x, err);
    if (got == 0) return IFT_FAIL(err, "an Office package, but no spreadsheet that is known here");
    if (got > 0) got = ift_xlsx_part_read(x->fd, "xl/_rels/workbook.xml.rels", &relations, x, err);
    if (got == 0) return IFT_FAIL(err, "there is no xl/_rels/workbook.xml.rels in it");
    if (got > 0)
        got = ift_xlsx_part_read(x->fd, "xl/sharedStrings.xml", &ift_xlsx_shared_events, &x->shared,
                                 err);
    return got < 0 ? -1 : 0; /* a workbook of numbers has no strings */
}

int ift_xlsx_open_take(struct ift_xlsx **result, int fd, struct ift_err *err) {
    struct ift_xlsx *const x = ift_alloc0(1, sizeof *x);
    x->fd = fd;
    if (open_workbook(x, err) == 0) {
        *result = x;
        return 0;
    }
    ift_xlsx_free(x);
    return -1;
}

int ift_xlsx_next_sheet(struct ift_xlsx *x, const char **name, struct ift_err *err) {
    ift_xlsx_sheet_free(x->open);
    x->open = NULL;
    while (x->next < x->n && !x->sheet[x->next].part) x->next++;
    if (x->next == x->n) return 0;
    const struct sheet *const s = &x->sheet[x->next++];
    IFT_TRY(ift_xlsx_sheet_open(&x->open, x->fd, s->part, &x->shared, err));
    *name = s->name;
    return 1;
}

int ift_xlsx_next(struct ift_xlsx *x, struct ift_csv_row *row, struct ift_err *err) {
    return x->open ? ift_xlsx_sheet_next(x->open, row, err) : 0;
}

void ift_xlsx_free(struct ift_xlsx *x) {
    if (!x) return;
    ift_xlsx_sheet_free(x->open);
    for (size_t i = 0; i < x->n; i++) {
        free(x->sheet[i].name);
        free(x->sheet[i].id);
        free(x->sheet[i].part);
    }
    free(x->sheet);
    ift_xlsx_shared_release(&x->shared);
    close(x->fd);
    free(x);
}
