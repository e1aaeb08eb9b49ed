#include "kernels/cpu/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/backend.h"

enum {
    SPINS = 4000, /* tens of microseconds: longer than the gap between two ops, shorter than a time
                     slice */
    OPEN = 1 << 30,
};

struct member {
    struct ift_team *team;
    pthread_t id;
    int index;
};

/* A job is `open` from its announcement until the caller found no index left; a thread joins by
 * raising the count in `state` while OPEN is set, and so never reads the fields of a job that is
 * over. */
struct ift_team {
    int threads;
    struct member *members; /* threads - 1 of them */

    ift_team_body *body;
    const void *ctx;
    int64_t n, grain;

    _Alignas(64) atomic_int_fast64_t next; /* first index that nobody has taken */
    _Alignas(64) atomic_int state;         /* OPEN | threads inside */
    _Alignas(64) atomic_uint job;          /* counts jobs */
    atomic_int sleepers;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void work(struct ift_team *t, int thread) {
    for (;;) {
        const int64_t begin = atomic_fetch_add(&t->next, t->grain);
        if (begin >= t->n) return;
        const int64_t end = t->n - begin < t->grain ? t->n : begin + t->grain;
        t->body(t->ctx, begin, end, thread);
    }
}

/* Returns with the number of a job other than `seen`, or of `seen` itself when the team stops. */
static unsigned await_job(struct ift_team *t, unsigned seen) {
    for (int i = 0; i < SPINS; i++) {
        const unsigned job = atomic_load(&t->job);
        if (job != seen || atomic_load(&t->stop)) return job;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(&t->job) == seen && !atomic_load(&t->stop))
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
    return atomic_load(&t->job);
}

static void *live(void *arg) {
    const struct member *m = arg;
    struct ift_team *t = m->team;
    unsigned seen = 0;
    while (!atomic_load(&t->stop)) {
        seen = await_job(t, seen);
        int state = atomic_load(&t->state);
        while (state & OPEN)
            if (atomic_compare_exchange_weak(&t->state, &state, state + 1)) {
                work(t, m->index);
                atomic_fetch_sub(&t->state, 1);
                break;
            }
    }
    return NULL;
}

static void rouse(struct ift_team *t) {
    /* A thread announces that it sleeps before it looks at the job a last time, so either it sees
     * this job or it is counted here. */
    if (atomic_load(&t->sleepers) == 0 && !atomic_load(&t->stop)) return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void ift_team_each(struct ift_team *t, int64_t n, int64_t grain, ift_team_body *body,
                   const void *ctx) {
    if (n <= 0) return;
    if (grain < 1) grain = 1;
    if (n <= grain || t->threads == 1) {
        body(ctx, 0, n, 0);
        return;
    }
    t->body = body;
    t->ctx = ctx;
    t->n = n;
    t->grain = grain;
    atomic_store(&t->next, 0);
    atomic_store(&t->state, OPEN);
    atomic_fetch_add(&t->job, 1);
    rouse(t);
    work(t, 0);
    atomic_fetch_and(&t->state, ~OPEN);
    for (int i = 0; atomic_load(&t->state) != 0; i++) {
        if (i < SPINS)
            relax();
        else
            sched_yield();
    }
}

int ift_team_init(struct ift_team **team, int threads, char *why) {
    struct ift_team *t = aligned_alloc(64, sizeof *t);
    struct member *members = calloc((size_t)threads, sizeof *members);
    if (!t || !members) {
        free(t);
        free(members);
        snprintf(why, IFT_WHY, "out of memory for %d threads", threads);
        return -1;
    }
    memset(t, 0, sizeof *t);
    t->threads = 1;
    t->members = members;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    for (; t->threads < threads; t->threads++) {
        struct member *m = &members[t->threads - 1];
        *m = (struct member){.team = t, .index = t->threads};
        const int code = pthread_create(&m->id, NULL, live, m);
        if (code == 0) continue;
        snprintf(why, IFT_WHY, "cannot start thread %d of %d: %s", t->threads, threads,
                 strerror(code));
        ift_team_free(t);
        return -1;
    }
    *team = t;
    return 0;
}

void ift_team_free(struct ift_team *t) {
    if (!t) return;
    atomic_store(&t->stop, true);
    rouse(t);
    for (int i = 0; i < t->threads - 1; i++) pthread_join(t->members[i].id, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->members);
    free(t);
}

int ift_team_threads(const struct ift_team *t) {
    return t->threads;
}
