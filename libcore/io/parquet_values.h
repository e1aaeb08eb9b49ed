/* parquet_values.h: the values of a page, one after the other, whatever the encoding: PLAIN,
 * dictionary, RLE, the DELTA encodings, BYTE_STREAM_SPLIT (Encodings.md of parquet-format).
 *
 * A value is lent as its bytes in PLAIN form, until the next one: lowest byte first for numbers,
 * one byte for a boolean, the text itself for byte arrays.
 */
#ifndef IFT_PARQUET_VALUES_H
#define IFT_PARQUET_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/parquet_bits.h"
#include "libcore/io/parquet_meta.h"

enum { IFT_PARQUET_BATCH = 128 };

/* The values of a dictionary page, which borrow its bytes. A zeroed one is none at all. */
struct ift_parquet_dictionary {
    struct ift_slice *value;
    size_t n, cap;
};

/* A zeroed one is ready; reused from page to page. */
struct ift_parquet_values {
    const struct ift_parquet_element *type;
    const struct ift_parquet_dictionary *dictionary;
    bool (*next)(struct ift_parquet_values *v, struct ift_slice *value);
    size_t width; /* bytes of a value, 0: they differ */
    const unsigned char *p, *end;
    size_t at; /* how many were read, of encodings that count */

    struct ift_parquet_runs runs;
    uint32_t batch[IFT_PARQUET_BATCH];
    size_t taken, nbatch;
    struct ift_parquet_delta delta;  /* numbers, lengths, lengths of suffixes */
    struct ift_parquet_delta shared; /* lengths of what a value shares with the one before */
    struct ift_str before;           /* that one */
    unsigned char scratch[16];
};

/* Begins a page of PLAIN values as a dictionary of `count`. */
int ift_parquet_dictionary_begin(struct ift_parquet_dictionary *d,
                                 const struct ift_parquet_element *type, struct ift_slice page,
                                 size_t count, struct ift_err *err) IFT_MUST_CHECK;
void ift_parquet_dictionary_release(struct ift_parquet_dictionary *d);

/* Begins the values of a data page. */
int ift_parquet_values_begin(struct ift_parquet_values *v, const struct ift_parquet_element *type,
                             const struct ift_parquet_dictionary *dictionary, int64_t encoding,
                             struct ift_slice page, struct ift_err *err) IFT_MUST_CHECK;
/* False when there is none, or its bytes are wrong. */
static inline bool ift_parquet_values_next(struct ift_parquet_values *v, struct ift_slice *value) {
    return v->next(v, value);
}
void ift_parquet_values_release(struct ift_parquet_values *v);

#endif
