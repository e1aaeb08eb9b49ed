/* feed.h: hands one run its tokens, and with them whatever the family computes on the host from
 * where they stand: the one place that knows which inputs ift_build_begin and the builders
 * declared.
 *
 * Rope whose base grows with the sequence turns each token by a row of its own, made here for every
 * run: the length that counts is that of the token's own document, so documents of one batch do not
 * change each other. When generating, a prompt is turned for its whole length however it is cut
 * into steps, a later token for the sequence up to itself, and keys in the cache stay as they were.
 */
#ifndef IFT_FEED_H
#define IFT_FEED_H

#include "libcore/graph/exec.h"
#include "libcore/model/arch.h"
#include "libcore/model/batch.h"

struct ift_feed {
    int64_t tokens, segments;
    const int32_t *id, *position; /* (N) */
    const int32_t *block;         /* (N) second positions: place.h */
    const int32_t *segment;       /* (S, 5): see ATTN in kernels/backend.h */
    const int32_t *slot;          /* (N), with a cache */
    const int32_t *prompt; /* (S) tokens of the sequence's prompt; NULL: all that a segment sees */
};

/* What a batch gives to it. */
static inline struct ift_feed ift_feed_of(const struct ift_batch *b) {
    return (struct ift_feed){.tokens = b->tokens,
                             .segments = b->docs,
                             .id = b->id,
                             .position = b->position,
                             .block = b->block,
                             .segment = b->segment};
}

int ift_feed_upload(const struct ift_feed *f, const struct ift_build *b, struct ift_exec *x,
                    struct ift_err *err) IFT_MUST_CHECK;

#endif
