/* model.h: a published model folder, ready to be described, bound and run.
 *
 *     ift_model_open(&m, dir, err);                            // config.json, weights mapped and checked against the architecture
 *     struct ift_build b = { .attach = attach, .train_base = false };
 *     ift_build_begin(&b, m, g);                               // declares the inputs
 *     ift_val h = ift_build_forward(&b);                       // (N, hidden)
 *     … xent or logits on ift_build_head(&b) …
 *     ift_exec_new(&x, g, device, capacity, err);
 *     ift_model_bind(m, device, x, g, err);                    // every base parameter of g gets its memory
 */
#ifndef IFT_MODEL_H
#define IFT_MODEL_H

#include "libcore/graph/exec.h"
#include "libcore/model/arch.h"
#include "libcore/tensor/safetensors.h"

struct ift_model;

/* Checks that every parameter the architecture needs is there with its shape, and that no tensor is left unused
 * (buffers known to be harmless excepted); the error names the tensor. */
int ift_model_open(struct ift_model **m, const char *dir, struct ift_err *err) IFT_MUST_CHECK;
void ift_model_free(struct ift_model *m); /* also the device memory it bound: after the execs */

const char *ift_model_dir(const struct ift_model *m);
const struct ift_arch *ift_model_arch(const struct ift_model *m);
const struct ift_config *ift_model_config(const struct ift_model *m);
const struct ift_safetensors *ift_model_weights(const struct ift_model *m);
uint64_t ift_model_digest(const struct ift_model *m); /* of the weight files' headers and the config, for provenance */

void ift_build_begin(struct ift_build *b, const struct ift_model *m, struct ift_graph *g);
ift_val ift_build_forward(struct ift_build *b);
ift_val ift_build_head(struct ift_build *b); /* the output projection's weight (V, hidden) */

/* Loads what g's base parameters need onto the device, once however many graphs ask, as f32: without a copy where the file
 * holds f32, the backend can and the base is not trained. Then binds. */
int ift_model_bind(struct ift_model *m, struct ift_device *d, struct ift_exec *x, const struct ift_graph *g, struct ift_err *err) IFT_MUST_CHECK;

/* Writes a folder that transformers loads: every file of the model's folder but weights byte for byte (config.json too), and
 * model.safetensors with `t`, or, where that would pass 5 GB, shards with their index. */
int ift_model_save(const struct ift_model *m, const char *dir, const struct ift_tensor *t, size_t n, struct ift_err *err) IFT_MUST_CHECK;

#endif
