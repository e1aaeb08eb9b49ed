/* alibi.h: attention with linear biases (Press et al., 2021): in place of positions, each head
 * counts the distance of a key against it by a slope of its own.
 */
#ifndef IFT_ALIBI_H
#define IFT_ALIBI_H

#include <stdint.h>

/* slope (heads): a geometric sequence from 2^(-8/heads) on for a power of two; else that of the
 * power below, then every other one of the power above. */
void ift_alibi_slopes(int64_t heads, float *slope);

#endif
