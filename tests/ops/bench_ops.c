/* bench_ops [FILTER] [THREADS]: how fast each op is on the shapes that training and generating
 * meet. Prints one line a shape: time, GFLOP/s and its share of the measured peak of the matrix
 * product, GB/s of operands touched and its share of the measured speed of a copy. With one thread
 * time is the processor's, so that neighbours on a busy machine count less; with more it is the
 * wall's. Nothing here passes or fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/backend.h"

enum { MAX_BUFS = 16 };

struct bench {
    const struct ift_backend *be;
    struct ift_dev *dev;
    struct ift_stream *stream;
    const char *filter;
    double peak, copy;
    struct ift_buf *bufs[MAX_BUFS];
    int count, threads;
};

static double seconds(const struct bench *b) {
    struct timespec t;
    clock_gettime(b->threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(int code, const char *why) {
    if (code == 0) return;
    fprintf(stderr, "bench_ops: %s\n", why);
    exit(1);
}

static struct ift_operand tensor(struct bench *b, enum ift_dtype type, int64_t rows, int64_t cols) {
    char why[IFT_WHY];
    const size_t bytes = (size_t)(rows * (cols ? cols : 1)) * ift_dtype_size(type);
    struct ift_operand o = {.dtype = type,
                            .ndim = cols ? 2 : 1,
                            .dim = {rows, cols},
                            .row = cols ? cols : 1};
    need(b->be->alloc(b->dev, bytes, &o.buf, why), why);
    char *host = calloc(1, bytes + 4);
    if (type == IFT_F32)
        for (size_t i = 0; i < bytes / 4; i++)
            ((float *)host)[i] = (float)(i * 2654435761u % 2048) / 1024.0f - 1;
    need(b->be->upload(b->stream, o.buf, 0, host, bytes, why), why);
    need(b->be->sync(b->stream, why), why);
    free(host);
    return b->bufs[b->count++] = o.buf, o;
}

static struct ift_operand f32(struct bench *b, int64_t rows, int64_t cols) {
    return tensor(b, IFT_F32, rows, cols);
}

static void fill(struct bench *b, struct ift_operand o, const int32_t *ids) {
    char why[IFT_WHY];
    need(b->be->upload(b->stream, o.buf, 0, ids,
                       (size_t)(o.dim[0] * (o.ndim > 1 ? o.dim[1] : 1)) * 4, why),
         why);
    need(b->be->sync(b->stream, why), why);
}

static struct ift_operand ids(struct bench *b, int64_t n, int64_t below) {
    const struct ift_operand o = tensor(b, IFT_I32, n, 0);
    int32_t *host = malloc((size_t)n * sizeof *host);
    for (int64_t i = 0; i < n; i++) host[i] = (int32_t)(i * 7919 % below);
    fill(b, o, host);
    free(host);
    return o;
}

static double bytes_of(const struct ift_operand *o) {
    double n = o->buf ? (double)ift_dtype_size(o->dtype) : 0;
    for (int i = 0; i < o->ndim; i++) n *= (double)o->dim[i];
    return n;
}

static double best_time(struct bench *b, const struct ift_call *c) {
    char why[IFT_WHY];
    double best = 1e30, spent = 0;
    int times = 1;
    for (int i = 0; i < 400 && (spent < 0.3 || i < 5); i++) {
        const double start = seconds(b);
        for (int j = 0; j < times; j++) need(b->be->run(b->stream, c, 1, why), why);
        need(b->be->sync(b->stream, why), why);
        const double took = seconds(b) - start;
        spent += took;
        if (took / times < best) best = took / times;
        if (i == 0 && took < 2e-4) times = (int)(4e-4 / (took + 1e-7)) + 1;
    }
    return best;
}

/* Times the call and gives its tensors back. */
static void line(struct bench *b, struct ift_call c, const char *what, double flops) {
    char why[IFT_WHY];
    double bytes = 0;
    for (int i = 0; i < IFT_MAX_IN; i++) bytes += bytes_of(&c.in[i]);
    for (int i = 0; i < IFT_MAX_OUT; i++) bytes += bytes_of(&c.out[i]);
    if (!b->filter || strstr(ift_op_name(c.op), b->filter) || strstr(what, b->filter)) {
        const size_t scratch = b->be->scratch(b->dev, &c);
        if (scratch) need(b->be->alloc(b->dev, scratch, &c.scratch.buf, why), why);
        const double t = best_time(b, &c);
        printf("%-9s %-34s %9.1f us", ift_op_name(c.op), what, t * 1e6);
        if (flops > 0)
            printf(" %7.1f GFLOP/s %4.0f%%", flops / t * 1e-9, 100 * flops / t / b->peak);
        else
            printf("%22s", "");
        printf(" %7.1f GB/s %4.0f%%", bytes / t * 1e-9, 100 * bytes / t / b->copy);
        printf("  scratch %.1f MiB\n", (double)scratch / 1048576);
        fflush(stdout);
        b->be->free(b->dev, c.scratch.buf);
    }
    while (b->count > 0) b->be->free(b->dev, b->bufs[--b->count]);
}

static void gemm(struct bench *b, const char *what, char ta, char tb, int64_t m, int64_t n,
                 int64_t k, bool add) {
    char text[64];
    snprintf(text, sizeof text, "%s %c%c %lldx%lldx%lld%s", what, ta, tb, (long long)m,
             (long long)n, (long long)k, add ? " +c" : "");
    struct ift_call c = {.op = IFT_OP_GEMM, .at.gemm = {1, ta == 'T', tb == 'T'}};
    c.in[0] = ta == 'T' ? f32(b, k, m) : f32(b, m, k);
    c.in[1] = tb == 'T' ? f32(b, n, k) : f32(b, k, n);
    c.out[0] = f32(b, m, n);
    if (add) c.in[2] = c.out[0];
    line(b, c, text, 2.0 * (double)m * (double)n * (double)k);
}

static void gemms(struct bench *b) {
    gemm(b, "square", 'N', 'N', 1024, 1024, 1024, false);
    gemm(b, "forward", 'N', 'T', 1024, 512, 512, false);
    gemm(b, "forward", 'N', 'T', 1024, 1376, 512, false);
    gemm(b, "forward", 'N', 'T', 1024, 512, 1376, false);
    gemm(b, "backward x", 'N', 'N', 1024, 512, 512, true);
    gemm(b, "backward x", 'N', 'N', 1024, 512, 1376, true);
    gemm(b, "backward x", 'N', 'N', 1024, 1376, 512, false);
    gemm(b, "backward w", 'T', 'N', 512, 512, 1024, true);
    gemm(b, "backward w", 'T', 'N', 1376, 512, 1024, true);
    gemm(b, "backward w", 'T', 'N', 512, 1376, 1024, true);
    gemm(b, "head", 'N', 'T', 256, 32000, 512, false);
    gemm(b, "head backward x", 'N', 'N', 256, 512, 32000, false);
    gemm(b, "head backward w", 'T', 'N', 32000, 512, 256, true);
    gemm(b, "lora a", 'N', 'T', 1024, 8, 512, false);
    gemm(b, "lora b", 'N', 'T', 1024, 512, 8, true);
    gemm(b, "lora dh", 'N', 'N', 1024, 8, 512, false);
    gemm(b, "lora da", 'T', 'N', 8, 512, 1024, true);
    gemm(b, "lora db", 'T', 'N', 512, 8, 1024, true);
    gemm(b, "lora dx", 'N', 'N', 1024, 512, 8, true);
    gemm(b, "lora a", 'N', 'T', 1024, 32, 1376, false);
    gemm(b, "lora b", 'N', 'T', 1024, 1376, 32, true);
    gemm(b, "lora db", 'T', 'N', 1376, 32, 1024, true);
    for (int64_t m = 1; m <= 32; m *= 2) {
        gemm(b, "decode", 'N', 'T', m, 1376, 512, false);
        gemm(b, "decode", 'N', 'T', m, 512, 1376, false);
        gemm(b, "decode head", 'N', 'T', m, 32000, 512, false);
    }
    gemm(b, "decode big", 'N', 'T', 1, 4096, 4096, false);
    gemm(b, "decode big", 'N', 'T', 4, 11008, 4096, false);
}

/* `count` documents of length q_len, each with kv_len keys. */
static void attn(struct bench *b, const char *what, int heads, int kv_heads, int d, int64_t count,
                 int64_t q_len, int64_t kv_len, bool backward) {
    char text[64];
    const int64_t n = count * q_len, keys = count * kv_len, width = (int64_t)heads * d,
                  kv_width = (int64_t)kv_heads * d;
    struct ift_call c = {.op = backward ? IFT_OP_ATTN_BWD : IFT_OP_ATTN};
    c.at.attn.heads = heads;
    c.at.attn.kv_heads = kv_heads;
    c.at.attn.head_dim = d;
    c.at.attn.scale = 0.125f;
    c.at.attn.causal = true;
    const struct ift_operand q = f32(b, n, width), k = f32(b, keys, kv_width),
                             v = f32(b, keys, kv_width);
    const struct ift_operand o = f32(b, n, width), lse = f32(b, n, heads),
                             segments = tensor(b, IFT_I32, count, 5);
    int32_t *table = malloc((size_t)count * 5 * sizeof *table);
    for (int64_t i = 0; i < count; i++) {
        const int32_t row[5] = {(int32_t)(i * q_len), (int32_t)q_len, (int32_t)(i * kv_len),
                                (int32_t)kv_len};
        memcpy(table + 5 * i, row, sizeof row);
    }
    fill(b, segments, table);
    free(table);
    const struct ift_operand fin[] = {q, k, v, segments}, bin[] = {o, q, k, v, o, lse, segments};
    for (int i = 0; i < 4 && !backward; i++) c.in[i] = fin[i];
    for (int i = 0; i < 7 && backward; i++) c.in[i] = bin[i];
    c.out[0] = backward ? f32(b, n, width) : o;
    c.out[1] = backward ? f32(b, keys, kv_width) : lse;
    if (backward) c.out[2] = f32(b, keys, kv_width);
    snprintf(text, sizeof text, "%s %d/%d x %d, %lld of %lld/%lld", what, heads, kv_heads, d,
             (long long)count, (long long)q_len, (long long)kv_len);
    const double pairs = (double)count * ((double)q_len * (double)(kv_len - q_len) +
                                          (double)q_len * (double)(q_len + 1) / 2);
    line(b, c, text, pairs * heads * d * 2 * (backward ? 5 : 2));
}

static void attns(struct bench *b) {
    for (int backward = 0; backward < 2; backward++) {
        attn(b, "train", 8, 8, 64, 4, 256, 256, backward);
        attn(b, "train", 8, 8, 64, 1, 1024, 1024, backward);
        attn(b, "train", 8, 2, 64, 2, 512, 512, backward);
        attn(b, "train", 4, 4, 128, 1, 2048, 2048, backward);
        attn(b, "train short", 8, 8, 64, 32, 32, 32, backward);
    }
    attn(b, "decode", 8, 8, 64, 1, 1, 2048, false);
    attn(b, "decode", 8, 8, 64, 16, 1, 1024, false);
    attn(b, "decode", 32, 8, 128, 4, 1, 2048, false);
}

static void rows(struct bench *b, int64_t n, int64_t ch, int64_t v) {
    char text[64];
    snprintf(text, sizeof text, "%lldx%lld", (long long)n, (long long)ch);
    struct ift_call c = {.op = IFT_OP_EMBED,
                         .in = {f32(b, v, ch), ids(b, n, v)},
                         .out = {f32(b, n, ch)}};
    line(b, c, text, 0);
    c = (struct ift_call){.op = IFT_OP_EMBED_BWD,
                          .in = {f32(b, n, ch), ids(b, n, v)},
                          .out = {f32(b, v, ch)},
                          .at.embed_bwd = {-1}};
    line(b, c, text, 0);
    c = (struct ift_call){.op = IFT_OP_NORM,
                          .in = {f32(b, n, ch), f32(b, ch, 0), f32(b, n, ch)},
                          .out = {f32(b, n, ch), f32(b, n, 0), f32(b, n, ch)},
                          .at.norm = {1e-5f}};
    line(b, c, text, 0);
    c = (struct ift_call){.op = IFT_OP_NORM_BWD,
                          .in = {f32(b, n, ch), f32(b, n, ch), f32(b, ch, 0), f32(b, n, 0),
                                 f32(b, n, ch)},
                          .out = {f32(b, n, ch), f32(b, ch, 0)}};
    line(b, c, text, 0);
    c = (struct ift_call){.op = IFT_OP_ROPE,
                          .in = {f32(b, n, ch), ids(b, n, n), f32(b, n, 64)},
                          .out = {f32(b, n, ch)}};
    c.in[2].ndim = 3;
    c.in[2].dim[1] = 32;
    c.in[2].dim[2] = 2;
    c.at.rope.heads = (int)(ch / 64);
    c.at.rope.head_dim = c.at.rope.rot = 64;
    line(b, c, text, 0);
}

static void flat(struct bench *b, int64_t n, int64_t ch) {
    static const char *const act[] = {"silu", "gelu tanh", "gelu", "relu"};
    char text[64];
    struct ift_call c;
    for (int a = 0; a < 4; a++) {
        snprintf(text, sizeof text, "%s %lldx%lld", act[a], (long long)n, (long long)ch);
        c = (struct ift_call){.op = IFT_OP_GLU,
                              .in = {f32(b, n, ch), f32(b, n, ch)},
                              .out = {f32(b, n, ch)}};
        c.at.act.act = (enum ift_act)a;
        line(b, c, text, 0);
        c = (struct ift_call){.op = IFT_OP_GLU_BWD,
                              .in = {f32(b, n, ch), f32(b, n, ch), f32(b, n, ch)},
                              .out = {f32(b, n, ch), f32(b, n, ch)}};
        c.at.act.act = (enum ift_act)a;
        line(b, c, text, 0);
    }
    snprintf(text, sizeof text, "%lldx%lld", (long long)n, (long long)ch);
    c = (struct ift_call){.op = IFT_OP_AXPBY,
                          .in = {f32(b, n, ch), f32(b, n, ch)},
                          .out = {f32(b, n, ch)},
                          .at.axpby = {1, 1}};
    line(b, c, text, 0);
    c = (struct ift_call){.op = IFT_OP_DROPOUT,
                          .in = {f32(b, n, ch), ids(b, 2, 100)},
                          .out = {f32(b, n, ch)},
                          .at.dropout = {0.1f, 1}};
    line(b, c, text, 0);
    static const enum ift_dtype types[] = {IFT_F32, IFT_F16, IFT_BF16, IFT_F64};
    static const char *const names[] = {"f32", "f16", "bf16", "f64"};
    for (int i = 0; i < 16; i++) {
        if (i / 4 == i % 4) continue;
        snprintf(text, sizeof text, "%s to %s %lldx%lld", names[i / 4], names[i % 4], (long long)n,
                 (long long)ch);
        c = (struct ift_call){.op = IFT_OP_CAST,
                              .in = {tensor(b, types[i / 4], n, ch)},
                              .out = {tensor(b, types[i % 4], n, ch)}};
        line(b, c, text, 0);
    }
}

static void update(struct bench *b, int64_t n, int64_t ch) {
    char text[64];
    snprintf(text, sizeof text, "%lldx%lld", (long long)n, (long long)ch);
    struct ift_call c = {.op = IFT_OP_SUMSQ,
                         .in = {f32(b, n, ch)},
                         .out = {tensor(b, IFT_F64, 1, 0)}};
    line(b, c, text, 0);
    c = (struct ift_call){.op = IFT_OP_ADAMW,
                          .in = {f32(b, n, ch), f32(b, 1, 0), f32(b, 4, 0)},
                          .out = {f32(b, n, ch), f32(b, n, ch), f32(b, n, ch)},
                          .at.adamw = {0.9f, 0.999f, 1e-8f, 0.1f}};
    line(b, c, text, 0);
}

static void xent(struct bench *b, int64_t n, int64_t ch, int64_t v, int grads) {
    char text[64];
    snprintf(text, sizeof text, "%lldx%lldx%lld%s%s", (long long)n, (long long)ch, (long long)v,
             grads > 0 ? " dx" : "", grads > 1 ? " dw" : "");
    struct ift_call c = {.op = IFT_OP_XENT,
                         .in = {f32(b, n, ch), f32(b, v, ch), ids(b, n, v), f32(b, 1, 0)},
                         .out = {f32(b, n, 0)}};
    if (grads > 0) c.out[1] = f32(b, n, ch);
    if (grads > 1) c.out[2] = f32(b, v, ch);
    line(b, c, text, 2.0 * (double)n * (double)ch * (double)v * (1 + grads));
}

/* A square product that fits the cache. */
static double gemm_speed(struct bench *b) {
    const int64_t n = 1152;
    struct ift_call c = {.op = IFT_OP_GEMM,
                         .in = {f32(b, n, n), f32(b, n, n)},
                         .out = {f32(b, n, n)},
                         .at.gemm = {1, false, false}};
    char why[IFT_WHY];
    need(b->be->alloc(b->dev, b->be->scratch(b->dev, &c), &c.scratch.buf, why), why);
    const double speed = 2.0 * (double)n * (double)n * (double)n / best_time(b, &c);
    b->be->free(b->dev, c.scratch.buf);
    while (b->count > 0) b->be->free(b->dev, b->bufs[--b->count]);
    return speed;
}

/* The speed of y = x on a quarter of a GiB, two bytes moved for each copied. */
static double copy_speed(struct bench *b) {
    struct ift_call c = {.op = IFT_OP_AXPBY,
                         .in = {f32(b, 1 << 14, 1 << 11)},
                         .out = {f32(b, 1 << 14, 1 << 11)},
                         .at.axpby = {1, 0}};
    const double speed = (bytes_of(&c.in[0]) + bytes_of(&c.out[0])) / best_time(b, &c);
    while (b->count > 0) b->be->free(b->dev, b->bufs[--b->count]);
    return speed;
}

int main(int argc, char **argv) {
    char why[IFT_WHY] = "", text[128];
    struct bench b = {.filter = argc > 1 && argv[1][0] ? argv[1] : NULL};
    b.threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    const struct ift_backend_config cfg = {.threads = b.threads};
    b.be = ift_backend_find("auto", why);
    need(b.be ? 0 : -1, why);
    need(b.be->open(&b.dev, &cfg, why), why);
    need(b.be->stream_open(b.dev, &b.stream, why), why);
    b.be->describe(b.dev, text, sizeof text);
    b.peak = gemm_speed(&b);
    b.copy = copy_speed(&b);
    printf("%s, peak %.1f GFLOP/s, copy %.1f GB/s\n", text, b.peak * 1e-9, b.copy * 1e-9);
    gemms(&b);
    attns(&b);
    xent(&b, 1024, 512, 32000, 0);
    xent(&b, 1024, 512, 32000, 1);
    xent(&b, 1024, 512, 32000, 2);
    rows(&b, 1024, 512, 32000);
    flat(&b, 1024, 1376);
    update(&b, 32000, 512);
    update(&b, 1376, 512);
    b.be->stream_close(b.stream);
    b.be->close(b.dev);
    return 0;
}
