/* peft.h: tuning methods. A method is one file peft/<method>.c that exports one `const struct
 * ift_peft_method` (method.h) and one row in the table of peft.c; it takes hold of the forward at
 * the attachment points of model/arch.h, and reads and writes the folder that Hugging Face PEFT
 * reads and writes (adapter_config.json, adapter_model.safetensors). Code outside peft/ never names
 * a method.
 *
 * "none" is full tuning: every base parameter is trained and what is saved is a model folder.
 */
#ifndef IFT_PEFT_H
#define IFT_PEFT_H

#include "libcore/graph/exec.h"
#include "libcore/model/model.h"

struct ift_peft; /* an adapter: configuration and parameters, attached to one model */

/* Options as users know them; a method reads those it has. */
struct ift_peft_options {
    const char *method;  /* "lora", "none" */
    long long rank;      /* r */
    double alpha;        /* lora_alpha; 0: 2 r */
    double dropout;      /* lora_dropout */
    const char *targets; /* "" or NULL: default of the family; "all-linear"; or names by commas */
    bool rslora;
    const char *modules_to_save; /* "" or NULL: none; names by commas, see saved.h */
    uint64_t seed;               /* of the initial values */
};

/* "none", "lora", …, NULL-terminated: the choices of an option. */
extern const char *const ift_peft_methods[];

/* A fresh adapter for the model, initialised as the original does (LoRA: A kaiming-uniform, B
 * zero; modules to save as they are in the base). The model must outlive it. A target that no
 * module answers to is an error that names the modules there are. An adapter for a model that was
 * grown saves embedding and output projection. */
int ift_peft_new(struct ift_peft **p, const struct ift_model *m, const struct ift_peft_options *o,
                 struct ift_err *err) IFT_MUST_CHECK;
/* An adapter folder of any version of PEFT; its configuration decides the method. Settings that
 * would change the numbers and are not supported are refused by name, as are tensors that are
 * missing, left over or of another shape.
 *
 * An adapter may bring tables of its own, with more rows than the base's, and may take tied ones
 * apart: the model becomes what PEFT makes of it, its vocabulary that of the adapter's folder if
 * one lies there. So open it before anything is described. */
int ift_peft_open(struct ift_peft **p, struct ift_model *m, const char *dir,
                  struct ift_err *err) IFT_MUST_CHECK;
/* Also the device memory it bound: after the execs, before the device is closed. NULL is fine. */
void ift_peft_free(struct ift_peft *p);

bool ift_peft_trains_base(const struct ift_peft *p);
/* For ift_build.attach; NULL when there is nothing to attach. `training`: parameters are trainable
 * and dropout acts. */
const struct ift_attach *ift_peft_attach(struct ift_peft *p, bool training);
size_t ift_peft_bytes(const struct ift_peft *p); /* of device memory for all parameters */
/* Device memory for the adapter's parameters in x, uploaded once. */
int ift_peft_bind(struct ift_peft *p, struct ift_device *d, struct ift_exec *x,
                  const struct ift_graph *g, struct ift_err *err) IFT_MUST_CHECK;

/* Brings the values back from the device, where they were bound, and writes the folder. A new
 * folder appears whole; in one that exists the files are replaced one by one, each whole, the
 * configuration last, and others left alone. */
int ift_peft_save(struct ift_peft *p, struct ift_device *d, const char *dir,
                  struct ift_err *err) IFT_MUST_CHECK;

/* Adds what the adapter makes of the weight `name` (of shape dim) to w in place, computed in f32
 * from the values it was opened or last saved with. 0: not adapted, 1: changed, 2: replaced, -1:
 * not of the shape the adapter is for. */
int ift_peft_merge(const struct ift_peft *p, const char *name, float *w, int ndim,
                   const int64_t *dim, struct ift_err *err) IFT_MUST_CHECK;

/* Writes the model with n adapters folded in, one after the other, as a model folder: w' = w + sum
 * of deltas in f32, rounded once to the dtype of each stored tensor, or to how->dtype where that is
 * given; all other tensors and files byte for byte. Of `how` dtype and provenance are read. A
 * weight that one replaces must be left alone by the others. *changed: weights that were. */
int ift_peft_merge_model(const struct ift_model *m, struct ift_peft *const *adapters, size_t n,
                         const char *dir, const struct ift_model_save *how, size_t *changed,
                         struct ift_err *err) IFT_MUST_CHECK;

#endif
