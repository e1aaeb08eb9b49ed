#include "libcore/train/trainer.h"

#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/train/micro.h"
#include "libcore/train/pass.h"
#include "libcore/train/speed.h"

struct ift_trainer {
    struct ift_model *m;
    struct ift_peft *p;
    struct ift_device *d;
    struct ift_trainer_config config;
    struct ift_pass learn, measure; /* measure is made when first needed */
    struct ift_optim *optim;
    struct ift_batch batch;
    float *loss; /* (tokens of the batch) */
    size_t loss_cap;
    bool profile;
};

/* ---- making ---- */

static int make_pass(struct ift_trainer *t, bool learn, struct ift_err *err) {
    const struct ift_pass_options o = {t->config.tokens, t->config.recompute, learn};
    struct ift_pass *s = learn ? &t->learn : &t->measure;
    int rc = ift_pass_init(s, t->m, t->p, &o, err);
    if (rc == 0) rc = ift_pass_open(s, t->m, t->p, t->d, learn ? NULL : &t->learn, err);
    if (rc < 0) ift_pass_release(s);
    return rc;
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
    if (make_pass(t, true, err) < 0 ||
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
    ift_pass_release(&t->measure);
    ift_pass_release(&t->learn);
    ift_batch_release(&t->batch);
    free(t->loss);
    free(t);
}

/* ---- running ---- */

/* One walk over rows. */
struct walk {
    struct ift_trainer *t;
    struct ift_pass *s;
    float scale;
    double loss, flops;
    int64_t tokens, learned, micro;
};

/* The key of the dropout of one micro-batch: a function of the seed, the update and its place in
 * it, so that a resumed run draws the same. */
static void draw_key(const struct ift_trainer *t, int64_t micro, uint32_t key[2]) {
    enum { DROPOUT = 0x64726f70 }; /* its stream of random numbers */
    struct ift_rng r = ift_rng(t->config.seed ^ (uint64_t)ift_optim_steps(t->optim) << 20, DROPOUT,
                               (uint64_t)micro);
    for (int i = 0; i < 2; i++) key[i] = ift_rng_u32(&r);
}

static int run_batch(void *ctx, const struct ift_batch *b, struct ift_err *err) {
    struct walk *w = ctx;
    struct ift_trainer *t = w->t;
    if (t->config.stop && t->config.stop(t->config.ctx)) return 0;
    uint32_t key[2];
    draw_key(t, w->micro++, key);
    t->loss = ift_grow(t->loss, (size_t)b->tokens, &t->loss_cap, sizeof *t->loss);
    IFT_TRY(ift_pass_run(w->s, b, w->scale, key, t->loss, &w->loss, err));
    w->flops += ift_speed_flops(w->s->g, b);
    return 1;
}

/* Runs the rows in micro-batches. 1, or 0 when asked to stop. */
static int run_rows(struct walk *w, struct ift_corpus *c, const uint32_t *row, size_t n,
                    struct ift_err *err) {
    for (size_t i = 0; i < n; i++) {
        w->tokens += (int64_t)ift_corpus_length(c, row[i]);
        w->learned += (int64_t)ift_corpus_learned(c, row[i]);
    }
    w->scale = 1 / (float)w->learned;
    return ift_micro_each(&w->t->batch, c, row, n, run_batch, w, err);
}

int ift_trainer_update(struct ift_trainer *t, struct ift_corpus *c, const uint32_t *row, size_t n,
                       double lr, struct ift_update *u, struct ift_err *err) {
    struct walk w = {.t = t, .s = &t->learn};
    IFT_TRY(ift_optim_zero(t->optim, err));
    const int rc = run_rows(&w, c, row, n, err);
    if (rc <= 0) return rc;
    *u = (struct ift_update){.loss = w.loss / (double)w.learned,
                             .tokens = w.tokens,
                             .learned = w.learned,
                             .flops = w.flops};
    IFT_TRY(ift_optim_step(t->optim, lr, &u->grad_norm, err));
    return 1;
}

int ift_trainer_evaluate(struct ift_trainer *t, struct ift_corpus *c, const uint32_t *row, size_t n,
                         double *loss, struct ift_err *err) {
    if (!t->measure.x) {
        IFT_TRY(make_pass(t, false, err));
        ift_exec_profile(t->measure.x, t->profile);
    }
    struct walk w = {.t = t, .s = &t->measure};
    const int rc = run_rows(&w, c, row, n, err);
    *loss = w.loss / (double)w.learned;
    return rc;
}

/* ---- looking in ---- */

struct ift_optim *ift_trainer_optim(struct ift_trainer *t) {
    return t->optim;
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
