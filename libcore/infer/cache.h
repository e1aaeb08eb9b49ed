/* cache.h: the keys and values that a generator remembers, in memory that follows need.
 *
 * Each state "cache.*" of a graph is cut into lanes of as many rows, one lane a sequence. The graph
 * says how many rows there are at most; memory is taken for the lanes and the lengths that came up,
 * and what lanes hold stays when it grows.
 */
#ifndef IFT_CACHE_H
#define IFT_CACHE_H

#include "libcore/graph/exec.h"

struct ift_cache;

/* For graph g, which x runs; both and the device must outlive it. Nothing is held before the first
 * ift_cache_fit, which must come before the first run. */
struct ift_cache *ift_cache_new(struct ift_exec *x, const struct ift_graph *g,
                                struct ift_device *d);
void ift_cache_free(struct ift_cache *c); /* NULL is fine */

/* Makes room for `lanes` lanes of `length` rows, together no more than the graph says. *grown: rows
 * are somewhere else now, and whoever has bound the states must do so again. */
int ift_cache_fit(struct ift_cache *c, int64_t lanes, int64_t length, bool *grown,
                  struct ift_err *err) IFT_MUST_CHECK;
/* The first row of a lane. */
int64_t ift_cache_lane(const struct ift_cache *c, int64_t lane);

/* Is this value of a graph a state that holds keys or values? */
bool ift_cache_is_state(const struct ift_value *v);

#endif
