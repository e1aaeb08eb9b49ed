/* shard.h: the binary stream of rows (ift-shard.5).
 *
 *     skippable frame 0x184D2A50   "IFTSHARD" and a JSON header: version, id width, vocabulary digest, provenance
 *     zstd frames                  blocks of rows, each frame with its own content checksum
 *     skippable frame 0x184D2A51   "IFTSHEND" and a JSON end record: rows, tokens, learned tokens, index of blocks, XXH3 of the payload
 *
 * `zstd -dc` reads the payload, a reader with a seekable file can jump by the index, and a stream that was cut
 * anywhere lacks its end frame: an error, on pipes too. Bytes do not depend on time, machine or -j.
 */
#ifndef IFT_SHARD_H
#define IFT_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/io/stream.h"
#include "libcore/shard/row.h"

struct ift_shard_meta {
    uint32_t vocab_size;     /* ids are below it; 0: not known */
    uint64_t vocab_digest;   /* of the tokenizer's content; 0: not known */
    int32_t bos, eos, pad;   /* -1: none */
    const char *provenance;  /* JSON array of steps, oldest first (provenance.h); "[]" is fine */
};

struct ift_shard;
/* Starts a shard on `out`, which stays the caller's to close after ift_shard_finish. */
int ift_shard_start(struct ift_shard **s, struct ift_out *out, const struct ift_shard_meta *meta, struct ift_err *err) IFT_MUST_CHECK;
int ift_shard_add(struct ift_shard *s, const struct ift_row *row, struct ift_err *err) IFT_MUST_CHECK;
/* Writes the end frame and frees. Without it the shard is, rightly, unreadable. */
int ift_shard_finish(struct ift_shard *s, struct ift_err *err) IFT_MUST_CHECK;
void ift_shard_abandon(struct ift_shard *s); /* failure path; NULL is fine */

#endif
