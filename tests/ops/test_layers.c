/* norm, glu, embed, scatter, gather, axpby, dropout and their backwards. */
#include "tests/ops/rig.h"

/* Compares grad with the central difference of `loss` by each element of x (or a sample of them).
 */
struct probe {
    double (*loss)(const struct probe *p);
    double *x[4];
    const double *weight; /* dy and what else the loss sums up with */
    int64_t n, ch;
    double eps;
    int act;
    const double *also;
};

static void check_slope(struct rig *r, const char *what, const struct probe *p, int which,
                        int64_t count, const struct ten *grad, const double *before) {
    const double h = 1e-5;
    for (int t = 0; t < 80 && t < 4 * count; t++) {
        const int64_t at = rig_below(r, count);
        double *x = p->x[which] + at;
        const double was = *x;
        *x = was + h;
        double slope = p->loss(p);
        *x = was - h;
        slope = (slope - p->loss(p)) / (2 * h) + (before ? before[at] : 0);
        *x = was;
        const double got = ten_get(grad, at);
        if (fabs(got - slope) <= 5e-6 * (1 + fabs(slope))) continue;
        fprintf(stderr, "%s (%d, %d) at %d: ", what, (int)p->n, (int)p->ch, (int)at);
        CHECK_NEAR(got, slope, 5e-6 * (1 + fabs(slope)));
        return;
    }
}

static void norm_forward(const double *s, const double *w, double eps, int64_t n, int64_t ch,
                         double *y, double *rstd) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < ch; j++) sum += s[i * ch + j] * s[i * ch + j];
        rstd[i] = 1 / sqrt(sum / (double)ch + eps);
        for (int64_t j = 0; j < ch; j++) y[i * ch + j] = s[i * ch + j] * rstd[i] * w[j];
    }
}

/* x: s, weight. The gradient that reaches the sum directly is `also`. */
static double norm_loss(const struct probe *p) {
    double *y = malloc((size_t)(p->n * (p->ch + 1) + 1) * sizeof *y), sum = 0;
    norm_forward(p->x[0], p->x[1], p->eps, p->n, p->ch, y, y + p->n * p->ch);
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
};

static void norm_one(struct rig *r, struct norm_case k) {
    const struct ten *x = rig_matrix(r, k.n, k.ch, k.gap), *w = rig_vector(r, k.ch);
    const struct ten *add = rig_matrix(r, k.n, k.ch, 2 * k.gap),
                     *y = rig_matrix(r, k.n, k.ch, k.gap);
    const struct ten *rstd = rig_vector(r, k.n), *apart = rig_matrix(r, k.n, k.ch, k.gap);
    const struct ten *sum = k.add == 2 ? x : k.add == 3 ? add : apart;
    struct ift_call c = {.op = IFT_OP_NORM,
                         .in = {x->o, w->o},
                         .out = {y->o, rstd->o},
                         .at.norm.eps = 1e-5f};
    if (k.add) c.in[2] = add->o, c.out[2] = sum->o;
    double *s = ten_doubles(x), *wd = ten_doubles(w), *extra = ten_doubles(add);
    double *want = malloc((size_t)(k.n * k.ch + k.n + 1) * sizeof *want),
           *want_rstd = want + k.n * k.ch;
    for (int64_t i = 0; i < k.n * k.ch && k.add; i++) s[i] += extra[i];
    norm_forward(s, wd, (double)1e-5f, k.n, k.ch, want, want_rstd);
    rig_run(r, &c);
    rig_near("norm", y, want, 1e-6);
    rig_near("rstd", rstd, want_rstd, 1e-6);
    if (k.add) rig_near("sum", sum, s, 1e-7);
    if (k.n == 7) rig_abuse(r, &c, 0);
    if (k.n == 7 && !k.add) {
        c.in[2] = add->o;
        rig_refused(r, &c, "an add without a sum", 2);
    }

    /* backward: alias 1 dx is dy, 2 dx is dadd, 0 neither */
    const struct ten *dy = rig_matrix(r, k.n, k.ch, k.gap), *dw = rig_vector(r, k.ch);
    const struct ten *dadd = rig_matrix(r, k.n, k.ch, k.gap),
                     *own = rig_matrix(r, k.n, k.ch, k.gap);
    const struct ten *dx = k.alias == 1 ? dy : k.alias == 2 ? dadd : own;
    const struct ten *in = k.add ? sum : x;
    struct ift_call b = {.op = IFT_OP_NORM_BWD,
                         .in = {dy->o, in->o, w->o, rstd->o},
                         .out = {dx->o}};
    if (k.add) b.in[4] = dadd->o;
    if (k.dw) b.out[1] = dw->o;
    double *dyd = ten_doubles(dy), *daddd = ten_doubles(dadd), *before = ten_doubles(dw);
    const struct probe p = {norm_loss, {s, wd},       dyd, k.n,
                            k.ch,      (double)1e-5f, 0,   k.add ? daddd : NULL};
    rig_run(r, &b);
    check_slope(r, "norm_bwd dx", &p, 0, k.n * k.ch, dx, NULL);
    if (k.dw) check_slope(r, "norm_bwd dweight", &p, 1, k.ch, dw, before);
    if (k.n == 7) rig_abuse(r, &b, 1 << 4 | 1 << (IFT_MAX_IN + 1));
    free(s), free(wd), free(extra), free(want), free(dyd), free(daddd), free(before);
    rig_clear(r);
}

static void norm(struct rig *r) {
    static const struct norm_case table[] = {
        {1, 1, 0, 0, 1, 0},    {7, 5, 2, 1, 1, 1},   {7, 17, 0, 0, 0, 0},   {3, 65, 1, 2, 1, 2},
        {17, 130, 0, 3, 1, 0}, {65, 31, 3, 1, 0, 2}, {1100, 9, 0, 0, 1, 1}, {2, 512, 0, 1, 1, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) norm_one(r, table[i]);
}

static double act(int kind, double x) {
    switch (kind) {
    case IFT_ACT_SILU:
        return x / (1 + exp(-x));
    case IFT_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case IFT_ACT_GELU:
        return 0.5 * x * erfc(-x / sqrt(2));
    default:
        return x > 0 ? x : 0;
    }
}

static double glu_loss(const struct probe *p) {
    double sum = 0;
    for (int64_t i = 0; i < p->n * p->ch; i++)
        sum += p->weight[i] * act(p->act, p->x[0][i]) * p->x[1][i];
    return sum;
}

struct glu_case {
    int64_t n, ch, gap;
    int alias;
    double size;
};

static void glu_one(struct rig *r, struct glu_case k, int kind) {
    const int64_t dim[] = {k.n, k.ch};
    const struct ten *gate = rig_random(r, 2, dim, k.gap, k.size),
                     *up = rig_matrix(r, k.n, k.ch, 2 * k.gap);
    const struct ten *own = rig_matrix(r, k.n, k.ch, k.gap), *dy = rig_matrix(r, k.n, k.ch, k.gap);
    const struct ten *dgate = rig_matrix(r, k.n, k.ch, k.gap),
                     *dup = rig_matrix(r, k.n, k.ch, k.gap);
    double *g = ten_doubles(gate), *u = ten_doubles(up), *d = ten_doubles(dy),
           *want = malloc((size_t)(k.n * k.ch + 1) * 8);
    const struct probe p = {glu_loss, {g, u}, d, k.n, k.ch, 0, kind, NULL};
    const struct ten *og = k.alias == 1   ? dy
                           : k.alias == 2 ? gate
                                          : dgate,
                     *ou = k.alias == 2 ? up : dup;
    struct ift_call b = {.op = IFT_OP_GLU_BWD,
                         .in = {dy->o, gate->o, up->o},
                         .out = {og->o, ou->o}};
    struct ift_call c = {.op = IFT_OP_GLU, .in = {gate->o, up->o}, .out = {own->o}};
    b.at.glu.act = c.at.glu.act = (enum ift_act)kind;
    for (int64_t i = 0; i < k.n * k.ch; i++) want[i] = act(kind, g[i]) * u[i];
    rig_run(r, &c);
    rig_near("glu", own, want, 5e-7);
    if (kind ==
        IFT_ACT_GELU) /* the tail keeps its digits, but for those that rounding x^2 / 2 costs */
        for (int64_t i = 0; i < k.n * k.ch; i++)
            CHECK_NEAR(ten_get(own, i), want[i],
                       (2e-6 + 2e-7 * g[i] * g[i]) * fabs(want[i]) + 1e-37);
    if (k.n == 7) rig_abuse(r, &c, 0);
    if (k.n == 7) rig_abuse(r, &b, 0);
    rig_run(r, &b);
    if (kind != IFT_ACT_RELU)
        check_slope(r, "glu_bwd dgate", &p, 0, k.n * k.ch, og, NULL);
    else
        for (int64_t i = 0; i < k.n * k.ch; i++)
            CHECK_NEAR(ten_get(og, i), g[i] > 0 ? d[i] * u[i] : 0, 2e-7);
    check_slope(r, "glu_bwd dup", &p, 1, k.n * k.ch, ou, NULL);
    if (k.alias) { /* forward in place of either input, the inputs as random as any */
        c.out[0] = c.in[k.alias - 1];
        const struct ten *y = k.alias == 1 ? gate : up;
        for (int64_t i = 0; i < k.n * k.ch; i++)
            want[i] = act(kind, ten_get(gate, i)) * ten_get(up, i);
        rig_run(r, &c);
        rig_near("glu in place", y, want, 1e-6);
    }
    free(g), free(u), free(d), free(want);
    rig_clear(r);
}

static void glu(struct rig *r) {
    static const struct glu_case table[] = {
        {1, 1, 0, 0, 1},     {7, 5, 3, 1, 2},    {17, 130, 0, 2, 8},
        {3, 3000, 0, 0, 12}, {65, 300, 1, 1, 3},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int kind = IFT_ACT_SILU; kind <= IFT_ACT_RELU; kind++) glu_one(r, table[i], kind);
    /* Where exponentials overflow, the ends are reached and nothing is lost. */
    const double far[] = {-1000, -100, -90, -88, 88, 90, 100, 1000};
    for (int kind = IFT_ACT_SILU; kind <= IFT_ACT_RELU; kind++) {
        const struct ten *gate = rig_vector(r, 1), *x = rig_matrix(r, 1, 8, 0),
                         *y = rig_matrix(r, 1, 8, 0);
        const struct ten *one = rig_matrix(r, 1, 8, 0), *dg = rig_matrix(r, 1, 8, 0),
                         *du = rig_matrix(r, 1, 8, 0);
        (void)gate;
        for (int i = 0; i < 8; i++) ten_set(x, i, far[i]), ten_set(one, i, 1);
        struct ift_call c = {.op = IFT_OP_GLU, .in = {x->o, one->o}, .out = {y->o}};
        struct ift_call b = {.op = IFT_OP_GLU_BWD,
                             .in = {one->o, x->o, one->o},
                             .out = {dg->o, du->o}};
        b.at.glu.act = c.at.glu.act = (enum ift_act)kind;
        rig_run(r, &c);
        rig_run(r, &b);
        for (int i = 0; i < 8; i++) {
            CHECK_NEAR(ten_get(y, i), far[i] > 0 ? far[i] : 0, 1e-30);
            CHECK_NEAR(ten_get(dg, i), far[i] > 0, 1e-30);
        }
        rig_clear(r);
    }
}

struct rows_case {
    int64_t n, ch, v, gap;
};

static void bad_id(struct rig *r, struct ift_call *c, const struct ten *ids, int32_t id) {
    ((int32_t *)ids->host)[ids->o.dim[0] - 1] = id;
    rig_upload(r);
    rig_refused(r, c, "an index out of range", 1);
}

static void embed_one(struct rig *r, struct rows_case k) {
    const struct ten *table = rig_matrix(r, k.v, k.ch, k.gap), *ids = rig_ids(r, k.n, 0, k.v);
    const struct ten *y = rig_matrix(r, k.n, k.ch, 2 * k.gap),
                     *dtable = rig_matrix(r, k.v, k.ch, k.gap);
    const int32_t *id = ids->host;
    double *want = ten_doubles(y), *t = ten_doubles(table), *dt = ten_doubles(dtable);
    struct ift_call c = {.op = IFT_OP_EMBED, .in = {table->o, ids->o}, .out = {y->o}};
    for (int64_t i = 0; i < k.n * k.ch; i++) want[i] = t[id[i / k.ch] * k.ch + i % k.ch];
    rig_run(r, &c);
    rig_near("embed", y, want, 0);
    const int32_t pad = k.n % 2 ? (int32_t)(k.v / 2) : -1;
    struct ift_call b = {.op = IFT_OP_EMBED_BWD,
                         .in = {y->o, ids->o},
                         .out = {dtable->o},
                         .at.embed_bwd = {pad}};
    for (int64_t i = 0; i < k.n * k.ch; i++)
        if (id[i / k.ch] != pad) dt[id[i / k.ch] * k.ch + i % k.ch] += want[i];
    rig_run(r, &b);
    rig_near("embed_bwd", dtable, dt, 2e-6);
    if (k.n == 7) {
        rig_abuse(r, &c, 0);
        rig_abuse(r, &b, 0);
        bad_id(r, &c, ids, (int32_t)k.v);
        bad_id(r, &c, ids, -1);
        bad_id(r, &b, ids, (int32_t)k.v);
        bad_id(r, &b, ids, INT32_MIN);
    }
    free(want), free(t), free(dt);
    rig_clear(r);
}

static void gather_one(struct rig *r, struct rows_case k) {
    const struct ten *x = rig_matrix(r, k.v, k.ch, k.gap), *rows = rig_ids(r, k.n, 0, k.v);
    const struct ten *y = rig_matrix(r, k.n, k.ch, 0), *to = rig_ids(r, k.n, -2, k.v);
    const int32_t *row = rows->host, *row_to = to->host;
    double *xd = ten_doubles(x), *want = ten_doubles(y);
    struct ift_call c = {.op = IFT_OP_GATHER, .in = {x->o, rows->o}, .out = {y->o}};
    for (int64_t i = 0; i < k.n * k.ch; i++) want[i] = xd[row[i / k.ch] * k.ch + i % k.ch];
    rig_run(r, &c);
    rig_near("gather", y, want, 0);
    struct ift_call s = {.op = IFT_OP_SCATTER, .in = {y->o, to->o}, .out = {x->o}};
    for (int64_t i = 0; i < k.n * k.ch; i++)
        if (row_to[i / k.ch] >= 0) xd[row_to[i / k.ch] * k.ch + i % k.ch] = want[i];
    rig_run(r, &s);
    rig_near("scatter", x, xd, 0);
    if (k.n == 7) {
        rig_abuse(r, &c, 0);
        rig_abuse(r, &s, 0);
        bad_id(r, &c, rows, -1);
        bad_id(r, &c, rows, (int32_t)k.v);
        bad_id(r, &s, to, (int32_t)k.v);
    }
    free(xd), free(want);
    rig_clear(r);
}

static void colsum_one(struct rig *r, struct rows_case k) {
    const struct ten *x = rig_matrix(r, k.n, k.ch, k.gap), *y = rig_vector(r, k.ch);
    double *xd = ten_doubles(x), *want = ten_doubles(y);
    struct ift_call c = {.op = IFT_OP_COLSUM, .in = {x->o}, .out = {y->o}};
    for (int64_t i = 0; i < k.n * k.ch; i++) want[i % k.ch] += xd[i];
    rig_run(r, &c);
    rig_near("colsum", y, want, 2e-6);
    if (k.n == 7) rig_abuse(r, &c, 0);
    free(xd), free(want);
    rig_clear(r);
}

static void rows(struct rig *r) {
    static const struct rows_case table[] = {
        {1, 1, 1, 0},     {7, 5, 3, 2},      {17, 130, 9, 0},
        {65, 600, 33, 1}, {130, 3, 1000, 0}, {0, 4, 4, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        embed_one(r, table[i]);
        gather_one(r, table[i]);
        colsum_one(r, table[i]);
    }
    /* Rows of other types move too. */
    const struct ten *x = rig_tensor(r, IFT_U8, 2, (int64_t[]){3, 5}, 2), *id = rig_ids(r, 2, 1, 3);
    const struct ten *y = rig_tensor(r, IFT_U8, 2, (int64_t[]){2, 5}, 0);
    for (int i = 0; i < 15; i++) *(uint8_t *)ten_at(x, i) = (uint8_t)(10 * i);
    struct ift_call c = {.op = IFT_OP_GATHER, .in = {x->o, id->o}, .out = {y->o}};
    rig_run(r, &c);
    for (int i = 0; i < 10; i++)
        CHECK_INT(*(uint8_t *)ten_at(y, i), 10 * (((int32_t *)id->host)[i / 5] * 5 + i % 5));
    rig_clear(r);
}

struct plain_case {
    int ndim;
    int64_t dim[4], gap;
    int alias;
};

static const struct plain_case plain[] = {
    {1, {1}, 0, 0},          {2, {7, 5}, 3, 0},  {2, {65, 17}, 0, 1},  {3, {3, 5, 7}, 2, 2},
    {4, {2, 3, 4, 5}, 0, 1}, {1, {20000}, 0, 0}, {2, {3, 9001}, 1, 0}, {2, {0, 3}, 0, 0},
};

static void axpby_one(struct rig *r, const struct plain_case *k, bool both) {
    const struct ten *x = rig_random(r, k->ndim, k->dim, k->gap, 1),
                     *y = rig_random(r, k->ndim, k->dim, 0, 1);
    const struct ten *own = rig_random(r, k->ndim, k->dim, 2 * k->gap, 1), *z = k->alias == 1 ? x
                                                                                : k->alias == 2
                                                                                    ? y
                                                                                    : own;
    struct ift_call c = {.op = IFT_OP_AXPBY, .in = {x->o}, .out = {z->o}, .at.axpby = {0.75f, -2}};
    if (both) c.in[1] = y->o;
    double *want = ten_doubles(x), *plus = ten_doubles(y);
    for (int64_t i = 0; i < ten_count(x); i++) want[i] = 0.75 * want[i] - (both ? 2 * plus[i] : 0);
    rig_run(r, &c);
    rig_near("axpby", z, want, 2e-7);
    if (k->dim[0] == 7) rig_abuse(r, &c, 1 << 1);
    free(want), free(plus);
    rig_clear(r);
}

/* Philox4x32-10 as published, one block at a time. */
static uint32_t philox_word(const uint32_t key[2], uint32_t stream, uint64_t element) {
    uint32_t c[4] = {(uint32_t)(element / 4), (uint32_t)(element / 4 >> 32), stream, 0},
             k[2] = {key[0], key[1]};
    for (int i = 0; i < 10; i++) {
        const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
        const uint32_t n[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1,
                               (uint32_t)(p0 >> 32) ^ c[3] ^ k[1], (uint32_t)p0};
        memcpy(c, n, sizeof c);
        k[0] += 0x9E3779B9;
        k[1] += 0xBB67AE85;
    }
    return c[element % 4];
}

static void dropout_one(struct rig *r, const struct plain_case *k, float p) {
    const struct ten *x = rig_random(r, k->ndim, k->dim, k->gap, 1),
                     *own = rig_random(r, k->ndim, k->dim, 0, 1);
    const struct ten *key = rig_ids(r, 2, 0, 1 << 30), *y = k->alias ? x : own;
    ((int32_t *)key->host)[1] *= -2;
    struct ift_call c = {.op = IFT_OP_DROPOUT,
                         .in = {x->o, key->o},
                         .out = {y->o},
                         .at.dropout = {p, 77}};
    double *want = ten_doubles(x);
    int64_t kept = 0;
    for (int64_t i = 0; i < ten_count(x); i++) {
        const bool keep = (double)philox_word(key->host, 77, (uint64_t)i) >= (double)p * 0x1p32;
        want[i] = keep ? want[i] / (1 - (double)p) : 0;
        kept += keep;
    }
    rig_run(r, &c);
    rig_near("dropout", y, want, 2e-7);
    if (ten_count(x) > 10000) CHECK_NEAR((double)kept / (double)ten_count(x), 1 - (double)p, 0.02);
    if (k->dim[0] == 7) {
        rig_abuse(r, &c, 0);
        c.at.dropout.p = 1;
        rig_refused(r, &c, "p = 1", -1);
        c.at.dropout.p = NAN;
        rig_refused(r, &c, "p not a number", -1);
    }
    free(want);
    rig_clear(r);
}

/* The known answer of the authors' test vectors: counter and key all zero. */
static void philox_known(void) {
    const uint32_t key[2] = {0, 0}, want[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    for (uint64_t i = 0; i < 4; i++) CHECK_INT(philox_word(key, 0, i), want[i]);
}

static void cases(struct rig *r) {
    norm(r);
    glu(r);
    rows(r);
    philox_known();
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        axpby_one(r, &plain[i], i % 3 != 1);
        dropout_one(r, &plain[i], i % 2 ? 0.1f : 0.5f);
    }
    axpby_one(r, &plain[1], true);
    dropout_one(r, &plain[5], 0);
}

int main(void) {
    return rig_main(cases);
}
