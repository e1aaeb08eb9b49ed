/* attn.h: what attention forward and backward share.
 *
 * The query heads that read one key head are treated as more queries: row r of a (segment, key
 * head) is query r / rep, head r % rep of the group, rep = heads / kv_heads. Rows are worked on in
 * blocks of BQ, keys in blocks of BK, and scores lie transposed, (key, row): then the maximum, the
 * exponentials and the mask work on whole vectors of rows, and k and v are read where they are,
 * without packing.
 *
 * Row r sees the keys low(r) .. high(r), both growing with r: a prefix that all see only raises the
 * first highs.
 */
#ifndef IFT_ATTN_H
#define IFT_ATTN_H

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/tile.h"

enum {
    BQ = NR > 16 ? 96 : 48, /* a multiple of NR and MR */
    BK = 96,                /* a multiple of MR */
};
_Static_assert(BQ % NR == 0 && BQ % MR == 0 && BK % MR == 0, "blocks are made of whole tiles");

enum { ATTN_FEW = 3 /* as many rows, or fewer, go key by key instead of tile by tile */ };

/* One (segment, key head). */
struct attn_unit {
    int64_t q_begin, q_len, kv_begin, kv_len;
    int64_t rows; /* q_len * rep */
    int rep, kv_head;
    int64_t d, dp; /* head_dim, and rounded up to NR */
    bool causal;
    int window;
    int64_t prefix;
};

INLINE int64_t attn_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}
INLINE int64_t attn_max(int64_t a, int64_t b) {
    return a > b ? a : b;
}
/* The query of a row. */
INLINE int64_t attn_query(const struct attn_unit *u, int64_t row) {
    return u->rep == 1 ? row : row / u->rep; /* a division takes longer than all else here */
}
INLINE int64_t attn_low(const struct attn_unit *u, int64_t row) {
    return u->window > 0 ? attn_max(0, u->kv_len - u->q_len + attn_query(u, row) - u->window + 1)
                         : 0;
}
INLINE int64_t attn_high(const struct attn_unit *u, int64_t row) {
    if (!u->causal) return u->kv_len - 1;
    return attn_max(u->prefix - 1, u->kv_len - u->q_len + attn_query(u, row));
}
/* The first row that sees `key`, or would but for its window. */
INLINE int64_t attn_first(const struct attn_unit *u, int64_t key) {
    if (!u->causal || key < u->prefix) return 0;
    return attn_max(0, (key - (u->kv_len - u->q_len)) * u->rep);
}
/* The first row whose window has left `key` behind. */
INLINE int64_t attn_past(const struct attn_unit *u, int64_t key) {
    return (key + u->window - (u->kv_len - u->q_len)) * u->rep;
}
INLINE int64_t attn_pad(int64_t d) {
    return (d + NR - 1) / NR * NR;
}
INLINE int64_t attn_blocks(int64_t n, int64_t block) {
    return (n + block - 1) / block;
}

INLINE struct attn_unit attn_unit_of(const struct ift_call *c, const int32_t *segment,
                                     int kv_head) {
    const int rep = c->at.attn.heads / c->at.attn.kv_heads;
    return (struct attn_unit){
        .q_begin = segment[0],
        .q_len = segment[1],
        .kv_begin = segment[2],
        .kv_len = segment[3],
        .rows = (int64_t)segment[1] * rep,
        .rep = rep,
        .kv_head = kv_head,
        .d = c->at.attn.head_dim,
        .dp = attn_pad(c->at.attn.head_dim),
        .causal = c->at.attn.causal,
        .window = c->at.attn.window,
        .prefix = segment[4],
    };
}

/* Where row r of a unit lies in a matrix of queries, (N, H*D). */
INLINE int64_t attn_at(const struct attn_unit *u, const struct ift_operand *o, int64_t row) {
    const int64_t query = attn_query(u, row), head = u->kv_head * u->rep + row - query * u->rep;
    return (u->q_begin + query) * o->row + head * u->d;
}
/* Where key j of a unit lies in a matrix of keys, (K, G*D). */
INLINE int64_t attn_key_at(const struct attn_unit *u, const struct ift_operand *o, int64_t key) {
    return (u->kv_begin + key) * o->row + u->kv_head * u->d;
}

/* columns[c * BQ + l] = row l [c] for n rows from r0, zero up to a whole number of tiles. (D, BQ)
 */
INLINE void attn_columns(const struct attn_unit *u, const struct ift_operand *o, int64_t r0,
                         int64_t n, float *columns) {
    const int64_t end = attn_blocks(n, NR) * NR, lane = u->rep == 1 ? o->row : 0;
    int64_t l = 0;
    if (lane) /* rows of one head, evenly spaced */
        for (; l + 4 <= n; l += 4)
            ift_turn_four(columns + l, BQ, ift_f32(o) + attn_at(u, o, r0 + l), lane, u->d);
    for (; l < n; l++) {
        const float *from = ift_f32(o) + attn_at(u, o, r0 + l);
        for (int64_t c = 0; c < u->d; c++) columns[c * BQ + l] = from[c];
    }
    for (int64_t c = 0; c < u->d && n < end; c++)
        memset(columns + c * BQ + n, 0, (size_t)(end - n) * sizeof *columns);
}

/* rows[l * dp + c] = scale * row l [c] for n rows from r0, zero up to dp and to a whole number of
 * tiles. (BQ, Dp) */
INLINE void attn_rows(const struct attn_unit *u, const struct ift_operand *o, int64_t r0, int64_t n,
                      float scale, float *rows) {
    const int64_t end = attn_blocks(n, NR) * NR;
    for (int64_t l = 0; l < n; l++) {
        const float *from = ift_f32(o) + attn_at(u, o, r0 + l);
        for (int64_t c = 0; c < u->d; c += VL)
            vf_put(rows + l * u->dp + c, u->dp - c, scale * vf_get(from + c, u->d - c));
        for (int64_t c = attn_blocks(u->d, VL) * VL; c < u->dp; c++) rows[l * u->dp + c] = 0;
    }
    memset(rows + n * u->dp, 0, (size_t)((end - n) * u->dp) * sizeof *rows);
}

/* Keys or values as the right side of a product: in place where whole tiles cover head_dim, else
 * copied to `pad` (BK, Dp). *ld is set to the distance of rows. */
INLINE const float *attn_right(const struct attn_unit *u, const struct ift_operand *o, int64_t key,
                               int64_t n, float *pad, int64_t *ld) {
    const float *from = ift_f32(o) + attn_key_at(u, o, key);
    *ld = o->row;
    if (u->d == u->dp) return from;
    *ld = u->dp;
    for (int64_t j = 0; j < n; j++) {
        memcpy(pad + j * u->dp, from + j * o->row, (size_t)u->d * sizeof *pad);
        memset(pad + j * u->dp + u->d, 0, (size_t)(u->dp - u->d) * sizeof *pad);
    }
    return pad;
}

/* Keys or values as the left side: MR of them from key j on; where fewer than MR are left before
 * `end`, they are copied to `pad` (MR, D) with zeros behind. */
INLINE const float *attn_left(const struct attn_unit *u, const struct ift_operand *o, int64_t key,
                              int64_t left, float *pad, int64_t *ld) {
    const float *from = ift_f32(o) + attn_key_at(u, o, key);
    *ld = o->row;
    if (left >= MR) return from;
    *ld = u->d;
    memset(pad, 0, (size_t)(MR * u->d) * sizeof *pad);
    for (int64_t j = 0; j < left; j++)
        memcpy(pad + j * u->d, from + j * o->row, (size_t)u->d * sizeof *pad);
    return pad;
}

/* Keys lean against a row the further they are before it: scores[j * BQ + l] += slope (key + j -
 * own), of the head and the own key of row r0 + l. (keys, BQ) */
INLINE void attn_lean(const struct attn_unit *u, const struct ift_operand *slopes, int64_t r0,
                      int64_t n, int64_t key, int64_t keys, float *scores) {
    if (!slopes->buf) return;
    float slope[BQ] = {0}, own[BQ] = {0};
    for (int64_t l = 0; l < n; l++) {
        slope[l] = ift_f32(slopes)[u->kv_head * u->rep + (r0 + l) % u->rep];
        own[l] = (float)(u->kv_len - u->q_len + (r0 + l) / u->rep);
    }
    for (int64_t j = 0; j < keys; j++)
        for (int64_t l = 0; l < n; l += VL) {
            const vf far = (float)(key + j) - vf_load(own + l);
            vf_store(scores + j * BQ + l, vf_load(scores + j * BQ + l) + vf_load(slope + l) * far);
        }
}

/* Hides what may not be seen: scores[j * BQ + l] = -inf unless row r0 + l sees key key + j. n rows,
 * keys of them. */
INLINE void attn_mask(const struct attn_unit *u, int64_t r0, int64_t n, int64_t key, int64_t keys,
                      float *scores) {
    if (key + keys - 1 <= attn_high(u, r0) && key >= attn_low(u, r0 + n - 1)) return;
    for (int64_t j = 0; j < keys; j++) {
        const int64_t first = attn_min(n, attn_first(u, key + j) - r0),
                      past = u->window > 0 ? attn_past(u, key + j) - r0 : n;
        for (int64_t l = 0; l < first; l++) scores[j * BQ + l] = -__builtin_inff();
        for (int64_t l = attn_max(0, past); l < n; l++) scores[j * BQ + l] = -__builtin_inff();
    }
}

/* The private memory of a thread in the forward. */
struct attn_room {
    float *q;      /* (D, BQ) */
    float *p;      /* (BK, BQ) scores, then their exponentials */
    float *o;      /* (BQ, Dp) */
    float *pad;    /* (BK, Dp) */
    float *tail;   /* (MR, D) */
    float *top;    /* (BQ) running maximum */
    float *total;  /* (BQ) running sum */
    float *shrink; /* (BQ) what a new maximum does to earlier sums */
};

/* All rows of a unit of at most ATTN_FEW: leaves o, top and total in m as the tiles would. */
void IFT_ISA(attn_few)(const struct ift_call *c, const struct attn_unit *u,
                       const struct attn_room *m);

/* Heads, strides and the segment table of both ops. kv_apart: no key belongs to two segments
 * either. */
int IFT_ISA(attn_check)(const struct ift_call *c, const struct ift_operand *segments, int64_t n,
                        int64_t keys, bool kv_apart, char *why);

#endif
