/* The device itself: finding, opening, memory, transfers; and the team of threads. */
#include <time.h>

#include "kernels/cpu/team.h"
#include "tests/ops/rig.h"

static void finding(void) {
    char why[IFT_WHY] = "";
    CHECK(ift_backend_find("cpu", why) != NULL);
    CHECK(ift_backend_find("auto", why) != NULL);
    CHECK_STR(why, "");
    CHECK(ift_backend_find("tpu", why) == NULL);
    CHECK(strstr(why, "tpu") != NULL);
    CHECK_STR(ift_op_name(IFT_OP_GEMM), "GEMM");
    CHECK_STR(ift_op_name(IFT_OP_ADAMW), "ADAMW");
}

static void opening(const struct ift_backend *be) {
    char why[IFT_WHY] = "", text[128];
    struct ift_dev *dev = NULL;
    CHECK_INT(be->open(&dev, &(struct ift_backend_config){.threads = -1}, why), -1);
    CHECK(strstr(why, "threads") != NULL);
    CHECK_INT(be->open(&dev, &(struct ift_backend_config){.threads = 0}, why), 0);
    be->describe(dev, text, sizeof text);
    CHECK(strncmp(text, "cpu: ", 5) == 0 && strstr(text, "thread") != NULL);
    const double peak = be->gemm_peak(dev);
    CHECK(peak > 1e8 && peak < 1e16);
    CHECK(be->gemm_peak(dev) == peak);
    be->close(dev);
    be->close(NULL);
}

static void memory(struct rig *r) {
    char why[IFT_WHY] = "", from[100], to[100] = {0};
    struct ift_buf *buf = NULL, *huge = NULL;
    for (size_t size = 0; size < 10000000; size = 3 * size + 1) {
        CHECK_INT(r->be->alloc(r->dev, size, &buf, why), 0);
        r->be->free(r->dev, buf);
    }
    CHECK_INT(r->be->alloc(r->dev, SIZE_MAX / 2, &huge, why), -1);
    CHECK(strstr(why, "MiB") != NULL);
    CHECK_INT(r->be->alloc(r->dev, sizeof from, &buf, why), 0);
    for (size_t i = 0; i < sizeof from; i++) from[i] = (char)i;
    CHECK_INT(r->be->upload(r->stream, buf, 0, from, sizeof from, why), 0);
    CHECK_INT(r->be->zero(r->stream, buf, 10, 20, why), 0);
    CHECK_INT(r->be->download(r->stream, to + 5, buf, 5, 90, why), 0);
    CHECK_INT(r->be->sync(r->stream, why), 0);
    for (int i = 0; i < 100; i++) CHECK_INT(to[i], i < 5 || i >= 95 || (i >= 10 && i < 30) ? 0 : i);
    CHECK_INT(r->be->upload(r->stream, buf, 1, from, sizeof from, why), -1);
    CHECK_INT(r->be->download(r->stream, to, buf, SIZE_MAX, 2, why), -1);
    CHECK_INT(r->be->zero(r->stream, buf, 101, 0, why), -1);
    r->be->free(r->dev, buf);
    r->be->free(r->dev, NULL);
    if (!r->be->wrap) return;
    CHECK_INT(r->be->wrap(r->dev, from, sizeof from, &buf, why), 0);
    CHECK_INT(r->be->download(r->stream, to, buf, 0, sizeof to, why), 0);
    CHECK_INT(memcmp(from, to, sizeof to), 0);
    CHECK_INT(r->be->upload(r->stream, buf, 0, to, 1, why), -1);
    CHECK_INT(r->be->zero(r->stream, buf, 0, 1, why), -1);
    r->be->free(r->dev, buf);
}

/* Calls run in order, and those after a bad one do not. */
static void order(struct rig *r) {
    const struct ten *x = rig_vector(r, 9);
    const double first = ten_get(x, 0);
    struct ift_call c[3];
    memset(c, 0, sizeof c);
    for (int i = 0; i < 3; i++) {
        c[i].op = IFT_OP_AXPBY;
        c[i].in[0] = c[i].out[0] = x->o;
        c[i].at.axpby.alpha = i == 0 ? 2 : i == 1 ? -1 : 8;
    }
    c[2].in[0].buf = NULL;
    char why[IFT_WHY] = "";
    float got[9];
    rig_upload(r);
    CHECK_INT(r->be->run(r->stream, c, 3, why), -1);
    CHECK(strncmp(why, "AXPBY: ", 7) == 0);
    CHECK_INT(r->be->run(r->stream, c, 2, why), 0);
    CHECK_INT(r->be->download(r->stream, got, x->o.buf, 0, sizeof got, why), 0);
    CHECK_INT(r->be->sync(r->stream, why), 0);
    CHECK_NEAR(got[0], 4 * first, 1e-6);
    c[0].op = IFT_OP_COUNT;
    CHECK_INT(r->be->run(r->stream, c, 1, why), -1);
    rig_clear(r);
}

struct tally {
    int *hits;
    int *thread;
    int threads;
};

static void tally(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct tally *t = ctx;
    for (int64_t i = begin; i < end; i++) t->hits[i]++, t->thread[i] = thread;
}

/* Every index once, by a thread of the team, whatever the range and the grain; many short jobs in a
 * row, and pauses long enough for the others to fall asleep. */
static void team(void) {
    enum { N = 5000 };
    static int hits[N], thread[N];
    static const int sizes[] = {1, 2, 3, 8};
    for (int s = 0; s < 4; s++) {
        struct ift_team *t = NULL;
        char why[IFT_WHY];
        CHECK_INT(ift_team_init(&t, sizes[s], why), 0);
        CHECK_INT(ift_team_threads(t), sizes[s]);
        for (int job = 0; job < 3000; job++) {
            const int64_t n = job % 10 == 9 ? N : job * 37 % 300, grain = job % 7;
            memset(hits, 0, sizeof hits);
            ift_team_each(t, n, grain, tally, &(struct tally){hits, thread, sizes[s]});
            int64_t wrong = 0;
            for (int64_t i = 0; i < N; i++)
                wrong += hits[i] != (i < n) || (i < n && (unsigned)thread[i] >= (unsigned)sizes[s]);
            CHECK_INT(wrong, 0);
            if (job % 500 == 0) nanosleep(&(struct timespec){0, 2000000}, NULL);
        }
        ift_team_free(t);
    }
    ift_team_free(NULL);
}

static void cases(struct rig *r) {
    memory(r);
    order(r);
}

int main(void) {
    char why[IFT_WHY];
    finding();
    opening(ift_backend_find("cpu", why));
    team();
    return rig_main(cases);
}
