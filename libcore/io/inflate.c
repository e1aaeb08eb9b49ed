#include "libcore/io/inflate.h"

#include <stdlib.h>
#include <zlib.h>

const struct ift_inflate *ift_inflate_nth(size_t i) {
    static const struct ift_inflate *const all[] = {&ift_inflate_isal, &ift_inflate_zlib};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        if (all[k]->name && i-- == 0) return all[k];
    }
    return NULL;
}

static void *zlib_open(void) {
    z_stream *const z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, -MAX_WBITS) == Z_OK) return z;
    free(z);
    return NULL;
}

static void zlib_close(void *state) {
    if (state) inflateEnd(state);
    free(state);
}

static void zlib_begin(void *state) {
    inflateReset(state);
}

static int zlib_step(void *state, struct ift_slice *in, char *out, size_t room, size_t *made,
                     struct ift_inflate_held *held) {
    z_stream *const z = state;
    held->n = 0;
    z->next_in = (unsigned char *)in->p;
    z->avail_in = (unsigned)in->n;
    z->next_out = (unsigned char *)out;
    z->avail_out = (unsigned)room;
    const int got = inflate(z, Z_NO_FLUSH);
    *made = room - z->avail_out;
    *in = (struct ift_slice){(const char *)z->next_in, z->avail_in};
    return got == Z_STREAM_END ? 1 : got == Z_OK || got == Z_BUF_ERROR ? 0 : -1;
}

static uint32_t zlib_crc(uint32_t crc, const char *p, size_t n) {
    return (uint32_t)crc32_z(crc, (const unsigned char *)p, n);
}

const struct ift_inflate ift_inflate_zlib = {"zlib",     zlib_open, zlib_close,
                                             zlib_begin, zlib_step, zlib_crc};
