/* lz.h: two formats of blocks compressed with literals and copies, as pages of Parquet hold them.
 * Both are so small that a decoder is shorter than the search for a library, and both know the size
 * of what comes out from elsewhere. Nothing is read or written outside what is given, whatever the
 * bytes are.
 *
 * Formats: snappy's format_description.txt; lz4's doc/lz4_Block_format.md.
 */
#ifndef IFT_LZ_H
#define IFT_LZ_H

#include <stdbool.h>
#include <stddef.h>

/* Each is true when the block is right and gives exactly out_n bytes. */
bool ift_lz_snappy(const unsigned char *in, size_t n, unsigned char *out, size_t out_n);
bool ift_lz_lz4(const unsigned char *in, size_t n, unsigned char *out, size_t out_n);

#endif
