/* lora_config.h: what an adapter_config.json of type LORA says, and what it means for a module.
 * Private to peft/.
 *
 * Rules of PEFT 0.21 (tuners_utils.py check_target_module_exists, utils/other.py get_pattern_key),
 * under which configurations of older versions, that lack newer keys, mean what they meant:
 *
 *   target_modules       a list (the module's name, or what stands behind one of its dots), a
 *                        string (a regular expression for the whole name), "all-linear", or null
 *                        (default of the family); exclude_modules goes first
 *   layers_to_transform  for lists only: the first number behind "<something>." in the name, or
 *                        behind one of layers_pattern; a module without is not meant
 *   rank_pattern,        the first key, in order, that matches the end of the name from a dot on
 *   alpha_pattern
 */
#ifndef IFT_LORA_CONFIG_H
#define IFT_LORA_CONFIG_H

#include "libcore/base/mem.h"
#include "libcore/peft/pattern.h"
#include "libcore/peft/peft.h"
#include "libcore/peft/saved.h"

/* A list of names or a pattern; neither: nothing. */
struct ift_lora_names {
    const char **item;
    size_t n;
    const char *text; /* of the pattern */
    struct ift_pattern *pattern;
};

struct ift_lora_override {
    const char *key;
    struct ift_pattern *pattern;
    double value;
};

struct ift_lora_overrides {
    struct ift_lora_override *item;
    size_t n;
};

/* A zeroed struct is empty. Texts lie in the arena. */
struct ift_lora_config {
    int64_t rank;
    double alpha, dropout;
    bool rslora;
    bool fan_in_fan_out; /* said to PEFT: weights of targets are stored as (in, out). What the model
                            says counts, as it does there */
    struct ift_lora_names target, exclude, layers_pattern;
    int64_t *layer;
    size_t layers;
    struct ift_lora_overrides ranks, alphas;
    struct ift_arena arena;
};

int ift_lora_config_make(struct ift_lora_config *c, const struct ift_peft_options *o,
                         const struct ift_arch *arch, struct ift_err *err) IFT_MUST_CHECK;
int ift_lora_config_read(struct ift_lora_config *c, const struct ift_json *doc, int root,
                         const struct ift_arch *arch, struct ift_err *err) IFT_MUST_CHECK;
void ift_lora_config_release(struct ift_lora_config *c);

/* Is the module meant? */
bool ift_lora_config_targets(const struct ift_lora_config *c, const char *module);
int64_t ift_lora_config_rank(const struct ift_lora_config *c, const char *module);
double ift_lora_config_scale(const struct ift_lora_config *c, const char *module); /* of B A */

/* Appends the text of adapter_config.json, with only those keys that any version of PEFT knows
 * unless a newer one is needed: old versions refuse keys they do not know. */
void ift_lora_config_write(const struct ift_lora_config *c, const struct ift_saved *saved,
                           const char *base, struct ift_str *out);

#endif
