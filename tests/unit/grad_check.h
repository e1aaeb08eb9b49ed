/* grad_check.h: every gradient of a graph against finite differences. The reference is a central
 * difference of the forward in double precision, exact to about 1e-9; the engine computes in float,
 * so a gradient made of a few dozen products and passes is off by some ten units in the last place
 * of its largest parts: 1e-5 of the largest element is asked, of every element. */
#ifndef GRAD_CHECK_H
#define GRAD_CHECK_H

#include "tests/unit/graph_case.h"
#include "tests/unit/graph_f64.h"

static const double grad_tolerance = 1e-5;

static inline double loss_of(struct f64 *f, size_t nodes, ift_val loss, double scale) {
    f64_run(f, nodes);
    double sum = 0;
    for (int64_t i = 0; i < f64_count(f, loss); i++) sum += f->v[loss][i];
    return scale * sum;
}

/* Every element of the gradient of `p`. */
static inline void check_gradient(struct case_run *r, struct f64 *f, size_t nodes, ift_val loss,
                                  double scale, ift_val p) {
    const int64_t n = f64_count(f, p);
    const double h = 1e-5;
    float *got = case_download(r, ift_graph_grad(r->g, p), f->extent);
    double *want = ift_alloc0((size_t)n, sizeof *want), most = 0;
    for (int64_t i = 0; i < n; i++) {
        const double at = f->v[p][i];
        f->v[p][i] = at + h;
        want[i] = loss_of(f, nodes, loss, scale);
        f->v[p][i] = at - h;
        want[i] = (want[i] - loss_of(f, nodes, loss, scale)) / (2 * h);
        f->v[p][i] = at;
        most = fmax(most, fabs(want[i]));
    }
    CHECK(most > 1e-4); /* a gradient that is nought would prove nothing */
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= grad_tolerance * most)) {
            fprintf(stderr, "gradient of %s[%lld] is %.9g, expected %.9g, largest %.3g\n",
                    ift_graph_value(r->g, p)->name, (long long)i, (double)got[i], want[i], most);
            check_failures++;
            break;
        }
    free(want);
    free(got);
}

/* Copies what the engine was given into the reference. */
static inline struct f64 reference(const struct ift_graph *g, const struct case_batch *b) {
    struct f64 f = f64_new(g, b->extent);
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        const struct ift_value *x = ift_graph_value(g, v);
        const int64_t n = f64_count(&f, v);
        if (x->role == IFT_PARAM) {
            float *host = ift_alloc((size_t)n * sizeof *host);
            case_values(x, host);
            for (int64_t i = 0; i < n; i++) f.v[v][i] = (double)host[i];
            free(host);
        }
        if (x->role != IFT_INPUT) continue;
        const int32_t *in = strcmp(x->name, "ids") == 0         ? b->ids
                            : strcmp(x->name, "targets") == 0   ? b->targets
                            : strcmp(x->name, "positions") == 0 ? b->positions
                            : strcmp(x->name, "segments") == 0  ? b->segments
                                                                : b->key;
        for (int64_t i = 0; i < n; i++)
            f.v[v][i] = x->dtype == IFT_F32 ? (double)b->scale : (double)in[i];
    }
    return f;
}

/* Runs the backward of `loss` and holds every gradient against the reference; the graph is
 * released. */
static inline void check_gradients(struct ift_graph *g, ift_val loss, const struct case_batch *b) {
    struct ift_err err = {0};
    struct ift_device d;
    struct case_run r = {.d = &d, .g = g};
    ift_graph_keep(g, loss);
    CHECK_OK(ift_graph_backward(g, loss, &err), &err);
    size_t nodes = 1; /* up to the loss; a backward may put nodes in front of it */
    while (ift_graph_node(g, nodes - 1)->out[0] != loss) nodes++;
    CHECK_OK(ift_device_open(&d, "cpu", 2, &err), &err);
    CHECK_OK(ift_exec_new(&r.x, g, &d, (int64_t[]){0, CASE_POSITIONS, 8, 8}, &err), &err);
    if (check_failures) exit(check_done());
    case_bind(&r);
    case_upload(&r, b);
    CHECK_OK(ift_exec_run(r.x, b->extent, &err), &err);
    struct f64 f = reference(g, b);
    f64_run(&f, nodes);
    float *got = case_download(&r, loss, b->extent);
    for (int64_t i = 0; i < b->extent[IFT_TOKENS]; i++)
        CHECK_NEAR(got[i], f.v[loss][i], 2e-6 * (1 + f.v[loss][i]));
    free(got);
    int checked = 0;
    for (ift_val v = 1; v <= (ift_val)ift_graph_values(g); v++) {
        if (!ift_graph_grad(g, v)) continue;
        check_gradient(&r, &f, nodes, loss, (double)b->scale, v);
        checked++;
    }
    CHECK(checked > 0);
    f64_release(&f);
    case_run_release(&r);
    CHECK_INT(d.bytes, 0);
    ift_device_close(&d);
}

#endif
