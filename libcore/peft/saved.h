/* saved.h: modules that an adapter holds whole, in place of the base's: PEFT's modules_to_save.
 * Private to peft/.
 *
 * Rules of PEFT 0.21 (utils/other.py _set_trainable, tuners_utils.py): a module is meant when its
 * name ends in one of those given, wherever that begins in it ("norm" means input_layernorm too);
 * all weights inside are then trained and kept in full, and no target of the method lies in a
 * module of that name. Where embedding and output projection are one matrix, a copy of either comes
 * apart from the other, unless ensure_weight_tying asks for one copy of both.
 */
#ifndef IFT_SAVED_H
#define IFT_SAVED_H

#include "libcore/base/mem.h"
#include "libcore/peft/pattern.h"
#include "libcore/peft/peft.h"

struct ift_saved_name {
    const char *text;
    struct ift_pattern *inside; /* a module of that name, or one inside it */
};

/* A zeroed struct is empty. */
struct ift_saved {
    struct ift_saved_name *item;
    size_t n;
    bool tied; /* one copy for embedding and output projection */
    struct ift_arena arena;
};

/* Names by commas; of a grown model also embedding and output projection. */
int ift_saved_make(struct ift_saved *s, const struct ift_peft_options *o, const struct ift_model *m,
                   struct ift_err *err) IFT_MUST_CHECK;
/* As a configuration has them. */
int ift_saved_read(struct ift_saved *s, const struct ift_json *doc, int root,
                   const struct ift_model *m, struct ift_err *err) IFT_MUST_CHECK;
void ift_saved_release(struct ift_saved *s);

/* The length of the name of the module that holds this weight ("model.norm.weight") and is meant;
 * 0: none is. A module inside another that is meant is an error, as is a list of modules. */
int ift_saved_module(const struct ift_saved *s, const char *weight, size_t *n,
                     struct ift_err *err) IFT_MUST_CHECK;
/* Is a module of this name no target, because it or one around it is meant? */
bool ift_saved_excludes(const struct ift_saved *s, const char *module);

/* "base_model.model.<weight>": what such a tensor is called in an adapter's file. */
#define IFT_SAVED_PREFIX "base_model.model."

#endif
