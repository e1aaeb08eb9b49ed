/* hf.h: what the files of Hugging Face's libraries have in common: tokens by name, where a name
 * spells what the token stands for in an alphabet of its own, and merges of two names. Used by the
 * readers of tokenizer.json and of vocab.json with merges.txt. Private to text.
 */
#ifndef IFT_HF_H
#define IFT_HF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/text/added.h"
#include "libcore/text/vocab.h"

struct ift_tokenizer;

/* A zeroed struct with t and added is ready; set how names spell before the tokens are read. */
struct ift_hf {
    struct ift_tokenizer *t;
    struct ift_added *added;
    bool byte_level;    /* a character is a byte */
    bool meta;          /* U+2581 is a space */
    bool byte_fallback; /* <0x0A> is a byte */
    struct ift_arena arena;
    struct ift_slice *token; /* names by id; p NULL: none */
    size_t n, cap;
    struct ift_vocab name; /* the same, every one to be found */
    int32_t joined;        /* what the last merge made: the next one mostly makes the next token */
    bool *special;         /* by id: a control token */
};
void ift_hf_release(struct ift_hf *h);

/* One token more. Ids may come in any order and leave gaps. */
int ift_hf_token(struct ift_hf *h, struct ift_slice name, int64_t id,
                 struct ift_err *err) IFT_MUST_CHECK;
/* Every member of {"name": id, …}. */
int ift_hf_tokens(struct ift_hf *h, const struct ift_json *doc, int object,
                  struct ift_err *err) IFT_MUST_CHECK;
/* After the last: fills the tokenizer's vocab and byte_id. */
int ift_hf_pieces(struct ift_hf *h, struct ift_err *err) IFT_MUST_CHECK;
/* Fills byte_id of a byte-level vocabulary with the tokens of one byte, `missing` where there is
 * none. */
void ift_hf_byte_tokens(struct ift_hf *h, int32_t missing);

/* The merge of rank `line`, of two names. `left` is overwritten. */
int ift_hf_merge(struct ift_hf *h, uint32_t line, struct ift_str *left, struct ift_slice right,
                 struct ift_err *err) IFT_MUST_CHECK;
/* The same of "left right". */
int ift_hf_merge_line(struct ift_hf *h, uint32_t line, struct ift_slice text, struct ift_str *left,
                      struct ift_err *err) IFT_MUST_CHECK;

/* The byte that a character of the byte-level alphabet spells, or -1. The alphabet lies below
 * U+0144. */
int ift_hf_byte(uint32_t code);

/* The bytes that a name stands for, set to out; false: no text can become this token. */
bool ift_hf_text(const struct ift_hf *h, struct ift_slice name, struct ift_str *out);

#endif
