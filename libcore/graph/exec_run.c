#include <time.h>

#include "libcore/graph/exec_internal.h"

static int check_inputs(const struct ift_exec *x, const int64_t *extent, struct ift_err *err) {
    char text[IFT_VALUE_TEXT];
    for (ift_val v = 1; v <= ift_exec_values(x); v++) {
        const struct ift_value *in = ift_exec_value(x, v);
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
    for (ift_val v = 1; v <= ift_exec_values(x); v++) {
        if (!ift_plan_uses(x->plan, v)) continue;
        if (ift_exec_value(x, v)->role == IFT_STATE) IFT_TRY(ift_exec_own_state(x, v, err));
        if (ift_exec_value(x, v)->role == IFT_PARAM && !x->place[v].at.buf)
            return IFT_FAIL(err, "parameter %s is not bound to memory",
                            ift_value_text(ift_exec_value(x, v), text));
    }
    return 0;
}

static void fill_call(const struct ift_exec *x, size_t step, struct ift_call *c) {
    const struct ift_node *n = ift_graph_node(x->g, ift_plan_step(x->plan, step));
    *c = (struct ift_call){.op = n->op, .at = n->at};
    for (int i = 0; i < IFT_MAX_IN; i++)
        if (n->in[i]) c->in[i] = ift_exec_current(x, n->in[i]);
    for (int i = 0; i < IFT_MAX_OUT; i++)
        if (n->out[i] && x->place[n->out[i]].at.buf) c->out[i] = ift_exec_current(x, n->out[i]);
}

static int compute_constant(struct ift_exec *x, size_t step, struct ift_err *err) {
    const struct ift_node *n = ift_graph_node(x->g, ift_plan_step(x->plan, step));
    struct ift_call c;
    for (int i = 0; i < IFT_MAX_OUT; i++)
        if (n->out[i] && !x->place[n->out[i]].at.buf) IFT_TRY(ift_exec_own(x, n->out[i], err));
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
