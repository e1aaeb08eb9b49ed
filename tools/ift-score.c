#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/progress.h"
#include "libcore/base/tool.h"
#include "libcore/data/source.h"
#include "libcore/infer/scores.h"
#include "libcore/infer/session.h"
#include "libcore/io/stream.h"
#include "libcore/tensor/safetensors.h"

struct args {
    const char *model, *adapter, *prompt, *prompt_vars, *field, *logits;
    long long batch;
    bool bare, all, brief;
};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR", "model folder"),
    IFT_OPT_STR('\0', "adapter", struct args, adapter, "DIR", NULL, "adapter folder to attach"),
    IFT_OPT_STR('\0', "prompt", struct args, prompt, "NAME|FILE", NULL,
                "input is records, put into words by this prompt"),
    IFT_OPT_STR('\0', "prompt-vars", struct args, prompt_vars, "JSON", NULL,
                "more variables for a chat template"),
    IFT_OPT_FLAG('\0', "bare", struct args, bare, "input is the text of one field, no prompt"),
    IFT_OPT_STR('\0', "field", struct args, field, "KEY", "text", "the field of --bare"),
    IFT_OPT_FLAG('\0', "all", struct args, all, "score every token, not only the learned ones"),
    IFT_OPT_FLAG('\0', "brief", struct args, brief, "leave the log-probability of each token out"),
    IFT_OPT_STR('\0', "logits", struct args, logits, "FILE", NULL,
                "write the logits of each row there, as safetensors (all are held in memory)"),
    IFT_OPT_INT('\0', "batch-tokens", struct args, batch, "N", 1, 1 << 20, 2048,
                "tokens run at once; the longest document must fit"),
    {0},
};

struct job {
    const struct args *args;
    struct ift_session session;
    struct ift_scorer *scorer;
    struct ift_scores scores;
};

static int add(struct job *job, struct ift_row row, struct ift_err *err) {
    uint8_t *every = NULL;
    if (job->args->all) {
        every = ift_alloc(row.n);
        for (size_t i = 0; i < row.n; i++) every[i] = 1;
        row.learn = every;
    }
    const int rc = ift_scorer_add(job->scorer, &row, err);
    free(every);
    return rc;
}

static int score_rows(struct job *job, const struct ift_run *run, struct ift_err *err) {
    struct ift_rows *rows;
    struct ift_row row;
    IFT_TRY(ift_rows_open(&rows, run->operand, run->noperands, err));
    int got;
    while ((got = ift_rows_next(rows, &row, err)) > 0)
        if ((got = add(job, row, err)) < 0) {
            ift_fail_in(err, "%s", ift_rows_where(rows));
            break;
        }
    ift_rows_free(rows);
    return got;
}

static int score_records(struct job *job, const struct ift_run *run, struct ift_err *err) {
    const struct ift_source_opts from = {.paths = run->operand, .npaths = run->noperands};
    struct ift_source *source;
    const struct ift_item *item;
    struct ift_row row;
    IFT_TRY(ift_source_open(&source, &from, err));
    int got;
    while ((got = ift_source_next(source, &item, err)) > 0) {
        got = ift_session_row(&job->session, item->text, false, &row, err);
        if (got == 0) got = add(job, row, err);
        if (got < 0) {
            ift_item_fail(item, err);
            break;
        }
    }
    ift_source_free(source);
    return got;
}

static int write_logits(struct job *job, struct ift_err *err) {
    if (!job->args->logits) return 0;
    return ift_safetensors_write(job->args->logits, job->scores.logits, job->scores.rows, NULL, 0,
                                 err);
}

static int score(struct job *job, const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = job->args;
    const struct ift_scorer_config c = {.tokens = a->batch,
                                        .logits = a->logits,
                                        .frozen = true,
                                        .done = ift_scores_put,
                                        .ctx = &job->scores};
    struct ift_session *const s = &job->session;
    job->scores.vocab = ift_model_config(s->model)->vocab;
    IFT_TRY(ift_scorer_new(&job->scorer, s->model, s->peft, &s->device, c, err));
    IFT_TRY(a->prompt || a->bare ? score_records(job, run, err) : score_rows(job, run, err));
    IFT_TRY(ift_scorer_flush(job->scorer, err));
    return write_logits(job, err);
}

static void note(const struct ift_scores *k, const struct ift_run *run, double seconds) {
    const double mean = k->learned ? k->loss / (double)k->learned : NAN;
    ift_note(run, "%llu rows, %llu tokens scored, loss %.6g, perplexity %.6g, %.0f tokens/s",
             (unsigned long long)k->rows, (unsigned long long)k->learned, mean, exp(mean),
             (double)k->learned / seconds);
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->bare && a->prompt) return ift_fail_usage(err, "--bare and --prompt exclude each other");
    struct job job = {.args = a, .scores.brief = a->brief};
    const struct ift_session_opts o = {.model = a->model,
                                       .adapter = a->adapter,
                                       .backend = run->common.backend,
                                       .threads = run->jobs,
                                       .prompt = a->prompt,
                                       .prompt_vars = a->prompt_vars,
                                       .field = a->bare ? a->field : NULL};
    double seconds = 0;
    int rc = ift_session_open(&job.session, &o, err);
    if (rc == 0) rc = ift_out_open(&job.scores.out, run->common.output, err);
    if (rc == 0) {
        job.scores.progress = ift_progress_new("ift-score", "rows", 0, !run->common.quiet);
        rc = score(&job, run, err);
        seconds = ift_progress_seconds(job.scores.progress);
        ift_progress_free(job.scores.progress);
    }
    if (rc == 0) {
        rc = ift_out_close(job.scores.out, err);
        job.scores.out = NULL;
        if (rc == 0) note(&job.scores, run, seconds);
    }
    ift_out_abandon(job.scores.out);
    ift_scores_release(&job.scores);
    ift_scorer_free(job.scorer);
    ift_session_close(&job.session);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-score",
    .summary = "how likely a model finds given rows, records or text",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_BACKEND,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
