/* yaml_node.h: a value of YAML as JSON: its anchors, what is merged into it, its depth. And the
 * reader they are read from. Private to yaml.
 */
#ifndef IFT_YAML_NODE_H
#define IFT_YAML_NODE_H

#include <yaml.h>

#include "libcore/io/yaml_feed.h"

struct ift_yaml_anchor {
    char *name;
    struct ift_str json;
};

/* Of a member of a mapping that is being written: json[from, from + n), quotes included. */
struct ift_yaml_key {
    size_t from, n, line;
};

struct ift_yaml {
    yaml_parser_t parser;
    struct ift_yaml_feed feed;
    size_t lines;      /* before what the parser was given */
    size_t mark;       /* the character behind the last event */
    yaml_event_t next; /* which was looked at already, if `ahead` */
    bool ahead;
    enum { START, DOCUMENTS, SEQUENCE, END } where;
    bool in_sequence;
    int column;  /* of the sequence's elements; -1: they are not one a line, or there is none */
    bool flow;   /* the sequence stands in brackets */
    size_t done; /* where, in the feed, what was given ends */
    struct ift_err bad; /* why the last item was not read */
    bool idle;          /* the parser, behind items that were read without it (yaml_plain.h) */
    bool directives;    /* the document has some, which the parser must not forget */
    size_t patience;    /* bytes that it reads before others are tried */

    struct ift_yaml_anchor *anchor; /* of this document */
    size_t nanchors, anchors_cap;
    size_t kept, copied;      /* bytes that anchors hold; that aliases added to this item */
    struct ift_yaml_key *key; /* of all mappings that are open */
    size_t nkeys, keys_cap;
};

/* The next event, which may have been looked at already: 0, -1. */
int ift_yaml_event(struct ift_yaml *y, yaml_event_t *event, struct ift_err *err);
/* Adds the value that starts with the event, which is used up. */
int ift_yaml_add(struct ift_yaml *y, yaml_event_t *event, size_t depth, struct ift_str *json,
                 struct ift_err *err);
/* All anchors: those of a document end with it. */
void ift_yaml_forget(struct ift_yaml *y);

/* Of the input, from 1. */
static inline size_t ift_yaml_line(const struct ift_yaml *y, yaml_mark_t mark) {
    return y->lines + mark.line + 1;
}

#endif
