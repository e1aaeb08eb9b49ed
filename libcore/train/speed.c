#include "libcore/train/speed.h"

#include <math.h>
#include <time.h>

/* ---- FLOPs ---- */

static void set_extent(const struct ift_batch *b, int64_t extent[IFT_EXTENTS]) {
    extent[IFT_TOKENS] = b->tokens;
    extent[IFT_SEGMENTS] = b->docs;
}

/* Of the matrix products of a node. */
static double node_flops(const struct ift_graph *g, const struct ift_node *n,
                         const struct ift_batch *b) {
    int64_t extent[IFT_EXTENTS] = {0};
    set_extent(b, extent);
    switch (n->op) {
    case IFT_OP_ATTN:
    case IFT_OP_ATTN_BWD: {
        const int products = n->op == IFT_OP_ATTN ? 2 : 4;
        return 2.0 * products * (double)b->pairs * n->at.attn.heads * n->at.attn.head_dim;
    }
    case IFT_OP_XENT:
        return ift_graph_node_flops(g, n, extent) * (double)b->learned / (double)b->tokens;
    default:
        return ift_graph_node_flops(g, n, extent);
    }
}

double ift_speed_flops(const struct ift_graph *g, const struct ift_batch *b) {
    double flops = 0;
    for (size_t i = 0; i < ift_graph_nodes(g); i++) {
        const struct ift_node *n = ift_graph_node(g, i);
        if (!n->again) flops += node_flops(g, n, b);
    }
    return flops;
}

/* ---- the machine ---- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* z = x + y, larger than caches are. The best of some: others may be busy now and then. */
static int measure_memory(double *bytes, struct ift_device *d, struct ift_err *err) {
    enum { ROWS = 1 << 12, COLUMNS = 1 << 10, TIMES = 8 };
    const int64_t dim[2] = {3 * ROWS, COLUMNS};
    struct ift_operand all;
    IFT_TRY(ift_device_tensor(d, IFT_F32, 2, dim, &all, err));
    struct ift_call c = {.op = IFT_OP_AXPBY, .at.axpby = {1, 1}};
    struct ift_operand *const of[] = {&c.in[0], &c.in[1], &c.out[0]};
    for (size_t i = 0; i < 3; i++) {
        *of[i] = all;
        of[i]->dim[0] = ROWS;
        of[i]->offset += i * ROWS * COLUMNS * sizeof(float);
    }
    double best = INFINITY;
    int rc = ift_device_zero(d, &all, err);
    for (int i = 0; rc == 0 && i < TIMES; i++) {
        const double start = now();
        rc = ift_device_run(d, &c, 1, err);
        if (rc == 0) rc = ift_device_sync(d, err);
        best = fmin(best, now() - start);
    }
    *bytes = (double)ift_operand_bytes(&all) / best;
    ift_device_free(d, &all);
    return rc;
}

int ift_speed_measure(struct ift_speed *s, struct ift_device *d, struct ift_err *err) {
    s->flops = d->backend->gemm_peak(d->dev);
    if (!(s->flops > 0)) return IFT_FAIL(err, "the speed of this machine cannot be measured");
    return measure_memory(&s->bytes, d, err);
}

/* ---- time ---- */

/* Of a table only the rows that are looked up are touched. */
static double node_bytes(const struct ift_graph *g, const struct ift_node *n,
                         const struct ift_batch *b) {
    int64_t extent[IFT_EXTENTS] = {0};
    set_extent(b, extent);
    const bool table = n->op == IFT_OP_EMBED || n->op == IFT_OP_EMBED_BWD;
    double bytes = 0;
    for (int i = 0; i < IFT_MAX_IN + IFT_MAX_OUT; i++) {
        const ift_val v = i < IFT_MAX_IN ? n->in[i] : n->out[i - IFT_MAX_IN];
        const struct ift_value *value = v ? ift_graph_value(g, v) : NULL;
        if (!value || (table && value->extent == IFT_FIXED)) continue;
        bytes += (double)ift_value_count(value, extent) * (double)ift_dtype_size(value->dtype);
    }
    return table ? 2 * bytes : bytes;
}

/* Of the peak that the products of an op reach. */
static double share_of(enum ift_op op) {
    if (op == IFT_OP_ATTN || op == IFT_OP_ATTN_BWD) return 0.3;
    return op == IFT_OP_XENT ? 0.9 : 0.95;
}

double ift_speed_seconds(const struct ift_speed *s, const struct ift_graph *g,
                         const struct ift_batch *b) {
    double seconds = 0;
    for (size_t i = 0; i < ift_graph_nodes(g); i++) {
        const struct ift_node *n = ift_graph_node(g, i);
        seconds += fmax(node_flops(g, n, b) / (share_of(n->op) * s->flops),
                        node_bytes(g, n, b) / s->bytes);
    }
    return seconds;
}
