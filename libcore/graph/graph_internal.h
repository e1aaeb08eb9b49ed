/* graph_internal.h: the inside of a graph, for the files of this room alone.
 *
 * Values never move once made, so a pointer to one stays good for the life of the graph; nodes do
 * move when the list grows, so copy a node before appending.
 */
#ifndef IFT_GRAPH_INTERNAL_H
#define IFT_GRAPH_INTERNAL_H

#include "libcore/base/mem.h"
#include "libcore/graph/graph.h"

struct ift_graph {
    struct ift_value **value; /* value[0] is unused */
    size_t values, value_cap;
    struct ift_node *node;
    size_t nodes, node_cap;
    ift_val *slot; /* names to values: open addressing, `slots` a power of two, 0 empty */
    size_t slots, named;
    ift_val *checkpoint; /* as they were declared */
    size_t checkpoints, checkpoint_cap;
    size_t recompute;       /* every how many of them are kept; 0: all values are */
    struct ift_arena arena; /* values and names */
    struct ift_err mistake; /* the first one made while building; "" none */
    bool backward;          /* what is appended now needs no gradient of its own */
};

/* Remembers the first mistake; later ones are consequences and are dropped. Returns 0, no value. */
ift_val ift_graph_mistake(struct ift_graph *g, const char *fmt, ...) IFT_PRINTF(2, 3);

const char *ift_extent_name(enum ift_extent e); /* "tokens" */

/* `"model.norm.weight" (512) f32`, for messages. */
enum { IFT_VALUE_TEXT = 200 };
const char *ift_value_text(const struct ift_value *v, char text[IFT_VALUE_TEXT]);

/* A new temporary: one shaped like another; or with the rows of another and a width of its own,
 * where width 0 makes a vector. */
ift_val ift_graph_temp(struct ift_graph *g, const struct ift_value *shape);
ift_val ift_graph_temp_rows(struct ift_graph *g, const struct ift_value *rows, int64_t width);

/* Appends a node whose outputs exist and returns the first of them. Outputs need a gradient when an
 * input does. */
ift_val ift_graph_push(struct ift_graph *g, const struct ift_node *n);

/* The state "grad.<name>" of a parameter, made on first use. */
ift_val ift_graph_grad_state(struct ift_graph *g, ift_val param);

#endif
