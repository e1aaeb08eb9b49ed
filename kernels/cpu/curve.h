/* curve.h: the activations, their values and their slopes, for the ops that apply one.
 *
 * Adding one: its row in enum ift_act, its function here with a case in ift_curve_of and
 * CURVE_SWITCH, and its formula in tests/ops/test_layers.c and tests/unit/graph_f64.h.
 */
#ifndef IFT_CURVE_H
#define IFT_CURVE_H

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/vec.h"

/* The value and the slope of an activation. */
struct curve {
    vf y, dy;
};

INLINE struct curve curve_silu(vf x) {
    const vf s = 1.0f / (1.0f + vf_exp(-x));
    return (struct curve){x * s, s * (1.0f + x * (1.0f - s))};
}

/* 0.5 x (1 + tanh u) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3). */
INLINE struct curve curve_gelu_tanh(vf x) {
    const float a = 0.7978845608f, b = 0.044715f;
    const vf s = 1.0f / (1.0f + vf_exp(-2.0f * a * (x + b * x * x * x)));
    return (struct curve){x * s, s + x * s * (1.0f - s) * (2.0f * a * (1.0f + 3.0f * b * x * x))};
}

/* x Phi(x); Phi by way of erfc, which keeps its digits far out on the negative side. */
INLINE struct curve curve_gelu(vf x) {
    const vi negative = x < 0.0f;
    const vf z = vf_select(negative, -x, x) * 0.70710678f;
    const vf tail = 0.5f * vf_erfc(z), phi = vf_select(negative, tail, 1.0f - tail);
    return (struct curve){x * phi, phi + x * 0.39894228f * vf_exp(-0.5f * x * x)};
}

INLINE struct curve curve_relu(vf x) {
    const vi positive = x > 0.0f;
    return (struct curve){vf_select(positive, x, vf_set(0)),
                          vf_select(positive, vf_set(1), vf_set(0))};
}

/* Near 0 an odd polynomial, minimax of degree 11, which keeps the digits that 1 - 2 / (e^2x + 1)
 * would lose there. */
INLINE struct curve curve_tanh(vf x) {
    const vf z = x * x, far = 1.0f - 2.0f / (1.0f + vf_exp(2.0f * x));
    vf p = vf_set(-0.005704987f);
    p = p * z + 0.020639086f;
    p = p * z + -0.053739715f;
    p = p * z + 0.13331442f;
    p = p * z + -0.3333328f;
    const vf y = vf_select(z < 0.625f * 0.625f, x + x * (z * p), far);
    return (struct curve){y, 1.0f - y * y};
}

INLINE struct curve ift_curve_of(enum ift_act act, vf x) {
    switch (act) {
    case IFT_ACT_SILU:
        return curve_silu(x);
    case IFT_ACT_GELU_TANH:
        return curve_gelu_tanh(x);
    case IFT_ACT_GELU:
        return curve_gelu(x);
    case IFT_ACT_TANH:
        return curve_tanh(x);
    default:
        return curve_relu(x);
    }
}

static inline int ift_curve_check(const struct ift_call *c, char *why) {
    if ((unsigned)c->at.act.act > IFT_ACT_TANH)
        return ift_call_fail(c, why, "no activation %d", c->at.act.act);
    return 0;
}

/* EACH(act) with a constant for the call's activation, so that each has a loop of its own. */
#define CURVE_SWITCH(act, EACH)                                                                    \
    switch (act) {                                                                                 \
    case IFT_ACT_SILU:                                                                             \
        EACH(IFT_ACT_SILU);                                                                        \
        break;                                                                                     \
    case IFT_ACT_GELU_TANH:                                                                        \
        EACH(IFT_ACT_GELU_TANH);                                                                   \
        break;                                                                                     \
    case IFT_ACT_GELU:                                                                             \
        EACH(IFT_ACT_GELU);                                                                        \
        break;                                                                                     \
    case IFT_ACT_RELU:                                                                             \
        EACH(IFT_ACT_RELU);                                                                        \
        break;                                                                                     \
    case IFT_ACT_TANH:                                                                             \
        EACH(IFT_ACT_TANH);                                                                        \
        break;                                                                                     \
    }

#endif
