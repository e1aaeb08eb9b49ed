#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/base/progress.h"
#include "libcore/base/tool.h"
#include "libcore/data/source.h"
#include "libcore/infer/scorer.h"
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
    struct ift_out *out;
    struct ift_progress *progress;
    struct ift_str line;
    uint64_t rows, learned;
    double loss;
    struct ift_tensor *logits;
    size_t logits_cap;
};

static void keep_logits(struct job *job, const struct ift_score *s) {
    const int64_t vocab = ift_model_config(job->session.model)->vocab;
    struct ift_str name = {0};
    ift_str_addf(&name, "logits.%llu", (unsigned long long)s->row);
    const size_t bytes = s->n * (size_t)vocab * sizeof *s->logits;
    float *const copy = ift_alloc(bytes);
    for (size_t i = 0; i < bytes / sizeof *copy; i++) copy[i] = s->logits[i];
    job->logits = ift_grow(job->logits, job->rows + 1, &job->logits_cap, sizeof *job->logits);
    job->logits[job->rows] =
        (struct ift_tensor){ift_str_take(&name), IFT_F32, 2, {(int64_t)s->n, vocab}, copy, bytes};
}

static int done(void *ctx, const struct ift_score *s, struct ift_err *err) {
    struct job *const job = ctx;
    struct ift_str *const line = &job->line;
    ift_str_clear(line);
    ift_str_addf(line, "{\"row\":%llu,\"count\":%zu,\"loss\":", (unsigned long long)s->row,
                 s->learned);
    if (s->learned)
        ift_json_number(line, s->loss / (double)s->learned);
    else
        ift_str_adds(line, "null");
    for (size_t i = 0; i < s->n && !job->args->brief; i++) {
        ift_str_adds(line, i ? "," : ",\"logprobs\":[");
        if (isnan(s->logprob[i]))
            ift_str_adds(line, "null");
        else
            ift_str_addf(line, "%.9g", (double)s->logprob[i]);
    }
    ift_str_adds(line, job->args->brief ? "}\n" : "]}\n");
    if (s->logits) keep_logits(job, s);
    job->rows++;
    job->learned += s->learned;
    job->loss += s->loss;
    ift_progress_update(job->progress, job->rows, NULL);
    return ift_out_write(job->out, line->p, line->n, err);
}

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
    return ift_safetensors_write(job->args->logits, job->logits, job->rows, NULL, 0, err);
}

static int score(struct job *job, const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = job->args;
    const struct ift_scorer_config c = {.tokens = a->batch,
                                        .logits = a->logits,
                                        .frozen = true,
                                        .done = done,
                                        .ctx = job};
    struct ift_session *const s = &job->session;
    IFT_TRY(ift_scorer_new(&job->scorer, s->model, s->peft, &s->device, c, err));
    IFT_TRY(a->prompt || a->bare ? score_records(job, run, err) : score_rows(job, run, err));
    IFT_TRY(ift_scorer_flush(job->scorer, err));
    IFT_TRY(write_logits(job, err));
    return 0;
}

static void note(const struct job *job, const struct ift_run *run, double seconds) {
    const double mean = job->learned ? job->loss / (double)job->learned : NAN;
    ift_note(run, "%llu rows, %llu tokens scored, loss %.6g, perplexity %.6g, %.0f tokens/s",
             (unsigned long long)job->rows, (unsigned long long)job->learned, mean, exp(mean),
             (double)job->learned / seconds);
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->bare && a->prompt) return ift_fail_usage(err, "--bare and --prompt exclude each other");
    struct job job = {.args = a};
    const struct ift_session_opts o = {.model = a->model,
                                       .adapter = a->adapter,
                                       .backend = run->common.backend,
                                       .threads = run->jobs,
                                       .prompt = a->prompt,
                                       .prompt_vars = a->prompt_vars,
                                       .field = a->bare ? a->field : NULL};
    double seconds = 0;
    int rc = ift_session_open(&job.session, &o, err);
    if (rc == 0) rc = ift_out_open(&job.out, run->common.output, err);
    if (rc == 0) {
        job.progress = ift_progress_new("ift-score", "rows", 0, !run->common.quiet);
        rc = score(&job, run, err);
        seconds = ift_progress_seconds(job.progress);
        ift_progress_free(job.progress);
    }
    if (rc == 0) {
        rc = ift_out_close(job.out, err);
        job.out = NULL;
        if (rc == 0) note(&job, run, seconds);
    }
    ift_out_abandon(job.out);
    for (uint64_t i = 0; i < job.rows && job.logits; i++) {
        free((char *)job.logits[i].name);
        free((void *)job.logits[i].data);
    }
    free(job.logits);
    ift_str_release(&job.line);
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
