#include "libcore/graph/plan.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

/* What an op allows, in the words of kernels/backend.h: input slots that output i may alias, as a
 * bit set, and the outputs that may be absent. */
static const struct {
    unsigned char alias[IFT_MAX_OUT], optional;
} contract[IFT_OP_COUNT] = {
    [IFT_OP_GEMM] = {.alias = {1 << 2}},
    [IFT_OP_NORM] = {.alias = {0, 0, 1 << 0 | 1 << 2}},
    [IFT_OP_NORM_BWD] = {.alias = {1 << 0 | 1 << 4}},
    [IFT_OP_UNIT] = {.alias = {1 << 0}},
    [IFT_OP_UNIT_BWD] = {.alias = {1 << 0 | 1 << 1}},
    [IFT_OP_ROPE] = {.alias = {1 << 0}},
    [IFT_OP_ATTN] = {.optional = 1 << 1},
    [IFT_OP_GLU] = {.alias = {1 << 0 | 1 << 1}},
    [IFT_OP_GLU_BWD] = {.alias = {1 << 0 | 1 << 1, 1 << 2}},
    [IFT_OP_ACT] = {.alias = {1 << 0}},
    [IFT_OP_ACT_BWD] = {.alias = {1 << 0 | 1 << 1}},
    [IFT_OP_SPLIT] = {.optional = 1 << 0 | 1 << 1 | 1 << 2},
    [IFT_OP_AXPBY] = {.alias = {1 << 0 | 1 << 1}},
    [IFT_OP_DROPOUT] = {.alias = {1 << 0}},
    [IFT_OP_XENT] = {.optional = 1 << 1},
};

/* Memory that one or more values hold one after the other, or the scratch of a step. */
struct block {
    size_t bytes, first, last; /* steps */
    size_t offset;
};

struct ift_plan {
    const struct ift_graph *g;
    size_t *step, steps; /* node of each step */
    size_t *last;        /* (values + 1) the last step that uses a value, plus 1; 0: none */
    size_t *of;          /* (values + 1) the value's block, plus 1; 0: none */
    size_t *scratch;     /* (steps) the scratch's block, plus 1; 0: none */
    struct block *block;
    size_t blocks, cap;
    size_t bytes, floor;
};

void ift_plan_free(struct ift_plan *p) {
    if (!p) return;
    free(p->step);
    free(p->last);
    free(p->of);
    free(p->scratch);
    free(p->block);
    free(p);
}

static const struct ift_node *node_of(const struct ift_plan *p, size_t step) {
    return ift_graph_node(p->g, p->step[step]);
}

/* ---- which nodes run, and how long values live ---- */

static bool is_alive(const struct ift_graph *g, const struct ift_node *n, const bool *read) {
    for (int i = 0; i < IFT_MAX_OUT; i++) {
        if (!n->out[i]) continue;
        const struct ift_value *v = ift_graph_value(g, n->out[i]);
        if (v->role != IFT_TEMP || v->keep || read[n->out[i]]) return true;
    }
    return false;
}

static void find_steps(struct ift_plan *p) {
    const size_t nodes = ift_graph_nodes(p->g);
    bool *read = ift_alloc0(ift_graph_values(p->g) + 1, sizeof *read);
    p->step = ift_alloc0(nodes, sizeof *p->step);
    size_t at = nodes; /* filled from the end */
    for (size_t i = nodes; i-- > 0;) {
        const struct ift_node *n = ift_graph_node(p->g, i);
        if (!is_alive(p->g, n, read)) continue;
        p->step[--at] = i;
        for (int j = 0; j < IFT_MAX_IN; j++) read[n->in[j]] = true;
    }
    p->steps = nodes - at;
    memmove(p->step, p->step + at, p->steps * sizeof *p->step);
    free(read);
}

static void find_last_uses(struct ift_plan *p) {
    const size_t values = ift_graph_values(p->g);
    p->last = ift_alloc0(values + 1, sizeof *p->last);
    for (size_t s = 0; s < p->steps; s++) {
        const struct ift_node *n = node_of(p, s);
        for (int i = 0; i < IFT_MAX_IN; i++) p->last[n->in[i]] = s + 1;
        for (int i = 0; i < IFT_MAX_OUT; i++) p->last[n->out[i]] = s + 1;
    }
    p->last[0] = 0;
    for (size_t v = 1; v <= values; v++)
        if (p->last[v] && ift_graph_value(p->g, (ift_val)v)->keep) p->last[v] = p->steps;
}

/* ---- blocks ---- */

static size_t new_block(struct ift_plan *p, size_t bytes, size_t first, size_t last) {
    p->block = ift_grow(p->block, p->blocks + 1, &p->cap, sizeof *p->block);
    bytes = (bytes + IFT_PLAN_ALIGN - 1) / IFT_PLAN_ALIGN * IFT_PLAN_ALIGN;
    p->block[p->blocks] = (struct block){.bytes = bytes, .first = first, .last = last};
    return ++p->blocks;
}

static int bytes_of(const struct ift_value *v, const int64_t *capacity, size_t *bytes,
                    struct ift_err *err) {
    const int64_t count = ift_value_count(v, capacity);
    if (count < 0 || count > (int64_t)1 << 48)
        return IFT_FAIL(err, "a value is too large for memory: make the batch smaller");
    *bytes = (size_t)count * ift_dtype_size(v->dtype);
    return 0;
}

/* The input whose block output `out` of step s may take over: it dies here, is as large, and the op
 * reads it in no slot but one that may be aliased. */
static ift_val dying_input(const struct ift_plan *p, size_t s, int out) {
    const struct ift_node *n = node_of(p, s);
    const struct ift_value *y = ift_graph_value(p->g, n->out[out]);
    for (int i = 0; i < IFT_MAX_IN; i++) {
        const ift_val v = n->in[i];
        if (!(contract[n->op].alias[out] >> i & 1) || !p->of[v] || p->last[v] != s + 1) continue;
        const struct ift_value *x = ift_graph_value(p->g, v);
        bool fits = !x->keep && x->extent == y->extent && x->dtype == y->dtype &&
                    x->ndim == y->ndim && memcmp(x->dim, y->dim, sizeof x->dim) == 0;
        for (int j = 0; j < IFT_MAX_IN; j++) fits &= j == i || n->in[j] != v;
        /* An earlier output of this node may have taken it already. */
        if (fits && p->block[p->of[v] - 1].last == s) return v;
    }
    return 0;
}

static int place_output(struct ift_plan *p, size_t s, int out, const struct ift_plan_options *o,
                        struct ift_err *err) {
    const struct ift_node *n = node_of(p, s);
    const ift_val v = n->out[out];
    const struct ift_value *y = ift_graph_value(p->g, v);
    const size_t last = p->last[v] - 1;
    const bool unread = last == s && !y->keep;
    if (p->of[v]) return 0; /* the op adds to what an earlier one wrote */
    if (y->role != IFT_TEMP || (unread && contract[n->op].optional >> out & 1)) return 0;
    const ift_val from = unread ? 0 : dying_input(p, s, out);
    if (from) {
        p->of[v] = p->of[from];
        p->block[p->of[v] - 1].last = last;
        return 0;
    }
    size_t bytes = 0;
    IFT_TRY(bytes_of(y, o->capacity, &bytes, err));
    p->of[v] = new_block(p, bytes, s, last);
    return 0;
}

static int make_blocks(struct ift_plan *p, const struct ift_plan_options *o, struct ift_err *err) {
    p->of = ift_alloc0(ift_graph_values(p->g) + 1, sizeof *p->of);
    p->scratch = ift_alloc0(p->steps, sizeof *p->scratch);
    for (size_t s = 0; s < p->steps; s++) {
        if (o->constant && o->constant[p->step[s]]) continue;
        for (int i = 0; i < IFT_MAX_OUT; i++)
            if (node_of(p, s)->out[i]) IFT_TRY(place_output(p, s, i, o, err));
        const size_t bytes = o->scratch ? o->scratch[p->step[s]] : 0;
        if (bytes) p->scratch[s] = new_block(p, bytes, s, s);
    }
    return 0;
}

/* ---- offsets ---- */

/* Ways to rank blocks; the one ranked higher is placed first. No order is best for every graph. */
static double by_size(const struct block *b) {
    return (double)b->bytes;
}

static double by_area(const struct block *b) {
    return (double)b->bytes * (double)(b->last - b->first + 1);
}

static double by_life(const struct block *b) {
    return (double)(b->last - b->first + 1);
}

static double by_start(const struct block *b) {
    return -(double)b->first;
}

static double (*const ranks[])(const struct block *) = {by_size, by_area, by_life, by_start};

struct ranked {
    double rank;
    size_t bytes, block;
};

static int higher_first(const void *pa, const void *pb) {
    const struct ranked *a = pa, *b = pb;
    if (a->rank != b->rank) return a->rank > b->rank ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
    return a->block < b->block ? -1 : a->block > b->block;
}

/* The start of the tightest gap for `b` between the placed blocks that live with it; those come by
 * rising offset. */
static size_t best_gap(const struct block *b, const struct block *all, const size_t *placed,
                       size_t n) {
    size_t end = 0, best = SIZE_MAX, tightest = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const struct block *a = &all[placed[i]];
        if (a->first > b->last || b->first > a->last) continue;
        if (a->offset >= end + b->bytes && a->offset - end < tightest) {
            best = end;
            tightest = a->offset - end;
        }
        if (a->offset + a->bytes > end) end = a->offset + a->bytes;
    }
    return best == SIZE_MAX ? end : best;
}

/* Places every block in one order; returns the bytes of the slab. `placed` has room for all. */
static size_t place(struct block *all, size_t n, double (*rank)(const struct block *),
                    struct ranked *order, size_t *placed) {
    size_t total = 0;
    for (size_t i = 0; i < n; i++) order[i] = (struct ranked){rank(&all[i]), all[i].bytes, i};
    qsort(order, n, sizeof *order, higher_first);
    for (size_t i = 0; i < n; i++) {
        struct block *b = &all[order[i].block];
        b->offset = best_gap(b, all, placed, i);
        size_t at = i;
        for (; at > 0 && all[placed[at - 1]].offset > b->offset; at--) placed[at] = placed[at - 1];
        placed[at] = order[i].block;
        if (b->offset + b->bytes > total) total = b->offset + b->bytes;
    }
    return total;
}

static size_t most_alive(const struct ift_plan *p) {
    size_t most = 0;
    /* Bytes that begin at a step less those that ended before it, modulo 2^64. */
    size_t *at = ift_alloc0(p->steps + 1, sizeof *at);
    for (size_t i = 0; i < p->blocks; i++) {
        at[p->block[i].first] += p->block[i].bytes;
        if (p->block[i].last < p->steps) at[p->block[i].last + 1] -= p->block[i].bytes;
    }
    for (size_t s = 0, now = 0; s < p->steps; s++) {
        now += at[s];
        if (now > most) most = now;
    }
    free(at);
    return most;
}

static void place_blocks(struct ift_plan *p) {
    struct ranked *order = ift_alloc0(p->blocks, sizeof *order);
    size_t *placed = ift_alloc0(p->blocks, sizeof *placed);
    size_t best = 0;
    p->floor = most_alive(p);
    p->bytes = SIZE_MAX;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks && p->bytes > p->floor; i++) {
        const size_t bytes = place(p->block, p->blocks, ranks[i], order, placed);
        if (bytes < p->bytes) {
            p->bytes = bytes;
            best = i;
        }
    }
    place(p->block, p->blocks, ranks[best], order, placed);
    free(order);
    free(placed);
}

int ift_plan_new(struct ift_plan **out, const struct ift_graph *g, const struct ift_plan_options *o,
                 struct ift_err *err) {
    *out = NULL;
    IFT_TRY(ift_graph_check(g, err));
    struct ift_plan *p = ift_alloc0(1, sizeof *p);
    p->g = g;
    find_steps(p);
    find_last_uses(p);
    if (make_blocks(p, o, err) < 0) {
        ift_plan_free(p);
        return -1;
    }
    place_blocks(p);
    *out = p;
    return 0;
}

/* ---- what others ask ---- */

size_t ift_plan_steps(const struct ift_plan *p) {
    return p->steps;
}

size_t ift_plan_step(const struct ift_plan *p, size_t i) {
    return p->step[i];
}

bool ift_plan_uses(const struct ift_plan *p, ift_val v) {
    return p->last[v] != 0;
}

static size_t offset_of(const struct ift_plan *p, size_t block) {
    return block ? p->block[block - 1].offset : IFT_PLAN_NONE;
}

size_t ift_plan_offset(const struct ift_plan *p, ift_val v) {
    return offset_of(p, p->of[v]);
}

size_t ift_plan_scratch(const struct ift_plan *p, size_t step) {
    return offset_of(p, p->scratch[step]);
}

size_t ift_plan_bytes(const struct ift_plan *p) {
    return p->bytes;
}

size_t ift_plan_floor(const struct ift_plan *p) {
    return p->floor;
}
