#include "kernels/cpu/attn.h"

/* With s = scale q.k and p = exp(s - lse), as in Dao, "FlashAttention-2" (2023), algorithm 2:
 *     delta = sum of do o      dp = do v^T      ds = p (dp - delta)
 *     dv = p^T do      dk = scale ds^T q      dq = scale ds k
 * Slopes take part in s alone; they get no gradient. A (segment, key head) belongs to one thread,
 * so dk and dv add up in the order of the query blocks. */

static int check(const struct ift_call *c, char *why) {
    const int heads = c->at.attn.heads, kv_heads = c->at.attn.kv_heads, d = c->at.attn.head_dim;
    if (heads < 1 || kv_heads < 1 || d < 1 || heads % kv_heads)
        return ift_call_fail(c, why, "heads %d, kv_heads %d, head_dim %d", heads, kv_heads, d);
    const int64_t n = c->in[1].dim[0], keys = c->in[2].dim[0], s = c->in[6].dim[0];
    const int64_t width = (int64_t)heads * d, kv_width = (int64_t)kv_heads * d;
    const struct ift_want want[] = {
        {&c->in[0], "do", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "q", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[2], "k", IFT_F32, IFT_READS, 2, {keys, kv_width}},
        {&c->in[3], "v", IFT_F32, IFT_READS, 2, {keys, kv_width}},
        {&c->in[4], "o", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[5], "lse", IFT_F32, IFT_READS, 2, {n, heads}},
        {&c->in[6], "segments", IFT_I32, IFT_READS, 2, {s, 5}},
        {&c->in[7], "slopes", IFT_F32, IFT_READS | IFT_MAY, 1, {heads}},
        {&c->out[0], "dq", IFT_F32, IFT_WRITES, 2, {n, width}},
        {&c->out[1], "dk", IFT_F32, IFT_WRITES, 2, {keys, kv_width}},
        {&c->out[2], "dv", IFT_F32, IFT_WRITES, 2, {keys, kv_width}},
    };
    if (ift_operands_check(c, want, 11, why) < 0) return -1;
    return IFT_ISA(attn_check)(c, &c->in[6], n, keys, true, why);
}

/* The private memory of a thread. */
struct room {
    float *q, *dout;           /* (D, BQ): q and do, transposed */
    float *q_rows, *dout_rows; /* (BQ, Dp): scale q and do */
    float *dq;                 /* (BQ, Dp) */
    float *p, *ds;             /* (BK, BQ) */
    float *pad;                /* (BK, Dp) */
    float *lse, *delta;        /* (BQ) */
    float *tail;               /* (MR, D) */
};

static size_t room_floats(int64_t d) {
    const int64_t dp = attn_pad(d);
    return ift_line(
               (size_t)(2 * d * BQ + 3 * BQ * dp + 2 * BK * BQ + BK * dp + 2 * BQ + MR * d + 16) *
               sizeof(float)) /
           sizeof(float);
}

static struct room room_of(float *at, int64_t d) {
    const int64_t dp = attn_pad(d);
    struct room r;
    r.q = at;
    r.dout = r.q + d * BQ;
    r.q_rows = r.dout + d * BQ;
    r.dout_rows = r.q_rows + BQ * dp;
    r.dq = r.dout_rows + BQ * dp;
    r.p = r.dq + BQ * dp;
    r.ds = r.p + BK * BQ;
    r.pad = r.ds + BK * BQ;
    r.lse = r.pad + BK * dp;
    r.delta = r.lse + BQ;
    r.tail = r.delta + BQ;
    return r;
}

static size_t scratch(const struct ift_call *c, int threads) {
    return (size_t)threads * room_floats(c->at.attn.head_dim) * sizeof(float);
}

static void load(const struct ift_call *c, const struct attn_unit *u, const struct room *m,
                 int64_t r0, int64_t n) {
    const struct ift_operand *dout = &c->in[0], *q = &c->in[1], *o = &c->in[4], *lse = &c->in[5];
    attn_columns(u, q, r0, n, m->q);
    attn_columns(u, dout, r0, n, m->dout);
    attn_rows(u, q, r0, n, c->at.attn.scale, m->q_rows);
    attn_rows(u, dout, r0, n, 1, m->dout_rows);
    for (int64_t l = 0; l < BQ; l++) {
        m->lse[l] = m->delta[l] = 0;
        if (l >= n) continue;
        const float *dor = ift_f32(dout) + attn_at(u, dout, r0 + l),
                    * or = ift_f32(o) + attn_at(u, o, r0 + l);
        vf sum = {0};
        for (int64_t i = 0; i < u->d; i += 16) __builtin_prefetch(or +i + BQ * o->row);
        for (int64_t i = 0; i < u->d; i += VL)
            sum += vf_get(dor + i, u->d - i) * vf_get(or +i, u->d - i);
        m->delta[l] = vf_sum(sum);
        const int64_t query = attn_query(u, r0 + l), token = u->q_begin + query,
                      head = u->kv_head * u->rep + r0 + l - query * u->rep;
        m->lse[l] = ift_f32(lse)[token * lse->row + head];
        /* A row that sees no key; its scores are all hidden, and -inf minus -inf would not be a
         * number. */
        if (m->lse[l] == -__builtin_inff()) m->lse[l] = 0;
    }
    memset(m->dq, 0, (size_t)(BQ * u->dp) * sizeof *m->dq);
}

/* p = exp(scale q.k - lse), zero where hidden. What no row sees of a tile is not computed. */
static void weights(const struct ift_call *c, const struct attn_unit *u, const struct room *m,
                    int64_t r0, int64_t n, int64_t key, int64_t keys) {
    const int64_t lanes = attn_blocks(n, NR) * NR, tiles = attn_blocks(keys, MR) * MR;
    const float scale = c->at.attn.scale;
    for (int64_t j = 0; j < keys; j += MR) {
        int64_t ld;
        const float *left = attn_left(u, &c->in[2], key + j, keys - j, m->tail, &ld);
        for (int64_t l = 0; l < lanes; l += NR) {
            vf acc[MR][2] = {0};
            if (r0 + l + NR > attn_first(u, key + j))
                ift_tile(u->d, left, ld, 1, m->q + l, BQ, acc);
            UNROLL
            for (int i = 0; i < MR; i++) {
                vf_store(m->p + (j + i) * BQ + l, scale * acc[i][0]);
                vf_store(m->p + (j + i) * BQ + l + VL, scale * acc[i][1]);
            }
        }
    }
    attn_lean(u, &c->in[7], r0, n, key, keys, m->p);
    attn_mask(u, r0, n, key, keys, m->p);
    for (int64_t j = 0; j < keys; j++)
        for (int64_t l = 0; l < lanes; l += VL)
            vf_store(m->p + j * BQ + l,
                     vf_exp_low(vf_load(m->p + j * BQ + l) - vf_load(m->lse + l)));
    memset(m->p + keys * BQ, 0, (size_t)((tiles - keys) * BQ) * sizeof *m->p);
}

/* ds = p (do v^T - delta). */
static void slopes(const struct ift_call *c, const struct attn_unit *u, const struct room *m,
                   int64_t r0, int64_t n, int64_t key, int64_t keys) {
    for (int64_t j = 0; j < keys; j += MR) {
        int64_t ld;
        const float *left = attn_left(u, &c->in[3], key + j, keys - j, m->tail, &ld);
        for (int64_t l = 0; l < n; l += NR) {
            vf acc[MR][2] = {0};
            if (r0 + l + NR > attn_first(u, key + j))
                ift_tile(u->d, left, ld, 1, m->dout + l, BQ, acc);
            const vf delta[2] = {vf_load(m->delta + l), vf_load(m->delta + l + VL)};
            UNROLL
            for (int i = 0; i < MR; i++)
                for (int h = 0; h < 2; h++) {
                    const int64_t at = (j + i) * BQ + l + h * VL;
                    vf_store(m->ds + at, vf_load(m->p + at) * (acc[i][h] - delta[h]));
                }
        }
    }
}

/* Adds a tile to rows of dk or dv, as much of it as there is. */
static void add_part(float *to, int64_t row, int64_t rows, int64_t cols, const float *tile) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < cols; c++) to[i * row + c] += tile[i * NR + c];
}

/* Adds left (keys, BQ) times right (BQ, Dp) to the rows of dk or dv; left is zero for rows that do
 * not see the key. */
static void add_keys(const struct attn_unit *u, const struct ift_operand *out, const float *left,
                     const float *right, int64_t r0, int64_t n, int64_t key, int64_t keys) {
    for (int64_t j = 0; j < keys; j += MR) {
        const int64_t first = attn_max(0, attn_min(n, attn_first(u, key + j) - r0));
        for (int64_t c = 0; c < u->dp; c += NR) {
            vf acc[MR][2] = {0};
            float *const to = ift_f32(out) + attn_key_at(u, out, key + j) + c; // (D) accumulates
            for (int i = 0; i < MR; i++) __builtin_prefetch(to + i * out->row, 1);
            ift_tile(n - first, left + j * BQ + first, BQ, 1, right + first * u->dp + c, u->dp,
                     acc);
            if (keys - j >= MR && u->d - c >= NR) {
                UNROLL
                for (int i = 0; i < MR; i++) {
                    float *const at = to + i * out->row;
                    vf_store(at, vf_load(at) + acc[i][0]);
                    vf_store(at + VL, vf_load(at + VL) + acc[i][1]);
                }
            } else {
                float tile[MR * NR];
                UNROLL
                for (int i = 0; i < MR; i++) {
                    vf_store(tile + i * NR, acc[i][0]);
                    vf_store(tile + i * NR + VL, acc[i][1]);
                }
                add_part(to, out->row, attn_min(MR, keys - j), attn_min(NR, u->d - c), tile);
            }
        }
    }
}

/* dq += ds k, still without scale. Keys that none of a tile's rows sees are left out; ds is zero
 * there. */
static void add_queries(const struct ift_call *c, const struct attn_unit *u, const struct room *m,
                        int64_t r0, int64_t n, int64_t key, int64_t keys) {
    int64_t ld;
    const float *right = attn_right(u, &c->in[2], key, keys, m->pad, &ld);
    for (int64_t l = 0; l < n; l += MR) {
        const int64_t last = attn_high(u, attn_min(r0 + l + MR, r0 + n) - 1);
        const int64_t seen = attn_max(0, attn_min(keys, last - key + 1));
        for (int64_t col = 0; col < u->dp; col += NR) {
            vf acc[MR][2] = {0};
            ift_tile(seen, m->ds + l, 1, BQ, right + col, ld, acc);
            UNROLL
            for (int i = 0; i < MR; i++) {
                float *to = m->dq + (l + i) * u->dp + col;
                vf_store(to, vf_load(to) + acc[i][0]);
                vf_store(to + VL, vf_load(to + VL) + acc[i][1]);
            }
        }
    }
}

static void unit(const struct ift_call *c, const struct attn_unit *u, const struct room *m) {
    for (int64_t j = 0; j < u->kv_len; j++)
        for (int i = 1; i <= 2; i++)
            memset(ift_f32(&c->out[i]) + attn_key_at(u, &c->out[i], j), 0,
                   (size_t)u->d * sizeof(float));
    for (int64_t r0 = 0; r0 < u->rows; r0 += BQ) {
        const int64_t n = attn_min(BQ, u->rows - r0),
                      end = attn_min(u->kv_len, attn_high(u, r0 + n - 1) + 1);
        load(c, u, m, r0, n);
        for (int64_t key = attn_low(u, r0); key < end; key += BK) {
            const int64_t keys = attn_min(BK, end - key);
            weights(c, u, m, r0, n, key, keys);
            slopes(c, u, m, r0, n, key, keys);
            add_keys(u, &c->out[2], m->p, m->dout_rows, r0, n, key, keys);
            add_keys(u, &c->out[1], m->ds, m->q_rows, r0, n, key, keys);
            add_queries(c, u, m, r0, n, key, keys);
        }
        for (int64_t l = 0; l < n; l++) {
            float *dq = ift_f32(&c->out[0]) + attn_at(u, &c->out[0], r0 + l); // (D) sets
            for (int64_t i = 0; i < u->d; i++) dq[i] = c->at.attn.scale * m->dq[l * u->dp + i];
        }
    }
}

static void units(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct ift_call *c = ctx;
    const int64_t d = c->at.attn.head_dim;
    const struct room m = room_of(ift_f32(&c->scratch) + (size_t)thread * room_floats(d), d);
    for (int64_t t = begin; t < end; t++) {
        const int32_t *segment = ift_i32(&c->in[6]) + t / c->at.attn.kv_heads * c->in[6].row;
        const struct attn_unit u = attn_unit_of(c, segment, (int)(t % c->at.attn.kv_heads));
        unit(c, &u, &m);
    }
}

static void zero_rows(const struct ift_operand *o, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
        memset(ift_f32(o) + i * o->row, 0, (size_t)o->dim[1] * sizeof(float));
}

/* Rows between the segments get zeros. */
static void zero_gaps(const struct ift_call *c) {
    const struct ift_operand *segments = &c->in[6];
    int64_t q = 0, kv = 0;
    for (int64_t s = 0; s < segments->dim[0]; s++) {
        const int32_t *g = ift_i32(segments) + s * segments->row;
        if (g[1] > 0) {
            zero_rows(&c->out[0], q, g[0]);
            q = (int64_t)g[0] + g[1];
        }
        if (g[3] > 0) {
            for (int i = 1; i <= 2; i++) zero_rows(&c->out[i], kv, g[2]);
            kv = (int64_t)g[2] + g[3];
        }
    }
    zero_rows(&c->out[0], q, c->out[0].dim[0]);
    for (int i = 1; i <= 2; i++) zero_rows(&c->out[i], kv, c->out[i].dim[0]);
}

static void run(struct ift_team *team, const struct ift_call *c) {
    zero_gaps(c);
    ift_team_each(team, c->in[6].dim[0] * c->at.attn.kv_heads, 1, units, c);
}

const struct ift_cpu_op IFT_ISA(attn_bwd) = {check, scratch, run};
