/* config.json of LLaMA models in every spelling, and what is refused. */
#include "libcore/model/arch.h"
#include "libcore/model/rope_table.h"
#include "libcore/tensor/tensor.h"
#include "tests/unit/check.h"

#define BASE                                                                                       \
    "\"model_type\":\"llama\",\"vocab_size\":100,\"hidden_size\":64,\"intermediate_size\":80,"     \
    "\"num_hidden_layers\":2,\"num_attention_heads\":8"

static struct ift_config read_ok(const char *text) {
    struct ift_err err = {0};
    struct ift_config c = {{0}, .vocab = 0};
    const struct ift_arch *arch = NULL;
    if (ift_arch_configure(text, strlen(text), &arch, &c, &err) < 0) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        check_failures++;
    }
    return c;
}

static void refused(const char *text, const char *because) {
    struct ift_err err = {0};
    struct ift_config c;
    const struct ift_arch *arch = NULL;
    const int rc = ift_arch_configure(text, strlen(text), &arch, &c, &err);
    if (rc == 0 || !strstr(err.text, because))
        fprintf(stderr, "%s: \"%s\", expected \"%s\"\n", text, err.text, because);
    CHECK(rc < 0 && strstr(err.text, because));
}

static void defaults(void) {
    const struct ift_config c = read_ok("{" BASE "}");
    CHECK_STR(c.model_type, "llama");
    CHECK_INT(c.head_dim, 8);
    CHECK_INT(c.kv_heads, 8);
    CHECK_INT(c.max_positions, 2048);
    CHECK_NEAR(c.norm_eps, 1e-6, 0);
    CHECK_NEAR(c.rope.theta, 10000, 0);
    CHECK_INT(c.rope.kind, IFT_ROPE_DEFAULT);
    CHECK(!c.tied && !c.qkv_bias && !c.o_bias && !c.mlp_bias);
    CHECK_INT(c.bos, -1);
    CHECK_INT(c.pad, -1);
    CHECK_INT(c.embed_pad, -1);
    CHECK_INT(c.neos, 0);
    CHECK_INT(c.dtype, IFT_F32);
    CHECK_INT(c.act, IFT_ACT_SILU);
}

static void spellings(void) {
    struct ift_config c = read_ok("{" BASE ",\"torch_dtype\":\"bfloat16\",\"rope_theta\":5e5,"
                                  "\"rope_scaling\":null,\"head_dim\":null,\"pad_token_id\":null}");
    CHECK_INT(c.dtype, IFT_BF16);
    CHECK_NEAR(c.rope.theta, 5e5, 0);
    CHECK_INT(c.head_dim, 8);
    c = read_ok(
        "{" BASE ",\"dtype\":\"float16\",\"torch_dtype\":\"float32\",\"head_dim\":16,"
        "\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":77},\"rope_theta\":1}");
    CHECK_INT(c.dtype, IFT_F16);
    CHECK_NEAR(c.rope.theta, 77, 0);
    CHECK_INT(c.head_dim, 16);
    CHECK_INT(c.rope.dims, 16);
#define LLAMA3 "\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0"
    c = read_ok("{" BASE
                ",\"max_position_embeddings\":4096,\"rope_scaling\":{\"type\":\"llama3\"," LLAMA3
                "}}");
    CHECK_INT(c.rope.kind, IFT_ROPE_LLAMA3);
    CHECK_INT(c.rope.original_max_positions, 4096);
    c = read_ok("{" BASE ",\"rope_scaling\":{\"rope_type\":\"llama3\"," LLAMA3
                ",\"original_max_position_embeddings\":512}}");
    CHECK_INT(c.rope.original_max_positions, 512);
    c = read_ok("{" BASE ",\"original_max_position_embeddings\":256,\"rope_parameters\":{\"rope_"
                "type\":\"llama3\"," LLAMA3
                ",\"original_max_position_embeddings\":512,\"rope_theta\":2}}");
    CHECK_INT(c.rope.original_max_positions, 256);
}

static void tokens(void) {
    struct ift_config c =
        read_ok("{" BASE ",\"bos_token_id\":1,\"eos_token_id\":[2,99],\"pad_token_id\":0}");
    CHECK_INT(c.bos, 1);
    CHECK_INT(c.neos, 2);
    CHECK_INT(c.eos[1], 99);
    CHECK_INT(c.pad, 0);
    CHECK_INT(c.embed_pad, 0);
    /* nn.Embedding counts a negative padding_idx from the end; as a token it is none. */
    c = read_ok("{" BASE ",\"eos_token_id\":7,\"pad_token_id\":-1}");
    CHECK_INT(c.neos, 1);
    CHECK_INT(c.pad, -1);
    CHECK_INT(c.embed_pad, 99);
    refused("{" BASE ",\"eos_token_id\":100}", "eos_token_id");
    refused("{" BASE ",\"eos_token_id\":[1,\"x\"]}", "eos_token_id");
    refused("{" BASE ",\"eos_token_id\":[1,2,3,4,5,6,7,8,9]}", "more than");
    refused("{" BASE ",\"pad_token_id\":100}", "pad_token_id");
    refused("{" BASE ",\"pad_token_id\":-101}", "pad_token_id");
    refused("{" BASE ",\"bos_token_id\":100}", "bos_token_id");
}

static void refusals(void) {
    refused("", "column");
    refused("[]", "not an object");
    refused("{}", "model_type");
    refused("{\"model_type\":\"nollama\"}", "\"nollama\" is not known, only llama, mistral, ");
    refused("{\"model_type\":\"llama\"}", "missing \"vocab_size\"");
    refused("{" BASE ",\"num_key_value_heads\":3}", "share");
    refused("{" BASE ",\"num_key_value_heads\":0}", "num_key_value_heads");
    refused("{" BASE ",\"num_hidden_layers\":99999999999}", "num_hidden_layers");
    refused("{" BASE ",\"num_hidden_layers\":2147483647}", "at most 10000");
    refused("{" BASE ",\"head_dim\":7}", "not even");
    refused("{" BASE ",\"hidden_act\":\"tanh\"}", "tanh");
    refused("{" BASE ",\"rope_scaling\":{\"type\":\"linear\"}}", "kind linear needs \"factor\"");
    refused("{" BASE ",\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":-1}}", "factor");
    refused("{" BASE ",\"rope_scaling\":{\"rope_type\":\"yarn\"}}", "kind yarn needs \"factor\"");
    refused("{" BASE ",\"rope_scaling\":{\"rope_type\":\"longrope\",\"factor\":2.0}}", "longrope");
    refused("{" BASE ",\"partial_rotary_factor\":0}", "partial_rotary_factor");
    refused("{" BASE ",\"rope_scaling\":{\"rope_type\":\"llama3\"}}", "factor");
    refused("{" BASE ",\"rope_scaling\":7}", "rope_scaling");
    refused("{" BASE ",\"rope_theta\":-1}", "rope_theta");
    refused("{" BASE ",\"dtype\":\"int4\"}", "int4");
    refused("{" BASE ",\"vocab_size\":\"many\"}", "vocab_size");
    refused("{" BASE ",\"tie_word_embeddings\":1}", "tie_word_embeddings");
    refused("{" BASE ",\"quantization_config\":{\"bits\":4}}", "quantized");
}

#define SIZES                                                                                      \
    "\"vocab_size\":100,\"hidden_size\":128,\"num_hidden_layers\":4,"                              \
    "\"intermediate_size\":80,\"num_attention_heads\":32"

/* What each family takes for granted. */
static void families(void) {
    struct ift_config c = read_ok("{\"model_type\":\"mistral\"," SIZES "}");
    CHECK_INT(c.kv_heads, 8);
    CHECK_INT(c.window, 4096);
    CHECK_INT(c.window_first, 0);
    c = read_ok("{\"model_type\":\"mistral\"," SIZES ",\"sliding_window\":null}");
    CHECK_INT(c.window, 0);
    c = read_ok("{\"model_type\":\"qwen2\"," SIZES ",\"sliding_window\":8}");
    CHECK(c.qkv_bias && !c.o_bias && c.window == 0);
    CHECK_INT(c.max_positions, 32768);
    c = read_ok("{\"model_type\":\"qwen3\"," SIZES
                ",\"use_sliding_window\":true,\"max_window_layers\":3,\"sliding_window\":8,"
                "\"layer_types\":[\"full_attention\",\"full_attention\",\"full_attention\","
                "\"sliding_attention\"]}");
    CHECK_INT(c.head_dim, 128);
    CHECK_INT(c.window, 8);
    CHECK_INT(c.window_first, 3);
    refused("{\"model_type\":\"qwen3\"," SIZES
            ",\"use_sliding_window\":true,\"layer_types\":[\"sliding_attention\"]}",
            "layer 0 is not what");
    c = read_ok("{\"model_type\":\"internlm\"," SIZES "}");
    CHECK(c.qkv_bias && c.o_bias && !c.mlp_bias);
    CHECK_INT(c.rope.kind, IFT_ROPE_DYNAMIC);
    CHECK_INT(c.rope.original_max_positions, 2048);
    CHECK_INT(c.max_positions, INT32_MAX);
    c = read_ok("{\"model_type\":\"internlm\"," SIZES
                ",\"bias\":false,\"rotary\":{\"base\":300,\"type\":\"origin\"}}");
    CHECK(!c.qkv_bias && c.rope.kind == IFT_ROPE_DEFAULT && c.max_positions == 2048);
    CHECK_NEAR(c.rope.theta, 300, 0);
    c = read_ok("{\"model_type\":\"baichuan\"," SIZES "}");
    CHECK(c.alibi && !c.norm_head);
    c = read_ok("{\"model_type\":\"baichuan\",\"hidden_size\":64,\"intermediate_size\":80,"
                "\"num_hidden_layers\":4,\"num_attention_heads\":32,\"vocab_size\":125696,"
                "\"max_position_embeddings\":4096}");
    CHECK(!c.alibi && c.norm_head);
    c = read_ok("{\"model_type\":\"qwen\"," SIZES ",\"kv_channels\":2,\"seq_length\":16,"
                "\"use_dynamic_ntk\":false}");
    CHECK(c.qkv_bias && !c.o_bias && c.rope.log_n && c.rope.kind == IFT_ROPE_DEFAULT);
    CHECK_INT(c.intermediate, 40);
    CHECK_INT(c.rope.original_max_positions, 16);
    refused("{\"model_type\":\"qwen\"," SIZES ",\"kv_channels\":2}", "cannot grow");
    refused("{\"model_type\":\"qwen\"," SIZES ",\"rotary_pct\":0.5}", "rotary_pct");
}

static void dtype_text(const char *text, const char *want) {
    struct ift_err err = {0};
    struct ift_str out = {0};
    CHECK_OK(ift_config_set_dtype(text, strlen(text), IFT_BF16, &out, &err), &err);
    CHECK_STR(out.p, want);
    ift_str_release(&out);
}

/* The bands of llama3 scaling: unscaled, blended, divided; against the formula in double. */
static void rope(void) {
    const struct ift_rope r = {.kind = IFT_ROPE_LLAMA3,
                               .dims = 64,
                               .theta = 10000,
                               .factor = 8,
                               .low_freq_factor = 1,
                               .high_freq_factor = 4,
                               .original_max_positions = 512};
    float freq[32], table[3 * 32 * 2];
    int bands[3] = {0};
    ift_rope_table_frequencies(&r, 0, freq);
    ift_rope_table_fill(&r, 3, table);
    for (int i = 0; i < 32; i++) {
        const double f = pow(10000, -2.0 * i / 64), wave = 2 * M_PI / f;
        const double s = (512 / wave - 1) / (4 - 1);
        const int band = wave < 128 ? 0 : wave > 512 ? 2 : 1;
        const double want = band == 0 ? f : band == 2 ? f / 8 : (1 - s) * f / 8 + s * f;
        bands[band]++;
        CHECK_NEAR(freq[i], want, 1e-6 * want);
        CHECK_NEAR(table[2 * (32 + i)], cos(want), 1e-6);
        CHECK_NEAR(table[2 * (64 + i) + 1], sin(2 * want), 1e-6);
        CHECK_NEAR(table[2 * i], 1, 0);
        CHECK_NEAR(table[2 * i + 1], 0, 0);
    }
    CHECK(bands[0] && bands[1] && bands[2]);
}

/* Frequencies as f16 stores them: 11 bits, or multiples of 2^-24 below 2^-14. */
static void rope_of_f16(void) {
    const struct ift_rope r = {.dims = 64, .theta = 1e6, .f16_frequencies = true};
    struct ift_err err = {0};
    float freq[32], plain[32], back[32];
    uint16_t half[32];
    struct ift_rope wide = r;
    wide.f16_frequencies = false;
    ift_rope_table_frequencies(&r, 0, freq);
    ift_rope_table_frequencies(&wide, 0, plain);
    CHECK_OK(ift_from_f32(half, IFT_F16, plain, 32, &err), &err);
    CHECK_OK(ift_to_f32(back, half, IFT_F16, 32, &err), &err);
    for (int i = 0; i < 32; i++) CHECK_NEAR(freq[i], back[i], 0);
    CHECK(memcmp(freq, plain, sizeof freq) != 0);
}

int main(void) {
    defaults();
    spellings();
    tokens();
    refusals();
    families();
    dtype_text("{ \"dtype\" : \"float32\" , \"x\":1}\n", "{ \"dtype\" : \"bfloat16\" , \"x\":1}\n");
    dtype_text("{\"torch_dtype\":\"float16\"}", "{\"torch_dtype\":\"bfloat16\"}");
    dtype_text("{\n  \"x\": 1\n}", "{\n  \"torch_dtype\": \"bfloat16\",\n  \"x\": 1\n}");
    rope();
    rope_of_f16();
    return check_done();
}
