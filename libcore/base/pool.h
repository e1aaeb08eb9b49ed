/* pool.h: an ordered parallel map, the shape of every data filter. One reader fills batches, N workers
 * transform them, one writer gets them back in the order they were read: the bytes that come out do not depend
 * on N. Memory is bounded: at most 2 N + 2 batches exist.
 *
 * With jobs = 1 no thread is made and everything runs in the caller. Reader and writer are never called
 * concurrently with themselves; workers are, each with its own `local`.
 */
#ifndef IFT_POOL_H
#define IFT_POOL_H

#include "libcore/base/err.h"

struct ift_pool_ops {
    void *(*batch_new)(void *ctx);                 /* an empty batch, reused over and over */
    void (*batch_free)(void *ctx, void *batch);
    void *(*local_new)(void *ctx, struct ift_err *err); /* a worker's own state (a compiled recipe, say); NULL on failure. May be NULL itself: none */
    void (*local_free)(void *ctx, void *local);
    int (*read)(void *ctx, void *batch, struct ift_err *err);               /* 1 filled, 0 end, -1 failed */
    int (*work)(void *ctx, void *local, void *batch, struct ift_err *err);  /* 0, -1 */
    int (*write)(void *ctx, void *batch, struct ift_err *err);              /* 0, -1 */
};

/* Runs to the end of input. On failure: batches before the failing one are written, none after it; the error is that
 * of the earliest failing batch, whatever `jobs` is. */
int ift_pool_run(const struct ift_pool_ops *ops, void *ctx, int jobs, struct ift_err *err) IFT_MUST_CHECK;

#endif
