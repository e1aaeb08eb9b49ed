/* rope_table.h: the table of rotary position embedding: what op ROPE turns channel pairs by.
 *
 * Frequencies, angles and their rescaling are computed in float32, in the order of transformers'
 * modeling_rope_utils.py; cosine and sine of the float32 angle are rounded once. So even far
 * positions, where one bit of a frequency shows, agree with models trained there.
 */
#ifndef IFT_ROPE_TABLE_H
#define IFT_ROPE_TABLE_H

#include "libcore/model/config.h"

/* Angle per position of each channel pair, freq (dims / 2), in a sequence of `length` positions;
 * the length matters only to kinds whose base grows with it, and 0 is a short one. */
void ift_rope_table_frequencies(const struct ift_rope *r, int64_t length, float *freq);

/* row (dims / 2, 2): cosine and sine of position * freq, times the kind's attention factor. */
void ift_rope_table_row(const struct ift_rope *r, const float *freq, int64_t position, float *row);

/* table (positions, dims / 2, 2): the rows of positions 0, 1, 2... of a short sequence. */
void ift_rope_table_fill(const struct ift_rope *r, int64_t positions, float *table);

#endif
