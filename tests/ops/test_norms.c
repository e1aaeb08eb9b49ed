/* norm, unit and their backwards. */
#include "tests/ops/probe.h"
#include "tests/ops/rig_abuse.h"

/* x: s, weight, bias (may be NULL). Runs of w channels; rstd and mean have one element for each. */
static void norm_forward(const struct probe *p, double *y, double *rstd, double *mean) {
    const int64_t w = p->w;
    for (int64_t i = 0; i < p->n * p->ch / w; i++) {
        const double *s = p->x[0] + i * w;
        double sum = 0;
        mean[i] = 0;
        for (int64_t j = 0; j < w && p->centred; j++) mean[i] += s[j] / (double)w;
        for (int64_t j = 0; j < w; j++) sum += (s[j] - mean[i]) * (s[j] - mean[i]);
        rstd[i] = 1 / sqrt(sum / (double)w + p->eps);
        for (int64_t j = 0; j < w; j++)
            y[i * w + j] = (s[j] - mean[i]) * rstd[i] * p->x[1][j] + (p->x[2] ? p->x[2][j] : 0);
    }
}

/* The gradient that reaches the sum directly is `also`. */
static double norm_loss(const struct probe *p) {
    double *y = malloc((size_t)(3 * p->n * p->ch + 1) * sizeof *y), sum = 0;
    norm_forward(p, y, y + p->n * p->ch, y + 2 * p->n * p->ch);
    for (int64_t i = 0; i < p->n * p->ch; i++) {
        sum += p->weight[i] * y[i];
        if (p->also) sum += p->also[i] * p->x[0][i];
    }
    free(y);
    return sum;
}

struct norm_case {
    int64_t n, ch, gap;
    int add /* 0 no, 1 sum apart, 2 sum in x, 3 sum in add */, dw, alias;
    int64_t runs;
    bool centred, bias;
};

struct norm_tensors {
    struct ten *w, *bias, *rstd, *mean, *s;
};

/* backward: alias 1 dx is dy, 2 dx is dadd, 0 neither */
static void norm_bwd_one(struct rig *r, struct norm_case k, struct norm_tensors t, struct probe p) {
    const struct ten *dy = rig_matrix(r, k.n, k.ch, k.gap), *dw = rig_vector(r, p.w),
                     *db = rig_vector(r, p.w);
    const struct ten *dadd = rig_matrix(r, k.n, k.ch, k.gap),
                     *own = rig_matrix(r, k.n, k.ch, k.gap);
    const struct ten *dx = k.alias == 1 ? dy : k.alias == 2 ? dadd : own;
    struct ift_call b = {.op = IFT_OP_NORM_BWD,
                         .in = {dy->o, t.s->o, t.w->o, t.rstd->o},
                         .out = {dx->o},
                         .at.norm = {1e-5f, k.centred}};
    if (k.add) b.in[4] = dadd->o;
    if (k.centred) b.in[5] = t.mean->o;
    if (k.dw) b.out[1] = dw->o;
    if (k.bias) b.out[2] = db->o;
    double *dyd = ten_doubles(dy), *daddd = ten_doubles(dadd), *dw_before = ten_doubles(dw),
           *db_before = ten_doubles(db);
    p.weight = dyd;
    p.also = k.add ? daddd : NULL;
    rig_run(r, &b);
    check_slope(r, "norm_bwd dx", &p, 0, k.n * k.ch, dx, NULL);
    if (k.dw) check_slope(r, "norm_bwd dweight", &p, 1, p.w, dw, dw_before);
    if (k.bias) check_slope(r, "norm_bwd dbias", &p, 2, p.w, db, db_before);
    if (k.n == 7) {
        rig_abuse(r, &b, 1 << 4 | 1 << (IFT_MAX_IN + 1) | 1 << (IFT_MAX_IN + 2));
        b.at.norm.centred = !k.centred;
        rig_refused(r, &b, "a mean without centring, or none with it", 5);
    }
    free(dyd), free(daddd), free(dw_before), free(db_before);
}

static void norm_one(struct rig *r, struct norm_case k) {
    const int64_t runs = k.runs ? k.runs : 1, w = k.ch / runs;
    const struct ten *x = rig_matrix(r, k.n, k.ch, k.gap),
                     *add = rig_matrix(r, k.n, k.ch, 2 * k.gap);
    const struct ten *y = rig_matrix(r, k.n, k.ch, k.gap), *apart = rig_matrix(r, k.n, k.ch, k.gap);
    struct norm_tensors t = {.w = rig_vector(r, w),
                             .bias = rig_vector(r, w),
                             .rstd = rig_matrix(r, k.n, runs, k.gap),
                             .mean = rig_matrix(r, k.n, runs, k.gap)};
    const struct ten *sum = k.add == 2 ? x : k.add == 3 ? add : apart;
    struct ift_call c = {.op = IFT_OP_NORM,
                         .in = {x->o, t.w->o},
                         .out = {y->o, t.rstd->o},
                         .at.norm = {1e-5f, k.centred}};
    if (k.add) c.in[2] = add->o, c.out[2] = sum->o;
    if (k.bias) c.in[3] = t.bias->o;
    if (k.centred) c.out[3] = t.mean->o;
    double *s = ten_doubles(x), *wd = ten_doubles(t.w), *bd = ten_doubles(t.bias),
           *extra = ten_doubles(add);
    double *want = malloc((size_t)(3 * k.n * k.ch + 1) * sizeof *want),
           *want_rstd = want + k.n * k.ch, *want_mean = want_rstd + k.n * k.ch;
    for (int64_t i = 0; i < k.n * k.ch && k.add; i++) s[i] += extra[i];
    const struct probe p = {.loss = norm_loss,
                            .x = {s, wd, k.bias ? bd : NULL},
                            .n = k.n,
                            .ch = k.ch,
                            .eps = (double)1e-5f,
                            .w = w,
                            .centred = k.centred};
    norm_forward(&p, want, want_rstd, want_mean);
    rig_run(r, &c);
    rig_near("norm", y, want, 1e-6);
    rig_near("rstd", t.rstd, want_rstd, 1e-6);
    if (k.add) rig_near("sum", sum, s, 1e-7);
    if (k.centred) rig_near("mean", t.mean, want_mean, 1e-7);
    if (k.n == 7) {
        rig_abuse(r, &c, 1 << 3);
        struct ift_call bad = c;
        bad.at.norm.centred = !k.centred;
        rig_refused(r, &bad, "a mean without centring, or none with it", 3);
        bad = c;
        bad.in[2] = k.add ? (struct ift_operand){0} : add->o;
        rig_refused(r, &bad, "an add or a sum alone", 2);
    }
    t.s = (struct ten *)(uintptr_t)(k.add ? sum : x);
    norm_bwd_one(r, k, t, p);
    free(s), free(wd), free(bd), free(extra), free(want);
    rig_clear(r);
}

static void norm(struct rig *r) {
    static const struct norm_case table[] = {
        {1, 1, 0, 0, 1, 0, 0, false, false},      {7, 5, 2, 1, 1, 1, 0, false, false},
        {7, 17, 0, 0, 0, 0, 0, false, false},     {3, 65, 1, 2, 1, 2, 0, false, false},
        {17, 130, 0, 3, 1, 0, 0, false, false},   {65, 31, 3, 1, 0, 2, 0, false, false},
        {1100, 9, 0, 0, 1, 1, 0, false, false},   {2, 512, 0, 1, 1, 0, 0, false, false},
        {1, 1, 0, 0, 1, 0, 0, true, true},        {7, 5, 2, 1, 1, 1, 0, true, true},
        {7, 17, 0, 0, 1, 0, 0, true, false},      {3, 65, 1, 2, 1, 2, 0, true, true},
        {17, 130, 0, 3, 1, 0, 0, true, true},     {1100, 9, 0, 0, 1, 1, 0, true, true},
        {2, 512, 0, 1, 0, 0, 0, true, true},      {5, 33, 1, 0, 1, 0, 0, false, true},
        {7, 15, 2, 0, 1, 1, 3, false, false},     {33, 8 * 64, 0, 0, 1, 0, 8, false, false},
        {130, 5 * 17, 1, 1, 1, 2, 5, true, true}, {0, 6, 0, 0, 1, 0, 2, true, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) norm_one(r, table[i]);
    /* A mean far from 0 costs layer norm no digits of what varies. */
    const struct ten *x = rig_matrix(r, 3, 300, 0), *y = rig_matrix(r, 3, 300, 0),
                     *one = rig_vector(r, 300), *rstd = rig_matrix(r, 3, 1, 0),
                     *mean = rig_matrix(r, 3, 1, 0);
    for (int64_t i = 0; i < 900; i++) ten_set(x, i, 1000 + ten_get(x, i));
    for (int64_t i = 0; i < 300; i++) ten_set(one, i, 1);
    double *s = ten_doubles(x), *w = ten_doubles(one), want[900], r_want[3], m_want[3];
    const struct probe p = {.x = {s, w}, .n = 3, .ch = 300, .w = 300, .eps = 1e-5, .centred = true};
    struct ift_call c = {.op = IFT_OP_NORM,
                         .in = {x->o, one->o},
                         .out = {[0] = y->o, [1] = rstd->o, [3] = mean->o},
                         .at.norm = {1e-5f, true}};
    norm_forward(&p, want, r_want, m_want);
    rig_run(r, &c);
    rig_near("norm far from 0", y, want, 2e-4); /* the mean itself is rounded at 1000 */
    rig_near("rstd far from 0", rstd, r_want, 1e-6);
    free(s), free(w);
    /* A weight that does not divide the channels, or has none. */
    const struct ten *odd = rig_vector(r, 7), *none = rig_vector(r, 0);
    c.in[1] = odd->o;
    c.out[1].dim[1] = c.out[3].dim[1] = 42;
    rig_refused(r, &c, "7 of 300 channels", 1);
    c.in[1] = none->o;
    rig_refused(r, &c, "a weight of nothing", 1);
    rig_clear(r);
}

/* ---- unit ---- */

static void unit_forward(const double *x, int64_t n, int64_t ch, double *y) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < ch; j++) sum += x[i * ch + j] * x[i * ch + j];
        for (int64_t j = 0; j < ch; j++) y[i * ch + j] = x[i * ch + j] / fmax(sqrt(sum), 1e-12);
    }
}

static double unit_loss(const struct probe *p) {
    double *y = malloc((size_t)(p->n * p->ch + 1) * sizeof *y), sum = 0;
    unit_forward(p->x[0], p->n, p->ch, y);
    for (int64_t i = 0; i < p->n * p->ch; i++) sum += p->weight[i] * y[i];
    free(y);
    return sum;
}

/* alias: 1 y is x and dx is dy, 2 dx is x */
static void unit_one(struct rig *r, int64_t n, int64_t ch, int64_t gap, int alias) {
    const struct ten *x = rig_matrix(r, n, ch, gap), *dy = rig_matrix(r, n, ch, 2 * gap),
                     *own = rig_matrix(r, n, ch, gap),
                     *dx = alias == 1   ? dy
                           : alias == 2 ? x
                                        : own;
    double *xd = ten_doubles(x), *dyd = ten_doubles(dy), *want = ten_doubles(x);
    const struct probe p = {.loss = unit_loss, .x = {xd}, .weight = dyd, .n = n, .ch = ch};
    struct ift_call b = {.op = IFT_OP_UNIT_BWD, .in = {dy->o, x->o}, .out = {dx->o}};
    rig_run(r, &b);
    check_slope(r, "unit_bwd dx", &p, 0, n * ch, dx, NULL);
    if (n == 7) rig_abuse(r, &b, 0);
    for (int64_t i = 0; i < n * ch; i++) ten_set(x, i, xd[i]);
    const struct ten *y = alias == 1 ? x : own;
    struct ift_call c = {.op = IFT_OP_UNIT, .in = {x->o}, .out = {y->o}};
    unit_forward(xd, n, ch, want);
    rig_run(r, &c);
    rig_near("unit", y, want, 3e-7);
    if (n == 7) rig_abuse(r, &c, 0);
    free(xd), free(dyd), free(want);
    rig_clear(r);
}

/* Rows stored in half the bytes give the bits of the same rows in f32. */
static void unit_half(struct rig *r, enum ift_dtype type) {
    const struct ten *half = rig_halves(r, type, 9, 37, 2), *wide = rig_widened(r, half, 0);
    const struct ten *y = rig_matrix(r, 9, 37, 0), *want = rig_matrix(r, 9, 37, 0);
    struct ift_call c = {.op = IFT_OP_UNIT, .in = {wide->o}, .out = {want->o}};
    rig_run(r, &c);
    c.in[0] = half->o;
    c.out[0] = y->o;
    rig_run(r, &c);
    rig_same("unit of a half", y, want);
    rig_clear(r);
}

static void unit(struct rig *r) {
    unit_half(r, IFT_F16);
    unit_half(r, IFT_BF16);
    unit_one(r, 1, 1, 0, 0);
    unit_one(r, 7, 5, 2, 1);
    unit_one(r, 7, 17, 0, 2);
    unit_one(r, 65, 130, 1, 0);
    unit_one(r, 0, 3, 0, 0);
    /* A row of nothing stays; one too short is divided by the least, and its slope is plain. */
    const struct ten *x = rig_matrix(r, 2, 20, 0), *y = rig_matrix(r, 2, 20, 0),
                     *dx = rig_matrix(r, 2, 20, 0), *dy = rig_matrix(r, 2, 20, 0);
    for (int64_t i = 0; i < 40; i++) ten_set(x, i, i < 20 ? 0 : 1e-14), ten_set(dy, i, 1e-3);
    struct ift_call c = {.op = IFT_OP_UNIT, .in = {x->o}, .out = {y->o}};
    struct ift_call b = {.op = IFT_OP_UNIT_BWD, .in = {dy->o, x->o}, .out = {dx->o}};
    rig_run(r, &c);
    rig_run(r, &b);
    for (int64_t i = 0; i < 40; i++) {
        CHECK_NEAR(ten_get(y, i), i < 20 ? 0 : 0.01, 1e-8);
        CHECK_NEAR(ten_get(dx, i), 1e9, 200);
    }
    rig_clear(r);
}

static void cases(struct rig *r) {
    norm(r);
    unit(r);
}

int main(void) {
    return rig_main(cases);
}
