/* scorer.h: how likely a model finds given tokens. Rows go in, and for each comes back, in order,
 * the log-probability of every learned token given those before it in its document. Documents of
 * several rows share a run, without padding.
 *
 *     const struct ift_scorer_config c = {.tokens = 1024, .done = print, .ctx = out};
 *     IFT_TRY(ift_scorer_new(&s, model, peft, device, c, err));
 *     … for each row: IFT_TRY(ift_scorer_add(s, &row, err));
 *     IFT_TRY(ift_scorer_flush(s, err));
 */
#ifndef IFT_SCORER_H
#define IFT_SCORER_H

#include <stdbool.h>

#include "libcore/model/model.h"
#include "libcore/peft/peft.h"
#include "libcore/shard/row.h"

struct ift_score {
    uint64_t row; /* 0-based, in the order of ift_scorer_add */
    size_t n;     /* tokens of the row */
    const float
        *logprob;   /* (n) natural log of each token's probability; NaN where it is not a target */
    size_t learned; /* how many are targets */
    double loss;    /* - sum of logprob over the targets */
    const float *logits; /* (n, vocab) after each token, or NULL when not asked for */
};

struct ift_scorer_config {
    int64_t tokens; /* most tokens run at once; a document that is longer, or longer than the model
                       has positions, is an error */
    bool logits;    /* also hand out full logits: n * vocab floats a row */
    bool frozen;    /* nobody changes the weights while it lives: what follows from them alone is
                       computed once */
    int (*done)(void *ctx, const struct ift_score *score,
                struct ift_err *err); /* the score is lent */
    void *ctx;
};

struct ift_scorer;
int ift_scorer_new(struct ift_scorer **s, struct ift_model *m, struct ift_peft *peft,
                   struct ift_device *d, struct ift_scorer_config c,
                   struct ift_err *err) IFT_MUST_CHECK;
int ift_scorer_add(struct ift_scorer *s, const struct ift_row *row,
                   struct ift_err *err) IFT_MUST_CHECK;
int ift_scorer_flush(struct ift_scorer *s, struct ift_err *err)
    IFT_MUST_CHECK; /* after the last row: everything still under way */
void ift_scorer_free(struct ift_scorer *s);

#endif
