/* micro.h: the rows of an update cut into micro-batches, each of which is run at once. Training,
 * measuring and forecasting cut alike.
 */
#ifndef IFT_MICRO_H
#define IFT_MICRO_H

#include "libcore/model/batch.h"
#include "libcore/train/corpus.h"

/* Looks at a micro-batch, which is never empty. 1: go on; 0: stop; -1: it failed. */
typedef int ift_micro_visit(void *ctx, const struct ift_batch *b, struct ift_err *err);

/* Fills b with the n rows `row` of c, visiting it each time it is full and at the end. What visit
 * says when that is not 1, else 1. */
int ift_micro_each(struct ift_batch *b, struct ift_corpus *c, const uint32_t *row, size_t n,
                   ift_micro_visit *visit, void *ctx, struct ift_err *err) IFT_MUST_CHECK;

#endif
