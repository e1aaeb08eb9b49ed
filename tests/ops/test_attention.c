/* attn, attn_bwd and rope. */
#include "tests/ops/rig.h"
#include "tests/ops/rig_abuse.h"

struct shape {
    int heads, kv_heads, d, window;
    bool causal;
    int64_t n, keys, gap;
    int segments;
    int32_t segment[4][5];
    double size; /* of q and k */
    bool alibi;
};

static const float scale = 0.37f;

/* As steep as the heads of published models are, and steeper the other way. */
static double slope_of(const struct shape *s, int head) {
    return s->alibi ? (double)(float)(head % 2 ? -0.1 : pow(2, -(head + 1))) : 0;
}

/* Forward in double: q (N, H*D), k and v (K, G*D). lse and o may be NULL. Rows in no segment are
 * left alone. */
static void forward(const struct shape *s, const double *q, const double *k, const double *v,
                    double *o, double *lse) {
    const int64_t d = s->d, width = s->heads * d, kv_width = s->kv_heads * d;
    double *score = malloc((size_t)(s->keys + 1) * sizeof *score);
    for (int g = 0; g < s->segments; g++)
        for (int64_t i = 0; i < s->segment[g][1]; i++)
            for (int h = 0; h < s->heads; h++) {
                const int32_t *seg = s->segment[g];
                const int64_t reach = seg[3] - seg[1] + i, kh = h / (s->heads / s->kv_heads);
                const double *qi = q + (seg[0] + i) * width + h * d;
                double top = -1e300, total = 0;
                for (int64_t j = 0; j < seg[3]; j++) {
                    const bool seen = (!s->causal || j <= reach || j < seg[4]) &&
                                      (s->window <= 0 || j > reach - s->window);
                    score[j] = -INFINITY;
                    if (!seen) continue;
                    score[j] = 0;
                    for (int64_t c = 0; c < d; c++)
                        score[j] += qi[c] * k[(seg[2] + j) * kv_width + kh * d + c];
                    score[j] = (double)scale * score[j] + slope_of(s, h) * (double)(j - reach);
                    if (score[j] > top) top = score[j];
                }
                for (int64_t j = 0; j < seg[3]; j++) total += score[j] = exp(score[j] - top);
                if (lse)
                    lse[(seg[0] + i) * s->heads + h] = total > 0 ? top + log(total) : -INFINITY;
                if (!o) continue;
                double *const oi = o + (seg[0] + i) * width + h * d;
                memset(oi, 0, (size_t)d * sizeof *oi);
                for (int64_t j = 0; j < seg[3]; j++)
                    for (int64_t c = 0; c < d && score[j] > 0; c++)
                        oi[c] += score[j] / total * v[(seg[2] + j) * kv_width + kh * d + c];
            }
    free(score);
}

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* What of a unit's forward a change at `at` of operand `which` can reach is small; for the finite
 * difference all of it is worked out again, on as many places as is bearable. */
static void slopes(struct rig *r, const struct shape *s, double *const operand[3],
                   const int64_t count[3], const double *dout, const struct ten *const grad[3]) {
    const int64_t total = s->n * s->heads * s->d;
    double *o = calloc((size_t)total + 1, sizeof *o);
    const int places = rig_places(r, total * s->keys > 20000 ? 12 : 60);
    const double h = 1e-4;
    for (int which = 0; which < 3; which++)
        for (int t = 0; t < places && count[which] > 0; t++) {
            const int64_t at = rig_below(r, count[which]);
            const double was = operand[which][at];
            operand[which][at] = was + h;
            forward(s, operand[0], operand[1], operand[2], o, NULL);
            double slope = dot(dout, o, total);
            operand[which][at] = was - h;
            forward(s, operand[0], operand[1], operand[2], o, NULL);
            slope = (slope - dot(dout, o, total)) / (2 * h);
            operand[which][at] = was;
            const double got = ten_get(grad[which], at);
            if (rig_off(r, got, slope, 1e-5 * (1 + fabs(slope)))) {
                fprintf(stderr, "attn_bwd heads %d/%d d %d n %d: d%c: ", s->heads, s->kv_heads,
                        s->d, (int)s->n, "qkv"[which]);
                CHECK_NEAR(got, slope, 1e-5 * (1 + fabs(slope)));
            }
        }
    free(o);
}

static bool in_segment(const struct shape *s, int64_t row, int column) {
    for (int g = 0; g < s->segments; g++)
        if (row >= s->segment[g][column] && row < s->segment[g][column] + s->segment[g][column + 1])
            return true;
    return false;
}

static struct ten *segments_of(struct rig *r, const struct shape *s) {
    struct ten *t = rig_tensor(r, IFT_I32, 2, (int64_t[]){s->segments, 5}, 0);
    memcpy(t->host, s->segment, (size_t)s->segments * sizeof s->segment[0]);
    return t;
}

static void scaled(struct ten *t, double by) {
    for (int64_t i = 0; i < ten_count(t); i++) ten_set(t, i, by * ten_get(t, i));
}

static void bwd_one(struct rig *r, const struct shape *s, struct ift_call fwd,
                    struct ten *const t[6]) {
    const int64_t width = (int64_t)s->heads * s->d, kv_width = (int64_t)s->kv_heads * s->d;
    const struct ten *dout = rig_matrix(r, s->n, width, s->gap),
                     *dq = rig_matrix(r, s->n, width, s->gap);
    const struct ten *dk = rig_matrix(r, s->keys, kv_width, s->gap),
                     *dv = rig_matrix(r, s->keys, kv_width, 0);
    struct ift_call c = {.op = IFT_OP_ATTN_BWD, .at = fwd.at};
    c.in[0] = dout->o;
    for (int i = 0; i < 3; i++) c.in[1 + i] = fwd.in[i];
    c.in[4] = fwd.out[0];
    c.in[5] = fwd.out[1];
    c.in[6] = fwd.in[3];
    c.in[7] = fwd.in[4];
    c.out[0] = dq->o;
    c.out[1] = dk->o;
    c.out[2] = dv->o;
    rig_run(r, &c);
    double *operand[3];
    int64_t count[3];
    for (int i = 0; i < 3; i++) operand[i] = ten_doubles(t[i]), count[i] = ten_count(t[i]);
    double *doutd = ten_doubles(dout);
    for (int64_t i = 0; i < s->n; i++)
        if (!in_segment(s, i, 0)) {
            memset(doutd + i * width, 0, (size_t)width * sizeof *doutd);
            CHECK_NEAR(ten_get(dq, i * width), 0, 0);
        }
    for (int64_t i = 0; i < s->keys; i++)
        if (!in_segment(s, i, 2)) {
            CHECK_NEAR(ten_get(dk, i * kv_width + kv_width - 1), 0, 0);
            CHECK_NEAR(ten_get(dv, i * kv_width), 0, 0);
        }
    const struct ten *const grad[3] = {dq, dk, dv};
    slopes(r, s, operand, count, doutd, grad);
    if (s->n == 7) rig_abuse(r, &c, 1 << 7);
    for (int i = 0; i < 3; i++) free(operand[i]);
    free(doutd);
}

static void attn_one(struct rig *r, const struct shape *s, bool backward) {
    const int64_t width = (int64_t)s->heads * s->d, kv_width = (int64_t)s->kv_heads * s->d;
    if (rig_spares(r, (backward ? 6 : 1) * s->n * s->keys * width)) return;
    struct ten *q = rig_matrix(r, s->n, width, s->gap),
               *k = rig_matrix(r, s->keys, kv_width, s->gap);
    struct ten *v = rig_matrix(r, s->keys, kv_width, 2 * s->gap), *seg = segments_of(r, s);
    struct ten *o = rig_matrix(r, s->n, width, s->gap),
               *lse = rig_matrix(r, s->n, s->heads, s->gap);
    if (s->size > 0) scaled(q, s->size), scaled(k, s->size);
    struct ift_call c = {.op = IFT_OP_ATTN};
    c.at.attn.heads = s->heads;
    c.at.attn.kv_heads = s->kv_heads;
    c.at.attn.head_dim = s->d;
    c.at.attn.window = s->window;
    c.at.attn.causal = s->causal;
    c.at.attn.scale = scale;
    const struct ten *const in[] = {q, k, v, seg};
    const struct ten *slope = rig_vector(r, s->heads);
    for (int h = 0; h < s->heads; h++) ten_set(slope, h, slope_of(s, h));
    for (int i = 0; i < 4; i++) c.in[i] = in[i]->o;
    if (s->alibi) c.in[4] = slope->o;
    c.out[0] = o->o;
    c.out[1] = lse->o;
    double *qd = ten_doubles(q), *kd = ten_doubles(k), *vd = ten_doubles(v);
    double *od = ten_doubles(o),
           *lsed = ten_doubles(lse); /* rows in no segment keep what they had */
    forward(s, qd, kd, vd, od, lsed);
    rig_run(r, &c);
    const double tol =
        3e-6 * (1 + s->size * s->size); /* a score's rounding error grows with the score */
    rig_near("o", o, od, tol);
    for (int64_t i = 0; i < s->n * s->heads; i++) /* -inf where nothing is seen */
        if (lsed[i] == -INFINITY && ten_get(lse, i) == -INFINITY) lsed[i] = 0, ten_set(lse, i, 0);
    rig_near("lse", lse, lsed, tol);
    if (s->n == 7) rig_abuse(r, &c, 1 << 4 | 1 << (IFT_MAX_IN + 1));
    if (backward) {
        rig_run(r, &c);
        struct ten *const t[6] = {q, k, v, o, lse, seg};
        bwd_one(r, s, c, t);
    }
    free(qd), free(kd), free(vd), free(od), free(lsed);
    rig_clear(r);
}

static const struct shape both[] = {
    /* heads kv d window causal n keys gap segments */
    {1, 1, 1, 0, true, 1, 1, 0, 1, {{0, 1, 0, 1}}, 0, false},
    {2, 1, 4, 0, true, 7, 7, 3, 1, {{0, 7, 0, 7}}, 0, false},
    {2, 2, 16, 0, false, 17, 17, 0, 2, {{0, 5, 0, 5}, {5, 12, 5, 12}}, 0, false},
    {4, 2, 20, 0, true, 65, 65, 2, 3, {{1, 9, 1, 9}, {10, 0, 0, 0}, {12, 50, 13, 50}}, 0, false},
    {3, 1, 8, 0, true, 65, 80, 0, 2, {{0, 40, 3, 50}, {40, 25, 53, 27}}, 0, false}, /* longer
                                                                                       keys */
    {2, 2, 32, 5, true, 60, 60, 0, 1, {{0, 60, 0, 60}}, 0, false},                  /* a window */
    {2, 1, 12, 7, false, 33, 33, 1, 1, {{0, 33, 0, 33}}, 0, false},
    {1, 1, 64, 0, true, 130, 130, 0, 1, {{0, 130, 0, 130}}, 0, false}, /* more than a block */
    {6, 2, 17, 40, true, 120, 120, 0, 1, {{0, 120, 0, 120}}, 0, false},
    {2, 2, 3, 0, true, 9, 4, 0, 1, {{0, 9, 0, 4}}, 0, false},   /* rows that see nothing */
    {1, 1, 16, 0, true, 8, 8, 0, 1, {{0, 8, 0, 8}}, 12, false}, /* sharp */
    /* slopes */
    {1, 1, 1, 0, true, 1, 1, 0, 1, {{0, 1, 0, 1, 0}}, 0, true},
    {2, 1, 4, 0, true, 7, 7, 3, 1, {{0, 7, 0, 7, 0}}, 0, true},
    {2, 2, 16, 0, false, 17, 17, 0, 2, {{0, 5, 0, 5, 0}, {5, 12, 5, 12, 0}}, 0, true},
    {6, 2, 17, 40, true, 120, 120, 0, 1, {{0, 120, 0, 120, 0}}, 0, true},
    {3, 1, 8, 0, true, 65, 80, 0, 2, {{0, 40, 3, 50, 0}, {40, 25, 53, 27, 0}}, 0, true},
    {4, 4, 64, 0, true, 130, 130, 0, 1, {{0, 130, 0, 130, 0}}, 0, true},
    {2, 2, 3, 0, true, 9, 4, 0, 1, {{0, 9, 0, 4, 0}}, 0, true},
    /* a prefix */
    {2, 1, 4, 0, true, 7, 7, 3, 1, {{0, 7, 0, 7, 3}}, 0, false},
    {2, 2, 16, 0, true, 17, 17, 0, 2, {{0, 5, 0, 5, 5}, {5, 12, 5, 12, 1}}, 0, false},
    {1, 1, 64, 0, true, 230, 230, 0, 1, {{0, 230, 0, 230, 140}}, 0, false},
    {6, 2, 17, 0, true, 130, 130, 2, 2, {{0, 30, 0, 30, 7}, {30, 100, 30, 100, 98}}, 0, true},
    {6, 2, 17, 40, true, 120, 120, 0, 1, {{0, 120, 0, 120, 50}}, 0, false}, /* and a window */
    {2, 2, 32, 5, true, 60, 60, 0, 1, {{0, 60, 0, 60, 33}}, 0, true},
    {3, 1, 8, 0, true, 65, 80, 0, 2, {{0, 40, 3, 50, 20}, {40, 25, 53, 27, 27}}, 0, false},
    {2, 2, 3, 0, true, 9, 4, 0, 1, {{0, 9, 0, 4, 2}}, 0, false},  /* more than the rows see */
    {2, 1, 4, 0, false, 7, 7, 0, 1, {{0, 7, 0, 7, 3}}, 0, false}, /* no matter to it */
};
static const struct shape forward_only[] = {
    {8,
     2,
     64,
     0,
     true,
     3,
     700,
     0,
     3,
     {{0, 1, 300, 257}, {1, 1, 0, 299}, {2, 1, 600, 1}},
     0,
     false},                                                                      /* decoding */
    {4, 4, 64, 0, true, 2, 500, 0, 2, {{0, 1, 0, 400}, {1, 1, 0, 37}}, 0, false}, /* shared keys
                                                                                   */
    {16, 1, 24, 100, true, 5, 333, 4, 1, {{0, 5, 10, 321}}, 0, false},
    {2, 2, 128, 0, true, 200, 260, 0, 1, {{0, 200, 0, 260}}, 6, false},
    {1, 1, 80, 0, false, 3, 97, 0, 1, {{0, 3, 0, 97}}, 30, false},
    {8, 8, 64, 0, true, 2, 700, 0, 2, {{0, 1, 300, 257, 0}, {1, 1, 0, 299, 40}}, 0, true},
    {4, 2, 20, 64, true, 3, 500, 0, 2, {{0, 1, 0, 400, 0}, {1, 1, 0, 37, 0}}, 0, true},
    {1, 1, 32, 0, true, 3, 90, 0, 1, {{0, 3, 0, 90, 89}}, 0, true}, /* few rows, a prefix */
    {2, 1, 64, 0, true, 200, 300, 0, 1, {{0, 200, 0, 300, 250}}, 0, false},
};

static void attn(struct rig *r) {
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) attn_one(r, &both[i], true);
    for (size_t i = 0; i < sizeof forward_only / sizeof *forward_only; i++)
        attn_one(r, &forward_only[i], false);
}

/* Segment tables that must be refused. */
static void bad_segments(struct rig *r) {
    static const int32_t bad[][2][5] = {
        {{-1, 3, 0, 3}, {0}},
        {{0, 8, 0, 3}, {0}},
        {{0, 3, 6, 3}, {0}},
        {{0, 3, 0, -1}, {0}},
        {{0, 3, 0, 3}, {2, 2, 3, 2}},
        {{4, 3, 0, 3}, {0, 2, 3, 2}},
        {{0, 3, 0, 3}, {3, INT32_MAX, 3, 2}},
        {{INT32_MAX, INT32_MAX, 0, 1}, {0}},
        {{0, 3, 0, 3, -1}, {0}},
        {{0, 3, 0, 3, 4}, {0}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct shape s = {1, 1, 4, 0, true, 7, 7, 0, 2, {{0}}, 0, false};
        memcpy(s.segment, bad[i], sizeof bad[i]);
        const struct ten *m = rig_matrix(r, 7, 4, 0), *o = rig_matrix(r, 7, 4, 0),
                         *seg = segments_of(r, &s);
        struct ift_call c = {.op = IFT_OP_ATTN, .in = {m->o, m->o, m->o, seg->o}, .out = {o->o}};
        c.at.attn.heads = c.at.attn.kv_heads = 1;
        c.at.attn.head_dim = 4;
        rig_upload(r);
        struct ift_buf *scratch = rig_scratch(r, &c);
        rig_refused(r, &c, "a bad segment", 3);
        r->be->free(r->dev, scratch);
        rig_clear(r);
    }
}

struct rope_case {
    int64_t n, gap;
    int heads, d, from, rot;
    bool interleaved, inverse, in_place;
};

static void rope_one(struct rig *r, struct rope_case k) {
    const int64_t width = (int64_t)k.heads * k.d, positions = 50;
    const struct ten *x = rig_matrix(r, k.n, width, k.gap), *pos = rig_ids(r, k.n, 0, positions);
    const struct ten *table = rig_random(r, 3, (int64_t[]){positions, k.rot / 2, 2}, k.gap, 1);
    const struct ten *y = k.in_place ? x : rig_matrix(r, k.n, width, 2 * k.gap);
    struct ift_call c = {.op = IFT_OP_ROPE, .in = {x->o, pos->o, table->o}, .out = {y->o}};
    c.at.rope.heads = k.heads;
    c.at.rope.head_dim = k.d;
    c.at.rope.from = k.from;
    c.at.rope.rot = k.rot;
    c.at.rope.interleaved = k.interleaved;
    c.at.rope.inverse = k.inverse;
    double *want = ten_doubles(x), *from = ten_doubles(x);
    for (int64_t t = 0; t < k.n; t++)
        for (int h = 0; h < k.heads; h++)
            for (int i = 0; i < k.rot / 2; i++) {
                const int64_t head = t * width + h * k.d + k.from,
                              angle = ((int32_t *)pos->host)[t] * k.rot + 2 * i;
                const int64_t a = head + (k.interleaved ? 2 * i : i),
                              b = head + (k.interleaved ? 2 * i + 1 : i + k.rot / 2);
                const double co = ten_get(table, angle),
                             si = ten_get(table, angle + 1) * (k.inverse ? -1 : 1);
                want[a] = from[a] * co - from[b] * si;
                want[b] = from[b] * co + from[a] * si;
            }
    rig_run(r, &c);
    rig_near("rope", y, want, 3e-7);
    if (k.n == 7) {
        rig_abuse(r, &c, 0);
        ((int32_t *)pos->host)[6] = (int32_t)positions;
        rig_upload(r);
        rig_refused(r, &c, "a position out of range", 1);
        c.at.rope.from = k.d - k.rot + 1;
        rig_refused(r, &c, "channels beyond the head", -1);
        c.at.rope.from = -1;
        rig_refused(r, &c, "channels before the head", -1);
    }
    free(want), free(from);
    rig_clear(r);
}

static void rope(struct rig *r) {
    static const struct rope_case table[] = {
        {1, 0, 1, 2, 0, 2, false, false, false},     {7, 3, 3, 10, 0, 6, false, false, false},
        {7, 1, 3, 10, 0, 6, true, true, false},      {17, 0, 8, 64, 0, 64, false, false, true},
        {17, 0, 2, 64, 0, 64, true, false, true},    {65, 0, 1, 17, 0, 4, false, true, true},
        {3, 5, 2, 600, 0, 600, false, false, false}, {3, 0, 2, 600, 0, 580, true, true, false},
        {0, 0, 2, 4, 0, 4, false, false, false},     {7, 2, 3, 10, 3, 6, false, false, false},
        {7, 0, 3, 11, 5, 6, true, false, true},      {17, 1, 4, 64, 32, 32, false, true, false},
        {17, 0, 4, 64, 32, 32, false, false, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) rope_one(r, table[i]);
}

static void cases(struct rig *r) {
    attn(r);
    bad_segments(r);
    rope(r);
}

int main(void) {
    return rig_main(cases);
}
