/* vocab_show.h: what a vocabulary is, for people and for scripts: its settings as lines of `key:
 * value`, its pieces as one JSON object a line.
 *
 *     {"id":278,"piece":" the","kind":"normal","score":-19}
 *     {"id":13,"hex":"0a","kind":"byte","score":0}
 *
 * `piece` is the text that the id stands for, `hex` its bytes where they are not UTF-8 on their own
 * or stand for one byte; a control token shows its name. `score` is there where tokenizer.model, or
 * the unigram model of a tokenizer.json, gives one.
 */
#ifndef IFT_VOCAB_SHOW_H
#define IFT_VOCAB_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Appends the settings of the vocabulary at path. */
int ift_vocab_show(const char *path, struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;
/* Appends pieces: all, or those of each range, "17" or "0-99". */
int ift_vocab_show_pieces(const char *path, const char *const *ranges, size_t n, bool all,
                          struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;
/* Appends what each word is: a number is an id; otherwise a control token's name, a piece (U+2581
 * may stand for a space), or else text, with the tokens that it becomes:
 *
 *     {"text":"ab","tokens":[{"id":…},…]}
 *
 * as_text: always the last. */
int ift_vocab_lookup(const char *path, const char *const *words, size_t n, bool as_text,
                     struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

#endif
