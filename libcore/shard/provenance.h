/* provenance.h: every artefact carries its recipe. A provenance is a JSON array of steps, oldest
 * first:
 * {"tool":"ift-pack","version":"0.1.0","argv":["--length","512"],"seed":1,"inputs":["xxh3:…"]}.
 * Each program that writes a shard, a checkpoint or an adapter appends its own step to what its
 * input carried, so `ift-view -H` can tell the whole chain.
 */
#ifndef IFT_PROVENANCE_H
#define IFT_PROVENANCE_H

#include "libcore/base/str.h"
#include "libcore/base/tool.h"

/* Appends to `out` the array `before` ("" or NULL: empty) with this run's step added. argv is as
 * typed, without -j, -o, -q and -v: they change no byte of what is made. seed is there when the
 * program takes one. inputs: the digest of each operand that is a plain file, "-" for what is not.
 */
void ift_provenance_add(struct ift_str *out, const char *before, const struct ift_run *run);

/* The steps in provenance.json of each folder, where there is one, one after the other, with this
 * run's step added. */
int ift_provenance_gather(struct ift_str *out, const char *const *dir, size_t n,
                          const struct ift_run *run, struct ift_err *err) IFT_MUST_CHECK;

#endif
