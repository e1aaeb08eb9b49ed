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

/* The channel whose wave turns `rotations` times over the original length. */
static double yarn_channel(const struct ift_rope *r, double rotations) {
    const double length = (double)r->original_max_positions;
    return (double)r->dims * log(length / (rotations * 2 * M_PI)) / (2 * log(r->theta));
}

/* Channels that turn often are kept, those that turn rarely stretched, in between a ramp over the
 * index (_compute_yarn_parameters). `period` is 1 / frequency. */
static float yarn(const struct ift_rope *r, int64_t i, float period) {
    double low = yarn_channel(r, r->beta_fast), high = yarn_channel(r, r->beta_slow);
    if (r->truncate) {
        low = floor(low);
        high = ceil(high);
    }
    low = fmax(low, 0);
    high = fmin(high, (double)r->dims - 1);
    if (low == high) high += 0.001;
    const float at = ((float)i - (float)low) / (float)(high - low);
    const float keep = 1 - fminf(fmaxf(at, 0), 1);
    return 1 / ((float)r->factor * period) * (1 - keep) + 1 / period * keep;
}

/* The base for a sequence of `length`: _compute_dynamic_ntk_parameters of transformers,
 * get_ntk_alpha of Qwen. */
static double base(const struct ift_rope *r, int64_t length) {
    if (length <= r->original_max_positions) return r->theta;
    const double ratio = (double)length / (double)r->original_max_positions;
    const double power = (double)r->dims / (double)(r->dims - 2);
    if (r->kind == IFT_ROPE_DYNAMIC)
        return r->theta * pow(r->factor * ratio - (r->factor - 1), power);
    if (r->kind == IFT_ROPE_STEPS)
        return r->theta * pow(fmax(pow(2, ceil(log2(ratio) + 1)) - 1, 1), power);
    return r->theta;
}

/* To the nearest number of f16, which has 11 bits, fewer below 2^-14. */
static float rounded_to_f16(float f) {
    int exponent;
    frexpf(f, &exponent);
    const int shift = 11 - (exponent > -13 ? exponent : -13);
    return ldexpf(rintf(ldexpf(f, shift)), -shift);
}

void ift_rope_table_frequencies(const struct ift_rope *r, int64_t length, float *freq) {
    const double theta = (double)(float)base(r, length);
    for (int64_t i = 0; i < r->dims / 2; i++) {
        const float exponent = (float)(2 * i) / (float)r->dims;
        const float period = (float)pow(theta, (double)exponent), f = 1.0f / period;
        freq[i] = r->kind == IFT_ROPE_LLAMA3   ? llama3(r, f)
                  : r->kind == IFT_ROPE_LINEAR ? f / (float)r->factor
                  : r->kind == IFT_ROPE_YARN   ? yarn(r, i, period)
                                               : f;
        if (r->f16_frequencies) freq[i] = rounded_to_f16(freq[i]);
    }
}

void ift_rope_table_row(const struct ift_rope *r, const float *freq, int64_t position, float *row) {
    const float scale = r->kind == IFT_ROPE_YARN ? (float)r->attention_factor : 1;
    for (int64_t i = 0; i < r->dims / 2; i++) {
        const double angle = (double)((float)position * freq[i]);
        row[2 * i] = (float)cos(angle) * scale;
        row[2 * i + 1] = (float)sin(angle) * scale;
    }
}

void ift_rope_table_fill(const struct ift_rope *r, int64_t positions, float *table) {
    float *const freq = ift_alloc((size_t)(r->dims / 2) * sizeof *freq);
    ift_rope_table_frequencies(r, 0, freq);
    for (int64_t p = 0; p < positions; p++) ift_rope_table_row(r, freq, p, table + p * r->dims);
    free(freq);
}
