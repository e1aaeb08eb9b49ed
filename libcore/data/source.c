#include "libcore/data/source.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/io/csv.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"

/* Small enough to stay in a core's own cache on the way from reading through the recipe to writing. */
enum { SLAB = 256 << 10 };

enum layout { CLOSED, LINES, ARRAY, ROWS };

struct ift_source {
    struct ift_in *in;
    const struct ift_recipe_read *read;
    enum layout layout;              /* of the member being read */
    struct ift_slice block;          /* lent by `in`, not used yet */
    uint64_t index;                  /* of the next item */
    struct ift_err late;             /* a failure that came when the slab already held something */
    bool failed;

    struct ift_str carry;            /* LINES: the start of a line whose end has not come yet */
    size_t line;                     /* LINES: of the next item */
    struct ift_json_splitter *array; /* ARRAY */
    size_t element;                  /* ARRAY: items so far */
    struct ift_csv *rows;            /* ROWS */
    struct ift_str names;            /* ROWS: the columns as JSON strings with ':', one after the other */
    size_t *name_end, nnames, names_cap;
    bool first_row, last_row;

    struct ift_slab one;             /* for ift_source_next */
    size_t next;
};

int ift_source_open(struct ift_source **s, const struct ift_source_opts *opts, struct ift_err *err) {
    struct ift_in *in;
    IFT_TRY(ift_in_open(&in, opts->paths, opts->npaths, opts->member, err));
    *s = ift_alloc0(1, sizeof **s);
    (*s)->in = in;
    (*s)->read = opts->read;
    return 0;
}

void ift_source_free(struct ift_source *s) {
    if (!s) return;
    ift_in_free(s->in);
    ift_json_splitter_free(s->array);
    ift_csv_free(s->rows);
    ift_str_release(&s->carry);
    ift_str_release(&s->names);
    free(s->name_end);
    ift_slab_release(&s->one);
    free(s);
}

void ift_slab_release(struct ift_slab *slab) {
    free(slab->item);
    ift_str_release(&slab->text);
    ift_str_release(&slab->file);
    ift_arena_release(&slab->notes);
    *slab = (struct ift_slab){0};
}

int ift_item_fail(const struct ift_item *item, struct ift_err *err) {
    if (item->element) return ift_fail_in(err, "%s:%zu: element %zu", item->file, item->line, item->element);
    return ift_fail_in(err, "%s:%zu", item->file, item->line);
}

/* Adds the item slab->text[from, to). Its text and file are filled when the slab is full and nothing moves any more. */
static struct ift_item *add_item(struct ift_source *s, struct ift_slab *slab, size_t from, size_t to, size_t line) {
    slab->item = ift_grow(slab->item, slab->n + 1, &slab->cap, sizeof *slab->item);
    struct ift_item *const item = &slab->item[slab->n++];
    *item = (struct ift_item){.from = from, .text.n = to - from, .line = line, .index = s->index++};
    return item;
}

/* Gets another block when the last one is used up: 1, 0 at the end of the member, -1. */
static int more(struct ift_source *s, struct ift_err *err) {
    if (s->block.n) return 1;
    return ift_in_block(s->in, &s->block.p, &s->block.n, err);
}

/* ---- layouts: each fills at least one item (1), or sees the end of the member (0), or fails (-1) ---- */

static bool is_blank(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
    return p == end;
}

/* Takes text[from, to) as the next line. */
static void add_line(struct ift_source *s, struct ift_slab *slab, size_t from, size_t to, bool cut) {
    if (!is_blank(slab->text.p + from, slab->text.p + to)) add_item(s, slab, from, to, s->line)->cut = cut;
    s->line++;
}

static int fill_lines(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    struct ift_str *const text = &slab->text;
    ift_str_add(text, s->carry.p, s->carry.n);
    ift_str_clear(&s->carry);
    size_t from = 0, seen = text->n; /* the line being looked for starts at from; [from, seen) has no line end */
    while (slab->n == 0 || text->n < SLAB) {
        const int got = more(s, err);
        if (got < 0) return -1;
        if (got == 0) {
            if (from < text->n) add_line(s, slab, from, text->n, true);
            s->layout = CLOSED;
            return slab->n > 0;
        }
        const size_t room = text->n < SLAB ? SLAB - text->n : SLAB;
        const size_t take = s->block.n < room ? s->block.n : room;
        ift_str_add(text, s->block.p, take);
        s->block = (struct ift_slice){s->block.p + take, s->block.n - take};
        for (const char *nl; (nl = memchr(text->p + seen, '\n', text->n - seen)) != NULL;) {
            seen = (size_t)(nl - text->p);
            add_line(s, slab, from, seen, false);
            from = ++seen;
        }
        seen = text->n;
    }
    ift_str_add(&s->carry, text->p + from, text->n - from);
    return 1;
}

static int fill_array(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < SLAB) {
        struct ift_slice value;
        size_t line;
        int got = ift_json_splitter_next(s->array, &value, &line, err);
        if (got < 0) return ift_fail_in(err, "%s", ift_in_name(s->in));
        if (got > 0) {
            const size_t from = slab->text.n;
            ift_str_add(&slab->text, value.p, value.n);
            add_item(s, slab, from, slab->text.n, line)->element = ++s->element;
            continue;
        }
        got = more(s, err);
        if (got < 0) return -1;
        if (got == 0) {
            s->layout = CLOSED;
            if (ift_json_splitter_finish(s->array, err) < 0) return ift_fail_in(err, "%s", ift_in_name(s->in));
            return slab->n > 0;
        }
        ift_json_splitter_push(s->array, s->block.p, s->block.n);
        s->block.n = 0;
    }
    return 1;
}

/* ---- rows ---- */

static void add_name(struct ift_source *s, struct ift_slice name) {
    s->name_end = ift_grow(s->name_end, s->nnames + 1, &s->names_cap, sizeof *s->name_end);
    ift_json_quote(&s->names, name.p, name.n);
    ift_str_addc(&s->names, ':');
    s->name_end[s->nnames++] = s->names.n;
}

static void begin_rows(struct ift_source *s) {
    ift_csv_free(s->rows);
    s->rows = ift_csv_new(&s->read->csv);
    s->first_row = s->read->columns == IFT_RECIPE_HEADER || s->read->columns == IFT_RECIPE_SKIP;
    s->last_row = false;
    ift_str_clear(&s->names);
    s->nnames = 0;
    for (size_t i = 0; s->read->columns == IFT_RECIPE_FIELDS && i < s->read->nfields; i++) {
        add_name(s, ift_slice(s->read->field[i]));
    }
}

static void add_row(struct ift_source *s, struct ift_slab *slab, const struct ift_csv_row *row) {
    if (s->first_row) {
        s->first_row = false;
        for (size_t i = 0; s->read->columns == IFT_RECIPE_HEADER && i < row->n; i++) add_name(s, row->field[i]);
        return;
    }
    struct ift_str *const text = &slab->text;
    const size_t from = text->n;
    const bool named = s->nnames > 0 && row->n == s->nnames;
    ift_str_addc(text, named ? '{' : '[');
    for (size_t i = 0; i < row->n; i++) {
        if (i) ift_str_addc(text, ',');
        const size_t start = i ? s->name_end[i - 1] : 0;
        if (named) ift_str_add(text, s->names.p + start, s->name_end[i] - start);
        ift_json_quote(text, row->field[i].p, row->field[i].n);
    }
    ift_str_addc(text, named ? '}' : ']');
    struct ift_item *const item = add_item(s, slab, from, text->n, row->line);
    item->cut = s->last_row;
    if (s->nnames == 0 || named) return;
    struct ift_err why = {0};
    ift_fail(&why, "%zu columns where %zu are expected", row->n, s->nnames);
    item->wrong = ift_arena_strndup(&slab->notes, why.text, strlen(why.text));
}

static int fill_rows(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < SLAB) {
        struct ift_csv_row row;
        int got = ift_csv_next(s->rows, &row, err);
        if (got < 0) return ift_fail_in(err, "%s", ift_in_name(s->in));
        if (got > 0) {
            add_row(s, slab, &row);
            continue;
        }
        if (s->last_row) {
            s->layout = CLOSED;
            return slab->n > 0;
        }
        s->block.n = 0;
        got = more(s, err);
        if (got < 0) return -1;
        if (got > 0) {
            ift_csv_push(s->rows, s->block.p, s->block.n);
        } else {
            ift_csv_finish(s->rows);
            s->last_row = true;
        }
    }
    return 1;
}

/* ---- members ---- */

/* Steps over blanks to the first character that says something: 1, 0 when the member ends before it, -1. */
static int skip_blanks(struct ift_source *s, struct ift_err *err) {
    int got;
    while ((got = more(s, err)) > 0) {
        while (s->block.n && (is_blank(s->block.p, s->block.p + 1) || *s->block.p == '\n')) {
            s->line += *s->block.p == '\n';
            s->block.p++;
            s->block.n--;
        }
        if (s->block.n) break;
    }
    return got;
}

/* Opens the next member and finds out its layout: 1, 0 when there is none, -1. */
static int begin_member(struct ift_source *s, struct ift_err *err) {
    const int got = ift_in_next(s->in, err);
    if (got <= 0) return got;
    s->block.n = 0;
    s->line = 1;
    s->element = 0;
    ift_str_clear(&s->carry);
    if (s->read && s->read->container == IFT_RECIPE_ROWS) {
        begin_rows(s);
        s->layout = ROWS;
        return 1;
    }
    const int some = skip_blanks(s, err);
    if (some < 0) return -1;
    const bool lines = s->read && s->read->container == IFT_RECIPE_JSONL;
    s->layout = some && *s->block.p == '[' && !lines ? ARRAY : LINES;
    if (s->layout == LINES) return 1;
    ift_json_splitter_free(s->array);
    s->array = ift_json_splitter_new(IFT_JSON_ARRAY_OF);
    return 1;
}

static int fill(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    static int (*const by_layout[])(struct ift_source *, struct ift_slab *, struct ift_err *) = {
        [LINES] = fill_lines, [ARRAY] = fill_array, [ROWS] = fill_rows};
    for (;;) {
        int got;
        if (s->layout == CLOSED && (got = begin_member(s, err)) <= 0) return got;
        got = by_layout[s->layout](s, slab, err);
        if (got != 0) return got;
    }
}

int ift_source_fill(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    slab->n = 0;
    ift_str_clear(&slab->text);
    ift_str_clear(&slab->file);
    ift_arena_reset(&slab->notes);
    if (s->failed) {
        *err = s->late;
        return -1;
    }
    const int got = fill(s, slab, err);
    if (got == 0 || (got < 0 && slab->n == 0)) return got;
    if (got < 0) { /* what came before the failure is whole */
        s->failed = true;
        s->late = *err;
    }
    ift_str_adds(&slab->file, ift_in_name(s->in));
    for (size_t i = 0; i < slab->n; i++) {
        slab->item[i].text.p = slab->text.p + slab->item[i].from;
        slab->item[i].file = slab->file.p;
    }
    return 1;
}

int ift_source_next(struct ift_source *s, const struct ift_item **item, struct ift_err *err) {
    if (s->next == s->one.n) {
        s->next = 0;
        const int got = ift_source_fill(s, &s->one, err);
        if (got <= 0) return got;
    }
    *item = &s->one.item[s->next++];
    return 1;
}
