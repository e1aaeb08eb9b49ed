#include "libcore/train/schedule.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const char *const ift_schedule_names[] = {"linear", "cosine", "constant", NULL};

static double at_least_1(long long n) {
    return n > 1 ? (double)n : 1;
}

/* Operations in the order of the original, so that the doubles are the same. */
double ift_schedule_lr(const struct ift_schedule *s, long long k) {
    if (k < s->warmup) return s->lr * ((double)k / at_least_1(s->warmup));
    const double left = (double)(s->total - k), span = at_least_1(s->total - s->warmup);
    if (strcmp(s->name, "linear") == 0) return s->lr * fmax(0, left / span);
    if (strcmp(s->name, "cosine") == 0) {
        const double u = (double)(k - s->warmup) / span;
        return s->lr * fmax(0, 0.5 * (1 + cos(M_PI * 0.5 * 2 * u)));
    }
    return s->lr;
}

long long ift_schedule_warmup(double asked, long long total) {
    return asked >= 1 ? (long long)asked : (long long)ceil((double)total * asked);
}
