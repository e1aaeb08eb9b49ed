#include "kernels/cpu/cpu.h"

/* Both ops move whole rows of any type. Scattered rows may meet: cut by columns, the last one wins
 * whatever the number of threads. */
enum { STRIP = 1024 /* bytes */, ROWS = 64 };

static int gather_check(const struct ift_call *c, char *why) {
    const int64_t r = c->in[0].dim[0], ch = c->in[0].dim[1], m = c->in[1].dim[0];
    const struct ift_want want[] = {
        {&c->in[0], "x", c->out[0].dtype, IFT_READS, 2, {r, ch}},
        {&c->in[1], "rows", IFT_I32, IFT_READS, 1, {m}},
        {&c->out[0], "y", c->out[0].dtype, IFT_WRITES, 2, {m, ch}},
    };
    if ((unsigned)c->out[0].dtype >= IFT_DTYPES)
        return ift_call_fail(c, why, "y is of no known type");
    if (ift_operands_check(c, want, 3, why) < 0) return -1;
    return ift_ids_check(c, &c->in[1], "rows", 0, r, why);
}

static void gather_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const size_t size = ift_dtype_size(c->in[0].dtype), bytes = (size_t)c->in[0].dim[1] * size;
    const char *x = ift_data(&c->in[0]);     // (R, C)
    const int32_t *row = ift_i32(&c->in[1]); // (M)
    char *y = ift_data(&c->out[0]);          // (M, C)
    for (int64_t i = begin; i < end; i++)
        memcpy(y + (size_t)(i * c->out[0].row) * size, x + (size_t)(row[i] * c->in[0].row) * size,
               bytes);
}

static void gather_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[1].dim[0], ROWS, gather_rows, c);
}

const struct ift_cpu_op IFT_ISA(gather) = {gather_check, NULL, gather_run};

static int scatter_check(const struct ift_call *c, char *why) {
    const int64_t m = c->in[0].dim[0], ch = c->in[0].dim[1], r = c->out[0].dim[0];
    const struct ift_want want[] = {
        {&c->in[0], "x", c->out[0].dtype, IFT_READS, 2, {m, ch}},
        {&c->in[1], "rows", IFT_I32, IFT_READS, 1, {m}},
        {&c->out[0], "y", c->out[0].dtype, IFT_WRITES, 2, {r, ch}},
    };
    if ((unsigned)c->out[0].dtype >= IFT_DTYPES)
        return ift_call_fail(c, why, "y is of no known type");
    if (ift_operands_check(c, want, 3, why) < 0) return -1;
    return ift_ids_check(c, &c->in[1], "rows", INT32_MIN, r, why);
}

static void scatter_strips(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const size_t size = ift_dtype_size(c->in[0].dtype), width = (size_t)c->in[0].dim[1] * size;
    const size_t left = (size_t)begin * STRIP,
                 right = (size_t)end * STRIP < width ? (size_t)end * STRIP : width;
    const char *x = ift_data(&c->in[0]);     // (M, C)
    const int32_t *row = ift_i32(&c->in[1]); // (M)
    char *y = ift_data(&c->out[0]);          // (R, C)
    for (int64_t i = 0; i < c->in[0].dim[0]; i++)
        if (row[i] >= 0)
            memcpy(y + (size_t)(row[i] * c->out[0].row) * size + left,
                   x + (size_t)(i * c->in[0].row) * size + left, right - left);
}

static void scatter_run(struct ift_team *team, const struct ift_call *c) {
    const int64_t width = c->in[0].dim[1] * (int64_t)ift_dtype_size(c->in[0].dtype);
    ift_team_each(team, (width + STRIP - 1) / STRIP, c->in[0].dim[0] < 16 ? width : 1,
                  scatter_strips, c);
}

const struct ift_cpu_op IFT_ISA(scatter) = {scatter_check, NULL, scatter_run};
