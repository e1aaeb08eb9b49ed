#include "libcore/io/parquet_values.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

/* Encoding of parquet.thrift. */
enum {
    PLAIN = 0,
    PLAIN_DICTIONARY = 2,
    RLE = 3,
    DELTA_BINARY_PACKED = 5,
    DELTA_LENGTH_BYTE_ARRAY = 6,
    DELTA_BYTE_ARRAY = 7,
    RLE_DICTIONARY = 8,
    BYTE_STREAM_SPLIT = 9,
};

static uint32_t four(const unsigned char *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct ift_slice slice(const unsigned char *p, size_t n) {
    return (struct ift_slice){(const char *)p, n};
}

/* Bytes of a value, 0 when they differ from one to the next. */
static size_t width_of(const struct ift_parquet_element *type) {
    static const unsigned char widths[] = {1, 4, 8, 12, 4, 8, 0};
    return type->physical == IFT_PARQUET_FIXED ? (size_t)type->width : widths[type->physical];
}

/* ---- PLAIN ---- */

static bool next_fixed(struct ift_parquet_values *v, struct ift_slice *value) {
    if (v->width > (size_t)(v->end - v->p)) return false;
    *value = slice(v->p, v->width);
    v->p += v->width;
    return true;
}

static bool next_bytes(struct ift_parquet_values *v, struct ift_slice *value) {
    if (v->end - v->p < 4) return false;
    const size_t n = four(v->p);
    v->p += 4;
    if (n > (size_t)(v->end - v->p)) return false;
    *value = slice(v->p, n);
    v->p += n;
    return true;
}

static bool next_bit(struct ift_parquet_values *v, struct ift_slice *value) {
    if (v->at / 8 >= (size_t)(v->end - v->p)) return false;
    v->scratch[0] = v->p[v->at / 8] >> v->at % 8 & 1;
    v->at++;
    *value = slice(v->scratch, 1);
    return true;
}

/* ---- runs ---- */

static bool next_of_runs(struct ift_parquet_values *v, uint32_t *value) {
    if (v->taken == v->nbatch) {
        v->nbatch = ift_parquet_runs_read(&v->runs, v->batch, IFT_PARQUET_BATCH);
        v->taken = 0;
        if (v->nbatch == 0) return false;
    }
    *value = v->batch[v->taken++];
    return true;
}

static bool next_of_dictionary(struct ift_parquet_values *v, struct ift_slice *value) {
    uint32_t i;
    if (!next_of_runs(v, &i) || i >= v->dictionary->n) return false;
    *value = v->dictionary->value[i];
    return true;
}

static bool next_run_bit(struct ift_parquet_values *v, struct ift_slice *value) {
    uint32_t bit;
    if (!next_of_runs(v, &bit)) return false;
    v->scratch[0] = (unsigned char)bit;
    *value = slice(v->scratch, 1);
    return true;
}

/* The width of the indexes is the page's first byte. */
static bool begin_indexes(struct ift_parquet_values *v) {
    v->next = next_of_dictionary;
    if (v->p == v->end) return true; /* all are null */
    if (*v->p > 32) return false;
    ift_parquet_runs_begin(&v->runs, v->p + 1, (size_t)(v->end - v->p) - 1, *v->p);
    return true;
}

/* Booleans: their length comes first. */
static bool begin_run_bits(struct ift_parquet_values *v) {
    v->next = next_run_bit;
    if (v->p == v->end) return true;
    if (v->end - v->p < 4 || four(v->p) > (size_t)(v->end - v->p) - 4) return false;
    ift_parquet_runs_begin(&v->runs, v->p + 4, four(v->p), 1);
    return true;
}

/* ---- differences ---- */

static bool next_delta(struct ift_parquet_values *v, struct ift_slice *value) {
    int64_t x;
    if (!ift_parquet_delta_next(&v->delta, &x)) return false;
    for (size_t i = 0; i < v->width; i++) v->scratch[i] = (unsigned char)((uint64_t)x >> 8 * i);
    *value = slice(v->scratch, v->width);
    return true;
}

static bool next_delta_length(struct ift_parquet_values *v, struct ift_slice *value) {
    int64_t n;
    if (!ift_parquet_delta_next(&v->delta, &n)) return false;
    if (n < 0 || n > v->end - v->p) return false;
    *value = slice(v->p, (size_t)n);
    v->p += n;
    return true;
}

/* A value begins as the one before. */
static bool next_delta_bytes(struct ift_parquet_values *v, struct ift_slice *value) {
    int64_t shared;
    struct ift_slice suffix;
    if (!ift_parquet_delta_next(&v->shared, &shared) || !next_delta_length(v, &suffix))
        return false;
    if (shared < 0 || (uint64_t)shared > v->before.n) return false;
    v->before.n = (size_t)shared;
    ift_str_add(&v->before, suffix.p, suffix.n);
    *value = ift_str_slice(&v->before);
    return v->width == 0 || value->n == v->width;
}

static bool begin_lengths(struct ift_parquet_values *v, struct ift_parquet_delta *lengths) {
    if (!ift_parquet_delta_begin(lengths, v->p, (size_t)(v->end - v->p))) return false;
    v->p = ift_parquet_delta_end(lengths);
    return v->p != NULL;
}

static bool begin_delta_length(struct ift_parquet_values *v) {
    v->next = next_delta_length;
    return v->p == v->end || begin_lengths(v, &v->delta);
}

static bool begin_delta_bytes(struct ift_parquet_values *v) {
    ift_str_clear(&v->before);
    v->next = next_delta_bytes;
    return v->p == v->end || (begin_lengths(v, &v->shared) && begin_lengths(v, &v->delta));
}

/* ---- BYTE_STREAM_SPLIT: all first bytes, all second bytes … ---- */

static bool next_split(struct ift_parquet_values *v, struct ift_slice *value) {
    const size_t n = (size_t)(v->end - v->p) / v->width;
    if (v->at == n) return false;
    char *const to = ift_str_reserve(&v->before, v->width);
    for (size_t i = 0; i < v->width; i++) to[i] = (char)v->p[i * n + v->at];
    v->at++;
    *value = (struct ift_slice){to, v->width};
    return true;
}

/* ---- pages ---- */

static const char *encoding_name(int64_t encoding) {
    static const char *const names[] = {
        "PLAIN",          "GROUP_VAR_INT",       "PLAIN_DICTIONARY",        "RLE",
        "BIT_PACKED",     "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
        "RLE_DICTIONARY", "BYTE_STREAM_SPLIT",
    };
    const size_t n = sizeof names / sizeof *names;
    return encoding >= 0 && (uint64_t)encoding < n ? names[encoding] : "of a later version";
}

/* 1 when the encoding can be used for the type and begins right, 0 when it cannot be used, -1. */
static int begin(struct ift_parquet_values *v, int64_t encoding) {
    const enum ift_parquet_physical p = v->type->physical;
    bool fits = true, right = true;
    if (encoding == PLAIN) {
        v->next = p == IFT_PARQUET_BOOLEAN ? next_bit : v->width ? next_fixed : next_bytes;
    } else if (encoding == PLAIN_DICTIONARY || encoding == RLE_DICTIONARY) {
        right = begin_indexes(v);
    } else if (encoding == RLE) {
        fits = p == IFT_PARQUET_BOOLEAN;
        right = begin_run_bits(v);
    } else if (encoding == DELTA_BINARY_PACKED) {
        v->next = next_delta;
        fits = p == IFT_PARQUET_INT32 || p == IFT_PARQUET_INT64;
        right = v->p == v->end || ift_parquet_delta_begin(&v->delta, v->p, (size_t)(v->end - v->p));
    } else if (encoding == DELTA_LENGTH_BYTE_ARRAY) {
        fits = p == IFT_PARQUET_BYTES;
        right = begin_delta_length(v);
    } else if (encoding == DELTA_BYTE_ARRAY) {
        fits = p == IFT_PARQUET_BYTES || p == IFT_PARQUET_FIXED;
        right = begin_delta_bytes(v);
    } else if (encoding == BYTE_STREAM_SPLIT) {
        v->next = next_split;
        ift_str_clear(&v->before);
        fits = p != IFT_PARQUET_BOOLEAN && p != IFT_PARQUET_INT96 && p != IFT_PARQUET_BYTES;
    } else {
        fits = false;
    }
    return !fits ? 0 : right ? 1 : -1;
}

int ift_parquet_values_begin(struct ift_parquet_values *v, const struct ift_parquet_element *type,
                             const struct ift_parquet_dictionary *dictionary, int64_t encoding,
                             struct ift_slice page, struct ift_err *err) {
    v->type = type;
    v->dictionary = dictionary;
    v->width = width_of(type);
    v->p = (const unsigned char *)page.p;
    v->end = v->p + page.n;
    v->at = v->taken = v->nbatch = 0;
    v->runs.left = 0;
    v->runs.p = v->runs.end = v->p;
    v->delta.left = v->shared.left = 0;
    const int can = begin(v, encoding);
    if (can == 1) return 0;
    return IFT_FAIL(err,
                    can == 0 ? "values encoded as %s, which cannot be read"
                             : "damaged: values that are no %s",
                    encoding_name(encoding));
}

void ift_parquet_values_release(struct ift_parquet_values *v) {
    ift_str_release(&v->before);
}

/* ---- dictionaries ---- */

int ift_parquet_dictionary_begin(struct ift_parquet_dictionary *d,
                                 const struct ift_parquet_element *type, struct ift_slice page,
                                 size_t count, struct ift_err *err) {
    struct ift_parquet_values v = {.width = width_of(type)};
    v.p = (const unsigned char *)page.p;
    v.end = v.p + page.n;
    d->n = 0;
    bool right = type->physical != IFT_PARQUET_BOOLEAN && count <= page.n / (v.width ? v.width : 4);
    if (right) d->value = ift_grow(d->value, count, &d->cap, sizeof *d->value);
    for (size_t i = 0; i < count && right; i++)
        right = v.width ? next_fixed(&v, &d->value[i]) : next_bytes(&v, &d->value[i]);
    if (!right) return IFT_FAIL(err, "damaged: its dictionary is shorter than it says");
    d->n = count;
    return 0;
}

void ift_parquet_dictionary_release(struct ift_parquet_dictionary *d) {
    free(d->value);
    *d = (struct ift_parquet_dictionary){0};
}
