/* filter.h: the body of every tool that maps records to records.
 *
 * A filter reads items (source.h), gives each to `map` in one of -j workers, and writes what comes
 * out in input order. It does what all such tools promise, once: output that does not depend on -j,
 * messages with file and line, --keep-going and --rejects, --as, a progress line, and the tally in
 * which nothing is unaccounted for:
 *
 *     records in = records that gave output + dropped (map gave none) + rejected (map failed)
 *
 * To write such a tool: an ift_filter with a map function, and a run() that fills the context and
 * calls ift_filter_run.
 */
#ifndef IFT_FILTER_H
#define IFT_FILTER_H

#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"
#include "libcore/data/record.h"
#include "libcore/data/shape.h"
#include "libcore/data/source.h"
#include "libcore/io/stream.h"

enum { IFT_FILTER_NOTES = 8 };

/* Where map puts its records. */
struct ift_emit {
    struct ift_str *out; /* append a record's line here, without its end, then call ift_emit_end */
    uint64_t n;          /* records ended so far */
    uint64_t note[IFT_FILTER_NOTES]; /* counters of the tool's own, see ift_filter.note */
};
void ift_emit_end(struct ift_emit *e);

enum {
    IFT_FILTER_BAD = -1,    /* this record cannot be used: reject it or, as a rule, stop */
    IFT_FILTER_BROKEN = -2, /* the run cannot go on, whatever was asked for */
};

struct ift_filter {
    const char *member;                 /* of archives, or NULL */
    const char *encoding;               /* of the text; NULL: as `read` says */
    const struct ift_recipe_read *read; /* NULL: JSON */
    enum ift_shape as;
    /* A worker's own state: see pool.h. Both may be NULL. */
    void *(*local_new)(void *ctx, struct ift_err *err);
    void (*local_free)(void *ctx, void *local);
    /* Turns one item into any number of records: 0, or one of the two above with err filled. What a
     * failing call has emitted is taken back. */
    int (*map)(void *ctx, void *local, const struct ift_item *item, struct ift_emit *emit,
               struct ift_err *err);
    /* For output that is not lines of text: what map appended to a batch's emit->out is given to
     * `write` in place of being written (map then counts in emit->n itself), and `begin` hears of
     * the output before. Both run in order, one at a time. NULL: text. */
    int (*begin)(void *ctx, struct ift_out *out, struct ift_err *err);
    int (*write)(void *ctx, struct ift_slice what, struct ift_err *err);
    /* What may be done after `write` without its order: see pool.h. NULL: nothing. */
    int (*wrote)(void *ctx, struct ift_err *err);
    /* After the last record; may fail. NULL: nothing to do. */
    int (*end)(void *ctx, uint64_t items, struct ift_err *err);
    /* What emit.note[i] counts, as the tally says it: "with an empty output". */
    const char *note[IFT_FILTER_NOTES];
};

/* Runs to the end of the operands and prints the tally. Records before a failure are written. */
int ift_filter_run(const struct ift_filter *f, void *ctx, const struct ift_run *run,
                   struct ift_err *err) IFT_MUST_CHECK;

#endif
