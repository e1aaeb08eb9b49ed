#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libcore/base/progress.h"
#include "libcore/base/tool.h"
#include "libcore/io/stream.h"
#include "libcore/shard/provenance.h"
#include "libcore/shard/shard.h"
#include "libcore/train/loop.h"
#include "libcore/train/schedule.h"

struct args {
    const char *model, *valid, *recompute;
    struct ift_peft_options peft;
    struct ift_loop_options loop;
    bool profile;
};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR",
                     "the base, a Hugging Face model folder"),
    IFT_OPT_CHOICE('\0', "peft", struct args, peft.method, NULL, "lora", ift_peft_methods,
                   "train an adapter of this kind, or the whole model"),
    IFT_OPT_INT('\0', "rank", struct args, peft.rank, "N", 1, 65536, 8, "rank of the adapter"),
    IFT_OPT_FLOAT('\0', "alpha", struct args, peft.alpha, "X", 0, 1e6, 0,
                  "its scale times its rank; 0: twice the rank"),
    IFT_OPT_FLOAT('\0', "dropout", struct args, peft.dropout, "P", 0, 0.99, 0,
                  "share of its inputs left out at random"),
    IFT_OPT_STR('\0', "targets", struct args, peft.targets, "NAMES", NULL,
                "modules that get one, by commas, or all-linear; not given: PEFT's default"),
    IFT_OPT_FLAG('\0', "rslora", struct args, peft.rslora, "scale by the root of the rank"),
    IFT_OPT_FLOAT('\0', "lr", struct args, loop.lr, "X", 0, 10, 0,
                  "peak learning rate; 0: 2e-4 for an adapter, 2e-5 for the model"),
    IFT_OPT_CHOICE('\0', "schedule", struct args, loop.schedule, NULL, "linear", ift_schedule_names,
                   "how the rate falls after warm-up"),
    IFT_OPT_FLOAT('\0', "warmup", struct args, loop.warmup, "N", 0, 1e9, 0.03,
                  "updates of warm-up, or below 1 their share"),
    IFT_OPT_FLOAT('\0', "epochs", struct args, loop.epochs, "X", 0, 1e6, 3,
                  "how often every row is learned from"),
    IFT_OPT_INT('\0', "steps", struct args, loop.steps, "N", 0, 1e15, 0,
                "updates, in place of --epochs; 0: not set"),
    IFT_OPT_INT('\0', "batch", struct args, loop.batch, "N", 1, 1e9, 8, "rows an update"),
    IFT_OPT_INT('\0', "micro-tokens", struct args, loop.micro_tokens, "N", 1, 1e9, 1024,
                "most tokens run at once: memory for speed"),
    IFT_OPT_STR('\0', "recompute", struct args, recompute, "none|block|N", "none",
                "forget activations of every layer, or of N layers, and make them again"),
    IFT_OPT_CHOICE('\0', "order", struct args, loop.order, NULL, "shuffled", ift_loop_orders,
                   "order of the rows in each epoch"),
    IFT_OPT_FLOAT('\0', "weight-decay", struct args, loop.optim.weight_decay, "X", 0, 1, 0,
                  "AdamW's; biases and norms are spared"),
    IFT_OPT_FLOAT('\0', "max-grad-norm", struct args, loop.optim.max_grad_norm, "X", 0, 1e9, 1,
                  "gradients are scaled down to this; 0: never"),
    IFT_OPT_FLOAT('\0', "beta1", struct args, loop.optim.beta1, "X", 0, 0.999999, 0.9,
                  "AdamW's first decay"),
    IFT_OPT_FLOAT('\0', "beta2", struct args, loop.optim.beta2, "X", 0, 0.999999, 0.999,
                  "AdamW's second decay"),
    IFT_OPT_FLOAT('\0', "eps", struct args, loop.optim.eps, "X", 0, 1, 1e-8, "AdamW's epsilon"),
    IFT_OPT_STR('\0', "valid", struct args, valid, "FILE", NULL, "rows to measure the loss on"),
    IFT_OPT_FLOAT('\0', "valid-fraction", struct args, loop.valid_fraction, "X", 0, 0.99, 0,
                  "share of the rows to set aside for that"),
    IFT_OPT_INT('\0', "valid-every", struct args, loop.valid_every, "N", 0, 1e15, 0,
                "updates between measurements; 0: once an epoch"),
    IFT_OPT_INT('\0', "save-every", struct args, loop.save_every, "N", 0, 1e15, 0,
                "updates between checkpoints; 0: only when stopped"),
    IFT_OPT_INT('\0', "keep", struct args, loop.keep, "N", 0, 1e9, 2,
                "newest checkpoints kept; 0: all"),
    IFT_OPT_FLAG('\0', "resume", struct args, loop.resume,
                 "go on from the newest good checkpoint of DIR, if any"),
    IFT_OPT_FLAG('\0', "no-timing", struct args, loop.no_timing,
                 "metrics without what depends on the clock"),
    IFT_OPT_FLAG('\0', "profile", struct args, profile,
                 "at the end, say how long each operation took"),
    {0},
};

/* Everything that is open, in the order it is opened. */
struct job {
    const struct ift_run *run;
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

static int open_all(struct job *j, struct ift_err *err) {
    const struct ift_run *run = j->run;
    const struct args *a = run->args;
    IFT_TRY(ift_model_open(&j->model, a->model, err));
    IFT_TRY(read_rows(j, run->operand, run->noperands, &j->rows, err));
    if (a->valid) IFT_TRY(read_rows(j, &a->valid, 1, &j->valid, err));
    const sigset_t set = stop_signals();
    sigprocmask(SIG_BLOCK, &set, NULL); /* before the device makes threads: they inherit it */
    IFT_TRY(ift_device_open(&j->device, run->common.backend, run->jobs, err));
    IFT_TRY(ift_peft_new(&j->peft, j->model, &a->peft, err));
    return ift_out_open(&j->metrics, NULL, err);
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

static double mb(size_t bytes) {
    return (double)bytes / 1e6;
}

static void note_plan(const struct job *j) {
    const struct ift_trainer *t = ift_loop_trainer(j->loop);
    const struct ift_trainer_bytes b = ift_trainer_bytes(t);
    ift_note_verbose(j->run, "%zu rows, %lld tokens, %.1f MB; %lld of %lld parameters are trained",
                     ift_corpus_rows(j->rows), (long long)ift_corpus_tokens(j->rows),
                     mb(ift_corpus_bytes(j->rows)), (long long)b.trained, (long long)b.parameters);
    ift_note_verbose(j->run,
                     "memory: weights %.1f MB, gradients %.1f, moments %.1f, activations %.1f",
                     mb(b.weights), mb(b.gradients), mb(b.moments), mb(b.activations));
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

static int work(struct job *j, struct ift_err *err) {
    const struct args *a = j->run->args;
    const struct ift_loop_job job = {j->model, j->peft,  &a->peft,       &j->device,
                                     j->rows,  j->valid, j->provenance.p};
    const struct ift_loop_hooks hooks = {j, print_metrics, show_progress, print_note,
                                         was_signalled};
    IFT_TRY(ift_loop_new(&j->loop, &job, &a->loop, &hooks, err));
    note_plan(j);
    if (a->profile) ift_trainer_profile(ift_loop_trainer(j->loop));
    struct ift_loop_result r;
    IFT_TRY(ift_loop_run(j->loop, &r, err));
    if (r.stopped)
        return IFT_FAIL(err,
                        "stopped after update %lld of %lld: the same command with --resume goes on",
                        r.last, r.total);
    if (a->profile) note_profile(j);
    IFT_TRY(ift_loop_save(j->loop, err));
    struct ift_out *metrics = j->metrics;
    j->metrics = NULL;
    IFT_TRY(ift_out_close(metrics, err));
    note_result(j, &r);
    return 0;
}

/* none, block or a number of layers. */
static int read_recompute(struct args *a, struct ift_err *err) {
    const struct ift_slice text = ift_slice(a->recompute);
    a->loop.recompute = ift_slice_is(text, "block");
    if (ift_slice_is(text, "none") || ift_slice_is(text, "block")) return 0;
    if (ift_parse_i64(text, &a->loop.recompute) && a->loop.recompute > 0) return 0;
    return ift_fail_usage(err, "--recompute %s: expected none, block or a number of layers",
                          a->recompute);
}

static int run(const struct ift_run *run, struct ift_err *err) {
    struct args *a = run->args;
    IFT_TRY(read_recompute(a, err));
    if (a->valid && a->loop.valid_fraction > 0)
        return ift_fail_usage(err, "--valid and --valid-fraction exclude each other");
    if (!a->loop.steps && !(a->loop.epochs > 0))
        return ift_fail_usage(err, "neither --epochs nor --steps");
    a->loop.dir = run->common.output;
    a->loop.seed = a->peft.seed = run->seed;
    struct job j = {.run = run};
    int rc = open_all(&j, err);
    if (rc == 0) rc = work(&j, err);
    close_all(&j);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-train",
    .summary = "tune a model on rows of tokens: an adapter or all of it, metrics as JSON lines",
    .operands = "[FILE...]",
    .common =
        IFT_TAKES_INPUT | IFT_TAKES_OUTDIR | IFT_TAKES_JOBS | IFT_TAKES_SEED | IFT_TAKES_BACKEND,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
