/* spool.h: a stream as a file, for readers that must seek in what may come down a pipe. */
#ifndef IFT_SPOOL_H
#define IFT_SPOOL_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/stream.h"

/* Copies `first`, which was read already, and the rest of the open member to a file without a name,
 * in $TMPDIR or /tmp, that is gone when it is closed. Returns its descriptor, or -1. */
int ift_spool(struct ift_in *in, struct ift_slice first, struct ift_err *err) IFT_MUST_CHECK;

#endif
