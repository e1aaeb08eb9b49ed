#include "libcore/train/train.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libcore/base/progress.h"
#include "libcore/io/stream.h"
#include "libcore/shard/provenance.h"
#include "libcore/shard/shard.h"

/* Everything that is open, in the order it is opened. */
struct job {
    const struct ift_run *run;
    const struct ift_train *train;
    struct ift_loop_options options;
    struct ift_peft_options peft_options;
    struct ift_model *model;
    struct ift_corpus *rows, *valid;
    struct ift_str provenance;
    struct ift_device device;
    struct ift_peft *peft;
    struct ift_out *metrics;
    struct ift_progress *progress;
    struct ift_loop *loop;
};

/* ---- the loop's hooks ---- */

static int print_metrics(void *ctx, const char *line, size_t n, struct ift_err *err) {
    const struct job *j = ctx;
    IFT_TRY(ift_out_write(j->metrics, line, n, err));
    return ift_out_flush(j->metrics, err);
}

static void show_progress(void *ctx, long long step, long long total, double loss) {
    struct job *j = ctx;
    struct ift_str text = {0};
    if (!j->progress) /* metrics on a terminal are progress enough */
        j->progress = ift_progress_new("ift-train", "updates", (uint64_t)total,
                                       !j->run->common.quiet && !isatty(STDOUT_FILENO));
    ift_str_addf(&text, "loss %.4f", loss);
    ift_progress_update(j->progress, (uint64_t)step, text.p);
    ift_str_release(&text);
}

static void print_note(void *ctx, const char *text) {
    const struct job *j = ctx;
    ift_note(j->run, "%s", text);
}

static sigset_t stop_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* The signals are blocked and looked for between micro-batches, where nothing is half done. */
static bool was_signalled(void *ctx) {
    (void)ctx;
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

/* ---- opening ---- */

/* The steps that the rows went through, as far as they know, and this one. */
static int add_provenance(struct job *j, const struct ift_rows *rows, struct ift_err *err) {
    struct ift_shard_meta meta;
    struct ift_str before = {0};
    const int rc = ift_shard_meta_read(&meta, ift_rows_header(rows), &before, err);
    if (rc == 0) ift_provenance_add(&j->provenance, meta.provenance, j->run);
    ift_str_release(&before);
    return rc;
}

static int read_rows(struct job *j, const char *const *paths, size_t n, struct ift_corpus **corpus,
                     struct ift_err *err) {
    const struct ift_config *c = ift_model_config(j->model);
    struct ift_rows *rows = NULL;
    IFT_TRY(ift_rows_open(&rows, paths, n, err));
    *corpus = ift_corpus_new(c->vocab, c->max_positions);
    ift_corpus_place(*corpus, ift_model_arch(j->model), c);
    int rc = ift_corpus_read(*corpus, rows, err);
    if (rc == 0 && *corpus == j->rows) rc = add_provenance(j, rows, err);
    ift_rows_free(rows);
    return rc;
}

static int open_model(struct job *j, struct ift_err *err) {
    const struct ift_train *a = j->train;
    IFT_TRY(ift_model_open(&j->model, a->model, err));
    if (!a->growth.vocab) return 0;
    const int64_t were = ift_model_config(j->model)->vocab;
    IFT_TRY(ift_model_grow(j->model, &a->growth, err));
    ift_note_verbose(j->run, "vocabulary: %lld rows in place of %lld",
                     (long long)ift_model_config(j->model)->vocab, (long long)were);
    return 0;
}

static int open_all(struct job *j, struct ift_err *err) {
    const struct ift_run *run = j->run;
    const struct ift_train *a = j->train;
    IFT_TRY(open_model(j, err));
    IFT_TRY(read_rows(j, run->operand, run->noperands, &j->rows, err));
    if (a->valid) IFT_TRY(read_rows(j, &a->valid, 1, &j->valid, err));
    const sigset_t set = stop_signals();
    sigprocmask(SIG_BLOCK, &set, NULL); /* before the device makes threads: they inherit it */
    IFT_TRY(ift_device_open(&j->device, run->common.backend, run->jobs, err));
    return ift_peft_new(&j->peft, j->model, &j->peft_options, err);
}

static void close_all(struct job *j) {
    ift_progress_free(j->progress);
    ift_loop_free(j->loop);
    ift_out_abandon(j->metrics);
    ift_peft_free(j->peft);
    ift_model_free(j->model);
    if (j->device.backend) ift_device_close(&j->device);
    ift_corpus_free(j->rows);
    ift_corpus_free(j->valid);
    ift_str_release(&j->provenance);
}

/* ---- what is said ---- */

static void note_plan(const struct job *j) {
    const struct ift_forecast *f = ift_loop_forecast(j->loop);
    struct ift_str s = {0};
    ift_forecast_line(f, &s);
    ift_note_verbose(j->run, "%zu rows, %lld tokens, %.1f MB; %lld of %lld parameters are trained",
                     ift_corpus_rows(j->rows), (long long)ift_corpus_tokens(j->rows),
                     (double)ift_corpus_bytes(j->rows) / 1e6, (long long)f->trained,
                     (long long)f->parameters);
    ift_note_verbose(j->run, "memory: %s", s.p);
    ift_str_release(&s);
}

static void note_profile(const struct job *j) {
    struct ift_str text = {0};
    ift_trainer_profile_text(ift_loop_trainer(j->loop), &text);
    for (char *line = text.p, *end; line && (end = strchr(line, '\n')); line = end + 1)
        ift_note(j->run, "%.*s", (int)(end - line), line);
    ift_str_release(&text);
}

static void note_result(const struct job *j, const struct ift_loop_result *r) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    struct ift_str s = {0};
    ift_loop_result_text(r, &s);
    ift_str_addf(&s, ", peak %.0f MB, result in %s", (double)usage.ru_maxrss * 1024 / 1e6,
                 j->run->common.output);
    ift_note(j->run, "%s", s.p);
    ift_str_release(&s);
}

/* ---- the run ---- */

static int print_plan(struct job *j, struct ift_err *err) {
    struct ift_str s = {0};
    int rc = ift_loop_time(j->loop, err);
    if (rc == 0) {
        ift_forecast_text(ift_loop_forecast(j->loop), &s);
        rc = ift_out_write(j->metrics, s.p, s.n, err);
    }
    ift_str_release(&s);
    return rc;
}

static int learn(struct job *j, struct ift_loop_result *r, struct ift_err *err) {
    IFT_TRY(ift_loop_open(j->loop, err));
    note_plan(j);
    if (j->train->profile) ift_trainer_profile(ift_loop_trainer(j->loop));
    IFT_TRY(ift_loop_run(j->loop, r, err));
    if (r->stopped)
        return IFT_FAIL(err,
                        "stopped after update %lld of %lld: the same command with --resume goes on",
                        r->last, r->total);
    if (j->train->profile) note_profile(j);
    return ift_loop_save(j->loop, err);
}

static int work(struct job *j, struct ift_err *err) {
    const struct ift_loop_job job = {j->model, j->peft,  &j->peft_options, &j->device,
                                     j->rows,  j->valid, j->provenance.p};
    const struct ift_loop_hooks hooks = {j, print_metrics, show_progress, print_note,
                                         was_signalled};
    const bool plan = j->train->plan;
    struct ift_loop_result r;
    IFT_TRY(ift_loop_new(&j->loop, &job, &j->options, &hooks, err));
    IFT_TRY(ift_out_open(&j->metrics, NULL, err));
    IFT_TRY(plan ? print_plan(j, err) : learn(j, &r, err));
    struct ift_out *metrics = j->metrics;
    j->metrics = NULL;
    IFT_TRY(ift_out_close(metrics, err));
    if (!plan) note_result(j, &r);
    return 0;
}

/* ---- options ---- */

/* none, block or a number of layers. */
static int read_recompute(const char *how, long long *layers, struct ift_err *err) {
    const struct ift_slice text = ift_slice(how);
    *layers = ift_slice_is(text, "block");
    if (ift_slice_is(text, "none") || ift_slice_is(text, "block")) return 0;
    if (ift_parse_i64(text, layers) && *layers > 0) return 0;
    return ift_fail_usage(err, "--recompute %s: expected none, block or a number of layers", how);
}

static int read_options(struct job *j, struct ift_err *err) {
    const struct ift_train *a = j->train;
    if (!a->model) return ift_fail_usage(err, "--model DIR is required"); /* --plan asks for none */
    j->options = a->loop;
    j->peft_options = a->peft;
    j->options.dir = j->run->common.output;
    j->options.seed = j->peft_options.seed = j->run->seed;
    IFT_TRY(read_recompute(a->recompute, &j->options.recompute, err));
    if (!a->growth.vocab && a->growth.multiple)
        return ift_fail_usage(err, "--pad-vocab without --vocab");
    if (a->peft.modules_to_save && strcmp(a->peft.method, "none") == 0)
        return ift_fail_usage(err, "--modules-to-save: with --peft none all of them are trained");
    if (a->valid && a->loop.valid_fraction > 0)
        return ift_fail_usage(err, "--valid and --valid-fraction exclude each other");
    if (!a->loop.steps && !(a->loop.epochs > 0))
        return ift_fail_usage(err, "neither --epochs nor --steps");
    return 0;
}

int ift_train_run(const struct ift_train *train, const struct ift_run *run, struct ift_err *err) {
    struct job j = {.run = run, .train = train};
    int rc = read_options(&j, err);
    if (rc == 0) rc = open_all(&j, err);
    if (rc == 0) rc = work(&j, err);
    close_all(&j);
    return rc;
}
