/* parquet.h: rows of an Apache Parquet file, each as one JSON object, columns in the order of the
 * schema.
 *
 * Read are: version 1 and 2 of pages; PLAIN, dictionaries, RLE, the DELTA encodings and
 * BYTE_STREAM_SPLIT; pages compressed by snappy, gzip, zstd, LZ4 (raw), or not at all; checksums,
 * where pages carry them; null values; structs, lists (in every custom in which they were written)
 * and maps, to any depth. What is not read (encryption, brotli, LZO, LZ4 in Hadoop's frames, levels
 * of the first release, the types BSON, INTERVAL, VARIANT and of geometry) is refused by its name.
 *
 * A struct becomes an object, a list an array, a map an object whose keys are the spelling of its
 * keys, null null; values become what parquet_spell.h says.
 *
 * In memory are, of each column, one page and one dictionary, as large as the writer made them
 * (1 MiB is usual), whatever the size of the file or its row groups. Nothing in a file can make the
 * reader take more memory than its bytes account for, or read outside of them.
 *
 * Format: github.com/apache/parquet-format. To add a codec see parquet_codec.h, an encoding
 * parquet_values.c, a logical type parquet_meta.h and parquet_spell.h.
 */
#ifndef IFT_PARQUET_H
#define IFT_PARQUET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Whether bytes that begin so are a Parquet file: its magic, and what no text has behind it. */
bool ift_parquet_begins(const char *p, size_t n);

struct ift_parquet;
/* The descriptor must be of a file in which one can seek; it is taken, and closed at the end or on
 * failure. row_max: bytes that the JSON of a row may have, 0: 256 MiB (a few bytes of a damaged
 * file can stand for billions of nulls). */
int ift_parquet_open_take(struct ift_parquet **p, int fd, size_t row_max,
                          struct ift_err *err) IFT_MUST_CHECK;
/* Appends the next row: 1, 0 at the end, -1 when the file is damaged: `row 17: column
 * "messages.role": …`. When a value of the row has no JSON (text that is not UTF-8, an infinity)
 * *wrong is the message, lent until the next call, and what was appended shows the row as far as
 * that is possible; else NULL. */
int ift_parquet_next(struct ift_parquet *p, struct ift_str *out, const char **wrong,
                     struct ift_err *err) IFT_MUST_CHECK;
void ift_parquet_free(struct ift_parquet *p);

#endif
