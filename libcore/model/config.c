#include "libcore/model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A string member's text, "" when absent or null. */
static int get_text(const struct ift_json *doc, int root, const char *key, const char *def,
                    struct ift_str *out, struct ift_err *err) {
    ift_str_clear(out);
    IFT_TRY(ift_json_get_str(doc, root, key, def, out, err));
    if (out->n && memchr(out->p, 0, out->n)) return IFT_FAIL(err, "\"%s\" holds a NUL", key);
    if (!out->p) ift_str_adds(out, "");
    return 0;
}

int ift_config_size(const struct ift_json *doc, int root, const char *key, int64_t def,
                    int64_t *value, struct ift_err *err) {
    IFT_TRY(ift_json_get_i64(doc, root, key, def, value, err));
    if (*value == 0 && def == 0 && ift_json_get(doc, root, key) < 0)
        return IFT_FAIL(err, "missing \"%s\"", key);
    if (*value < 1 || *value > INT32_MAX)
        return IFT_FAIL(err, "\"%s\" is %lld, not 1 to 2147483647", key, (long long)*value);
    return 0;
}

int ift_config_size_of(const struct ift_json *doc, int root, const char *key, const char *other,
                       int64_t def, int64_t *value, struct ift_err *err) {
    const int first = ift_json_get(doc, root, key), second = ift_json_get(doc, root, other);
    const bool have = first >= 0 && !ift_json_is(doc, first, IFT_JSON_NULL);
    return ift_config_size(doc, root, have || second < 0 ? key : other, def, value, err);
}

int ift_config_refuse(const struct ift_json *doc, int root, const char *key, struct ift_err *err) {
    const int node = ift_json_get(doc, root, key);
    if (node < 0 || ift_json_is(doc, node, IFT_JSON_NULL) || ift_json_is(doc, node, IFT_JSON_FALSE))
        return 0;
    const struct ift_slice raw = ift_json_raw(doc, node);
    if (ift_slice_is(raw, "0")) return 0;
    return IFT_FAIL(err, "\"%s\": %.*s is not supported", key, IFT_SHOWN(raw));
}

int ift_config_act(const struct ift_json *doc, int root, const char *key, const char *def,
                   enum ift_act *act, struct ift_err *err) {
    static const struct {
        const char *name;
        enum ift_act act;
    } known[] = {
        {"silu", IFT_ACT_SILU},
        {"swish", IFT_ACT_SILU},
        {"gelu", IFT_ACT_GELU},
        {"gelu_new", IFT_ACT_GELU_TANH},
        {"gelu_pytorch_tanh", IFT_ACT_GELU_TANH},
        {"relu", IFT_ACT_RELU},
    };
    struct ift_str name = {0};
    int rc = get_text(doc, root, key, def, &name, err);
    if (rc == 0) rc = 1;
    for (size_t i = 0; rc == 1 && i < sizeof known / sizeof *known; i++) {
        if (strcmp(name.p, known[i].name) != 0) continue;
        *act = known[i].act;
        rc = 0;
    }
    if (rc == 1) rc = IFT_FAIL(err, "\"%s\": \"%s\" is not supported", key, name.p);
    ift_str_release(&name);
    return rc;
}

/* ---- tokens ---- */

static int check_token(const struct ift_config *c, const char *key, int64_t id,
                       struct ift_err *err) {
    if (id < c->vocab) return 0;
    return IFT_FAIL(err, "\"%s\" is %lld in a vocabulary of %lld", key, (long long)id,
                    (long long)c->vocab);
}

int ift_config_token(const struct ift_json *doc, int root, const char *key, int64_t def,
                     const struct ift_config *c, int32_t *id, struct ift_err *err) {
    int64_t value;
    IFT_TRY(ift_json_get_i64(doc, root, key, def, &value, err));
    IFT_TRY(check_token(c, key, value, err));
    *id = value < 0 ? -1 : (int32_t)value;
    return 0;
}

int ift_config_eos(const struct ift_json *doc, int root, struct ift_config *c,
                   struct ift_err *err) {
    static const char key[] = "eos_token_id";
    const int node = ift_json_get(doc, root, key);
    if (node < 0 || ift_json_is(doc, node, IFT_JSON_NULL)) return 0;
    c->neos = 0;
    if (!ift_json_is(doc, node, IFT_JSON_ARRAY)) {
        IFT_TRY(ift_config_token(doc, root, key, -1, c, &c->eos[0], err));
        c->neos = c->eos[0] >= 0;
        return 0;
    }
    for (int v = ift_json_first(doc, node); v >= 0; v = ift_json_next(doc, node, v)) {
        long long id;
        if (!ift_json_is(doc, v, IFT_JSON_NUMBER) || !ift_parse_i64(ift_json_raw(doc, v), &id) ||
            id < 0)
            return IFT_FAIL(err, "\"%s\" is neither a token id nor a list of them", key);
        if (c->neos == IFT_MAX_EOS)
            return IFT_FAIL(err, "\"%s\" has more than %d ids", key, IFT_MAX_EOS);
        IFT_TRY(check_token(c, key, id, err));
        c->eos[c->neos++] = (int32_t)id;
    }
    return 0;
}

int ift_config_embed_pad(const struct ift_json *doc, int root, struct ift_config *c,
                         struct ift_err *err) {
    int64_t pad = 0;
    const int node = ift_json_get(doc, root, "pad_token_id");
    c->embed_pad = -1;
    if (node < 0 || ift_json_is(doc, node, IFT_JSON_NULL)) return 0;
    IFT_TRY(ift_json_get_i64(doc, root, "pad_token_id", 0, &pad, err));
    if (pad < -c->vocab || pad >= c->vocab)
        return IFT_FAIL(err, "\"pad_token_id\" is %lld in a vocabulary of %lld", (long long)pad,
                        (long long)c->vocab);
    c->embed_pad = (int32_t)(pad < 0 ? pad + c->vocab : pad);
    return 0;
}

/* ---- dtype ---- */

/* The newer of two keys wins. */
static const char *dtype_key(const struct ift_json *doc, int root) {
    const int node = ift_json_get(doc, root, "dtype");
    return node >= 0 && !ift_json_is(doc, node, IFT_JSON_NULL) ? "dtype" : "torch_dtype";
}

static const struct {
    const char *name;
    enum ift_dtype type;
} dtypes[] = {
    {"float32", IFT_F32},
    {"bfloat16", IFT_BF16},
    {"float16", IFT_F16},
    {"float64", IFT_F64},
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static int read_dtype(const struct ift_json *doc, int root, enum ift_dtype *type,
                      struct ift_err *err) {
    const char *const key = dtype_key(doc, root);
    struct ift_str name = {0};
    int rc = get_text(doc, root, key, "float32", &name, err);
    if (rc == 0) {
        const char *const word = strncmp(name.p, "torch.", 6) == 0 ? name.p + 6 : name.p;
        rc = 1;
        for (size_t i = 0; rc == 1 && i < DTYPES; i++) {
            if (strcmp(word, dtypes[i].name) != 0) continue;
            *type = dtypes[i].type;
            rc = 0;
        }
    }
    if (rc == 1) rc = IFT_FAIL(err, "\"%s\": \"%s\" is not supported", key, name.p);
    ift_str_release(&name);
    return rc;
}

static const char *dtype_word(enum ift_dtype type) {
    for (size_t i = 0; i < DTYPES; i++) {
        if (dtypes[i].type == type) return dtypes[i].name;
    }
    return "";
}

/* With the value of `key` replaced, or the key put first. */
static void set_value(const struct ift_json *doc, const char *text, size_t n, const char *key,
                      const char *value, struct ift_str *out) {
    const int node = ift_json_get(doc, 0, key);
    if (node >= 0) {
        const struct ift_slice raw = ift_json_raw(doc, node);
        ift_str_add(out, text, (size_t)(raw.p - text));
        ift_str_adds(out, value);
        ift_str_add(out, raw.p + raw.n, n - (size_t)(raw.p + raw.n - text));
        return;
    }
    const char *const open = memchr(text, '{', n);
    const size_t head = (size_t)(open - text) + 1;
    const bool alone = ift_json_first(doc, 0) < 0;
    ift_str_add(out, text, head);
    ift_str_addf(out, "\n  \"%s\": %s%s", key, value, alone ? "" : ",");
    ift_str_add(out, text + head, n - head);
}

static int parse_object(struct ift_json *doc, const char *text, size_t n, struct ift_err *err) {
    IFT_TRY(ift_json_parse(doc, text, n, err));
    if (ift_json_is(doc, 0, IFT_JSON_OBJECT)) return 0;
    ift_json_release(doc);
    return IFT_FAIL(err, "not an object");
}

int ift_config_set(const char *text, size_t n, const char *key, const char *value,
                   struct ift_str *out, struct ift_err *err) {
    struct ift_json doc = {0};
    IFT_TRY(parse_object(&doc, text, n, err));
    set_value(&doc, text, n, key, value, out);
    ift_json_release(&doc);
    return 0;
}

int ift_config_set_dtype(const char *text, size_t n, enum ift_dtype dtype, struct ift_str *out,
                         struct ift_err *err) {
    struct ift_json doc = {0};
    char word[32];
    IFT_TRY(parse_object(&doc, text, n, err));
    snprintf(word, sizeof word, "\"%s\"", dtype_word(dtype));
    set_value(&doc, text, n, dtype_key(&doc, 0), word, out);
    ift_json_release(&doc);
    return 0;
}

int ift_config_common(const struct ift_json *doc, int root, struct ift_config *c,
                      struct ift_err *err) {
    struct ift_str type = {0};
    int rc = get_text(doc, root, "model_type", "", &type, err);
    if (rc == 0) snprintf(c->model_type, sizeof c->model_type, "%s", type.p);
    ift_str_release(&type);
    IFT_TRY(rc);
    c->neos = 0;
    c->embed_pad = -1;
    IFT_TRY(ift_config_token(doc, root, "bos_token_id", -1, c, &c->bos, err));
    IFT_TRY(ift_config_token(doc, root, "pad_token_id", -1, c, &c->pad, err));
    IFT_TRY(ift_config_eos(doc, root, c, err));
    IFT_TRY(ift_json_get_f64(doc, root, "initializer_range", 0.02, &c->initializer_range, err));
    if (!(c->initializer_range >= 0 && c->initializer_range < 1e3))
        return IFT_FAIL(err, "\"initializer_range\" is %g", c->initializer_range);
    return read_dtype(doc, root, &c->dtype, err);
}

/* ---- rope ---- */

struct rope_source {
    const struct ift_json *doc;
    int root, node; /* config.json; the object of the rope's own keys, -1: none */
    const char *kind;
};

/* A number > 0; without a default (0) one that the kind cannot do without. */
static int read_factor(const struct rope_source *s, const char *key, double def, double *value,
                       struct ift_err *err) {
    IFT_TRY(ift_json_get_f64(s->doc, s->node, key, def, value, err));
    if (!(*value > 0 && *value < 1e9))
        return IFT_FAIL(err, "rope of kind %s needs \"%s\" > 0", s->kind, key);
    return 0;
}

/* A top-level length wins over the rope's own. */
static int read_original(const struct rope_source *s, struct ift_config *c, struct ift_err *err) {
    static const char key[] = "original_max_position_embeddings";
    int64_t *const n = &c->rope.original_max_positions;
    IFT_TRY(ift_config_size(s->doc, s->node, key, c->max_positions, n, err));
    return ift_config_size(s->doc, s->root, key, *n, n, err);
}

static int read_none(const struct rope_source *s, struct ift_config *c, struct ift_err *err) {
    (void)s, (void)c, (void)err;
    return 0;
}

static int read_linear(const struct rope_source *s, struct ift_config *c, struct ift_err *err) {
    return read_factor(s, "factor", 0, &c->rope.factor, err);
}

static int read_dynamic(const struct rope_source *s, struct ift_config *c, struct ift_err *err) {
    double factor;
    IFT_TRY(read_factor(s, "factor", 0, &factor, err));
    return ift_config_rope_grows(c, IFT_ROPE_DYNAMIC, factor, c->max_positions, err);
}

static int read_llama3(const struct rope_source *s, struct ift_config *c, struct ift_err *err) {
    struct ift_rope *const r = &c->rope;
    IFT_TRY(read_factor(s, "factor", 0, &r->factor, err));
    IFT_TRY(read_factor(s, "low_freq_factor", 0, &r->low_freq_factor, err));
    IFT_TRY(read_factor(s, "high_freq_factor", 0, &r->high_freq_factor, err));
    IFT_TRY(read_original(s, c, err));
    if (r->low_freq_factor == r->high_freq_factor)
        return IFT_FAIL(err, "rope of kind llama3 with equal low_freq_factor and high_freq_factor");
    return 0;
}

static double yarn_scale(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1;
}

/* _compute_yarn_parameters: 0 and null of an optional number are as good as absent. */
static int read_yarn(const struct rope_source *s, struct ift_config *c, struct ift_err *err) {
    struct ift_rope *const r = &c->rope;
    double weight = 0, weight_all = 0;
    IFT_TRY(read_original(s, c, err));
    const double ratio = (double)c->max_positions / (double)r->original_max_positions;
    const int factor = ift_json_get(s->doc, s->node, "factor");
    const bool null_factor = ift_json_is(s->doc, factor, IFT_JSON_NULL);
    IFT_TRY(read_factor(s, "factor", null_factor ? ratio : 0, &r->factor, err));
    IFT_TRY(read_factor(s, "beta_fast", 32, &r->beta_fast, err));
    IFT_TRY(read_factor(s, "beta_slow", 1, &r->beta_slow, err));
    IFT_TRY(ift_json_get_bool(s->doc, s->node, "truncate", true, &r->truncate, err));
    IFT_TRY(ift_json_get_f64(s->doc, s->node, "mscale", 0, &weight, err));
    IFT_TRY(ift_json_get_f64(s->doc, s->node, "mscale_all_dim", 0, &weight_all, err));
    double scale = yarn_scale(r->factor, 1);
    if (weight != 0 && weight_all != 0)
        scale = yarn_scale(r->factor, weight) / yarn_scale(r->factor, weight_all);
    return read_factor(s, "attention_factor", scale, &r->attention_factor, err);
}

static const struct {
    const char *name;
    enum ift_rope_kind kind;
    int (*read)(const struct rope_source *s, struct ift_config *c, struct ift_err *err);
} ropes[] = {
    {"default", IFT_ROPE_DEFAULT, read_none},    {"linear", IFT_ROPE_LINEAR, read_linear},
    {"dynamic", IFT_ROPE_DYNAMIC, read_dynamic}, {"llama3", IFT_ROPE_LLAMA3, read_llama3},
    {"yarn", IFT_ROPE_YARN, read_yarn},
};

/* In which spelling the rope is given: v5's one object, or v4's. */
static int find_rope(const struct ift_json *doc, int root, struct rope_source *s, double *theta,
                     struct ift_err *err) {
    const int parameters = ift_json_get(doc, root, "rope_parameters");
    const bool new_style = ift_json_is(doc, parameters, IFT_JSON_OBJECT);
    *s = (struct rope_source){.doc = doc, .root = root};
    s->node = new_style ? parameters : ift_json_get(doc, root, "rope_scaling");
    if (ift_json_is(doc, s->node, IFT_JSON_NULL)) s->node = -1;
    if (s->node >= 0 && !ift_json_is(doc, s->node, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "\"rope_scaling\" is not an object");
    IFT_TRY(ift_json_get_f64(doc, root, "rope_theta", 10000.0, theta, err));
    if (new_style) IFT_TRY(ift_json_get_f64(doc, s->node, "rope_theta", *theta, theta, err));
    return 0;
}

static int read_kind(struct rope_source *s, struct ift_config *c, const struct ift_str *name,
                     struct ift_err *err) {
    for (size_t i = 0; i < sizeof ropes / sizeof *ropes; i++) {
        if (strcmp(name->p, ropes[i].name) != 0) continue;
        s->kind = ropes[i].name;
        c->rope.kind = ropes[i].kind;
        return ropes[i].read(s, c, err);
    }
    return IFT_FAIL(err,
                    "rope of kind \"%s\" is not supported, only default, linear, dynamic, llama3 "
                    "and yarn",
                    name->p);
}

int ift_config_rope_plain(struct ift_config *c, double theta, int64_t dims, struct ift_err *err) {
    c->rope = (struct ift_rope){.kind = IFT_ROPE_DEFAULT, .theta = theta, .dims = dims};
    if (!(theta > 0 && theta < 1e30)) return IFT_FAIL(err, "\"rope_theta\" is %g", theta);
    if (dims % 2 || dims < 2 || dims > c->head_dim)
        return IFT_FAIL(err, "%lld of the %lld channels of a head cannot rotate%s", (long long)dims,
                        (long long)c->head_dim, dims % 2 ? ": not even" : "");
    return 0;
}

int ift_config_rope_grows(struct ift_config *c, enum ift_rope_kind kind, double factor,
                          int64_t length, struct ift_err *err) {
    if (c->rope.dims < 4) return IFT_FAIL(err, "a rope of 2 channels cannot grow");
    if (!(factor > 0 && factor < 1e9)) return IFT_FAIL(err, "a rope that grows by %g", factor);
    c->rope.kind = kind;
    c->rope.factor = factor;
    c->rope.original_max_positions = length;
    c->max_positions = INT32_MAX;
    return 0;
}

int ift_config_rope(const struct ift_json *doc, int root, struct ift_config *c,
                    struct ift_err *err) {
    struct rope_source s;
    double theta, part;
    IFT_TRY(find_rope(doc, root, &s, &theta, err));
    IFT_TRY(ift_json_get_f64(doc, root, "partial_rotary_factor", 1, &part, err));
    IFT_TRY(ift_json_get_f64(doc, s.node, "partial_rotary_factor", part, &part, err));
    if (!(part > 0 && part <= 1)) return IFT_FAIL(err, "\"partial_rotary_factor\" is %g", part);
    IFT_TRY(ift_config_rope_plain(c, theta, (int64_t)((double)c->head_dim * part), err));
    struct ift_str kind = {0};
    int rc = get_text(doc, s.node, "rope_type", "", &kind, err);
    if (rc == 0 && !kind.n) rc = get_text(doc, s.node, "type", "default", &kind, err);
    if (rc == 0) rc = read_kind(&s, c, &kind, err);
    ift_str_release(&kind);
    return rc;
}

/* ---- sliding windows ---- */

/* layer_types must be what the other two keys say: full attention, then sliding. */
static int check_layer_types(const struct ift_json *doc, int list, const struct ift_config *c,
                             struct ift_err *err) {
    int64_t layer = 0;
    for (int v = ift_json_first(doc, list); v >= 0; v = ift_json_next(doc, list, v), layer++) {
        const bool slides = c->window && layer >= c->window_first;
        if (!ift_json_text_is(doc, v, slides ? "sliding_attention" : "full_attention"))
            return IFT_FAIL(err, "\"layer_types\": layer %lld is not what the other keys say",
                            (long long)layer);
    }
    if (layer != c->layers)
        return IFT_FAIL(err, "\"layer_types\" has %lld entries for %lld layers", (long long)layer,
                        (long long)c->layers);
    return 0;
}

int ift_config_window(const struct ift_json *doc, int root, bool slides, int64_t first,
                      struct ift_config *c, struct ift_err *err) {
    const int node = ift_json_get(doc, root, "sliding_window");
    const int list = ift_json_get(doc, root, "layer_types");
    IFT_TRY(ift_json_get_bool(doc, root, "use_sliding_window", slides, &slides, err));
    IFT_TRY(ift_json_get_i64(doc, root, "max_window_layers", first, &c->window_first, err));
    c->window = 0;
    if (!slides || ift_json_is(doc, node, IFT_JSON_NULL)) return 0;
    IFT_TRY(ift_config_size(doc, root, "sliding_window", 4096, &c->window, err));
    return ift_json_is(doc, list, IFT_JSON_ARRAY) ? check_layer_types(doc, list, c, err) : 0;
}
