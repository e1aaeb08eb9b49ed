/* shard.h: the binary stream of rows (ift-shard.5).
 *
 *     skippable frame 0x184D2A50   "IFTSHARD" and a JSON header: version, id width, vocabulary,
 *                                  provenance
 *     zstd frames                  blocks of rows, each with its own content checksum
 *     skippable frame 0x184D2A51   "IFTSHEND" and a JSON end record: rows, tokens, learned tokens,
 *                                  index of the blocks, digests
 *
 * `zstd -dc` gives the payload, a reader with a seekable file can jump by the index, and a stream
 * that was cut anywhere lacks its end frame: an error, on pipes too. Shards may be concatenated,
 * `cat a.ifs b.ifs`. Bytes do not depend on time, machine or -j; on the release of libzstd they
 * may, the payload and its digest do not.
 *
 * The payload is one row after the other, all numbers little-endian:
 *
 *     u32 n, u32 ndocs, u32 doc[ndocs], u16 or u32 id[n], u8 learn[(n + 7) / 8]
 *
 * learn has a bit a token, the lowest first; spare bits are 0.
 */
#ifndef IFT_SHARD_H
#define IFT_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"
#include "libcore/shard/row.h"

struct ift_shard_meta {
    uint32_t vocab_size;    /* ids are below it, and it decides their width; 0: not known */
    uint64_t vocab_digest;  /* of what the ids mean (tokenizer.h); 0: not known */
    int32_t bos, eos, pad;  /* -1: none */
    const char *provenance; /* JSON array of steps, oldest first (provenance.h); "[]" is fine */
};

/* What a header (ift_rows_header) says. "", as JSONL has it: nothing known. meta->provenance points
 * into *provenance, which the caller releases. */
int ift_shard_meta_read(struct ift_shard_meta *meta, const char *header, struct ift_str *provenance,
                        struct ift_err *err) IFT_MUST_CHECK;

struct ift_shard;
/* Starts a shard on `out`, which stays the caller's to close after ift_shard_finish. */
int ift_shard_start(struct ift_shard **s, struct ift_out *out, const struct ift_shard_meta *meta,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Fails on a row that breaks a promise of row.h or holds an id beyond the vocabulary. */
int ift_shard_add(struct ift_shard *s, const struct ift_row *row,
                  struct ift_err *err) IFT_MUST_CHECK;
/* The same in steps, for several threads. ift_shard_pack appends a row as the payload has it, in
 * any thread. ift_shard_add_packed adds as many of those as there are in `rows`, one thread at a
 * time. ift_shard_compress does what that has left to do, in any thread and while rows are added;
 * it must follow ift_shard_add_packed, though not at once. */
int ift_shard_pack(uint32_t vocab_size, const struct ift_row *row, struct ift_str *rows,
                   struct ift_err *err) IFT_MUST_CHECK;
void ift_shard_add_packed(struct ift_shard *s, struct ift_slice rows);
int ift_shard_compress(struct ift_shard *s, struct ift_err *err) IFT_MUST_CHECK;
/* Writes the end frame and frees, whatever happens. Without it the shard is, rightly, unreadable.
 */
int ift_shard_finish(struct ift_shard *s, struct ift_err *err) IFT_MUST_CHECK;
void ift_shard_abandon(struct ift_shard *s); /* failure path; NULL is fine */

#endif
