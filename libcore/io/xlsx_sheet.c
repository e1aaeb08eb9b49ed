#include "libcore/io/xlsx_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

enum { COLUMNS = 16384 }; /* the standard's; XFD is the last */

struct cell {
    size_t column;  /* from 0 */
    size_t from, n; /* in text */
};

struct row {
    size_t number; /* from 1 */
    size_t cell, ncells;
};

struct ift_xlsx_sheet {
    struct ift_xlsx_part *part;
    const struct ift_xlsx_shared *shared;

    /* Rows that were parsed; only cells with text are there. */
    struct row *row;
    size_t nrows, rows_cap, next;
    struct cell *cell;
    size_t ncells, cells_cap;
    struct ift_str text;
    struct ift_slice *field; /* of the row that is lent */
    size_t fields_cap;

    /* Where the parse is. */
    size_t number, column; /* of the row, and of the cell or the one before it: from 1, 0 none */
    bool in_row, in_cell, in_value;
    enum { PLAIN, SHARED, INLINE, TRUTH } type;
    struct ift_xlsx_text at; /* in an inline string */
};

/* ---- events ---- */

/* The column of "BC12", from 1; 0: it is none. */
static size_t column_of(const char *reference) {
    size_t column = 0;
    for (; *reference >= 'A' && *reference <= 'Z' && column <= COLUMNS; reference++)
        column = column * 26 + (size_t)(*reference - 'A' + 1);
    return *reference >= '1' && *reference <= '9' && column <= COLUMNS ? column : 0;
}

static void start_row(struct ift_xlsx_sheet *s, struct ift_xlsx_part *p, const char **attr) {
    const char *const r = ift_xlsx_attr(attr, "r");
    long long number = (long long)s->number + 1;
    if (r && (!ift_parse_i64(ift_slice(r), &number) || number <= (long long)s->number)) {
        ift_xlsx_part_fail(p, "row %zu: followed by one that is called \"%s\"", s->number, r);
        return;
    }
    s->number = (size_t)number;
    s->column = 0;
    s->in_row = true;
    s->row = ift_grow(s->row, s->nrows + 1, &s->rows_cap, sizeof *s->row);
    s->row[s->nrows] = (struct row){s->number, s->ncells, 0};
}

static void start_cell(struct ift_xlsx_sheet *s, struct ift_xlsx_part *p, const char **attr) {
    const char *const r = ift_xlsx_attr(attr, "r"), *const t = ift_xlsx_attr(attr, "t");
    const size_t column = r ? column_of(r) : s->column + 1;
    if (column <= s->column || column > COLUMNS) {
        ift_xlsx_part_fail(p, "row %zu: the cell behind column %zu is called \"%s\"", s->number,
                           s->column, r ? r : "");
        return;
    }
    s->column = column;
    s->in_cell = true;
    s->in_value = false;
    s->at = (struct ift_xlsx_text){0};
    s->type = !t                            ? PLAIN
              : strcmp(t, "s") == 0         ? SHARED
              : strcmp(t, "inlineStr") == 0 ? INLINE
              : strcmp(t, "b") == 0         ? TRUTH
                                            : PLAIN;
    s->cell = ift_grow(s->cell, s->ncells + 1, &s->cells_cap, sizeof *s->cell);
    s->cell[s->ncells] = (struct cell){column - 1, s->text.n, 0};
}

static void start(void *ctx, struct ift_xlsx_part *p, const char *name, const char **attr) {
    struct ift_xlsx_sheet *const s = ctx;
    if (s->in_cell && s->type == INLINE)
        ift_xlsx_text_start(&s->at, name);
    else if (s->in_cell)
        s->in_value |= strcmp(name, "v") == 0;
    else if (s->in_row && strcmp(name, "c") == 0)
        start_cell(s, p, attr);
    else if (!s->in_row && strcmp(name, "row") == 0)
        start_row(s, p, attr);
}

static void text(void *ctx, struct ift_xlsx_part *p, const char *piece, int n) {
    struct ift_xlsx_sheet *const s = ctx;
    (void)p;
    if (s->in_value || (s->in_cell && ift_xlsx_text_on(&s->at)))
        ift_str_add(&s->text, piece, (size_t)n);
}

/* What the cell holds becomes what it says. */
static void end_cell(struct ift_xlsx_sheet *s, struct ift_xlsx_part *p) {
    struct cell *const c = &s->cell[s->ncells];
    const struct ift_slice raw = {s->text.p + c->from, s->text.n - c->from};
    struct ift_slice said = raw;
    long long i = -1;
    s->in_cell = false;
    if (raw.n == 0) return;
    if (s->type == TRUTH)
        said = ift_slice(ift_slice_is(raw, "1") ? "TRUE" : "FALSE");
    else if (s->type == SHARED && (!ift_parse_i64(raw, &i) || i < 0 ||
                                   !ift_xlsx_shared_get(s->shared, (size_t)i, &said)))
        ift_xlsx_part_fail(p, "row %zu: column %zu: no shared string %.*s", s->number, s->column,
                           (int)(raw.n < 20 ? raw.n : 20), raw.p);
    if (said.p != raw.p) {
        s->text.n = c->from;
        ift_str_add(&s->text, said.p, said.n);
    } else {
        ift_xlsx_text_unescape(&s->text, c->from);
    }
    c->n = s->text.n - c->from;
    s->ncells += c->n > 0;
}

static void end(void *ctx, struct ift_xlsx_part *p, const char *name) {
    struct ift_xlsx_sheet *const s = ctx;
    if (s->in_cell && strcmp(name, "c") == 0) {
        end_cell(s, p);
    } else if (s->in_cell && s->type == INLINE) {
        ift_xlsx_text_end(&s->at, name);
    } else if (s->in_cell) {
        s->in_value &= strcmp(name, "v") != 0;
    } else if (s->in_row && strcmp(name, "row") == 0) {
        struct row *const r = &s->row[s->nrows];
        s->in_row = false;
        r->ncells = s->ncells - r->cell;
        s->nrows += r->ncells > 0;
    }
}

static const struct ift_xlsx_events events = {start, end, text};

/* ---- rows ---- */

int ift_xlsx_sheet_open(struct ift_xlsx_sheet **result, int fd, const char *part,
                        const struct ift_xlsx_shared *shared, struct ift_err *err) {
    struct ift_xlsx_sheet *const s = ift_alloc0(1, sizeof *s);
    s->shared = shared;
    const int got = ift_xlsx_part_open(&s->part, fd, part, &events, s, err);
    if (got > 0) {
        *result = s;
        return 0;
    }
    free(s);
    return got < 0 ? -1 : IFT_FAIL(err, "there is no %s in it", part);
}

/* Lays the cells of the row out, empty ones between them too. */
static void lend(struct ift_xlsx_sheet *s, const struct row *r, struct ift_csv_row *row) {
    const struct cell *const c = s->cell + r->cell;
    row->n = c[r->ncells - 1].column + 1;
    row->line = r->number;
    s->field = ift_grow(s->field, row->n, &s->fields_cap, sizeof *s->field);
    for (size_t i = 0; i < row->n; i++) s->field[i] = ift_slice("");
    for (size_t i = 0; i < r->ncells; i++)
        s->field[c[i].column] = (struct ift_slice){s->text.p + c[i].from, c[i].n};
    row->field = s->field;
}

/* Drops the rows that were lent, and keeps what there is of one that is not whole. */
static void make_room(struct ift_xlsx_sheet *s) {
    const struct row open = s->in_row ? s->row[s->nrows] : (struct row){.cell = s->ncells};
    const size_t cells = s->ncells + s->in_cell - open.cell;
    const size_t from = cells > 0 ? s->cell[open.cell].from : s->text.n;
    if (s->next == 0) return; /* no row is whole yet */
    memmove(s->text.p, s->text.p + from, s->text.n - from);
    s->text.n -= from;
    memmove(s->cell, s->cell + open.cell, cells * sizeof *s->cell);
    for (size_t i = 0; i < cells; i++) s->cell[i].from -= from;
    s->ncells -= open.cell;
    s->nrows = s->next = 0;
    if (s->in_row) s->row[0] = (struct row){open.number, 0, 0};
}

int ift_xlsx_sheet_next(struct ift_xlsx_sheet *s, struct ift_csv_row *row, struct ift_err *err) {
    while (s->next == s->nrows) {
        make_room(s);
        const int got = ift_xlsx_part_step(s->part, err);
        if (got <= 0) return got;
    }
    lend(s, &s->row[s->next++], row);
    return 1;
}

void ift_xlsx_sheet_free(struct ift_xlsx_sheet *s) {
    if (!s) return;
    ift_xlsx_part_free(s->part);
    free(s->row);
    free(s->cell);
    free(s->field);
    ift_str_release(&s->text);
    free(s);
}
