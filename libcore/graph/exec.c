#include "libcore/graph/exec.h"

#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/graph/exec_internal.h"

/* Shape of a value at these extents, densely laid. */
static struct ift_operand shaped(const struct ift_value *v, const int64_t *extent) {
    struct ift_operand t = {.dtype = v->dtype, .ndim = v->ndim, .row = 1};
    t.dim[0] = v->extent == IFT_FIXED ? v->dim[0] : extent[v->extent];
    for (int i = 1; i < v->ndim; i++) t.row *= t.dim[i] = v->dim[i];
    return t;
}

/* ---- memory ---- */

/* What each node asks for at capacity, before anything has its place. */
static size_t *ask_scratch(struct ift_exec *x) {
    const size_t nodes = ift_graph_nodes(x->g);
    size_t *bytes = ift_alloc0(nodes, sizeof *bytes);
    for (size_t i = 0; i < nodes; i++) {
        const struct ift_node *n = ift_graph_node(x->g, i);
        struct ift_call c = {.op = n->op, .at = n->at};
        for (int j = 0; j < IFT_MAX_IN; j++)
            if (n->in[j]) c.in[j] = shaped(ift_exec_value(x, n->in[j]), x->capacity);
        for (int j = 0; j < IFT_MAX_OUT; j++)
            if (n->out[j]) c.out[j] = shaped(ift_exec_value(x, n->out[j]), x->capacity);
        bytes[i] = x->d->backend->scratch(x->d->dev, &c);
        if (bytes[i] > x->bytes.scratch) x->bytes.scratch = bytes[i];
    }
    return bytes;
}

static size_t *tally(struct ift_exec *x, ift_val v) {
    return ift_exec_value(x, v)->role == IFT_INPUT ? &x->bytes.inputs : &x->bytes.states;
}

int ift_exec_own(struct ift_exec *x, ift_val v, struct ift_err *err) {
    struct ift_place *p = &x->place[v];
    const struct ift_operand t = p->at;
    IFT_TRY(ift_device_tensor(x->d, t.dtype, t.ndim, t.dim, &p->at, err));
    p->owned = true;
    *tally(x, v) += ift_operand_bytes(&t);
    return 0;
}

static void disown(struct ift_exec *x, ift_val v) {
    struct ift_place *p = &x->place[v];
    if (!p->owned) return;
    *tally(x, v) -= ift_operand_bytes(&p->at);
    ift_device_free(x->d, &p->at);
    p->owned = false;
}

int ift_exec_own_state(struct ift_exec *x, ift_val v, struct ift_err *err) {
    if (x->place[v].at.buf) return 0;
    IFT_TRY(ift_exec_own(x, v, err));
    return ift_device_zero(x->d, &x->place[v].at, err);
}

static int check_capacity(const struct ift_exec *x, struct ift_err *err) {
    for (ift_val v = 1; v <= ift_exec_values(x); v++) {
        const enum ift_extent e = ift_exec_value(x, v)->extent;
        if (e != IFT_FIXED && x->capacity[e] < 1)
            return IFT_FAIL(err, "the graph has %s, but memory for none was asked",
                            ift_extent_name(e));
    }
    return 0;
}

/* Which nodes read parameters, or what such nodes make, and nothing else. */
static bool *find_constants(const struct ift_graph *g) {
    const size_t nodes = ift_graph_nodes(g);
    bool *const is = ift_alloc0(ift_graph_values(g) + 1, sizeof *is), /* of values */
        *const constant = ift_alloc0(nodes, sizeof *constant);
    for (size_t v = 1; v <= ift_graph_values(g); v++)
        is[v] = ift_graph_value(g, (ift_val)v)->role == IFT_PARAM;
    is[0] = true;
    for (size_t i = 0; i < nodes; i++) {
        const struct ift_node *const n = ift_graph_node(g, i);
        constant[i] = true;
        for (int j = 0; j < IFT_MAX_IN; j++) constant[i] &= is[n->in[j]];
        for (int j = 0; j < IFT_MAX_OUT; j++) {
            const struct ift_value *const y = ift_graph_value(g, n->out[j]);
            if (y) constant[i] &= y->role == IFT_TEMP && !y->keep;
        }
        for (int j = 0; j < IFT_MAX_OUT; j++)
            if (n->out[j]) is[n->out[j]] = constant[i];
    }
    free(is);
    return constant;
}

/* Settles what memory is needed, and takes none. */
static int plan(struct ift_exec *x, bool frozen, struct ift_err *err) {
    IFT_TRY(check_capacity(x, err));
    if (frozen) x->constant = find_constants(x->g);
    struct ift_plan_options o = {.constant = x->constant};
    memcpy(o.capacity, x->capacity, sizeof o.capacity);
    size_t *scratch = ask_scratch(x);
    o.scratch = scratch;
    const int rc = ift_plan_new(&x->plan, x->g, &o, err);
    free(scratch);
    IFT_TRY(rc);
    x->bytes.slab = ift_plan_bytes(x->plan);
    for (ift_val v = 1; v <= ift_exec_values(x); v++)
        x->place[v] =
            (struct ift_place){.at = shaped(ift_exec_value(x, v), x->capacity), .rows = -1};
    return 0;
}

static bool is_uploaded(const struct ift_exec *x, ift_val v) {
    return ift_exec_value(x, v)->role == IFT_INPUT && ift_plan_uses(x->plan, v);
}

static int lay_out(struct ift_exec *x, const struct ift_exec *host, struct ift_err *err) {
    x->call = ift_alloc0(ift_plan_steps(x->plan), sizeof *x->call);
    const int64_t slab = (int64_t)x->bytes.slab;
    x->borrowed = host && host->slab.buf && slab <= (int64_t)host->bytes.slab;
    if (x->borrowed)
        x->slab = host->slab;
    else if (slab)
        IFT_TRY(ift_device_tensor(x->d, IFT_U8, 1, &slab, &x->slab, err));
    for (ift_val v = 1; v <= ift_exec_values(x); v++) {
        const size_t offset = ift_plan_offset(x->plan, v);
        if (offset != IFT_PLAN_NONE) {
            x->place[v].at.buf = x->slab.buf;
            x->place[v].at.offset = offset;
        } else if (is_uploaded(x, v)) {
            IFT_TRY(ift_exec_own(x, v, err));
        }
    }
    return 0;
}

static int new_exec(struct ift_exec **out, const struct ift_graph *g, struct ift_device *d,
                    const int64_t *capacity, bool frozen, struct ift_err *err) {
    *out = NULL;
    IFT_TRY(ift_graph_check(g, err));
    struct ift_exec *x = ift_alloc0(1, sizeof *x);
    x->g = g;
    x->d = d;
    x->place = ift_alloc0(ift_graph_values(g) + 1, sizeof *x->place);
    memcpy(x->capacity, capacity, sizeof x->capacity);
    if (plan(x, frozen, err) < 0) {
        ift_exec_free(x);
        return -1;
    }
    *out = x;
    return 0;
}

static int with_memory(struct ift_exec **out, const struct ift_exec *host, struct ift_err *err) {
    if (lay_out(*out, host, err) == 0) return 0;
    ift_exec_free(*out);
    *out = NULL;
    return -1;
}

int ift_exec_new(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                 const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(new_exec(x, g, d, capacity, false, err));
    return with_memory(x, NULL, err);
}

int ift_exec_new_frozen(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                        const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(new_exec(x, g, d, capacity, true, err));
    return with_memory(x, NULL, err);
}

int ift_exec_new_inside(struct ift_exec **x, const struct ift_graph *g, const struct ift_exec *host,
                        const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(new_exec(x, g, host->d, capacity, false, err));
    return with_memory(x, host, err);
}

int ift_exec_measure(struct ift_exec_bytes *bytes, const struct ift_graph *g, struct ift_device *d,
                     const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    struct ift_exec *x;
    IFT_TRY(new_exec(&x, g, d, capacity, false, err));
    *bytes = x->bytes;
    for (ift_val v = 1; v <= ift_exec_values(x); v++)
        if (is_uploaded(x, v)) bytes->inputs += ift_operand_bytes(&x->place[v].at);
    ift_exec_free(x);
    return 0;
}

void ift_exec_free(struct ift_exec *x) {
    if (!x) return;
    for (ift_val v = 1; v <= ift_exec_values(x); v++) disown(x, v);
    if (!x->borrowed) ift_device_free(x->d, &x->slab);
    ift_plan_free(x->plan);
    free(x->place);
    free(x->call);
    free(x->constant);
    free(x);
}

int ift_exec_bind(struct ift_exec *x, ift_val v, const struct ift_operand *t, struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    const struct ift_value *want = ift_exec_value(x, v);
    if (!want) return IFT_FAIL(err, "bind: the graph has no such value");
    if (want->role != IFT_PARAM && want->role != IFT_STATE)
        return IFT_FAIL(err, "bind: %s is neither a parameter nor a state",
                        ift_value_text(want, text));
    const bool half = t->dtype == IFT_F16 || t->dtype == IFT_BF16;
    bool fits = t->buf && t->ndim == want->ndim && t->row == shaped(want, x->capacity).row &&
                (t->dtype == want->dtype || (half && ift_graph_takes_half(x->g, v)));
    for (int i = 0; fits && i < t->ndim; i++)
        fits = t->dim[i] == want->dim[i] ||
               (i == 0 && want->role == IFT_STATE && t->dim[0] < want->dim[0]);
    if (!fits) {
        char given[IFT_VALUE_TEXT];
        struct ift_value has = {.dtype = t->dtype, .ndim = t->ndim};
        memcpy(has.dim, t->dim, sizeof has.dim);
        return IFT_FAIL(err, "bind: %s is given a tensor %s", ift_value_text(want, text),
                        t->buf ? ift_value_text(&has, given) : "without memory");
    }
    disown(x, v);
    x->place[v].at = *t;
    x->resolved = false;
    if (want->role == IFT_PARAM) x->computed = false;
    return 0;
}

struct ift_operand ift_exec_current(const struct ift_exec *x, ift_val v) {
    struct ift_operand t = x->place[v].at;
    const enum ift_extent e = ift_exec_value(x, v)->extent;
    if (x->resolved && e != IFT_FIXED) t.dim[0] = x->extent[e];
    return t;
}

int ift_exec_operand(const struct ift_exec *x, ift_val v, struct ift_operand *t,
                     struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    const struct ift_value *has = ift_exec_value(x, v);
    if (!has) return IFT_FAIL(err, "the graph has no such value");
    if (has->role == IFT_TEMP && !has->keep)
        return IFT_FAIL(err, "the value %s is not kept: mark it with ift_graph_keep",
                        ift_value_text(has, text));
    if (!x->place[v].at.buf)
        return IFT_FAIL(err, "%s has no memory yet: bind it or run first",
                        ift_value_text(has, text));
    *t = ift_exec_current(x, v);
    return 0;
}

/* ---- moving data ---- */

/* The first `rows` rows of a dense value, all of a FIXED one. */
static int leading(const struct ift_exec *x, ift_val v, int64_t rows, struct ift_operand *t,
                   struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    const struct ift_value *has = ift_exec_value(x, v);
    *t = x->place[v].at;
    if (has->extent == IFT_FIXED) return 0;
    if (rows < 0 || rows > t->dim[0])
        return IFT_FAIL(err, "%s: %lld rows, memory was planned for %lld",
                        ift_value_text(has, text), (long long)rows, (long long)t->dim[0]);
    t->dim[0] = rows;
    return 0;
}

int ift_exec_upload(struct ift_exec *x, ift_val input, const void *host, int64_t rows,
                    struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    struct ift_operand t;
    const struct ift_value *to = ift_exec_value(x, input);
    if (!to) return IFT_FAIL(err, "upload: the graph has no such value");
    if (to->role != IFT_INPUT)
        return IFT_FAIL(err, "upload: %s is not an input", ift_value_text(to, text));
    IFT_TRY(leading(x, input, rows, &t, err));
    x->place[input].rows = t.dim[0];
    if (!t.buf) return 0; /* no step reads it */
    return ift_device_upload(x->d, &t, host, err);
}

int ift_exec_zero(struct ift_exec *x, ift_val state, struct ift_err *err) {
    const struct ift_value *v = ift_exec_value(x, state);
    if (!v || v->role != IFT_STATE) return IFT_FAIL(err, "only a state can be set to zero");
    if (!x->place[state].at.buf) return ift_exec_own_state(x, state, err);
    return ift_device_zero(x->d, &x->place[state].at, err);
}

int ift_exec_download(struct ift_exec *x, void *host, ift_val v, int64_t rows,
                      struct ift_err *err) {
    struct ift_operand t;
    IFT_TRY(ift_exec_operand(x, v, &t, err));
    IFT_TRY(leading(x, v, rows, &t, err));
    return ift_device_download(x->d, host, &t, err);
}

/* ---- figures ---- */

struct ift_exec_bytes ift_exec_bytes(const struct ift_exec *x) {
    return x->bytes;
}

void ift_exec_profile(struct ift_exec *x, bool on) {
    x->profile = on;
}

const double *ift_exec_profile_seconds(const struct ift_exec *x) {
    return x->seconds;
}
