/* cache_move.h: copies rows of a model's KV cache to other rows of it, in all layers: what beam
 * search does when one hypothesis goes on in two.
 */
#ifndef IFT_CACHE_MOVE_H
#define IFT_CACHE_MOVE_H

#include "libcore/graph/exec.h"

struct ift_cache_move;

/* For the states "cache.*" of graph g, which x has run at least once. Both must outlive it. At most
 * `rows` rows are moved at once. */
int ift_cache_move_new(struct ift_cache_move **m, const struct ift_exec *x,
                       const struct ift_graph *g, struct ift_device *d, int64_t rows,
                       struct ift_err *err) IFT_MUST_CHECK;
/* Row to[i] becomes what row from[i] holds, for all i < n together: every row is read before any is
 * written. */
int ift_cache_move_run(struct ift_cache_move *m, const int32_t *from, const int32_t *to, int64_t n,
                       struct ift_err *err) IFT_MUST_CHECK;
void ift_cache_move_free(struct ift_cache_move *m); /* NULL is fine */

#endif
