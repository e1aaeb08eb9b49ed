/* vocab_family.h: the ways in which model folders without a tokenizer.json keep a vocabulary, and
 * what their files do not say but the Python class behind them knows: how words are cut, which
 * control tokens lie behind the vocabulary, what goes around a text. Private to text.
 *
 * To add one: a row in vocab_family.c. Rows are tried in order; the first fits whose files are
 * there, in its format, and one of whose marks the folder's settings bear.
 */
#ifndef IFT_VOCAB_FAMILY_H
#define IFT_VOCAB_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/text/normalize.h"
#include "libcore/text/pretoken.h"

enum ift_vocab_format { IFT_VOCAB_SENTENCEPIECE, IFT_VOCAB_GPT2, IFT_VOCAB_TIKTOKEN };

struct ift_vocab_family {
    const char *file, *merges; /* names in the folder; merges only for GPT2 */
    enum ift_vocab_format format;

    /* Marks, NULL for none: "tokenizer_class" (with or without "Fast"), "model_type", "bos_token".
     * A row with none of them needs only its files. */
    const char *class, *model_type, *bos_token;

    ift_pretoken_fn *pretoken;
    enum ift_nfc nfc;          /* the normal form that text is brought to first */
    bool icetk;                /* icetk.c; ids begin at "num_image_tokens" */
    bool add_bos;              /* the default of "add_bos_token" */
    const char *const *behind; /* control tokens behind the vocabulary, NULL at the end … */
    const char *numbered;      /* … and `count` more: this, a number from `from` on, and "|>" */
    unsigned from, count;
    const char *bos, *eos, *pad; /* where settings are silent */
    const char *before[3], *after[3];
};

/* What a folder's settings say of it; "" for nothing. */
struct ift_vocab_marks {
    const char *class, *model_type, *bos_token;
};

/* The i-th row, or NULL behind the last. */
const struct ift_vocab_family *ift_vocab_family(size_t i);
/* Whether the settings bear one of the row's marks, or it needs none. */
bool ift_vocab_family_marked(const struct ift_vocab_family *f, const struct ift_vocab_marks *m);

#endif
