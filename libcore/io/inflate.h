/* inflate.h: deflate data (RFC 1951) as it comes, by one of the libraries that know it. Private to
 * gzip.
 *
 * To add a library: a file with its row, declared here, and a place in the list in inflate.c, the
 * fastest first; .ci/deps finds it.
 */
#ifndef IFT_INFLATE_H
#define IFT_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/str.h"

/* What a library may have read beyond the end of the data and does not need. */
struct ift_inflate_held {
    size_t n;
    unsigned char byte[8];
};

struct ift_inflate {
    const char *name;
    /* NULL: there is no memory. */
    void *(*open)(void);
    void (*close)(void *state);
    /* Starts over. */
    void (*begin)(void *state);
    /* Takes from *in what it can and sets *made to how much it wrote to out[0, room): 1 at the end
     * of the data, behind which the bytes in *held come, and then what is left of *in; 0: more
     * input is needed, or more room; -1: the data is damaged. */
    int (*step)(void *state, struct ift_slice *in, char *out, size_t room, size_t *made,
                struct ift_inflate_held *held);
    /* The checksum of gzip, of nothing 0, carried on over bytes. */
    uint32_t (*crc)(uint32_t crc, const char *p, size_t n);
};

extern const struct ift_inflate ift_inflate_zlib;
/* Without a name where the build found no ISA-L. */
extern const struct ift_inflate ift_inflate_isal;

/* Those of this build, the fastest first; NULL behind the last. */
const struct ift_inflate *ift_inflate_nth(size_t i);

#endif
