/* trainer.h: a model with its tuning method, made ready to learn: graph, backward, memory and
 * optimizer. It knows one update and one evaluation; which rows come when is loop.h's business.
 *
 * The rows of an update are known before its first micro-batch, so every token's loss is divided by
 * the learned tokens of the whole update from the start: loss = sum of token losses / learned
 * tokens, whatever the rows are packed into and however many micro-batches they take. What differs
 * is rounding.
 */
#ifndef IFT_TRAINER_H
#define IFT_TRAINER_H

#include <stdbool.h>

#include "libcore/base/str.h"
#include "libcore/model/model.h"
#include "libcore/peft/peft.h"
#include "libcore/train/corpus.h"
#include "libcore/train/optim.h"

struct ift_trainer_config {
    struct ift_optim_config optim;
    /* Most tokens a micro-batch holds, at least those of the longest document: memory for
     * activations grows with it. */
    int64_t tokens;
    size_t recompute; /* as in ift_graph_recompute, layers being the checkpoints */
    uint64_t seed;    /* of dropout */
    /* Asked before every micro-batch; true: leave without updating. May be NULL. */
    bool (*stop)(void *ctx);
    void *ctx;
};

/* What an update did. */
struct ift_update {
    double loss;             /* mean over the learned tokens, nats */
    double grad_norm;        /* before clipping */
    int64_t tokens, learned; /* of its rows */
    double flops; /* strictly necessary ones of its matrix products, forward and backward */
};

struct ift_trainer;

int ift_trainer_new(struct ift_trainer **t, struct ift_model *m, struct ift_peft *p,
                    struct ift_device *d, const struct ift_trainer_config *c,
                    struct ift_err *err) IFT_MUST_CHECK;
/* NULL is fine. Parameters stay with model and adapter. */
void ift_trainer_free(struct ift_trainer *t);

/* One update by the n rows `row` of c at learning rate lr. 1: done; 0: stopped, and nothing was
 * changed. */
int ift_trainer_update(struct ift_trainer *t, struct ift_corpus *c, const uint32_t *row, size_t n,
                       double lr, struct ift_update *u, struct ift_err *err) IFT_MUST_CHECK;

/* Mean loss of rows without learning from them; dropout is off. The first call makes a second plan,
 * without the backward, for the memory of the first. 1: done; 0: stopped. */
int ift_trainer_evaluate(struct ift_trainer *t, struct ift_corpus *c, const uint32_t *row, size_t n,
                         double *loss, struct ift_err *err) IFT_MUST_CHECK;

struct ift_optim *ift_trainer_optim(struct ift_trainer *t);

/* Measures the time in each op from here on; the device then waits after each, so the run is
 * slower. */
void ift_trainer_profile(struct ift_trainer *t);
/* Appends a line an op, "GEMM 12.31 s 61.2%", longest first: forward, backward and optimizer
 * together. */
void ift_trainer_profile_text(const struct ift_trainer *t, struct ift_str *out);

#endif
