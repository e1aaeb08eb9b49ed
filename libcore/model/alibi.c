#include "libcore/model/alibi.h"

#include <math.h>

void ift_alibi_slopes(int64_t heads, float *slope) {
    int64_t below = 1;
    while (2 * below <= heads) below *= 2;
    for (int64_t h = 0; h < heads; h++) {
        const double power = h < below ? (double)(h + 1) / (double)below
                                       : (double)(2 * (h - below) + 1) / (double)(2 * below);
        slope[h] = (float)exp2(-8 * power);
    }
}
