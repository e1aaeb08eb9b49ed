#include "libcore/io/decimal.h"

#include <stdlib.h>

struct ift_decimal ift_decimal_of(const char *text) {
    struct ift_decimal d = {.minus = text[0] == '-'};
    const char *p = text + d.minus;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9') d.digit[d.n++] = *p;
    d.exponent = (int)strtol(p + 1, NULL, 10);
    while (d.n > 1 && d.digit[d.n - 1] == '0') d.n--;
    return d;
}

void ift_decimal_write(struct ift_str *out, const struct ift_decimal *d, int most, bool point) {
    if (d->minus) ift_str_addc(out, '-');
    if (d->exponent < -4 || d->exponent > most) {
        ift_str_addc(out, d->digit[0]);
        if (d->n > 1) ift_str_addc(out, '.');
        ift_str_add(out, d->digit + 1, (size_t)d->n - 1);
        ift_str_addf(out, "e%c%02d", d->exponent < 0 ? '-' : '+', abs(d->exponent));
        return;
    }
    if (d->exponent < 0) ift_str_adds(out, "0.");
    for (int i = d->exponent; i < -1; i++) ift_str_addc(out, '0');
    for (int i = 0; i < d->n || i <= d->exponent + point; i++) {
        if (i == d->exponent + 1 && d->exponent >= 0) ift_str_addc(out, '.');
        ift_str_addc(out, i < d->n ? d->digit[i] : '0');
    }
}
