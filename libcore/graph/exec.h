/* exec.h: runs a graph on a device. Creating one plans memory (plan.h): temporaries and the ops'
 * scratch share one slab by liveness, and outputs take their input's place where the op allows it.
 * States that are not bound get their own zeroed memory on first use; parameters must be bound.
 *
 *     ift_exec_new(&x, g, &device, capacity, err);
 *     ift_exec_bind(x, ift_graph_find(g, "model.norm.weight"), &tensor, err);
 *     loop: ift_exec_upload(x, ids, host, rows, err); …
 *           ift_exec_run(x, extent, err);
 *           ift_exec_download(x, host, loss, rows, err);
 *
 * The calls of a run are worked out once and kept until the extents or a binding change.
 */
#ifndef IFT_EXEC_H
#define IFT_EXEC_H

#include "libcore/base/err.h"
#include "libcore/graph/graph.h"
#include "libcore/tensor/device.h"

struct ift_exec;
/* capacity[e]: the most that extent e may be in a run (FIXED is ignored), at least 1 where the
 * graph has such values. The graph must outlive the exec and not change. */
int ift_exec_new(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                 const int64_t capacity[IFT_EXTENTS], struct ift_err *err) IFT_MUST_CHECK;
/* The same in the slab of another exec, which must outlive this one, where that is large enough:
 * the two take turns, and what one left there is gone when the other has run. */
int ift_exec_new_inside(struct ift_exec **x, const struct ift_graph *g, const struct ift_exec *host,
                        const int64_t capacity[IFT_EXTENTS], struct ift_err *err) IFT_MUST_CHECK;
/* The same for parameters that nobody changes while it lives: what depends on them alone is
 * computed once, when it runs first after they were bound, into memory of its own. */
int ift_exec_new_frozen(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                        const int64_t capacity[IFT_EXTENTS], struct ift_err *err) IFT_MUST_CHECK;
void ift_exec_free(struct ift_exec *x); /* NULL is fine */

/* Gives a parameter or state its memory: dense, of its shape and dtype; a state may have fewer rows
 * than the graph says, as many as its ops come to. The memory stays the caller's and must outlive
 * the runs. */
int ift_exec_bind(struct ift_exec *x, ift_val v, const struct ift_operand *t,
                  struct ift_err *err) IFT_MUST_CHECK;
/* Where a parameter, state or kept output lies, once it was bound, zeroed or run. For handing a
 * state to another exec, or reading it. */
int ift_exec_operand(const struct ift_exec *x, ift_val v, struct ift_operand *t,
                     struct ift_err *err) IFT_MUST_CHECK;

/* The first `rows` rows of an input (all of a FIXED shape, whatever `rows` says). `host` has been
 * read when this returns. An input keeps what it has from run to run; a run that asks for more rows
 * than were uploaded is an error. */
int ift_exec_upload(struct ift_exec *x, ift_val input, const void *host, int64_t rows,
                    struct ift_err *err) IFT_MUST_CHECK;
int ift_exec_zero(struct ift_exec *x, ift_val state, struct ift_err *err) IFT_MUST_CHECK;
/* Enqueues every node. An unbound parameter, an input never uploaded, or an extent beyond its
 * capacity is an error that names it. */
int ift_exec_run(struct ift_exec *x, const int64_t extent[IFT_EXTENTS],
                 struct ift_err *err) IFT_MUST_CHECK;
/* Waits and copies the first `rows` rows (FIXED: all) of a kept output, state or parameter. */
int ift_exec_download(struct ift_exec *x, void *host, ift_val v, int64_t rows,
                      struct ift_err *err) IFT_MUST_CHECK;

/* Bytes of the slab, of states that this exec owns and what it computes once, of inputs. scratch is
 * the most that one op asks for, a part of the slab. */
struct ift_exec_bytes {
    size_t slab, states, inputs, scratch;
};
struct ift_exec_bytes ift_exec_bytes(const struct ift_exec *x);
/* What ift_exec_new would take of the device, without taking it. */
int ift_exec_measure(struct ift_exec_bytes *bytes, const struct ift_graph *g, struct ift_device *d,
                     const int64_t capacity[IFT_EXTENTS], struct ift_err *err) IFT_MUST_CHECK;

/* Seconds spent in each op since profiling was switched on, by op code. Profiling waits after each
 * node, so a profiled run is slower than it need be. */
void ift_exec_profile(struct ift_exec *x, bool on);
const double *ift_exec_profile_seconds(const struct ift_exec *x); /* (IFT_OP_COUNT) */

#endif
