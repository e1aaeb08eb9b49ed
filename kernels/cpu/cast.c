#include "kernels/cpu/cpu.h"

static bool is_float(enum ift_dtype t) {
    return t == IFT_F32 || t == IFT_F16 || t == IFT_BF16 || t == IFT_F64;
}

static int check(const struct ift_call *c, char *why) {
    const struct ift_operand *x = &c->in[0];
    if (!is_float(x->dtype) || !is_float(c->out[0].dtype))
        return ift_call_fail(c, why, "only f32, f16, bf16 and f64 are cast");
    const struct ift_want want[] = {
        ift_want_like(x, "x", x->dtype, IFT_READS, x),
        ift_want_like(&c->out[0], "y", c->out[0].dtype, IFT_WRITES, x),
    };
    return ift_operands_check(c, want, 2, why);
}

static inline uint32_t bits_of(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}
static inline float float_of(uint32_t u) {
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* Written without branches, so that the loops below vectorise. */
static inline uint32_t pick(uint32_t mask, uint32_t a, uint32_t b) {
    return (mask & a) | (~mask & b);
}
static inline uint32_t mask_of(bool b) {
    return 0u - (uint32_t)b;
}

static inline float from_bf16(uint16_t h) {
    return float_of((uint32_t)h << 16);
}
static inline uint16_t to_bf16(float f) {
    const uint32_t u = bits_of(f), rounded = (u + 0x7FFFu + (u >> 16 & 1)) >> 16;
    const uint32_t nan = mask_of((u & 0x7FFFFFFFu) > 0x7F800000u);
    return (uint16_t)pick(nan, u >> 16 | 0x40u, rounded);
}

/* Shifted into place, a half is a float 2^112 too small; subnormals come out right by an exact
 * subtraction. */
static inline float from_f16(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, body = (uint32_t)(h & 0x7FFFu) << 13;
    const uint32_t normal = body + (112u << 23), special = body | 0x7F800000u;
    const uint32_t small = bits_of(float_of(body + (113u << 23)) - float_of(113u << 23));
    uint32_t u = pick(mask_of(body < 1u << 23), small, normal);
    u = pick(mask_of(body >= 0x1Fu << 23), special, u);
    return float_of(sign | u);
}
/* Subnormal halves are rounded by adding 0.5, which puts their last place where a float's is. */
static inline uint16_t to_f16(float f) {
    const uint32_t u = bits_of(f) & 0x7FFFFFFFu, sign = bits_of(f) >> 16 & 0x8000u;
    const uint32_t normal = (u - (112u << 23) + 0xFFFu + (u >> 13 & 1)) >> 13;
    const uint32_t small = bits_of(float_of(u) + 0.5f) - bits_of(0.5f);
    uint32_t h = pick(mask_of(u < 113u << 23), small, normal);
    h = pick(mask_of(u >= 143u << 23), 0x7C00u, h);
    h = pick(mask_of(u > 0x7F800000u), 0x7E00u | (u >> 13 & 0x1FFu), h);
    return (uint16_t)(sign | h);
}

/* Rounding twice would be wrong half way between two results. Rounded to odd first, a double keeps
 * in the float's last bit that there was more, and the second rounding is right. */
static inline float to_odd(double d) {
    const float f = (float)d;
    const double back = (double)f;
    uint32_t u = bits_of(f);
    if (back == d || d != d || (u & 1)) return f;
    u += __builtin_fabs(back) > __builtin_fabs(d) ? ~0u : 1u;
    return float_of(u);
}

#define LOOP(S, D, convert)                                                                        \
    do {                                                                                           \
        const S *restrict from = src;                                                              \
        D *restrict to = dst;                                                                      \
        for (int64_t i = 0; i < n; i++) to[i] = (D)convert(from[i]);                               \
    } while (0)

static void from_f32_span(const void *src, void *dst, enum ift_dtype to_type, int64_t n) {
    switch (to_type) {
    case IFT_F16:
        LOOP(float, uint16_t, to_f16);
        break;
    case IFT_BF16:
        LOOP(float, uint16_t, to_bf16);
        break;
    default:
        LOOP(float, double, );
        break;
    }
}

#define WIDEN_F16(h)   to_bf16(from_f16(h))
#define WIDEN_BF16(h)  to_f16(from_bf16(h))
#define NARROW_F16(d)  to_f16(to_odd(d))
#define NARROW_BF16(d) to_bf16(to_odd(d))

static void from_f16_span(const void *src, void *dst, enum ift_dtype to_type, int64_t n) {
    switch (to_type) {
    case IFT_F32:
        LOOP(uint16_t, float, from_f16);
        break;
    case IFT_BF16:
        LOOP(uint16_t, uint16_t, WIDEN_F16);
        break;
    default:
        LOOP(uint16_t, double, from_f16);
        break;
    }
}

static void from_bf16_span(const void *src, void *dst, enum ift_dtype to_type, int64_t n) {
    switch (to_type) {
    case IFT_F32:
        LOOP(uint16_t, float, from_bf16);
        break;
    case IFT_F16:
        LOOP(uint16_t, uint16_t, WIDEN_BF16);
        break;
    default:
        LOOP(uint16_t, double, from_bf16);
        break;
    }
}

static void from_f64_span(const void *src, void *dst, enum ift_dtype to_type, int64_t n) {
    switch (to_type) {
    case IFT_F32:
        LOOP(double, float, );
        break;
    case IFT_F16:
        LOOP(double, uint16_t, NARROW_F16);
        break;
    default:
        LOOP(double, uint16_t, NARROW_BF16);
        break;
    }
}

static void span(const void *src, enum ift_dtype from, void *dst, enum ift_dtype to, int64_t n) {
    if (from == to) {
        memmove(dst, src, (size_t)n * ift_dtype_size(to));
        return;
    }
    switch (from) {
    case IFT_F32:
        from_f32_span(src, dst, to, n);
        break;
    case IFT_F16:
        from_f16_span(src, dst, to, n);
        break;
    case IFT_BF16:
        from_bf16_span(src, dst, to, n);
        break;
    default:
        from_f64_span(src, dst, to, n);
        break;
    }
}

static struct ift_walk walk(const struct ift_call *c) {
    const struct ift_operand *const o[] = {&c->in[0], &c->out[0]};
    return ift_walk_of(o, 2);
}

static void pieces(const void *ctx, int64_t begin, int64_t end, int thread) {
    (void)thread;
    const struct ift_call *c = ctx;
    const struct ift_operand *x = &c->in[0], *y = &c->out[0];
    const struct ift_walk w = walk(c);
    for (int64_t t = begin; t < end; t++) {
        const struct ift_piece p = ift_walk_piece(&w, t);
        span((const char *)ift_data(x) + (size_t)ift_piece_at(x, p) * ift_dtype_size(x->dtype),
             x->dtype, (char *)ift_data(y) + (size_t)ift_piece_at(y, p) * ift_dtype_size(y->dtype),
             y->dtype, p.n);
    }
}

static void run(struct ift_team *team, const struct ift_call *c) {
    ift_team_each(team, walk(c).pieces, 1, pieces, c);
}

const struct ift_cpu_op IFT_ISA(cast) = {check, NULL, run};
