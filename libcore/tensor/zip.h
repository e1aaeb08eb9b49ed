/* zip.h: the directory of a zip archive in memory whose members are stored, not compressed, so that
 * they can be used where they lie. Zip64 too (APPNOTE 6.3, sections 4.3 and 4.5.3).
 *
 * Nothing is believed before it is checked: every record within the archive, members before the
 * directory and apart from each other, their local header naming the same member, no name twice.
 */
#ifndef IFT_ZIP_H
#define IFT_ZIP_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

struct ift_zip_entry {
    struct ift_slice name; /* of the archive's bytes, not terminated */
    const unsigned char *p;
    size_t n;
};

struct ift_zip {
    struct ift_zip_entry *entry; /* sorted by name */
    size_t n;
    struct ift_slice directory; /* its bytes: names, places and checksums of all members */
};

/* Borrows the archive until release. */
int ift_zip_read(struct ift_zip *z, const unsigned char *p, size_t n,
                 struct ift_err *err) IFT_MUST_CHECK;
void ift_zip_release(struct ift_zip *z);

/* NULL: absent. */
const struct ift_zip_entry *ift_zip_find(const struct ift_zip *z, struct ift_slice name);

#endif
