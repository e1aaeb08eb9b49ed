#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcore/data/source_internal.h"

static void add_name(struct ift_source *s, struct ift_slice name) {
    s->name_end = ift_grow(s->name_end, s->nnames + 1, &s->names_cap, sizeof *s->name_end);
    ift_json_quote(&s->names, name.p, name.n);
    ift_str_addc(&s->names, ':');
    s->name_end[s->nnames++] = s->names.n;
}

void ift_source_begin_names(struct ift_source *s) {
    const struct ift_recipe_read *const read = s->read;
    const bool rows = read && read->container == IFT_RECIPE_ROWS;
    s->columns = rows ? read->columns : IFT_RECIPE_HEADER;
    s->first_row = s->columns == IFT_RECIPE_HEADER || s->columns == IFT_RECIPE_SKIP;
    ift_str_clear(&s->names);
    s->nnames = 0;
    for (size_t i = 0; s->columns == IFT_RECIPE_FIELDS && i < read->nfields; i++)
        add_name(s, ift_slice(read->field[i]));
}

void ift_source_begin_rows(struct ift_source *s) {
    s->layout = IFT_LAYOUT_ROWS;
    ift_csv_free(s->rows);
    s->rows = ift_csv_new(&s->read->csv);
    s->nul = false;
    ift_source_begin_names(s);
}

/* 1-based; 0: there is none. */
static size_t column_with_nul(const struct ift_csv_row *row) {
    for (size_t i = 0; i < row->n; i++) {
        if (row->field[i].n && memchr(row->field[i].p, '\0', row->field[i].n)) return i + 1;
    }
    return 0;
}

static void push_rows(struct ift_source *s, const char *p, size_t n) {
    s->nul |= memchr(p, '\0', n) != NULL;
    ift_csv_push(s->rows, p, n);
}

struct ift_item *ift_source_add_row(struct ift_source *s, struct ift_slab *slab,
                                    const struct ift_csv_row *row) {
    if (s->first_row) {
        s->first_row = false;
        for (size_t i = 0; s->columns == IFT_RECIPE_HEADER && i < row->n; i++)
            add_name(s, row->field[i]);
        return NULL;
    }
    struct ift_str *const text = &slab->text;
    const size_t from = text->n;
    const bool named = s->nnames > 0 && row->n == s->nnames;
    ift_str_addc(text, named ? '{' : '[');
    for (size_t i = 0; i < row->n; i++) {
        if (i) ift_str_addc(text, ',');
        if (named) {
            const size_t start = i ? s->name_end[i - 1] : 0;
            ift_str_add(text, s->names.p + start, s->name_end[i] - start);
        }
        ift_json_quote(text, row->field[i].p, row->field[i].n);
    }
    ift_str_addc(text, named ? '}' : ']');
    struct ift_item *const item = ift_source_add(s, slab, from, text->n, row->line);
    struct ift_err why = {0};
    const size_t nul = s->nul ? column_with_nul(row) : 0;
    if (nul > 0)
        ift_fail(&why, "column %zu: a NUL byte; ift-format --encoding says what it is", nul);
    else if (s->nnames > 0 && !named)
        ift_fail(&why, "%zu columns where %zu are expected", row->n, s->nnames);
    else
        return item;
    item->wrong = ift_arena_strndup(&slab->notes, why.text, strlen(why.text));
    return item;
}

/* The first block of a member, without a byte order mark: joined from several, if they are tiny. */
static int first_rows(struct ift_source *s, struct ift_err *err) {
    static const char mark[] = "\xef\xbb\xbf";
    const char *p;
    size_t n;
    int got = 1;
    ift_str_clear(&s->head);
    while (s->head.n < 3 && (got = ift_source_block(s, &p, &n, err)) > 0)
        ift_str_add(&s->head, p, n);
    if (got < 0) return -1;
    const size_t skip = s->head.n >= 3 && memcmp(s->head.p, mark, 3) == 0 ? 3 : 0;
    s->marks += skip > 0;
    if (s->head.n > skip) push_rows(s, s->head.p + skip, s->head.n - skip);
    s->begun = true;
    return 0;
}

static int more_rows(struct ift_source *s, struct ift_err *err) {
    if (!s->begun) return first_rows(s, err);
    const char *p;
    size_t n;
    const int got = ift_source_block(s, &p, &n, err);
    if (got > 0) push_rows(s, p, n);
    if (got == 0) ift_csv_finish(s->rows);
    s->ended = got == 0;
    return got < 0 ? -1 : 0;
}

int ift_source_fill_rows(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < IFT_SLAB) {
        struct ift_csv_row row;
        const int got = ift_csv_next(s->rows, &row, err);
        if (got < 0) return ift_source_fail_cut(s, err);
        if (got > 0) {
            struct ift_item *const item = ift_source_add_row(s, slab, &row);
            if (item) item->cut = s->ended;
        } else if (s->ended) {
            s->layout = IFT_LAYOUT_CLOSED;
            return slab->n > 0;
        } else {
            IFT_TRY(more_rows(s, err));
        }
    }
    return 1;
}
