/* train.h: a run of training from its command line to its result; the body of ift-train.
 *
 * Opens the model and the rows, runs a loop (loop.h) whose metrics go to standard output and whose
 * notes and progress to standard error, and saves what was learned. SIGINT and SIGTERM are looked
 * for between micro-batches: a checkpoint is written, and the run fails as stopped.
 */
#ifndef IFT_TRAIN_H
#define IFT_TRAIN_H

#include "libcore/base/tool.h"
#include "libcore/train/loop.h"

struct ift_train {
    const char *model;              /* a folder */
    const char *valid;              /* a file of rows; NULL: none */
    const char *recompute;          /* "none", "block" or a number of layers */
    struct ift_model_growth growth; /* vocab NULL: the model's own */
    struct ift_peft_options peft;
    struct ift_loop_options loop; /* but folder, seed and recompute, which come from elsewhere */
    bool profile;                 /* say at the end how long each op took */
    bool plan;                    /* print the forecast, and leave */
};

int ift_train_run(const struct ift_train *train, const struct ift_run *run,
                  struct ift_err *err) IFT_MUST_CHECK;

#endif
