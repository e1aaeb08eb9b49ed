/* grid.h: a table of texts, written for people or for programs.
 *
 *     struct ift_grid *g = ift_grid_new(head, 3, "lrr"); // names of columns, how they align
 *     for (…) { ift_grid_add(g, name); ift_grid_addf(g, "%d", n); … }
 *     ift_grid_write(g, IFT_GRID_MARKDOWN, &out);
 *     ift_grid_free(g);
 *
 * text       columns side by side, wide characters counted as two
 * markdown   | a | b |, with `|` and line breaks in cells made harmless
 * tsv        tabs between, with tab, line break and backslash as \t, \n, \\
 */
#ifndef IFT_GRID_H
#define IFT_GRID_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

enum ift_grid_as { IFT_GRID_TEXT, IFT_GRID_MARKDOWN, IFT_GRID_TSV };

struct ift_grid;
/* align: 'l' or 'r' for each column. Both are borrowed. */
struct ift_grid *ift_grid_new(const char *const *head, size_t columns, const char *align);
/* The next cell, row by row; UTF-8. */
void ift_grid_add(struct ift_grid *g, const char *text);
void ift_grid_addf(struct ift_grid *g, const char *fmt, ...) IFT_PRINTF(2, 3);
/* Appends the table, its last row whole. */
void ift_grid_write(const struct ift_grid *g, enum ift_grid_as as, struct ift_str *out);
void ift_grid_free(struct ift_grid *g);

/* Columns of a terminal that UTF-8 text takes: 2 for what East Asia writes wide, 0 for marks. */
size_t ift_grid_width(const char *text, size_t n);
/* Appends text in exactly `width` columns, what is too long cut with an ellipsis. */
void ift_grid_fit(struct ift_str *out, const char *text, size_t width, char align);

#endif
