/* safetensors.h: the format of published weights: u64 header length, JSON header {name: {dtype, shape, data_offsets}},
 * data. Files are mapped, not read, and nothing of the header is believed before it is checked: length within
 * the file and 100 MB, known dtypes, shape times size equal to the range, ranges inside the file, in no overlap, without gaps, no name twice.
 */
#ifndef IFT_SAFETENSORS_H
#define IFT_SAFETENSORS_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/tensor/tensor.h"

struct ift_safetensors;
int ift_safetensors_open(struct ift_safetensors **s, const char *path, struct ift_err *err) IFT_MUST_CHECK;
/* A folder's model: model.safetensors, or all shards of model.safetensors.index.json as one, each name found in the shard that the index names. */
int ift_safetensors_open_model(struct ift_safetensors **s, const char *dir, struct ift_err *err) IFT_MUST_CHECK;
size_t ift_safetensors_count(const struct ift_safetensors *s);
const struct ift_tensor *ift_safetensors_at(const struct ift_safetensors *s, size_t i);        /* file order; data mapped until free */
const struct ift_tensor *ift_safetensors_find(const struct ift_safetensors *s, const char *name); /* NULL: absent */
const char *ift_safetensors_metadata(const struct ift_safetensors *s, const char *key);        /* of __metadata__; NULL: absent */
void ift_safetensors_free(struct ift_safetensors *s);

/* Writes a file of n tensors in the given order as the safetensors library would: header padded with blanks to a multiple of 8,
 * names sorted by dtype size then name, as its serializer does. Metadata: "format": "pt", then the pairs given (NULL: none). */
struct ift_safetensors_pair { const char *key, *value; };
int ift_safetensors_write(const char *path, const struct ift_tensor *t, size_t n, const struct ift_safetensors_pair *metadata, size_t npairs,
                          struct ift_err *err) IFT_MUST_CHECK;

#endif
