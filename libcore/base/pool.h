/* pool.h: an ordered parallel map, the shape of every data filter. Batches are read, worked on
 * and written; work happens in parallel, writing in the order of reading: the bytes that come out
 * do not depend on the number of jobs. Memory is bounded: at most 2 jobs + 2 batches exist, and
 * none but one with a single job.
 *
 * There are `jobs` threads, the caller among them (with jobs = 1 no other is made), and none is
 * only a reader or a writer: each does what is possible now, writing first. So read and write are
 * never called concurrently with themselves, but they may run in any thread and at the same time
 * as one another and as work and wrote. What they share in ctx must be kept apart.
 */
#ifndef IFT_POOL_H
#define IFT_POOL_H

#include "libcore/base/err.h"

struct ift_pool_ops {
    /* An empty batch, reused over and over: read() begins by clearing it. Called one at a time. */
    void *(*batch_new)(void *ctx);
    void (*batch_free)(void *ctx, void *batch);

    /* A thread's own state (a compiled recipe, say), made in the thread that uses it when it
     * first has work, by the caller before anything is read: a mistake in it shows on empty input
     * too. May run at the same time in several threads. NULL on failure. When all is over the
     * caller frees them one after the other: the place to add up what each has gathered. Both
     * functions may be NULL: no such state. */
    void *(*local_new)(void *ctx, struct ift_err *err);
    void (*local_free)(void *ctx, void *local);

    int (*read)(void *ctx, void *batch, struct ift_err *err); /* 1 filled, 0 end, -1 failed */
    int (*work)(void *ctx, void *local, void *batch, struct ift_err *err); /* 0, -1 */
    int (*write)(void *ctx, void *batch, struct ift_err *err);             /* 0, -1 */
    /* Follows each write in the same thread, when others may write already: for what of writing
     * is slow and finds its order by itself. NULL: nothing. 0, -1 */
    int (*wrote)(void *ctx, struct ift_err *err);
};

/* Runs to the end of input. On failure: batches before the failing one are written, none after
 * it; the error is that of the earliest failing batch, whatever `jobs` is. (How far the reader
 * got beyond it depends on luck; count what was done in write().) */
int ift_pool_run(const struct ift_pool_ops *ops, void *ctx, int jobs,
                 struct ift_err *err) IFT_MUST_CHECK;

#endif
