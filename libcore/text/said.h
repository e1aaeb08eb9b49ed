/* said.h: names such as <eoa> that a prompt says and that a vocabulary finds in any text. Behind
 * prompt.h and chat.h.
 *
 * InternLM's <eoa> and Baichuan's <reserved_106> are control tokens by their use, but their models
 * list them as user-defined pieces, which sentencepiece finds wherever they stand. What a record
 * says must not become one: there the text is cut behind the name's first character, and each part
 * is tokenized by itself. Names that the prompt does not say stay what the vocabulary makes of
 * them: Gemma's pieces for <b> and <table> are text.
 */
#ifndef IFT_SAID_H
#define IFT_SAID_H

#include "libcore/text/prompt.h"

struct ift_said {
    struct ift_slice *name; /* lent by the tokenizer */
    size_t n, cap;
};
void ift_said_release(struct ift_said *said);

/* Adds the names in text of the prompt itself. */
void ift_said_add(struct ift_said *said, const struct ift_tokenizer *t, const char *p, size_t n);

/* Adds a mark of no token (id -1) to `out` for each of the names in text[from, to), which a record
 * says and which is rendered where it stands. Marks are in order: call it as the text grows. */
void ift_said_cut(const struct ift_said *said, const char *text, size_t from, size_t to,
                  struct ift_rendering *out);

#endif
