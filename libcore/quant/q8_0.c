#include "libcore/quant/q8_0.h"

#include <math.h>
#include <stdint.h>

#include "libcore/tensor/tensor.h"

static int8_t to_byte(float x) {
    const float r = roundf(x);
    return (int8_t)(r >= 127 ? 127 : r <= -127 ? -127 : r == r ? r : 0);
}

void ift_q8_0_encode(void *to, const float *from, size_t n) {
    char *block = to;
    for (size_t at = 0; at < n; at += IFT_Q8_0_NUMBERS, block += IFT_Q8_0_BYTES) {
        float most = 0;
        for (int i = 0; i < IFT_Q8_0_NUMBERS; i++) most = fmaxf(most, fabsf(from[at + i]));
        const float scale = most / 127, inverse = scale != 0 ? 1 / scale : 0;
        (void)!ift_from_f32(block, IFT_F16, &scale, 1, NULL); /* to f16 cannot fail */
        for (int i = 0; i < IFT_Q8_0_NUMBERS; i++)
            block[2 + i] = (char)to_byte(from[at + i] * inverse);
    }
}
