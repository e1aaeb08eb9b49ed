#include "libcore/base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "libcore/base/mem.h"

enum { GLANCES = 100 }; /* a few ten microseconds */

struct slot {
    void *batch; /* made when first used */
    bool done;   /* worked on, waiting to be written */
};

/* Batches are numbered as they are read; number i lives in slot i % nslots. Everything below
 * `lock` is guarded by it; a batch itself belongs to the one thread that reads, works on or
 * writes it. */
struct pool {
    const struct ift_pool_ops *ops;
    void *ctx;
    size_t nslots;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_uint changes; /* so far; looked at without the lock too */
    struct slot *slots;
    uint64_t next_in, next_work, next_out; /* batches read, taken to work on, written */
    uint64_t waiting;                      /* threads that have nothing to do */
    bool reading, writing, ended;
    uint64_t failed; /* number of the earliest failing batch, NONE so far */
    struct ift_err first;
};

#define NONE UINT64_MAX

struct worker {
    struct pool *pool;
    pthread_t thread;
    void *local;
};

static void fail(struct pool *p, uint64_t number, const struct ift_err *err) {
    if (number >= p->failed) return;
    p->failed = number;
    p->first = *err;
}

/* Called with the lock held, as are all below; each lets go of it while it works. */
static void tell(struct pool *p) {
    p->changes++;
    pthread_cond_broadcast(&p->changed);
}

/* What a thread waits for is as a rule another's reading or writing, which takes a fraction of the
 * time that falling asleep and being woken does: it looks a few times before it lies down. */
static void await_change(struct pool *p) {
    const unsigned seen = p->changes;
    p->waiting++;
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < GLANCES && p->changes == seen; i++) sched_yield();
    pthread_mutex_lock(&p->lock);
    if (p->changes == seen) pthread_cond_wait(&p->changed, &p->lock);
    p->waiting--;
}

static void write_one(struct pool *p) {
    struct slot *const s = &p->slots[p->next_out % p->nslots];
    struct ift_err err = {0};
    p->writing = true;
    pthread_mutex_unlock(&p->lock);
    const int rc = p->ops->write(p->ctx, s->batch, &err);
    pthread_mutex_lock(&p->lock);
    p->writing = false;
    s->done = false;
    const uint64_t number = p->next_out++;
    if (rc < 0) fail(p, number, &err);
    if (rc < 0 || !p->ops->wrote) return;
    tell(p);
    pthread_mutex_unlock(&p->lock);
    const int later = p->ops->wrote(p->ctx, &err);
    pthread_mutex_lock(&p->lock);
    if (later < 0) fail(p, number, &err);
}

static int prepare(struct worker *w, struct ift_err *err) {
    const struct pool *const p = w->pool;
    if (w->local || !p->ops->local_new) return 0;
    w->local = p->ops->local_new(p->ctx, err);
    return w->local ? 0 : -1;
}

static void work_one(struct worker *w) {
    struct pool *const p = w->pool;
    const uint64_t number = p->next_work++;
    struct slot *const s = &p->slots[number % p->nslots];
    struct ift_err err = {0};
    pthread_mutex_unlock(&p->lock);
    const int rc = prepare(w, &err) < 0 ? -1 : p->ops->work(p->ctx, w->local, s->batch, &err);
    pthread_mutex_lock(&p->lock);
    if (rc < 0) fail(p, number, &err);
    s->done = true;
}

static void read_one(struct pool *p) {
    struct slot *const s = &p->slots[p->next_in % p->nslots];
    struct ift_err err = {0};
    p->reading = true;
    if (!s->batch) s->batch = p->ops->batch_new(p->ctx);
    pthread_mutex_unlock(&p->lock);
    const int rc = p->ops->read(p->ctx, s->batch, &err);
    pthread_mutex_lock(&p->lock);
    p->reading = false;
    if (rc < 0) fail(p, p->next_in, &err);
    if (rc > 0)
        p->next_in++;
    else
        p->ended = true;
}

static bool may_write(const struct pool *p) {
    return !p->writing && p->next_out < p->next_in && p->next_out < p->failed &&
           p->slots[p->next_out % p->nslots].done;
}

static bool may_work(const struct pool *p) {
    return p->next_work < p->next_in;
}

/* What has been read is worked on by who read it, in whose cache it lies, unless somebody waits for
 * it: then reading goes on, which may take as long as the work does. */
static bool may_read(const struct pool *p) {
    return !p->reading && !p->ended && p->failed == NONE && p->next_in - p->next_out < p->nslots &&
           p->next_in - p->next_work <= p->waiting;
}

static bool is_over(const struct pool *p) {
    if (p->failed != NONE) return p->next_out >= p->failed;
    return p->ended && p->next_out == p->next_in;
}

static void *run(void *arg) {
    struct worker *const w = arg;
    struct pool *const p = w->pool;
    pthread_mutex_lock(&p->lock);
    while (!is_over(p)) {
        if (may_write(p))
            write_one(p);
        else if (may_read(p))
            read_one(p);
        else if (may_work(p))
            work_one(w);
        else {
            await_change(p);
            continue;
        }
        tell(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static int run_threads(struct pool *p, struct worker *workers, int jobs, struct ift_err *err) {
    IFT_TRY(prepare(&workers[0], err));
    int started = 1;
    for (; started < jobs; started++) {
        /* Fewer threads than asked do the same work. */
        if (pthread_create(&workers[started].thread, NULL, run, &workers[started]) != 0) break;
    }
    run(&workers[0]);
    for (int i = 1; i < started; i++) pthread_join(workers[i].thread, NULL);
    if (p->failed == NONE) return 0;
    if (err) *err = p->first;
    return -1;
}

int ift_pool_run(const struct ift_pool_ops *ops, void *ctx, int jobs, struct ift_err *err) {
    if (jobs < 1) jobs = 1;
    struct pool p = {
        .ops = ops,
        .ctx = ctx,
        .nslots = jobs == 1 ? 1 : 2 * (size_t)jobs + 2,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .failed = NONE,
    };
    p.slots = ift_alloc0(p.nslots, sizeof *p.slots);
    struct worker *const workers = ift_alloc0((size_t)jobs, sizeof *workers);
    for (int i = 0; i < jobs; i++) workers[i].pool = &p;

    const int rc = run_threads(&p, workers, jobs, err);

    for (int i = 0; i < jobs; i++) {
        if (workers[i].local && ops->local_free) ops->local_free(ctx, workers[i].local);
    }
    for (size_t i = 0; i < p.nslots; i++) {
        if (p.slots[i].batch) ops->batch_free(ctx, p.slots[i].batch);
    }
    free(workers);
    free(p.slots);
    pthread_cond_destroy(&p.changed);
    pthread_mutex_destroy(&p.lock);
    return rc;
}
