#include "libcore/text/bpe_rows.h"

#include <stdbool.h>
#include <string.h>

#define NONE IFT_U64MAP_NONE

size_t ift_bpe_rows(const char *p, size_t n, struct ift_bpe_row *row) {
    size_t rows = 0;
    for (size_t i = 0, end; i < n; i = end) {
        if (rows == IFT_BPE_FEW_ROWS || (unsigned char)p[i] >= 0x80) return 0;
        for (end = i + 1; end < n && p[end] == p[i];) end++;
        row[rows++] =
            (struct ift_bpe_row){(unsigned char)p[i], (uint32_t)i, (uint32_t)(end - i), 1};
    }
    return rows;
}

/* Leaves out empty rows, and joins neighbours that are the same. */
static size_t tidy(struct ift_bpe_row *row, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (row[i].n == 0) continue;
        if (kept > 0 && row[kept - 1].id == row[i].id && row[kept - 1].length == row[i].length)
            row[kept - 1].n += row[i].n;
        else
            row[kept++] = row[i];
    }
    return kept;
}

/* The pair to be merged next: within row *at, or of its last symbol and the one behind it. */
static uint64_t best_of_rows(const struct ift_bpe *b, const struct ift_bpe_row *row, size_t n,
                             size_t *at, bool *within) {
    uint64_t best = NONE;
    for (size_t i = 0; i < n; i++) {
        const uint64_t same = row[i].n > 1 ? ift_bpe_pair(b, row[i].id, row[i].id) : NONE;
        const uint64_t next = i + 1 < n ? ift_bpe_pair(b, row[i].id, row[i + 1].id) : NONE;
        if (same >> 32 < best >> 32) {
            best = same;
            *at = i;
            *within = true;
        }
        if (next >> 32 < best >> 32) {
            best = next;
            *at = i;
            *within = false;
        }
    }
    return best;
}

/* Whether, when a row's first two symbols have become `made` by a pair of that rank, the next two
 * are next. */
static bool goes_on(const struct ift_bpe *b, const struct ift_bpe_row *row, size_t at,
                    uint32_t made, uint64_t rank) {
    return ift_bpe_pair(b, made, made) >> 32 > rank &&
           ift_bpe_pair(b, made, row[at].id) >> 32 > rank &&
           (at == 0 || ift_bpe_pair(b, row[at - 1].id, made) >> 32 > rank);
}

static size_t merge_row(const struct ift_bpe *b, struct ift_bpe_row *row, size_t n, size_t at,
                        uint64_t value) {
    struct ift_bpe_row *const r = &row[at];
    const uint32_t made = (uint32_t)value,
                   pairs = goes_on(b, row, at, made, value >> 32) ? r->n / 2 : 1;
    const uint32_t taken = 2 * pairs * r->length;
    memmove(r + 1, r, (n - at) * sizeof *r);
    r[0] = (struct ift_bpe_row){made, r->from, pairs, 2 * r->length};
    r[1].from += taken;
    r[1].n -= 2 * pairs;
    return tidy(row, n + 1);
}

static size_t merge_border(struct ift_bpe_row *row, size_t n, size_t at, uint32_t made) {
    struct ift_bpe_row *const left = &row[at];
    memmove(left + 2, left + 1, (n - at - 1) * sizeof *left);
    struct ift_bpe_row *const right = left + 2;
    left->n--;
    left[1] = (struct ift_bpe_row){made, left->from + left->n * left->length, 1,
                                   left->length + right->length};
    right->n--;
    right->from += right->length;
    return tidy(row, n + 1);
}

/* Pairs of one row are merged at once where each would be the next to be taken; else one pair. When
 * rows grow many, what they are goes on as any other word. */
void ift_bpe_merge_rows(const struct ift_bpe *b, struct ift_bpe_row *row, size_t n,
                        struct ift_bpe_work *w) {
    uint64_t value = 0;
    size_t at;
    bool within;
    n = tidy(row, n);
    while (n < IFT_BPE_ROWS && (value = best_of_rows(b, row, n, &at, &within)) != NONE)
        n = within ? merge_row(b, row, n, at, value) : merge_border(row, n, at, (uint32_t)value);
    w->n = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < row[i].n; k++)
            ift_bpe_push(w, row[i].id, row[i].from + k * row[i].length);
    if (value != NONE) ift_bpe_merge(b, w);
}
