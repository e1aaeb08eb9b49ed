/* parquet_codec.h: how pages of Parquet are compressed. zstd and gzip are read by their libraries,
 * snappy and LZ4 by lz.h. To add one: its row in parquet_codec.c. */
#ifndef IFT_PARQUET_CODEC_H
#define IFT_PARQUET_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CompressionCodec of parquet.thrift. */
enum ift_parquet_codec { IFT_PARQUET_UNCOMPRESSED = 0 };

/* "snappy", "LZO", for messages; NULL for a number that means nothing. */
const char *ift_parquet_codec_name(int64_t codec);
bool ift_parquet_codec_known(int64_t codec);
/* Whether n compressed bytes could become out_n: to be asked before there is memory for those. */
bool ift_parquet_codec_plausible(int64_t codec, size_t n, size_t out_n);
/* True when `in` is right and gives exactly out_n bytes. The codec must be a known one. */
bool ift_parquet_decompress(int64_t codec, const unsigned char *in, size_t n, unsigned char *out,
                            size_t out_n);

#endif
