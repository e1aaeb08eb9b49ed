/* parquet_tree.h: a Parquet schema as the JSON that its rows become.
 *
 * A schema is a tree of groups and columns, in which a list is a group in a group, in one of
 * several customs. Here it is brought to four kinds: values, structs, lists, maps. Levels say how
 * much of the way down to a value is there, as in the Dremel paper: of the entries of a column,
 * `def` counts the optional and repeated steps that are there, `rep` at which repeated step the
 * entry goes on (0: a new row). (LogicalTypes.md of parquet-format, "Nested Types" with its
 * backward-compatibility rules.)
 */
#ifndef IFT_PARQUET_TREE_H
#define IFT_PARQUET_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/parquet_meta.h"

enum ift_parquet_kind {
    IFT_PARQUET_VALUE,
    IFT_PARQUET_STRUCT,
    IFT_PARQUET_LIST_OF, /* one child */
    IFT_PARQUET_MAP_OF,  /* two: key, value */
};

struct ift_parquet_node {
    enum ift_parquet_kind kind;
    struct ift_slice name; /* as a child of a struct */
    struct ift_str key;    /* the same as it stands in an object: "name": */
    unsigned def;          /* from which on the value is not null */
    unsigned item_def;     /* list, map: from which on there is an element */
    unsigned rep;          /* list, map: of entries that are further elements */
    size_t leaf, leaves;   /* the columns below: [leaf, leaf + leaves) */
    struct ift_parquet_node *child;
    size_t children;
};

struct ift_parquet_leaf {
    const struct ift_parquet_element *type;
    unsigned max_def, max_rep;
};

struct ift_parquet_tree {
    struct ift_parquet_node root;
    struct ift_parquet_leaf *leaf;
    size_t leaves;
};

/* The elements must live as long as the tree. A type that cannot be read is refused by its name. */
int ift_parquet_tree_build(struct ift_parquet_tree *t, const struct ift_parquet_element *element,
                           size_t n, struct ift_err *err) IFT_MUST_CHECK;
void ift_parquet_tree_release(struct ift_parquet_tree *t);
/* Appends where a column stands, as people say it: messages.role. */
void ift_parquet_tree_path(const struct ift_parquet_tree *t, size_t leaf, struct ift_str *path);

#endif
