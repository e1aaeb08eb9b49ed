/* q8_0.h: the blocks that GGUF calls Q8_0: 32 numbers as one f16 scale d and 32 signed bytes q,
 * number i being d q[i]. d is the largest absolute value / 127, q is rounded to the nearest by the
 * scale before that was rounded, halves away from zero: the reference of ggml-quants.c, bit for
 * bit.
 *
 * Another kind of block is a file like this one.
 */
#ifndef IFT_Q8_0_H
#define IFT_Q8_0_H

#include <stddef.h>

enum { IFT_Q8_0_NUMBERS = 32, IFT_Q8_0_BYTES = 34 };

/* n numbers, a multiple of 32, to n / 32 blocks at any address. Finite numbers only: what is not
 * becomes some byte. */
void ift_q8_0_encode(void *to, const float *from, size_t n);

#endif
