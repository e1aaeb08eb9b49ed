/* zip_write.h: a zip archive of stored members, written front to back. Sizes and checksums stand in
 * front of what they count, so a member is given whole. Zip64 where a size or place needs it
 * (APPNOTE 6.3, sections 4.3.9 to 4.5.3). No dates: the same members give the same bytes.
 */
#ifndef IFT_ZIP_WRITE_H
#define IFT_ZIP_WRITE_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/io/stream.h"

struct ift_zip_writer;

/* The archive begins where `out` is, which must be nothing yet; borrows it until free. */
struct ift_zip_writer *ift_zip_writer_new(struct ift_out *out);
/* `align`, a power of 2 up to 4096: the member's bytes begin at a multiple of it in the archive. */
int ift_zip_writer_add(struct ift_zip_writer *z, const char *name, const void *p, size_t n,
                       size_t align, struct ift_err *err) IFT_MUST_CHECK;
/* Writes the directory. */
int ift_zip_writer_finish(struct ift_zip_writer *z, struct ift_err *err) IFT_MUST_CHECK;
void ift_zip_writer_free(struct ift_zip_writer *z); /* NULL is fine */

#endif
