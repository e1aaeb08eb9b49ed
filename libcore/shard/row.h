/* row.h: what flows from the tokenizer to the trainer: rows of token ids with a mark on each token
 * that is learned. A row fresh from ift-tokenize is one document; ift-pack joins several into one
 * row and keeps their lengths, so that attention never crosses a document and positions restart.
 *
 * Two spellings, interchangeable wherever a program reads rows: the binary shard (shard.h) and
 * JSONL,
 *
 *     {"ids":[...],"labels":[...],"docs":[...]}
 *
 * labels are the ids themselves or -100 for what is not learned, unshifted, as Hugging Face
 * trainers take them; absent labels learn every token; docs (lengths, summing to the number of ids)
 * is absent for a single document. The first token of a document is never predicted, whatever its
 * mark.
 *
 *     struct ift_rows *rows;
 *     struct ift_row row;
 *     IFT_TRY(ift_rows_open(&rows, paths, n, err));
 *     int got;
 *     while ((got = ift_rows_next(rows, &row, err)) > 0) …
 *     ift_rows_free(rows); // got 0: everything was there and unharmed
 */
#ifndef IFT_ROW_H
#define IFT_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"

struct ift_row {
    const int32_t *id;    /* (n) token ids, >= 0 */
    const uint8_t *learn; /* (n) 1: the token is a target */
    size_t n;             /* 1 to IFT_ROW_LONGEST */
    const uint32_t *doc;  /* (ndocs) lengths, each >= 1, summing to n */
    size_t ndocs;         /* >= 1 */
};

enum { IFT_ROW_LONGEST = 1 << 28 };

/* Tokens of the row that contribute to the loss: marked, and not first of their document. */
size_t ift_row_learned(const struct ift_row *row);

/* Fails on a row that is not as the comments above say, e.g. "document lengths sum to 7, the row
 * has 8 tokens". */
int ift_row_check(const struct ift_row *row, struct ift_err *err) IFT_MUST_CHECK;

/* Appends the row's JSON object, without a line end. docs is left out for a single document, labels
 * never. */
void ift_row_print(struct ift_str *out, const struct ift_row *row);

/* Where rows come from: shards and JSONL, told apart by their first bytes, compressed or not, one
 * operand after the other; paths NULL or n 0: standard input. Shards whose headers name different
 * vocabularies do not mix. */
struct ift_rows;
int ift_rows_open(struct ift_rows **rows, const char *const *paths, size_t n,
                  struct ift_err *err) IFT_MUST_CHECK;
/* 1: *row lent until the next call; 0: end, everything verified (counts, digests); -1. */
int ift_rows_next(struct ift_rows *rows, struct ift_row *row, struct ift_err *err) IFT_MUST_CHECK;
/* "train.ifs: row 17" or "rows.jsonl:17", for messages about the current row. Lent until the next
 * call. */
const char *ift_rows_where(const struct ift_rows *rows);
/* The header's JSON of the shard being read, or of the last one read (shard.h knows what it says);
 * "" before the first row, and for JSONL. */
const char *ift_rows_header(const struct ift_rows *rows);
/* The end record's JSON of the last shard that was read to its end; "" before. */
const char *ift_rows_end(const struct ift_rows *rows);
/* Reads on until a header is known, without taking a row: 1, or 0 when there is no shard to come
 * before the first row. */
int ift_rows_peek(struct ift_rows *rows, struct ift_err *err) IFT_MUST_CHECK;
void ift_rows_free(struct ift_rows *rows); /* NULL is fine */

#endif
