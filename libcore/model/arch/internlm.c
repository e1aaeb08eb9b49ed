/* internlm.c: InternLM 1 (modeling_internlm.py, published beside the weights): LLaMA with biases
 * all around attention, and rope whose base grows with the sequence. */
#include "libcore/model/decoder.h"

/* "rotary" {"base", "type", "scaling_factor"}; the class's default is to grow. */
static int read_rope(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    const int rotary = ift_json_get(doc, root, "rotary");
    const int type = ift_json_get(doc, rotary, "type");
    double base, factor;
    IFT_TRY(ift_json_get_f64(doc, rotary, "base", 10000, &base, err));
    IFT_TRY(ift_json_get_f64(doc, rotary, "scaling_factor", 1, &factor, err));
    IFT_TRY(ift_config_rope_plain(c, base, c->head_dim, err));
    if (ift_json_text_is(doc, type, "origin")) return 0;
    if (type >= 0 && !ift_json_text_is(doc, type, "dynamic"))
        return IFT_FAIL(err, "\"rotary\": the type is neither origin nor dynamic");
    return ift_config_rope_grows(c, IFT_ROPE_DYNAMIC, factor, c->max_positions, err);
}

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.max_positions = 2048, .norm_eps = 1e-6};
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    IFT_TRY(ift_json_get_bool(doc, root, "bias", true, &c->qkv_bias, err));
    c->o_bias = c->qkv_bias;
    return read_rope(doc, root, c, err);
}

static const char *const model_types[] = {"internlm", NULL};

extern const struct ift_arch ift_arch_internlm;
const struct ift_arch ift_arch_internlm = {
    .name = "internlm",
    .model_types = model_types,
    .configure = configure,
    IFT_ARCH_USUAL,
};
