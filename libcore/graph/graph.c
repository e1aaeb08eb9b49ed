#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/str.h"
#include "libcore/graph/graph_internal.h"

struct ift_graph *ift_graph_new(void) {
    struct ift_graph *g = ift_alloc0(1, sizeof *g);
    g->value = ift_grow(NULL, 1, &g->value_cap, sizeof *g->value);
    g->value[0] = NULL;
    return g;
}

void ift_graph_free(struct ift_graph *g) {
    if (!g) return;
    ift_arena_release(&g->arena);
    free(g->value);
    free(g->node);
    free(g->slot);
    free(g->checkpoint);
    free(g);
}

ift_val ift_graph_mistake(struct ift_graph *g, const char *fmt, ...) {
    if (g->mistake.text[0]) return 0;
    va_list args;
    va_start(args, fmt);
    vsnprintf(g->mistake.text, sizeof g->mistake.text, fmt, args);
    va_end(args);
    return 0;
}

int ift_graph_check(const struct ift_graph *g, struct ift_err *err) {
    return g->mistake.text[0] ? IFT_FAIL(err, "%s", g->mistake.text) : 0;
}

size_t ift_graph_values(const struct ift_graph *g) {
    return g->values;
}

const struct ift_value *ift_graph_value(const struct ift_graph *g, ift_val v) {
    return v > 0 && (size_t)v <= g->values ? g->value[v] : NULL;
}

size_t ift_graph_nodes(const struct ift_graph *g) {
    return g->nodes;
}

const struct ift_node *ift_graph_node(const struct ift_graph *g, size_t i) {
    return i < g->nodes ? &g->node[i] : NULL;
}

int64_t ift_value_count(const struct ift_value *v, const int64_t extent[IFT_EXTENTS]) {
    int64_t count = v->extent == IFT_FIXED ? v->dim[0] : extent[v->extent];
    for (int i = 1; i < v->ndim; i++)
        if (__builtin_mul_overflow(count, v->dim[i], &count)) return -1;
    return count;
}

const char *ift_extent_name(enum ift_extent e) {
    static const char *const name[IFT_EXTENTS] = {"fixed", "tokens", "segments", "picks"};
    return name[e];
}

const char *ift_value_text(const struct ift_value *v, char text[IFT_VALUE_TEXT]) {
    static const char *const type[IFT_DTYPES] = {"f32", "f16", "bf16", "f64", "i64",
                                                 "i32", "i16", "i8",   "u8",  "bool"};
    struct ift_str s = {0};
    if (v->name) ift_str_addf(&s, "\"%.100s\" ", v->name);
    for (int i = 0; i < v->ndim; i++) {
        ift_str_adds(&s, i ? ", " : "(");
        if (i == 0 && v->extent != IFT_FIXED)
            ift_str_adds(&s, ift_extent_name(v->extent));
        else
            ift_str_addf(&s, "%lld", (long long)v->dim[i]);
    }
    ift_str_addf(&s, ") %s", type[v->dtype]);
    snprintf(text, IFT_VALUE_TEXT, "%s", s.p);
    ift_str_release(&s);
    return text;
}

/* ---- names ---- */

/* The slot that holds `name`, or the empty one where it would go. */
static ift_val *slot_of(const struct ift_graph *g, const char *name) {
    size_t i = (size_t)ift_hash(name, strlen(name));
    while (g->slot[i & (g->slots - 1)] &&
           strcmp(g->value[g->slot[i & (g->slots - 1)]]->name, name) != 0)
        i++;
    return &g->slot[i & (g->slots - 1)];
}

static void remember_name(struct ift_graph *g, ift_val v) {
    if (2 * ++g->named > g->slots) {
        free(g->slot);
        g->slots = g->slots ? 2 * g->slots : 64;
        g->slot = ift_alloc0(g->slots, sizeof *g->slot);
        for (ift_val i = 1; i < v; i++)
            if (g->value[i]->name) *slot_of(g, g->value[i]->name) = i;
    }
    *slot_of(g, g->value[v]->name) = v;
}

ift_val ift_graph_find(const struct ift_graph *g, const char *name) {
    return g->slots ? *slot_of(g, name) : 0;
}

/* ---- values ---- */

static ift_val new_value(struct ift_graph *g, const struct ift_value *like) {
    g->value = ift_grow(g->value, g->values + 2, &g->value_cap, sizeof *g->value);
    struct ift_value *v = ift_arena_alloc(&g->arena, sizeof *v);
    *v = *like;
    g->value[++g->values] = v;
    if (!like->name) return (ift_val)g->values;
    v->name = ift_arena_strndup(&g->arena, like->name, strlen(like->name));
    remember_name(g, (ift_val)g->values);
    return (ift_val)g->values;
}

static bool same_declaration(const struct ift_value *a, const struct ift_value *b) {
    if (a->role != b->role || a->dtype != b->dtype || a->extent != b->extent ||
        a->ndim != b->ndim || a->trainable != b->trainable)
        return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

static ift_val declare(struct ift_graph *g, struct ift_value v, int ndim, const int64_t *dim) {
    if (g->mistake.text[0]) return 0;
    char text[IFT_VALUE_TEXT], other[IFT_VALUE_TEXT];
    if (!v.name || !v.name[0])
        return ift_graph_mistake(g, "a parameter, input or state has no name");
    if (ndim < 1 || ndim > IFT_MAX_DIMS)
        return ift_graph_mistake(g, "\"%s\" has %d dimensions, not 1 to %d", v.name, ndim,
                                 IFT_MAX_DIMS);
    v.ndim = ndim;
    for (int i = 0; i < ndim; i++) v.dim[i] = dim[i];
    if (v.extent != IFT_FIXED) v.dim[0] = 0;
    for (int i = v.extent != IFT_FIXED; i < ndim; i++)
        if (v.dim[i] < 1)
            return ift_graph_mistake(g, "%s has an empty dimension", ift_value_text(&v, text));
    const ift_val old = ift_graph_find(g, v.name);
    if (!old) return new_value(g, &v);
    if (!same_declaration(g->value[old], &v))
        return ift_graph_mistake(g, "%s was declared before as something else, %s",
                                 ift_value_text(&v, text), ift_value_text(g->value[old], other));
    return old;
}

ift_val ift_graph_param(struct ift_graph *g, const char *name, int ndim, const int64_t *dim,
                        bool trainable) {
    const struct ift_value v = {.name = name,
                                .role = IFT_PARAM,
                                .dtype = IFT_F32,
                                .trainable = trainable,
                                .needs_grad = trainable};
    return declare(g, v, ndim, dim);
}

ift_val ift_graph_input(struct ift_graph *g, const char *name, enum ift_dtype dtype,
                        enum ift_extent extent, int ndim, const int64_t *dim) {
    const struct ift_value v = {.name = name, .role = IFT_INPUT, .dtype = dtype, .extent = extent};
    return declare(g, v, ndim, dim);
}

ift_val ift_graph_state(struct ift_graph *g, const char *name, enum ift_dtype dtype, int ndim,
                        const int64_t *dim) {
    const struct ift_value v = {.name = name, .role = IFT_STATE, .dtype = dtype};
    return declare(g, v, ndim, dim);
}

void ift_graph_keep(struct ift_graph *g, ift_val v) {
    if (v > 0 && (size_t)v <= g->values)
        g->value[v]->keep = true;
    else
        ift_graph_mistake(g, "an output to keep is no value");
}

void ift_graph_checkpoint(struct ift_graph *g, ift_val x) {
    if (x <= 0) return;
    g->checkpoint =
        ift_grow(g->checkpoint, g->checkpoints + 1, &g->checkpoint_cap, sizeof *g->checkpoint);
    g->checkpoint[g->checkpoints++] = x;
}

void ift_graph_recompute(struct ift_graph *g, size_t n) {
    g->recompute = n;
}

ift_val ift_graph_temp(struct ift_graph *g, const struct ift_value *shape) {
    struct ift_value v = {.role = IFT_TEMP,
                          .dtype = shape->dtype,
                          .extent = shape->extent,
                          .ndim = shape->ndim};
    memcpy(v.dim, shape->dim, sizeof v.dim);
    return new_value(g, &v);
}

ift_val ift_graph_temp_rows(struct ift_graph *g, const struct ift_value *rows, int64_t width) {
    const struct ift_value v = {.role = IFT_TEMP,
                                .dtype = IFT_F32,
                                .extent = rows->extent,
                                .ndim = width ? 2 : 1,
                                .dim = {rows->dim[0], width}};
    return new_value(g, &v);
}

ift_val ift_graph_push(struct ift_graph *g, const struct ift_node *n) {
    bool needs_grad = false;
    for (int i = 0; i < IFT_MAX_IN; i++)
        if (n->in[i]) needs_grad |= g->value[n->in[i]]->needs_grad;
    if (needs_grad && !g->backward)
        for (int i = 0; i < IFT_MAX_OUT; i++)
            if (n->out[i]) g->value[n->out[i]]->needs_grad = true;
    g->node = ift_grow(g->node, g->nodes + 1, &g->node_cap, sizeof *g->node);
    g->node[g->nodes++] = *n;
    return n->out[0];
}

/* ---- gradients and work, as seen from outside ---- */

static char *grad_name(const char *name) {
    struct ift_str s = {0};
    ift_str_addf(&s, "grad.%s", name);
    return ift_str_take(&s);
}

ift_val ift_graph_grad_state(struct ift_graph *g, ift_val param) {
    const struct ift_value *p = g->value[param];
    char *name = grad_name(p->name);
    const ift_val v = ift_graph_state(g, name, p->dtype, p->ndim, p->dim);
    free(name);
    return v;
}

ift_val ift_graph_grad(const struct ift_graph *g, ift_val param) {
    const struct ift_value *p = ift_graph_value(g, param);
    if (!p || !p->trainable) return 0;
    char *name = grad_name(p->name);
    const ift_val v = ift_graph_find(g, name);
    free(name);
    return v;
}

bool ift_graph_takes_half(const struct ift_graph *g, ift_val param) {
    /* The one input that an op widens, counted from 1. */
    static const int widened[IFT_OP_COUNT] =
        {[IFT_OP_GEMM] = 2, [IFT_OP_EMBED] = 1, [IFT_OP_XENT] = 2, [IFT_OP_UNIT] = 1};
    const struct ift_value *p = ift_graph_value(g, param);
    if (!p || p->role != IFT_PARAM || p->trainable) return false;
    for (size_t i = 0; i < g->nodes; i++) {
        const struct ift_node *n = &g->node[i];
        for (int j = 0; j < IFT_MAX_IN; j++)
            if (n->in[j] == param && j + 1 != widened[n->op]) return false;
    }
    return true;
}

double ift_graph_node_flops(const struct ift_graph *g, const struct ift_node *n,
                            const int64_t extent[IFT_EXTENTS]) {
    if (n->op == IFT_OP_GEMM) {
        const struct ift_value *a = g->value[n->in[0]], *y = g->value[n->out[0]];
        const double inner =
            n->at.gemm.trans_a ? (double)ift_value_count(a, extent) / a->dim[1] : (double)a->dim[1];
        return 2 * (double)ift_value_count(y, extent) * inner;
    }
    if (n->op == IFT_OP_XENT) {
        const struct ift_value *x = g->value[n->in[0]], *w = g->value[n->in[1]];
        const int products = 1 + (n->out[1] != 0) + (n->out[2] != 0);
        return 2.0 * products * (double)ift_value_count(x, extent) * (double)w->dim[0];
    }
    return 0;
}
