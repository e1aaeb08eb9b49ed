/* torch_bin.h: the tensors of a file that torch.save wrote: pytorch_model.bin and its like. Nothing
 * in the file is executed, see pickle.h.
 *
 * Two forms are read. Since torch 1.6 a zip archive of stored members, <name>/data.pkl and
 * <name>/data/<key>; before that five pickles one after the other (magic number, protocol, machine,
 * object, storage keys), then the storages in the order of their keys, each behind its number of
 * elements as an i64. The object is a dictionary of names and tensors; where it holds none itself,
 * the one dictionary in it that does ("state_dict" in training checkpoints). Values that are no
 * tensors are passed over.
 *
 * The file is mapped, not read. A tensor that lies densely in its storage is lent from there, also
 * where several share it. One that does not (transposed, expanded, a slice) is copied into
 * row-major order; a file may ask for copies of as many bytes as it has, and 16 MiB.
 *
 * Refused with a word on what to do: TorchScript programs, machines of the other byte order,
 * numbers that ift_dtype does not know, more than four dimensions.
 */
#ifndef IFT_TORCH_BIN_H
#define IFT_TORCH_BIN_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/tensor/tensor.h"

struct ift_torch_bin;
int ift_torch_bin_open(struct ift_torch_bin **b, const char *path,
                       struct ift_err *err) IFT_MUST_CHECK;
void ift_torch_bin_free(struct ift_torch_bin *b); /* NULL is fine */

size_t ift_torch_bin_count(const struct ift_torch_bin *b);
/* In the order of the dictionary. Names and data stay until free. */
const struct ift_tensor *ift_torch_bin_at(const struct ift_torch_bin *b, size_t i);
/* Of the pickle and, in an archive, of its directory, which has checksums of the data. */
uint64_t ift_torch_bin_digest(const struct ift_torch_bin *b);
/* As ift_mapped_forget; a copied tensor stays. */
void ift_torch_bin_forget(const struct ift_torch_bin *b, const struct ift_tensor *t);

/* Writes the archive that torch.save makes of a dictionary of n tensors, which torch.load reads
 * with weights_only too: each in a storage of its own, in the order given, its data asked from the
 * lender where it is NULL. The same tensors give the same bytes. The file appears only when it is
 * whole. */
int ift_torch_bin_write_from(const char *path, const struct ift_tensor *t, size_t n,
                             const struct ift_tensor_lender *lender,
                             struct ift_err *err) IFT_MUST_CHECK;

#endif
