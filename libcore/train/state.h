/* state.h: what an optimizer trains and remembers, as one safetensors file. Written in pieces of a
 * megabyte straight from the device, so that saving takes no memory to speak of; read through a mapping.
 */
#ifndef IFT_STATE_H
#define IFT_STATE_H

#include <stdint.h>

#include "libcore/tensor/device.h"
#include "libcore/train/optim.h"

/* Writes every parameter and its moments; digest: of the bytes that were to be written. */
int ift_state_write(const char *path, const struct ift_optim *o, struct ift_device *d, uint64_t *digest,
                    struct ift_err *err) IFT_MUST_CHECK;
/* Fills parameters and moments; a tensor that is absent or has another shape is an error that names it. */
int ift_state_read(const char *path, const struct ift_optim *o, struct ift_device *d,
                   struct ift_err *err) IFT_MUST_CHECK;

#endif
