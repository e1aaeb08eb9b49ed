/* jq_numbers.h: numbers in the text of a jq program. Private to jq.
 */
#ifndef IFT_JQ_NUMBERS_H
#define IFT_JQ_NUMBERS_H

#include "libcore/base/str.h"

/* Appends the program so that its numbers are doubles to every libjq. From 1.7 on one keeps the
 * digits of what is written in a program, so that `1.0 | tostring` is "1.0" there and "1" before;
 * of the product in (1.0*1) none does. Numbers that are written as they print, which is nearly all,
 * stay as they are. */
void ift_jq_numbers(struct ift_str *out, const char *program);

#endif
