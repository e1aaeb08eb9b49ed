/* AdamW with clipping on a small graph against the formulas of optim.h in double precision. */
#include "libcore/base/rng.h"
#include "libcore/train/optim.h"
#include "tests/unit/check.h"

enum { V = 7, C = 5, N = 6, STEPS = 4 };

static struct ift_device device;

/* Rows of a table, normed, then a cross entropy: three parameters, one of which is spared by weight
 * decay. */
struct net {
    struct ift_graph *g;
    struct ift_exec *x;
    ift_val ids, targets, scale;
    struct ift_operand table, head, norm;
};

static void need(int rc, const struct ift_err *err) {
    if (rc == 0) return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static struct ift_operand tensor(int ndim, const int64_t *dim, uint32_t stream) {
    struct ift_err err = {0};
    struct ift_operand t;
    float value[V * C];
    struct ift_rng r = ift_rng(5, stream, 0);
    for (int i = 0; i < V * C; i++) value[i] = (float)ift_rng_normal(&r);
    need(ift_device_tensor(&device, IFT_F32, ndim, dim, &t, &err), &err);
    need(ift_device_upload(&device, &t, value, &err), &err);
    return t;
}

static struct net make(void) {
    struct ift_err err = {0};
    const int64_t matrix[2] = {V, C}, vector[1] = {C}, one[1] = {1}, rows[1] = {0};
    struct net n = {.g = ift_graph_new()};
    n.ids = ift_graph_input(n.g, "ids", IFT_I32, IFT_TOKENS, 1, rows);
    n.targets = ift_graph_input(n.g, "targets", IFT_I32, IFT_TOKENS, 1, rows);
    n.scale = ift_graph_input(n.g, "scale", IFT_F32, IFT_FIXED, 1, one);
    const ift_val table = ift_graph_param(n.g, "table", 2, matrix, true);
    const ift_val head = ift_graph_param(n.g, "head", 2, matrix, true);
    const ift_val norm = ift_graph_param(n.g, "final.norm.weight", 1, vector, true);
    const ift_val h = ift_graph_norm(n.g, ift_graph_embed(n.g, table, n.ids, -1), norm, 1e-5f);
    need(ift_graph_backward(n.g, ift_graph_xent(n.g, h, head, 0, n.targets, n.scale), &err), &err);
    need(ift_exec_new(&n.x, n.g, &device, (const int64_t[IFT_EXTENTS]){[IFT_TOKENS] = N}, &err),
         &err);
    n.table = tensor(2, matrix, 1);
    n.head = tensor(2, matrix, 2);
    n.norm = tensor(1, vector, 3);
    need(ift_exec_bind(n.x, table, &n.table, &err), &err);
    need(ift_exec_bind(n.x, head, &n.head, &err), &err);
    need(ift_exec_bind(n.x, norm, &n.norm, &err), &err);
    return n;
}

static void release(struct net *n) {
    ift_exec_free(n->x);
    ift_graph_free(n->g);
    ift_device_free(&device, &n->table);
    ift_device_free(&device, &n->head);
    ift_device_free(&device, &n->norm);
}

static void run(struct net *n, int step) {
    struct ift_err err = {0};
    int32_t ids[N], targets[N];
    for (int i = 0; i < N; i++) {
        ids[i] = (i * 3 + step) % V;
        targets[i] = (i * 5 + step) % V;
    }
    const float scale = 1.0f / N;
    need(ift_exec_upload(n->x, n->ids, ids, N, &err), &err);
    need(ift_exec_upload(n->x, n->targets, targets, N, &err), &err);
    need(ift_exec_upload(n->x, n->scale, &scale, 1, &err), &err);
    need(ift_exec_run(n->x, (const int64_t[IFT_EXTENTS]){[IFT_TOKENS] = N}, &err), &err);
}

/* What a parameter should be, in double. */
struct shadow {
    double p[V * C], m[V * C], v[V * C];
    size_t n;
};

static void fetch(double *to, const struct ift_operand *t) {
    struct ift_err err = {0};
    float value[V * C];
    need(ift_device_download(&device, value, t, &err), &err);
    for (int64_t i = 0; i < ift_operand_count(t); i++) to[i] = (double)value[i];
}

static void follow(struct shadow *s, const double *grad, const struct ift_optim_config *c,
                   double lr, int t, double coef, bool decay) {
    for (size_t i = 0; i < s->n; i++) {
        const double g = coef * grad[i];
        if (decay) s->p[i] *= 1 - lr * c->weight_decay;
        s->m[i] = c->beta1 * s->m[i] + (1 - c->beta1) * g;
        s->v[i] = c->beta2 * s->v[i] + (1 - c->beta2) * g * g;
        s->p[i] -= lr / (1 - pow(c->beta1, t)) * s->m[i] /
                   (sqrt(s->v[i]) / sqrt(1 - pow(c->beta2, t)) + c->eps);
    }
}

static void follows_the_formulas(double max_norm) {
    struct ift_err err = {0};
    struct net n = make();
    const struct ift_optim_config c = {0.9, 0.95, 1e-6, 0.1, max_norm};
    struct ift_optim *o = NULL;
    need(ift_optim_new(&o, &device, n.g, n.x, &c, &err), &err);
    CHECK_INT(ift_optim_count(o), 3);
    CHECK_INT(ift_optim_measure(n.g).trained, 2 * V * C + C);
    CHECK_INT(ift_optim_measure(n.g).largest, V * C * 4);
    struct shadow s[3] = {0};
    double grad[3][V * C];
    for (size_t i = 0; i < 3; i++) {
        const struct ift_optim_param *p = ift_optim_at(o, i);
        s[i].n = (size_t)ift_operand_count(&p->value);
        fetch(s[i].p, &p->value);
        CHECK_INT(p->decay, strcmp(p->name, "final.norm.weight") != 0);
    }
    for (int t = 1; t <= STEPS; t++) {
        double square = 0, norm = 0, worst = 0;
        need(ift_optim_zero(o, &err), &err);
        run(&n, t);
        run(&n, t + 1); /* a second micro-batch adds to the first */
        for (size_t i = 0; i < 3; i++) {
            fetch(grad[i], &ift_optim_at(o, i)->grad);
            for (size_t k = 0; k < s[i].n; k++) square += grad[i][k] * grad[i][k];
        }
        const double lr = 0.01 * t,
                     coef = max_norm > 0 ? fmin(1, max_norm / (sqrt(square) + 1e-6)) : 1;
        need(ift_optim_step(o, lr, &norm, &err), &err);
        CHECK_NEAR(norm, sqrt(square), 1e-6 * sqrt(square));
        for (size_t i = 0; i < 3; i++) {
            double got[V * C];
            const struct ift_optim_param *p = ift_optim_at(o, i);
            follow(&s[i], grad[i], &c, lr, t, coef, p->decay);
            fetch(got, &p->value);
            for (size_t k = 0; k < s[i].n; k++) worst = fmax(worst, fabs(got[k] - s[i].p[k]));
        }
        CHECK_NEAR(worst, 0, 1e-6);
    }
    CHECK_INT(ift_optim_steps(o), STEPS);
    ift_optim_free(o);
    release(&n);
}

static void names(void) {
    static const struct {
        const char *name;
        bool decays;
    } list[] = {
        {"lm_head.weight", true},
        {"model.embed_tokens.weight", true},
        {"model.norm.weight", false},
        {"norm.weight", false},
        {"h.0.normal.weight", true},
        {"layers.0.ffn_norm.weight", false},
        {"a.q_proj.bias", false},
        {"x.self_attention.query_key_value.BIAS", false},
        {"h.ln_1.weight", true},
        {"word_embeddings_LayerNorm.weight", false},
        {"enormous.weight", true},
        {"q_norm", false},
        {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", true},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (ift_optim_decays(list[i].name) != list[i].decays)
            fprintf(stderr, "%s:\n", list[i].name);
        CHECK_INT(ift_optim_decays(list[i].name), list[i].decays);
    }
}

int main(void) {
    struct ift_err err = {0};
    need(ift_device_open(&device, "cpu", 2, &err), &err);
    names();
    follows_the_formulas(0);   /* no clipping */
    follows_the_formulas(0.1); /* always */
    follows_the_formulas(1e6); /* never reached */
    ift_device_close(&device);
    return check_done();
}
