/* gguf_write.h: the container GGUF, version 3 (ggml's docs/gguf.md): "GGUF", version, counts, keys
 * with typed values, names and places of tensors, padding to 32, then the data, each tensor at a
 * multiple of 32. Everything little-endian; shapes have their fastest dimension first. Private to
 * export.
 *
 *     struct ift_gguf *g = ift_gguf_new();
 *     ift_gguf_add_text(g, "general.architecture", ift_slice("…"));
 *     ift_gguf_add_array(g, "tokenizer.ggml.scores", IFT_GGUF_F32, n);
 *     for (…) ift_gguf_item_f32(g, score[i]);
 *     ift_gguf_add_tensor(g, "output.weight", IFT_AS_F16, 2, dim, bytes); // dim as we have it
 *     IFT_TRY(ift_gguf_write(g, path, lend, self, err));
 */
#ifndef IFT_GGUF_WRITE_H
#define IFT_GGUF_WRITE_H

#include "libcore/base/str.h"
#include "libcore/export/export.h"

enum ift_gguf_type { IFT_GGUF_U32 = 4, IFT_GGUF_I32 = 5, IFT_GGUF_F32 = 6, IFT_GGUF_TEXT = 8 };

struct ift_gguf;
struct ift_gguf *ift_gguf_new(void);
void ift_gguf_free(struct ift_gguf *g); /* NULL is fine */

void ift_gguf_add_u32(struct ift_gguf *g, const char *key, uint32_t value);
void ift_gguf_add_f32(struct ift_gguf *g, const char *key, double value);
void ift_gguf_add_bool(struct ift_gguf *g, const char *key, bool value);
void ift_gguf_add_text(struct ift_gguf *g, const char *key, struct ift_slice value);
/* Then n items of the type. */
void ift_gguf_add_array(struct ift_gguf *g, const char *key, enum ift_gguf_type type, size_t n);
void ift_gguf_item_i32(struct ift_gguf *g, int32_t value);
void ift_gguf_item_f32(struct ift_gguf *g, float value);
void ift_gguf_item_text(struct ift_gguf *g, struct ift_slice value);

void ift_gguf_add_tensor(struct ift_gguf *g, const char *name, enum ift_encoding as, int ndim,
                         const int64_t *dim, size_t bytes);

/* Asks for the data of tensor i, in the order they were added; lent until the next. The file
 * appears only when it is whole. */
typedef int ift_gguf_lend(void *self, size_t i, const void **data, struct ift_err *err);
int ift_gguf_write(const struct ift_gguf *g, const char *path, ift_gguf_lend *lend, void *self,
                   struct ift_err *err) IFT_MUST_CHECK;

#endif
