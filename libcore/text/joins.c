#include "libcore/text/joins.h"

#include <stdlib.h>

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
