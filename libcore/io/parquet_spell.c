#include "libcore/io/parquet_spell.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/io/decimal.h"
#include "libcore/io/json.h"
#include "libcore/io/utf8.h"

static const int64_t second_ns = 1000000000, day_s = 86400;

/* The value's bytes as an integer of that many, lowest first; `sign` fills up the rest. */
static int64_t integer(struct ift_slice value, bool sign) {
    uint64_t x = 0;
    for (size_t i = 0; i < value.n; i++) x |= (uint64_t)(unsigned char)value.p[i] << 8 * i;
    if (sign && value.n == 4) x = (uint64_t)(int64_t)(int32_t)x;
    return (int64_t)x;
}

static void add_digits(struct ift_str *out, uint64_t x) {
    char text[20], *p = text + sizeof text;
    do {
        *--p = (char)('0' + x % 10);
        x /= 10;
    } while (x);
    ift_str_add(out, p, (size_t)(text + sizeof text - p));
}

static void add_integer(struct ift_str *out, int64_t x) {
    if (x < 0) ift_str_addc(out, '-');
    add_digits(out, x < 0 ? -(uint64_t)x : (uint64_t)x);
}

static const char *spell_text(struct ift_str *out, struct ift_slice value) {
    const bool right = ift_utf8_check(value.p, value.n) == value.n;
    ift_json_quote(out, value.p, value.n);
    return right ? NULL : "not UTF-8";
}

/* ---- floating point ---- */

/* Whether x, rounded to the width of value, is value. */
static bool reads_back(double x, double value, enum ift_parquet_meaning meaning, size_t width) {
    if (width == 8) return x == value;
    if (width == 4 && meaning != IFT_PARQUET_FLOAT16) return (float)x == (float)value;
    /* Eleven bits, fewer below 2^-14; the neighbour below a power of two is nearer than the others.
     * Halfway between two it is the even one. */
    int exponent;
    const bool power = fabs(frexp(value, &exponent)) == 0.5 && exponent > -13;
    const double step = ldexp(1, (exponent < -13 ? -13 : exponent) - 11);
    const double limit = power && fabs(x) < fabs(value) ? step / 4 : step / 2;
    const double away = fabs(x - value);
    return away < limit || (away == limit && fmod(value / step, 2) == 0);
}

static void spell_finite(struct ift_str *out, double value, enum ift_parquet_meaning meaning,
                         size_t width) {
    const double exact = width == 8   ? 1e15
                         : width == 4 ? 1 << 24
                                      : 1 << 11; /* all integers below */
    if (fabs(value) < exact && value == floor(value)) {
        if (signbit(value)) ift_str_addc(out, '-');
        add_digits(out, (uint64_t)fabs(value));
        ift_str_adds(out, ".0");
        return;
    }
    char text[32];
    for (int precision = width == 8 ? 15 : 1; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, value);
        if (reads_back(strtod(text, NULL), value, meaning, width)) break;
    }
    /* A double that few digits tell has zeros behind them, unless it is too small for its own. */
    for (int precision = 1; fabs(value) < 1e-300 && precision < 15; precision++) {
        char fewer[32];
        snprintf(fewer, sizeof fewer, "%.*e", precision - 1, value);
        if (strtod(fewer, NULL) != value) continue;
        memcpy(text, fewer, sizeof text);
        break;
    }
    const struct ift_decimal d = ift_decimal_of(text);
    ift_decimal_write(out, &d, 15, true);
}

static double half(struct ift_slice value) {
    const unsigned x = (unsigned)integer(value, false);
    const int exponent = (int)(x >> 10 & 31), mantissa = (int)(x & 1023);
    const double sign = x >> 15 ? -1 : 1;
    if (exponent == 31) return mantissa ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24));
}

static const char *spell_float(struct ift_str *out, const struct ift_parquet_element *type,
                               struct ift_slice value) {
    double x;
    if (type->meaning == IFT_PARQUET_FLOAT16) {
        x = half(value);
    } else {
        const uint64_t bits = (uint64_t)integer(value, false);
        const uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        memcpy(&x, &bits, sizeof x);
        if (value.n == 4) x = f;
    }
    if (isnan(x)) {
        ift_str_adds(out, "null");
    } else if (isinf(x)) {
        ift_str_adds(out, x > 0 ? "Infinity" : "-Infinity");
        return "an infinity, for which JSON has no number";
    } else {
        spell_finite(out, x, type->meaning, value.n);
    }
    return NULL;
}

/* ---- decimals ---- */

/* Integers lie lowest byte first, byte arrays highest first, two's complement both. */
static const char *spell_decimal(struct ift_str *out, const struct ift_parquet_element *type,
                                 struct ift_slice value) {
    enum { BYTES = 64, DIGITS = 155 };
    const bool reversed =
        type->physical == IFT_PARQUET_INT32 || type->physical == IFT_PARQUET_INT64;
    unsigned char x[BYTES];
    if (value.n == 0 || value.n > BYTES) return "a decimal of more than 64 bytes, or of none";
    for (size_t i = 0; i < value.n; i++)
        x[i] = (unsigned char)value.p[reversed ? value.n - 1 - i : i];
    const bool negative = x[0] & 0x80;
    unsigned carry = negative;
    for (size_t i = value.n; negative && i-- > 0; carry >>= 8) {
        carry += (unsigned char)~x[i];
        x[i] = (unsigned char)carry;
    }
    char text[DIGITS + 1], *p = text + sizeof text;
    size_t first = 0; /* bytes before it are 0 by now */
    for (size_t digits = 0; digits <= (size_t)type->scale || first < value.n; digits++) {
        unsigned rest = 0;
        for (size_t i = first; i < value.n; i++) {
            rest = rest << 8 | x[i];
            x[i] = (unsigned char)(rest / 10);
            rest %= 10;
        }
        *--p = (char)('0' + rest);
        while (first < value.n && x[first] == 0) first++;
    }
    const size_t n = (size_t)(text + sizeof text - p), scale = (size_t)type->scale;
    if (negative) ift_str_addc(out, '-');
    ift_str_add(out, p, n - scale);
    if (scale) ift_str_addc(out, '.');
    ift_str_add(out, p + n - scale, scale);
    return NULL;
}

/* ---- dates and times ---- */

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* The proleptic Gregorian calendar, whose 400 years have 146097 days, counted from March. */
static void add_date(struct ift_str *out, int64_t days) {
    const int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    const int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    const int64_t year = yoe + era * 400 + (month <= 2);
    ift_str_addf(out, year < 0 ? "%05" PRId64 : year > 9999 ? "+%" PRId64 : "%04" PRId64, year);
    ift_str_addf(out, "-%02d-%02d", (int)month, (int)day);
}

static void add_time(struct ift_str *out, int64_t seconds, int64_t ns) {
    ift_str_addf(out, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                 (int)(seconds % 60));
    if (ns == 0) return;
    if (ns % 1000000 == 0)
        ift_str_addf(out, ".%03d", (int)(ns / 1000000));
    else if (ns % 1000 == 0)
        ift_str_addf(out, ".%06d", (int)(ns / 1000));
    else
        ift_str_addf(out, ".%09d", (int)ns);
}

static void add_timestamp(struct ift_str *out, int64_t seconds, int64_t ns, bool utc) {
    const int64_t days = floor_div(seconds, day_s);
    ift_str_addc(out, '"');
    add_date(out, days);
    ift_str_addc(out, 'T');
    add_time(out, seconds - days * day_s, ns);
    ift_str_adds(out, utc ? "Z\"" : "\"");
}

/* How many of its units make a second. */
static int64_t units(const struct ift_parquet_element *type) {
    return type->digits == 3 ? 1000 : type->digits == 6 ? 1000000 : second_ns;
}

static const char *spell_timestamp(struct ift_str *out, const struct ift_parquet_element *type,
                                   struct ift_slice value) {
    const int64_t x = integer(value, true), per = units(type), seconds = floor_div(x, per);
    add_timestamp(out, seconds, (x - seconds * per) * (second_ns / per), type->utc);
    return NULL;
}

static const char *spell_time(struct ift_str *out, const struct ift_parquet_element *type,
                              struct ift_slice value) {
    const int64_t x = integer(value, true), per = units(type);
    if (x < 0 || x / per >= day_s) {
        add_integer(out, x);
        return "a time of day that no day has";
    }
    ift_str_addc(out, '"');
    add_time(out, x / per, x % per * (second_ns / per));
    ift_str_addc(out, '"');
    return NULL;
}

/* Nanoseconds of a day, and the day's Julian number. */
static const char *spell_int96(struct ift_str *out, struct ift_slice value) {
    enum { JULIAN_1970 = 2440588 };
    const int64_t ns = integer((struct ift_slice){value.p, 8}, true);
    const int64_t day = integer((struct ift_slice){value.p + 8, 4}, true) - JULIAN_1970;
    const int64_t seconds = floor_div(ns, second_ns);
    add_timestamp(out, day * day_s + seconds, ns - seconds * second_ns, false);
    return NULL;
}

static const char *spell_uuid(struct ift_str *out, struct ift_slice value) {
    ift_str_addc(out, '"');
    for (size_t i = 0; i < value.n; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ift_str_addc(out, '-');
        ift_str_addf(out, "%02x", (unsigned char)value.p[i]);
    }
    ift_str_addc(out, '"');
    return NULL;
}

/* ---- any of them ---- */

static const char *spell_stored(struct ift_str *out, const struct ift_parquet_element *type,
                                struct ift_slice value) {
    switch (type->physical) {
    case IFT_PARQUET_BOOLEAN:
        ift_str_adds(out, value.p[0] ? "true" : "false");
        return NULL;
    case IFT_PARQUET_INT32:
    case IFT_PARQUET_INT64:
        add_integer(out, integer(value, true));
        return NULL;
    case IFT_PARQUET_INT96:
        return spell_int96(out, value);
    case IFT_PARQUET_FLOAT:
    case IFT_PARQUET_DOUBLE:
        return spell_float(out, type, value);
    default:
        return spell_text(out, value);
    }
}

const char *ift_parquet_spell(struct ift_str *out, const struct ift_parquet_element *type,
                              struct ift_slice value) {
    switch (type->meaning) {
    case IFT_PARQUET_STRING:
        return spell_text(out, value);
    case IFT_PARQUET_DECIMAL:
        return spell_decimal(out, type, value);
    case IFT_PARQUET_DATE:
        ift_str_addc(out, '"');
        add_date(out, integer(value, true));
        ift_str_addc(out, '"');
        return NULL;
    case IFT_PARQUET_TIME:
        return spell_time(out, type, value);
    case IFT_PARQUET_TIMESTAMP:
        return spell_timestamp(out, type, value);
    case IFT_PARQUET_UNSIGNED:
        add_digits(out, (uint64_t)integer(value, false));
        return NULL;
    case IFT_PARQUET_NULL:
        ift_str_adds(out, "null");
        return NULL;
    case IFT_PARQUET_UUID:
        return spell_uuid(out, value);
    case IFT_PARQUET_FLOAT16:
        return spell_float(out, type, value);
    default:
        return spell_stored(out, type, value);
    }
}
