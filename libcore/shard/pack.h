/* pack.h: documents into rows of one length, so that little of a row is empty; the body of
 * ift-pack.
 *
 * Which documents share a row is decided by bins.h. The same input gives the same bytes.
 *
 * Memory is bounded: documents are gathered in a window, rows that came out full leave, and what
 * lay in the others goes back to be packed with the documents that follow. Full means less than
 * 1/1024 of the row is free, or, where lengths do not fit together so well, the fuller half of the
 * window. Rows leave in the order of their first document (or shuffled by the seed), documents keep
 * their order inside a row.
 */
#ifndef IFT_PACK_H
#define IFT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/tool.h"
#include "libcore/shard/row.h"

extern const char *const ift_pack_long[]; /* "drop", "truncate", "split", NULL */

struct ift_pack {
    long long length;   /* tokens a row */
    long long window;   /* tokens that are gathered, at least two rows' worth; ~ 5 bytes each */
    const char *longer; /* of ift_pack_long: what becomes of documents longer than a row: left out,
                         * cut at the end, or cut into several documents */
    bool shuffle;       /* rows of a window leave in an order drawn from the seed */
    const char *as;     /* rowout.h */
};

/* Runs to the end of the operands and prints the tally. A document without a learned token is left
 * out and counted. */
int ift_pack_run(const struct ift_pack *job, const struct ift_run *run,
                 struct ift_err *err) IFT_MUST_CHECK;

#endif
