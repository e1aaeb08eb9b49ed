/* bpe_rows.h: words that are a few characters over and over, as of one letter or of spaces, are
 * merged by their runs, each in one step as long as no other pair comes between. The result is that
 * of bpe.h. Private to text.
 */
#ifndef IFT_BPE_ROWS_H
#define IFT_BPE_ROWS_H

#include "libcore/text/bpe.h"

/* Symbols that are the same, n of them, each of `length` bytes. */
struct ift_bpe_row {
    uint32_t id, from, n, length;
};
enum { IFT_BPE_ROWS = 16, IFT_BPE_FEW_ROWS = 4 };

/* The runs of one byte that p[0, n) consists of, the byte as their id; 0: they are more than
 * IFT_BPE_FEW_ROWS, or not ASCII. */
size_t ift_bpe_rows(const char *p, size_t n, struct ift_bpe_row *row);
/* Merges the first `n` of row[IFT_BPE_ROWS] into w->symbol, which is overwritten. */
void ift_bpe_merge_rows(const struct ift_bpe *b, struct ift_bpe_row *row, size_t n,
                        struct ift_bpe_work *w);

#endif
