/* cast, sumsq, clip and adamw. */
#include "tests/ops/rig.h"
#include "tests/ops/rig_abuse.h"

/* Rounds x to a binary format of `digits` significant bits and exponents low .. high (of the
 * leading bit), to nearest, ties to even, gradually down to zero. Written with nothing but exact
 * operations on doubles. */
static double rounded(double x, int digits, int low, int high) {
    if (x == 0 || x != x || isinf(x)) return x;
    int e;
    frexp(x, &e);
    e = e - 1 < low ? low : e - 1;
    const double unit = ldexp(1, e - digits + 1), y = nearbyint(x / unit) * unit;
    return fabs(y) >= ldexp(1, high + 1) ? copysign(INFINITY, x) : y;
}

static double narrowed(double x, enum ift_dtype t) {
    switch (t) {
    case IFT_F16:
        return rounded(x, 11, -14, 15);
    case IFT_BF16:
        return rounded(x, 8, -126, 127);
    case IFT_F32:
        return rounded(x, 24, -126, 127);
    default:
        return x;
    }
}

/* The value of element i, decoded by arithmetic. */
static double decoded(const struct ten *t, int64_t i) {
    if (t->o.dtype == IFT_F32 || t->o.dtype == IFT_F64) return ten_get(t, i);
    const unsigned h = *(uint16_t *)ten_at(t, i), wide = t->o.dtype == IFT_F16 ? 5 : 8,
                   digits = 15 - wide;
    const int exponent = (int)(h >> digits & ((1u << wide) - 1)), bias = (1 << (wide - 1)) - 1;
    const unsigned body = h & ((1u << digits) - 1);
    const double sign = h >> 15 ? -1 : 1;
    if (exponent == (1 << wide) - 1) return body ? NAN : sign * INFINITY;
    const int e = exponent ? exponent : 1;
    return sign * ldexp((double)(body + (exponent ? 1u << digits : 0)), e - bias - (int)digits);
}

static bool same(double a, double b) {
    return (a != a && b != b) || (a == b && signbit(a) == signbit(b));
}

static void cast_pair(struct rig *r, const struct ten *x, enum ift_dtype to) {
    const struct ten *y = rig_tensor(r, to, 1, x->o.dim, 0);
    struct ift_call c = {.op = IFT_OP_CAST, .in = {x->o}, .out = {y->o}};
    rig_run(r, &c);
    int64_t wrong = 0;
    for (int64_t i = 0; i < ten_count(x); i++) {
        const double from = decoded(x, i), want = narrowed(from, to);
        if (same(decoded(y, i), want)) continue;
        if (wrong++ == 0)
            fprintf(stderr, "cast %d to %d: %a gives %a, expected %a: ", x->o.dtype, to, from,
                    decoded(y, i), want);
    }
    CHECK_INT(wrong, 0);
    r->count--;
    r->be->free(r->dev, y->o.buf);
    free(y->host), free(y->before), free((void *)(uintptr_t)y);
}

/* Numbers around every exponent, half way cases and the special ones. */
static double odd_number(struct rig *r, int64_t i) {
    static const double special[] = {0,
                                     -0.0,
                                     INFINITY,
                                     -INFINITY,
                                     NAN,
                                     65504,
                                     65519.99,
                                     65520,
                                     65536,
                                     1e300,
                                     -1e300,
                                     0x1p-24,
                                     0x1p-25,
                                     0x1.8p-25,
                                     0x1p-126,
                                     0x1p-149,
                                     0x1p-150,
                                     0x1.fep127,
                                     0x1.ffp127,
                                     0x1.fffffep127,
                                     0x1.ffffffp127,
                                     0x1.004p0,
                                     0x1.0040000001p0,
                                     0x1.003fffffffp0,
                                     0x1.01p0,
                                     0x1.0100000001p0,
                                     0x1.00ffffffffp0,
                                     0x1p-14,
                                     0x1.ffcp-15,
                                     0x1.ffep-15,
                                     1e-310,
                                     0x1.0060000000001p0,
                                     0x1.0020000000001p0,
                                     0x1.001p-15};
    const int64_t n = sizeof special / sizeof *special;
    if (i < n) return special[i];
    const double x = ldexp(1 + rig_uniform(r) / 2, (int)rig_below(r, 300) - 150) * (i % 2 ? 1 : -1);
    if (i % 3) return x;
    const double unit =
        ldexp(1, ilogb(x) - (i % 9 ? 11 : 8)); /* exactly half way for f16 or bf16 */
    return (floor(x / unit) + (i % 5 ? 0 : 0x1p-20)) * unit;
}

static void cast(struct rig *r) {
    const int64_t n = 20000;
    const struct ten *d = rig_tensor(r, IFT_F64, 1, &n, 0), *f = rig_tensor(r, IFT_F32, 1, &n, 0);
    for (int64_t i = 0; i < n; i++) {
        ten_set(d, i, odd_number(r, i));
        ten_set(f, i, ten_get(d, i));
    }
    const int64_t all = 1 << 16;
    const struct ten *h = rig_tensor(r, IFT_F16, 1, &all, 0),
                     *b = rig_tensor(r, IFT_BF16, 1, &all, 0);
    for (int64_t i = 0; i < all; i++)
        ((uint16_t *)h->host)[i] = ((uint16_t *)b->host)[i] = (uint16_t)i;
    const struct ten *const from[] = {f, d, h, b};
    static const enum ift_dtype types[] = {IFT_F32, IFT_F64, IFT_F16, IFT_BF16};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) cast_pair(r, from[i], types[j]);
    rig_clear(r);

    const struct ten *x = rig_matrix(r, 7, 5, 2),
                     *y = rig_tensor(r, IFT_BF16, 2, (int64_t[]){7, 5}, 3);
    struct ift_call c = {.op = IFT_OP_CAST, .in = {x->o}, .out = {y->o}};
    rig_run(r, &c);
    for (int64_t i = 0; i < 35; i++) CHECK(same(decoded(y, i), narrowed(ten_get(x, i), IFT_BF16)));
    rig_abuse(r, &c, 0);
    rig_clear(r);
}

static void sumsq(struct rig *r) {
    static const int64_t shapes[][3] = {{1, 1, 0},     {7, 5, 3}, {3, 9001, 0},
                                        {40, 1000, 1}, {0, 4, 0}, {1, 100000, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct ten *x = rig_matrix(r, shapes[i][0], shapes[i][1], shapes[i][2]);
        const struct ten *sum = rig_tensor(r, IFT_F64, 1, (int64_t[]){1}, 0);
        ten_set(sum, 0, 0.5);
        struct ift_call c = {.op = IFT_OP_SUMSQ, .in = {x->o}, .out = {sum->o}};
        double want = 0.5;
        for (int64_t j = 0; j < ten_count(x); j++) want += ten_get(x, j) * ten_get(x, j);
        rig_run(r, &c);
        rig_near("sumsq", sum, &want, 1e-13);
        if (shapes[i][0] == 7) rig_abuse(r, &c, 0);
        rig_clear(r);
    }
}

static void clip(struct rig *r) {
    static const struct {
        double sum, scale;
        float max;
    } table[] = {
        {4, 1, 1}, {4, 0.25, 1}, {4, 2, 0},   {1e-8, 1, 1},
        {0, 3, 1}, {9, 1, -1},   {NAN, 1, 1}, {INFINITY, 1, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct ten *sum = rig_tensor(r, IFT_F64, 1, (int64_t[]){1}, 0),
                         *scale = rig_vector(r, 1);
        const struct ten *norm = rig_vector(r, 1), *coef = rig_vector(r, 1);
        ten_set(sum, 0, table[i].sum);
        ten_set(scale, 0, table[i].scale);
        struct ift_call c = {.op = IFT_OP_CLIP,
                             .in = {sum->o, scale->o},
                             .out = {norm->o, coef->o}};
        c.at.clip.max_norm = table[i].max;
        rig_run(r, &c);
        const double n = sqrt(table[i].sum) * table[i].scale,
                     ratio = (double)table[i].max / (n + 1e-6);
        const double want = table[i].scale * (table[i].max > 0 && !(ratio > 1) ? ratio : 1);
        if (n == n) {
            CHECK(ten_get(norm, 0) == (double)(float)n);
            CHECK_NEAR(ten_get(coef, 0), want, 1e-7 * fabs(want));
        } else {
            CHECK(isnan(ten_get(norm, 0)) && isnan(ten_get(coef, 0)));
        }
        if (i == 0) rig_abuse(r, &c, 0);
        rig_clear(r);
    }
}

static void adamw_one(struct rig *r, int64_t rows, int64_t cols, int64_t gap, float decay) {
    const struct ten *g = rig_matrix(r, rows, cols, gap), *coef = rig_vector(r, 1),
                     *hyper = rig_vector(r, 4);
    const struct ten *p = rig_matrix(r, rows, cols, gap), *m = rig_matrix(r, rows, cols, 0);
    const struct ten *v = rig_matrix(r, rows, cols, 2 * gap);
    for (int64_t i = 0; i < rows * cols; i++) ten_set(m, i, 0), ten_set(v, i, 0);
    struct ift_call c = {.op = IFT_OP_ADAMW,
                         .in = {g->o, coef->o, hyper->o},
                         .out = {p->o, m->o, v->o}};
    c.at.adamw.beta1 = 0.9f;
    c.at.adamw.beta2 = 0.999f;
    c.at.adamw.eps = 1e-8f;
    c.at.adamw.decay = decay;
    const double b1 = (double)0.9f, b2 = (double)0.999f, k = ten_get(coef, 0);
    double *pd = ten_doubles(p), *md = ten_doubles(m), *vd = ten_doubles(v);
    for (int t = 1; t <= 3; t++) {
        const double lr = (double)(0.01f * (float)t);
        const double h[4] = {lr, 1 - pow(b1, t), 1 - pow(b2, t), NAN};
        for (int i = 0; i < 4; i++) ten_set(hyper, i, h[i]);
        for (int64_t i = 0; i < rows * cols; i++) {
            const double grad = k * ten_get(g, i);
            pd[i] *= 1 - lr * (double)decay;
            md[i] = b1 * md[i] + (1 - b1) * grad;
            vd[i] = b2 * vd[i] + (1 - b2) * grad * grad;
            pd[i] -= lr / h[1] * md[i] / (sqrt(vd[i]) / sqrt(h[2]) + (double)1e-8f);
        }
        rig_run(r, &c);
    }
    rig_near("adamw p", p, pd, 1e-6);
    rig_near("adamw m", m, md, 1e-6);
    rig_near("adamw v", v, vd, 1e-6);
    if (rows == 7) rig_abuse(r, &c, 0);
    free(pd), free(md), free(vd);
    rig_clear(r);
}

static void cases(struct rig *r) {
    cast(r);
    sumsq(r);
    clip(r);
    adamw_one(r, 1, 1, 0, 0);
    adamw_one(r, 7, 5, 3, 0.1f);
    adamw_one(r, 65, 17, 0, 0);
    adamw_one(r, 3, 9001, 0, 0.01f);
}

int main(void) {
    return rig_main(cases);
}
