/* parquet_bits.h: the two ways in which Parquet packs integers: runs (levels, indexes into a
 * dictionary, booleans) and differences. Readers are places in borrowed bytes; nothing is allocated
 * and nothing outside is read.
 *
 * Formats: Encodings.md of parquet-format, "Run Length Encoding / Bit-Packing Hybrid" and "Delta
 * Encoding".
 */
#ifndef IFT_PARQUET_BITS_H
#define IFT_PARQUET_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs of one value, or of values of `width` bits side by side. */
struct ift_parquet_runs {
    const unsigned char *p, *end;
    unsigned width; /* at most 32 */
    uint64_t left;  /* of the present run */
    bool packed;
    uint32_t value;            /* of a run of one value */
    const unsigned char *bits; /* of a packed run */
    const unsigned char *bits_end;
    uint64_t bit;
};

void ift_parquet_runs_begin(struct ift_parquet_runs *r, const unsigned char *p, size_t n,
                            unsigned width);
/* Reads up to n values; fewer when the bytes end. */
size_t ift_parquet_runs_read(struct ift_parquet_runs *r, uint32_t *value, size_t n);

/* DELTA_BINARY_PACKED. */
struct ift_parquet_delta {
    const unsigned char *p, *end;
    uint64_t left; /* values still to be read */
    int64_t value; /* the next one, or the one before */
    bool begun;
    uint64_t minis, mini_size; /* miniblocks to a block, values to a miniblock */
    uint64_t mini;             /* of the present block, how many were begun */
    const unsigned char *widths;
    uint64_t min;
    uint64_t in_mini; /* values still to be read of the present miniblock */
    unsigned width;
    const unsigned char *bits;
    uint64_t bit;
};

/* False when the bytes do not begin as they must. */
bool ift_parquet_delta_begin(struct ift_parquet_delta *d, const unsigned char *p, size_t n);
bool ift_parquet_delta_next(struct ift_parquet_delta *d, int64_t *value);
/* Where the bytes of the values end and something else may begin; NULL when they are wrong. */
const unsigned char *ift_parquet_delta_end(const struct ift_parquet_delta *d);

#endif
