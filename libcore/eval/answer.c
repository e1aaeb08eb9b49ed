/* answer: the model answers every question greedily; the answer found in its text must equal the
 * one found in the record's. */
#include "libcore/eval/task.h"
#include "libcore/infer/generator.h"

struct answers {
    struct ift_eval *e;
    int64_t context; /* tokens of the longest question and its answer */
    uint64_t asked, done, correct, found, stopped;
    struct ift_str text, gold, answer, expected, line;
};

static int next(void *ctx, struct ift_prompt_ids *p, struct ift_err *err) {
    struct answers *const a = ctx;
    struct ift_row row;
    const struct ift_item *item = ift_eval_item(a->e, a->asked);
    if (!item) return 0;
    if (ift_session_row(a->e->session, item->text, true, &row, err) < 0)
        return ift_item_fail(item, err);
    if ((int64_t)row.n >= a->context) {
        ift_fail(err,
                 "a question of %zu tokens leaves no room to answer: the model has %lld positions",
                 row.n, (long long)a->context);
        return ift_item_fail(item, err);
    }
    a->asked++;
    *p = (struct ift_prompt_ids){row.id, row.n, NULL};
    return 1;
}

/* What the record says, through the same rule as what the model says. */
static int find_expected(struct answers *a, const struct ift_item *item, struct ift_err *err) {
    struct ift_row row;
    ift_str_clear(&a->gold);
    if (ift_session_row(a->e->session, item->text, true, &row, err) < 0)
        return ift_item_fail(item, err);
    if (!ift_session_answer(a->e->session, &a->gold)) {
        ift_fail(err, "the record has no answer to compare with");
        return ift_item_fail(item, err);
    }
    if (!ift_extract(&a->e->extract, ift_str_slice(&a->gold), &a->expected)) {
        ift_fail(err, "no answer is found in the record's own output: choose another --extract");
        return ift_item_fail(item, err);
    }
    return 0;
}

static int write_sample(struct answers *a, uint64_t index, bool correct, const char *finish,
                        struct ift_err *err) {
    if (!a->e->samples) return 0;
    const struct ift_slice text = ift_str_slice(&a->text), gold = ift_str_slice(&a->gold);
    struct ift_str *const line = &a->line;
    ift_str_clear(line);
    ift_str_addf(line,
                 "{\"task\":\"answer\",\"index\":%llu,\"question\":", (unsigned long long)index);
    ift_json_quote(line, a->e->session->rendering.text.p, a->e->session->rendering.text.n);
    ift_str_adds(line, ",\"generated\":");
    ift_json_quote(line, text.p, text.n);
    ift_str_adds(line, ",\"gold\":");
    ift_json_quote(line, gold.p, gold.n);
    ift_str_adds(line, ",\"answer\":");
    ift_json_quote(line, a->answer.p, a->answer.n);
    ift_str_adds(line, ",\"expected\":");
    ift_json_quote(line, a->expected.p, a->expected.n);
    ift_str_addf(line, ",\"finish\":\"%s\",\"correct\":%s}\n", finish, correct ? "true" : "false");
    return ift_out_write(a->e->samples, line->p, line->n, err);
}

static int done(void *ctx, const struct ift_completion *c, struct ift_err *err) {
    struct answers *const a = ctx;
    ift_str_clear(&a->text);
    IFT_TRY(ift_tokenizer_decode(a->e->session->tokenizer, c->id, c->n, false, &a->text, err));
    IFT_TRY(find_expected(a, ift_eval_item(a->e, c->index), err));
    const bool found = ift_extract(&a->e->extract, ift_str_slice(&a->text), &a->answer);
    const bool correct =
        found && ift_slice_eq(ift_str_slice(&a->answer), ift_str_slice(&a->expected));
    a->found += found;
    a->correct += correct;
    a->stopped += c->finish == IFT_FINISH_STOP;
    a->done++;
    if (a->e->progress) a->e->progress(a->e->progress_ctx, a->done);
    return write_sample(a, c->index, correct, c->finish == IFT_FINISH_STOP ? "stop" : "length",
                        err);
}

static int run(struct ift_eval *e, struct ift_str *figures, struct ift_err *err) {
    struct answers a = {.e = e};
    struct ift_session *const s = e->session;
    const int64_t positions = ift_model_config(s->model)->max_positions;
    int64_t longest;
    IFT_TRY(ift_eval_longest(e, true, &longest, err));
    a.context = longest + e->max_new < positions ? longest + e->max_new : positions;
    const struct ift_generator_config c = {.slots = e->batch, .context = a.context, .frozen = true};
    const struct ift_prompts prompts = {&a, next, done};
    const struct ift_generate o = {.sampling = {.top_p = 1, .repetition_penalty = 1},
                                   .max_new = e->max_new,
                                   .eos = s->eos,
                                   .neos = s->neos};
    struct ift_generator *g;
    IFT_TRY(ift_generator_new(&g, s->model, s->peft, &s->device, c, err));
    const int rc = ift_generator_run(g, &prompts, &o, err);
    ift_str_addf(figures, "\"n\":%llu,\"correct\":%llu,\"accuracy\":", (unsigned long long)a.done,
                 (unsigned long long)a.correct);
    ift_json_number(figures, (double)a.correct / (double)(a.done ? a.done : 1));
    ift_str_addf(figures, ",\"found\":%llu,\"stopped\":%llu,\"tokens\":%llu",
                 (unsigned long long)a.found, (unsigned long long)a.stopped,
                 (unsigned long long)ift_generator_tokens(g, NULL));
    ift_generator_free(g);
    ift_str_release(&a.text);
    ift_str_release(&a.gold);
    ift_str_release(&a.answer);
    ift_str_release(&a.expected);
    ift_str_release(&a.line);
    return rc;
}

extern const struct ift_task ift_task_answer;
const struct ift_task ift_task_answer = {
    .name = "answer",
    .summary = "greedy answers, exact match of the answer that --extract finds",
    .run = run,
};
