/* yaml_feed.h: the text that libyaml is given, kept from the last item that is done on, so that
 * behind what cannot be read it can go on. Private to yaml.
 */
#ifndef IFT_YAML_FEED_H
#define IFT_YAML_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "libcore/io/yaml.h"

/* Offsets are into text and hold until done is called. */
struct ift_yaml_feed {
    ift_yaml_read *read;
    void *ctx;
    struct ift_str text;
    size_t given;     /* of text, to the parser */
    size_t limit;     /* where its text ends; SIZE_MAX: where the input does */
    size_t at, index; /* a place in text, and how many characters the parser counts before it */
    size_t counted, lines; /* a place in text, and how many line breaks there are before it */
    bool ended, failed;    /* the input; why it failed: */
    struct ift_err why;
};

void ift_yaml_feed_release(struct ift_yaml_feed *f);
/* For yaml_parser_set_input. */
int ift_yaml_feed_give(void *feed, unsigned char *buffer, size_t size, size_t *n);
/* Starts over for a new parser: from there, to `limit`. */
void ift_yaml_feed_restart(struct ift_yaml_feed *f, size_t from, size_t limit);
/* Where the character of that number lies, not before the last that was asked for. */
size_t ift_yaml_feed_place(struct ift_yaml_feed *f, size_t index);
/* Nobody asks for what is before `to` any more. */
void ift_yaml_feed_done(struct ift_yaml_feed *f, size_t to);
/* The start of the next line, at `from` or behind it, that begins a document, or, unless column is
 * negative, an element of a sequence there; else the end of the text. */
size_t ift_yaml_feed_next(struct ift_yaml_feed *f, size_t from, int column);
/* The start of the line behind the one at `from`. */
size_t ift_yaml_feed_line_end(struct ift_yaml_feed *f, size_t from);
/* Whether there are blanks, comments, directives and ends of documents only. */
bool ift_yaml_feed_nothing(const struct ift_yaml_feed *f, size_t from, size_t to);
/* The column of the sequence that begins a document there, or -1. */
int ift_yaml_feed_column(struct ift_yaml_feed *f, size_t from);
/* How many lines there are before it. */
size_t ift_yaml_feed_lines(struct ift_yaml_feed *f, size_t at);

#endif
