/* plan.h: where every temporary of a graph lies, and which nodes run at all.
 *
 * Nodes run in the order they were built, without those whose outputs nobody reads. A temporary
 * lives from the node that makes it to the last that reads it (a kept one to the end), so what the
 * backward reads of the forward is held until then and no longer. An output takes the place of an
 * input that dies at the same node where the op's contract says "may alias". What remains are
 * blocks with a size and a lifetime, and all of them share one slab: each in turn goes into the
 * tightest gap among those that live at the same time (greedy by size is from Pisarchyk and Lee,
 * "Efficient memory management for deep neural net inference", 2020), in several orders, of which
 * the best is taken. Scratch of a node is a block that lives for that node alone.
 *
 * Sizes are those at the capacity of the extents; a run with smaller ones uses the front of each
 * block.
 */
#ifndef IFT_PLAN_H
#define IFT_PLAN_H

#include "libcore/base/err.h"
#include "libcore/graph/graph.h"

enum { IFT_PLAN_ALIGN = 64 }; /* bytes; every block starts and ends on a multiple */
#define IFT_PLAN_NONE SIZE_MAX

struct ift_plan_options {
    int64_t capacity[IFT_EXTENTS]; /* FIXED is ignored */
    const bool *constant;          /* (nodes) has run elsewhere: needs no memory here; NULL: none */
    const size_t *scratch;         /* (nodes) bytes each node asks for; NULL: none does */
};

struct ift_plan;
int ift_plan_new(struct ift_plan **p, const struct ift_graph *g, const struct ift_plan_options *o,
                 struct ift_err *err) IFT_MUST_CHECK;
void ift_plan_free(struct ift_plan *p); /* NULL is fine */

size_t ift_plan_steps(const struct ift_plan *p);          /* nodes that run */
size_t ift_plan_step(const struct ift_plan *p, size_t i); /* the node of step i */
bool ift_plan_uses(const struct ift_plan *p, ift_val v);  /* does any step read or write v? */

/* Bytes from the start of the slab to a temporary; NONE for other roles and for what no step makes.
 * An output that an op may leave out (lse, dx of a loss) and nobody reads is NONE too: the op is
 * then run without it. */
size_t ift_plan_offset(const struct ift_plan *p, ift_val v);
/* The same for the scratch of a step. */
size_t ift_plan_scratch(const struct ift_plan *p, size_t step);

size_t ift_plan_bytes(const struct ift_plan *p); /* of the slab */
/* The most that is alive at one step: no slab could be smaller. */
size_t ift_plan_floor(const struct ift_plan *p);

#endif
