/* source_internal.h: what the ways of cutting a member into items share: values (source_values.c),
 * rows (source_rows.c), sheets, paragraphs, tables and YAML (source_tables.c). Private to source.
 *
 * Each begins a member whose first block is in `first`, and fills a slab: 1, 0 when the member gave
 * nothing more, -1.
 */
#ifndef IFT_SOURCE_INTERNAL_H
#define IFT_SOURCE_INTERNAL_H

#include "libcore/data/group.h"
#include "libcore/data/source.h"
#include "libcore/io/csv.h"
#include "libcore/io/json.h"
#include "libcore/io/parquet.h"
#include "libcore/io/stream.h"
#include "libcore/io/xlsx.h"
#include "libcore/io/yaml.h"

/* A block of input, this, and what is made of it stay in a core's own cache together. */
enum { IFT_SLAB = 64 << 10 };

/* How the member that is being read is cut. */
enum ift_layout {
    IFT_LAYOUT_CLOSED, /* there is none */
    IFT_LAYOUT_VALUES,
    IFT_LAYOUT_GROUPS, /* of values that follow one another with the same key */
    IFT_LAYOUT_ROWS,   /* of delimited text */
    IFT_LAYOUT_SHEETS, /* of a spreadsheet */
    IFT_LAYOUT_PARAGRAPHS,
    IFT_LAYOUT_TABLE, /* Parquet */
    IFT_LAYOUT_NODES, /* YAML */
};

/* A column's, in `names`. */
struct ift_source_name {
    size_t from, n; /* with the colon */
    bool escaped;
};

struct ift_source {
    struct ift_in *in;
    const struct ift_recipe_read *read;
    enum ift_layout layout;
    uint64_t index;           /* of the next item */
    uint64_t marks;           /* of members that are done, and of the present one if it has rows */
    struct ift_err late;      /* a failure that came when the slab already held something */
    bool failed, ended;       /* ended: the member has no more blocks */
    struct ift_slice first;   /* the member's first block, which was looked at and not used yet */
    bool begun;               /* that block was read */
    bool cut;                 /* what was wrong with the member ends the run */
    struct ift_slice refused; /* how the member begins, if that is not data */

    /* values, groups */
    struct ift_json_splitter *values;
    struct ift_slice block; /* the splitter's */
    struct ift_slice
        run;        /* of block: values that are still to be copied, and what stands between */
    size_t element; /* so far, of an array */
    struct ift_slice large; /* a value that waits for the next slab */
    size_t large_line;
    struct ift_group group;

    /* rows */
    struct ift_csv *rows;
    struct ift_str head;  /* the member's first block; of paragraphs: the present one */
    struct ift_str names; /* of columns, as JSON strings with ':', one after the other */
    struct ift_source_name *name;
    size_t nnames, names_cap;
    bool nul; /* there was a NUL byte, which no text has */
    enum ift_recipe_columns columns;
    bool first_row; /* it is still to come and holds the names, or is skipped */

    /* paragraphs */
    struct ift_slice rest; /* of a block */
    struct ift_str line;
    size_t nlines, began; /* lines so far; the one on which the paragraph began */

    /* sheets, whose rows are those above */
    struct ift_xlsx *book;
    struct ift_str sheet;   /* ":name", behind that of the member; empty: there is none */
    struct ift_slice *wide; /* a row, as many fields as there are names */
    size_t wide_cap;

    /* tables */
    struct ift_parquet *table;
    size_t row; /* rows so far */

    /* nodes */
    struct ift_yaml *nodes;

    struct ift_slab one; /* for ift_source_next */
    size_t next;
};

/* Adds the item slab->text[from, to). Its text and file are filled when the slab is full and
 * nothing moves any more. */
struct ift_item *ift_source_add(struct ift_source *s, struct ift_slab *slab, size_t from, size_t to,
                                size_t line);
/* Puts the member's name in front of what a reader says: "line 3: …" becomes "in.json:3: …",
 * and "row 3: …" "in.parquet:row 3: …". Returns -1. The member becomes a bad item. */
int ift_source_fail(const struct ift_source *s, struct ift_err *err);
/* The same for text that does not end as it should. Perhaps what writes it has failed, and the run
 * must not go on as if nothing had happened. */
int ift_source_fail_cut(struct ift_source *s, struct ift_err *err);
/* The next block of the member: 1, 0, -1. */
int ift_source_block(struct ift_source *s, const char **p, size_t *n, struct ift_err *err);

void ift_source_begin_values(struct ift_source *s);
int ift_source_fill_values(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);
int ift_source_fill_groups(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);

void ift_source_begin_rows(struct ift_source *s);
int ift_source_fill_rows(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);

/* For rows of any origin: columns without names, or those that the recipe gives. */
void ift_source_begin_names(struct ift_source *s);
/* Adds a row; NULL if it was the first and gave the names, or is skipped. */
struct ift_item *ift_source_add_row(struct ift_source *s, struct ift_slab *slab,
                                    const struct ift_csv_row *row);

/* 1, or -1. */
int ift_source_begin_sheets(struct ift_source *s, struct ift_err *err);
int ift_source_fill_sheets(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);

void ift_source_begin_paragraphs(struct ift_source *s);
int ift_source_fill_paragraphs(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);

/* The member as a file in which one can seek: its descriptor, or -1. */
int ift_source_file(struct ift_source *s, struct ift_err *err);
/* 1, or -1. */
int ift_source_begin_table(struct ift_source *s, struct ift_err *err);
int ift_source_fill_table(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);

void ift_source_begin_nodes(struct ift_source *s);
int ift_source_fill_nodes(struct ift_source *s, struct ift_slab *slab, struct ift_err *err);

#endif
