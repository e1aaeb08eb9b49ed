/* frame.h: the numbers of the format, and the reader of one shard. Private to shard; the world sees
 * row.h.
 */
#ifndef IFT_FRAME_H
#define IFT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/hash.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"
#include "libcore/shard/row.h"

enum {
    IFT_FRAME_HEADER = 0x184D2A50,
    IFT_FRAME_END = 0x184D2A51,
    IFT_FRAME_MAGIC = 4, /* bytes of a frame's magic number, and of a skippable frame's length */
    IFT_FRAME_TAG = 8,   /* "IFTSHARD", "IFTSHEND" */
    IFT_FRAME_BLOCK = 1 << 20 /* a block is closed when its payload reaches this */
};
#define IFT_FRAME_LONGEST                                                                          \
    ((size_t)1 << 31) /* of a block's payload or a header, in what we are ready to read */

static inline uint32_t ift_frame_load32(const void *p) {
    const unsigned char *const b = p;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* The running totals of a shard, kept alike by writer and reader, and what the end record says. */
struct ift_frame_totals {
    uint64_t rows, tokens, learned;
    uint64_t *block; /* pairs: where the frame begins in the shard, rows in it */
    size_t nblocks, cap;
    struct ift_hasher *bytes, *payload; /* bytes: of everything before the end frame */
};
void ift_frame_totals_init(struct ift_frame_totals *t);
void ift_frame_totals_release(struct ift_frame_totals *t);
void ift_frame_totals_block(struct ift_frame_totals *t, uint64_t at, uint64_t rows);
void ift_frame_totals_row(struct ift_frame_totals *t, const struct ift_row *row);
/* Appends the end record. A reader compares what it computed with what it read, byte for byte. */
void ift_frame_totals_print(const struct ift_frame_totals *t, struct ift_str *out);

/* A member's bytes, block by block. A zeroed one with `in` is ready. */
struct ift_bytes {
    struct ift_in *in;
    const char *p; /* what is left of the block */
    size_t n;
    bool ended, failed; /* failed: the stream did, and said so */
};
/* Makes sure that p has something: 1, 0 at the end, -1. */
int ift_bytes_fill(struct ift_bytes *b, struct ift_err *err) IFT_MUST_CHECK;

/* One shard after the other out of a member. */
struct ift_frames;
struct ift_frames *ift_frames_new(void);
void ift_frames_free(struct ift_frames *f);
/* The header: 1, or 0 where the member ends before one begins. */
int ift_frames_start(struct ift_frames *f, struct ift_bytes *b, struct ift_err *err) IFT_MUST_CHECK;
/* The next row: 1; 0 behind the end record, everything compared; -1. */
int ift_frames_row(struct ift_frames *f, struct ift_bytes *b, struct ift_row *row,
                   struct ift_err *err) IFT_MUST_CHECK;
const char *ift_frames_header(const struct ift_frames *f);
const char *ift_frames_end(const struct ift_frames *f);
uint64_t ift_frames_rows(const struct ift_frames *f); /* rows given so far */

#endif
