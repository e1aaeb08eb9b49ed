/* bins.h: which documents share a row. Best fit decreasing: the longest first, each into the row
 * with the least room that still takes it. Rows are found through their room, one list for each
 * number of free tokens and a bitmap over the lists, so a document costs the same few instructions
 * however many rows are open.
 */
#ifndef IFT_BINS_H
#define IFT_BINS_H

#include <stddef.h>
#include <stdint.h>

/* bin[i] := the row that document i goes to, rows counted from 0 as they are opened; returns how
 * many. length: (n), each 1 to capacity. Of equal lengths the first comes first, of rows with equal
 * room the one that got it last is taken. Time is linear in n + capacity. */
size_t ift_bins_pack(const uint32_t *length, size_t n, uint32_t capacity, uint32_t *bin);

#endif
