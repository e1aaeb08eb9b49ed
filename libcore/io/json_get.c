/* json_get.c: members of configuration files, by key and type. */
#include <math.h>

#include "libcore/io/json.h"

static const char *const type_name[] = {"null",     "false",    "true",     "a number",
                                        "a string", "an array", "an object"};

/* The member, or -1 when absent or null. */
static int member(const struct ift_json *doc, int object, const char *key) {
    const int v = ift_json_get(doc, object, key);
    return ift_json_is(doc, v, IFT_JSON_NULL) ? -1 : v;
}

static int wrong_type(const struct ift_json *doc, int v, const char *key, const char *want,
                      struct ift_err *err) {
    return IFT_FAIL(err, "\"%s\" is %s, expected %s", key, type_name[doc->node[v].type], want);
}

int ift_json_get_f64(const struct ift_json *doc, int object, const char *key, double def,
                     double *value, struct ift_err *err) {
    const int v = member(doc, object, key);
    *value = def;
    if (v < 0) return 0;
    if (!ift_json_is(doc, v, IFT_JSON_NUMBER)) return wrong_type(doc, v, key, "a number", err);
    if (!ift_parse_f64(ift_json_raw(doc, v), value))
        return IFT_FAIL(err, "\"%s\" is out of range", key);
    return 0;
}

int ift_json_get_i64(const struct ift_json *doc, int object, const char *key, int64_t def,
                     int64_t *value, struct ift_err *err) {
    const int v = member(doc, object, key);
    *value = def;
    if (v < 0) return 0;
    if (!ift_json_is(doc, v, IFT_JSON_NUMBER))
        return wrong_type(doc, v, key, "a whole number", err);
    long long whole;
    double real;
    if (ift_parse_i64(ift_json_raw(doc, v), &whole)) {
        *value = whole;
    } else if (ift_parse_f64(ift_json_raw(doc, v), &real) && fabs(real) <= 0x1p53 &&
               real == floor(real)) {
        *value = (int64_t)real; /* written as 2048.0 or 1e6 */
    } else {
        const struct ift_slice raw = ift_json_raw(doc, v);
        return IFT_FAIL(err, "\"%s\" is %.*s, expected a whole number", key,
                        (int)(raw.n < 40 ? raw.n : 40), raw.p);
    }
    return 0;
}

int ift_json_get_bool(const struct ift_json *doc, int object, const char *key, bool def,
                      bool *value, struct ift_err *err) {
    const int v = member(doc, object, key);
    *value = def;
    if (v < 0) return 0;
    const bool is_true = ift_json_is(doc, v, IFT_JSON_TRUE);
    if (!is_true && !ift_json_is(doc, v, IFT_JSON_FALSE))
        return wrong_type(doc, v, key, "true or false", err);
    *value = is_true;
    return 0;
}

int ift_json_get_str(const struct ift_json *doc, int object, const char *key, const char *def,
                     struct ift_str *out, struct ift_err *err) {
    const int v = member(doc, object, key);
    if (v < 0) {
        if (def) ift_str_adds(out, def);
        return 0;
    }
    if (!ift_json_is(doc, v, IFT_JSON_STRING)) return wrong_type(doc, v, key, "a string", err);
    ift_json_text(doc, v, out);
    return 0;
}
