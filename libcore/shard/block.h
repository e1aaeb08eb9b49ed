/* block.h: the writer of a shard's frames. Rows fill blocks, one thread at a time; closed blocks
 * are compressed by as many threads as ask, and their frames come out in the order of filling.
 * Private to shard.
 */
#ifndef IFT_BLOCK_H
#define IFT_BLOCK_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"
#include "libcore/shard/frame.h"

struct ift_blocks;
/* `totals` hears of every frame: where it begins, and its bytes. */
struct ift_blocks *ift_blocks_new(struct ift_out *out, struct ift_frame_totals *totals);
void ift_blocks_free(struct ift_blocks *b);

/* Bytes between the blocks: all that were closed must be compressed. */
int ift_blocks_put(struct ift_blocks *b, const void *p, size_t n,
                   struct ift_err *err) IFT_MUST_CHECK;
/* A packed row goes into the open block, which is closed at IFT_FRAME_BLOCK. */
void ift_blocks_add(struct ift_blocks *b, struct ift_slice row);
void ift_blocks_close(struct ift_blocks *b); /* the open block, unless it is empty */
/* Compresses what is closed and that no other thread has taken, and waits to write it until the
 * blocks before have been. May be called in any thread, while rows are added. */
int ift_blocks_compress(struct ift_blocks *b, struct ift_err *err) IFT_MUST_CHECK;

#endif
