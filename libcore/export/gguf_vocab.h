/* gguf_vocab.h: the vocabulary's part of a GGUF file, keys "tokenizer.…". Private to export. */
#ifndef IFT_GGUF_VOCAB_H
#define IFT_GGUF_VOCAB_H

#include "libcore/export/gguf_write.h"

/* Adds the vocabulary in the model's folder, filled up to as many tokens as the model has rows; and
 * the folder's chat template. A folder without one becomes a model "none", which llama.cpp runs on
 * ids. What llama.cpp would cut into other tokens is an error. */
int ift_gguf_add_vocab(struct ift_gguf *g, const struct ift_model *m,
                       struct ift_err *err) IFT_MUST_CHECK;

#endif
