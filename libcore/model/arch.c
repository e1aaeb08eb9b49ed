#include "libcore/model/arch.h"

#include <string.h>

enum { MAX_LAYERS = 10000 }; /* the description of each takes memory before any weight is seen */

extern const struct ift_arch ift_arch_llama, ift_arch_mistral, ift_arch_qwen, ift_arch_qwen2,
    ift_arch_qwen3, ift_arch_internlm, ift_arch_internlm2, ift_arch_baichuan, ift_arch_gpt2,
    ift_arch_moss, ift_arch_chatglm, ift_arch_chatglm2, ift_arch_bloom;

static const struct ift_arch *const all[] = {
    &ift_arch_llama,     &ift_arch_mistral,
    &ift_arch_qwen,      &ift_arch_qwen2,
    &ift_arch_qwen3,     &ift_arch_internlm,
    &ift_arch_internlm2, &ift_arch_baichuan,
    &ift_arch_gpt2,      &ift_arch_moss,
    &ift_arch_chatglm,   &ift_arch_chatglm2,
    &ift_arch_bloom,     NULL,
};

/* The known model_types, each once. */
static void list_types(struct ift_str *out) {
    for (const struct ift_arch *const *a = all; *a; a++) {
        for (const char *const *type = (*a)->model_types; *type; type++) {
            bool listed = false;
            for (const struct ift_arch *const *b = all; b < a && !listed; b++) {
                for (const char *const *other = (*b)->model_types; *other && !listed; other++)
                    listed = strcmp(*other, *type) == 0;
            }
            if (!listed) ift_str_addf(out, "%s%s", out->n ? ", " : "", *type);
        }
    }
}

static const struct ift_arch *find(const char *model_type, const struct ift_json *doc,
                                   struct ift_err *err) {
    bool known = false;
    for (const struct ift_arch *const *a = all; *a; a++) {
        for (const char *const *type = (*a)->model_types; *type; type++) {
            if (strcmp(*type, model_type) != 0) continue;
            if (!(*a)->knows || (*a)->knows(doc, 0)) return *a;
            known = true;
        }
    }
    if (known) {
        ift_fail(err, "model_type \"%s\" with the keys of none of the models so called",
                 model_type);
        return NULL;
    }
    struct ift_str types = {0};
    list_types(&types);
    ift_fail(err, "model_type \"%s\" is not known, only %s", model_type, types.p);
    ift_str_release(&types);
    return NULL;
}

int ift_arch_place(const struct ift_arch *arch, const struct ift_config *c, const int32_t *id,
                   int64_t n, struct ift_place *p, struct ift_err *err) {
    *p = (struct ift_place){.turn = IFT_NO_TURN};
    return arch && arch->place ? arch->place(c, id, n, p, err) : 0;
}

static int configure(const struct ift_json *doc, const struct ift_arch **arch, struct ift_config *c,
                     struct ift_err *err) {
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "not an object");
    struct ift_str type = {0};
    int rc = ift_json_get_str(doc, 0, "model_type", NULL, &type, err);
    if (rc == 0 && !type.n) rc = IFT_FAIL(err, "missing \"model_type\"");
    if (rc == 0) rc = (*arch = find(type.p, doc, err)) ? 0 : -1;
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
