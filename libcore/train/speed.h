/* speed.h: what a micro-batch costs: the matrix products that it strictly needs, and about how long
 * this machine takes for it.
 *
 * The time is a roofline. Every op takes the longer of two times: for its matrix products at a
 * share of the measured peak, and for moving its operands at the measured speed of memory. The
 * shares are those of a profile of a LLaMA of 58 M parameters: 0.95 for GEMM, 0.9 for the loss with
 * its softmax, 0.3 for attention, whose products are small and masked.
 */
#ifndef IFT_SPEED_H
#define IFT_SPEED_H

#include "libcore/graph/graph.h"
#include "libcore/model/batch.h"
#include "libcore/tensor/device.h"

/* Strictly necessary FLOPs of the matrix products of one run of g on the batch: the output
 * projection for learned tokens only, attention for visible pairs only, two products forward and
 * four backward; nothing that is computed a second time. */
double ift_speed_flops(const struct ift_graph *g, const struct ift_batch *b);

struct ift_speed {
    double flops; /* a second, of a large matrix product */
    double bytes; /* a second, through an op that only adds */
};
/* Takes half a second and some MB, which are given back. */
int ift_speed_measure(struct ift_speed *s, struct ift_device *d,
                      struct ift_err *err) IFT_MUST_CHECK;

/* Seconds for all that one run of g on the batch computes. */
double ift_speed_seconds(const struct ift_speed *s, const struct ift_graph *g,
                         const struct ift_batch *b);

#endif
