/* spelling.h: a model folder's vocabulary as its files spell it, for writing it into a file of
 * another kind: tokens with U+2581 for spaces or in the byte-level alphabet, scores, merges. How to
 * encode with it is tokenizer.h's business.
 */
#ifndef IFT_SPELLING_H
#define IFT_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/text/tokenizer.h"

/* The numbers that SentencePiece's files have, and others after them. */
enum ift_spelled_kind {
    IFT_SPELLED_NORMAL = 1,
    IFT_SPELLED_UNKNOWN,
    IFT_SPELLED_CONTROL,
    IFT_SPELLED_USER, /* found first, whatever surrounds it */
    IFT_SPELLED_UNUSED,
    IFT_SPELLED_BYTE
};

struct ift_spelled {
    struct ift_slice text; /* p NULL: the files leave the id out */
    float score;           /* CHARS: of two pieces that could be made the better scored is */
    enum ift_spelled_kind kind;
    bool added; /* beside the vocabulary proper; its text is plain */
};

/* How text is cut into words before any merging. */
enum ift_spelling_words {
    IFT_WORDS_WHOLE, /* not at all */
    IFT_WORDS_GPT2,
    IFT_WORDS_LLAMA3,
    IFT_WORDS_QWEN,
    IFT_WORDS_BLOOM
};

struct ift_spelling {
    bool bytes;        /* byte-level with merges; else SentencePiece-like BPE with scores */
    bool dummy_prefix; /* a space is put in front of a text */
    bool rewrites;     /* text is normalized otherwise too */
    bool whole_words;  /* bytes: a word that is a token is that token, whatever merges say */
    enum ift_spelling_words words; /* bytes */
    struct ift_spelled *piece;     /* by id */
    size_t n, cap;
    struct ift_slice *merge; /* bytes: "left right", best first */
    size_t nmerges, cap_merge;
    struct ift_arena arena; /* of all text */
};

/* t: the folder's tokenizer, opened. The scores of a SentencePiece model are those of
 * tokenizer.model; where only a tokenizer.json is there they are made from the order of its merges.
 * A unigram model is an error. A zeroed struct is ready. */
int ift_spelling_read(struct ift_spelling *s, const char *folder, const struct ift_tokenizer *t,
                      struct ift_err *err) IFT_MUST_CHECK;
void ift_spelling_release(struct ift_spelling *s);

#endif
