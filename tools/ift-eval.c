#include <string.h>

#include "libcore/base/progress.h"
#include "libcore/base/tool.h"
#include "libcore/eval/task.h"
#include "libcore/io/stream.h"

struct args {
    const char *model, *adapter, *prompt, *prompt_vars, *task, *extract, *samples;
    long long max_new, batch;
    bool list;
};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR", "model folder"),
    IFT_OPT_STR('\0', "adapter", struct args, adapter, "DIR", NULL, "adapter folder to attach"),
    IFT_OPT_STR('\0', "prompt", struct args, prompt, "NAME|FILE", "alpaca",
                "prompt that puts records into words"),
    IFT_OPT_STR('\0', "prompt-vars", struct args, prompt_vars, "JSON", NULL,
                "more variables for a chat template"),
    IFT_OPT_STR('\0', "task", struct args, task, "NAME,...", "answer,loss", "what to measure"),
    IFT_OPT_STR('\0', "extract", struct args, extract, "RULE", "number",
                "how an answer is found: number, choice, line, whole, after:TEXT"),
    IFT_OPT_INT('\0', "max-new", struct args, max_new, "N", 1, 1 << 20, 256,
                "tokens of an answer at most"),
    IFT_OPT_INT('\0', "batch", struct args, batch, "N", 1, 4096, 16, "records at once"),
    IFT_OPT_STR('\0', "samples", struct args, samples, "FILE", NULL,
                "write every question, answer and verdict there"),
    IFT_OPT_ALONE('\0', "list", struct args, list, "list the tasks and leave"),
    {0},
};

static void show(void *ctx, uint64_t done) {
    ift_progress_update(ctx, done, NULL);
}

static int run_task(struct ift_eval *e, const struct ift_task *task, const struct ift_run *run,
                    struct ift_out *out, struct ift_err *err) {
    struct ift_str line = {0};
    ift_str_addf(&line, "{\"task\":\"%s\",", task->name);
    e->progress_ctx = ift_progress_new(task->name, "records", e->records, !run->common.quiet);
    int rc = task->run(e, &line, err);
    const double seconds = ift_progress_seconds(e->progress_ctx);
    ift_progress_free(e->progress_ctx);
    ift_str_adds(&line, "}\n");
    if (rc == 0) rc = ift_out_write(out, line.p, line.n, err);
    if (rc == 0) rc = ift_out_flush(out, err);
    if (rc == 0)
        ift_note(run, "%s of %llu records in %.1f s", task->name, (unsigned long long)e->records,
                 seconds);
    ift_str_release(&line);
    return rc;
}

/* The tasks named in `list`, or, without `out`, a check of their names. */
static int each_task(struct ift_eval *e, const char *list, const struct ift_run *run,
                     struct ift_out *out, struct ift_err *err) {
    const char *p = list;
    do {
        const size_t n = strcspn(p, ",");
        const struct ift_task *task = ift_task_find((struct ift_slice){p, n}, err);
        if (!task) return -1;
        if (out) IFT_TRY(run_task(e, task, run, out, err));
        p += n + (p[n] == ',');
    } while (*p);
    return 0;
}

static int evaluate(struct ift_eval *e, const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    struct ift_out *out;
    IFT_TRY(ift_out_open(&out, run->common.output, err));
    int rc = a->samples ? ift_out_open(&e->samples, a->samples, err) : 0;
    if (rc == 0) rc = each_task(e, a->task, run, out, err);
    if (e->samples) {
        if (rc == 0)
            rc = ift_out_close(e->samples, err);
        else
            ift_out_abandon(e->samples);
    }
    if (rc == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return rc;
}

static int print_list(const struct ift_run *run, struct ift_err *err) {
    struct ift_str text = {0};
    for (const struct ift_task *const *t = ift_task_all(); *t; t++)
        ift_str_addf(&text, "%-10s %s\n", (*t)->name, (*t)->summary);
    const int rc = ift_out_text(run->common.output, ift_str_slice(&text), err);
    ift_str_release(&text);
    return rc;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    if (a->list) return print_list(run, err);
    struct ift_session session;
    struct ift_eval e = {.session = &session,
                         .max_new = a->max_new,
                         .batch = a->batch,
                         .progress = show};
    const struct ift_session_opts o = {.model = a->model,
                                       .adapter = a->adapter,
                                       .backend = run->common.backend,
                                       .threads = run->jobs,
                                       .prompt = a->prompt,
                                       .prompt_vars = a->prompt_vars};
    const struct ift_source_opts from = {.paths = run->operand, .npaths = run->noperands};
    IFT_TRY(ift_extract_rule(&e.extract, a->extract, err));
    IFT_TRY(each_task(NULL, a->task, run, NULL, err));
    IFT_TRY(ift_session_open(&session, &o, err));
    int rc = ift_eval_load(&e, &from, err);
    if (rc == 0) rc = evaluate(&e, run, err);
    ift_eval_release(&e);
    ift_session_close(&session);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-eval",
    .summary = "judge a model on records: their loss, and its answers",
    .operands = "[FILE...]",
    .common = IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_BACKEND,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
