/* state.h: what an optimizer trains and remembers, as one safetensors file: every parameter and its
 * two moments, f32, as "<name>", "m.<name>" and "v.<name>". Tensor after tensor comes from the
 * device when it is written and goes there from the mapped file when it is read, so neither takes
 * memory to speak of.
 */
#ifndef IFT_STATE_H
#define IFT_STATE_H

#include <stdint.h>

#include "libcore/tensor/device.h"
#include "libcore/train/optim.h"

/* Writes the file; digest: of the names and numbers as they were handed over for writing. */
int ift_state_write(const char *path, const struct ift_optim *o, struct ift_device *d,
                    uint64_t *digest, struct ift_err *err) IFT_MUST_CHECK;
/* The same digest of what a file holds. */
int ift_state_digest(const char *path, uint64_t *digest, struct ift_err *err) IFT_MUST_CHECK;
/* Fills parameters and moments; a tensor that is absent or has another shape is an error that names
 * it. */
int ift_state_read(const char *path, const struct ift_optim *o, struct ift_device *d,
                   struct ift_err *err) IFT_MUST_CHECK;

#endif
