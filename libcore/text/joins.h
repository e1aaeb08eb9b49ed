/* joins.h: which characters may be neighbours inside a merged piece. Two that never are mark a
 * place that no merge can reach across, so a text may be cut there into words that are merged, and
 * remembered, on their own. This is what makes vocabularies without a pre-tokenizer fast, and it
 * changes no answer: merges on the two sides never see each other.
 *
 * Pairs of ASCII characters are exact; others are asked by hash, where a false "may" costs time,
 * never correctness.
 *
 * Where symbols are bytes a piece may begin or end inside a character. What it has of that one is
 * remembered by a single byte, the last of a character's end or the first of its beginning, and
 * asked for beside the character itself; few characters have such neighbours, so that it is asked
 * first whether one has any. Private to text.
 */
#ifndef IFT_JOINS_H
#define IFT_JOINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/text/bounds.h"

/* Bytes of a character as a number, and its length as SentencePiece counts: by the lead byte alone,
 * at most n. n >= 1. */
static inline uint32_t ift_char_load(const char *p, size_t n, size_t *len) {
    const unsigned char *const b = (const unsigned char *)p;
    if (b[0] < 0xc0 || n == 1) {
        *len = 1;
        return b[0];
    }
    size_t k = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (k > n) k = n;
    uint32_t c = b[0] | (uint32_t)b[1] << 8;
    if (k > 2) c |= (uint32_t)b[2] << 16;
    if (k > 3) c |= (uint32_t)b[3] << 24;
    *len = k;
    return c;
}

struct ift_joins {
    bool before_spaces; /* none goes on across the start of a space; set before pieces are added */
    uint64_t ascii[128][2];
    uint64_t *bit;
    unsigned shift; /* 64 - log2(bits) */
    /* Where symbols are bytes: what stands beside a part of a character. */
    struct ift_joins_parts {
        uint64_t left[1024], right[1024]; /* characters before one, behind one; by hash */
        uint64_t both[256]; /* by the end's last byte: a bit for each first byte of a beginning */
    } * parts;
};

void ift_joins_init(struct ift_joins *j, size_t pieces); /* pieces: about how many will be added */
void ift_joins_add(struct ift_joins *j, const char *piece, size_t n);
void ift_joins_release(struct ift_joins *j);
/* The words of p[0, n), n >= 1: characters up to the first behind which no piece goes on. */
void ift_joins_bounds(const struct ift_joins *j, const char *p, size_t n, struct ift_bounds *b);
/* The same for pieces that are any bytes; and the length of the first part of the word p[0, n),
 * n >= 1, behind which a byte may be read, that no such piece goes on from. */
void ift_joins_add_bytes(struct ift_joins *j, const char *piece, size_t n);
size_t ift_joins_first(const struct ift_joins *j, const char *p, size_t n);

static inline uint64_t ift_joins_hash(const struct ift_joins *j, uint32_t left, uint32_t right) {
    return (((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u) >> j->shift;
}

#endif
