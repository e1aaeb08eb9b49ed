/* weights.h: the tensors of a published folder as one list, whatever files hold them.
 *
 * Of a model the first that is there: model.safetensors, model.safetensors.index.json,
 * pytorch_model.bin, pytorch_model.bin.index.json. An index lists shards of either kind; each name
 * is found in the shard that the index names. Nothing else depends on the kind of file. To read
 * another: a reader like safetensors.h and torch_bin.h, a kind of part in weights.c.
 */
#ifndef IFT_WEIGHTS_H
#define IFT_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/tensor/tensor.h"

struct ift_weights;
int ift_weights_open_model(struct ift_weights **w, const char *dir,
                           struct ift_err *err) IFT_MUST_CHECK;
/* adapter_model.safetensors or adapter_model.bin. */
int ift_weights_open_adapter(struct ift_weights **w, const char *dir,
                             struct ift_err *err) IFT_MUST_CHECK;
void ift_weights_free(struct ift_weights *w); /* NULL is fine */

size_t ift_weights_count(const struct ift_weights *w);
/* File by file, in the order of each. Names and data stay until free. Data need not be aligned. */
const struct ift_tensor *ift_weights_at(const struct ift_weights *w, size_t i);
const struct ift_tensor *ift_weights_find(const struct ift_weights *w,
                                          const char *name); /* NULL: absent */
/* Puts `t` in the place of the tensor of that name, or behind the last where there is none:
 * pointers that were lent are then void. The name is copied. `data`, which t->data is, becomes the
 * list's, to be freed with it; NULL: t->data is another's that stays as long. */
void ift_weights_put(struct ift_weights *w, const struct ift_tensor *t, void *data);
/* Does its data lie in memory of the list, and not in a file? */
bool ift_weights_is_put(const struct ift_weights *w, const struct ift_tensor *t);
/* Of what the files say about their tensors; data is not read. */
uint64_t ift_weights_digest(const struct ift_weights *w);
/* Its data has been read and is not needed soon: where it lies in a file, its pages may leave
 * memory. They come back when touched. */
void ift_weights_forget(const struct ift_weights *w, const struct ift_tensor *t);

#endif
