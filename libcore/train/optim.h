/* optim.h: AdamW with global gradient clipping over everything a graph trains.
 *
 * It owns the gradients and the two moments (one block of device memory each, f32), binds the
 * gradients into the graph's exec and updates the parameters where they already lie. One update:
 *
 *     ift_optim_zero(o, err);
 *     for each micro-batch: ift_exec_run(x, …)            // the backward adds to the gradients
 *     ift_optim_step(o, lr, &norm, err);
 *
 * With t counted from 1 (torch.optim.AdamW, Loshchilov and Hutter 2019; clipping as
 * torch.nn.utils.clip_grad_norm_):
 *
 *     norm = L2 of all gradients;  g *= min(1, max_norm / (norm + 1e-6))
 *     p *= 1 - lr decay;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 *     p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps)
 *
 * Weight decay spares what Hugging Face's Trainer spares: names with "bias", "layernorm" or
 * "rmsnorm", a part that is "norm" or a part that ends in "_norm". Embeddings and the output matrix
 * are decayed.
 */
#ifndef IFT_OPTIM_H
#define IFT_OPTIM_H

#include <stdbool.h>

#include "libcore/graph/exec.h"

struct ift_optim_config {
    double beta1, beta2, eps; /* used as floats */
    double weight_decay;
    double max_grad_norm; /* 0: no clipping */
};

/* One trained parameter. Operands are dense f32 of its shape on the device. */
struct ift_optim_param {
    const char *name;
    struct ift_operand value, grad, m, v;
    bool decay;
};

struct ift_optim;

/* What ift_optim_new would train and take. */
struct ift_optim_bytes {
    int64_t trained;           /* numbers */
    size_t gradients, largest; /* bytes of one block, there are three; of its largest parameter */
};
struct ift_optim_bytes ift_optim_measure(const struct ift_graph *g);

/* For every trainable parameter of g that has a gradient; x runs g and has its parameters bound.
 * The graph, the exec and the memory of the parameters must outlive the optimizer. */
int ift_optim_new(struct ift_optim **o, struct ift_device *d, const struct ift_graph *g,
                  struct ift_exec *x, const struct ift_optim_config *c,
                  struct ift_err *err) IFT_MUST_CHECK;
void ift_optim_free(struct ift_optim *o); /* NULL is fine */

int ift_optim_zero(struct ift_optim *o, struct ift_err *err) IFT_MUST_CHECK; /* the gradients */
/* norm: of the gradients before clipping. Waits for the device. */
int ift_optim_step(struct ift_optim *o, double lr, double *norm,
                   struct ift_err *err) IFT_MUST_CHECK;

/* State, for checkpoints: steps done (t), and each parameter with its moments. */
long long ift_optim_steps(const struct ift_optim *o);
void ift_optim_set_steps(struct ift_optim *o, long long steps);
size_t ift_optim_count(const struct ift_optim *o);
const struct ift_optim_param *ift_optim_at(const struct ift_optim *o, size_t i);

struct ift_exec *ift_optim_exec(struct ift_optim *o); /* for profiling */

/* Is the parameter of this name decayed? */
bool ift_optim_decays(const char *name);

#endif
