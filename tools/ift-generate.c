#include "libcore/base/tool.h"
#include "libcore/infer/answers.h"

struct args {
    const char *model, *adapter, *prompt, *prompt_vars, *field, *early_stopping;
    long long max_new, context, batch, top_k, no_repeat, beams;
    double temperature, top_p, min_p, penalty, length_penalty;
    bool bare, logprobs, no_mmap;
};

/* In the order of enum ift_beam_stop. */
static const char *const early_stopping[] = {"no", "yes", "never", NULL};

static const struct ift_opt opts[] = {
    IFT_OPT_REQUIRED('\0', "model", struct args, model, "DIR", "model folder"),
    IFT_OPT_STR('\0', "adapter", struct args, adapter, "DIR", NULL, "adapter folder to attach"),
    IFT_OPT_STR('\0', "prompt", struct args, prompt, "NAME|FILE", "alpaca",
                "prompt that puts records into words"),
    IFT_OPT_STR('\0', "prompt-vars", struct args, prompt_vars, "JSON", NULL,
                "more variables for a chat template"),
    IFT_OPT_FLAG('\0', "bare", struct args, bare, "continue the text of one field, no prompt"),
    IFT_OPT_STR('\0', "field", struct args, field, "KEY", "text", "the field of --bare"),
    IFT_OPT_INT('\0', "max-new", struct args, max_new, "N", 1, 1 << 20, 256,
                "tokens to generate at most"),
    IFT_OPT_INT('\0', "context", struct args, context, "N", 0, 1 << 20, 0,
                "tokens of prompt and answer; 0: the model's positions, 2048 at most"),
    IFT_OPT_INT('\0', "batch", struct args, batch, "N", 1, 4096, 16, "records at once"),
    IFT_OPT_FLOAT('\0', "temperature", struct args, temperature, "T", 0, 100, 0,
                  "0: always the likeliest token"),
    IFT_OPT_INT('\0', "top-k", struct args, top_k, "K", 0, 1 << 24, 0,
                "draw among the K likeliest; 0: all"),
    IFT_OPT_FLOAT('\0', "top-p", struct args, top_p, "P", 0, 1, 1,
                  "draw among the likeliest that reach P together"),
    IFT_OPT_FLOAT('\0', "min-p", struct args, min_p, "P", 0, 1, 0,
                  "drop tokens below P times the likeliest"),
    IFT_OPT_FLOAT('\0', "repetition-penalty", struct args, penalty, "X", 0.01, 100, 1,
                  "above 1: less of what was said"),
    IFT_OPT_INT('\0', "no-repeat-ngram", struct args, no_repeat, "N", 0, 1 << 20, 0,
                "never the same N tokens in a row twice; 0: off"),
    IFT_OPT_INT('\0', "beams", struct args, beams, "N", 1, 256, 1,
                "search with so many hypotheses a record"),
    IFT_OPT_FLOAT('\0', "length-penalty", struct args, length_penalty, "X", -100, 100, 1,
                  "of --beams: scores are divided by length to this power"),
    IFT_OPT_CHOICE('\0', "early-stopping", struct args, early_stopping, "WHEN", "no",
                   early_stopping, "end a search when there are so many answers: no, yes, never"),
    IFT_OPT_FLAG('\0', "logprobs", struct args, logprobs,
                 "add each new token's id and log-probability"),
    IFT_OPT_FLAG('\0', "no-mmap", struct args, no_mmap,
                 "copy the weights to memory, do not read them in their files"),
    {0},
};

/* Appends what the run's note says. */
static int generate(const struct args *a, struct ift_answers *answers, const struct ift_run *run,
                    struct ift_str *tally, struct ift_err *err) {
    struct ift_session *const s = answers->session;
    const int64_t positions = ift_model_config(s->model)->max_positions;
    answers->context = a->context ? a->context : positions < 2048 ? positions : 2048;
    const struct ift_generate o = {
        .sampling = {.temperature = a->temperature,
                     .top_p = a->top_p,
                     .min_p = a->min_p,
                     .repetition_penalty = a->penalty,
                     .no_repeat_ngram = a->no_repeat,
                     .top_k = a->top_k,
                     .seed = run->seed},
        .max_new = a->max_new,
        .eos = s->eos,
        .neos = s->neos,
        .logprobs = a->logprobs,
        .length_penalty = a->length_penalty,
        .stop = (enum ift_beam_stop)ift_opt_choice(early_stopping, a->early_stopping),
    };
    const struct ift_prompts prompts = ift_answers_prompts(answers);
    struct ift_generator *g;
    IFT_TRY(ift_generator_new(&g, s->model, s->peft, &s->device,
                              (struct ift_generator_config){.slots = a->batch * a->beams,
                                                            .beams = a->beams,
                                                            .context = answers->context,
                                                            .frozen = true},
                              err));
    const int rc = ift_generator_run(g, &prompts, &o, err);
    const double seconds = ift_progress_seconds(answers->progress);
    uint64_t prefilled;
    const uint64_t made = ift_generator_tokens(g, &prefilled);
    ift_str_addf(tally,
                 "%llu records, %llu ended by themselves; %llu prompt tokens, %llu new, %.0f/s",
                 (unsigned long long)answers->done, (unsigned long long)answers->stopped,
                 (unsigned long long)prefilled, (unsigned long long)made, (double)made / seconds);
    ift_generator_free(g);
    return rc;
}

static int run(const struct ift_run *run, struct ift_err *err) {
    const struct args *const a = run->args;
    struct ift_session session = {0};
    struct ift_answers answers = {.session = &session, .logprobs = a->logprobs};
    struct ift_str tally = {0};
    if (a->beams > 1 && a->temperature > 0)
        return ift_fail_usage(err, "--beams takes the likeliest answer: --temperature must be 0");
    const struct ift_session_opts opened = {.model = a->model,
                                            .adapter = a->adapter,
                                            .backend = run->common.backend,
                                            .threads = run->jobs,
                                            .no_mmap = a->no_mmap,
                                            .prompt = a->bare ? NULL : a->prompt,
                                            .prompt_vars = a->prompt_vars,
                                            .field = a->field};
    const struct ift_source_opts from = {.paths = run->operand, .npaths = run->noperands};
    int rc = ift_source_open(&answers.source, &from, err);
    if (rc == 0) rc = ift_session_open(&session, &opened, err);
    if (rc == 0) rc = ift_out_open(&answers.out, run->common.output, err);
    if (rc == 0) {
        answers.progress = ift_progress_new("ift-generate", "records", 0, !run->common.quiet);
        rc = generate(a, &answers, run, &tally, err);
        ift_progress_free(answers.progress);
    }
    if (rc == 0) {
        rc = ift_out_close(answers.out, err);
        answers.out = NULL;
        if (rc == 0) ift_note(run, "%s", tally.p);
    }
    ift_out_abandon(answers.out);
    ift_str_release(&answers.line);
    ift_str_release(&tally);
    ift_session_close(&session);
    ift_source_free(answers.source);
    return rc;
}

const struct ift_tool ift_tool = {
    .name = "ift-generate",
    .summary = "answer records, or continue text, with a model",
    .operands = "[FILE...]",
    .common =
        IFT_TAKES_INPUT | IFT_TAKES_OUTPUT | IFT_TAKES_JOBS | IFT_TAKES_SEED | IFT_TAKES_BACKEND,
    .opts = opts,
    .args_size = sizeof(struct args),
    .run = run,
};
