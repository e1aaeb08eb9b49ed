#include "libcore/model/rope_table.h"

#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"

/* Long waves are stretched by `factor`, short ones kept, those between blended
 * (modeling_rope_utils.py, _compute_llama3_parameters). */
static float llama3(const struct ift_rope *r, float f) {
    const float length = (float)r->original_max_positions, factor = (float)r->factor;
    const float low = (float)r->low_freq_factor, high = (float)r->high_freq_factor;
    const float wave = (float)(2 * M_PI) / f;
    if (wave < (float)((double)r->original_max_positions / r->high_freq_factor)) return f;
    if (wave > (float)((double)r->original_max_positions / r->low_freq_factor)) return f / factor;
    const float smooth = (length / wave - low) / (high - low);
    return (1 - smooth) * f / factor + smooth * f;
}

void ift_rope_table_frequencies(const struct ift_rope *r, float *freq) {
    for (int64_t i = 0; i < r->dims / 2; i++) {
        const float exponent = (float)(2 * i) / (float)r->dims;
        const float f = 1.0f / (float)pow((double)(float)r->theta, (double)exponent);
        freq[i] = r->kind == IFT_ROPE_LLAMA3 ? llama3(r, f) : f;
    }
}

void ift_rope_table_fill(const struct ift_rope *r, int64_t positions, float *table) {
    const int64_t half = r->dims / 2;
    float *const freq = ift_alloc((size_t)half * sizeof *freq);
    ift_rope_table_frequencies(r, freq);
    for (int64_t p = 0; p < positions; p++) {
        for (int64_t i = 0; i < half; i++) {
            const double angle = (double)((float)p * freq[i]);
            *table++ = (float)cos(angle);
            *table++ = (float)sin(angle);
        }
    }
    free(freq);
}
