/* peft.h: tuning methods. A method is one file peft/<method>.c that exports one `const struct ift_peft_method` and one row in the
 * table of peft.c; it takes hold of the forward at the attachment points of model/arch.h, and reads and writes the folder
 * that Hugging Face PEFT reads and writes (adapter_config.json, adapter_model.safetensors). Code outside peft/ never names a method.
 *
 * "none" is full tuning: every base parameter is trained and what is saved is a model folder.
 */
#ifndef IFT_PEFT_H
#define IFT_PEFT_H

#include "libcore/base/opt.h"
#include "libcore/graph/exec.h"
#include "libcore/model/model.h"

struct ift_peft; /* an adapter: configuration and parameters, attached to one model */

/* Options as users know them; a method reads those it has. */
struct ift_peft_options {
    const char *method;         /* "lora", "none" */
    long long rank;             /* r */
    double alpha;               /* lora_alpha; 0: 2 r */
    double dropout;             /* lora_dropout */
    const char *targets;        /* "" default of the family, "all-linear", or names by commas */
    bool rslora;
    uint64_t seed;              /* of the initial values */
};

/* A fresh adapter for the model, initialised as the original does (LoRA: A kaiming-uniform, B zero). */
int ift_peft_new(struct ift_peft **p, const struct ift_model *m, const struct ift_peft_options *o, struct ift_err *err) IFT_MUST_CHECK;
/* An adapter folder; its configuration decides the method. Unsupported settings are refused by name. */
int ift_peft_open(struct ift_peft **p, const struct ift_model *m, const char *dir, struct ift_err *err) IFT_MUST_CHECK;
void ift_peft_free(struct ift_peft *p); /* NULL is fine */

const char *ift_peft_method(const struct ift_peft *p);
bool ift_peft_trains_base(const struct ift_peft *p);
/* For ift_build.attach. `training`: parameters are trainable and dropout acts. */
const struct ift_attach *ift_peft_attach(struct ift_peft *p, bool training);
/* Device memory for the adapter's parameters in x, uploaded once. */
int ift_peft_bind(struct ift_peft *p, struct ift_device *d, struct ift_exec *x, const struct ift_graph *g, struct ift_err *err) IFT_MUST_CHECK;

/* Brings the values back from the device and writes the folder (atomically: a temporary neighbour, renamed). */
int ift_peft_save(struct ift_peft *p, struct ift_device *d, const char *dir, struct ift_err *err) IFT_MUST_CHECK;

/* The weight `name` (n elements of shape dim) with the adapter folded in, computed in f32: adds the delta to w in place. 0: not adapted, 1: changed. */
int ift_peft_merge(const struct ift_peft *p, const char *name, float *w, int ndim, const int64_t *dim, struct ift_err *err) IFT_MUST_CHECK;

#endif
