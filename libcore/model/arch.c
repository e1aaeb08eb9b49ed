#include "libcore/model/arch.h"

#include <string.h>

enum { MAX_LAYERS = 10000 }; /* the description of each takes memory before any weight is seen */

extern const struct ift_arch ift_arch_llama;

static const struct ift_arch *const all[] = {&ift_arch_llama, NULL};

const struct ift_arch *const *ift_arch_all(void) {
    return all;
}

const struct ift_arch *ift_arch_find(const char *model_type, struct ift_err *err) {
    struct ift_str known = {0};
    for (const struct ift_arch *const *a = all; *a; a++) {
        for (const char *const *type = (*a)->model_types; *type; type++) {
            if (strcmp(*type, model_type) == 0) {
                ift_str_release(&known);
                return *a;
            }
            ift_str_addf(&known, "%s%s", known.n ? ", " : "", *type);
        }
    }
    ift_fail(err, "model_type \"%s\" is not known, only %s", model_type, known.p);
    ift_str_release(&known);
    return NULL;
}

static int configure(const struct ift_json *doc, const struct ift_arch **arch, struct ift_config *c,
                     struct ift_err *err) {
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "not an object");
    struct ift_str type = {0};
    int rc = ift_json_get_str(doc, 0, "model_type", NULL, &type, err);
    if (rc == 0 && !type.n) rc = IFT_FAIL(err, "missing \"model_type\"");
    if (rc == 0) rc = (*arch = ift_arch_find(type.p, err)) ? 0 : -1;
    ift_str_release(&type);
    IFT_TRY(rc);
    const int quantized = ift_json_get(doc, 0, "quantization_config");
    if (quantized >= 0 && !ift_json_is(doc, quantized, IFT_JSON_NULL))
        return IFT_FAIL(err, "\"quantization_config\": quantized weights are not supported");
    *c = (struct ift_config){0};
    IFT_TRY((*arch)->configure(doc, 0, c, err));
    if (c->layers > MAX_LAYERS)
        return IFT_FAIL(err, "%lld layers, at most %d", (long long)c->layers, MAX_LAYERS);
    return 0;
}

int ift_arch_configure(const char *text, size_t n, const struct ift_arch **arch,
                       struct ift_config *c, struct ift_err *err) {
    struct ift_json doc = {0};
    int rc = ift_json_parse(&doc, text, n, err);
    if (rc == 0) rc = configure(&doc, arch, c, err);
    ift_json_release(&doc);
    return rc;
}
