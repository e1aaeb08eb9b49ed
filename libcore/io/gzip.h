/* gzip.h: the text of a gzip file (RFC 1952). Private to stream.
 *
 * One or several members, one after the other, as `cat a.gz b.gz` and bgzip make them, and zeros
 * behind the last. Whatever else is there is an error that names the byte, from 0: a member that
 * ends too early, bytes behind the last, data, sum or length that are wrong, a header with fields
 * that RFC 1952 does not know. Memory does not grow with the file.
 */
#ifndef IFT_GZIP_H
#define IFT_GZIP_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/inflate.h"
#include "libcore/io/raw.h"

/* What a gzip file of which raw holds the first block begins with, unpacked: text[0, n), of which n
 * is returned. Less than all of `text` when the file ends or is damaged before, or a line does. raw
 * reads on as far as it must, behind what is there: the file is then read from its beginning. */
size_t ift_gzip_peek(struct ift_raw *raw, char text[IFT_RAW_HEADER]);

struct ift_gzip;
/* Goes on from the block that raw holds, with which a gzip file begins. `by` is one of
 * ift_inflate_nth; NULL: the first of them. */
int ift_gzip_open(struct ift_gzip **g, struct ift_raw *raw, const struct ift_inflate *by,
                  struct ift_err *err) IFT_MUST_CHECK;
/* Lends the next block of the text: 1, 0 when all of the file was right, -1. */
int ift_gzip_block(struct ift_gzip *g, struct ift_slice *block, struct ift_err *err) IFT_MUST_CHECK;
void ift_gzip_free(struct ift_gzip *g);

#endif
