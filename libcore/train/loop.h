/* loop.h: a training run: which rows when, at which rate, when to measure, when to save, where to
 * go on.
 *
 * Update k (from 0) is a function of the options, the rows and the seed alone: epoch e = k /
 * updates per epoch takes the rows in its own seeded permutation (or as given), `batch` of them an
 * update, the last update of an epoch the rest. So a run that was stopped, killed or lost goes on
 * from a checkpoint as if nothing had happened, to the same bytes.
 *
 *     ift_loop_new(&loop, &job, &options, &hooks, err);
 *     ift_loop_open(loop, err);
 *     ift_loop_run(loop, &result, err);
 *     if (!result.stopped) ift_loop_save(loop, err);
 */
#ifndef IFT_LOOP_H
#define IFT_LOOP_H

#include "libcore/base/str.h"
#include "libcore/train/forecast.h"

extern const char *const ift_loop_orders[]; /* "shuffled", "given", NULL */

struct ift_loop_options {
    const char *dir; /* checkpoints and the result go here; made if missing */
    struct ift_optim_config optim;
    const char *schedule;   /* one of ift_schedule_names */
    double lr;              /* peak; 0: 2e-4 for an adapter, 2e-5 where the base is trained */
    double warmup;          /* see ift_schedule_warmup */
    double epochs;          /* used when steps is 0 */
    long long steps;        /* updates */
    long long batch;        /* rows an update */
    long long micro_tokens; /* tokens run at once: the knob between memory and speed */
    long long recompute; /* activations of so many layers are made again in the backward; 0: none */
    const char *order;   /* one of ift_loop_orders */
    double valid_fraction; /* of the rows, drawn by the seed, measured and never learned */
    long long valid_every; /* updates between measurements; 0: after each epoch */
    long long save_every;  /* updates between checkpoints; 0: only when stopped */
    long long keep;        /* newest checkpoints kept; 0: all */
    bool resume;           /* go on from the newest good checkpoint, if there is one */
    bool no_timing;        /* report nothing that depends on the clock */
    uint64_t seed;
};

/* What the run works on; all of it stays the caller's. */
struct ift_loop_job {
    struct ift_model *model;
    struct ift_peft *peft;
    const struct ift_peft_options *peft_options;
    struct ift_device *device;
    struct ift_corpus *rows;
    struct ift_corpus *valid; /* NULL: none, or by valid_fraction */
    const char *provenance;   /* JSON array, written beside every artefact */
};

/* How the run talks. Members may be NULL. */
struct ift_loop_hooks {
    void *ctx;
    /* A line of metrics.h. */
    int (*metrics)(void *ctx, const char *line, size_t n, struct ift_err *err);
    void (*progress)(void *ctx, long long step, long long total, double loss);
    void (*note)(void *ctx, const char *text); /* for the user: resumed, passed over */
    bool (*stop)(void *ctx);                   /* true: save a checkpoint and leave */
};

struct ift_loop_result {
    bool stopped;
    long long first, last, total;             /* updates: resumed from, done now, planned */
    int64_t tokens;                           /* of this sitting */
    double seconds;                           /* of its updates */
    double first_loss, last_loss, valid_loss; /* NaN where there is none */
};

/* "30 updates, 61440 tokens in 70.1 s (876 tokens/s), loss 5.7279 to 4.2031, validation 4.5120" */
void ift_loop_result_text(const struct ift_loop_result *r, struct ift_str *out);

struct ift_loop;

/* Plans everything, and takes neither the folder nor the memory for it yet. */
int ift_loop_new(struct ift_loop **l, const struct ift_loop_job *job,
                 const struct ift_loop_options *o, const struct ift_loop_hooks *hooks,
                 struct ift_err *err) IFT_MUST_CHECK;
void ift_loop_free(struct ift_loop *l); /* NULL is fine */

/* What the run will take; the speed once ift_loop_time has measured the machine and counted what
 * the first updates compute. */
const struct ift_forecast *ift_loop_forecast(const struct ift_loop *l);
int ift_loop_time(struct ift_loop *l, struct ift_err *err) IFT_MUST_CHECK;

/* Takes the folder and the memory; loads the checkpoint when resuming. */
int ift_loop_open(struct ift_loop *l, struct ift_err *err) IFT_MUST_CHECK;

int ift_loop_run(struct ift_loop *l, struct ift_loop_result *r, struct ift_err *err) IFT_MUST_CHECK;

/* Writes the result into the folder: an adapter, or a model where the base itself was trained, with
 * provenance.json. Gives the memory of the optimizer back first: the loop cannot run again. */
int ift_loop_save(struct ift_loop *l, struct ift_err *err) IFT_MUST_CHECK;

/* NULL before open. */
struct ift_trainer *ift_loop_trainer(struct ift_loop *l);

#endif
