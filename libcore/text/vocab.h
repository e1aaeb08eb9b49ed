/* vocab.h: the pieces of a vocabulary, id to bytes and bytes to id. Private to text; callers see
 * tokenizer.h.
 *
 * Pieces are kept as the bytes they stand for in text: SentencePiece's U+2581 is a space here and a
 * byte-level token is its bytes, so decoding is copying and one encoder core serves every family.
 * What a file spells in a way that can never match text (a literal space where spaces are escaped,
 * say) stays visible by id and is left out of the index.
 */
#ifndef IFT_VOCAB_H
#define IFT_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/str.h"

enum ift_piece_kind {
    IFT_PIECE_NORMAL,
    IFT_PIECE_CONTROL, /* <s>: never made from text */
    IFT_PIECE_UNKNOWN, /* <unk> */
    IFT_PIECE_BYTE,    /* one byte of a character that has no piece */
    IFT_PIECE_USER,    /* found first and never split nor merged */
    IFT_PIECE_GAP,     /* an id that the file leaves out */
};

struct ift_vocab {
    struct ift_str bytes; /* all pieces, one after the other */
    uint32_t *at;         /* piece i is bytes[at[i], at[i + 1]); files are far below 4 GiB */
    uint8_t *kind;
    bool *found; /* piece i is what ift_vocab_find gives for its bytes */
    size_t n, cap;
    struct ift_vocab_slot *slot; /* bytes to id */
    size_t mask, indexed;
};

struct ift_vocab_slot {
    uint32_t hash;
    uint32_t place; /* id + 1; 0: empty */
};

/* Room for about so many pieces at once. */
void ift_vocab_reserve(struct ift_vocab *v, size_t pieces);
/* A zeroed struct is an empty vocabulary. Appends the piece with id v->n. */
void ift_vocab_add(struct ift_vocab *v, const char *p, size_t n, enum ift_piece_kind kind);
/* Makes ift_vocab_find see piece `id`; false when another piece with these bytes is there already
 * (it stays). */
bool ift_vocab_index(struct ift_vocab *v, uint32_t id);
/* Makes ift_vocab_find see all pieces whose `found` the caller has set; of those with the same
 * bytes the first one stays, the others' is taken back. Returns the id of one of these, or -1. */
int64_t ift_vocab_index_all(struct ift_vocab *v);
/* The id or -1. */
int32_t ift_vocab_find(const struct ift_vocab *v, const char *p, size_t n);
/* The same for some tens of texts: memory is waited for once for all of them. */
struct ift_vocab_query {
    struct ift_slice text;
    uint32_t hash; /* used within */
    int32_t id;    /* the answer */
};
void ift_vocab_find_all(const struct ift_vocab *v, struct ift_vocab_query *query, size_t n);
void ift_vocab_release(struct ift_vocab *v);

/* The byte that a piece of byte fallback spells, "<0x0A>", or -1: it is none. */
int ift_vocab_byte(struct ift_slice name);

static inline struct ift_slice ift_vocab_piece(const struct ift_vocab *v, uint32_t id) {
    return (struct ift_slice){v->bytes.p + v->at[id], v->at[id + 1] - v->at[id]};
}

/* What ids mean, as one number: XXH3 over every piece's bytes and whether it is text, a byte or
 * neither. Two files of the same vocabulary, tokenizer.model and tokenizer.json, agree. */
uint64_t ift_vocab_digest(const struct ift_vocab *v);

#endif
