/* drawing.h: relative sizes as a picture: a map of areas in SVG, bars for a terminal.
 *
 * Both draw the same list and depend on nothing else: no clock, no font, no machine.
 */
#ifndef IFT_DRAWING_H
#define IFT_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/str.h"

struct ift_drawing_item {
    const char *name;
    uint64_t n;       /* how large */
    const char *kind; /* what colours it: "EN", "Latin" */
    bool claimed;     /* the number is somebody's word: it is marked with * */
};

struct ift_drawing {
    const struct ift_drawing_item *item; /* the largest first */
    size_t n;
    uint64_t total;     /* what shares are of */
    const char *things; /* "records" */
    const char *note;   /* a line under the picture, or NULL */
};

/* Colour number i of the palette, "#3f6fa8", and its nearest on a terminal (30 to 37). Kinds that
 * we know always have the same one. */
struct ift_drawing_colour {
    const char *rgb;
    int ansi;
};
struct ift_drawing_colour ift_drawing_colour(const char *kind);

/* Appends name, number, share and a bar for each item in lines of `width` columns (40 at least);
 * a bar's length is linear, to an eighth of a column. In colour where `colour`. */
void ift_drawing_bars(const struct ift_drawing *d, size_t width, bool colour, struct ift_str *out);

/* Appends an SVG document: areas in proportion, gathered by kind, with a legend of kinds and the
 * list of all items below, for areas can be too small for a name. Without scripts, references or
 * style sheets, so it may be put anywhere. */
void ift_drawing_map(const struct ift_drawing *d, struct ift_str *out);

#endif
