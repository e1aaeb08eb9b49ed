/* rig.h: a bench for ops. A test program lists its cases in one function and hands it to rig_main,
 * which runs them on every level of the instruction set that this machine has, and with the vectors
 * of AVX-512 in parts (kernels/cpu/isa.mk), with one and with three threads.
 *
 * A case makes tensors (random, seeded by their order), builds a call, runs it and compares what
 * comes back with numbers it worked out in double. The rig checks on the way, for every call:
 *   - bytes between the rows of strided operands, and operands that are only read, stay as they
 *     were;
 *   - results have the same bits for any number of threads;
 *   - the call, spoilt in each of many ways, is refused with a message (rig_abuse).
 *
 * For an emulator of another processor, which is a thousand times slower:
 *   OPS_WORK=N        leaves out cases whose check takes more than N multiplications, looks at
 *                     fewer places of gradients, and says of each op how often it was run and
 *                     what part of its bound the largest error was
 *   IFT_CPU_LEVEL=v4  (or another) runs this level alone
 * 3000000 leaves in the edges of all tiles and the ways of all types.
 */
#ifndef RIG_H
#define RIG_H

#include <stdint.h>

#include "kernels/backend.h"
#include "tests/unit/check.h"

enum { RIG_TENSORS = 24, RIG_RUNS = 4096, RIG_TEXT = 128 };

/* A tensor on the device with its host copy: `at` is element (0, 0), rows lie `row` apart. */
struct ten {
    struct ift_operand o;
    void *host;   /* whole buffer */
    void *before; /* the same before the run */
    size_t bytes;
    struct rig *rig;
};

struct rig {
    const struct ift_backend *be;
    struct ift_dev *dev;
    struct ift_stream *stream;
    uint64_t seed;
    struct ten *tensors[RIG_TENSORS];
    int count;
    uint64_t digest[RIG_RUNS]; /* of the results of each run */
    int runs;
    double most;    /* of OPS_WORK; 0: all cases */
    enum ift_op op; /* that was run last */
    struct rig_tally {
        int runs;
        double worst; /* error by its bound */
    } tally[IFT_OP_COUNT];
};

/* Does a case cost more than it may? */
static inline bool rig_spares(const struct rig *r, int64_t work) {
    return r->most > 0 && (double)work > r->most;
}
/* At how many places to work out a slope. */
static inline int rig_places(const struct rig *r, int many) {
    return r->most > 0 ? 1 : many;
}

/* Is this further from what it should be than it may? */
static inline bool rig_off(struct rig *r, double got, double want, double slack) {
    const double error = fabs(got - want), part = error > 0 ? error / slack : 0;
    double *const worst = &r->tally[r->op].worst;
    if (!(part <= *worst)) *worst = part;
    return !(error <= slack);
}

static inline double rig_uniform(struct rig *r) { /* in [-1, 1) */
    r->seed += 0x9E3779B97F4A7C15u;
    uint64_t z = r->seed;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-52 - 1;
}

static inline int64_t rig_below(struct rig *r, int64_t n) {
    return (int64_t)((rig_uniform(r) + 1) / 2 * (double)n);
}

static inline int64_t ten_width(const struct ten *t) {
    int64_t n = 1;
    for (int i = 1; i < t->o.ndim; i++) n *= t->o.dim[i];
    return n;
}
static inline int64_t ten_count(const struct ten *t) {
    return t->o.dim[0] * ten_width(t);
}

/* A tensor with `gap` unused elements after each row but the last, and its buffer ends with its
 * last element, so that a step too far is out of bounds. It starts `lead` elements into the buffer.
 */
static inline struct ten *rig_tensor(struct rig *r, enum ift_dtype type, int ndim,
                                     const int64_t *dim, int64_t gap) {
    const int64_t lead = gap ? 5 : 0;
    struct ten *t = calloc(1, sizeof *t);
    t->rig = r;
    t->o.dtype = type;
    t->o.ndim = ndim;
    memcpy(t->o.dim, dim, (size_t)ndim * sizeof *dim);
    t->o.row = ndim == 1 ? 1 : ten_width(t) + gap;
    const size_t size = ift_dtype_size(type);
    t->o.offset = (size_t)lead * size;
    const int64_t last = t->o.dim[0] > 0 ? (t->o.dim[0] - 1) * t->o.row + ten_width(t) : 0;
    t->bytes = (size_t)(lead + last) * size;
    t->host = malloc(t->bytes + 1);
    t->before = malloc(t->bytes + 1);
    memset(t->host, 0x5A, t->bytes);
    char why[IFT_WHY] = "";
    if (r->count == RIG_TENSORS || r->be->alloc(r->dev, t->bytes, &t->o.buf, why) < 0) {
        fprintf(stderr, "cannot make a tensor: %s\n", why);
        exit(1);
    }
    return r->tensors[r->count++] = t;
}

static inline void *ten_at(const struct ten *t, int64_t i) { /* element i, counted without gaps */
    const int64_t w = ten_width(t), at = w ? i / w * t->o.row + i % w : 0;
    return (char *)t->host + t->o.offset + (size_t)at * ift_dtype_size(t->o.dtype);
}
/* Sign, `bits` of exponent and the rest of mantissa. */
static inline double rig_half(uint16_t h, int bits) {
    const int mantissa = 15 - bits, bias = (1 << (bits - 1)) - 1;
    const int e = (h & 0x7FFF) >> mantissa, m = h & ((1 << mantissa) - 1);
    double x = e ? ldexp((1 << mantissa) + m, e - bias - mantissa) : ldexp(m, 1 - bias - mantissa);
    if (e == (1 << bits) - 1) x = m ? (double)NAN : (double)INFINITY;
    return h >> 15 ? -x : x;
}
static inline double ten_get(const struct ten *t, int64_t i) {
    const void *at = ten_at(t, i);
    switch (t->o.dtype) {
    case IFT_F64:
        return *(const double *)at;
    case IFT_F16:
        return rig_half(*(const uint16_t *)at, 5);
    case IFT_BF16:
        return rig_half(*(const uint16_t *)at, 8);
    default:
        return (double)*(const float *)at;
    }
}
static inline void ten_set(const struct ten *t, int64_t i, double x) {
    if (t->o.dtype == IFT_F64)
        *(double *)ten_at(t, i) = x;
    else
        *(float *)ten_at(t, i) = (float)x;
}

/* f32, uniform in [-scale, scale). */
static inline struct ten *rig_random(struct rig *r, int ndim, const int64_t *dim, int64_t gap,
                                     double scale) {
    struct ten *t = rig_tensor(r, IFT_F32, ndim, dim, gap);
    for (int64_t i = 0; i < ten_count(t); i++) ten_set(t, i, scale * rig_uniform(r));
    return t;
}
static inline struct ten *rig_matrix(struct rig *r, int64_t rows, int64_t cols, int64_t gap) {
    return rig_random(r, 2, (int64_t[]){rows, cols}, gap, 1);
}
static inline struct ten *rig_vector(struct rig *r, int64_t n) {
    return rig_random(r, 1, (int64_t[]){n}, 0, 1);
}
/* f16 or bf16, of absolute values between 2^-10 and 1, and now and then 0 or, in f16, subnormal. */
static inline struct ten *rig_halves(struct rig *r, enum ift_dtype type, int64_t rows, int64_t cols,
                                     int64_t gap) {
    struct ten *t = rig_tensor(r, type, 2, (int64_t[]){rows, cols}, gap);
    const int mantissa = type == IFT_F16 ? 10 : 7, one = type == IFT_F16 ? 15 : 127;
    for (int64_t i = 0; i < ten_count(t); i++) {
        const int64_t odd = rig_below(r, 16);
        const int64_t e = odd ? one - 1 - rig_below(r, 10) : 0,
                      m = odd == 0 && type == IFT_BF16 ? 0 : rig_below(r, 1 << mantissa);
        *(uint16_t *)ten_at(t, i) = (uint16_t)(rig_below(r, 2) << 15 | e << mantissa | m);
    }
    return t;
}
/* The same values as f32. */
static inline struct ten *rig_widened(struct rig *r, const struct ten *t, int64_t gap) {
    struct ten *w = rig_tensor(r, IFT_F32, t->o.ndim, t->o.dim, gap);
    for (int64_t i = 0; i < ten_count(t); i++) ten_set(w, i, ten_get(t, i));
    return w;
}
/* Bit by bit; any NaN is as good as another. */
static inline void rig_same(const char *what, const struct ten *a, const struct ten *b) {
    int64_t wrong = 0;
    for (int64_t i = 0; i < ten_count(a); i++) {
        const float x = *(const float *)ten_at(a, i), y = *(const float *)ten_at(b, i);
        wrong += memcmp(&x, &y, sizeof x) != 0 && !(x != x && y != y);
    }
    if (wrong) fprintf(stderr, "%s: ", what);
    CHECK_INT(wrong, 0);
}
static inline struct ten *rig_ids(struct rig *r, int64_t n, int64_t low, int64_t high) {
    struct ten *t = rig_tensor(r, IFT_I32, 1, (int64_t[]){n}, 0);
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)t->host)[i] = (int32_t)(low + rig_below(r, high - low));
    return t;
}

/* All elements as doubles; the caller frees. */
static inline double *ten_doubles(const struct ten *t) {
    double *x = malloc((size_t)(ten_count(t) + 1) * sizeof *x);
    for (int64_t i = 0; i < ten_count(t); i++) x[i] = ten_get(t, i);
    return x;
}

static inline void rig_clear(struct rig *r) {
    for (int i = 0; i < r->count; i++) {
        r->be->free(r->dev, r->tensors[i]->o.buf);
        free(r->tensors[i]->host);
        free(r->tensors[i]->before);
        free(r->tensors[i]);
    }
    r->count = 0;
}

static inline bool rig_is_written(const struct ift_call *c, const struct ten *t, bool *element) {
    bool any = false;
    for (int i = 0; i < IFT_MAX_OUT; i++) {
        const struct ift_operand *o = &c->out[i];
        if (o->buf != t->o.buf || !o->buf) continue;
        any = true;
        int64_t w = 1;
        for (int d = 1; d < o->ndim; d++) w *= o->dim[d];
        const size_t size = ift_dtype_size(o->dtype);
        for (int64_t row = 0; row < o->dim[0]; row++)
            memset(element + o->offset + (size_t)(row * o->row) * size, 1, (size_t)w * size);
    }
    return any;
}

/* What no output covers must not have changed. The digest takes in everything. */
static inline void rig_inspect(struct rig *r, const struct ift_call *c) {
    uint64_t h = 1469598103934665603u;
    for (int i = 0; i < r->count; i++) {
        const struct ten *t = r->tensors[i];
        bool *written = calloc(t->bytes + 1, sizeof *written);
        rig_is_written(c, t, written);
        size_t stray = 0;
        for (size_t b = 0; b < t->bytes; b++) {
            const unsigned char now = ((unsigned char *)t->host)[b];
            stray += !written[b] && now != ((unsigned char *)t->before)[b];
            h = (h ^ now) * 1099511628211u;
        }
        free(written);
        if (stray) fprintf(stderr, "%s: tensor %d: ", ift_op_name(c->op), i);
        CHECK_INT(stray, 0);
    }
    if (r->runs < RIG_RUNS) r->digest[r->runs++] = h;
}

static inline void rig_upload(struct rig *r) {
    char why[IFT_WHY];
    for (int i = 0; i < r->count; i++) {
        struct ten *t = r->tensors[i];
        memcpy(t->before, t->host, t->bytes);
        CHECK_INT(r->be->upload(r->stream, t->o.buf, 0, t->host, t->bytes, why), 0);
    }
}

/* Exactly the scratch that was asked for. */
static inline struct ift_buf *rig_scratch(struct rig *r, struct ift_call *c) {
    char why[IFT_WHY];
    struct ift_buf *buf = NULL;
    const size_t need = r->be->scratch(r->dev, c);
    memset(&c->scratch, 0, sizeof c->scratch);
    if (need == 0) return NULL;
    if (r->be->alloc(r->dev, need, &buf, why) < 0) exit(1);
    void *junk = malloc(need);
    memset(junk, 0xFF, need); /* not a number, should anyone read it */
    CHECK_INT(r->be->upload(r->stream, buf, 0, junk, need, why), 0);
    CHECK_INT(r->be->sync(r->stream, why), 0);
    free(junk);
    c->scratch.buf = buf;
    return buf;
}

/* Uploads all tensors, runs the call, downloads all tensors. */
static inline void rig_run(struct rig *r, struct ift_call *c) {
    char why[IFT_WHY] = "";
    r->op = c->op;
    r->tally[c->op].runs++;
    rig_upload(r);
    struct ift_buf *scratch = rig_scratch(r, c);
    if (r->be->run(r->stream, c, 1, why) < 0 || r->be->sync(r->stream, why) < 0) {
        fprintf(stderr, "%s: %s\n", ift_op_name(c->op), why);
        check_failures++;
    }
    for (int i = 0; i < r->count; i++) {
        struct ten *t = r->tensors[i];
        CHECK_INT(r->be->download(r->stream, t->host, t->o.buf, 0, t->bytes, why), 0);
    }
    CHECK_INT(r->be->sync(r->stream, why), 0);
    r->be->free(r->dev, scratch);
    rig_inspect(r, c);
}

/* |got - want| <= tol (1 + |want|) for all elements; reports the worst. */
static inline void rig_near(const char *what, const struct ten *t, const double *want, double tol) {
    double worst = -1;
    int64_t at = 0;
    for (int64_t i = 0; i < ten_count(t); i++) {
        const double e = fabs(ten_get(t, i) - want[i]) / (1 + fabs(want[i]));
        (void)rig_off(t->rig, e, 0, tol);
        if (e <= worst && e == e) continue;
        worst = e;
        at = i;
        if (e != e) break;
    }
    if (worst == -1 || worst <= tol) return;
    fprintf(stderr, "%s[%lld] is %.9g, expected %.9g (%.3g, at most %.3g)\n", what, (long long)at,
            ten_get(t, at), want[at], worst, tol);
    check_failures++;
}

/* Runs the cases and leaves the digests of their results in r; not again where the backend
 * describes itself with `last`. text (RIG_TEXT bytes) is set to that description. */
static inline bool rig_pass(struct rig *r, int threads, void (*cases)(struct rig *),
                            const char *last, char *text) {
    char why[IFT_WHY] = "";
    const char *const most = getenv("OPS_WORK");
    memset(r, 0, sizeof *r);
    r->most = most ? strtod(most, NULL) : 0;
    r->be = ift_backend_find("cpu", why);
    if (!r->be || r->be->open(&r->dev, &(struct ift_backend_config){.threads = threads}, why) < 0 ||
        r->be->stream_open(r->dev, &r->stream, why) < 0) {
        fprintf(stderr, "no backend: %s\n", why);
        check_failures++;
        return false;
    }
    r->be->describe(r->dev, text, RIG_TEXT);
    const bool fresh = strcmp(text, last) != 0;
    if (fresh) cases(r);
    rig_clear(r);
    r->be->stream_close(r->stream);
    r->be->close(r->dev);
    return fresh;
}

static inline void rig_say(const struct rig *r, const char *text) {
    printf("%s\n", text);
    for (int op = 0; op < IFT_OP_COUNT; op++)
        if (r->tally[op].runs)
            printf("%-12s %4d runs, largest error %.2f of its bound\n",
                   ift_op_name((enum ift_op)op), r->tally[op].runs, r->tally[op].worst);
    fflush(stdout);
}

static inline int rig_main(void (*cases)(struct rig *)) {
    static struct rig one, three;
    static const char *const all[] = {NULL, "v3", "v2", "wide"};
    const char *const given = getenv("IFT_CPU_LEVEL"), *const *const levels = given ? &given : all;
    char text_one[RIG_TEXT], text[RIG_TEXT], last[RIG_TEXT] = "";
    for (size_t i = 0; i < (given ? 1 : sizeof all / sizeof *all); i++) {
        if (levels[i])
            setenv("IFT_CPU_LEVEL", levels[i], 1);
        else
            unsetenv("IFT_CPU_LEVEL");
        const int before = check_failures;
        if (!rig_pass(&three, 3, cases, last, text)) continue;
        snprintf(last, sizeof last, "%s", text);
        rig_pass(&one, 1, cases, "", text_one);
        CHECK_INT(one.runs, three.runs);
        for (int j = 0; j < one.runs; j++)
            if (one.digest[j] != three.digest[j]) {
                fprintf(stderr, "run %d: results differ between 1 and 3 threads\n", j);
                check_failures++;
            }
        if (one.most > 0) rig_say(&one, text_one);
        if (check_failures > before) fprintf(stderr, "that was %s\n", text);
    }
    return check_done();
}

#endif
