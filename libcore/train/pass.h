/* pass.h: a model with its tuning method as a graph from token ids to losses, for learning or for
 * measuring only, and the exec that runs it. Describing one takes no memory of the device, so that
 * what it will take and cost can be told first (forecast.h).
 */
#ifndef IFT_PASS_H
#define IFT_PASS_H

#include "libcore/model/batch.h"
#include "libcore/model/model.h"
#include "libcore/peft/peft.h"

struct ift_pass_options {
    int64_t tokens;   /* the most that are run at once */
    size_t recompute; /* as in ift_graph_recompute, layers being the checkpoints */
    bool learn;       /* with the backward, and dropout */
};

/* Inputs beside those of `build`: targets (N), the next tokens or -1; scale (1), by which the
 * gradient of every token's loss is multiplied. */
struct ift_pass {
    struct ift_graph *g;
    struct ift_exec *x; /* NULL: not opened */
    struct ift_build build;
    int64_t tokens;
    ift_val targets, scale, loss; // loss (N)
};

/* Release also what failed. */
int ift_pass_init(struct ift_pass *s, struct ift_model *m, struct ift_peft *p,
                  const struct ift_pass_options *o, struct ift_err *err) IFT_MUST_CHECK;
void ift_pass_release(struct ift_pass *s); /* fine for a zeroed struct */

/* What ift_pass_open will take for its exec. */
int ift_pass_measure(const struct ift_pass *s, struct ift_device *d, struct ift_exec_bytes *bytes,
                     struct ift_err *err) IFT_MUST_CHECK;
/* Takes the memory and binds the parameters. `host`: an open pass that takes turns with this one,
 * whose slab serves both; NULL: none. */
int ift_pass_open(struct ift_pass *s, struct ift_model *m, struct ift_peft *p, struct ift_device *d,
                  const struct ift_pass *host, struct ift_err *err) IFT_MUST_CHECK;

/* Runs a batch and adds its losses to *sum, in double and in order. loss has room for its tokens;
 * key, of dropout, is read where there is any. */
int ift_pass_run(struct ift_pass *s, const struct ift_batch *b, float scale, const uint32_t key[2],
                 float *loss, double *sum, struct ift_err *err) IFT_MUST_CHECK;

#endif
