#include "libcore/graph/exec.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcore/base/mem.h"
#include "libcore/graph/graph_internal.h"
#include "libcore/graph/plan.h"

/* Where a value lies, in its shape at capacity. */
struct place {
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
    bool borrowed;         /* the slab is another exec's */
    struct place *place;   /* (values + 1) */
    struct ift_call *call; /* (calls), as of `extent` when `resolved` */
    size_t calls;
    bool resolved;
    bool *constant; /* (nodes) depends on parameters alone, which do not change; NULL: none does */
    bool computed;  /* and has run */
    struct ift_exec_bytes bytes;
    bool profile;
    double seconds[IFT_OP_COUNT];
};

static const struct ift_value *value(const struct ift_exec *x, ift_val v) {
    return ift_graph_value(x->g, v);
}

static ift_val values(const struct ift_exec *x) {
    return (ift_val)ift_graph_values(x->g);
}

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
            if (n->in[j]) c.in[j] = shaped(value(x, n->in[j]), x->capacity);
        for (int j = 0; j < IFT_MAX_OUT; j++)
            if (n->out[j]) c.out[j] = shaped(value(x, n->out[j]), x->capacity);
        bytes[i] = x->d->backend->scratch(x->d->dev, &c);
        if (bytes[i] > x->bytes.scratch) x->bytes.scratch = bytes[i];
    }
    return bytes;
}

static size_t *tally(struct ift_exec *x, ift_val v) {
    return value(x, v)->role == IFT_INPUT ? &x->bytes.inputs : &x->bytes.states;
}

static int own(struct ift_exec *x, ift_val v, struct ift_err *err) {
    struct place *p = &x->place[v];
    const struct ift_operand t = p->at;
    IFT_TRY(ift_device_tensor(x->d, t.dtype, t.ndim, t.dim, &p->at, err));
    p->owned = true;
    *tally(x, v) += ift_operand_bytes(&t);
    return 0;
}

static void disown(struct ift_exec *x, ift_val v) {
    struct place *p = &x->place[v];
    if (!p->owned) return;
    *tally(x, v) -= ift_operand_bytes(&p->at);
    ift_device_free(x->d, &p->at);
    p->owned = false;
}

/* A state that nobody bound: its own memory, zero at first. */
static int own_state(struct ift_exec *x, ift_val v, struct ift_err *err) {
    if (x->place[v].at.buf) return 0;
    IFT_TRY(own(x, v, err));
    return ift_device_zero(x->d, &x->place[v].at, err);
}

static int check_capacity(const struct ift_exec *x, struct ift_err *err) {
    for (ift_val v = 1; v <= values(x); v++) {
        const enum ift_extent e = value(x, v)->extent;
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

enum layout { SHARED, APART, FROZEN };

/* Settles what memory is needed, and takes none. */
static int plan(struct ift_exec *x, enum layout how, struct ift_err *err) {
    IFT_TRY(check_capacity(x, err));
    if (how == FROZEN) x->constant = find_constants(x->g);
    struct ift_plan_options o = {.apart = how == APART, .constant = x->constant};
    memcpy(o.capacity, x->capacity, sizeof o.capacity);
    size_t *scratch = ask_scratch(x);
    o.scratch = scratch;
    const int rc = ift_plan_new(&x->plan, x->g, &o, err);
    free(scratch);
    IFT_TRY(rc);
    x->bytes.slab = ift_plan_bytes(x->plan);
    for (ift_val v = 1; v <= values(x); v++)
        x->place[v] = (struct place){.at = shaped(value(x, v), x->capacity), .rows = -1};
    return 0;
}

static bool is_uploaded(const struct ift_exec *x, ift_val v) {
    return value(x, v)->role == IFT_INPUT && ift_plan_uses(x->plan, v);
}

static int lay_out(struct ift_exec *x, const struct ift_exec *host, struct ift_err *err) {
    x->call = ift_alloc0(ift_plan_steps(x->plan), sizeof *x->call);
    const int64_t slab = (int64_t)x->bytes.slab;
    x->borrowed = host && host->slab.buf && slab <= (int64_t)host->bytes.slab;
    if (x->borrowed)
        x->slab = host->slab;
    else if (slab)
        IFT_TRY(ift_device_tensor(x->d, IFT_U8, 1, &slab, &x->slab, err));
    for (ift_val v = 1; v <= values(x); v++) {
        const size_t offset = ift_plan_offset(x->plan, v);
        if (offset != IFT_PLAN_NONE) {
            x->place[v].at.buf = x->slab.buf;
            x->place[v].at.offset = offset;
        } else if (is_uploaded(x, v)) {
            IFT_TRY(own(x, v, err));
        }
    }
    return 0;
}

static int new_exec(struct ift_exec **out, const struct ift_graph *g, struct ift_device *d,
                    const int64_t *capacity, enum layout how, struct ift_err *err) {
    *out = NULL;
    IFT_TRY(ift_graph_check(g, err));
    struct ift_exec *x = ift_alloc0(1, sizeof *x);
    x->g = g;
    x->d = d;
    x->place = ift_alloc0(ift_graph_values(g) + 1, sizeof *x->place);
    memcpy(x->capacity, capacity, sizeof x->capacity);
    if (plan(x, how, err) < 0) {
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
    IFT_TRY(new_exec(x, g, d, capacity, SHARED, err));
    return with_memory(x, NULL, err);
}

int ift_exec_new_apart(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                       const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(new_exec(x, g, d, capacity, APART, err));
    return with_memory(x, NULL, err);
}

int ift_exec_new_frozen(struct ift_exec **x, const struct ift_graph *g, struct ift_device *d,
                        const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(new_exec(x, g, d, capacity, FROZEN, err));
    return with_memory(x, NULL, err);
}

int ift_exec_new_inside(struct ift_exec **x, const struct ift_graph *g, const struct ift_exec *host,
                        const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(new_exec(x, g, host->d, capacity, SHARED, err));
    return with_memory(x, host, err);
}

int ift_exec_measure(struct ift_exec_bytes *bytes, const struct ift_graph *g, struct ift_device *d,
                     const int64_t capacity[IFT_EXTENTS], struct ift_err *err) {
    struct ift_exec *x;
    IFT_TRY(new_exec(&x, g, d, capacity, SHARED, err));
    *bytes = x->bytes;
    for (ift_val v = 1; v <= values(x); v++)
        if (is_uploaded(x, v)) bytes->inputs += ift_operand_bytes(&x->place[v].at);
    ift_exec_free(x);
    return 0;
}

void ift_exec_free(struct ift_exec *x) {
    if (!x) return;
    for (ift_val v = 1; v <= values(x); v++) disown(x, v);
    if (!x->borrowed) ift_device_free(x->d, &x->slab);
    ift_plan_free(x->plan);
    free(x->place);
    free(x->call);
    free(x->constant);
    free(x);
}

int ift_exec_bind(struct ift_exec *x, ift_val v, const struct ift_operand *t, struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    const struct ift_value *want = value(x, v);
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

/* The shape of the last run; before any, of capacity. */
static struct ift_operand current(const struct ift_exec *x, ift_val v) {
    struct ift_operand t = x->place[v].at;
    const enum ift_extent e = value(x, v)->extent;
    if (x->resolved && e != IFT_FIXED) t.dim[0] = x->extent[e];
    return t;
}

int ift_exec_operand(const struct ift_exec *x, ift_val v, struct ift_operand *t,
                     struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    const struct ift_value *has = value(x, v);
    if (!has) return IFT_FAIL(err, "the graph has no such value");
    if (has->role == IFT_TEMP && !has->keep)
        return IFT_FAIL(err, "the value %s is not kept: mark it with ift_graph_keep",
                        ift_value_text(has, text));
    if (!x->place[v].at.buf)
        return IFT_FAIL(err, "%s has no memory yet: bind it or run first",
                        ift_value_text(has, text));
    *t = current(x, v);
    return 0;
}

/* ---- moving data ---- */

/* The first `rows` rows of a dense value, all of a FIXED one. */
static int leading(const struct ift_exec *x, ift_val v, int64_t rows, struct ift_operand *t,
                   struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    const struct ift_value *has = value(x, v);
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
    const struct ift_value *to = value(x, input);
    if (!to) return IFT_FAIL(err, "upload: the graph has no such value");
    if (to->role != IFT_INPUT)
        return IFT_FAIL(err, "upload: %s is not an input", ift_value_text(to, text));
    IFT_TRY(leading(x, input, rows, &t, err));
    x->place[input].rows = t.dim[0];
    if (!t.buf) return 0; /* no step reads it */
    return ift_device_upload(x->d, &t, host, err);
}

int ift_exec_zero(struct ift_exec *x, ift_val state, struct ift_err *err) {
    const struct ift_value *v = value(x, state);
    if (!v || v->role != IFT_STATE) return IFT_FAIL(err, "only a state can be set to zero");
    if (!x->place[state].at.buf) return own_state(x, state, err);
    return ift_device_zero(x->d, &x->place[state].at, err);
}

int ift_exec_download(struct ift_exec *x, void *host, ift_val v, int64_t rows,
                      struct ift_err *err) {
    struct ift_operand t;
    IFT_TRY(ift_exec_operand(x, v, &t, err));
    IFT_TRY(leading(x, v, rows, &t, err));
    return ift_device_download(x->d, host, &t, err);
}

/* ---- running ---- */

static int check_inputs(const struct ift_exec *x, const int64_t *extent, struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    for (ift_val v = 1; v <= values(x); v++) {
        const struct ift_value *in = value(x, v);
        if (in->role != IFT_INPUT || !ift_plan_uses(x->plan, v)) continue;
        const int64_t has = x->place[v].rows,
                      want = in->extent == IFT_FIXED ? in->dim[0] : extent[in->extent];
        if (has < 0) return IFT_FAIL(err, "input %s was never uploaded", ift_value_text(in, text));
        if (has < want)
            return IFT_FAIL(err, "input %s has %lld rows, this run asks for %lld",
                            ift_value_text(in, text), (long long)has, (long long)want);
    }
    return 0;
}

static int check_extents(const struct ift_exec *x, const int64_t *extent, struct ift_err *err) {
    for (enum ift_extent e = IFT_FIXED + 1; e < IFT_EXTENTS; e++)
        if (x->capacity[e] > 0 && (extent[e] < 0 || extent[e] > x->capacity[e]))
            return IFT_FAIL(err, "a run of %lld %s, memory was planned for %lld",
                            (long long)extent[e], ift_extent_name(e), (long long)x->capacity[e]);
    return 0;
}

/* Gives every state its memory and insists on everybody else's. */
static int check_memory(struct ift_exec *x, struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    for (ift_val v = 1; v <= values(x); v++) {
        if (!ift_plan_uses(x->plan, v)) continue;
        if (value(x, v)->role == IFT_STATE) IFT_TRY(own_state(x, v, err));
        if (value(x, v)->role == IFT_PARAM && !x->place[v].at.buf)
            return IFT_FAIL(err, "parameter %s is not bound to memory",
                            ift_value_text(value(x, v), text));
    }
    return 0;
}

static void fill_call(const struct ift_exec *x, size_t step, struct ift_call *c) {
    const struct ift_node *n = ift_graph_node(x->g, ift_plan_step(x->plan, step));
    *c = (struct ift_call){.op = n->op, .at = n->at};
    for (int i = 0; i < IFT_MAX_IN; i++)
        if (n->in[i]) c->in[i] = current(x, n->in[i]);
    for (int i = 0; i < IFT_MAX_OUT; i++)
        if (n->out[i] && x->place[n->out[i]].at.buf) c->out[i] = current(x, n->out[i]);
}

static int compute_constant(struct ift_exec *x, size_t step, struct ift_err *err) {
    const struct ift_node *n = ift_graph_node(x->g, ift_plan_step(x->plan, step));
    struct ift_call c;
    for (int i = 0; i < IFT_MAX_OUT; i++)
        if (n->out[i] && !x->place[n->out[i]].at.buf) IFT_TRY(own(x, n->out[i], err));
    fill_call(x, step, &c);
    const int64_t bytes = (int64_t)x->d->backend->scratch(x->d->dev, &c);
    if (bytes) IFT_TRY(ift_device_tensor(x->d, IFT_U8, 1, &bytes, &c.scratch, err));
    int rc = ift_device_run(x->d, &c, 1, err);
    if (rc == 0) rc = ift_device_sync(x->d, err);
    ift_device_free(x->d, &c.scratch);
    return rc;
}

static int compute_constants(struct ift_exec *x, struct ift_err *err) {
    if (!x->constant || x->computed) return 0;
    for (size_t s = 0; s < ift_plan_steps(x->plan); s++)
        if (x->constant[ift_plan_step(x->plan, s)]) IFT_TRY(compute_constant(x, s, err));
    x->computed = true;
    return 0;
}

static int resolve(struct ift_exec *x, const int64_t *extent, struct ift_err *err) {
    IFT_TRY(check_extents(x, extent, err));
    IFT_TRY(check_memory(x, err));
    IFT_TRY(compute_constants(x, err));
    memcpy(x->extent, extent, sizeof x->extent);
    x->resolved = true;
    x->calls = 0;
    for (size_t s = 0; s < ift_plan_steps(x->plan); s++) {
        if (x->constant && x->constant[ift_plan_step(x->plan, s)]) continue;
        struct ift_call *const c = &x->call[x->calls++];
        fill_call(x, s, c);
        const size_t scratch = ift_plan_scratch(x->plan, s);
        if (scratch == IFT_PLAN_NONE) continue;
        const int64_t bytes = (int64_t)x->d->backend->scratch(x->d->dev, c);
        c->scratch = (struct ift_operand){x->slab.buf, scratch, IFT_U8, 1, {bytes}, 1};
    }
    return 0;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int run_profiled(struct ift_exec *x, struct ift_err *err) {
    IFT_TRY(ift_device_sync(x->d, err));
    for (size_t s = 0; s < x->calls; s++) {
        const double start = now();
        IFT_TRY(ift_device_run(x->d, &x->call[s], 1, err));
        IFT_TRY(ift_device_sync(x->d, err));
        x->seconds[x->call[s].op] += now() - start;
    }
    return 0;
}

int ift_exec_run(struct ift_exec *x, const int64_t extent[IFT_EXTENTS], struct ift_err *err) {
    IFT_TRY(check_inputs(x, extent, err));
    if (!x->resolved ||
        memcmp(extent + 1, x->extent + 1, sizeof x->extent - sizeof *x->extent) != 0)
        IFT_TRY(resolve(x, extent, err));
    if (x->profile) return run_profiled(x, err);
    return ift_device_run(x->d, x->call, x->calls, err);
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
