/* corpus.h: all rows of a run, in memory, small. Training visits its rows many times and in any
 * order, and rows may come from a pipe, so they are read once: 2 bytes a token (4 when the
 * vocabulary passes 65,536) and one bit for whether it is learned. A billion tokens take 2.2 GB,
 * next to nothing beside a model that can use them.
 */
#ifndef IFT_CORPUS_H
#define IFT_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/model/arch.h"
#include "libcore/shard/row.h"

struct ift_corpus;

/* For ids below `vocab` and documents of at most `max_tokens`. */
struct ift_corpus *ift_corpus_new(int64_t vocab, int64_t max_tokens);
void ift_corpus_free(struct ift_corpus *c); /* NULL is fine */
/* From here on ift_corpus_add refuses documents that the family cannot place too (model/place.h):
 * better now than in the middle of a run. Both must outlive c. */
void ift_corpus_place(struct ift_corpus *c, const struct ift_arch *arch,
                      const struct ift_config *config);

/* Adds a row. Refused, naming `where`: an id outside the vocabulary, a document longer than the
 * model has positions, a row without a learned token (it would only dilute a batch; ift-tokenize
 * counts those). */
int ift_corpus_add(struct ift_corpus *c, const struct ift_row *row, const char *where,
                   struct ift_err *err) IFT_MUST_CHECK;
/* Adds every row that is left in a reader. */
int ift_corpus_read(struct ift_corpus *c, struct ift_rows *rows,
                    struct ift_err *err) IFT_MUST_CHECK;

size_t ift_corpus_rows(const struct ift_corpus *c);
int64_t ift_corpus_tokens(const struct ift_corpus *c);
size_t ift_corpus_bytes(const struct ift_corpus *c);    /* of memory */
uint64_t ift_corpus_digest(const struct ift_corpus *c); /* of ids, marks and documents, in order */

/* Row i, unpacked; lent until the next call. */
struct ift_row ift_corpus_row(struct ift_corpus *c, size_t i);
/* Of row i: tokens, learned tokens, and the tokens of its longest document. */
size_t ift_corpus_length(const struct ift_corpus *c, size_t i);
size_t ift_corpus_learned(const struct ift_corpus *c, size_t i);
size_t ift_corpus_longest(const struct ift_corpus *c, size_t i);

#endif
