/* raw.h: the bytes of an operand as they lie there, and what its first ones say it is. Private to
 * stream, whose readers of containers share the buffer.
 */
#ifndef IFT_RAW_H
#define IFT_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

enum { IFT_RAW_BLOCK = 64 << 10, IFT_RAW_HEADER = 512 /* of a member of a tar */ };

struct ift_raw {
    const char *name; /* for messages */
    int fd;           /* -1: closed */
    char *buf;        /* what read(2) gave last */
    size_t have;
    size_t unread;  /* of that, what nobody has taken yet: all or nothing */
    uint64_t total; /* bytes that read(2) gave */
    bool ended;     /* read(2) has nothing more */
};

void ift_raw_init(struct ift_raw *r);
void ift_raw_release(struct ift_raw *r);

/* Opens a file, or for "-" standard input, and reads as much as it takes to know what it is. A
 * directory is an error. The path must outlive what follows. */
int ift_raw_open(struct ift_raw *r, const char *path, struct ift_err *err) IFT_MUST_CHECK;
void ift_raw_close(struct ift_raw *r);

/* Reads behind buf[0, at): how much, or -1 with errno. At the end of the file buf stays as it is.
 */
ssize_t ift_raw_refill(struct ift_raw *r, size_t at);
/* Lends the next block: 1, 0 at the end, -1. */
int ift_raw_block(struct ift_raw *r, struct ift_slice *block, struct ift_err *err) IFT_MUST_CHECK;

/* What bytes at the start say. */
bool ift_raw_is_gzip(struct ift_slice start);
bool ift_raw_is_compressed(struct ift_slice start);
bool ift_raw_is_archive(struct ift_slice start); /* tar or zip, but for packages of Office */
bool ift_raw_is_utf16(struct ift_slice start);   /* or UTF-32: with a byte order mark */

#endif
