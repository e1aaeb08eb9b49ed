#include "libcore/train/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/train/checkpoint.h"
#include "libcore/train/metrics.h"
#include "libcore/train/micro.h"
#include "libcore/train/pass.h"
#include "libcore/train/result.h"
#include "libcore/train/schedule.h"
#include "libcore/train/settings.h"
#include "libcore/train/speed.h"

const char *const ift_loop_orders[] = {"shuffled", "given", NULL};

/* Streams of random numbers, kept apart from one another. */
enum { STREAM_ORDER = 0x6f726472, STREAM_VALID = 0x76616c64 };

struct ift_loop {
    struct ift_loop_job job;
    struct ift_loop_options o;
    struct ift_loop_hooks hooks;
    uint32_t *row, *valid_row; /* what is learned from, what is measured */
    size_t rows, valid_rows;
    uint32_t *order; /* (rows) of the epoch at hand */
    long long epoch; /* that order is of; -1: none yet */
    bool shuffled;
    long long per_epoch, done;
    struct ift_schedule schedule;
    struct ift_forecast forecast;
    struct ift_trainer *trainer; /* NULL: not opened */
    double peak;                 /* FLOP/s of the device's matrix product */
    char *settings;
    int lock;  /* the folder, held while the loop lives */
    bool made; /* by this run: a failure before the first update takes it away again */
};

static void note(const struct ift_loop *l, const char *fmt, ...) IFT_PRINTF(2, 3);

static void note(const struct ift_loop *l, const char *fmt, ...) {
    if (!l->hooks.note) return;
    struct ift_str s = {0};
    va_list args;
    va_start(args, fmt);
    ift_str_addv(&s, fmt, args);
    va_end(args);
    l->hooks.note(l->hooks.ctx, s.p);
    ift_str_release(&s);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- planning ---- */

static uint32_t *count_up(size_t n) {
    uint32_t *v = ift_alloc(n * sizeof *v);
    for (size_t i = 0; i < n; i++) v[i] = (uint32_t)i;
    return v;
}

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Which rows are learned from and which are measured; both stay in the order given. */
static int choose_rows(struct ift_loop *l, struct ift_err *err) {
    const size_t all = ift_corpus_rows(l->job.rows);
    if (!all) return IFT_FAIL(err, "no rows to learn from");
    if (all > UINT32_MAX) return IFT_FAIL(err, "%zu rows; at most 4294967295 fit one run", all);
    l->row = count_up(all);
    l->rows = all;
    if (l->job.valid) {
        l->valid_rows = ift_corpus_rows(l->job.valid);
        l->valid_row = count_up(l->valid_rows);
        return l->valid_rows ? 0 : IFT_FAIL(err, "no rows to validate with");
    }
    if (!(l->o.valid_fraction > 0)) return 0;
    const size_t aside = (size_t)fmax(1, rint(l->o.valid_fraction * (double)all));
    if (aside >= all) return IFT_FAIL(err, "of %zu rows none is left to learn from", all);
    struct ift_rng r = ift_rng(l->o.seed, STREAM_VALID, 0);
    ift_rng_permutation(&r, l->row, all);
    l->rows = all - aside;
    l->valid_rows = aside;
    l->valid_row = ift_alloc(aside * sizeof *l->valid_row);
    memcpy(l->valid_row, l->row + l->rows, aside * sizeof *l->row);
    qsort(l->row, l->rows, sizeof *l->row, by_number);
    qsort(l->valid_row, aside, sizeof *l->valid_row, by_number);
    return 0;
}

static void plan_updates(struct ift_loop *l) {
    const struct ift_loop_options *o = &l->o;
    l->per_epoch = ((long long)l->rows + o->batch - 1) / o->batch;
    l->shuffled = strcmp(o->order, "given") != 0;
    const long long total = o->steps ? o->steps : (long long)ceil(o->epochs * (double)l->per_epoch);
    const double lr = o->lr > 0 ? o->lr : ift_peft_trains_base(l->job.peft) ? 2e-5 : 2e-4;
    l->schedule =
        (struct ift_schedule){o->schedule, lr, ift_schedule_warmup(o->warmup, total), total};
    l->order = ift_alloc(l->rows * sizeof *l->order);
    l->epoch = -1;
}

/* No micro-batch is larger than the largest update, and none smaller than the longest document. */
static int64_t micro_tokens(const struct ift_loop *l) {
    size_t longest = 1, longest_row = 1;
    for (size_t i = 0; i < ift_corpus_rows(l->job.rows); i++) {
        if (ift_corpus_longest(l->job.rows, i) > longest)
            longest = ift_corpus_longest(l->job.rows, i);
        if (ift_corpus_length(l->job.rows, i) > longest_row)
            longest_row = ift_corpus_length(l->job.rows, i);
    }
    for (size_t i = 0; l->job.valid && i < l->valid_rows; i++)
        if (ift_corpus_longest(l->job.valid, i) > longest)
            longest = ift_corpus_longest(l->job.valid, i);
    const double most = (double)longest_row * (double)l->o.batch;
    const double asked = fmin((double)l->o.micro_tokens, most);
    return (int64_t)fmax((double)longest, asked);
}

/* Two runs that write into one folder would take each other's checkpoints for their own. */
static int lock_folder(struct ift_loop *l, struct ift_err *err) {
    l->made = mkdir(l->o.dir, 0777) == 0;
    if (!l->made && errno != EEXIST)
        return ift_fail_errno(err, "cannot make the folder '%s'", l->o.dir);
    l->lock = open(l->o.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (l->lock < 0) return ift_fail_errno(err, "cannot open the folder '%s'", l->o.dir);
    if (flock(l->lock, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno == EWOULDBLOCK) return IFT_FAIL(err, "another run is writing to '%s'", l->o.dir);
    return ift_fail_errno(err, "cannot lock '%s'", l->o.dir);
}

static int resume(struct ift_loop *l, struct ift_err *err) {
    if (!l->o.resume) {
        long long *step = NULL;
        size_t n = 0;
        const int rc = ift_checkpoint_list(l->o.dir, &step, &n, err);
        free(step);
        if (rc < 0 || n == 0) return rc;
        return IFT_FAIL(err,
                        "'%s' has checkpoints of an earlier run: go on with --resume, or choose "
                        "another folder",
                        l->o.dir);
    }
    struct ift_str notes = {0};
    const int rc = ift_checkpoint_resume(l->o.dir, l->settings, ift_trainer_optim(l->trainer),
                                         l->job.device, &l->done, &notes, err);
    for (char *line = notes.p; line && *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        note(l, "%s", line);
        line = end + 1;
    }
    ift_str_release(&notes);
    if (rc == 1) note(l, "resumed after update %lld of %lld", l->done, l->schedule.total);
    return rc < 0 ? -1 : 0;
}

static struct ift_trainer_config trainer_config(const struct ift_loop *l) {
    return (struct ift_trainer_config){.optim = l->o.optim,
                                       .tokens = micro_tokens(l),
                                       .recompute = (size_t)l->o.recompute,
                                       .seed = l->o.seed,
                                       .stop = l->hooks.stop,
                                       .ctx = l->hooks.ctx};
}

static int plan(struct ift_loop *l, struct ift_err *err) {
    const size_t process = ift_mem_resident();
    IFT_TRY(choose_rows(l, err));
    plan_updates(l);
    const struct ift_trainer_config c = trainer_config(l);
    return ift_forecast_memory(&l->forecast, l->job.model, l->job.peft, l->job.device, &c, process,
                               l->o.save_every > 0, err);
}

int ift_loop_new(struct ift_loop **out, const struct ift_loop_job *job,
                 const struct ift_loop_options *o, const struct ift_loop_hooks *hooks,
                 struct ift_err *err) {
    struct ift_loop *l = ift_alloc0(1, sizeof *l);
    l->job = *job;
    l->o = *o;
    l->hooks = *hooks;
    l->lock = -1;
    if (plan(l, err) < 0) {
        ift_loop_free(l);
        return -1;
    }
    *out = l;
    return 0;
}

void ift_loop_free(struct ift_loop *l) {
    if (!l) return;
    ift_trainer_free(l->trainer);
    if (l->lock >= 0) close(l->lock);
    free(l->row);
    free(l->valid_row);
    free(l->order);
    free(l->settings);
    free(l);
}

const struct ift_forecast *ift_loop_forecast(const struct ift_loop *l) {
    return &l->forecast;
}

static int start(struct ift_loop *l, struct ift_err *err) {
    const struct ift_trainer_config c = trainer_config(l);
    IFT_TRY(lock_folder(l, err));
    l->settings = ift_settings_text(&l->job, &l->o, l->schedule.lr, l->schedule.total);
    /* It takes some memory: now, when little is taken. */
    if (!l->o.no_timing) l->peak = l->job.device->backend->gemm_peak(l->job.device->dev);
    IFT_TRY(ift_trainer_new(&l->trainer, l->job.model, l->job.peft, l->job.device, &c, err));
    IFT_TRY(resume(l, err));
    return ift_checkpoint_prune(l->o.dir, (size_t)l->o.keep, err);
}

int ift_loop_open(struct ift_loop *l, struct ift_err *err) {
    const int rc = start(l, err);
    if (rc < 0 && l->made) rmdir(l->o.dir);
    return rc;
}

struct ift_trainer *ift_loop_trainer(struct ift_loop *l) {
    return l->trainer;
}

/* ---- rows ---- */

/* The rows of update k: *row lent until the next call, returns how many. */
static size_t rows_of(struct ift_loop *l, long long k, const uint32_t **row) {
    const long long epoch = k / l->per_epoch, at = k % l->per_epoch * l->o.batch;
    if (epoch != l->epoch) {
        memcpy(l->order, l->row, l->rows * sizeof *l->row);
        if (l->shuffled) {
            struct ift_rng r = ift_rng(l->o.seed, STREAM_ORDER, (uint64_t)epoch);
            ift_rng_permutation(&r, l->order, l->rows);
            for (size_t i = 0; i < l->rows; i++) l->order[i] = l->row[l->order[i]];
        }
        l->epoch = epoch;
    }
    const long long left = (long long)l->rows - at;
    *row = l->order + at;
    return (size_t)(left < l->o.batch ? left : l->o.batch);
}

/* ---- speed ---- */

struct clock {
    const struct ift_speed *speed;
    const struct ift_graph *g;
    double seconds;
};

static int add_seconds(void *ctx, const struct ift_batch *b, struct ift_err *err) {
    struct clock *c = ctx;
    (void)err;
    c->seconds += ift_speed_seconds(c->speed, c->g, b);
    return 1;
}

/* Over the first updates: all of them where a few minutes are planned, a fair sample else. */
static int time_updates(struct ift_loop *l, const struct ift_pass *s, struct ift_err *err) {
    enum { SAMPLE = 64, TOUCHES = 9 }; /* reads and writes of each trained number by an update */
    struct ift_speed speed;
    IFT_TRY(ift_speed_measure(&speed, l->job.device, err));
    struct ift_batch b = {.arch = ift_model_arch(l->job.model),
                          .config = ift_model_config(l->job.model),
                          .capacity = s->tokens,
                          .trim = true};
    struct clock c = {.speed = &speed, .g = s->g};
    const long long sample = l->schedule.total < SAMPLE ? l->schedule.total : SAMPLE;
    const double update = (double)(TOUCHES * l->forecast.bytes[IFT_FORECAST_GRADIENTS]);
    double tokens = 0;
    int rc = 1;
    for (long long k = 0; rc == 1 && k < sample; k++) {
        const uint32_t *row;
        const size_t n = rows_of(l, k, &row);
        for (size_t i = 0; i < n; i++) tokens += (double)ift_corpus_length(l->job.rows, row[i]);
        rc = ift_micro_each(&b, l->job.rows, row, n, add_seconds, &c, err);
        c.seconds += update / speed.bytes;
    }
    ift_batch_release(&b);
    if (rc < 0 || !sample) return rc < 0 ? -1 : 0;
    l->forecast.tokens_per_s = tokens / c.seconds;
    l->forecast.seconds = c.seconds / (double)sample * (double)l->schedule.total;
    return 0;
}

int ift_loop_time(struct ift_loop *l, struct ift_err *err) {
    const struct ift_pass_options o = {micro_tokens(l), (size_t)l->o.recompute, true};
    struct ift_pass s;
    int rc = ift_pass_init(&s, l->job.model, l->job.peft, &o, err);
    if (rc == 0) rc = time_updates(l, &s, err);
    ift_pass_release(&s);
    return rc;
}

/* ---- running ---- */

static double epochs_seen(const struct ift_loop *l) {
    return (double)l->done / (double)l->per_epoch;
}

static int say(struct ift_loop *l, struct ift_str *line, struct ift_err *err) {
    const int rc = l->hooks.metrics ? l->hooks.metrics(l->hooks.ctx, line->p, line->n, err) : 0;
    ift_str_release(line);
    return rc;
}

/* One update with its line. 1: done; 0: stopped before it. */
static int update(struct ift_loop *l, struct ift_loop_result *r, struct ift_err *err) {
    const uint32_t *row;
    const size_t n = rows_of(l, l->done, &row);
    const double lr = ift_schedule_lr(&l->schedule, l->done), start = now();
    struct ift_update u = {0};
    const int rc = ift_trainer_update(l->trainer, l->job.rows, row, n, lr, &u, err);
    if (rc <= 0) return rc;
    const struct ift_metrics_time time = {.seconds = now() - start, .peak = l->peak};
    l->done++;
    if (!isfinite(u.loss) || !isfinite(u.grad_norm))
        return IFT_FAIL(err,
                        "update %lld: the loss is no longer finite: try a lower --lr or a longer "
                        "--warmup",
                        l->done);
    r->tokens += u.tokens;
    r->seconds += time.seconds;
    r->last_loss = u.loss;
    if (isnan(r->first_loss)) r->first_loss = u.loss;
    struct ift_str line = {0};
    ift_metrics_update(&line, l->done, epochs_seen(l), lr, &u, l->o.no_timing ? NULL : &time);
    if (l->hooks.progress) l->hooks.progress(l->hooks.ctx, l->done, l->schedule.total, u.loss);
    return say(l, &line, err) < 0 ? -1 : 1;
}

static bool is_due(const struct ift_loop *l, long long every) {
    return every > 0 && l->done % every == 0;
}

/* 1: measured or not due; 0: stopped. */
static int validate(struct ift_loop *l, struct ift_loop_result *r, struct ift_err *err) {
    const long long every = l->o.valid_every ? l->o.valid_every : l->per_epoch;
    if (!l->valid_rows || !(is_due(l, every) || l->done == l->schedule.total)) return 1;
    struct ift_corpus *c = l->job.valid ? l->job.valid : l->job.rows;
    double loss = NAN;
    const int rc = ift_trainer_evaluate(l->trainer, c, l->valid_row, l->valid_rows, &loss, err);
    if (rc <= 0) return rc;
    r->valid_loss = loss;
    struct ift_str line = {0};
    ift_metrics_valid(&line, l->done, epochs_seen(l), loss);
    return say(l, &line, err) < 0 ? -1 : 1;
}

static int save_checkpoint(struct ift_loop *l, struct ift_err *err) {
    const struct ift_checkpoint c = {l->done, l->settings, l->job.provenance};
    IFT_TRY(ift_checkpoint_write(l->o.dir, &c, ift_trainer_optim(l->trainer), l->job.peft,
                                 l->job.device, err));
    return ift_checkpoint_prune(l->o.dir, (size_t)l->o.keep, err);
}

static bool asked_to_stop(const struct ift_loop *l) {
    return l->hooks.stop && l->hooks.stop(l->hooks.ctx);
}

int ift_loop_run(struct ift_loop *l, struct ift_loop_result *r, struct ift_err *err) {
    *r = (struct ift_loop_result){.first = l->done,
                                  .total = l->schedule.total,
                                  .first_loss = NAN,
                                  .last_loss = NAN,
                                  .valid_loss = NAN};
    long long saved = l->done;
    int rc = 1;
    while (rc == 1 && l->done < l->schedule.total) {
        rc = asked_to_stop(l) ? 0 : update(l, r, err);
        if (rc == 1) rc = validate(l, r, err);
        if (rc == 1 && is_due(l, l->o.save_every) && l->done < l->schedule.total) {
            IFT_TRY(save_checkpoint(l, err));
            saved = l->done;
        }
    }
    r->last = l->done;
    r->stopped = rc == 0;
    if (rc == 0 && l->done != saved) return save_checkpoint(l, err);
    return rc < 0 ? -1 : 0;
}

void ift_loop_result_text(const struct ift_loop_result *r, struct ift_str *out) {
    ift_str_addf(out, "%lld updates, %lld tokens in %.1f s", r->last - r->first,
                 (long long)r->tokens, r->seconds);
    if (r->seconds > 0) ift_str_addf(out, " (%.0f tokens/s)", (double)r->tokens / r->seconds);
    if (!isnan(r->first_loss))
        ift_str_addf(out, ", loss %.4f to %.4f", r->first_loss, r->last_loss);
    if (!isnan(r->valid_loss)) ift_str_addf(out, ", validation %.4f", r->valid_loss);
}

int ift_loop_save(struct ift_loop *l, struct ift_err *err) {
    ift_trainer_free(l->trainer);
    l->trainer = NULL;
    const struct ift_loop_job *j = &l->job;
    return ift_result_save(l->o.dir, j->peft, j->device, j->provenance, err);
}
