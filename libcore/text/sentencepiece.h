/* sentencepiece.h: what a SentencePiece model file (tokenizer.model) says, read as
 * sentencepiece_model.proto defines it. Reading only: what the words mean for encoding is spm.c's
 * business. Private to text.
 */
#ifndef IFT_SENTENCEPIECE_H
#define IFT_SENTENCEPIECE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* The numbers of the format. */
enum ift_sentencepiece_type {
    IFT_SP_NORMAL = 1,
    IFT_SP_UNKNOWN,
    IFT_SP_CONTROL,
    IFT_SP_USER,
    IFT_SP_UNUSED,
    IFT_SP_BYTE
};
enum ift_sentencepiece_model { IFT_SP_UNIGRAM = 1, IFT_SP_BPE, IFT_SP_WORD, IFT_SP_CHAR };

struct ift_sentencepiece_piece {
    struct ift_slice text;
    float score;
    int type;
};

/* Every slice lies in the text that was parsed. */
struct ift_sentencepiece {
    struct ift_sentencepiece_piece *piece;
    size_t n, cap;
    int model_type;
    bool byte_fallback, whitespace_as_suffix;
    struct ift_slice unk_surface, bos, eos, pad; /* pieces by name */
    struct ift_slice charsmap, decode_charsmap;  /* precompiled; empty: identity */
    bool dummy_prefix, remove_extra_whitespace, escape_whitespace;
};

/* Checks: every piece is 1 to IFT_SENTENCEPIECE_LONGEST bytes of UTF-8, scores are finite, types
 * known, exactly one piece is the unknown one, no text appears twice. Messages say which piece. */
enum { IFT_SENTENCEPIECE_LONGEST = 2048 };
int ift_sentencepiece_parse(struct ift_sentencepiece *m, const char *p, size_t n,
                            struct ift_err *err) IFT_MUST_CHECK;
void ift_sentencepiece_release(struct ift_sentencepiece *m);

#endif
