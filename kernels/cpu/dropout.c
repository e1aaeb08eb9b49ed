#include "kernels/cpu/cpu.h"

enum { BLOCKS = 64 /* of four words, drawn together so that the rounds vectorise */ };

static int check(const struct ift_call *c, char *why) {
    const struct ift_operand *x = &c->in[0];
    const struct ift_want want[] = {
        ift_want_like(x, "x", IFT_F32, IFT_READS, x),
        {&c->in[1], "key", IFT_I32, IFT_READS, 1, {2}},
        ift_want_like(&c->out[0], "y", IFT_F32, IFT_WRITES, x),
    };
    if (!(c->at.dropout.p >= 0 && c->at.dropout.p < 1))
        return ift_call_fail(c, why, "p is %g, must be in [0, 1)", (double)c->at.dropout.p);
    return ift_operands_check(c, want, 3, why);
}

/* Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) of BLOCKS
 * counters (first + i, stream, 0). Word j of block i goes to word[4 i + j]. */
static void philox(uint64_t first, uint32_t stream, const int32_t key[2],
                   uint32_t word[4 * BLOCKS]) {
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        c0[i] = (uint32_t)(first + (uint64_t)i);
        c1[i] = (uint32_t)((first + (uint64_t)i) >> 32);
        c2[i] = stream;
        c3[i] = 0;
    }
    uint32_t k0 = (uint32_t)key[0], k1 = (uint32_t)key[1];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            const uint64_t a = (uint64_t)c0[i] * 0xD2511F53u, b = (uint64_t)c2[i] * 0xCD9E8D57u;
            c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
            c1[i] = (uint32_t)b;
            c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
            c3[i] = (uint32_t)a;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < BLOCKS; i++) {
        word[4 * i] = c0[i];
        word[4 * i + 1] = c1[i];
        word[4 * i + 2] = c2[i];
        word[4 * i + 3] = c3[i];
    }
}

/* Elements are numbered row by row without gaps; element e takes word e % 4 of block e / 4. */
static void span(const struct ift_call *c, const float *x, float *y, int64_t element, int64_t n) {
    const double p = (double)c->at.dropout.p;
    const uint32_t threshold = (uint32_t)(p * 4294967296.0);
    const float scale = (float)(1 / (1 - p));
    uint32_t word[4 * BLOCKS];
    for (int64_t i = 0; i < n;) {
        const int64_t first = (element + i) / 4, skip = (element + i) % 4;
        const int64_t take = n - i < 4 * BLOCKS - skip ? n - i : 4 * BLOCKS - skip;
        philox((uint64_t)first, c->at.dropout.stream, ift_i32(&c->in[1]), word);
        for (int64_t j = 0; j < take; j++)
            y[i + j] = word[skip + j] >= threshold ? x[i + j] * scale : 0;
        i += take;
    }
}

static struct ift_walk walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->out[0]};
    return ift_walk_of(o, 2);
}

static void pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_walk w = walk(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        span(c, ift_f32(&c->in[0]) + ift_piece_at(&c->in[0], p),
             ift_f32(&c->out[0]) + ift_piece_at(&c->out[0], p), p.row * w.width + p.col, p.n);
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, walk(c).pieces, 1, pieces, c);
}

const struct ift_cpu_op IFT_ISA(dropout) = {check, NULL, run};
