/* glu, act, split, embed, scatter, gather, axpby, dropout and their backwards. */
#include "tests/ops/probe.h"
#include "tests/ops/rig_abuse.h"

static double act(int kind, double x) {
    switch (kind) {
    case IFT_ACT_SILU:
        return x / (1 + exp(-x));
    case IFT_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case IFT_ACT_GELU:
        return 0.5 * x * erfc(-x / sqrt(2));
    case IFT_ACT_TANH:
        return tanh(x);
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
    const struct probe p =
        {.loss = glu_loss, .x = {g, u}, .weight = d, .n = k.n, .ch = k.ch, .act = kind};
    const struct ten *og = k.alias == 1   ? dy
                           : k.alias == 2 ? gate
                                          : dgate,
                     *ou = k.alias == 2 ? up : dup;
    struct ift_call b = {.op = IFT_OP_GLU_BWD,
                         .in = {dy->o, gate->o, up->o},
                         .out = {og->o, ou->o}};
    struct ift_call c = {.op = IFT_OP_GLU, .in = {gate->o, up->o}, .out = {own->o}};
    b.at.act.act = c.at.act.act = (enum ift_act)kind;
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
        for (int kind = IFT_ACT_SILU; kind <= IFT_ACT_TANH; kind++) glu_one(r, table[i], kind);
    /* Where exponentials overflow, the ends are reached and nothing is lost. */
    const double far[] = {-1000, -100, -90, -88, 88, 90, 100, 1000};
    for (int kind = IFT_ACT_SILU; kind <= IFT_ACT_TANH; kind++) {
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
        b.at.act.act = c.at.act.act = (enum ift_act)kind;
        rig_run(r, &c);
        rig_run(r, &b);
        for (int i = 0; i < 8; i++) {
            const bool flat = kind == IFT_ACT_TANH;
            CHECK_NEAR(ten_get(y, i), flat ? copysign(1, far[i]) : fmax(far[i], 0), 1e-30);
            CHECK_NEAR(ten_get(dg, i), !flat && far[i] > 0, 1e-30);
        }
        rig_clear(r);
    }
}

/* The slope of an activation by a central difference, exact where that crosses no corner. */
static double act_slope(int kind, double x) {
    if (kind == IFT_ACT_RELU) return x > 0;
    return (act(kind, x + 1e-5) - act(kind, x - 1e-5)) / 2e-5;
}

/* alias: 1 y is x, and dx is dy; 2 dx is x */
static void act_one(struct rig *r, struct glu_case k, int kind) {
    const int64_t dim[] = {k.n, k.ch};
    const struct ten *x = rig_random(r, 2, dim, k.gap, k.size),
                     *own = rig_matrix(r, k.n, k.ch, 2 * k.gap),
                     *dy = rig_matrix(r, k.n, k.ch, k.gap);
    const struct ten *dx = k.alias == 1 ? dy : k.alias == 2 ? x : own, *y = k.alias == 1 ? x : own;
    double *xd = ten_doubles(x), *want = ten_doubles(dy);
    struct ift_call b = {.op = IFT_OP_ACT_BWD, .in = {dy->o, x->o}, .out = {dx->o}};
    struct ift_call c = {.op = IFT_OP_ACT, .in = {x->o}, .out = {y->o}};
    b.at.act.act = c.at.act.act = (enum ift_act)kind;
    for (int64_t i = 0; i < k.n * k.ch; i++) want[i] *= act_slope(kind, xd[i]);
    rig_run(r, &b);
    rig_near("act_bwd", dx, want, 1e-6);
    for (int64_t i = 0; i < k.n * k.ch; i++) {
        ten_set(x, i, xd[i]);
        want[i] = act(kind, xd[i]);
    }
    if (k.n == 7) rig_abuse(r, &b, 0);
    rig_run(r, &c);
    rig_near("act", y, want, 5e-7);
    if (kind == IFT_ACT_TANH) /* near 0 all digits */
        for (int64_t i = 0; i < k.n * k.ch; i++)
            CHECK_NEAR(ten_get(y, i), want[i], 3e-7 * fabs(want[i]));
    if (k.n == 7) {
        rig_abuse(r, &c, 0);
        c.at.act.act = b.at.act.act = (enum ift_act)(IFT_ACT_TANH + 1);
        rig_refused(r, &c, "no activation", -1);
        rig_refused(r, &b, "no activation", -1);
    }
    free(xd), free(want);
    rig_clear(r);
}

static void acts(struct rig *r) {
    static const struct glu_case table[] = {
        {1, 1, 0, 0, 1},     {7, 5, 3, 1, 2},    {7, 9, 0, 2, 1e-3},
        {3, 3000, 0, 0, 12}, {65, 300, 1, 1, 3}, {0, 5, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int kind = IFT_ACT_SILU; kind <= IFT_ACT_TANH; kind++) act_one(r, table[i], kind);
}

/* ---- split and join ---- */

struct split_case {
    int64_t n, gap;
    int groups, a, b, c;
    bool swapped;
    int absent; /* bit i: part i is not asked for */
};

/* Where column j of part i lies in the whole. */
static int64_t split_column(const struct split_case *k, int part, int64_t j) {
    const int width[] = {k->a, k->b, k->c}, w = width[part];
    int before = part == 0 ? 0 : k->a;
    if (part == 1 && k->swapped) before += k->c;
    if (part == 2 && !k->swapped) before += k->b;
    return j / w * (k->a + k->b + k->c) + before + j % w;
}

static void split_one(struct rig *r, struct split_case k) {
    const int64_t all = (int64_t)k.groups * (k.a + k.b + k.c), width[] = {k.a, k.b, k.c};
    const struct ten *x = rig_matrix(r, k.n, all, k.gap),
                     *back = rig_matrix(r, k.n, all, 2 * k.gap);
    const struct ten *part[3];
    struct ift_call c = {.op = IFT_OP_SPLIT, .in = {x->o}},
                    j = {.op = IFT_OP_JOIN, .out = {back->o}};
    c.at.split.groups = j.at.split.groups = k.groups;
    c.at.split.a = j.at.split.a = k.a;
    c.at.split.b = j.at.split.b = k.b;
    c.at.split.c = j.at.split.c = k.c;
    c.at.split.swapped = j.at.split.swapped = k.swapped;
    double *want = ten_doubles(back);
    unsigned may = 0;
    memset(want, 0, (size_t)(k.n * all) * sizeof *want);
    for (int i = 0; i < 3; i++) {
        part[i] = rig_matrix(r, k.n, k.groups * width[i], (i + 1) * k.gap);
        if (!width[i]) continue;
        may |= 1u << i;
        if (!(k.absent >> i & 1)) c.out[i] = j.in[i] = part[i]->o;
    }
    rig_run(r, &c);
    for (int i = 0; i < 3; i++)
        for (int64_t e = 0; e < ten_count(part[i]) && c.out[i].buf; e++) {
            const int64_t w = ten_width(part[i]), at = e / w * all + split_column(&k, i, e % w);
            CHECK(ten_get(part[i], e) == ten_get(x, at));
            want[at] = ten_get(x, at);
        }
    rig_run(r, &j);
    rig_near("join", back, want, 0);
    if (k.n == 7) {
        rig_abuse(r, &c, may << IFT_MAX_IN);
        if (j.in[0].buf) rig_abuse(r, &j, may);
        c.at.split.groups = j.at.split.groups = 0;
        rig_refused(r, &c, "no groups", -1);
        rig_refused(r, &j, "no groups", -1);
        c.at.split.groups = k.groups;
        c.at.split.a = -1;
        rig_refused(r, &c, "-1 columns", -1);
    }
    free(want);
    rig_clear(r);
}

static void split(struct rig *r) {
    static const struct split_case table[] = {
        {1, 0, 1, 1, 1, 1, false, 0},    {7, 3, 4, 5, 3, 2, false, 0},
        {7, 0, 4, 5, 3, 2, true, 0},     {33, 1, 12, 16, 16, 16, false, 0},
        {20, 0, 2, 64, 16, 17, true, 2}, {7, 1, 1, 9, 4, 4, false, 5},
        {5, 2, 3, 8, 8, 0, true, 0},     {7, 1, 2, 3, 0, 4, true, 0},
        {0, 0, 2, 3, 1, 4, true, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) split_one(r, table[i]);
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
    glu(r);
    acts(r);
    split(r);
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
