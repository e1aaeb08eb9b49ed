/* batch.h: documents laid end to end as the arrays a forward takes, without padding.
 *
 * The unit is the document: attention stays inside it, so documents of one row may fall into
 * different batches and the numbers do not change. A batch takes whole documents until the next
 * would pass its capacity; a document longer than the capacity is taken alone by an empty batch,
 * which is how the caller learns to plan memory for the longest one.
 *
 *     struct ift_batch b = {.arch = arch, .config = config, .capacity = 2048};
 *     for each row:
 *         for (size_t doc = 0; (rc = ift_batch_row(&b, &row, index, &doc, err)) == 0;) {
 *             … run, read back …; ift_batch_clear(&b);
 *         }
 *     if (b.tokens) … run …
 *
 * Where the tokens of a document stand is the family's to say: place.h.
 *
 * Trimming. In a causal model nothing that is learned depends on a token behind the last learned
 * one, nor on that one itself: it is only a target. With `trim` those tokens are left out of the
 * batch (and a document without a learned token altogether), which changes no loss and no gradient;
 * but not those of a prefix, which every token sees. Whoever wants the hidden state of every token,
 * as for scoring, leaves it off.
 */
#ifndef IFT_BATCH_H
#define IFT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/model/arch.h"
#include "libcore/shard/row.h"

/* Where a document of the batch came from: tokens [begin, begin + n) of row `row`, at [at, at + n)
 * here. */
struct ift_batch_doc {
    uint64_t row;
    int64_t begin, at, n;
};

/* N = tokens, S = docs. A zeroed struct with a capacity is an empty batch; arrays grow as needed
 * and are kept. */
struct ift_batch {
    const struct ift_arch *arch; /* places the documents; NULL: as ordinary ones */
    const struct ift_config *config;
    int64_t capacity; /* tokens */
    bool trim;
    int64_t tokens, docs;
    int64_t learned;   /* targets >= 0 */
    int64_t pairs;     /* (query, key) pairs that attention sees: n (n + 1) / 2 of a document
                          without a prefix */
    int32_t *id;       /* (N) */
    int32_t *position; /* (N) from 0 in each document, but see place.h */
    int32_t *block;    /* (N) second positions */
    int32_t *target;   /* (N) the next token of the document where that is learned, else -1 */
    int32_t *segment;  /* (S, 5) q_begin, q_len, kv_begin, kv_len, prefix: see ATTN in backend.h */
    struct ift_batch_doc *doc; /* (S) */
    size_t token_cap, doc_cap; /* of the arrays */
};

void ift_batch_release(struct ift_batch *b);
void ift_batch_clear(struct ift_batch *b); /* empty; capacity, trim and memory stay */

/* The tokens that a document takes in a batch: n, or with trim those in front of its last learned
 * one and those of its prefix. */
int64_t ift_batch_length(const uint8_t *learn, size_t n, bool trim, int64_t prefix);
/* Tokens that are targets: marked, and not first. */
int64_t ift_batch_targets(const uint8_t *learn, size_t n);

/* Adds a document of n >= 1 tokens that stand at p, `begin` tokens into row `row`, whether it fits
 * or not. learn NULL: every token is learned. */
void ift_batch_add(struct ift_batch *b, const struct ift_place *p, const int32_t *id,
                   const uint8_t *learn, size_t n, uint64_t row, int64_t begin);

/* Adds the row's documents from *doc on and advances *doc; 1 when all are in, 0 when the batch is
 * full: run it, clear it and call again. Start with *doc = 0. -1: one cannot be placed. */
int ift_batch_row(struct ift_batch *b, const struct ift_row *row, uint64_t index, size_t *doc,
                  struct ift_err *err) IFT_MUST_CHECK;

#endif
