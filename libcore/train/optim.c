#include "libcore/train/optim.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/tensor/tensor.h"

enum { ALIGN = 64 }; /* bytes between parameters in a block, as buffers are aligned */

struct ift_optim {
    struct ift_device *d;
    struct ift_optim_config config;
    struct ift_optim_param *param;
    size_t n;
    struct ift_operand grad, m, v; /* the blocks */
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val sum, norm, coef, scale, hyper;
    long long steps;
};

/* One part of a dotted name is "norm" or ends in "_norm". */
static bool has_norm_part(const char *name) {
    for (const char *part = name; *part;) {
        const size_t n = strcspn(part, ".");
        if (n == 4 && strncmp(part, "norm", 4) == 0) return true;
        if (n >= 5 && strncmp(part + n - 5, "_norm", 5) == 0) return true;
        part += n + (part[n] == '.');
    }
    return false;
}

bool ift_optim_decays(const char *name) {
    char *lower = ift_strdup(name);
    for (char *c = lower; *c; c++) *c = (char)tolower((unsigned char)*c);
    const bool spared = strstr(lower, "bias") || strstr(lower, "layernorm") ||
                        strstr(lower, "rmsnorm") || has_norm_part(lower);
    free(lower);
    return !spared;
}

static bool is_trained(const struct ift_graph *g, ift_val v) {
    const struct ift_value *value = ift_graph_value(g, v);
    return value->role == IFT_PARAM && value->trainable && ift_graph_grad(g, v);
}

static size_t aligned(size_t bytes) {
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

struct ift_optim_bytes ift_optim_measure(const struct ift_graph *g) {
    struct ift_optim_bytes b = {0};
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        if (!is_trained(g, v)) continue;
        const struct ift_value *value = ift_graph_value(g, v);
        const int64_t n = ift_shape_count(value->ndim, value->dim);
        const size_t bytes = (size_t)n * sizeof(float);
        b.trained += n;
        b.gradients += aligned(bytes);
        if (bytes > b.largest) b.largest = bytes;
    }
    return b;
}

/* The parameters of g that have a gradient, in the graph's order. */
static int collect(struct ift_optim *o, const struct ift_graph *g, struct ift_exec *x,
                   struct ift_err *err) {
    size_t cap = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        if (!is_trained(g, v)) continue;
        const struct ift_value *value = ift_graph_value(g, v);
        o->param = ift_grow(o->param, o->n + 1, &cap, sizeof *o->param);
        struct ift_optim_param *p = &o->param[o->n++];
        *p = (struct ift_optim_param){.name = value->name, .decay = ift_optim_decays(value->name)};
        IFT_TRY(ift_exec_operand(x, v, &p->value, err));
        if (p->value.dtype != IFT_F32)
            return IFT_FAIL(err, "%s: only f32 parameters can be trained", p->name);
    }
    return o->n ? 0 : IFT_FAIL(err, "nothing to train: no parameter has a gradient");
}

/* `shape` moved to `offset` bytes into a block. */
static struct ift_operand carve(const struct ift_operand *block, size_t offset,
                                const struct ift_operand *shape) {
    struct ift_operand t = *shape;
    t.buf = block->buf;
    t.offset = block->offset + offset;
    return t;
}

/* Allocates the three blocks, zeroed, and gives each parameter its share of them. */
static int allocate(struct ift_optim *o, const struct ift_graph *g, struct ift_err *err) {
    const int64_t dim[1] = {(int64_t)(ift_optim_measure(g).gradients / sizeof(float))};
    struct ift_operand *const block[] = {&o->grad, &o->m, &o->v};
    for (size_t i = 0; i < 3; i++) {
        IFT_TRY(ift_device_tensor(o->d, IFT_F32, 1, dim, block[i], err));
        IFT_TRY(ift_device_zero(o->d, block[i], err));
    }
    size_t at = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct ift_optim_param *p = &o->param[i];
        p->grad = carve(&o->grad, at, &p->value);
        p->m = carve(&o->m, at, &p->value);
        p->v = carve(&o->v, at, &p->value);
        at += aligned(ift_operand_bytes(&p->value));
    }
    return 0;
}

static ift_val state(struct ift_graph *g, const char *kind, const struct ift_optim_param *p) {
    struct ift_str name = {0};
    ift_str_addf(&name, "%s.%s", kind, p->name);
    const ift_val v = ift_graph_state(g, name.p, IFT_F32, p->value.ndim, p->value.dim);
    ift_str_release(&name);
    return v;
}

/* The update as ops: the norm over all gradients (the padding between them is zero), the factor,
 * then each parameter. */
static int describe(struct ift_optim *o, struct ift_err *err) {
    struct ift_graph *g = o->g = ift_graph_new();
    const int64_t one[1] = {1}, four[1] = {4};
    const struct ift_optim_config *c = &o->config;
    o->sum = ift_graph_state(g, "sum", IFT_F64, 1, one);
    o->norm = ift_graph_state(g, "norm", IFT_F32, 1, one);
    o->coef = ift_graph_state(g, "coef", IFT_F32, 1, one);
    o->scale = ift_graph_input(g, "scale", IFT_F32, IFT_FIXED, 1, one);
    o->hyper = ift_graph_input(g, "hyper", IFT_F32, IFT_FIXED, 1, four);
    ift_graph_sumsq(g, ift_graph_state(g, "grads", IFT_F32, 1, o->grad.dim), o->sum);
    ift_graph_clip(g, o->sum, o->scale, (float)c->max_grad_norm, o->norm, o->coef);
    for (size_t i = 0; i < o->n; i++) {
        const struct ift_optim_param *p = &o->param[i];
        const ift_val value = ift_graph_param(g, p->name, p->value.ndim, p->value.dim, true);
        const struct ift_graph_adamw how = {(float)c->beta1, (float)c->beta2, (float)c->eps,
                                            p->decay ? (float)c->weight_decay : 0};
        ift_graph_adamw(g, state(g, "grad", p), o->coef, o->hyper, value, state(g, "m", p),
                        state(g, "v", p), how);
    }
    return ift_graph_check(g, err);
}

static int bind_named(struct ift_exec *x, const struct ift_graph *g, const char *kind,
                      const char *name, const struct ift_operand *t, struct ift_err *err) {
    struct ift_str full = {0};
    ift_str_addf(&full, "%s%s", kind, name);
    const ift_val v = ift_graph_find(g, full.p);
    const int bound = ift_exec_bind(x, v, t, err);
    ift_str_release(&full);
    return bound;
}

static int bind(struct ift_optim *o, const struct ift_graph *g, struct ift_exec *x,
                struct ift_err *err) {
    IFT_TRY(bind_named(o->x, o->g, "grads", "", &o->grad, err));
    for (size_t i = 0; i < o->n; i++) {
        const struct ift_optim_param *p = &o->param[i];
        IFT_TRY(bind_named(x, g, "grad.", p->name, &p->grad, err));
        IFT_TRY(bind_named(o->x, o->g, "", p->name, &p->value, err));
        IFT_TRY(bind_named(o->x, o->g, "grad.", p->name, &p->grad, err));
        IFT_TRY(bind_named(o->x, o->g, "m.", p->name, &p->m, err));
        IFT_TRY(bind_named(o->x, o->g, "v.", p->name, &p->v, err));
    }
    const float scale = 1; /* the loss was already divided by the learned tokens */
    return ift_exec_upload(o->x, o->scale, &scale, 1, err);
}

int ift_optim_new(struct ift_optim **out, struct ift_device *d, const struct ift_graph *g,
                  struct ift_exec *x, const struct ift_optim_config *c, struct ift_err *err) {
    struct ift_optim *o = ift_alloc0(1, sizeof *o);
    o->d = d;
    o->config = *c;
    const int64_t capacity[IFT_EXTENTS] = {0};
    if (collect(o, g, x, err) < 0 || allocate(o, g, err) < 0 || describe(o, err) < 0 ||
        ift_exec_new(&o->x, o->g, d, capacity, err) < 0 || bind(o, g, x, err) < 0) {
        ift_optim_free(o);
        return -1;
    }
    *out = o;
    return 0;
}

void ift_optim_free(struct ift_optim *o) {
    if (!o) return;
    ift_exec_free(o->x);
    ift_graph_free(o->g);
    ift_device_free(o->d, &o->grad);
    ift_device_free(o->d, &o->m);
    ift_device_free(o->d, &o->v);
    free(o->param);
    free(o);
}

int ift_optim_zero(struct ift_optim *o, struct ift_err *err) {
    return ift_device_zero(o->d, &o->grad, err);
}

int ift_optim_step(struct ift_optim *o, double lr, double *norm, struct ift_err *err) {
    const double t = (double)++o->steps;
    /* Of the betas as floats, which the moments decay by, so that what the average lacks is made up
     * exactly. */
    const double beta1 = (double)(float)o->config.beta1, beta2 = (double)(float)o->config.beta2;
    const float hyper[4] = {(float)lr, (float)(1 - pow(beta1, t)), (float)(1 - pow(beta2, t)), 0};
    const int64_t extent[IFT_EXTENTS] = {0};
    float got = 0;
    IFT_TRY(ift_exec_upload(o->x, o->hyper, hyper, 1, err));
    IFT_TRY(ift_exec_zero(o->x, o->sum, err));
    IFT_TRY(ift_exec_run(o->x, extent, err));
    IFT_TRY(ift_exec_download(o->x, &got, o->norm, 1, err));
    *norm = got;
    return 0;
}

long long ift_optim_steps(const struct ift_optim *o) {
    return o->steps;
}

void ift_optim_set_steps(struct ift_optim *o, long long steps) {
    o->steps = steps;
}

size_t ift_optim_count(const struct ift_optim *o) {
    return o->n;
}

const struct ift_optim_param *ift_optim_at(const struct ift_optim *o, size_t i) {
    return &o->param[i];
}

struct ift_exec *ift_optim_exec(struct ift_optim *o) {
    return o->x;
}
