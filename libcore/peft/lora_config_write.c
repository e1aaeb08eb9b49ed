/* The text of an adapter_config.json of type LORA. */
#include <string.h>

#include "libcore/peft/lora_config.h"

static void add_quoted(struct ift_str *out, const char *text) {
    ift_json_quote(out, text, strlen(text));
}

/* Starts the line of a key. */
static void add_key(struct ift_str *out, const char *key) {
    ift_str_addf(out, "%s\n  \"%s\": ", out->n > 1 ? "," : "", key);
}

static void add_names(struct ift_str *out, const char *key, const struct ift_lora_names *names) {
    add_key(out, key);
    if (names->text && !names->n) {
        add_quoted(out, names->text);
        return;
    }
    for (size_t i = 0; i < names->n; i++) {
        ift_str_adds(out, i ? ",\n    " : "[\n    ");
        add_quoted(out, names->item[i]);
    }
    ift_str_adds(out, "\n  ]");
}

static void add_overrides(struct ift_str *out, const char *key,
                          const struct ift_lora_overrides *o) {
    add_key(out, key);
    for (size_t i = 0; i < o->n; i++) {
        ift_str_adds(out, i ? ",\n    " : "{\n    ");
        add_quoted(out, o->item[i].key);
        ift_str_adds(out, ": ");
        ift_json_number(out, o->item[i].value);
    }
    ift_str_adds(out, "\n  }");
}

static void add_layers(struct ift_str *out, const struct ift_lora_config *c) {
    if (c->layers_pattern.n) add_names(out, "layers_pattern", &c->layers_pattern);
    if (!c->layers) return;
    add_key(out, "layers_to_transform");
    for (size_t i = 0; i < c->layers; i++)
        ift_str_addf(out, "%s%lld", i ? ", " : "[", (long long)c->layer[i]);
    ift_str_addc(out, ']');
}

static void add_saved(struct ift_str *out, const struct ift_saved *s) {
    add_key(out, "modules_to_save");
    for (size_t i = 0; i < s->n; i++) {
        ift_str_adds(out, i ? ",\n    " : "[\n    ");
        add_quoted(out, s->item[i].text);
    }
    ift_str_adds(out, s->n ? "\n  ]" : "null");
}

static void add_text(struct ift_str *out, const char *key, const char *text) {
    add_key(out, key);
    add_quoted(out, text);
}

static void add_real(struct ift_str *out, const char *key, double value) {
    add_key(out, key);
    ift_json_number(out, value);
}

static void add_flag(struct ift_str *out, const char *key, bool value) {
    add_key(out, key);
    ift_str_adds(out, value ? "true" : "false");
}

/* Keys in alphabetical order, as PEFT sorts them. */
void ift_lora_config_write(const struct ift_lora_config *c, const struct ift_saved *saved,
                           const char *base, struct ift_str *out) {
    ift_str_addc(out, '{');
    if (c->alphas.n) add_overrides(out, "alpha_pattern", &c->alphas);
    add_text(out, "base_model_name_or_path", base);
    add_text(out, "bias", "none");
    if (saved->tied) add_flag(out, "ensure_weight_tying", true);
    if (c->exclude.n || c->exclude.text) add_names(out, "exclude_modules", &c->exclude);
    add_flag(out, "fan_in_fan_out", c->fan_in_fan_out);
    add_flag(out, "inference_mode", true);
    add_flag(out, "init_lora_weights", true);
    add_layers(out, c);
    add_real(out, "lora_alpha", c->alpha);
    add_real(out, "lora_dropout", c->dropout);
    add_saved(out, saved);
    add_text(out, "peft_type", "LORA");
    add_key(out, "r");
    ift_str_addf(out, "%lld", (long long)c->rank);
    if (c->ranks.n) add_overrides(out, "rank_pattern", &c->ranks);
    add_names(out, "target_modules", &c->target);
    add_text(out, "task_type", "CAUSAL_LM");
    if (c->rslora) add_flag(out, "use_rslora", true);
    ift_str_adds(out, "\n}\n");
}
