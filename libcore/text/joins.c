#include "libcore/text/joins.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

void ift_joins_init(struct ift_joins *j, size_t pieces) {
    unsigned log2 = 12;
    while (log2 < 24 && ((size_t)1 << log2) < 8 * pieces) log2++;
    *j = (struct ift_joins){.bit = ift_alloc0((size_t)1 << (log2 - 6), sizeof *j->bit),
                            .shift = 64 - log2};
}

void ift_joins_add(struct ift_joins *j, const char *piece, size_t n) {
    size_t len;
    uint32_t left = ift_char_load(piece, n, &len);
    for (size_t i = len; i < n; i += len) {
        const uint32_t right = ift_char_load(piece + i, n - i, &len);
        const uint64_t h = ift_joins_hash(j, left, right);
        j->bit[h >> 6] |= (uint64_t)1 << (h & 63);
        if ((left | right) < 128 && !(right == ' ' && j->before_spaces))
            j->ascii[left][right >> 6] |= (uint64_t)1 << (right & 63);
        left = right;
    }
}

void ift_joins_release(struct ift_joins *j) {
    free(j->bit);
    free(j->parts);
    *j = (struct ift_joins){0};
}

/* ---- characters ---- */

static inline bool may(const struct ift_joins *j, uint32_t left, uint32_t right) {
    const uint64_t h = ift_joins_hash(j, left, right);
    return j->bit[h >> 6] >> (h & 63) & 1;
}

static inline bool may_characters(const struct ift_joins *j, uint32_t left, uint32_t right) {
    if ((left | right) < 128) return j->ascii[left][right >> 6] >> (right & 63) & 1;
    return !(right == ' ' && j->before_spaces) && may(j, left, right);
}

/* Bits on their way to memory, in the order of their places. */
struct bits {
    struct ift_bounds_block *to;
    uint64_t here; /* those of *to */
    size_t next;   /* place of the first one behind them */
};

static inline void flush(struct bits *b, uint64_t here) {
    *b->to++ = (struct ift_bounds_block){b->here, 0};
    b->here = here;
    b->next += 64;
}

static inline void put(struct bits *b, size_t at, bool bit) {
    if (at >= b->next) flush(b, 0);
    b->here |= (uint64_t)bit << (at % 64);
}

/* For the bytes from `at` on. */
static inline void put_eight(struct bits *b, size_t at, uint64_t eight) {
    if (at >= b->next) flush(b, 0);
    b->here |= eight << (at % 64);
    if (at + 8 > b->next) flush(b, eight >> (b->next - at));
}

static inline bool eight_of_ascii(const char *p, uint64_t *eight) {
    memcpy(eight, p, 8);
    return !(*eight & 0x8080808080808080u);
}

/* Of eight bytes of ASCII behind another: which of the pairs no piece has, the first being the one
 * that begins with that other. */
static inline uint64_t apart(const struct ift_joins *j, unsigned left, uint64_t eight) {
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        const unsigned right = eight >> 8 * i & 127;
        bits |= (~j->ascii[left][right >> 6] >> (right & 63) & 1) << i;
        left = right;
    }
    return bits;
}

/* A character of three bytes, as most are that are not ASCII. */
static inline bool is_three(const char *p, uint32_t *c) {
    memcpy(c, p, 4);
    *c &= 0xffffff;
    return (*c & 0xc0c0f0) == 0x8080e0;
}

void ift_joins_bounds(const struct ift_joins *j, const char *p, size_t n, struct ift_bounds *b) {
    struct bits bits = {.to = ift_bounds_make(b, n), .next = 64};
    size_t len;
    uint32_t left = ift_char_load(p, n, &len), right;
    for (size_t i = len; i < n; i += len, left = right) {
        uint64_t eight;
        if (left < 128 && n - i >= 8 && eight_of_ascii(p + i, &eight)) {
            put_eight(&bits, i, apart(j, left, eight));
            right = eight >> 56;
            len = 8;
            continue;
        }
        if (n - i >= 4 && is_three(p + i, &right))
            len = 3;
        else
            right = ift_char_load(p + i, n - i, &len);
        put(&bits, i, !may_characters(j, left, right));
    }
    put(&bits, n, true);
    flush(&bits, 0);
    ift_bounds_rewind(b);
}

/* ---- bytes ---- */

enum { END_OF = 1u << 31, BEGINNING_OF = 1u << 30 }; /* no character's number has these bits */

/* A character or what there is of one. */
struct unit {
    uint32_t left, right; /* as what it is asked for on either side */
    uint8_t first, last;
    bool whole;
    size_t n;
};

/* A character's length by its first byte; 0: it is not one's first. */
static size_t length_by_first(unsigned char first) {
    return first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static inline struct unit next_unit(const char *p, size_t n) {
    const unsigned char *const b = (const unsigned char *)p;
    struct unit u = {.n = 1};
    while (u.n < n && (b[u.n] & 0xc0) == 0x80) u.n++;
    u.whole = u.n == length_by_first(b[0]);
    u.first = b[0];
    u.last = b[u.n - 1];
    size_t len;
    if (u.whole) u.left = u.right = ift_char_load(p, n, &len);
    if (!u.whole) u.left = END_OF | u.last;
    if (!u.whole) u.right = BEGINNING_OF | u.first;
    return u;
}

static bool is_ascii(const char *p, size_t n) {
    uint64_t any = 0, eight;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        memcpy(&eight, p + i, 8);
        any |= eight;
    }
    for (; i < n; i++) any |= (unsigned char)p[i];
    return !(any & 0x8080808080808080u);
}

static bool is_part(uint32_t side) {
    return side & (END_OF | BEGINNING_OF);
}

static unsigned place_of(uint32_t character) {
    return character * 0x9e3779b1u >> 16;
}

static bool has(const uint64_t *bits, unsigned place) {
    return bits[place / 64] >> (place % 64) & 1;
}

static void set(uint64_t *bits, unsigned place) {
    bits[place / 64] |= (uint64_t)1 << (place % 64);
}

static void add(struct ift_joins *j, uint32_t left, uint32_t right) {
    struct ift_joins_parts *const parts = j->parts;
    if (is_part(left) && is_part(right)) {
        parts->both[left & 255] |= (uint64_t)1 << (right & 63);
        return;
    }
    if (is_part(right)) set(parts->left, place_of(left));
    if (is_part(left)) set(parts->right, place_of(right));
    const uint64_t h = ift_joins_hash(j, left, right);
    j->bit[h >> 6] |= (uint64_t)1 << (h & 63);
}

/* Two characters of ASCII are never asked for. */
void ift_joins_add_bytes(struct ift_joins *j, const char *piece, size_t n) {
    if (is_ascii(piece, n)) return;
    if (!j->parts) j->parts = ift_alloc0(1, sizeof *j->parts);
    struct unit left = next_unit(piece, n);
    for (size_t i = left.n; i < n;) {
        const struct unit right = next_unit(piece + i, n - i);
        add(j, left.left, right.right);
        i += right.n;
        left = right;
    }
}

/* Whether a piece may go on from one character to the next, whichever bytes of them it has. first,
 * last: the byte of the right one that a beginning has, of the left one that an end has. */
static inline bool may_any(const struct ift_joins *j, uint32_t left, uint8_t last, uint32_t right,
                           uint8_t first) {
    const struct ift_joins_parts *const parts = j->parts;
    if (may(j, left, right)) return true;
    if (!parts) return false;
    return parts->both[last] >> (first & 63) & 1 ||
           (has(parts->left, place_of(left)) && may(j, left, BEGINNING_OF | first)) ||
           (has(parts->right, place_of(right)) && may(j, END_OF | last, right));
}

static bool may_units(const struct ift_joins *j, const struct unit *left,
                      const struct unit *right) {
    if (!left->whole || !right->whole || (left->first | right->first) < 0x80) return true;
    return may_any(j, left->left, left->last, right->right, right->first);
}

/* The same from i on, where any character begins that no part ends before. */
__attribute__((noinline)) static size_t first_from(const struct ift_joins *j, const char *p,
                                                   size_t n, size_t i) {
    struct unit left = next_unit(p + i, n - i);
    for (i += left.n; i < n;) {
        const struct unit right = next_unit(p + i, n - i);
        if (!may_units(j, &left, &right)) return i;
        i += right.n;
        left = right;
    }
    return n;
}

size_t ift_joins_first(const struct ift_joins *j, const char *p, size_t n) {
    uint32_t c, next;
    if (n < 3 || !is_three(p, &c)) return first_from(j, p, n, 0);
    for (size_t i = 3; i < n; i += 3, c = next) {
        if (n - i < 3 || !is_three(p + i, &next)) return first_from(j, p, n, i - 3);
        if (!may_any(j, c, (uint8_t)(c >> 16), next, (uint8_t)next)) return i;
    }
    return n;
}
