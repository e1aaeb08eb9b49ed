/* generate_speed MODEL THREADS [REPEAT [no-mmap]]: how fast one sequence is generated, and how fast
 * memory is read on as many threads meanwhile. Prints tokens/s of decode (64 tokens after a prompt
 * of 32), tokens/s of prefill (a prompt of 512) and GB/s of reading, each the best of the
 * repetitions, which take turns. All in one process, as the peers are measured: starting up does
 * not count. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "libcore/infer/generator.h"

enum {
    SHORT = 32,
    LONG = 512,
    NEW = 64,
    BYTES = 256 << 20,
    BLOCK = 3 << 16,
    PAGE = 2 << 20,
    MOST = 256
};

/* With one thread time is the processor's, so that neighbours on a busy machine count less. */
static double seconds(int threads) {
    struct timespec t;
    clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- reading ---- */

typedef uint64_t v2 __attribute__((vector_size(16)));

struct reader {
    const char *from;
    size_t blocks;
    int streams;
    uint64_t sum;
};

/* Blocks of memory, each as so many streams side by side. */
static inline __attribute__((always_inline)) v2 streams(const char *p, size_t blocks, int count) {
    const int apart = BLOCK / count;
    v2 a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t k = 0; k < blocks; k++, p += BLOCK)
        for (int i = 0; i < apart; i += 64)
#pragma GCC unroll 8
            for (int s = 0; s < count; s++) {
                const v2 *const line = (const v2 *)(p + s * apart + i);
                a ^= line[0], b ^= line[1], c ^= line[2], d ^= line[3];
            }
    return a ^ b ^ c ^ d;
}

static void *read_blocks(void *arg) {
    struct reader *const r = arg;
    const v2 sum = r->streams == 1   ? streams(r->from, r->blocks, 1)
                   : r->streams == 2 ? streams(r->from, r->blocks, 2)
                   : r->streams == 4 ? streams(r->from, r->blocks, 4)
                                     : streams(r->from, r->blocks, 6);
    r->sum = sum[0] ^ sum[1];
    return NULL;
}

static double read_speed(const char *memory, int threads, int count) {
    pthread_t id[MOST];
    struct reader reader[MOST];
    const size_t blocks = BYTES / BLOCK / (size_t)threads;
    const double start = seconds(threads);
    for (int i = 0; i < threads; i++) {
        reader[i] = (struct reader){memory + (size_t)i * blocks * BLOCK, blocks, count, 0};
        if (i && pthread_create(&id[i], NULL, read_blocks, &reader[i]) != 0) abort();
    }
    read_blocks(&reader[0]);
    for (int i = 1; i < threads; i++) pthread_join(id[i], NULL);
    const volatile uint64_t sum = reader[0].sum;
    (void)sum;
    return (double)blocks * BLOCK * threads / (seconds(threads) - start) * 1e-9;
}

/* ---- generating ---- */

struct source {
    const int32_t *id;
    size_t n;
    bool given;
};

static int next(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    (void)err;
    struct source *const s = ctx;
    if (s->given) return 0;
    s->given = true;
    *p = (struct ift_prompt_ids){.id = s->id, .n = s->n};
    return 1;
}

static int done(void *ctx, const struct ift_completion *c, struct ift_err *err) {
    (void)ctx;
    (void)c;
    (void)err;
    return 0;
}

/* Seconds to continue n tokens by `made`. */
static double run(struct ift_generator *g, const int32_t *id, size_t n, long long made,
                  int threads) {
    struct ift_err err;
    struct source source = {id, n, false};
    const struct ift_prompts prompts = {&source, next, done};
    const struct ift_generate o = {.sampling = {.top_p = 1, .repetition_penalty = 1},
                                   .max_new = made};
    const double start = seconds(threads);
    if (ift_generator_run(g, &prompts, &o, &err) < 0) {
        fprintf(stderr, "generate_speed: %s\n", err.text);
        exit(1);
    }
    return seconds(threads) - start;
}

static int open_all(struct ift_model **m, struct ift_device *d, struct ift_generator **g,
                    const char *dir, int threads, bool no_mmap, struct ift_err *err) {
    const struct ift_generator_config c = {.slots = 1, .context = LONG + 1, .frozen = true};
    IFT_TRY(ift_model_open(m, dir, err));
    if (no_mmap) ift_model_hold(*m);
    IFT_TRY(ift_device_open(d, "cpu", threads, err));
    return ift_generator_new(g, *m, NULL, d, c, err);
}

static void raise_to(double *best, double value) {
    if (value > *best) *best = value;
}

int main(int argc, char **argv) {
    struct ift_err err;
    struct ift_model *m = NULL;
    struct ift_device d = {0};
    struct ift_generator *g = NULL;
    const int threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0,
              repeat = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5;
    const bool no_mmap = argc > 4 && strcmp(argv[4], "no-mmap") == 0;
    if (threads < 1 || threads > MOST) return 2;
    if (open_all(&m, &d, &g, argv[1], threads, no_mmap, &err) < 0) {
        fprintf(stderr, "generate_speed: %s\n", err.text);
        return 1;
    }
    char *const memory = aligned_alloc(PAGE, BYTES);
    int32_t id[LONG];
    if (!memory) return 1;
    madvise(memory, BYTES, MADV_HUGEPAGE);
    memset(memory, 1, BYTES);
    for (int i = 0; i < LONG; i++) id[i] = 3 + (int32_t)((uint32_t)i * 2654435761u % 1000);
    double decode = 0, prefill = 0, reads = 0;
    run(g, id, LONG, 1, threads);
    for (int i = 0; i < repeat; i++) {
        raise_to(&prefill, LONG / run(g, id, LONG, 1, threads));
        for (int k = 0; k < 4; k++)
            raise_to(&reads, read_speed(memory, threads, (const int[]){1, 2, 4, 6}[k]));
        const double one = run(g, id, SHORT, 1, threads);
        raise_to(&decode, NEW / (run(g, id, SHORT, 1 + NEW, threads) - one));
    }
    printf("%.1f %.1f %.2f\n", decode, prefill, reads);
    free(memory);
    ift_generator_free(g);
    ift_model_free(m);
    ift_device_close(&d);
    return 0;
}
