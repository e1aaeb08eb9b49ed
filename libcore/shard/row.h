/* row.h: what flows from the tokenizer to the trainer: rows of token ids with a mark on each token that is
 * learned. A row fresh from ift-tokenize is one document; ift-pack joins several into one row and keeps their
 * lengths, so that attention never crosses a document and positions restart.
 *
 * Two spellings, interchangeable wherever a program reads rows: the binary shard (shard.h) and JSONL,
 * {"ids":[...],"labels":[...],"docs":[...]}: labels are the ids themselves or -100 for what is not learned, unshifted, as
 * Hugging Face trainers take them; absent labels learn every token; docs (lengths, summing to the number of ids) is
 * absent for a single document. The first token of a document is never predicted, whatever its mark.
 */
#ifndef IFT_ROW_H
#define IFT_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/io/stream.h"

struct ift_row {
    const int32_t *id;     /* (n) token ids, >= 0 */
    const uint8_t *learn;  /* (n) 1: the token is a target */
    size_t n;
    const uint32_t *doc;   /* (ndocs) lengths, each >= 1, summing to n */
    size_t ndocs;          /* >= 1 */
};

/* Tokens of the row that contribute to the loss: marked, and not first of their document. */
size_t ift_row_learned(const struct ift_row *row);

/* Where rows come from: shards and JSONL, told apart by their first bytes, one operand after the other. */
struct ift_rows;
int ift_rows_open(struct ift_rows **rows, const char *const *paths, size_t n, struct ift_err *err) IFT_MUST_CHECK;
/* 1: *row lent until the next call; 0: end, everything verified (counts, digest); -1. */
int ift_rows_next(struct ift_rows *rows, struct ift_row *row, struct ift_err *err) IFT_MUST_CHECK;
/* "train.ifs: row 17", for messages about the current row. */
const char *ift_rows_where(const struct ift_rows *rows);
/* The header's JSON of the shard being read (vocabulary digest, id width, provenance); "" for JSONL. */
const char *ift_rows_header(const struct ift_rows *rows);
void ift_rows_free(struct ift_rows *rows);

#endif
