/* batch.h: documents laid end to end as the arrays a forward takes, without padding.
 *
 * The unit is the document: attention stays inside it, so documents of one row may fall into
 * different batches and the numbers do not change. A batch takes whole documents until the next
 * would pass its capacity; a document longer than the capacity is taken alone by an empty batch,
 * which is how the caller learns to plan memory for the longest one.
 *
 *     struct ift_batch b = {.capacity = 2048};
 *     for each document:
 *         if (!ift_batch_fits(&b, n)) { … run, read back …; ift_batch_clear(&b); }
 *         ift_batch_add(&b, id, learn, n, row, begin);
 *     if (b.tokens) … run …
 *
 * ift_batch_row() does this for the documents of a struct ift_row, one call per batch filled.
 *
 * Trimming. In a causal model nothing that is learned depends on a token behind the last learned
 * one, nor on that one itself: it is only a target. With `trim` those tokens are left out of the
 * batch (and a document without a learned token altogether), which changes no loss and no gradient.
 * Whoever wants the hidden state of every token, as for scoring, leaves it off.
 */
#ifndef IFT_BATCH_H
#define IFT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/backend.h"
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
    int64_t capacity; /* tokens */
    bool trim;
    int64_t tokens, docs;
    int64_t learned;   /* targets >= 0 */
    int64_t pairs;     /* (query, key) pairs that causal attention sees: sum of n (n + 1) / 2 */
    int32_t *id;       /* (N) */
    int32_t *position; /* (N) from 0 in each document */
    int32_t *target;   /* (N) the next token of the document where that is learned, else -1 */
    int32_t *segment;  /* (S, 4) q_begin, q_len, kv_begin, kv_len: see ATTN in kernels/backend.h */
    struct ift_batch_doc *doc; /* (S) */
    size_t token_cap, doc_cap; /* of the arrays */
};

void ift_batch_release(struct ift_batch *b);
void ift_batch_clear(struct ift_batch *b); /* empty; capacity, trim and memory stay */

/* The tokens that a document takes in a batch: n, or with trim those in front of its last learned
 * one. */
int64_t ift_batch_length(const uint8_t *learn, size_t n, bool trim);
/* Tokens that are targets: marked, and not first. */
int64_t ift_batch_targets(const uint8_t *learn, size_t n);

/* May a document that takes n tokens (ift_batch_length) be added? An empty batch takes any. */
bool ift_batch_fits(const struct ift_batch *b, int64_t n);
/* Adds a document of n >= 1 tokens, `begin` tokens into row `row`. learn NULL: every token is
 * learned. */
void ift_batch_add(struct ift_batch *b, const int32_t *id, const uint8_t *learn, size_t n,
                   uint64_t row, int64_t begin);

/* Adds the row's documents from *doc on and advances *doc; true when all are in, false when the
 * batch is full: run it, clear it and call again. Start with *doc = 0. */
bool ift_batch_row(struct ift_batch *b, const struct ift_row *row, uint64_t index, size_t *doc);

#endif
