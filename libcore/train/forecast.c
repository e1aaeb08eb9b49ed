#include "libcore/train/forecast.h"

#include "libcore/train/pass.h"

static const char *const names[] = {
#define X(NAME, name, what) name,
    IFT_FORECAST_ITEMS(X)
#undef X
};
static const char *const whats[] = {
#define X(NAME, name, what) what,
    IFT_FORECAST_ITEMS(X)
#undef X
};

static int64_t count_parameters(const struct ift_model *m) {
    const struct ift_weights *files = ift_model_weights(m);
    int64_t n = 0;
    for (size_t i = 0; i < ift_weights_count(files); i++) {
        const struct ift_tensor *w = ift_weights_at(files, i);
        n += ift_shape_count(w->ndim, w->dim);
    }
    return n;
}

static int count_all(struct ift_forecast *f, const struct ift_pass *s, struct ift_model *m,
                     struct ift_peft *p, struct ift_device *d, bool saves, struct ift_err *err) {
    struct ift_exec_bytes run;
    IFT_TRY(ift_pass_measure(s, d, &run, err));
    const struct ift_model_bytes base = ift_model_measure(m, d, s->g);
    const struct ift_optim_bytes optim = ift_optim_measure(s->g);
    f->trained = optim.trained;
    f->parameters = count_parameters(m) + (ift_peft_trains_base(p) ? 0 : optim.trained);
    f->bytes[IFT_FORECAST_WEIGHTS] = base.own;
    f->bytes[IFT_FORECAST_MAPPED] = base.mapped;
    f->bytes[IFT_FORECAST_ADAPTER] = ift_peft_bytes(p);
    f->bytes[IFT_FORECAST_GRADIENTS] = optim.gradients;
    f->bytes[IFT_FORECAST_OPTIMIZER] = 2 * optim.gradients;
    f->bytes[IFT_FORECAST_ACTIVATIONS] = run.slab - run.scratch + run.inputs;
    f->bytes[IFT_FORECAST_WORKSPACE] = run.scratch;
    if (saves) f->bytes[IFT_FORECAST_CHECKPOINT] = optim.largest;
    return 0;
}

int ift_forecast_memory(struct ift_forecast *f, struct ift_model *m, struct ift_peft *p,
                        struct ift_device *d, const struct ift_trainer_config *c, size_t process,
                        bool saves, struct ift_err *err) {
    const struct ift_pass_options o = {c->tokens, c->recompute, true};
    struct ift_pass s;
    *f = (struct ift_forecast){.bytes[IFT_FORECAST_PROCESS] = process};
    int rc = ift_pass_init(&s, m, p, &o, err);
    if (rc == 0) rc = count_all(f, &s, m, p, d, saves, err);
    ift_pass_release(&s);
    return rc;
}

size_t ift_forecast_total(const struct ift_forecast *f) {
    size_t total = 0;
    for (size_t i = 0; i < IFT_FORECAST_COUNT; i++) total += f->bytes[i];
    return total;
}

void ift_forecast_text(const struct ift_forecast *f, struct ift_str *out) {
    for (size_t i = 0; i < IFT_FORECAST_COUNT; i++)
        ift_str_addf(out, "%-12s %15zu%s%s\n", names[i], f->bytes[i], *whats[i] ? "  " : "",
                     whats[i]);
    ift_str_addf(out, "%-12s %15zu  the most that is resident at once\n", "total",
                 ift_forecast_total(f));
    ift_str_addf(out, "%-12s %15.4g\n%-12s %15.4g  of all updates\n", "tokens_per_s",
                 f->tokens_per_s, "seconds", f->seconds);
}

void ift_forecast_line(const struct ift_forecast *f, struct ift_str *out) {
    for (size_t i = 0; i < IFT_FORECAST_COUNT; i++)
        if (f->bytes[i]) ift_str_addf(out, "%s %.1f MB, ", names[i], (double)f->bytes[i] / 1e6);
    ift_str_addf(out, "total %.1f MB", (double)ift_forecast_total(f) / 1e6);
}
