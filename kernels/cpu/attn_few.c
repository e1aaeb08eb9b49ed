#include "kernels/cpu/attn.h"

/* Attention of a few rows over many keys: a token being generated. There is nothing to reuse; keys
 * and values pass by once, as fast as memory gives them. Scores are dot products along head_dim,
 * CHUNK keys at a time, and then as many running sums as a row of values has vectors. */
enum {
    CHUNK = BK * BQ / ATTN_FEW / 4 * 4, /* keys whose scores fit a room's (BK, BQ) */
    STRIP = 32,                         /* values that stay in the first level cache for all rows */
    AHEAD = 16,                         /* keys fetched before they are needed */
    WIDE = 8,                           /* vectors of a value that are summed up together */
};

INLINE void fetch(const float *row, int64_t d) {
    for (int64_t i = 0; i < d; i += 16) __builtin_prefetch(row + i);
}

/* score[j] = scale q.k[j]. */
static void dots(const float *q, const float *k, int64_t ld, int64_t d, int64_t keys, float scale,
                 float *score) {
    for (int64_t j = 0; j < keys; j += 4) {
        const int64_t n = attn_min(4, keys - j);
        const float *row[4];
        vf acc[4] = {0};
        for (int64_t i = 0; i < 4; i++) {
            row[i] = k + (j + (i < n ? i : 0)) * ld;
            fetch(row[i] + AHEAD * ld, d);
        }
        int64_t c = 0;
        for (; c + VL <= d; c += VL) {
            const vf qv = vf_load(q + c);
            UNROLL
            for (int i = 0; i < 4; i++) acc[i] += qv * vf_load(row[i] + c);
        }
        if (c < d) {
            const vf qv = vf_get(q + c, d - c);
            for (int i = 0; i < 4; i++) acc[i] += qv * vf_get(row[i] + c, d - c);
        }
        const v4 sum = vf_sum4(acc[0], acc[1], acc[2], acc[3]);
        for (int64_t i = 0; i < n; i++) score[j + i] = scale * sum[i];
    }
}

/* The running softmax of one row: score becomes exp(score - top). Returns what earlier sums shrink
 * by. */
static float soften(float *score, int64_t keys, float *top, float *total) {
    vf tops = vf_set(*top), sum = {0};
    for (int64_t j = 0; j + VL <= keys; j += VL) tops = vf_max(tops, vf_load(score + j));
    float high = vf_top(tops);
    for (int64_t j = keys / VL * VL; j < keys; j++) high = high > score[j] ? high : score[j];
    for (int64_t j = 0; j < keys; j += VL) {
        vf_put(score + j, keys - j, vf_exp_low(vf_get(score + j, keys - j) - high));
        sum += vf_get(score + j, keys - j);
    }
    const float shrink = vf_exp_low(vf_set(*top - high))[0];
    *top = high;
    *total = *total * shrink + vf_sum(sum);
    return shrink;
}

/* o += p v for a strip of keys. */
static void add_values(const float *p, const float *v, int64_t ld, int64_t d, int64_t keys,
                       float *o) {
    int64_t c = 0;
    for (; c + WIDE * VL <= d; c += WIDE * VL) {
        vf acc[WIDE];
        UNROLL
        for (int i = 0; i < WIDE; i++) acc[i] = vf_load(o + c + i * VL);
        for (int64_t j = 0; j < keys; j++) {
            const vf s = vf_set(p[j]);
            UNROLL
            for (int i = 0; i < WIDE; i++) acc[i] += s * vf_load(v + j * ld + c + i * VL);
        }
        UNROLL
        for (int i = 0; i < WIDE; i++) vf_store(o + c + i * VL, acc[i]);
    }
    for (; c < d; c += VL) {
        vf acc = vf_get(o + c, d - c);
        for (int64_t j = 0; j < keys; j++) acc += p[j] * vf_get(v + j * ld + c, d - c);
        vf_put(o + c, d - c, acc);
    }
}

/* score[j] += slope (key + j - own). */
static void lean(const struct ift_operand *slopes, const struct attn_unit *u, int64_t row,
                 int64_t key, int64_t keys, float *score) {
    if (!slopes->buf) return;
    const float slope = ift_f32(slopes)[u->kv_head * u->rep + row % u->rep];
    const int64_t far = key - (u->kv_len - u->q_len + row / u->rep);
    for (int64_t j = 0; j < keys; j++) score[j] += slope * (float)(far + j);
}

static void hide(const struct attn_unit *u, int64_t row, int64_t key, int64_t keys, float *score) {
    const int64_t low = attn_low(u, row) - key, high = attn_high(u, row) - key;
    for (int64_t j = 0; j < attn_min(low, keys); j++) score[j] = -__builtin_inff();
    for (int64_t j = attn_max(0, high + 1); j < keys; j++) score[j] = -__builtin_inff();
}

void IFT_ISA(attn_few)(const struct ift_call *c, const struct attn_unit *u,
                       const struct attn_room *m) {
    const struct ift_operand *k = &c->in[1], *v = &c->in[2];
    const int64_t end = attn_min(u->kv_len, attn_high(u, u->rows - 1) + 1);
    for (int64_t key = attn_low(u, 0); key < end; key += CHUNK) {
        const int64_t keys = attn_min(CHUNK, end - key);
        for (int64_t r = 0; r < u->rows; r++) {
            float *score = m->p + r * CHUNK, *o = m->o + r * u->dp;
            dots(ift_f32(&c->in[0]) + attn_at(u, &c->in[0], r), ift_f32(k) + attn_key_at(u, k, key),
                 k->row, u->d, keys, c->at.attn.scale, score);
            lean(&c->in[4], u, r, key, keys, score);
            hide(u, r, key, keys, score);
            const float shrink = soften(score, keys, &m->top[r], &m->total[r]);
            for (int64_t i = 0; i < u->d; i++) o[i] *= shrink;
        }
        for (int64_t j = 0; j < keys; j += STRIP) {
            const int64_t n = attn_min(STRIP, keys - j);
            const float *at = ift_f32(v) + attn_key_at(u, v, key + j);
            for (int64_t i = 0; i < n; i++) fetch(at + (i + STRIP) * v->row, u->d);
            for (int64_t r = 0; r < u->rows; r++)
                add_values(m->p + r * CHUNK + j, at, v->row, u->d, n, m->o + r * u->dp);
        }
    }
}
