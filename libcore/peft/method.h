/* method.h: what a tuning method is, for the files of this room. To add one: peft/<name>.c with a
 * table of these functions, a row in peft.c, a golden case. The generic part (peft.c) owns the
 * parameters: their memory here and on the device, reading and writing them; a method says which
 * there are and what they do.
 */
#ifndef IFT_METHOD_H
#define IFT_METHOD_H

#include "libcore/base/mem.h"
#include "libcore/base/rng.h"
#include "libcore/peft/peft.h"
#include "libcore/peft/saved.h"

/* A parameter of an adapter, by its name in the file: "base_model.model.<module>.lora_A.weight". */
struct ift_peft_param {
    const char *name;
    int ndim;
    int64_t dim[IFT_MAX_DIMS];
    float
        *host; /* as opened, made, or last saved; NULL: as on the device, or before as in `base` */
    const char *base;          /* the weight that it replaces; NULL: none */
    struct ift_operand device; /* buf NULL: not bound yet */
};

/* A linear module of the bare model, in the order of the forward. */
struct ift_peft_module {
    const char *name;
    int64_t in, out;
    bool transposed; /* its weight is stored as (in, out) */
};

/* A weight of the bare model. */
struct ift_peft_weight {
    const char *name;
    int ndim;
    int64_t dim[IFT_MAX_DIMS];
};

struct ift_peft {
    const struct ift_peft_method *method;
    const struct ift_model *model;
    struct ift_peft_module *module;
    size_t modules, module_cap;
    struct ift_peft_weight *weight;
    size_t weights, weight_cap;
    struct ift_saved saved;
    struct ift_peft_param *param;
    size_t params, param_cap;
    struct ift_device *device; /* of the first bind */
    struct ift_attach attach;
    bool training;          /* as last asked for */
    void *self;             /* the method's own */
    struct ift_arena arena; /* names */
};

struct ift_peft_method {
    const char *name;      /* as --peft says it */
    const char *peft_type; /* as adapter_config.json says it; NULL: saves no adapter */
    bool trains_base;
    struct ift_attach attach; /* self is replaced by the struct ift_peft */

    /* Sets p->self and adds parameters: with initial values, or to be read from a file. */
    int (*make)(struct ift_peft *p, const struct ift_peft_options *o, struct ift_err *err);
    int (*read)(struct ift_peft *p, const struct ift_json *doc, int root, struct ift_err *err);
    void (*release)(struct ift_peft *p); /* frees p->self, which may be NULL */
    /* The name under which PEFT's newest version saves a tensor that an old one saved as `name`. */
    void (*rename)(const char *name, struct ift_str *out);
    /* Appends the text of adapter_config.json. */
    void (*write)(const struct ift_peft *p, struct ift_str *config);
    /* As ift_peft_merge. */
    int (*merge)(const struct ift_peft *p, const char *name, float *w, int ndim, const int64_t *dim,
                 struct ift_err *err);
    /* Instead of an adapter folder: write something else. NULL for most. */
    int (*save)(struct ift_peft *p, const char *dir, struct ift_err *err);
};

/* Adds a parameter with zeroed values; returns its index. */
size_t ift_peft_add(struct ift_peft *p, int ndim, const int64_t *dim, const char *fmt, ...)
    IFT_PRINTF(4, 5);

/* ---- the generic part, for its own files: peft.c and peft_open.c ---- */

extern const struct ift_peft_method *const ift_peft_known[]; /* NULL-terminated */

/* With its modules and weights noted, and no parameters. `saved` is taken over. */
struct ift_peft *ift_peft_begin(const struct ift_model *m, const struct ift_peft_method *method,
                                struct ift_saved *saved);
static inline size_t ift_peft_count(const struct ift_peft_param *q) {
    return (size_t)ift_shape_count(q->ndim, q->dim);
}
/* A parameter that replaces a weight, and those for every weight of the modules meant. */
void ift_peft_add_saved(struct ift_peft *p, const struct ift_peft_weight *w);
int ift_peft_add_modules(struct ift_peft *p, struct ift_err *err) IFT_MUST_CHECK;

#endif
