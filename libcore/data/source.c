#include "libcore/data/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libcore/data/group.h"
#include "libcore/io/csv.h"
#include "libcore/io/json.h"
#include "libcore/io/parquet.h"
#include "libcore/io/spool.h"
#include "libcore/io/stream.h"
#include "libcore/io/yaml.h"

/* A block of input, this, and what is made of it stay in a core's own cache together. */
enum { SLAB = 64 << 10 };

enum layout { CLOSED, VALUES, GROUPS, ROWS, TABLE, NODES };

struct ift_source {
    struct ift_in *in;
    const struct ift_recipe_read *read;
    enum layout layout;     /* of the member being read */
    uint64_t index;         /* of the next item */
    uint64_t marks;         /* of members that are done, and of the present one if it has ROWS */
    struct ift_err late;    /* a failure that came when the slab already held something */
    bool failed, ended;     /* ended: the member has no more blocks */
    struct ift_slice first; /* the member's first block, which was looked at and not used yet */

    struct ift_json_splitter *values; /* VALUES, GROUPS */
    size_t element;                   /* VALUES, GROUPS: elements so far of an array */
    struct ift_slice large;           /* VALUES, GROUPS: a value that waits for the next slab */
    size_t large_line;
    struct ift_group group; /* GROUPS */
    struct ift_csv *rows;   /* ROWS */
    struct ift_str head;    /* ROWS: the member's first block */
    bool begun;             /* the first block was read */
    bool broken;            /* NODES: the member could not be read on */
    struct ift_str names;   /* ROWS: the columns as JSON strings with ':', one after the other */
    size_t *name_end, nnames, names_cap;
    bool nul;       /* ROWS: there was a NUL byte, which no text has */
    bool first_row; /* ROWS: it is still to come and holds the names */

    struct ift_yaml *nodes;    /* NODES */
    struct ift_parquet *table; /* TABLE */
    size_t row;                /* TABLE: rows so far */

    struct ift_slab one; /* for ift_source_next */
    size_t next;
};

int ift_source_open(struct ift_source **s, const struct ift_source_opts *opts,
                    struct ift_err *err) {
    struct ift_in *in;
    IFT_TRY(ift_in_open(&in, opts->paths, opts->npaths, opts->member, err));
    const char *const recipes = opts->read ? opts->read->encoding : NULL;
    if (ift_in_recode(in, opts->encoding ? opts->encoding : recipes, err) < 0) {
        ift_in_free(in);
        return -1;
    }
    *s = ift_alloc0(1, sizeof **s);
    (*s)->in = in;
    (*s)->read = opts->read;
    return 0;
}

uint64_t ift_source_marks(const struct ift_source *s) {
    return s->marks + (s->values ? ift_json_splitter_marks(s->values) : 0);
}

void ift_source_free(struct ift_source *s) {
    if (!s) return;
    ift_in_free(s->in);
    ift_json_splitter_free(s->values);
    ift_group_release(&s->group);
    ift_csv_free(s->rows);
    ift_parquet_free(s->table);
    ift_yaml_free(s->nodes);
    ift_str_release(&s->head);
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
    if (item->row) return ift_fail_in(err, "%s:row %zu", item->file, item->row);
    if (item->element)
        return ift_fail_in(err, "%s:%zu: element %zu", item->file, item->line, item->element);
    return ift_fail_in(err, "%s:%zu", item->file, item->line);
}

/* Adds the item slab->text[from, to). Its text and file are filled when the slab is full and
 * nothing moves any more. */
static struct ift_item *add_item(struct ift_source *s, struct ift_slab *slab, size_t from,
                                 size_t to, size_t line) {
    slab->item = ift_grow(slab->item, slab->n + 1, &slab->cap, sizeof *slab->item);
    struct ift_item *const item = &slab->item[slab->n++];
    *item = (struct ift_item){.from = from, .text.n = to - from, .line = line, .index = s->index++};
    return item;
}

/* Puts the member's name in front of what a reader says: "line 3: …" becomes "in.json:3: …",
 * and "row 3: …" "in.parquet:row 3: …". */
static int fail_at(const struct ift_source *s, struct ift_err *err) {
    const char *const name = ift_in_name(s->in);
    int n = 0;
    if (strncmp(err->text, "row ", 4) == 0) {
        struct ift_err place = *err;
        return ift_fail(err, "%s:%s", name, place.text);
    }
    size_t line;
    if (sscanf(err->text, "line %zu: %n", &line, &n) < 1 || n == 0)
        return ift_fail_in(err, "%s", name);
    memmove(err->text, err->text + n, strlen(err->text + n) + 1);
    return ift_fail_in(err, "%s:%zu", name, line);
}

/* The next block of the member: 1, 0, -1. */
static int next_block(struct ift_source *s, const char **p, size_t *n, struct ift_err *err) {
    if (s->first.n == 0) return ift_in_block(s->in, p, n, err);
    *p = s->first.p;
    *n = s->first.n;
    s->first.n = 0;
    return 1;
}

/* ---- values ---- */

/* What is plainly something else is said to be so once, and not found wrong line by line. */
static int check_start(const struct ift_source *s, struct ift_slice text, struct ift_err *err) {
    static const char *const html[] = {"<!doctype html", "<html"};
    if (text.n >= 2 && (!text.p[0] || !text.p[1]))
        return IFT_FAIL(err,
                        "%s: NUL bytes where JSON is expected; ift-format --encoding UTF-16LE or "
                        "UTF-16BE, if it is that",
                        ift_in_name(s->in));
    while (text.n > 0 && memchr(" \t\r\n", text.p[0], 4))
        text = (struct ift_slice){text.p + 1, text.n - 1};
    for (size_t i = 0; i < sizeof html / sizeof *html; i++)
        if (text.n >= strlen(html[i]) && strncasecmp(text.p, html[i], strlen(html[i])) == 0)
            return IFT_FAIL(err,
                            "%s: an HTML page where JSON is expected; perhaps a server answered "
                            "with it in place of the file: fetch that again",
                            ift_in_name(s->in));
    return 0;
}

static int more_values(struct ift_source *s, struct ift_err *err) {
    const char *p;
    size_t n;
    const int got = next_block(s, &p, &n, err);
    if (got < 0) return -1;
    if (got > 0) {
        if (!s->begun) IFT_TRY(check_start(s, (struct ift_slice){p, n}, err));
        s->begun = true;
        ift_json_splitter_push(s->values, p, n);
        return 0;
    }
    s->ended = true;
    return ift_json_splitter_finish(s->values, err) < 0 ? fail_at(s, err) : 0;
}

static int next_value(struct ift_source *s, struct ift_slice *value, size_t *line,
                      struct ift_err *err) {
    if (s->large.n == 0) return ift_json_splitter_next(s->values, value, line, err);
    *value = s->large;
    *line = s->large_line;
    s->large.n = 0;
    return 1;
}

/* A large value moves into the slab with its memory, which must be empty, and fills it. */
static void add_value(struct ift_source *s, struct ift_slab *slab, struct ift_slice value,
                      size_t line) {
    size_t from = slab->text.n;
    const struct ift_slice key = ift_json_splitter_key(s->values);
    if (key.n > 0) {
        ift_str_adds(&slab->text, "{\"key\":");
        ift_str_add(&slab->text, key.p, key.n);
        ift_str_adds(&slab->text, ",\"value\":");
        ift_str_add(&slab->text, value.p, value.n);
        ift_str_addc(&slab->text, '}');
        value.n = slab->text.n - from;
    } else if (value.n < SLAB) {
        ift_str_add(&slab->text, value.p, value.n);
    } else {
        ift_json_splitter_take(s->values, &value, &slab->text);
        from = (size_t)(value.p - slab->text.p);
    }
    struct ift_item *const item = add_item(s, slab, from, from + value.n, line);
    if (ift_json_splitter_in_array(s->values)) item->element = ++s->element;
}

/* At least one item (1), or the end of the member (0), or a failure (-1). */
static int fill_values(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < SLAB) {
        struct ift_slice value;
        size_t line;
        const int got = next_value(s, &value, &line, err);
        if (got < 0) return fail_at(s, err);
        if (got > 0 && value.n >= SLAB && slab->n > 0) {
            s->large = value; /* which stays where it is, for the splitter is not asked */
            s->large_line = line;
            return 1;
        }
        if (got > 0) {
            add_value(s, slab, value, line);
        } else if (s->ended) {
            s->layout = CLOSED;
            return slab->n > 0;
        } else {
            IFT_TRY(more_values(s, err));
        }
    }
    return 1;
}

/* ---- groups of values ---- */

static void add_to_group(struct ift_source *s, struct ift_slab *slab, struct ift_slice value,
                         size_t line, enum ift_group_place place) {
    struct ift_str *const text = &slab->text;
    const size_t from = text->n;
    s->element += ift_json_splitter_in_array(s->values);
    if (place == IFT_GROUP_NEXT)
        text->p[text->n - 1] = ',';
    else if (place == IFT_GROUP_FIRST)
        ift_str_addc(text, '[');
    ift_str_add(text, value.p, value.n);
    if (place != IFT_GROUP_NONE) ift_str_addc(text, ']');
    if (place == IFT_GROUP_NEXT)
        slab->item[slab->n - 1].text.n += text->n - from;
    else
        add_item(s, slab, from, text->n, line)->element = s->element;
}

/* As fill_values. A slab ends where a group does; one that a failure may have cut is left out. */
static int fill_groups(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    int got;
    do {
        struct ift_slice value;
        size_t line;
        got = next_value(s, &value, &line, err);
        if (got < 0) {
            got = fail_at(s, err);
        } else if (got > 0) {
            enum ift_group_place place = ift_group_place(&s->group, value);
            if (place == IFT_GROUP_NEXT && slab->n == 0) place = IFT_GROUP_FIRST;
            if (place != IFT_GROUP_NEXT && slab->text.n >= SLAB) {
                s->large = value;
                s->large_line = line;
                return 1;
            }
            add_to_group(s, slab, value, line, place);
        } else if (s->ended) {
            s->layout = CLOSED;
            return slab->n > 0;
        } else {
            got = more_values(s, err);
        }
    } while (got >= 0);
    if (slab->n > 0) slab->n--;
    return -1;
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
    s->nul = false;
    s->first_row = s->read->columns == IFT_RECIPE_HEADER || s->read->columns == IFT_RECIPE_SKIP;
    ift_str_clear(&s->names);
    s->nnames = 0;
    for (size_t i = 0; s->read->columns == IFT_RECIPE_FIELDS && i < s->read->nfields; i++) {
        add_name(s, ift_slice(s->read->field[i]));
    }
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

static void add_row(struct ift_source *s, struct ift_slab *slab, const struct ift_csv_row *row) {
    if (s->first_row) {
        s->first_row = false;
        for (size_t i = 0; s->read->columns == IFT_RECIPE_HEADER && i < row->n; i++)
            add_name(s, row->field[i]);
        return;
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
    struct ift_item *const item = add_item(s, slab, from, text->n, row->line);
    item->cut = s->ended;
    struct ift_err why = {0};
    const size_t nul = s->nul ? column_with_nul(row) : 0;
    if (nul > 0)
        ift_fail(&why, "column %zu: a NUL byte; ift-format --encoding says what it is", nul);
    else if (s->nnames > 0 && !named)
        ift_fail(&why, "%zu columns where %zu are expected", row->n, s->nnames);
    else
        return;
    item->wrong = ift_arena_strndup(&slab->notes, why.text, strlen(why.text));
}

/* The first block of a member, without a byte order mark: joined from several, if they are tiny. */
static int first_rows(struct ift_source *s, struct ift_err *err) {
    static const char mark[] = "\xef\xbb\xbf";
    const char *p;
    size_t n;
    int got = 1;
    ift_str_clear(&s->head);
    while (s->head.n < 3 && (got = next_block(s, &p, &n, err)) > 0) ift_str_add(&s->head, p, n);
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
    const int got = next_block(s, &p, &n, err);
    if (got > 0) push_rows(s, p, n);
    if (got == 0) ift_csv_finish(s->rows);
    s->ended = got == 0;
    return got < 0 ? -1 : 0;
}

static int fill_rows(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < SLAB) {
        struct ift_csv_row row;
        const int got = ift_csv_next(s->rows, &row, err);
        if (got < 0) return fail_at(s, err);
        if (got > 0) {
            add_row(s, slab, &row);
        } else if (s->ended) {
            s->layout = CLOSED;
            return slab->n > 0;
        } else {
            IFT_TRY(more_rows(s, err));
        }
    }
    return 1;
}

/* ---- tables ---- */

/* The member as a file in which one can seek: the operand itself where it is that, not one of an
 * archive that is named as another file. */
static int open_table(struct ift_source *s, struct ift_err *err) {
    const int fd = open(ift_in_name(s->in), O_RDONLY | O_CLOEXEC);
    char start[4096];
    const ssize_t n = fd < 0 ? -1 : pread(fd, start, sizeof start, 0);
    if (n > 0 && (size_t)n <= s->first.n && memcmp(start, s->first.p, (size_t)n) == 0) return fd;
    if (fd >= 0) close(fd);
    return ift_spool(s->in, s->first, err);
}

static int begin_table(struct ift_source *s, struct ift_err *err) {
    const struct ift_recipe_read *const read = s->read;
    if (read && read->container == IFT_RECIPE_ROWS && read->columns != IFT_RECIPE_HEADER)
        return IFT_FAIL(err, "%s: a Parquet file, where the recipe reads text without names",
                        ift_in_name(s->in));
    if (read && read->group)
        return IFT_FAIL(err, "%s: a Parquet file, where the recipe reads JSON in groups",
                        ift_in_name(s->in));
    const int fd = open_table(s, err);
    IFT_TRY(fd);
    s->first.n = 0;
    s->row = 0;
    ift_parquet_free(s->table);
    s->layout = TABLE;
    return ift_parquet_open_take(&s->table, fd, 0, err) < 0 ? fail_at(s, err) : 1;
}

static int fill_table(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < SLAB) {
        const size_t from = slab->text.n;
        const char *wrong;
        const int got = ift_parquet_next(s->table, &slab->text, &wrong, err);
        if (got < 0) return fail_at(s, err);
        if (got == 0) {
            s->layout = CLOSED;
            return slab->n > 0;
        }
        struct ift_item *const item = add_item(s, slab, from, slab->text.n, 0);
        item->row = ++s->row;
        if (wrong) item->wrong = ift_arena_strndup(&slab->notes, wrong, strlen(wrong));
    }
    return 1;
}

/* ---- YAML ---- */

static int give_nodes(void *ctx, const char **p, size_t *n, struct ift_err *err) {
    static const char mark[] = "\xef\xbb\xbf";
    struct ift_source *const s = ctx;
    const int got = next_block(s, p, n, err);
    if (got > 0 && !s->begun && *n > 3 && memcmp(*p, mark, 3) == 0) {
        *p += 3;
        *n -= 3;
        s->marks++;
    }
    s->begun = true;
    s->broken = got < 0;
    return got;
}

static int fill_nodes(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < SLAB) {
        const size_t from = slab->text.n;
        size_t line;
        const int got = ift_yaml_next(s->nodes, &slab->text, &line, err);
        if (got < 0) return s->broken ? -1 : fail_at(s, err);
        if (got == 0) {
            s->layout = CLOSED;
            return slab->n > 0;
        }
        struct ift_item *const item = add_item(s, slab, from, slab->text.n, line);
        if (ift_yaml_in_sequence(s->nodes)) item->element = ++s->element;
    }
    return 1;
}

/* ---- members ---- */

/* Opens the next one: 1, 0 when there is none, -1. */
static int begin_member(struct ift_source *s, struct ift_err *err) {
    int got = ift_in_next(s->in, err);
    if (got <= 0) return got;
    s->ended = s->begun = false;
    s->element = 0;
    s->first.n = 0;
    got = ift_in_block(s->in, &s->first.p, &s->first.n, err);
    if (got < 0) return -1;
    if (got > 0 && ift_parquet_begins(s->first.p, s->first.n)) return begin_table(s, err);
    if (s->read && s->read->container == IFT_RECIPE_ROWS) {
        begin_rows(s);
        s->layout = ROWS;
        return 1;
    }
    if (s->read && s->read->container == IFT_RECIPE_YAML) {
        ift_yaml_free(s->nodes);
        s->nodes = ift_yaml_new(give_nodes, s);
        s->layout = NODES;
        return 1;
    }
    const enum ift_recipe_container container = s->read ? s->read->container : IFT_RECIPE_JSON;
    s->marks = ift_source_marks(s);
    ift_json_splitter_free(s->values);
    s->values = ift_json_splitter_new(container == IFT_RECIPE_JSONL    ? IFT_JSON_LINES
                                      : container == IFT_RECIPE_OBJECT ? IFT_JSON_OBJECT_OF
                                                                       : IFT_JSON_AUTO);
    s->group.key = s->read ? s->read->group : NULL;
    s->layout = s->group.key ? GROUPS : VALUES;
    return 1;
}

static int fill(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    for (;;) {
        int got;
        if (s->layout == CLOSED && (got = begin_member(s, err)) <= 0) return got;
        got = s->layout == VALUES   ? fill_values(s, slab, err)
              : s->layout == GROUPS ? fill_groups(s, slab, err)
              : s->layout == ROWS   ? fill_rows(s, slab, err)
              : s->layout == TABLE  ? fill_table(s, slab, err)
                                    : fill_nodes(s, slab, err);
        if (got != 0) return got;
    }
}

int ift_source_fill(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    slab->n = 0;
    ift_str_clear_to(&slab->text, IFT_SLAB_MOST);
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
