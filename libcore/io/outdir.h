/* outdir.h: a folder of output that is never half there.
 *
 * Files are written into a temporary neighbour. Committing gives a folder that did not exist its
 * name in one step. Into one that exists, the files move one by one, in the order in which their
 * paths were asked for, each replacing its namesake and leaving everything else alone: write the
 * file that makes the folder valid (config.json, adapter_config.json) last.
 *
 *     IFT_TRY(ift_outdir_open(&f, "merged", IFT_OUTDIR_NEW, err));
 *     write(ift_outdir_path(f, "model.safetensors")) … on failure ift_outdir_abandon(f)
 *     IFT_TRY(ift_outdir_commit(f, err));
 */
#ifndef IFT_OUTDIR_H
#define IFT_OUTDIR_H

#include "libcore/base/err.h"

enum ift_outdir_mode {
    IFT_OUTDIR_NEW,  /* refuses a folder that exists and is not empty, before any work is done */
    IFT_OUTDIR_INTO, /* adds to it */
};

struct ift_outdir;
int ift_outdir_open(struct ift_outdir **f, const char *dir, enum ift_outdir_mode mode,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Where to write the file `name` (a plain name) now. Lent until the next call. */
const char *ift_outdir_path(struct ift_outdir *f, const char *name);
/* Frees f whatever happens; on failure what was not moved yet is removed. */
int ift_outdir_commit(struct ift_outdir *f, struct ift_err *err) IFT_MUST_CHECK;
/* Removes what was written. NULL is fine. For the failure path. */
void ift_outdir_abandon(struct ift_outdir *f);

#endif
