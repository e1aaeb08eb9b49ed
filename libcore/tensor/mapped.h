/* mapped.h: a file as memory that is only read. The pages come from the file when they are touched
 * and cost nothing before. A file that another program cuts short while it is mapped ends this one
 * with SIGBUS, as with any mapping.
 */
#ifndef IFT_MAPPED_H
#define IFT_MAPPED_H

#include <stddef.h>

#include "libcore/base/err.h"

struct ift_mapped {
    const unsigned char *p; /* page-aligned; never NULL while open */
    size_t n;
};

/* Regular files only; an empty one is fine. */
int ift_mapped_open(struct ift_mapped *m, const char *path, struct ift_err *err) IFT_MUST_CHECK;
void ift_mapped_close(struct ift_mapped *m); /* fine for a zeroed struct, and twice */

/* These bytes have been read and are not needed soon: whole pages of them may leave this process's
 * memory. They come back when touched. Bytes that lie elsewhere are left alone. */
void ift_mapped_forget(const struct ift_mapped *m, const void *p, size_t n);

#endif
