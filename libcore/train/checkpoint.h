/* checkpoint.h: everything a run needs to go on, in a folder <dir>/checkpoint-<step>:
 *
 *     state.safetensors   every trained parameter with its two moments (state.h)
 *     checkpoint.json     step, digest of the state, the run's settings, its provenance
 *     adapter_*           where an adapter is trained: the folder is then one like any other
 *
 * The folder appears whole or not at all: it is written under a temporary name, synced, read back
 * and compared with the digest of what was meant to be written, and only then renamed. Order of
 * data and random numbers need no state: both are functions of the seed and the step.
 */
#ifndef IFT_CHECKPOINT_H
#define IFT_CHECKPOINT_H

#include "libcore/base/str.h"
#include "libcore/peft/peft.h"
#include "libcore/tensor/device.h"
#include "libcore/train/optim.h"

/* What is written beside the state. */
struct ift_checkpoint {
    long long step;         /* updates done */
    const char *settings;   /* JSON object: what makes a resumed run the same run */
    const char *provenance; /* JSON array (provenance.h) */
};

/* Writes <dir>/checkpoint-<c->step>; dir must exist. */
int ift_checkpoint_write(const char *dir, const struct ift_checkpoint *c, const struct ift_optim *o,
                         struct ift_peft *p, struct ift_device *d,
                         struct ift_err *err) IFT_MUST_CHECK;

/* Loads the newest good checkpoint of dir into the optimizer and its parameters: 1 and *step; 0:
 * there is none. A damaged one is passed over with a line in `notes`. One made with other settings
 * is an error that names the first that differs. */
int ift_checkpoint_resume(const char *dir, const char *settings, struct ift_optim *o,
                          struct ift_device *d, long long *step, struct ift_str *notes,
                          struct ift_err *err) IFT_MUST_CHECK;

/* Steps of the checkpoints of dir, newest first; the array is the caller's (free). A missing dir
 * has none. */
int ift_checkpoint_list(const char *dir, long long **steps, size_t *n,
                        struct ift_err *err) IFT_MUST_CHECK;
/* Removes all but the `keep` newest, and what killed runs left half-written. keep 0: all stay. */
int ift_checkpoint_prune(const char *dir, size_t keep, struct ift_err *err) IFT_MUST_CHECK;

#endif
