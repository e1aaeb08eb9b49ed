#include "libcore/infer/cache_move.h"

#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/infer/cache.h"

struct ift_cache_move {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val from, to;
};

static void describe(struct ift_cache_move *m, const struct ift_graph *g) {
    m->from = ift_graph_input(m->g, "from", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    m->to = ift_graph_input(m->g, "to", IFT_I32, IFT_TOKENS, 1, (const int64_t[]){0});
    for (size_t i = 1; i <= ift_graph_values(g); i++) {
        const struct ift_value *const v = ift_graph_value(g, (ift_val)i);
        if (!ift_cache_is_state(v)) continue;
        const ift_val state = ift_graph_state(m->g, v->name, v->dtype, v->ndim, v->dim);
        ift_graph_scatter(m->g, ift_graph_gather(m->g, state, m->from), m->to, state);
    }
}

static int bind(struct ift_cache_move *m, const struct ift_exec *x, const struct ift_graph *g,
                struct ift_err *err) {
    for (size_t i = 1; i <= ift_graph_values(g); i++) {
        const struct ift_value *const v = ift_graph_value(g, (ift_val)i);
        if (!ift_cache_is_state(v)) continue;
        struct ift_operand operand;
        IFT_TRY(ift_exec_operand(x, (ift_val)i, &operand, err));
        IFT_TRY(ift_exec_bind(m->x, ift_graph_find(m->g, v->name), &operand, err));
    }
    return 0;
}

int ift_cache_move_new(struct ift_cache_move **out, const struct ift_exec *x,
                       const struct ift_graph *g, struct ift_device *d, int64_t rows,
                       struct ift_err *err) {
    struct ift_cache_move *const m = ift_alloc0(1, sizeof *m);
    const int64_t capacity[IFT_EXTENTS] = {[IFT_TOKENS] = rows};
    m->g = ift_graph_new();
    describe(m, g);
    if (ift_graph_check(m->g, err) < 0 || ift_exec_new(&m->x, m->g, d, capacity, err) < 0 ||
        bind(m, x, g, err) < 0) {
        ift_cache_move_free(m);
        return -1;
    }
    *out = m;
    return 0;
}

int ift_cache_move_run(struct ift_cache_move *m, const int32_t *from, const int32_t *to, int64_t n,
                       struct ift_err *err) {
    const int64_t extent[IFT_EXTENTS] = {[IFT_TOKENS] = n};
    IFT_TRY(ift_exec_upload(m->x, m->from, from, n, err));
    IFT_TRY(ift_exec_upload(m->x, m->to, to, n, err));
    return ift_exec_run(m->x, extent, err);
}

void ift_cache_move_free(struct ift_cache_move *m) {
    if (!m) return;
    ift_exec_free(m->x);
    ift_graph_free(m->g);
    free(m);
}
