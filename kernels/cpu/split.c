#include "kernels/cpu/cpu.h"

/* What SPLIT writes and JOIN reads: part i is `width` columns of each group, from column `at` of
 * the group on. */
struct part {
    const struct ift_operand *o;
    int64_t width, at;
};

struct parts {
    struct part part[3];
    int64_t group; /* columns of one */
};

static struct parts parts_of(const struct ift_call *c, const struct ift_operand *o) {
    const int64_t a = c->at.split.a, b = c->at.split.b, w = c->at.split.c;
    const bool swapped = c->at.split.swapped;
    return (struct parts){.part = {{&o[0], a, 0},
                                   {&o[1], b, swapped ? a + w : a},
                                   {&o[2], w, swapped ? a : a + b}},
                          .group = a + b + w};
}

/* how: that of the parts; the whole has the other. */
static int check_both(const struct ift_call *c, const struct ift_operand *whole,
                      const struct ift_operand *o, int how, char *why) {
    static const char *const name[] = {"y", "z", "w"};
    const struct parts p = parts_of(c, o);
    const int64_t groups = c->at.split.groups, n = whole->dim[0];
    struct ift_want want[4] = {
        {whole, "x", IFT_F32, how == IFT_READS ? IFT_WRITES : IFT_READS, 2, {n, groups * p.group}}};
    int count = 1;
    bool fine = groups > 0 && p.group > 0;
    for (int i = 0; i < 3; i++) {
        const int64_t width = p.part[i].width;
        fine &= width >= 0;
        if (width > 0)
            want[count++] =
                (struct ift_want){&o[i], name[i], IFT_F32, how | IFT_MAY, 2, {n, groups * width}};
    }
    if (!fine)
        return ift_call_fail(c, why, "%d groups of %d, %d and %d columns", c->at.split.groups,
                             c->at.split.a, c->at.split.b, c->at.split.c);
    return ift_operands_check(c, want, count, why);
}

static int check(const struct ift_call *c, char *why) {
    return check_both(c, &c->in[0], c->out, IFT_WRITES, why);
}

static void rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct parts p = parts_of(c, c->out);
    for (int64_t t = begin; t < end; t++) {
        const float *x = ift_f32(&c->in[0]) + t * c->in[0].row; // (groups * (a + b + c))
        for (int i = 0; i < 3; i++) {
            const struct part *q = &p.part[i];
            if (!q->o->buf) continue;
            float *y = ift_f32(q->o) + t * q->o->row; // (groups * width) sets
            for (int64_t g = 0; g < c->at.split.groups; g++)
                memcpy(y + g * q->width, x + g * p.group + q->at, (size_t)q->width * sizeof *y);
        }
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->in[0].dim[0], 16, rows, c);
}

const struct ift_cpu_op IFT_ISA(split) = {check, NULL, run};

static int join_check(const struct ift_call *c, char *why) {
    return check_both(c, &c->out[0], c->in, IFT_READS, why);
}

static void join_rows(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct parts p = parts_of(c, c->in);
    for (int64_t t = begin; t < end; t++) {
        float *x = ift_f32(&c->out[0]) + t * c->out[0].row; // (groups * (a + b + c)) sets
        for (int i = 0; i < 3; i++) {
            const struct part *q = &p.part[i];
            const float *y = q->o->buf ? ift_f32(q->o) + t * q->o->row : NULL;
            for (int64_t g = 0; g < c->at.split.groups; g++) {
                float *to = x + g * p.group + q->at;
                if (y)
                    memcpy(to, y + g * q->width, (size_t)q->width * sizeof *to);
                else
                    memset(to, 0, (size_t)q->width * sizeof *to);
            }
        }
    }
}

static void join_run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, c->out[0].dim[0], 16, join_rows, c);
}

const struct ift_cpu_op IFT_ISA(join) = {join_check, NULL, join_run};
