/* tokenizer.h: text to token ids and back, exactly as the vocabulary's own library does it.
 *
 *     struct ift_tokenizer *t;
 *     IFT_TRY(ift_tokenizer_open(&t, "models/llama", err));
 *     struct ift_encoder *e = ift_encoder_new(t); // one per thread; the tokenizer is shared
 *     struct ift_tokens tokens = {0};
 *     IFT_TRY(ift_encoder_encode(e, text, n, NULL, &tokens, err));
 *     for (size_t i = 0; i < tokens.n; i++)
 *         … tokens.id[i] stands for text[tokens.from[i], tokens.from[i + 1])
 *
 * What is read, without conversion: SentencePiece models (BPE and unigram, byte fallback,
 * user-defined pieces, compiled normalization rules), `tokenizer.json` (BPE and Unigram, byte-level
 * and SentencePiece-like, with the pre-tokenizers of pretoken.h), `vocab.json` with `merges.txt`,
 * and tiktoken's files. A component that we do not know is refused by name, never skipped. The
 * reference is sentencepiece 0.2.1 (0.2.2 breaks some ties of unigram models otherwise), tokenizers
 * 0.23 and tiktoken.
 *
 * In a model folder tokenizer.json comes first, as in AutoTokenizer; then the vocabulary is read as
 * the Python class of its family would (vocab_family.h). tokenizer_config.json, added_tokens.json
 * and special_tokens_map.json beside it say what tokens there are beside the vocabulary, and which
 * begin, end and fill a text. A single file may be named instead: a .model or tokenizer.json then
 * speaks for itself.
 *
 * Text is data. A "<s>" in it is four characters, whatever the vocabulary calls its control tokens,
 * unless the caller asks for `parse_control`; a caller who means a control token says where with a
 * mark. Only tokens that a vocabulary adds without calling them special (runs of spaces, say) are
 * always found, since they are text.
 *
 * To add a family that keeps its vocabulary in files we know: a row in vocab_family.c; a kind of
 * file: a reader that fills struct ift_tokenizer; a way of segmenting: a scheme
 * (tokenizer_internal.h).
 */
#ifndef IFT_TOKENIZER_H
#define IFT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

struct ift_tokenizer; /* never changes once open: threads share it */

/* path: a model folder or a vocabulary file. Messages begin with the file. */
int ift_tokenizer_open(struct ift_tokenizer **t, const char *path,
                       struct ift_err *err) IFT_MUST_CHECK;
void ift_tokenizer_free(struct ift_tokenizer *t); /* NULL is fine */

struct ift_tokenizer_info {
    uint32_t size; /* ids are below it; at most what the model's config calls vocab_size */
    int32_t bos, eos, pad, unk; /* -1: none */
    bool add_bos, add_eos; /* the vocabulary's own tokenizer puts them around a text */
    int32_t before[4], after[4]; /* all that it puts around a text: a BOS, an EOS, ChatGLM's [gMASK]
                                    and sop. Encoding here adds none of them. */
    uint32_t nbefore, nafter;
    uint64_t digest;       /* of what the ids mean; two files of one vocabulary agree */
};
const struct ift_tokenizer_info *ift_tokenizer_info(const struct ift_tokenizer *t);

/* What id < size stands for, as bytes of text (not necessarily UTF-8 on their own); a control
 * token's name, and *control (which may be NULL) true. */
struct ift_slice ift_tokenizer_piece(const struct ift_tokenizer *t, uint32_t id, bool *control);
/* The control token of that name, or -1. Names are looked up exactly. */
int32_t ift_tokenizer_control(const struct ift_tokenizer *t, const char *name, size_t n);

/* ---- encoding ---- */

/* Tokens with their places. A zeroed struct is ready and is reused. Places tile the text: token i
 * covers [from[i], from[i + 1]), and from[n] is the text's length. A token that stands for nothing
 * in the text (a lone dummy prefix; all but the last byte of an ill-formed one's replacement) has
 * an empty place. */
struct ift_tokens {
    int32_t *id;
    uint32_t *from;
    size_t n, cap;
};
void ift_tokens_release(struct ift_tokens *tokens);

/* A control token in place of text[from, to); from == to is fine. A BOS at the very start, or what
 * info calls `before`, is as if the vocabulary's own tokenizer had put it there: the text begins
 * behind it, dummy prefix and all. */
struct ift_mark {
    size_t from, to;
    int32_t id;
};

struct ift_encode_opts {
    bool parse_control;          /* names of control tokens in the text become those tokens */
    const struct ift_mark *mark; /* in order, not overlapping */
    size_t nmarks;
};

struct ift_encoder; /* scratch memory and the words seen so far; what it answers does not depend on
                       them */
struct ift_encoder *ift_encoder_new(const struct ift_tokenizer *t);
void ift_encoder_free(struct ift_encoder *e);

/* Sets *out to the tokens of text[0, n); no BOS, no EOS. opts NULL: all literal. Fails only on text
 * beyond 2 GiB. Takes time linear in n but for a logarithm on words that have no end, whatever the
 * text. */
int ift_encoder_encode(struct ift_encoder *e, const char *text, size_t n,
                       const struct ift_encode_opts *opts, struct ift_tokens *out,
                       struct ift_err *err) IFT_MUST_CHECK;

/* ---- decoding ---- */

/* Appends the text of ids[0, n), valid UTF-8 as the original library gives it: a sequence of bytes
 * that is not UTF-8 shows as U+FFFD, a leading dummy space is gone. Control tokens are left out
 * unless keep_control. Fails on an id out of range. */
int ift_tokenizer_decode(const struct ift_tokenizer *t, const int32_t *ids, size_t n,
                         bool keep_control, struct ift_str *out,
                         struct ift_err *err) IFT_MUST_CHECK;

#endif
