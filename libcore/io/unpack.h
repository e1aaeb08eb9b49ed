/* unpack.h: what is inside a compressed file, or an archive, compressed or not. Private to stream;
 * xlsx_part.h alone reads with libarchive too.
 */
#ifndef IFT_UNPACK_H
#define IFT_UNPACK_H

#include <stdbool.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/raw.h"

struct ift_unpack;
/* Goes on from the block that raw holds. The glob, or NULL, chooses members of an archive; both
 * must outlive the result. */
int ift_unpack_open(struct ift_unpack **u, struct ift_raw *raw, const char *glob,
                    struct ift_err *err) IFT_MUST_CHECK;
/* The next chosen member: 1, 0 when there is no more and the whole is sound, -1. *path is its name
 * in the archive, lent until the next call, or NULL: the text of a compressed file. After a
 * failure, of this or of block, it goes to the next one that can be found; damage that was reported
 * once and hides all that follows is the end. */
int ift_unpack_next(struct ift_unpack *u, const char **path, struct ift_err *err) IFT_MUST_CHECK;
/* Lends the next block of the member, which messages call `name`: 1, 0, -1. */
int ift_unpack_block(struct ift_unpack *u, const char *name, struct ift_slice *block,
                     struct ift_err *err) IFT_MUST_CHECK;
void ift_unpack_free(struct ift_unpack *u);

#endif
