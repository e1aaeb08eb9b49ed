/* parquet_column.h: the entries of one column of a row group, page by page.
 *
 * There is always a present entry: `def` and `rep` are its levels (parquet_tree.h) and, where def
 * is the column's highest, it has a value, which must be taken before the next step. In memory are
 * one page, and the dictionary.
 */
#ifndef IFT_PARQUET_COLUMN_H
#define IFT_PARQUET_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/parquet_meta.h"
#include "libcore/io/parquet_tree.h"
#include "libcore/io/parquet_values.h"

struct ift_parquet_levels {
    struct ift_parquet_runs runs;
    uint32_t batch[IFT_PARQUET_BATCH];
    unsigned max;
};

/* Zeroed, then begun with each row group. */
struct ift_parquet_column {
    unsigned def, rep; /* of the present entry */
    bool ended;        /* there is none any more; rep is 0 */

    int fd;
    const struct ift_parquet_leaf *leaf;
    uint64_t at, end; /* of the next page; of all pages */
    int64_t codec;
    uint64_t entries_left; /* in pages to come */
    uint32_t page_left;    /* in the page, not in batch */
    struct ift_str page, stored, dictionary_page;
    bool has_dictionary;
    struct ift_parquet_dictionary dictionary;
    struct ift_parquet_values values;
    struct ift_parquet_levels defs, reps;
    size_t taken, nbatch;
};

/* Begins a chunk of a file whose pages end at `end`: the first entry is the present one. */
int ift_parquet_column_begin(struct ift_parquet_column *c, int fd,
                             const struct ift_parquet_leaf *leaf,
                             const struct ift_parquet_chunk *chunk, uint64_t end,
                             struct ift_err *err) IFT_MUST_CHECK;
void ift_parquet_column_release(struct ift_parquet_column *c);

int ift_parquet_column_more(struct ift_parquet_column *c, struct ift_err *err) IFT_MUST_CHECK;

/* Goes to the next entry. */
static inline int ift_parquet_column_step(struct ift_parquet_column *c, struct ift_err *err) {
    if (c->taken == c->nbatch) return ift_parquet_column_more(c, err);
    c->def = c->defs.batch[c->taken];
    c->rep = c->reps.batch[c->taken];
    c->taken++;
    return 0;
}

#endif
