#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcore/data/source_internal.h"

static void add_name(struct ift_source *s, struct ift_slice name) {
    const size_t from = s->names.n;
    ift_json_quote(&s->names, name.p, name.n);
    const bool escaped = s->names.n - from > name.n + 2;
    ift_str_addc(&s->names, ':');
    s->name = ift_grow(s->name, s->nnames + 1, &s->names_cap, sizeof *s->name);
    s->name[s->nnames++] = (struct ift_source_name){from, s->names.n - from, escaped};
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

/* A tape at the end of the slab's, with room for so many nodes. */
static struct ift_json begin_tape(struct ift_slab *slab, size_t nodes) {
    struct ift_json *const all = &slab->tape;
    all->node = ift_grow(all->node, all->n + nodes, &all->cap, sizeof *all->node);
    return (struct ift_json){.node = all->node + all->n, .cap = nodes};
}

static void write_name(const struct ift_source *s, struct ift_json *tape, struct ift_str *text,
                       const struct ift_source_name *name) {
    ift_bytes_copy(ift_str_reserve(text, name->n), s->names.p + name->from, name->n);
    const size_t from = text->n;
    text->n += name->n;
    ift_json_leaf(tape, IFT_JSON_STRING, name->escaped, from, text->n - 1);
}

/* Appends the row as JSON text, with its tape. */
static void write_row(const struct ift_source *s, struct ift_json *tape, struct ift_str *text,
                      const struct ift_csv_row *row, bool named) {
    const size_t node = ift_json_begin(tape, named ? IFT_JSON_OBJECT : IFT_JSON_ARRAY, text->n);
    ift_str_addc(text, named ? '{' : '[');
    for (size_t i = 0; i < row->n; i++) {
        if (i) ift_str_addc(text, ',');
        if (named) write_name(s, tape, text, &s->name[i]);
        const struct ift_slice field = row->field[i];
        const size_t from = text->n;
        ift_json_quote(text, field.p, field.n);
        ift_json_leaf(tape, IFT_JSON_STRING, text->n - from > field.n + 2, from, text->n);
    }
    ift_str_addc(text, named ? '}' : ']');
    ift_json_end(tape, node, row->n, text->n);
}

/* A row is text, whatever it holds, but may not be what the recipe can read. */
static void check_row(const struct ift_source *s, struct ift_slab *slab, struct ift_item *item,
                      const struct ift_csv_row *row, bool named) {
    const size_t nul = s->nul ? column_with_nul(row) : 0;
    if (nul == 0 && (named || s->nnames == 0)) return;
    struct ift_err why = {0};
    if (nul > 0)
        ift_fail(&why, "column %zu: a NUL byte; ift-format --encoding says what it is", nul);
    else
        ift_fail(&why, "%zu columns where %zu are expected", row->n, s->nnames);
    item->wrong = ift_arena_strndup(&slab->notes, why.text, strlen(why.text));
}

struct ift_item *ift_source_add_row(struct ift_source *s, struct ift_slab *slab,
                                    const struct ift_csv_row *row) {
    if (s->first_row) {
        s->first_row = false;
        for (size_t i = 0; s->columns == IFT_RECIPE_HEADER && i < row->n; i++)
            add_name(s, row->field[i]);
        return NULL;
    }
    const bool named = s->nnames > 0 && row->n == s->nnames;
    const size_t from = slab->text.n;
    struct ift_json tape = begin_tape(slab, 1 + (named ? 2 : 1) * row->n);
    write_row(s, &tape, &slab->text, row, named);
    struct ift_item *const item = ift_source_add(s, slab, from, slab->text.n, row->line);
    item->node = slab->tape.n;
    item->nnodes = tape.n;
    slab->tape.n += tape.n;
    check_row(s, slab, item, row, named);
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
