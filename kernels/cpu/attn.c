#include "kernels/cpu/attn.h"

#include <math.h>

static int segments_check(const struct ift_call *c, const struct ift_operand *segments, int64_t n,
                          int64_t keys, bool kv_apart, char *why) {
    const int32_t *table = ift_i32(segments);
    int64_t q_end = 0, kv_end = 0;
    for (int64_t s = 0; s < segments->dim[0]; s++) {
        const int32_t *g = table + s * segments->row;
        const int64_t q = g[0], q_len = g[1], kv = g[2], kv_len = g[3], prefix = g[4];
        if (q < 0 || q_len < 0 || kv < 0 || kv_len < 0 || q + q_len > n || kv + kv_len > keys ||
            prefix < 0 || prefix > kv_len)
            return ift_call_fail(
                c, why, "segment %lld is %d %d %d %d %d, beyond %lld queries and %lld keys",
                (long long)s, g[0], g[1], g[2], g[3], g[4], (long long)n, (long long)keys);
        if ((q_len > 0 && q < q_end) || (kv_apart && kv_len > 0 && kv < kv_end))
            return ift_call_fail(c, why, "segment %lld overlaps an earlier one or is out of order",
                                 (long long)s);
        if (q_len > 0) q_end = q + q_len;
        if (kv_len > 0) kv_end = kv + kv_len;
    }
    return 0;
}

int IFT_ISA(attn_check)(const struct ift_call *c, const struct ift_operand *segments, int64_t n,
                        int64_t keys, bool kv_apart, char *why) {
    if (segments->dim[1] != 5) return ift_call_fail(c, why, "segments must have 5 columns");
    return segments_check(c, segments, n, keys, kv_apart, why);
}

static int check(const struct ift_call *c, char *why) {
    const int heads = c->at.attn.heads, kv_heads = c->at.attn.kv_heads, d = c->at.attn.head_dim;
    if (heads < 1 || kv_heads < 1 || d < 1 || heads % kv_heads)
        return ift_call_fail(c, why, "heads %d, kv_heads %d, head_dim %d", heads, kv_heads, d);
    const int64_t n = c->in[0].dim[0], keys = c->in[1].dim[0], s = c->in[3].dim[0];
    const int64_t width = (int64_t)heads * d, kv_width = (int64_t)kv_heads * d;
    const struct ift_want want[] = {
        {&c->in[0], "q", IFT_F32, IFT_READS, 2, {n, width}},
        {&c->in[1], "k", IFT_F32, IFT_READS, 2, {keys, kv_width}},
        {&c->in[2], "v", IFT_F32, IFT_READS, 2, {keys, kv_width}},
        {&c->in[3], "segments", IFT_I32, IFT_READS, 2, {s, 5}},
        {&c->in[4], "slopes", IFT_F32, IFT_READS | IFT_MAY, 1, {heads}},
        {&c->out[0], "o", IFT_F32, IFT_WRITES, 2, {n, width}},
        {&c->out[1], "lse", IFT_F32, IFT_WRITES | IFT_MAY, 2, {n, heads}},
    };
    if (ift_operands_check(c, want, 7, why) < 0) return -1;
    return IFT_ISA(attn_check)(c, &c->in[3], n, keys, false, why);
}

static size_t room_floats(int64_t d) {
    const int64_t dp = attn_pad(d);
    return ift_line((size_t)(d * BQ + BK * BQ + BQ * dp + BK * dp + MR * d + 3 * BQ + 16) *
                    sizeof(float)) /
           sizeof(float);
}

static struct attn_room room_of(float *at, int64_t d) {
    const int64_t dp = attn_pad(d);
    struct attn_room r;
    r.q = at;
    r.p = r.q + d * BQ;
    r.o = r.p + BK * BQ;
    r.pad = r.o + BQ * dp;
    r.top = r.pad + BK * dp;
    r.total = r.top + BQ;
    r.shrink = r.total + BQ;
    r.tail = r.shrink + BQ;
    return r;
}

static int64_t max_blocks(const struct ift_call *c) {
    const int rep = c->at.attn.kv_heads > 0 ? c->at.attn.heads / c->at.attn.kv_heads : 1;
    return attn_blocks(c->in[0].dim[0] * rep, BQ) + c->in[3].dim[0];
}

/* A table of (segment, block) for all blocks of rows, then the threads' rooms. */
static size_t scratch(const struct ift_call *c, int threads) {
    return ift_line((size_t)max_blocks(c) * 2 * sizeof(int32_t)) +
           (size_t)threads * room_floats(c->at.attn.head_dim) * sizeof(float);
}

/* p = scale q k^T, transposed, for the tiles that anything can be seen of. */
static void scores(const struct attn_unit *u, float scale, const struct attn_room *m,
                   const struct ift_operand *k, int64_t r0, int64_t n, int64_t key, int64_t keys) {
    for (int64_t j = 0; j < keys; j += MR) {
        int64_t ld;
        const float *left = attn_left(u, k, key + j, keys - j, m->tail, &ld);
        for (int64_t l = 0; l < n; l += NR) {
            vf acc[MR][2] = {0};
            if (key + j <= attn_high(u, attn_min(r0 + l + NR, r0 + n) - 1))
                ift_tile(u->d, left, ld, 1, m->q + l, BQ, acc);
            UNROLL
            for (int i = 0; i < MR; i++) {
                vf_store(m->p + (j + i) * BQ + l, scale * acc[i][0]);
                vf_store(m->p + (j + i) * BQ + l + VL, scale * acc[i][1]);
            }
        }
    }
}

/* The running softmax: p becomes exp(p - top). */
static void soften(const struct attn_room *m, int64_t n, int64_t keys) {
    for (int64_t l = 0; l < n; l += VL) {
        const vf old = vf_load(m->top + l);
        vf top = old;
        for (int64_t j = 0; j < keys; j++) top = vf_max(top, vf_load(m->p + j * BQ + l));
        const vf shrink = vf_exp_low(old - top);
        vf total = vf_load(m->total + l) * shrink;
        for (int64_t j = 0; j < keys; j++) {
            const vf e = vf_exp_low(vf_load(m->p + j * BQ + l) - top);
            vf_store(m->p + j * BQ + l, e);
            total += e;
        }
        vf_store(m->top + l, top);
        vf_store(m->total + l, total);
        vf_store(m->shrink + l, shrink);
    }
}

/* o = shrink o + p v. Keys that none of a tile's rows sees are left out; p is zero there. */
static void gather(const struct attn_unit *u, const struct attn_room *m,
                   const struct ift_operand *v, int64_t r0, int64_t n, int64_t key, int64_t keys) {
    int64_t ld;
    const float *right = attn_right(u, v, key, keys, m->pad, &ld);
    for (int64_t l = 0; l < n; l += MR) {
        const int64_t last = attn_high(u, attn_min(r0 + l + MR, r0 + n) - 1);
        const int64_t seen = attn_max(0, attn_min(keys, last - key + 1));
        for (int64_t c = 0; c < u->dp; c += NR) {
            vf acc[MR][2] = {0};
            ift_tile(seen, m->p + l, 1, BQ, right + c, ld, acc);
            UNROLL
            for (int i = 0; i < MR; i++) {
                float *o = m->o + (l + i) * u->dp + c;
                const float shrink = m->shrink[l + i];
                vf_store(o, vf_load(o) * shrink + acc[i][0]);
                vf_store(o + VL, vf_load(o + VL) * shrink + acc[i][1]);
            }
        }
    }
}

static void finish(const struct ift_call *c, const struct attn_unit *u, const struct attn_room *m,
                   int64_t r0, int64_t n) {
    for (int64_t l = 0; l < n; l++) {
        const float total = m->total[l], share = total > 0 || total != total ? 1 / total : 0;
        float *o = ift_f32(&c->out[0]) + attn_at(u, &c->out[0], r0 + l); // (D) sets
        for (int64_t d = 0; d < u->d; d++) o[d] = m->o[l * u->dp + d] * share;
        if (!c->out[1].buf) continue;
        const int64_t query = attn_query(u, r0 + l), token = u->q_begin + query,
                      head = u->kv_head * u->rep + r0 + l - query * u->rep;
        ift_f32(&c->out[1])[token * c->out[1].row + head] = m->top[l] + logf(total);
    }
}

static void tiles(const struct ift_call *c, const struct attn_unit *u, int64_t r0, int64_t n,
                  const struct attn_room *m) {
    attn_columns(u, &c->in[0], r0, n, m->q);
    const int64_t end = attn_min(u->kv_len, attn_high(u, r0 + n - 1) + 1);
    for (int64_t key = attn_low(u, r0); key < end; key += BK) {
        const int64_t keys = attn_min(BK, end - key);
        scores(u, c->at.attn.scale, m, &c->in[1], r0, n, key, keys);
        attn_lean(u, &c->in[4], r0, n, key, keys, m->p);
        attn_mask(u, r0, n, key, keys, m->p);
        soften(m, n, keys);
        gather(u, m, &c->in[2], r0, n, key, keys);
    }
}

static void block(const struct ift_call *c, const struct attn_unit *u, int64_t r0,
                  const struct attn_room *m) {
    const int64_t n = attn_min(BQ, u->rows - r0);
    for (int64_t l = 0; l < BQ; l++) {
        m->top[l] = -1e30f; /* below any score, and finite: minus itself it is 0 */
        m->total[l] = 0;
    }
    memset(m->o, 0, (size_t)(attn_blocks(n, MR) * MR * u->dp) * sizeof *m->o);
    if (u->rows <= ATTN_FEW)
        IFT_ISA(attn_few)(c, u, m);
    else
        tiles(c, u, r0, n, m);
    finish(c, u, m, r0, n);
}

struct job {
    const struct ift_call *c;
    const int32_t *blocks; /* (blocks, 2) */
    int64_t count;
    float *rooms;
};

static void blocks(const void *ctx, int64_t begin, int64_t end, int thread) {
    const struct job *job = ctx;
    const struct ift_call *c = job->c;
    const int64_t d = c->at.attn.head_dim;
    const struct attn_room m = room_of(job->rooms + (size_t)thread * room_floats(d), d);
    for (int64_t t = begin; t < end; t++) {
        const int64_t at = t / c->at.attn.kv_heads;
        const int32_t *b = job->blocks + at * 2;
        struct attn_unit u = attn_unit_of(c, ift_i32(&c->in[3]) + b[0] * c->in[3].row, 0);
        /* Blocks of one head follow each other, while its keys lie in the cache. */
        const int64_t count = attn_blocks(u.rows, BQ), first = at - (count - 1 - b[1]),
                      i = t - first * c->at.attn.kv_heads;
        u.kv_head = (int)(i / count);
        block(c, &u, (count - 1 - i % count) * BQ, &m);
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    int32_t *table = ift_data(&c->scratch);
    struct job job = {.c = c, .blocks = table};
    for (int64_t s = 0; s < c->in[3].dim[0]; s++) {
        const struct attn_unit u = attn_unit_of(c, ift_i32(&c->in[3]) + s * c->in[3].row, 0);
        /* The last block of a causal segment is the longest: it goes first. */
        for (int64_t b = attn_blocks(u.rows, BQ) - 1; b >= 0; b--, job.count++) {
            table[job.count * 2] = (int32_t)s;
            table[job.count * 2 + 1] = (int32_t)b;
        }
    }
    job.rooms = (float *)((char *)table + ift_line((size_t)max_blocks(c) * 2 * sizeof *table));
    ift_team_each(team, job.count * c->at.attn.kv_heads, 1, blocks, &job);
}

const struct ift_cpu_op IFT_ISA(attn) = {check, scratch, run};
