#include "libcore/text/joins.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

void ift_joins_init(struct ift_joins *j, size_t pieces) {
    unsigned log2 = 12;
    while (log2 < 24 && ((size_t)1 << log2) < 16 * pieces) log2++;
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
        if ((left | right) < 128) j->ascii[left][right >> 6] |= (uint64_t)1 << (right & 63);
        left = right;
    }
}

void ift_joins_release(struct ift_joins *j) {
    free(j->bit);
    *j = (struct ift_joins){0};
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

static struct unit next_unit(const char *p, size_t n) {
    const unsigned char *const b = (const unsigned char *)p;
    struct unit u = {.n = 1};
    while (u.n < n && (b[u.n] & 0xc0) == 0x80) u.n++;
    const size_t want = b[0] < 0x80 ? 1 : b[0] < 0xc0 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    u.whole = u.n == want;
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

/* Two characters of ASCII are never asked for. */
void ift_joins_add_bytes(struct ift_joins *j, const char *piece, size_t n) {
    if (is_ascii(piece, n)) return;
    struct unit left = next_unit(piece, n);
    for (size_t i = left.n; i < n;) {
        const struct unit right = next_unit(piece + i, n - i);
        const uint64_t h = ift_joins_hash(j, left.left, right.right);
        j->bit[h >> 6] |= (uint64_t)1 << (h & 63);
        i += right.n;
        left = right;
    }
}

static bool may(const struct ift_joins *j, uint32_t left, uint32_t right) {
    const uint64_t h = ift_joins_hash(j, left, right);
    return j->bit[h >> 6] >> (h & 63) & 1;
}

/* Whether a piece may go on from one character to the next, whichever bytes of them it has. */
static bool may_any(const struct ift_joins *j, const struct unit *left, const struct unit *right) {
    if (!left->whole || !right->whole || (left->first | right->first) < 0x80) return true;
    return may(j, left->left, right->right) || may(j, left->left, BEGINNING_OF | right->first) ||
           may(j, END_OF | left->last, right->right) ||
           may(j, END_OF | left->last, BEGINNING_OF | right->first);
}

/* A character of three bytes, as most are in the words that come here. */
static inline bool is_three(const char *p, uint32_t *c) {
    const unsigned char *const b = (const unsigned char *)p;
    *c = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
    return (*c & 0xc0c0f0) == 0x8080e0;
}

/* may_any for two of them. */
static inline bool may_three(const struct ift_joins *j, uint32_t left, uint32_t right) {
    return may(j, left, right) || may(j, left, BEGINNING_OF | (right & 0xff)) ||
           may(j, END_OF | left >> 16, right) ||
           may(j, END_OF | left >> 16, BEGINNING_OF | (right & 0xff));
}

size_t ift_joins_first(const struct ift_joins *j, const char *p, size_t n) {
    size_t i = 0;
    uint32_t c, next;
    if (n >= 3 && is_three(p, &c)) {
        for (i = 3; n - i >= 3 && is_three(p + i, &next); i += 3, c = next)
            if (!may_three(j, c, next)) return i;
        if (i == n) return n;
        i -= 3; /* whose bytes may go on */
    }
    struct unit left = next_unit(p + i, n - i);
    for (i += left.n; i < n;) {
        const struct unit right = next_unit(p + i, n - i);
        if (!may_any(j, &left, &right)) return i;
        i += right.n;
        left = right;
    }
    return n;
}
