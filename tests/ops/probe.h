/* probe.h: gradients of ops held against finite differences of a loss in double. */
#ifndef PROBE_H
#define PROBE_H

#include "tests/ops/rig.h"

/* Compares grad with the central difference of `loss` by each element of x (or a sample of them).
 */
struct probe {
    double (*loss)(const struct probe *p);
    double *x[4];
    const double *weight; /* dy and what else the loss sums up with */
    int64_t n, ch;
    double eps;
    int act;
    const double *also;
    int64_t w; /* channels normed together */
    bool centred;
};

static inline void check_slope(struct rig *r, const char *what, const struct probe *p, int which,
                               int64_t count, const struct ten *grad, const double *before) {
    const double h = 1e-5;
    for (int t = 0; t < rig_places(r, 80) && t < 4 * count; t++) {
        const int64_t at = rig_below(r, count);
        double *x = p->x[which] + at;
        const double was = *x;
        *x = was + h;
        double slope = p->loss(p);
        *x = was - h;
        slope = (slope - p->loss(p)) / (2 * h) + (before ? before[at] : 0);
        *x = was;
        const double got = ten_get(grad, at);
        if (!rig_off(r, got, slope, 5e-6 * (1 + fabs(slope)))) continue;
        fprintf(stderr, "%s (%d, %d) at %d: ", what, (int)p->n, (int)p->ch, (int)at);
        CHECK_NEAR(got, slope, 5e-6 * (1 + fabs(slope)));
        return;
    }
}

#endif
