#include "kernels/cpu/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

extern const struct ift_backend ift_cpu_backend;

struct ift_dev {
    const struct ift_cpu_isa *isa;
    struct ift_team *team;
    pthread_mutex_t lock; /* streams of one device take turns */
    double peak;
};

struct ift_stream {
    struct ift_dev *dev;
};

#if defined(__x86_64__)
extern const struct ift_cpu_isa ift_cpu_isa_v2, ift_cpu_isa_v3, ift_cpu_isa_v4;

/* IFT_CPU_LEVEL=v2 or v3 holds a newer processor back, to compare or to reproduce another machine's
 * bits. */
static const struct ift_cpu_isa *best_isa(void) {
    const char *limit = getenv("IFT_CPU_LEVEL");
    const int level = limit && limit[0] == 'v' ? limit[1] - '0' : 4;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) return NULL;
    if (level < 3 || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi2"))
        return &ift_cpu_isa_v2;
    if (level < 4 || !__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512cd"))
        return &ift_cpu_isa_v3;
    return &ift_cpu_isa_v4;
}
#else
extern const struct ift_cpu_isa ift_cpu_isa_base;

static const struct ift_cpu_isa *best_isa(void) {
    return &ift_cpu_isa_base;
}
#endif

static const struct ift_cpu_isa *chosen_isa(void) {
    const struct ift_cpu_isa *isa = best_isa();
#ifdef IFT_CPU_WIDE /* in tests/ops alone: see isa.mk */
    extern const struct ift_cpu_isa ift_cpu_isa_wide;
    const char *level = getenv("IFT_CPU_LEVEL");
    if (isa && strcmp(isa->name, "sse4.2") != 0 && level && strcmp(level, "wide") == 0)
        isa = &ift_cpu_isa_wide;
#endif
    return isa;
}

static int say(char *why, const char *text) {
    snprintf(why, IFT_WHY, "cpu: %s", text);
    return -1;
}

static int cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

static void dev_close(struct ift_dev *dev) {
    if (!dev) return;
    ift_team_free(dev->team);
    pthread_mutex_destroy(&dev->lock);
    free(dev);
}

static int dev_open(struct ift_dev **out, const struct ift_backend_config *cfg, char *why) {
    if (cfg->threads < 0 || cfg->threads > 1024) return say(why, "threads must be in 0 .. 1024");
    struct ift_dev *dev = calloc(1, sizeof *dev);
    if (!dev) return say(why, "out of memory");
    pthread_mutex_init(&dev->lock, NULL);
    dev->isa = chosen_isa();
    if (!dev->isa) {
        dev_close(dev);
        return say(why, "this processor lacks SSE4.2");
    }
    if (ift_team_init(&dev->team, cfg->threads ? cfg->threads : cores(), why) < 0) {
        dev_close(dev);
        return -1;
    }
    *out = dev;
    return 0;
}

static void dev_describe(const struct ift_dev *dev, char *text, size_t size) {
    const int n = ift_team_threads(dev->team);
    snprintf(text, size, "cpu: %s, %d thread%s", dev->isa->name, n, n == 1 ? "" : "s");
}

static int buf_new(struct ift_buf **out, char *data, size_t size, bool wrapped, char *why) {
    struct ift_buf *buf = malloc(sizeof *buf);
    if (!buf) return say(why, "out of memory");
    *buf = (struct ift_buf){data, size, wrapped};
    *out = buf;
    return 0;
}

/* Large buffers start on a huge page and ask for more of them: a product walks thousands of rows a
 * page apart, and would otherwise miss the translation cache at each. */
static int buf_alloc(struct ift_dev *dev, size_t bytes, struct ift_buf **out, char *why) {
    (void)dev;
    const size_t huge = (size_t)2 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t total = (size_t)sysconf(_SC_PHYS_PAGES) * page,
                 align = bytes >= 2 * huge ? huge : 64;
    char *data = NULL;
    if (bytes <= total) data = aligned_alloc(align, (bytes + align) / align * align);
    if (!data) {
        snprintf(why, IFT_WHY, "cpu: out of memory: needs %zu MiB, %zu MiB are free", bytes >> 20,
                 (size_t)sysconf(_SC_AVPHYS_PAGES) * page >> 20);
        return -1;
    }
    if (align == huge) madvise(data, bytes, MADV_HUGEPAGE);
    if (buf_new(out, data, bytes, false, why) == 0) return 0;
    free(data);
    return -1;
}

static int buf_wrap(struct ift_dev *dev, const void *host, size_t bytes, struct ift_buf **out,
                    char *why) {
    (void)dev;
    /* The flag keeps every op from writing through this pointer. */
    return buf_new(out, (char *)(uintptr_t)host, bytes, true, why);
}

static void buf_free(struct ift_dev *dev, struct ift_buf *buf) {
    (void)dev;
    if (!buf) return;
    if (!buf->wrapped) free(buf->data);
    free(buf);
}

static int stream_open(struct ift_dev *dev, struct ift_stream **out, char *why) {
    struct ift_stream *s = malloc(sizeof *s);
    if (!s) return say(why, "out of memory");
    s->dev = dev;
    *out = s;
    return 0;
}

static void stream_close(struct ift_stream *s) {
    free(s);
}

static int in_buf(const struct ift_buf *buf, size_t offset, size_t bytes, const char *what,
                  char *why) {
    if (buf && offset <= buf->size && bytes <= buf->size - offset) return 0;
    snprintf(why, IFT_WHY, "cpu: %s of %zu bytes at %zu of a buffer of %zu", what, bytes, offset,
             buf ? buf->size : 0);
    return -1;
}

static int upload(struct ift_stream *s, struct ift_buf *to, size_t offset, const void *from,
                  size_t bytes, char *why) {
    (void)s;
    if (in_buf(to, offset, bytes, "upload", why) < 0) return -1;
    if (to->wrapped) return say(why, "upload to memory that is only lent for reading");
    if (bytes) memcpy(to->data + offset, from, bytes);
    return 0;
}

static int download(struct ift_stream *s, void *to, const struct ift_buf *from, size_t offset,
                    size_t bytes, char *why) {
    (void)s;
    if (in_buf(from, offset, bytes, "download", why) < 0) return -1;
    if (bytes) memcpy(to, from->data + offset, bytes);
    return 0;
}

static int zero(struct ift_stream *s, struct ift_buf *buf, size_t offset, size_t bytes, char *why) {
    (void)s;
    if (in_buf(buf, offset, bytes, "zero", why) < 0) return -1;
    if (buf->wrapped) return say(why, "zero of memory that is only lent for reading");
    if (bytes) memset(buf->data + offset, 0, bytes);
    return 0;
}

static size_t scratch(const struct ift_dev *dev, const struct ift_call *c) {
    if ((unsigned)c->op >= IFT_OP_COUNT) return 0;
    const struct ift_cpu_op *op = dev->isa->op[c->op];
    return op->scratch ? op->scratch(c, ift_team_threads(dev->team)) : 0;
}

static int run_one(struct ift_dev *dev, const struct ift_call *c, char *why) {
    if ((unsigned)c->op >= IFT_OP_COUNT) return say(why, "no such op");
    const struct ift_cpu_op *op = dev->isa->op[c->op];
    if (op->check(c, why) < 0 || ift_scratch_check(c, scratch(dev, c), why) < 0) return -1;
    op->run(dev->team, c);
    return 0;
}

static int run(struct ift_stream *s, const struct ift_call *calls, size_t count, char *why) {
    int code = 0;
    pthread_mutex_lock(&s->dev->lock);
    for (size_t i = 0; i < count && code == 0; i++) code = run_one(s->dev, &calls[i], why);
    pthread_mutex_unlock(&s->dev->lock);
    return code;
}

static int sync_(struct ift_stream *s, char *why) {
    (void)s;
    (void)why;
    return 0;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct ift_operand square(struct ift_buf *buf, size_t index, int64_t n) {
    return (struct ift_operand){buf, index * (size_t)(n * n) * 4, IFT_F32, 2, {n, n}, n};
}

/* Small enough that on a busy machine one run or another is not interrupted, large enough to keep
 * all busy. */
static double measure_peak(struct ift_dev *dev) {
    const int threads = ift_team_threads(dev->team);
    const int64_t n = threads <= 4 ? 768 : threads <= 32 ? 1536 : 3072;
    const double flops = 2.0 * (double)n * (double)n * (double)n;
    struct ift_call c = {.op = IFT_OP_GEMM, .at.gemm.alpha = 1};
    c.in[0] = square(NULL, 0, n);
    c.in[1] = square(NULL, 1, n);
    c.out[0] = square(NULL, 2, n);
    const size_t matrices = 3 * (size_t)(n * n) * 4, bytes = matrices + scratch(dev, &c);
    char why[IFT_WHY];
    struct ift_buf *buf;
    if (buf_alloc(dev, bytes, &buf, why) < 0) return 0;
    memset(buf->data, 0, bytes);
    c.in[0].buf = c.in[1].buf = c.out[0].buf = c.scratch.buf = buf;
    c.scratch.offset = matrices;
    struct ift_stream s = {dev};
    double best = 1e30;
    const double end = seconds() + 0.05;
    for (int i = 0; i < 3 || seconds() < end; i++) {
        const double start = seconds();
        if (run(&s, &c, 1, why) < 0) break;
        const double took = seconds() - start;
        if (took < best) best = took;
    }
    buf_free(dev, buf);
    return flops / best;
}

static double gemm_peak(struct ift_dev *dev) {
    if (dev->peak == 0) dev->peak = measure_peak(dev);
    return dev->peak;
}

const struct ift_backend ift_cpu_backend = {
    .name = "cpu",
    .open = dev_open,
    .close = dev_close,
    .describe = dev_describe,
    .gemm_peak = gemm_peak,
    .alloc = buf_alloc,
    .wrap = buf_wrap,
    .free = buf_free,
    .stream_open = stream_open,
    .stream_close = stream_close,
    .upload = upload,
    .download = download,
    .zero = zero,
    .scratch = scratch,
    .run = run,
    .sync = sync_,
};
