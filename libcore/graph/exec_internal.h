/* exec_internal.h: what making an exec (exec.c) and running it (exec_run.c) share. */
#ifndef IFT_EXEC_INTERNAL_H
#define IFT_EXEC_INTERNAL_H

#include <string.h>

#include "libcore/graph/exec.h"
#include "libcore/graph/graph_internal.h"
#include "libcore/graph/plan.h"

/* Where a value lies, in its shape at capacity. */
struct ift_place {
    struct ift_operand at; /* buf NULL: nowhere yet */
    bool owned;            /* by this exec: freed with it */
    int64_t rows;          /* inputs: rows uploaded; -1: never */
};

struct ift_exec {
    const struct ift_graph *g;
    struct ift_device *d;
    struct ift_plan *plan;
    int64_t capacity[IFT_EXTENTS], extent[IFT_EXTENTS];
    struct ift_operand slab;
    bool borrowed;           /* the slab is another exec's */
    struct ift_place *place; /* (values + 1) */
    struct ift_call *call;   /* (calls), as of `extent` when `resolved` */
    size_t calls;
    bool resolved;
    bool *constant; /* (nodes) depends on parameters alone, which do not change; NULL: none does */
    bool computed;  /* and has run */
    struct ift_exec_bytes bytes;
    bool profile;
    double seconds[IFT_OP_COUNT];
};

static inline const struct ift_value *ift_exec_value(const struct ift_exec *x, ift_val v) {
    return ift_graph_value(x->g, v);
}

static inline ift_val ift_exec_values(const struct ift_exec *x) {
    return (ift_val)ift_graph_values(x->g);
}

/* The shape of the last run; before any, of capacity. */
struct ift_operand ift_exec_current(const struct ift_exec *x, ift_val v);

/* Gives a value memory of its own, which is counted. */
int ift_exec_own(struct ift_exec *x, ift_val v, struct ift_err *err) IFT_MUST_CHECK;
/* A state that nobody bound: its own memory, zero at first. */
int ift_exec_own_state(struct ift_exec *x, ift_val v, struct ift_err *err) IFT_MUST_CHECK;

#endif
