#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/data/source_internal.h"

/* Goes to the next sheet that --member chooses: 1, 0 when there is none, -1. */
static int next_sheet(struct ift_source *s, struct ift_err *err) {
    const char *const glob = ift_in_glob(s->in);
    const char *name;
    int got;
    do {
        ift_str_clear(&s->sheet);
        got = ift_xlsx_next_sheet(s->book, &name, err);
        if (got <= 0) return got < 0 ? ift_source_fail(s, err) : 0;
    } while (glob && fnmatch(glob, name, 0) != 0);
    ift_str_addf(&s->sheet, ":%s", name);
    ift_source_begin_names(s);
    return 1;
}

int ift_source_begin_sheets(struct ift_source *s, struct ift_err *err) {
    if (s->read && s->read->group)
        return ift_fail_outside(err, "%s: a spreadsheet, where the recipe reads JSON in groups",
                                ift_in_name(s->in));
    const int fd = ift_source_file(s, err);
    IFT_TRY(fd);
    s->first.n = 0;
    ift_xlsx_free(s->book);
    s->book = NULL;
    if (ift_xlsx_open_take(&s->book, fd, err) < 0) return ift_source_fail(s, err);
    const int got = next_sheet(s, err);
    if (got == 0) return ift_fail_outside(err, "%s: no sheet is chosen", ift_in_name(s->in));
    s->layout = IFT_LAYOUT_SHEETS;
    return got;
}

/* Cells that end a row may be empty, and are then not in the file. */
static struct ift_csv_row widened(struct ift_source *s, struct ift_csv_row row) {
    if (row.n >= s->nnames) return row;
    s->wide = ift_grow(s->wide, s->nnames, &s->wide_cap, sizeof *s->wide);
    memcpy(s->wide, row.field, row.n * sizeof *s->wide);
    for (size_t i = row.n; i < s->nnames; i++) s->wide[i] = ift_slice("");
    return (struct ift_csv_row){s->wide, s->nnames, row.line};
}

/* A slab holds rows of one sheet. */
int ift_source_fill_sheets(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < IFT_SLAB) {
        struct ift_csv_row row;
        int got = ift_xlsx_next(s->book, &row, err);
        if (got < 0) return ift_source_fail(s, err);
        if (got > 0) {
            row = widened(s, row);
            struct ift_item *const item = ift_source_add_row(s, slab, &row);
            if (item) item->row = row.line;
        } else if (slab->n > 0) {
            return 1;
        } else {
            got = next_sheet(s, err);
            if (got == 0) s->layout = IFT_LAYOUT_CLOSED;
            if (got <= 0) return got;
        }
    }
    return 1;
}
