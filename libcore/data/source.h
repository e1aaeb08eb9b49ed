/* source.h: raw records out of any input, each with the place it came from.
 *
 * An input is what stream.h reads: files, standard input, archives, compressed or not. Its text is
 * cut into items as a recipe's `read:` says (recipe.h): JSON values of a top-level array, one a
 * line, several that belong together in an array, or rows of delimited text, which become JSON
 * arrays of strings or, with named columns, objects. An item is therefore always JSON text, not yet
 * checked. Memory is bounded by the largest item, however long a line or an array is.
 *
 * A member that is a Parquet file, seen by its first bytes, is rows of named columns (parquet.h),
 * read where it lies or, from a pipe or an archive, spooled (spool.h).
 *
 * Promises: no item is lost. Blank lines are no items. A byte order mark at the start of a member,
 * or in front of a JSON value, is dropped and counted. A last line without its line end is an item
 * when it is a whole JSON value and otherwise a cut stream.
 *
 * What is not text, a Parquet file, a spreadsheet, compressed data, an archive, may be damaged or
 * cut. What was read of it before is given, then one item that says what is wrong, and the next
 * member follows; nothing more is read of the one that is damaged.
 */
#ifndef IFT_SOURCE_H
#define IFT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/data/recipe.h"
#include "libcore/io/json.h"

struct ift_item {
    struct ift_slice text;
    const char *file;
    size_t line;         /* 1-based line on which it starts; 0: it has a row, or no place */
    size_t element;      /* 1-based place in an array, which often is one line; else 0 */
    size_t row;          /* 1-based row of a Parquet file, which has no lines; else 0 */
    uint64_t index;      /* 0-based, over the whole input */
    bool cut;            /* a row that nothing but the end of the member ended */
    const char *wrong;   /* what the container found wrong (a row too long, say); NULL: nothing */
    size_t from;         /* of text in the slab */
    size_t node, nnodes; /* of a row: its tape in the slab's; 0: it is to be parsed */
    struct ift_slab *slab;
};

enum { IFT_SLAB_MOST = 1 << 20 }; /* memory beyond this is for one large item and is not kept */

/* A run of items that came from one member, with their text. Reused; a zeroed one is empty. */
struct ift_slab {
    struct ift_item *item;
    size_t n, cap;
    struct ift_str text, file;
    struct ift_arena notes;      /* what `wrong` points at */
    struct ift_json tape;        /* of rows, which are made, not read */
    struct ift_json_index index; /* of text, once one was asked for */
    bool indexed;
};

struct ift_source_opts {
    const char *const *paths; /* as for ift_in_open */
    size_t npaths;
    const char *member;                 /* glob, or NULL */
    const char *encoding;               /* of the text; NULL: as `read` says */
    const struct ift_recipe_read *read; /* NULL: JSON; must outlive the source */
};

struct ift_source;
int ift_source_open(struct ift_source **s, const struct ift_source_opts *opts,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Fills a slab with about 64 KiB of items, or with one that is larger: 1, 0 at the end, -1 on
 * failure. What a slab holds does not depend on anything but the input. */
int ift_source_fill(struct ift_source *s, struct ift_slab *slab,
                    struct ift_err *err) IFT_MUST_CHECK;
/* The same one item at a time, lent until the next call, for those who take no bad ones: an item
 * that is wrong is a failure. Do not mix with fill. */
int ift_source_next(struct ift_source *s, const struct ift_item **item,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Byte order marks dropped so far. */
uint64_t ift_source_marks(const struct ift_source *s);
void ift_source_free(struct ift_source *s);

void ift_slab_release(struct ift_slab *slab);
/* The item's value, checked: a view of the tape that was made with it, or of doc, which it is then
 * parsed to. For as long as both stay; not to be released. */
int ift_item_parse(const struct ift_item *item, struct ift_json *doc, struct ift_json *value,
                   struct ift_err *err) IFT_MUST_CHECK;

/* Puts "file:line: " in front of a message about an item, with "element N: " where it lies in an
 * array. Returns -1. */
int ift_item_fail(const struct ift_item *item, struct ift_err *err);
/* Fails, place and all, with what is wrong with the item. */
int ift_item_check(const struct ift_item *item, struct ift_err *err) IFT_MUST_CHECK;

#endif
