/* rowout.h: rows out, in either of their spellings: a shard or JSONL (row.h).
 */
#ifndef IFT_ROWOUT_H
#define IFT_ROWOUT_H

#include "libcore/base/err.h"
#include "libcore/io/stream.h"
#include "libcore/shard/shard.h"

extern const char *const ift_rowout_as[]; /* "shard", "jsonl", NULL: the choices of --as */

struct ift_rowout;
/* as: one of those names. `out` stays the caller's to close. Of meta JSONL keeps nothing. */
int ift_rowout_start(struct ift_rowout **w, struct ift_out *out, const char *as,
                     const struct ift_shard_meta *meta, struct ift_err *err) IFT_MUST_CHECK;
int ift_rowout_add(struct ift_rowout *w, const struct ift_row *row,
                   struct ift_err *err) IFT_MUST_CHECK;
int ift_rowout_finish(struct ift_rowout *w,
                      struct ift_err *err) IFT_MUST_CHECK; /* frees, whatever happens */
void ift_rowout_abandon(struct ift_rowout *w);             /* failure path; NULL is fine */

#endif
