/* Which modules an adapter_config.json means, by PEFT's rules, and what of it is refused. */
#include "libcore/peft/lora_config.h"
#include "libcore/peft/pattern.h"
#include "tests/unit/check.h"

static const struct ift_arch *llama(void) {
    static const char config[] =
        "{\"model_type\":\"llama\",\"vocab_size\":100,\"hidden_size\":64,\"intermediate_size\":80,"
        "\"num_hidden_layers\":2,\"num_attention_heads\":8}";
    struct ift_err err = {0};
    const struct ift_arch *arch = NULL;
    struct ift_config c;
    CHECK_OK(ift_arch_configure(config, strlen(config), &arch, &c, &err), &err);
    return arch;
}

static int parse(const char *text, struct ift_lora_config *c, struct ift_err *err) {
    struct ift_json doc = {0};
    int rc = ift_json_parse(&doc, text, strlen(text), err);
    if (rc == 0) rc = ift_lora_config_read(c, &doc, 0, llama(), err);
    ift_json_release(&doc);
    return rc;
}

static struct ift_lora_config read_ok(const char *text) {
    struct ift_err err = {0};
    struct ift_lora_config c = {0};
    if (parse(text, &c, &err) < 0) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        check_failures++;
    }
    return c;
}

static void refused(const char *text, const char *because) {
    struct ift_err err = {0};
    struct ift_lora_config c = {0};
    const int rc = parse(text, &c, &err);
    if (rc == 0 || !strstr(err.text, because))
        fprintf(stderr, "%s: \"%s\", expected \"%s\"\n", text, err.text, because);
    CHECK(rc < 0 && strstr(err.text, because));
    ift_lora_config_release(&c);
}

/* Does the configuration mean the module? want: '1' or '0' for each of these modules. */
static void means(const char *text, const char *want) {
    static const char *const modules[] = {
        "model.layers.0.self_attn.q_proj",
        "model.layers.0.mlp.up_proj",
        "model.layers.1.self_attn.q_proj",
        "model.layers.11.self_attn.v_proj",
    };
    struct ift_lora_config c = read_ok(text);
    char got[5] = {0};
    for (int i = 0; i < 4; i++) got[i] = ift_lora_config_targets(&c, modules[i]) ? '1' : '0';
    if (strcmp(got, want) != 0) fprintf(stderr, "%s\n", text);
    CHECK_STR(got, want);
    ift_lora_config_release(&c);
}

static void targets(void) {
    means("{}", "1011");
    means("{\"target_modules\":null}", "1011");
    means("{\"target_modules\":[\"q_proj\"]}", "1010");
    means("{\"target_modules\":[\"_proj\",\"proj\"]}", "0000");
    means("{\"target_modules\":[\"self_attn.q_proj\",\"model.layers.0.mlp.up_proj\"]}", "1110");
    means("{\"target_modules\":\"all-linear\"}", "1111");
    means("{\"target_modules\":\"ALL-linear\",\"exclude_modules\":[\"up_proj\"]}", "1011");
    means("{\"target_modules\":\".*\\\\.(q_proj|v_proj)\"}", "1011");
    means("{\"target_modules\":\"q_proj\"}", "0000");
    means("{\"target_modules\":\"model\\\\.layers\\\\.\\\\d\\\\.self_attn.*\"}", "1010");
    means("{\"target_modules\":\"(?!.*mlp).*\",\"exclude_modules\":\".*11.*\"}", "1010");
    means("{\"target_modules\":[\"q_proj\",\"v_proj\"],\"layers_to_transform\":[0,11]}", "1001");
    means("{\"target_modules\":[\"q_proj\",\"v_proj\"],\"layers_to_transform\":1}", "0010");
    means("{\"target_modules\":[\"q_proj\",\"v_proj\"],\"layers_to_transform\":[]}", "1011");
    means("{\"target_modules\":[\"q_proj\"],\"layers_to_transform\":[1],\"layers_pattern\":"
          "\"layers\"}",
          "0010");
    means("{\"target_modules\":[\"q_proj\"],\"layers_to_transform\":[1],\"layers_pattern\":[\"h\","
          "\"layers\"]}",
          "0010");
    means("{\"target_modules\":[\"q_proj\"],\"layers_to_transform\":[1],\"layers_pattern\":"
          "\"blocks\"}",
          "0000");
    means("{\"target_modules\":[\"model.layers.0.mlp.up_proj\"],\"layers_to_transform\":[1]}",
          "0100");
}

static void scales(void) {
    struct ift_lora_config c = read_ok(
        "{\"r\":4,\"lora_alpha\":6,\"rank_pattern\":{\"self_attn.q_proj\":2,\"q_proj\":16,\"layers."
        "\\\\d+.mlp.*\":3},"
        "\"alpha_pattern\":{\"^model.layers.1.self_attn.q_proj\":10}}");
    CHECK_INT(ift_lora_config_rank(&c, "model.layers.0.self_attn.q_proj"), 2);
    CHECK_INT(ift_lora_config_rank(&c, "x.q_proj"), 16);
    CHECK_INT(ift_lora_config_rank(&c, "model.layers.10.mlp.up_proj"), 3);
    CHECK_INT(ift_lora_config_rank(&c, "model.layers.0.self_attn.v_proj"), 4);
    CHECK_NEAR(ift_lora_config_scale(&c, "model.layers.0.self_attn.v_proj"), 1.5, 0);
    CHECK_NEAR(ift_lora_config_scale(&c, "model.layers.0.self_attn.q_proj"), 3, 0);
    CHECK_NEAR(ift_lora_config_scale(&c, "model.layers.1.self_attn.q_proj"), 5, 0);
    ift_lora_config_release(&c);
    c = read_ok("{\"r\":16,\"lora_alpha\":8,\"use_rslora\":true}");
    CHECK_NEAR(ift_lora_config_scale(&c, "q_proj"), 2, 0);
    ift_lora_config_release(&c);
    c = read_ok("{\"r\":16}");
    CHECK_NEAR(ift_lora_config_scale(&c, "q_proj"), 0.5, 0);
    ift_lora_config_release(&c);
}

static void refusals(void) {
    static const char *const fine[] = {
        /* what PEFT 0.2 of the first Alpaca adapters wrote, and keys without effect of all times */
        "{\"base_model_name_or_path\":\"x\",\"bias\":\"none\",\"enable_lora\":null,\"fan_in_fan_"
        "out\":false,"
        "\"inference_mode\":true,\"lora_alpha\":16,\"lora_dropout\":0.05,\"merge_weights\":false,"
        "\"modules_to_save\":null,\"peft_type\":\"LORA\",\"r\":8,\"target_modules\":[\"q_proj\","
        "\"v_proj\"],"
        "\"task_type\":\"CAUSAL_LM\"}",
        "{\"init_lora_weights\":\"gaussian\",\"peft_version\":\"9\",\"loftq_config\":{\"a\":1},"
        "\"from_the_future\":[]}",
        "{\"init_lora_weights\":false,\"megatron_core\":\"megatron.core\",\"qalora_group_size\":"
        "16}",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct ift_lora_config c = read_ok(fine[i]);
        ift_lora_config_release(&c);
    }
    refused("{\"use_dora\":true}", "use_dora");
    refused("{\"bias\":\"lora_only\"}", "bias");
    refused("{\"bias\":\"all\"}", "bias");
    refused("{\"layer_replication\":[[0,4],[2,5]]}", "layer_replication");
    refused("{\"trainable_token_indices\":[1]}", "trainable_token_indices");
    refused("{\"from_the_future\":1}", "from_the_future");
    refused("{\"init_lora_weights\":\"pissa\"}", "pissa");
    refused("{\"task_type\":\"SEQ_CLS\"}", "SEQ_CLS");
    refused("{\"r\":0}", "rank");
    refused("{\"r\":-8}", "rank");
    refused("{\"r\":\"8\"}", "\"r\"");
    refused("{\"lora_dropout\":1}", "lora_dropout");
    refused("{\"rank_pattern\":{\"q_proj\":0}}", "rank_pattern");
    refused("{\"rank_pattern\":{\"q_proj\":1.5}}", "rank_pattern");
    refused("{\"rank_pattern\":[1]}", "rank_pattern");
    refused("{\"target_modules\":7}", "target_modules");
    refused("{\"target_modules\":[1]}", "target_modules");
    refused("{\"target_modules\":\"(a\"}", "pattern");
    refused("{\"layers_to_transform\":[\"a\"]}", "layers_to_transform");
    refused("{\"layers_pattern\":\"a.*b\"}", "layers_pattern");
}

/* Written and read again means the same. */
static void written(void) {
    static const char text[] = "{\"r\":4,\"lora_alpha\":6.5,\"lora_dropout\":0.1,\"use_rslora\":"
                               "true,\"target_modules\":[\"q_proj\",\"up_proj\"],"
                               "\"exclude_modules\":\".*11.*\",\"layers_to_transform\":[0,1],"
                               "\"layers_pattern\":\"layers\","
                               "\"rank_pattern\":{\"q_proj\":2},\"alpha_pattern\":{\"up_proj\":3}}";
    struct ift_lora_config a = read_ok(text);
    const struct ift_saved none = {0};
    struct ift_str once = {0}, again = {0};
    ift_lora_config_write(&a, &none, "base \"x\"", &once);
    struct ift_lora_config b = read_ok(once.p);
    ift_lora_config_write(&b, &none, "base \"x\"", &again);
    CHECK_STR(again.p, once.p);
    CHECK_NEAR(ift_lora_config_scale(&b, "model.layers.0.self_attn.q_proj"), 6.5 / sqrt(2), 1e-15);
    CHECK_NEAR(ift_lora_config_scale(&b, "model.layers.0.mlp.up_proj"), 1.5, 0);
    CHECK_NEAR(b.dropout, 0.1, 0);
    CHECK(!ift_lora_config_targets(&b, "model.layers.2.self_attn.q_proj"));
    ift_lora_config_release(&a);
    ift_lora_config_release(&b);
    ift_str_release(&once);
    ift_str_release(&again);
}

static void matches(const char *pattern, const char *yes, const char *no) {
    struct ift_err err = {0};
    struct ift_pattern *p = NULL;
    CHECK_OK(ift_pattern_new(&p, pattern, &err), &err);
    if (!p) return;
    if (yes && !ift_pattern_matches(p, yes))
        fprintf(stderr, "%s does not match %s\n", pattern, yes);
    if (no && ift_pattern_matches(p, no)) fprintf(stderr, "%s matches %s\n", pattern, no);
    CHECK(!yes || ift_pattern_matches(p, yes));
    CHECK(!no || !ift_pattern_matches(p, no));
    ift_pattern_free(p);
}

static void no_pattern(const char *pattern) {
    struct ift_err err = {0};
    struct ift_pattern *p = NULL;
    if (ift_pattern_new(&p, pattern, &err) == 0) fprintf(stderr, "%s is a pattern\n", pattern);
    CHECK(err.text[0]);
    ift_pattern_free(p);
}

static void patterns(void) {
    matches("", "", "a");
    matches("abc", "abc", "ab");
    matches("a|bc|", "bc", "c");
    matches("a|bc|", "", "ab");
    matches("a*b+c?", "bb", "aac");
    matches("a*?b+?c??", "aabc", "abcc");
    matches("(ab){2,3}", "ababab", "abababab");
    matches("(ab){2,3}", "abab", "ab");
    matches("(?:a|b){2}c{0}", "ab", "abc");
    matches("a{,2}", "aa", "aaa");
    matches("a{2,}", "aaaaaaaaaa", "a");
    matches("a{x}", "a{x}", "a");
    matches("[a-c_.-]+", "a.b_-c", "d");
    matches("[^a-c]", "d", "b");
    matches("[]a]", "]", "b");
    matches("[\\d.]+", "1.2", "a");
    matches("\\w+\\.\\d+\\s\\S\\D\\W", "ab_1.20 xx-", "ab_1.20 xxx");
    matches("^a$", "a", "aa");
    matches("a^b", NULL, "ab");
    matches("(a$|b)c?", "a", "ac");
    matches("(?=.*x).*y", "xy", "y");
    matches("(?!a).*", "b", "ab");
    matches("((a*)*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    static const char *const bad[] =
        {"(",       ")",      "a)",       "[a",        "[b-a]",
         "*",       "a**",    "a{3,2}",   "a{5000}",   "\\b",
         "(?<=a)b", "(a)\\1", "(?P<n>a)", "(?=(?=a))", "((((a{999}){999}){999}){999}){999}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) no_pattern(bad[i]);
}

int main(void) {
    targets();
    scales();
    refusals();
    written();
    patterns();
    return check_done();
}
