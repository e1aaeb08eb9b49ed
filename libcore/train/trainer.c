#include "libcore/train/trainer.h"

#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/model/batch.h"
#include "libcore/model/feed.h"

/* A description of the model with what it takes to run it: for learning, or for measuring only. */
struct pass {
    struct ift_graph *g;
    struct ift_exec *x;
    struct ift_build build;
    ift_val targets, scale, loss;
};

struct ift_trainer {
    struct ift_model *m;
    struct ift_peft *p;
    struct ift_device *d;
    struct ift_trainer_config config;
    struct pass learn, measure; /* measure is made when first needed */
    struct ift_optim *optim;
    struct ift_batch batch;
    float *loss; /* (tokens of the batch) */
    size_t loss_cap;
    bool profile;
};

/* ---- making ---- */

static int describe(struct ift_trainer *t, struct pass *s, bool learn, struct ift_err *err) {
    const int64_t positions = ift_model_config(t->m)->max_positions;
    s->g = ift_graph_new();
    s->build = (struct ift_build){.attach = ift_peft_attach(t->p, learn),
                                  .train_base = learn && ift_peft_trains_base(t->p),
                                  .learning = learn,
                                  .positions_max =
                                      t->config.tokens < positions ? t->config.tokens : positions};
    ift_build_begin(&s->build, t->m, s->g);
    const ift_val h = ift_build_forward(&s->build); // (N, C)
    const int64_t rows[1] = {0}, one[1] = {1};
    s->targets = ift_graph_input(s->g, "targets", IFT_I32, IFT_TOKENS, 1, rows);
    s->scale = ift_graph_input(s->g, "scale", IFT_F32, IFT_FIXED, 1, one);
    s->loss = ift_build_loss(&s->build, h, s->targets, s->scale); // (N)
    ift_graph_keep(s->g, s->loss);
    ift_graph_recompute(s->g, t->config.recompute);
    return learn ? ift_graph_backward(s->g, s->loss, err) : ift_graph_check(s->g, err);
}

static int make_pass(struct ift_trainer *t, struct pass *s, bool learn, struct ift_err *err) {
    IFT_TRY(describe(t, s, learn, err));
    int64_t capacity[IFT_EXTENTS] = {0};
    capacity[IFT_TOKENS] = capacity[IFT_SEGMENTS] = capacity[IFT_PICKS] = t->config.tokens;
    IFT_TRY(ift_exec_new(&s->x, s->g, t->d, capacity, err));
    IFT_TRY(ift_model_bind(t->m, t->d, s->x, s->g, err));
    return ift_peft_bind(t->p, t->d, s->x, s->g, err);
}

static void release_pass(struct pass *s) {
    ift_exec_free(s->x);
    ift_graph_free(s->g);
}

int ift_trainer_new(struct ift_trainer **out, struct ift_model *m, struct ift_peft *p,
                    struct ift_device *d, const struct ift_trainer_config *c, struct ift_err *err) {
    struct ift_trainer *t = ift_alloc0(1, sizeof *t);
    t->m = m;
    t->p = p;
    t->d = d;
    t->config = *c;
    t->batch.arch = ift_model_arch(m);
    t->batch.config = ift_model_config(m);
    t->batch.capacity = c->tokens;
    t->batch.trim = true;
    if (make_pass(t, &t->learn, true, err) < 0 ||
        ift_optim_new(&t->optim, d, t->learn.g, t->learn.x, &c->optim, err) < 0) {
        ift_trainer_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

void ift_trainer_free(struct ift_trainer *t) {
    if (!t) return;
    ift_optim_free(t->optim);
    release_pass(&t->learn);
    release_pass(&t->measure);
    ift_batch_release(&t->batch);
    free(t->loss);
    free(t);
}

/* ---- running ---- */

/* The key of the dropout of one micro-batch: a function of the seed, the update and its place in
 * it, so that a resumed run draws the same. */
static int upload_key(struct ift_trainer *t, struct pass *s, int64_t micro, struct ift_err *err) {
    if (!s->build.dropout_key) return 0;
    enum { DROPOUT = 0x64726f70 }; /* its stream of random numbers */
    struct ift_rng r = ift_rng(t->config.seed ^ (uint64_t)ift_optim_steps(t->optim) << 20, DROPOUT,
                               (uint64_t)micro);
    const uint32_t key[2] = {ift_rng_u32(&r), ift_rng_u32(&r)};
    return ift_exec_upload(s->x, s->build.dropout_key, key, 1, err);
}

/* Runs the batch and adds its losses, in double and in order. */
static int run_batch(struct ift_trainer *t, struct pass *s, float scale, int64_t micro, double *sum,
                     struct ift_err *err) {
    const struct ift_batch *b = &t->batch;
    const int64_t extent[IFT_EXTENTS] = {[IFT_TOKENS] = b->tokens, [IFT_SEGMENTS] = b->docs};
    const struct ift_feed feed = {.tokens = b->tokens,
                                  .segments = b->docs,
                                  .id = b->id,
                                  .position = b->position,
                                  .block = b->block,
                                  .segment = b->segment};
    IFT_TRY(ift_feed_upload(&feed, &s->build, s->x, err));
    IFT_TRY(ift_exec_upload(s->x, s->targets, b->target, b->tokens, err));
    IFT_TRY(ift_exec_upload(s->x, s->scale, &scale, 1, err));
    IFT_TRY(upload_key(t, s, micro, err));
    IFT_TRY(ift_exec_run(s->x, extent, err));
    t->loss = ift_grow(t->loss, (size_t)b->tokens, &t->loss_cap, sizeof *t->loss);
    IFT_TRY(ift_exec_download(s->x, t->loss, s->loss, b->tokens, err));
    for (int64_t i = 0; i < b->tokens; i++) *sum += (double)t->loss[i];
    return 0;
}

/* Matrix products that one run of the batch strictly needs: the output projection for learned
 * tokens only, attention for visible pairs only, two products forward and four backward. */
static double flops(const struct pass *s, const struct ift_batch *b) {
    const int64_t extent[IFT_EXTENTS] = {[IFT_TOKENS] = b->tokens, [IFT_SEGMENTS] = b->docs};
    double n = ift_graph_gemm_flops(s->g, extent);
    for (size_t i = 0; i < ift_graph_nodes(s->g); i++) {
        const struct ift_node *k = ift_graph_node(s->g, i);
        if (k->op == IFT_OP_ATTN || k->op == IFT_OP_ATTN_BWD) {
            const int products = k->op == IFT_OP_ATTN ? 2 : 4;
            n += 2.0 * products * (double)b->pairs * k->at.attn.heads * k->at.attn.head_dim;
        } else if (k->op == IFT_OP_XENT) {
            const struct ift_value *w = ift_graph_value(s->g, k->in[1]);
            const int products = 1 + (k->out[1] != 0) + (k->out[2] != 0);
            const int64_t rest = b->tokens - b->learned;
            n -= 2.0 * products * (double)rest * (double)(w->dim[0] * w->dim[1]);
        }
    }
    return n;
}

/* Sums over a run of rows. */
struct sums {
    double loss, flops;
    int64_t tokens, learned, micro;
};

static int flush(struct ift_trainer *t, struct pass *s, float scale, struct sums *sum,
                 struct ift_err *err) {
    if (t->batch.tokens == 0) return 1;
    if (t->config.stop && t->config.stop(t->config.ctx)) return 0;
    IFT_TRY(run_batch(t, s, scale, sum->micro++, &sum->loss, err));
    sum->flops += flops(s, &t->batch);
    ift_batch_clear(&t->batch);
    return 1;
}

/* Runs the rows in micro-batches. 1, or 0 when asked to stop. */
static int run_rows(struct ift_trainer *t, struct pass *s, struct ift_corpus *c,
                    const uint32_t *row, size_t n, struct sums *sum, struct ift_err *err) {
    for (size_t i = 0; i < n; i++) {
        sum->tokens += (int64_t)ift_corpus_length(c, row[i]);
        sum->learned += (int64_t)ift_corpus_learned(c, row[i]);
    }
    const float scale = 1 / (float)sum->learned;
    ift_batch_clear(&t->batch);
    for (size_t i = 0; i < n; i++) {
        const struct ift_row r = ift_corpus_row(c, row[i]);
        for (size_t doc = 0;;) {
            int rc = ift_batch_row(&t->batch, &r, row[i], &doc, err);
            if (rc < 0) return -1;
            if (rc == 1) break;
            rc = flush(t, s, scale, sum, err);
            if (rc <= 0) return rc;
        }
    }
    return flush(t, s, scale, sum, err);
}

int ift_trainer_update(struct ift_trainer *t, struct ift_corpus *c, const uint32_t *row, size_t n,
                       double lr, struct ift_update *u, struct ift_err *err) {
    struct sums sum = {0};
    IFT_TRY(ift_optim_zero(t->optim, err));
    const int rc = run_rows(t, &t->learn, c, row, n, &sum, err);
    if (rc <= 0) return rc;
    *u = (struct ift_update){.loss = sum.loss / (double)sum.learned,
                             .tokens = sum.tokens,
                             .learned = sum.learned,
                             .flops = sum.flops};
    IFT_TRY(ift_optim_step(t->optim, lr, &u->grad_norm, err));
    return 1;
}

int ift_trainer_evaluate(struct ift_trainer *t, struct ift_corpus *c, const uint32_t *row, size_t n,
                         double *loss, struct ift_err *err) {
    if (!t->measure.x) {
        IFT_TRY(make_pass(t, &t->measure, false, err));
        ift_exec_profile(t->measure.x, t->profile);
    }
    struct sums sum = {0};
    const int rc = run_rows(t, &t->measure, c, row, n, &sum, err);
    *loss = sum.loss / (double)sum.learned;
    return rc;
}

/* ---- looking in ---- */

struct ift_optim *ift_trainer_optim(struct ift_trainer *t) {
    return t->optim;
}

struct ift_trainer_bytes ift_trainer_bytes(const struct ift_trainer *t) {
    struct ift_trainer_bytes b = {.trained = ift_optim_trained(t->optim),
                                  .gradients = ift_optim_bytes(t->optim),
                                  .moments = 2 * ift_optim_bytes(t->optim),
                                  .activations = ift_exec_bytes(t->learn.x).slab};
    const struct ift_weights *files = ift_model_weights(t->m);
    for (size_t i = 0; i < ift_weights_count(files); i++) {
        const struct ift_tensor *w = ift_weights_at(files, i);
        b.parameters += ift_shape_count(w->ndim, w->dim);
    }
    if (!ift_peft_trains_base(t->p)) b.parameters += b.trained;
    b.weights = (size_t)b.parameters * sizeof(float);
    return b;
}

void ift_trainer_profile(struct ift_trainer *t) {
    t->profile = true;
    ift_exec_profile(t->learn.x, true);
    ift_exec_profile(ift_optim_exec(t->optim), true);
    if (t->measure.x) ift_exec_profile(t->measure.x, true);
}

struct share {
    enum ift_op op;
    double seconds;
};

static int longest_first(const void *a, const void *b) {
    const double x = ((const struct share *)a)->seconds, y = ((const struct share *)b)->seconds;
    return (x < y) - (x > y);
}

void ift_trainer_profile_text(const struct ift_trainer *t, struct ift_str *out) {
    const struct ift_exec *const x[] = {t->learn.x, ift_optim_exec(t->optim), t->measure.x};
    struct share share[IFT_OP_COUNT];
    double total = 0;
    for (enum ift_op op = 0; op < IFT_OP_COUNT; op++) {
        share[op] = (struct share){op, 0};
        for (size_t i = 0; i < sizeof x / sizeof *x; i++)
            if (x[i]) share[op].seconds += ift_exec_profile_seconds(x[i])[op];
        total += share[op].seconds;
    }
    qsort(share, IFT_OP_COUNT, sizeof *share, longest_first);
    for (size_t i = 0; i < IFT_OP_COUNT && share[i].seconds > 0; i++)
        ift_str_addf(out, "%-10s %9.3f s %5.1f%%\n", ift_op_name(share[i].op), share[i].seconds,
                     100 * share[i].seconds / total);
}
