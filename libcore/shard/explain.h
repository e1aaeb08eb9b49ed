/* explain.h: a row for people. One line a token: its number, its id, the bytes of the text it
 * covers, whether it is learned, and what it stands for, quoted, so that blanks show; bytes that
 * are no UTF-8 on their own as \xe4.
 *
 *     in.jsonl:1: 61 tokens, 3 learned
 *         0      1     0-3      <s>
 *         1  13866     3-8      " Below"
 *        58    338   214-218  + "Yes"
 *
 * Private to shard.
 */
#ifndef IFT_EXPLAIN_H
#define IFT_EXPLAIN_H

#include <stdbool.h>

#include "libcore/base/str.h"
#include "libcore/shard/row.h"
#include "libcore/text/tokenizer.h"

/* from: places of the row's tokens, n + 1 of them. color: learned tokens green, control tokens
 * yellow. */
void ift_explain(struct ift_str *out, const struct ift_tokenizer *t, const char *where,
                 const struct ift_row *row, const uint32_t *from, bool color);

#endif
