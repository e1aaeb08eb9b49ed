/* gemm and xent, and embed of a table stored in half the bytes. */
#include "tests/ops/rig.h"
#include "tests/ops/rig_abuse.h"

/* Sums in double, and what rounding in single may add to them. */
static void gemm_want(const struct ift_call *c, const struct ten *a, const struct ten *b,
                      const double *plus, const struct ten *bias, double *want, double *slack,
                      int64_t m, int64_t n, int64_t k) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0, size = 0;
            for (int64_t p = 0; p < k; p++) {
                const double t = ten_get(a, c->at.gemm.trans_a ? p * m + i : i * k + p) *
                                 ten_get(b, c->at.gemm.trans_b ? j * k + p : p * n + j);
                sum += t;
                size += fabs(t);
            }
            sum *= (double)c->at.gemm.alpha;
            size *= fabs((double)c->at.gemm.alpha);
            if (plus) sum += plus[i * n + j], size += fabs(plus[i * n + j]);
            if (bias) sum += ten_get(bias, j), size += fabs(ten_get(bias, j));
            want[i * n + j] = sum;
            slack[i * n + j] = 4e-7 * size + 1e-7;
        }
}

struct gemm_case {
    int64_t m, n, k;
    int add /* 0 nothing, 1 c, 2 c is y */, bias;
    float alpha;
    int64_t gap;
};

static void gemm_one(struct rig *r, struct gemm_case g, bool ta, bool tb) {
    if (rig_spares(r, g.m * g.n * g.k)) return;
    const struct ten *a = rig_matrix(r, ta ? g.k : g.m, ta ? g.m : g.k, g.gap);
    const struct ten *b = rig_matrix(r, tb ? g.n : g.k, tb ? g.k : g.n, g.gap);
    const struct ten *y = rig_matrix(r, g.m, g.n, g.gap);
    const struct ten *c = g.add == 2 ? y : g.add ? rig_matrix(r, g.m, g.n, 2 * g.gap) : NULL;
    const struct ten *bias = g.bias ? rig_vector(r, g.n) : NULL;
    struct ift_call call = {.op = IFT_OP_GEMM, .at.gemm = {g.alpha, ta, tb}};
    call.in[0] = a->o;
    call.in[1] = b->o;
    if (c) call.in[2] = c->o;
    if (bias) call.in[3] = bias->o;
    call.out[0] = y->o;
    double *want = malloc((size_t)(g.m * g.n + 1) * 2 * sizeof *want), *slack = want + g.m * g.n;
    double *plus = c ? ten_doubles(c) : NULL;
    gemm_want(&call, a, b, plus, bias, want, slack, g.m, g.n, g.k);
    rig_run(r, &call);
    int64_t wrong = 0;
    for (int64_t i = 0; i < g.m * g.n; i++) wrong += rig_off(r, ten_get(y, i), want[i], slack[i]);
    if (wrong)
        fprintf(stderr, "gemm m %d n %d k %d trans %d %d add %d bias %d gap %d: ", (int)g.m,
                (int)g.n, (int)g.k, ta, tb, g.add, g.bias, (int)g.gap);
    CHECK_INT(wrong, 0);
    if (g.m == 7) rig_abuse(r, &call, 1 << 2 | 1 << 3);
    free(want);
    free(plus);
    rig_clear(r);
}

/* b stored as f16 or bf16 against the same b as f32: bit by bit. */
static void gemm_half(struct rig *r, struct gemm_case g, bool ta, bool tb, enum ift_dtype type) {
    if (rig_spares(r, g.m * g.n * g.k)) return;
    const struct ten *a = rig_matrix(r, ta ? g.k : g.m, ta ? g.m : g.k, g.gap);
    const struct ten *half = rig_halves(r, type, tb ? g.n : g.k, tb ? g.k : g.n, g.gap);
    const struct ten *wide = rig_widened(r, half, 0);
    const struct ten *bias = g.bias ? rig_vector(r, g.n) : NULL;
    const struct ten *y = rig_matrix(r, g.m, g.n, g.gap), *want = rig_widened(r, y, 3);
    struct ift_call call = {.op = IFT_OP_GEMM, .at.gemm = {g.alpha, ta, tb}};
    call.in[0] = a->o;
    call.in[1] = wide->o;
    if (g.add) call.in[2] = want->o;
    if (bias) call.in[3] = bias->o;
    call.out[0] = want->o;
    rig_run(r, &call);
    call.in[1] = half->o;
    if (g.add) call.in[2] = y->o;
    call.out[0] = y->o;
    rig_run(r, &call);
    rig_same("gemm of a half", y, want);
    if (g.m == 7) rig_abuse(r, &call, 1 << 2 | 1 << 3);
    rig_clear(r);
}

static void gemm(struct rig *r) {
    static const struct gemm_case table[] = {
        {1, 1, 1, 0, 0, 1, 0},     {1, 17, 65, 1, 0, 1, 0},     {3, 7, 5, 2, 1, 0.5f, 3},
        {7, 65, 33, 1, 1, -2, 1},  {17, 130, 8, 0, 1, 1, 4},    {65, 3, 130, 2, 0, 1, 0},
        {130, 8, 64, 0, 0, 2, 0},  {130, 8, 65, 1, 1, 1, 7},    {8, 130, 257, 2, 0, 1, 0},
        {130, 257, 8, 2, 0, 2, 0}, {4, 259, 129, 0, 1, 1, 0},   {2, 513, 48, 1, 0, 1, 0},
        {257, 5, 400, 1, 0, 1, 0}, {259, 133, 20, 0, 0, 1, 0},  {33, 31, 900, 2, 1, 1, 2},
        {16, 16, 16, 0, 0, 1, 0},  {124, 268, 391, 2, 1, 1, 9}, {12, 96, 64, 0, 0, 1, 0},
        {5, 9, 0, 1, 1, 1, 0},     {0, 4, 4, 0, 0, 1, 0},       {1, 1030, 512, 0, 0, 1, 0},
        {31, 64, 512, 0, 0, 1, 0}, {64, 24, 300, 2, 0, 1, 0},   {300, 16, 70, 1, 0, 1, 3},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int t = 0; t < 4; t++) {
            gemm_one(r, table[i], t & 1, t & 2);
            gemm_half(r, table[i], t & 1, t & 2, IFT_BF16);
            gemm_half(r, table[i], t & 1, t & 2, IFT_F16);
        }
    /* More than a block in each direction. */
    gemm_one(r, (struct gemm_case){2100, 40, 50, 1, 1, 1, 0}, false, true);
    gemm_one(r, (struct gemm_case){40, 2200, 50, 2, 0, 1, 0}, true, false);
    gemm_half(r, (struct gemm_case){40, 2200, 1100, 0, 1, 1, 0}, false, true, IFT_BF16);
    gemm_half(r, (struct gemm_case){70, 2200, 600, 0, 1, 1, 0}, false, false, IFT_F16);
}

/* Losses of all rows in double. */
static double xent_losses(const double *x, const double *w, const double *bias,
                          const int32_t *target, double scale, int64_t n, int64_t ch, int64_t v,
                          double *loss) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (loss) loss[i] = 0;
        if (target[i] < 0) continue;
        double top = -1e300, total = 0, wanted = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int64_t j = 0; j < v; j++) {
                double z = bias[j];
                for (int64_t p = 0; p < ch; p++) z += x[i * ch + p] * w[j * ch + p];
                if (pass == 0 && z > top) top = z;
                if (pass == 1) total += exp(z - top);
                if (j == target[i]) wanted = z;
            }
        const double l = top + log(total) - wanted;
        if (loss) loss[i] = l;
        sum += l;
    }
    return scale * sum;
}

struct xent_case {
    int64_t n, ch, v, gap;
    int dx, dw, bias, db;
};

static void xent_near(struct rig *r, double got, double want, double slack) {
    if (rig_off(r, got, want, slack)) CHECK_NEAR(got, want, slack);
}

static void xent_one(struct rig *r, struct xent_case k) {
    if (rig_spares(r, 12 * k.n * k.v * k.ch)) return;
    const struct ten *x = rig_matrix(r, k.n, k.ch, k.gap), *w = rig_matrix(r, k.v, k.ch, k.gap);
    const struct ten *targets = rig_ids(r, k.n, -1, k.v), *scale = rig_vector(r, 1),
                     *loss = rig_vector(r, k.n);
    const struct ten *dx = rig_matrix(r, k.n, k.ch, k.gap), *dw = rig_matrix(r, k.v, k.ch, k.gap);
    struct ift_call c = {.op = IFT_OP_XENT};
    const struct ten *const in[] = {x, w, targets, scale};
    for (int i = 0; i < 4; i++) c.in[i] = in[i]->o;
    c.out[0] = loss->o;
    if (k.dx) c.out[1] = dx->o;
    if (k.dw) c.out[2] = dw->o;
    const struct ten *bias = rig_vector(r, k.v), *db = rig_vector(r, k.v);
    if (k.bias) c.in[4] = bias->o;
    if (k.db) c.out[3] = db->o;
    const int32_t *target = targets->host;
    double *xd = ten_doubles(x), *wd = ten_doubles(w), *old = ten_doubles(dw),
           *bd = ten_doubles(bias), *old_db = ten_doubles(db), *want = calloc((size_t)k.n + 1, 8);
    const double s = ten_get(scale, 0), h = 1e-5;
    if (!k.bias) memset(bd, 0, (size_t)k.v * sizeof *bd);
    xent_losses(xd, wd, bd, target, s, k.n, k.ch, k.v, want);
    rig_run(r, &c);
    rig_near("loss", loss, want, 1e-6);
    const int trials = rig_places(r, k.n * k.v > 1 << 18 ? 2 : 40);
    for (int t = 0; t < trials; t++) {
        const int64_t i = rig_below(r, k.n), at = i * k.ch + rig_below(r, k.ch),
                      keep = rig_below(r, k.v * k.ch), j = rig_below(r, k.v);
        double *const place[] = {&xd[at], &wd[keep], &bd[j]};
        double slope[3];
        for (int p = 0; p < 3; p++) {
            const double was = *place[p];
            *place[p] = was + h;
            slope[p] = xent_losses(xd, wd, bd, target, s, k.n, k.ch, k.v, NULL);
            *place[p] = was - h;
            slope[p] -= xent_losses(xd, wd, bd, target, s, k.n, k.ch, k.v, NULL);
            *place[p] = was;
        }
        if (k.dx) xent_near(r, ten_get(dx, at), slope[0] / (2 * h), 2e-6);
        if (k.dw) xent_near(r, ten_get(dw, keep) - old[keep], slope[1] / (2 * h), 4e-6);
        if (k.db) xent_near(r, ten_get(db, j) - old_db[j], slope[2] / (2 * h), 4e-6);
    }
    if (k.dx)
        for (int64_t i = 0; i < k.n; i++)
            if (target[i] < 0) CHECK_NEAR(ten_get(dx, i * k.ch), 0, 0);
    if (k.n == 7) {
        rig_abuse(r, &c, 1 << 4 | 7 << (IFT_MAX_IN + 1));
        ((int32_t *)targets->host)[3] = (int32_t)k.v;
        rig_upload(r);
        struct ift_buf *scratch = rig_scratch(r, &c);
        rig_refused(r, &c, "a target out of range", 2);
        r->be->free(r->dev, scratch);
    }
    free(xd), free(wd), free(bd), free(old), free(old_db), free(want);
    rig_clear(r);
}

/* The weight stored as f16 or bf16 against the same as f32: bit by bit. */
static void xent_half(struct rig *r, struct xent_case k, enum ift_dtype type) {
    if (rig_spares(r, k.n * k.v * k.ch)) return;
    const struct ten *x = rig_matrix(r, k.n, k.ch, k.gap), *bias = rig_vector(r, k.v);
    const struct ten *half = rig_halves(r, type, k.v, k.ch, k.gap), *wide = rig_widened(r, half, 0);
    const struct ten *targets = rig_ids(r, k.n, -1, k.v), *scale = rig_vector(r, 1);
    const struct ten *loss[2], *dx[2];
    for (int i = 0; i < 2; i++) {
        loss[i] = rig_vector(r, k.n);
        dx[i] = rig_matrix(r, k.n, k.ch, k.gap);
        struct ift_call c = {.op = IFT_OP_XENT,
                             .in = {x->o, i ? half->o : wide->o, targets->o, scale->o, bias->o},
                             .out = {loss[i]->o, dx[i]->o}};
        rig_run(r, &c);
    }
    rig_same("loss of a half", loss[1], loss[0]);
    rig_same("dx of a half", dx[1], dx[0]);
    rig_clear(r);
}

/* A bias of -inf forbids most of the vocabulary, the first columns among it: the rest has the loss
 * and the gradient that it has alone. */
static void xent_masked(struct rig *r) {
    enum { N = 1100, C = 4, V = 1000, FREE = 24 };
    if (rig_spares(r, N * C * V)) return;
    const struct ten *x = rig_matrix(r, N, C, 0), *w = rig_matrix(r, V, C, 0),
                     *bias = rig_vector(r, V), *scale = rig_vector(r, 1);
    const struct ten *few = rig_matrix(r, FREE, C, 0), *zero = rig_vector(r, FREE);
    const struct ten *targets = rig_ids(r, N, V - FREE, V), *shifted = rig_ids(r, N, 0, FREE);
    const struct ten *loss = rig_vector(r, N), *dx = rig_matrix(r, N, C, 0),
                     *want_loss = rig_vector(r, N), *want_dx = rig_matrix(r, N, C, 0);
    for (int64_t j = 0; j < V; j++) *(float *)ten_at(bias, j) = j < V - FREE ? -INFINITY : 0;
    for (int64_t j = 0; j < FREE; j++) *(float *)ten_at(zero, j) = 0;
    for (int64_t j = 0; j < FREE * C; j++)
        *(float *)ten_at(few, j) = *(float *)ten_at(w, (V - FREE) * C + j);
    for (int64_t i = 0; i < N; i++)
        ((int32_t *)shifted->host)[i] = ((int32_t *)targets->host)[i] - (V - FREE);
    rig_upload(r);
    struct ift_call c = {.op = IFT_OP_XENT,
                         .in = {x->o, w->o, targets->o, scale->o, bias->o},
                         .out = {loss->o, dx->o}};
    struct ift_call alone = {.op = IFT_OP_XENT,
                             .in = {x->o, few->o, shifted->o, scale->o, zero->o},
                             .out = {want_loss->o, want_dx->o}};
    rig_run(r, &alone);
    rig_run(r, &c);
    double *losses = ten_doubles(want_loss), *slopes = ten_doubles(want_dx);
    rig_near("loss beside -inf", loss, losses, 1e-6);
    rig_near("dx beside -inf", dx, slopes, 1e-6);
    free(losses), free(slopes);
    rig_clear(r);
}

static void xent(struct rig *r) {
    static const struct xent_case table[] = {
        {1, 1, 1, 0, 1, 1, 1, 1},    {7, 5, 3, 2, 1, 1, 1, 1},   {3, 17, 65, 0, 0, 0, 1, 0},
        {17, 8, 130, 3, 1, 0, 0, 0}, {65, 3, 33, 0, 0, 1, 0, 1}, {5, 12, 1025, 0, 1, 1, 0, 0},
        {40, 4, 700, 1, 1, 1, 1, 1}, {66, 3, 34, 0, 0, 0, 1, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        xent_one(r, table[i]);
        xent_half(r, table[i], IFT_BF16);
        xent_half(r, table[i], IFT_F16);
    }
    xent_half(r, (struct xent_case){.n = 130, .ch = 64, .v = 257, .gap = 4}, IFT_BF16);
    /* More rows than are worked on at once, and more columns. */
    xent_one(r, (struct xent_case){1100, 3, 1000, 0, 1, 1, 1, 1});
    xent_one(r, (struct xent_case){1100, 5, 970, 2, 1, 0, 0, 0});
    xent_half(r, (struct xent_case){.n = 1100, .ch = 5, .v = 970, .gap = 3}, IFT_F16);
    xent_masked(r);
}

/* Every f16 and every bf16 there is, widened. */
static void embed_half(struct rig *r, enum ift_dtype type, int64_t ch) {
    const int64_t rows = 65536 / ch;
    const struct ten *table = rig_tensor(r, type, 2, (int64_t[]){rows, ch}, 3);
    for (int64_t i = 0; i < rows * ch; i++) *(uint16_t *)ten_at(table, i) = (uint16_t)i;
    const struct ten *want = rig_widened(r, table, 0), *ids = rig_ids(r, rows, 0, 1);
    for (int64_t i = 0; i < rows; i++) ((int32_t *)ids->host)[i] = (int32_t)i;
    const struct ten *y = rig_matrix(r, rows, ch, 1);
    struct ift_call c = {.op = IFT_OP_EMBED, .in = {table->o, ids->o}, .out = {y->o}};
    rig_run(r, &c);
    rig_same("embed", y, want);
    if (ch == 257) rig_abuse(r, &c, 0);
    rig_clear(r);
}

static void cases(struct rig *r) {
    gemm(r);
    xent(r);
    for (int i = 0; i < 4; i++) embed_half(r, i & 1 ? IFT_F16 : IFT_BF16, i & 2 ? 257 : 256);
}

int main(void) {
    return rig_main(cases);
}
