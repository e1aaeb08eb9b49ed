/* loss: how likely the model finds the records' own answers: mean loss over their tokens, and its
 * exponential. */
#include <math.h>

#include "libcore/eval/task.h"
#include "libcore/infer/scorer.h"

enum { TOKENS_AT_ONCE = 2048 }; /* or as many as the longest record has */

struct losses {
    struct ift_eval *e;
    uint64_t rows, tokens;
    double sum;
};

static int done(void *ctx, const struct ift_score *s, struct ift_err *err) {
    (void)err;
    struct losses *const l = ctx;
    l->rows++;
    l->tokens += s->learned;
    l->sum += s->loss;
    if (l->e->progress) l->e->progress(l->e->progress_ctx, l->rows);
    return 0;
}

static int score_all(struct losses *l, struct ift_scorer *scorer, struct ift_err *err) {
    const struct ift_item *item;
    for (uint64_t i = 0; (item = ift_eval_item(l->e, i)); i++) {
        struct ift_row row;
        if (ift_session_row(l->e->session, item->text, false, &row, err) < 0 ||
            ift_scorer_add(scorer, &row, err) < 0)
            return ift_item_fail(item, err);
    }
    return ift_scorer_flush(scorer, err);
}

static int run(struct ift_eval *e, struct ift_str *figures, struct ift_err *err) {
    struct losses l = {.e = e};
    struct ift_session *const s = e->session;
    int64_t longest;
    IFT_TRY(ift_eval_longest(e, false, &longest, err));
    const struct ift_scorer_config c = {.tokens =
                                            longest > TOKENS_AT_ONCE ? longest : TOKENS_AT_ONCE,
                                        .frozen = true,
                                        .done = done,
                                        .ctx = &l};
    struct ift_scorer *scorer;
    IFT_TRY(ift_scorer_new(&scorer, s->model, s->peft, &s->device, c, err));
    int rc = score_all(&l, scorer, err);
    ift_scorer_free(scorer);
    if (rc == 0 && l.tokens == 0)
        rc = IFT_FAIL(err, "no token of the records is learned, so there is no loss");
    const double mean = l.tokens ? l.sum / (double)l.tokens : 0;
    ift_str_addf(figures, "\"n\":%llu,\"tokens\":%llu,\"loss\":", (unsigned long long)l.rows,
                 (unsigned long long)l.tokens);
    ift_json_number(figures, mean);
    ift_str_adds(figures, ",\"perplexity\":");
    ift_json_number(figures, exp(mean));
    return rc;
}

extern const struct ift_task ift_task_loss;
const struct ift_task ift_task_loss = {
    .name = "loss",
    .summary = "mean loss and perplexity of the records' answers",
    .run = run,
};
