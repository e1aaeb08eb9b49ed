/* The ordered parallel map: order, bounds, reuse, and which error comes out. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "libcore/base/mem.h"
#include "libcore/base/pool.h"
#include "libcore/base/str.h"
#include "tests/unit/check.h"

enum { NEVER = 1 << 30 };

/* A run over the numbers 0..total-1, one a batch. */
struct job {
    int total, next; /* next: touched by read only */
    int fail_read, fail_work, fail_work_too, fail_write, fail_wrote;
    bool no_local, slow_write, slow_wrote;
    pthread_t caller;
    struct ift_str out;
    atomic_int batches, most_batches, locals, readers, writers, threads, wrote;
    atomic_bool overlapped;
};

struct item {
    int number;
    unsigned long long result;
};

struct local {
    bool busy;
};

static void nap(int microseconds) {
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000}, NULL);
}

static void *batch_new(void *ctx) {
    struct job *j = ctx;
    if (++j->batches > j->most_batches) j->most_batches = j->batches;
    return ift_alloc0(1, sizeof(struct item));
}

static void batch_free(void *ctx, void *batch) {
    struct job *j = ctx;
    j->batches--;
    free(batch);
}

static void *local_new(void *ctx, struct ift_err *err) {
    struct job *j = ctx;
    if (j->no_local) {
        ift_fail(err, "no local");
        return NULL;
    }
    j->locals++;
    if (!pthread_equal(pthread_self(), j->caller)) j->threads++;
    return ift_alloc0(1, sizeof(struct local));
}

static void local_free(void *ctx, void *local) {
    struct job *j = ctx;
    j->locals--;
    free(local);
}

static int read_item(void *ctx, void *batch, struct ift_err *err) {
    struct job *j = ctx;
    struct item *it = batch;
    if (j->readers++) j->overlapped = true;
    const int number = j->next++;
    j->readers--;
    if (number == j->fail_read) return ift_fail(err, "read %d", number);
    if (number >= j->total) return 0;
    it->number = number;
    return 1;
}

static int work_item(void *ctx, void *local, void *batch, struct ift_err *err) {
    struct job *j = ctx;
    struct local *l = local;
    struct item *it = batch;
    if (l->busy) j->overlapped = true;
    l->busy = true;
    if (it->number % 13 == 0) nap(it->number % 7 * 100); /* finish out of order */
    unsigned long long x = (unsigned long long)it->number;
    for (int i = 0; i < 100; i++) x = x * 6364136223846793005u + 1442695040888963407u;
    it->result = x;
    l->busy = false;
    if (it->number == j->fail_work || it->number == j->fail_work_too) {
        return ift_fail(err, "work %d", it->number);
    }
    return 0;
}

static int write_item(void *ctx, void *batch, struct ift_err *err) {
    struct job *j = ctx;
    const struct item *it = batch;
    if (j->writers++) j->overlapped = true;
    if (j->slow_write) nap(200);
    const int rc = it->number == j->fail_write ? ift_fail(err, "write %d", it->number) : 0;
    if (rc == 0) ift_str_addf(&j->out, "%d %llx\n", it->number, it->result);
    j->writers--;
    return rc;
}

/* May run beside anything, itself too. */
static int wrote_item(void *ctx, struct ift_err *err) {
    struct job *j = ctx;
    const int number = j->wrote++;
    if (j->slow_wrote) nap(200);
    return number == j->fail_wrote ? ift_fail(err, "wrote %d", number) : 0;
}

static const struct ift_pool_ops ops = {batch_new, batch_free, local_new,  local_free,
                                        read_item, work_item,  write_item, wrote_item};

static struct job job(int total) {
    return (struct job){
        .total = total,
        .fail_read = NEVER,
        .fail_work = NEVER,
        .fail_work_too = NEVER,
        .fail_write = NEVER,
        .fail_wrote = NEVER,
        .caller = pthread_self(),
    };
}

static int run(struct job *j, int jobs, struct ift_err *err) {
    *err = (struct ift_err){0};
    const int rc = ift_pool_run(&ops, j, jobs, err);
    CHECK_INT(j->batches, 0);
    CHECK_INT(j->locals, 0);
    CHECK(!j->overlapped);
    return rc;
}

static const int many[] = {1, 2, 3, 8, 32};
#define EACH_JOBS (size_t k = 0; k < sizeof many / sizeof *many; k++)

static void test_order(void) {
    static const int totals[] = {0, 1, 2, 17, 3000};
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
        struct ift_err err;
        struct job one = job(totals[t]);
        CHECK_OK(run(&one, 1, &err), &err);
        CHECK_INT(one.threads, 0);
        for
            EACH_JOBS {
                struct job j = job(totals[t]);
                j.slow_write = j.slow_wrote = totals[t] < 100;
                CHECK_OK(run(&j, many[k], &err), &err);
                CHECK_INT(j.wrote, totals[t]);
                CHECK(ift_slice_eq(ift_str_slice(&j.out), ift_str_slice(&one.out)));
                ift_str_release(&j.out);
            }
        ift_str_release(&one.out);
    }
}

/* What was written are the numbers below `end`, each once, in order. */
static void check_written(const struct job *j, int end) {
    int n = 0;
    for (const char *p = j->out.p; p && *p; p = strchr(p, '\n') + 1) {
        CHECK_INT(strtol(p, NULL, 10), n);
        n++;
    }
    CHECK_INT(n, end);
}

static void check_failure(struct job start, int written, const char *message) {
    for
        EACH_JOBS {
            for (int again = 0; again < 5; again++) {
                struct job j = start;
                struct ift_err err;
                CHECK_INT(run(&j, many[k], &err), -1);
                CHECK_STR(err.text, message);
                check_written(&j, written);
                ift_str_release(&j.out);
            }
        }
}

static void test_failures(void) {
    struct job j = job(200);
    j.fail_read = 40;
    check_failure(j, 40, "read 40");
    j = job(200);
    j.fail_work = 65; /* slow, and later ones are done before */
    check_failure(j, 65, "work 65");
    j.fail_work_too = 66;
    check_failure(j, 65, "work 65");
    j.fail_work_too = 64;
    check_failure(j, 64, "work 64");
    j.fail_write = 63;
    j.slow_write = true;
    check_failure(j, 63, "write 63");
    j = job(200);
    j.fail_write = 0;
    check_failure(j, 0, "write 0");
    j = job(200);
    j.fail_work = 199;
    j.fail_read = 200;
    check_failure(j, 199, "work 199");
    j = job(0); /* a worker that cannot start says so before anything is read */
    j.no_local = true;
    check_failure(j, 0, "no local");
}

/* What follows writing may fail when later batches are written already: the run fails. */
static void test_failure_after_writing(void) {
    for
        EACH_JOBS {
            struct job j = job(200);
            struct ift_err err;
            j.fail_wrote = 70;
            j.slow_wrote = true;
            CHECK_INT(run(&j, many[k], &err), -1);
            CHECK_STR(err.text, "wrote 70");
            CHECK(j.wrote > 70 && (many[k] > 1 || j.wrote == 71));
            ift_str_release(&j.out);
        }
}

static void test_bounds(void) {
    struct job j = job(500);
    struct ift_err err;
    j.slow_write = true;
    /* A slow writer fills every slot, and no more. */
    CHECK_OK(run(&j, 4, &err), &err);
    check_written(&j, 500);
    CHECK(j.most_batches > 4 && j.most_batches <= 10);
    ift_str_release(&j.out);
    struct job none = job(0);
    CHECK_INT(ift_pool_run(&ops, &none, 0, NULL), 0);
}

int main(void) {
    test_order();
    test_failures();
    test_failure_after_writing();
    test_bounds();
    return check_done();
}
