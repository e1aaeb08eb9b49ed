/* decimal.h: a number as its decimal digits, between printf's and the spelling that is wanted. */
#ifndef IFT_DECIMAL_H
#define IFT_DECIMAL_H

#include <stdbool.h>

#include "libcore/base/str.h"

/* d.ddd x 10^exponent, without zeros at the end. */
struct ift_decimal {
    bool minus;
    char digit[20];
    int n, exponent;
};

/* What printf wrote by %.*e, of 17 significant digits at most. */
struct ift_decimal ift_decimal_of(const char *text);

/* Appends it, as 1.5e+20 where the exponent is below -4 or above `most`, else as 150 or 0.0015;
 * point: a whole number ends in ".0", as Python writes it, and not bare, as jq does. */
void ift_decimal_write(struct ift_str *out, const struct ift_decimal *d, int most, bool point);

#endif
