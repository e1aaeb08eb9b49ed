/* baichuan.c: Baichuan and Baichuan 2, 7B and 13B (modeling_baichuan.py, published beside the
 * weights): LLaMA with queries, keys and values from one matrix. The 13B ones count the distance of
 * keys against them in place of rope; the second ones divide the rows of the output projection by
 * their length. No key says either: rope has a max_position_embeddings, the second ones a
 * vocabulary of 125696, and where that was changed a "norm_head" of ours. */
#include "libcore/model/decoder.h"

static int configure(const struct ift_json *doc, int root, struct ift_config *c,
                     struct ift_err *err) {
    static const struct ift_decoder_defaults def = {.max_positions = 4096, .norm_eps = 1e-6};
    double z_loss;
    IFT_TRY(ift_decoder_configure(doc, root, &def, c, err));
    IFT_TRY(ift_json_get_f64(doc, root, "z_loss_weight", 0, &z_loss, err));
    if (z_loss != 0) return IFT_FAIL(err, "\"z_loss_weight\" is %g: only 0 is supported", z_loss);
    IFT_TRY(ift_json_get_bool(doc, root, "norm_head", c->vocab == 125696, &c->norm_head, err));
    if (ift_json_get(doc, root, "max_position_embeddings") >= 0)
        return ift_config_rope_plain(c, 10000, c->head_dim, err);
    c->alibi = true;
    c->max_positions = INT32_MAX;
    return 0;
}

static const struct ift_decoder parts = {IFT_DECODER_USUAL, .qkv = "W_pack"};

static ift_val forward(struct ift_build *b) {
    return ift_decoder_forward(b, &parts);
}

static const struct ift_arch_gguf gguf = {.name = "llama",
                                          .alibi = "baichuan",
                                          .alibi_layers = 40,
                                          .pairs = true,
                                          .any_head_dim = true};

static const char *const model_types[] = {"baichuan", NULL};
static const char *const buffers[] = {".rotary_emb.inv_freq", NULL};
static const char *const lora_targets[] = {"W_pack", NULL};
static const char *const linear_suffixes[] = {"W_pack",  "o_proj",    "gate_proj",
                                              "up_proj", "down_proj", NULL};

extern const struct ift_arch ift_arch_baichuan;
const struct ift_arch ift_arch_baichuan = {
    .name = "baichuan",
    .model_types = model_types,
    .configure = configure,
    .forward = forward,
    .embed_name = "model.embed_tokens.weight",
    .head_name = "lm_head.weight",
    .buffers = buffers,
    .lora_targets = lora_targets,
    .linear_suffixes = linear_suffixes,
    .parts = &parts,
    .gguf = &gguf,
};
