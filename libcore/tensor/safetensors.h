/* safetensors.h: the format of published weights: u64 header length, JSON header {name: {dtype,
 * shape, data_offsets}}, data.
 *
 * Files are mapped, not read, and nothing of the header is believed before it is checked: its
 * length within the file and 100 MB, known dtypes, at most four dimensions, shape times size equal
 * to the range, ranges that cover the data exactly, without overlap and gaps, no name twice. */
#ifndef IFT_SAFETENSORS_H
#define IFT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/tensor/tensor.h"

struct ift_safetensors;
int ift_safetensors_open(struct ift_safetensors **s, const char *path,
                         struct ift_err *err) IFT_MUST_CHECK;
void ift_safetensors_free(struct ift_safetensors *s); /* NULL is fine */

size_t ift_safetensors_count(const struct ift_safetensors *s);
/* In the order of the data. Names and data stay until free. */
const struct ift_tensor *ift_safetensors_at(const struct ift_safetensors *s, size_t i);
/* NULL: absent. */
const struct ift_tensor *ift_safetensors_find(const struct ift_safetensors *s, const char *name);
/* Of the header; data is not read. */
uint64_t ift_safetensors_digest(const struct ift_safetensors *s);
/* As ift_mapped_forget, of the tensor's data. */
void ift_safetensors_forget(const struct ift_safetensors *s, const struct ift_tensor *t);

/* Writes a file of n tensors byte for byte as the safetensors library would: sorted by dtype (wide
 * ones first, so that all stay aligned), then name; header padded with blanks to a multiple of 8.
 * Metadata: "format": "pt", then the pairs given (NULL: none). The file appears only when it is
 * whole. */
struct ift_safetensors_pair {
    const char *key, *value;
};
int ift_safetensors_write(const char *path, const struct ift_tensor *t, size_t n,
                          const struct ift_safetensors_pair *metadata, size_t npairs,
                          struct ift_err *err) IFT_MUST_CHECK;
/* The same, asking the lender for tensors whose data is NULL, one after the other in file order. */
int ift_safetensors_write_from(const char *path, const struct ift_tensor *t, size_t n,
                               const struct ift_safetensors_pair *metadata, size_t npairs,
                               const struct ift_tensor_lender *lender,
                               struct ift_err *err) IFT_MUST_CHECK;

#endif
