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

/* One of the two names of a merge. */
struct ift_hf_part {
    struct ift_slice name;
    size_t from, n; /* its text's place among those of the block */
    bool spells;    /* such a text */
    int32_t id;
};

/* Merges on their way: hf_merge.c. */
enum { IFT_HF_BLOCK = 32 };
struct ift_hf_merges {
    struct ift_hf_part part[2 * IFT_HF_BLOCK]; /* left and right of each */
    struct ift_str text;
    size_t waiting;
    uint32_t n;   /* how many there were: the rank of the next */
    int32_t made; /* by the last one: the next one mostly makes the next token */
};

/* A zeroed struct with t and added is ready; set how names spell before the tokens are read. Names
 * are borrowed: what they lie in outlives it. */
struct ift_hf {
    struct ift_tokenizer *t;
    struct ift_added *added;
    bool byte_level;         /* a character is a byte */
    bool meta;               /* U+2581 is a space */
    bool byte_fallback;      /* <0x0A> is a byte */
    struct ift_slice *token; /* names by id; p NULL: none */
    size_t n, cap;
    struct ift_vocab odd; /* the names of tokens that no text becomes: control tokens, bytes … */
    uint32_t *odd_id;     /* … and their ids */
    size_t cap_odd;
    struct ift_hf_merges merges;
    struct ift_arena arena; /* of names that their file has with escapes */
    struct ift_str text;    /* of a name */
};
void ift_hf_release(struct ift_hf *h);

/* The name that a string spells, valid as long as both the document's text and h are. */
struct ift_slice ift_hf_name(struct ift_hf *h, const struct ift_json *doc, int node);
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

/* The id of a name, or -1; of one that is known to spell no token's text. */
int32_t ift_hf_find(const struct ift_hf *h, struct ift_slice name);
int32_t ift_hf_find_odd(const struct ift_hf *h, struct ift_slice name);

/* The next merge, of two names; of "left right". What is wrong with one may be said later, and
 * ift_hf_merges_end comes after the last. */
int ift_hf_merge(struct ift_hf *h, struct ift_slice left, struct ift_slice right,
                 struct ift_err *err) IFT_MUST_CHECK;
int ift_hf_merge_line(struct ift_hf *h, struct ift_slice line, struct ift_err *err) IFT_MUST_CHECK;
int ift_hf_merges_end(struct ift_hf *h, struct ift_err *err) IFT_MUST_CHECK;

/* The byte that a character of the byte-level alphabet spells, or -1. The alphabet lies below
 * U+0144. */
int ift_hf_byte(uint32_t code);

/* Appends the bytes that a name stands for; false: no text can become this token. */
bool ift_hf_add_text(const struct ift_hf *h, struct ift_slice name, struct ift_str *out);

#endif
