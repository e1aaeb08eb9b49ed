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

/* The first of several beginnings; absent, null or negative: -1. */
static int read_token(const struct ift_json *doc, int root, const char *key,
                      const struct ift_config *c, int32_t *id, struct ift_err *err) {
    int64_t value;
    IFT_TRY(ift_json_get_i64(doc, root, key, -1, &value, err));
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
        IFT_TRY(read_token(doc, root, key, c, &c->eos[0], err));
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

int ift_config_set_dtype(const char *text, size_t n, enum ift_dtype dtype, struct ift_str *out,
                         struct ift_err *err) {
    struct ift_json doc = {0};
    IFT_TRY(ift_json_parse(&doc, text, n, err));
    if (!ift_json_is(&doc, 0, IFT_JSON_OBJECT)) {
        ift_json_release(&doc);
        return IFT_FAIL(err, "not an object");
    }
    const int node = ift_json_get(&doc, 0, dtype_key(&doc, 0));
    if (node >= 0) {
        const struct ift_slice raw = ift_json_raw(&doc, node);
        ift_str_add(out, text, (size_t)(raw.p - text));
        ift_str_addf(out, "\"%s\"", dtype_word(dtype));
        ift_str_add(out, raw.p + raw.n, n - (size_t)(raw.p + raw.n - text));
    } else {
        const char *const open = memchr(text, '{', n);
        const size_t head = (size_t)(open - text) + 1;
        const bool alone = ift_json_first(&doc, 0) < 0;
        ift_str_add(out, text, head);
        ift_str_addf(out, "\n  \"torch_dtype\": \"%s\"%s", dtype_word(dtype), alone ? "" : ",");
        ift_str_add(out, text + head, n - head);
    }
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
    IFT_TRY(read_token(doc, root, "bos_token_id", c, &c->bos, err));
    IFT_TRY(read_token(doc, root, "pad_token_id", c, &c->pad, err));
    IFT_TRY(ift_config_eos(doc, root, c, err));
    IFT_TRY(ift_json_get_f64(doc, root, "initializer_range", 0.02, &c->initializer_range, err));
    if (!(c->initializer_range >= 0 && c->initializer_range < 1e3))
        return IFT_FAIL(err, "\"initializer_range\" is %g", c->initializer_range);
    return read_dtype(doc, root, &c->dtype, err);
}

/* ---- rope ---- */

/* A number > 0 without which the kind makes no sense. */
static int read_factor(const struct ift_json *doc, int node, const char *key, double *value,
                       struct ift_err *err) {
    IFT_TRY(ift_json_get_f64(doc, node, key, 0, value, err));
    if (!(*value > 0 && *value < 1e9))
        return IFT_FAIL(err, "rope of kind llama3 needs \"%s\" > 0", key);
    return 0;
}

static int read_llama3(const struct ift_json *doc, int root, int node, struct ift_config *c,
                       struct ift_err *err) {
    static const char key[] = "original_max_position_embeddings";
    struct ift_rope *const r = &c->rope;
    r->kind = IFT_ROPE_LLAMA3;
    IFT_TRY(read_factor(doc, node, "factor", &r->factor, err));
    IFT_TRY(read_factor(doc, node, "low_freq_factor", &r->low_freq_factor, err));
    IFT_TRY(read_factor(doc, node, "high_freq_factor", &r->high_freq_factor, err));
    IFT_TRY(ift_config_size(doc, node, key, c->max_positions, &r->original_max_positions, err));
    IFT_TRY(ift_config_size(doc, root, key, r->original_max_positions, &r->original_max_positions,
                            err));
    if (r->low_freq_factor == r->high_freq_factor)
        return IFT_FAIL(err, "rope of kind llama3 with equal low_freq_factor and high_freq_factor");
    return 0;
}

int ift_config_rope(const struct ift_json *doc, int root, struct ift_config *c,
                    struct ift_err *err) {
    const int parameters = ift_json_get(doc, root, "rope_parameters");
    const bool new_style = ift_json_is(doc, parameters, IFT_JSON_OBJECT);
    int node = new_style ? parameters : ift_json_get(doc, root, "rope_scaling");
    if (ift_json_is(doc, node, IFT_JSON_NULL)) node = -1;
    if (node >= 0 && !ift_json_is(doc, node, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "\"rope_scaling\" is not an object");

    struct ift_rope *const r = &c->rope;
    *r = (struct ift_rope){.kind = IFT_ROPE_DEFAULT, .dims = c->head_dim};
    IFT_TRY(ift_json_get_f64(doc, root, "rope_theta", 10000.0, &r->theta, err));
    if (new_style) IFT_TRY(ift_json_get_f64(doc, node, "rope_theta", r->theta, &r->theta, err));
    if (!(r->theta > 0 && r->theta < 1e30)) return IFT_FAIL(err, "\"rope_theta\" is %g", r->theta);
    if (r->dims % 2)
        return IFT_FAIL(err, "heads of %lld channels cannot rotate: not even", (long long)r->dims);

    struct ift_str kind = {0};
    int rc = get_text(doc, node, "rope_type", "", &kind, err);
    if (rc == 0 && !kind.n) rc = get_text(doc, node, "type", "default", &kind, err);
    if (rc == 0 && strcmp(kind.p, "llama3") == 0) rc = read_llama3(doc, root, node, c, err);
    else if (rc == 0 && strcmp(kind.p, "default") != 0)
        rc = IFT_FAIL(err, "rope of kind \"%s\" is not supported, only default and llama3", kind.p);
    ift_str_release(&kind);
    return rc;
}
