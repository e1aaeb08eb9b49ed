#include "libcore/peft/lora_config.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_RANK = 1 << 20 };

static const char *keep(struct ift_lora_config *c, const char *p, size_t n) {
    return ift_arena_strndup(&c->arena, p, n);
}

static void add_name(struct ift_lora_config *c, struct ift_lora_names *names, const char *p,
                     size_t n) {
    names->item = ift_realloc(names->item, names->n + 1, sizeof *names->item);
    names->item[names->n++] = keep(c, p, n);
}

static void add_list(struct ift_lora_config *c, struct ift_lora_names *names,
                     const char *const *list) {
    for (; *list; list++) add_name(c, names, *list, strlen(*list));
}

static int add_defaults(struct ift_lora_config *c, const struct ift_arch *arch,
                        struct ift_err *err) {
    if (!arch->lora_targets)
        return IFT_FAIL(err, "%s has no default targets: name them", arch->name);
    add_list(c, &c->target, arch->lora_targets);
    return 0;
}

static int check(const struct ift_lora_config *c, struct ift_err *err) {
    if (c->rank < 1 || c->rank > MAX_RANK)
        return IFT_FAIL(err, "a rank of %lld, not 1 to %d", (long long)c->rank, MAX_RANK);
    if (!isfinite(c->alpha)) return IFT_FAIL(err, "lora_alpha is not a number");
    if (!(c->dropout >= 0 && c->dropout < 1))
        return IFT_FAIL(err, "lora_dropout is %g, not in [0, 1)", c->dropout);
    return 0;
}

/* ---- from options ---- */

int ift_lora_config_make(struct ift_lora_config *c, const struct ift_peft_options *o,
                         const struct ift_arch *arch, struct ift_err *err) {
    *c = (struct ift_lora_config){.rank = o->rank,
                                  .alpha = o->alpha != 0 ? o->alpha : 2.0 * (double)o->rank,
                                  .dropout = o->dropout,
                                  .rslora = o->rslora};
    IFT_TRY(check(c, err));
    const char *targets = o->targets ? o->targets : "";
    if (!*targets) return add_defaults(c, arch, err);
    if (strcasecmp(targets, "all-linear") == 0) {
        add_list(c, &c->target, arch->linear_suffixes);
        return 0;
    }
    while (*targets) {
        const size_t n = strcspn(targets, ",");
        if (n) add_name(c, &c->target, targets, n);
        targets += n + (targets[n] == ',');
    }
    return c->target.n ? 0 : IFT_FAIL(err, "no target among \"%s\"", o->targets);
}

/* ---- from a configuration ---- */

struct reader {
    struct ift_lora_config *c;
    const struct ift_json *doc;
    int root;
    struct ift_err *err;
};

/* The value of a key, -1 when absent or null. */
static int value_of(const struct reader *r, const char *key) {
    const int v = ift_json_get(r->doc, r->root, key);
    return v >= 0 && ift_json_is(r->doc, v, IFT_JSON_NULL) ? -1 : v;
}

static const char *text_of(const struct reader *r, int node) {
    struct ift_str text = {0};
    ift_json_text(r->doc, node, &text);
    const char *const kept = keep(r->c, text.p, text.n);
    ift_str_release(&text);
    return kept;
}

static int read_names(const struct reader *r, const char *key, struct ift_lora_names *names) {
    const int node = value_of(r, key);
    if (node < 0) return 0;
    if (ift_json_is(r->doc, node, IFT_JSON_STRING)) {
        names->text = text_of(r, node);
        return 0;
    }
    if (!ift_json_is(r->doc, node, IFT_JSON_ARRAY))
        return IFT_FAIL(r->err, "\"%s\" is neither a list of names nor a pattern", key);
    for (int v = ift_json_first(r->doc, node); v >= 0; v = ift_json_next(r->doc, node, v)) {
        if (!ift_json_is(r->doc, v, IFT_JSON_STRING))
            return IFT_FAIL(r->err, "\"%s\" holds something else than names", key);
        const char *const name = text_of(r, v);
        add_name(r->c, names, name, strlen(name));
    }
    return 0;
}

static int read_targets(const struct reader *r, const struct ift_arch *arch) {
    struct ift_lora_config *const c = r->c;
    IFT_TRY(read_names(r, "target_modules", &c->target));
    IFT_TRY(read_names(r, "exclude_modules", &c->exclude));
    if (c->target.text && strcasecmp(c->target.text, "all-linear") == 0) {
        c->target.text = NULL;
        add_list(c, &c->target, arch->linear_suffixes);
    } else if (c->target.text) {
        IFT_TRY(ift_pattern_new(&c->target.pattern, c->target.text, r->err));
    } else if (!c->target.n) {
        IFT_TRY(add_defaults(c, arch, r->err));
    }
    return c->exclude.text ? ift_pattern_new(&c->exclude.pattern, c->exclude.text, r->err) : 0;
}

static int add_layer(const struct reader *r, int node) {
    struct ift_lora_config *const c = r->c;
    long long layer;
    if (!ift_json_is(r->doc, node, IFT_JSON_NUMBER) ||
        !ift_parse_i64(ift_json_raw(r->doc, node), &layer))
        return IFT_FAIL(r->err, "\"layers_to_transform\" is neither a layer nor a list of them");
    c->layer = ift_realloc(c->layer, c->layers + 1, sizeof *c->layer);
    c->layer[c->layers++] = layer;
    return 0;
}

static int read_layers(const struct reader *r) {
    struct ift_lora_config *const c = r->c;
    const int node = value_of(r, "layers_to_transform");
    if (node >= 0 && !ift_json_is(r->doc, node, IFT_JSON_ARRAY)) IFT_TRY(add_layer(r, node));
    for (int v = ift_json_first(r->doc, node); v >= 0; v = ift_json_next(r->doc, node, v))
        IFT_TRY(add_layer(r, v));
    IFT_TRY(read_names(r, "layers_pattern", &c->layers_pattern));
    if (c->layers_pattern.text && *c->layers_pattern.text)
        add_name(c, &c->layers_pattern, c->layers_pattern.text, strlen(c->layers_pattern.text));
    for (size_t i = 0; i < c->layers_pattern.n; i++) {
        for (const char *p = c->layers_pattern.item[i]; *p; p++) {
            if (!isalnum((unsigned char)*p) && *p != '_')
                return IFT_FAIL(r->err,
                                "\"layers_pattern\": only plain names are supported, not \"%s\"",
                                c->layers_pattern.item[i]);
        }
    }
    return 0;
}

static int read_overrides(const struct reader *r, const char *key, struct ift_lora_overrides *o) {
    const int node = value_of(r, key);
    if (node >= 0 && !ift_json_is(r->doc, node, IFT_JSON_OBJECT))
        return IFT_FAIL(r->err, "\"%s\" is not an object", key);
    for (int k = ift_json_first(r->doc, node); k >= 0;) {
        const int v = ift_json_next(r->doc, node, k);
        struct ift_lora_override item = {.key = text_of(r, k)};
        if (!ift_json_is(r->doc, v, IFT_JSON_NUMBER) ||
            !ift_parse_f64(ift_json_raw(r->doc, v), &item.value))
            return IFT_FAIL(r->err, "\"%s\" of \"%s\" is not a number", key, item.key);
        struct ift_str pattern = {0};
        ift_str_addf(&pattern, "(?:.*\\.)?(?:%s)$", item.key);
        const int rc = ift_pattern_new(&item.pattern, pattern.p, r->err);
        ift_str_release(&pattern);
        IFT_TRY(rc);
        o->item = ift_realloc(o->item, o->n + 1, sizeof *o->item);
        o->item[o->n++] = item;
        k = ift_json_next(r->doc, node, v);
    }
    return 0;
}

static bool listed(const struct ift_json *doc, int key, const char *const *list) {
    for (; *list; list++) {
        if (ift_json_text_is(doc, key, *list)) return true;
    }
    return false;
}

/* What a key may say when it changes nothing. */
static bool is_neutral(const struct ift_json *doc, int node) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    return ift_json_is(doc, node, IFT_JSON_NULL) || ift_json_is(doc, node, IFT_JSON_FALSE) ||
           ift_slice_is(raw, "\"\"") ||
           ((ift_json_is(doc, node, IFT_JSON_ARRAY) || ift_json_is(doc, node, IFT_JSON_OBJECT)) &&
            doc->node[node].count == 0);
}

/* Keys that are neither read nor without effect, of any version: known ones like use_dora, and ones
 * not yet invented. */
static int refuse_others(const struct reader *r) {
    static const char *const known[] = {
        "peft_type",
        "task_type",
        "r",
        "lora_alpha",
        "lora_dropout",
        "use_rslora",
        "target_modules",
        "exclude_modules",
        "layers_to_transform",
        "layers_pattern",
        "rank_pattern",
        "alpha_pattern",
        "bias",
        "init_lora_weights",
        /* say where things come from, or how they were made, or hold for other kinds of layers */
        "base_model_name_or_path",
        "revision",
        "peft_version",
        "auto_mapping",
        "inference_mode",
        "fan_in_fan_out",
        "loftq_config",
        "megatron_core",
        "megatron_config",
        "qalora_group_size",
        "runtime_config",
        "eva_config",
        "modules_to_save", /* saved.h reads it */
        "ensure_weight_tying",
        NULL,
    };
    const struct ift_json *const doc = r->doc;
    for (int k = ift_json_first(doc, r->root); k >= 0;) {
        const int v = ift_json_next(doc, r->root, k);
        if (!listed(doc, k, known) && !is_neutral(doc, v)) {
            const struct ift_slice key = ift_json_raw(doc, k), value = ift_json_raw(doc, v);
            return IFT_FAIL(r->err, "%.*s: %.*s is not supported", key.n < 60 ? (int)key.n : 60,
                            key.p, value.n < 60 ? (int)value.n : 60, value.p);
        }
        k = ift_json_next(doc, r->root, v);
    }
    return 0;
}

/* Values that are read, but of which only some are supported. */
static int check_choices(const struct reader *r) {
    static const struct {
        const char *key;
        const char *const allowed[6];
    } choice[] = {
        {"task_type", {"CAUSAL_LM"}},
        {"bias", {"none"}},
        /* PiSSA, OLoRA and their like change the base: it would have to be changed again on
           loading. */
        {"init_lora_weights", {"gaussian", "eva", "orthogonal"}},
    };
    for (size_t i = 0; i < sizeof choice / sizeof *choice; i++) {
        const int v = value_of(r, choice[i].key);
        if (v < 0 || listed(r->doc, v, choice[i].allowed)) continue;
        const bool flag =
            ift_json_is(r->doc, v, IFT_JSON_TRUE) || ift_json_is(r->doc, v, IFT_JSON_FALSE);
        if (flag && strcmp(choice[i].key, "init_lora_weights") == 0) continue;
        const struct ift_slice raw = ift_json_raw(r->doc, v);
        return IFT_FAIL(r->err, "\"%s\": %.*s is not supported", choice[i].key,
                        raw.n < 60 ? (int)raw.n : 60, raw.p);
    }
    return 0;
}

int ift_lora_config_read(struct ift_lora_config *c, const struct ift_json *doc, int root,
                         const struct ift_arch *arch, struct ift_err *err) {
    const struct reader r = {c, doc, root, err};
    *c = (struct ift_lora_config){0};
    IFT_TRY(ift_json_get_i64(doc, root, "r", 8, &c->rank, err));
    IFT_TRY(ift_json_get_f64(doc, root, "lora_alpha", 8, &c->alpha, err));
    IFT_TRY(ift_json_get_f64(doc, root, "lora_dropout", 0, &c->dropout, err));
    IFT_TRY(ift_json_get_bool(doc, root, "use_rslora", false, &c->rslora, err));
    IFT_TRY(check(c, err));
    IFT_TRY(check_choices(&r));
    IFT_TRY(refuse_others(&r));
    IFT_TRY(read_targets(&r, arch));
    IFT_TRY(read_layers(&r));
    IFT_TRY(read_overrides(&r, "rank_pattern", &c->ranks));
    IFT_TRY(read_overrides(&r, "alpha_pattern", &c->alphas));
    for (size_t i = 0; i < c->ranks.n; i++) {
        const double rank = c->ranks.item[i].value;
        if (!(rank >= 1 && rank <= MAX_RANK && rank == floor(rank)))
            return IFT_FAIL(err, "\"rank_pattern\" of \"%s\" is %g", c->ranks.item[i].key, rank);
    }
    return 0;
}

static void release_overrides(struct ift_lora_overrides *o) {
    for (size_t i = 0; i < o->n; i++) ift_pattern_free(o->item[i].pattern);
    free(o->item);
}

void ift_lora_config_release(struct ift_lora_config *c) {
    struct ift_lora_names *const names[] = {&c->target, &c->exclude, &c->layers_pattern};
    for (size_t i = 0; i < 3; i++) {
        free(names[i]->item);
        ift_pattern_free(names[i]->pattern);
    }
    free(c->layer);
    release_overrides(&c->ranks);
    release_overrides(&c->alphas);
    ift_arena_release(&c->arena);
    *c = (struct ift_lora_config){0};
}

/* ---- meaning ---- */

static bool has_name(const struct ift_lora_names *names, const char *module) {
    if (names->pattern) return ift_pattern_matches(names->pattern, module);
    const size_t n = strlen(module);
    for (size_t i = 0; i < names->n; i++) {
        const size_t k = strlen(names->item[i]);
        if (k <= n && strcmp(module + n - k, names->item[i]) == 0 &&
            (k == n || module[n - k - 1] == '.'))
            return true;
    }
    return false;
}

/* The first number that stands between dots behind the part `counter` of a name; for NULL, behind
 * any part but the first. -1: none. */
static long long number_behind(const char *module, const char *counter) {
    const char *part = module;
    for (const char *dot = strchr(part, '.'); dot; part = dot + 1, dot = strchr(part, '.')) {
        const size_t n = (size_t)(dot - part), digits = strspn(dot + 1, "0123456789");
        const bool counts =
            counter ? strlen(counter) == n && strncmp(part, counter, n) == 0 : part != module;
        long long number;
        if (!counts || !digits || dot[1 + digits] != '.') continue;
        if (ift_parse_i64((struct ift_slice){dot + 1, digits}, &number)) return number;
    }
    return -1;
}

static long long layer_of(const struct ift_lora_config *c, const char *module) {
    if (!c->layers_pattern.n) return number_behind(module, NULL);
    long long layer = -1;
    for (size_t i = 0; layer < 0 && i < c->layers_pattern.n; i++)
        layer = number_behind(module, c->layers_pattern.item[i]);
    return layer;
}

bool ift_lora_config_targets(const struct ift_lora_config *c, const char *module) {
    if (has_name(&c->exclude, module) || !has_name(&c->target, module)) return false;
    if (!c->layers || c->target.pattern) return true;
    for (size_t i = 0; i < c->target.n; i++) {
        if (strcmp(c->target.item[i], module) == 0)
            return true; /* named in full: layers do not matter */
    }
    const long long layer = layer_of(c, module);
    for (size_t i = 0; i < c->layers; i++) {
        if (c->layer[i] == layer) return layer >= 0;
    }
    return false;
}

static double override(const struct ift_lora_overrides *o, const char *module, double value) {
    for (size_t i = 0; i < o->n; i++) {
        if (ift_pattern_matches(o->item[i].pattern, module)) return o->item[i].value;
    }
    return value;
}

int64_t ift_lora_config_rank(const struct ift_lora_config *c, const char *module) {
    return (int64_t) override(&c->ranks, module, (double)c->rank);
}

double ift_lora_config_scale(const struct ift_lora_config *c, const char *module) {
    const double rank = (double)ift_lora_config_rank(c, module);
    return override(&c->alphas, module, c->alpha) / (c->rslora ? sqrt(rank) : rank);
}
