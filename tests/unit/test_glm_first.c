/* ChatGLM as it was first released: a model of those ids, and its vocabulary. */
#include <sys/stat.h>

#include "libcore/text/tokenizer.h"
#include "tests/unit/glm_case.h"

/* It has 20,000 images before its texts, so that every id is as much higher, and its config.json
 * leaves [MASK] and [gMASK] to the defaults. */
enum { FIRST_VOCAB = 150528, IMAGES = 20000, FIRST_MASK = 150000, FIRST_SOP = 150004 };

/* A folder as the first release was, with the weights of a case: its rows lie `raised` further down
 * in matrices of the release's size that are zero elsewhere. */
static void write_first(const char *dir, const char *made, int32_t raised) {
    static const char config[] =
        "{\"architectures\": [\"ChatGLMModel\"], \"bos_token_id\": 150004, \"eos_token_id\": "
        "150005,"
        " \"hidden_size\": 60, \"inner_hidden_size\": 148, \"layernorm_epsilon\": 1e-05,"
        " \"max_sequence_length\": 64, \"model_type\": \"chatglm\", \"num_attention_heads\": 3,"
        " \"num_layers\": 3, \"position_encoding_2d\": true, \"vocab_size\": 150528}";
    struct ift_err err = {0};
    struct ift_safetensors *const from = golden_open(dir, "model/model.safetensors");
    const size_t n = ift_safetensors_count(from);
    struct ift_tensor *const t = ift_alloc(n * sizeof *t);
    void **const raised_data = ift_alloc0(n, sizeof *raised_data);
    for (size_t i = 0; i < n; i++) {
        t[i] = *ift_safetensors_at(from, i);
        if (strcmp(t[i].name, "lm_head.weight") != 0 && !strstr(t[i].name, "word_embeddings"))
            continue;
        const size_t row = t[i].bytes / (size_t)t[i].dim[0];
        raised_data[i] = ift_alloc0(FIRST_VOCAB, row);
        memcpy((char *)raised_data[i] + (size_t)raised * row, t[i].data, t[i].bytes);
        t[i].dim[0] = FIRST_VOCAB;
        t[i].data = raised_data[i];
        t[i].bytes = FIRST_VOCAB * row;
    }
    CHECK(mkdir(made, 0777) == 0);
    char *const weights = golden_join(made, "model.safetensors"), *const file =
                                                                      golden_join(made,
                                                                                  "config.json");
    CHECK_OK(ift_safetensors_write(weights, t, n, NULL, 0, &err), &err);
    FILE *const f = fopen(file, "w");
    CHECK(f && fputs(config, f) >= 0 && fclose(f) == 0);
    for (size_t i = 0; i < n; i++) free(raised_data[i]);
    free(raised_data);
    free(t);
    free(weights);
    free(file);
    ift_safetensors_free(from);
}

/* The logits of the case at the higher ids, zero at all others. */
static double raised_error(struct golden_run *r, const struct documents *d, int32_t raised,
                           const struct ift_tensor *want) {
    struct ift_err err = {0};
    const int64_t n = d->batch.tokens, width = want->dim[2];
    float *const got = ift_alloc((size_t)n * FIRST_VOCAB * sizeof *got),
                 *const a = ift_alloc((size_t)(n * width) * sizeof *a),
                 *const b = ift_alloc((size_t)(n * width) * sizeof *b);
    CHECK_OK(ift_exec_download(r->x, got, r->logits, n, &err), &err);
    int64_t others = 0;
    for (int64_t i = 0; i < n; i++) {
        const float *const row = got + i * FIRST_VOCAB;
        memcpy(a + i * width, row + raised, (size_t)width * sizeof *a);
        memcpy(b + i * width, (const float *)want->data + d->place[i] * width,
               (size_t)width * sizeof *b);
        for (int64_t v = 0; v < FIRST_VOCAB; v++)
            others += row[v] != 0 && (v < raised || v >= raised + width);
    }
    CHECK_INT(others, 0);
    const double e = golden_error(a, b, (size_t)(n * width));
    free(got);
    free(a);
    free(b);
    return e;
}

static void check_model(const char *dir, const char *name) {
    struct ift_model *const later = open_model(dir, "model");
    const int32_t raised = FIRST_SOP - ift_model_config(later)->bos;
    ift_model_free(later);
    write_first(dir, name, raised);
    struct ift_model *const m = open_model(name, "");
    const struct ift_config *const c = ift_model_config(m);
    CHECK_INT(c->mask, FIRST_MASK);
    CHECK_INT(c->gmask, FIRST_MASK + 1);
    CHECK_INT(c->bos, FIRST_SOP);
    CHECK_INT(c->neos, 1);
    CHECK_INT(c->eos[0], FIRST_SOP + 1);
    struct ift_safetensors *const io = golden_open(dir, "io.safetensors");
    struct documents d = {0};
    struct golden_run r;
    read_documents(&d, m, io, raised);
    check_positions(&d, io);
    describe(&r, m, NULL, false);
    run(&r, &d.batch);
    const double e = raised_error(&r, &d, raised, golden_find(io, "", "logits")),
                 noise = golden_number(dir, "noise", "logits", NULL);
    golden_check(name, "logits", e, fmax(1e-5, 4 * noise));
    printf("%s: logits %.2g (noise of the original %.2g)\n", name, e, noise);
    golden_run_release(&r);
    ift_batch_release(&d.batch);
    ift_safetensors_free(io);
    ift_model_free(m);
    struct ift_model *const frozen = open_model(name, "");
    continuing(dir, name, frozen, raised);
    ift_model_free(frozen);
}

static struct ift_tokenizer *open_vocab(const char *dir, const char *config) {
    struct ift_err err = {0};
    struct ift_tokenizer *t = NULL;
    char *const model = golden_path("SHARED", "tok/chatglm/ice_text.model"),
                *const link = golden_join(dir, "ice_text.model"),
                *const file = golden_join(dir, "tokenizer_config.json");
    CHECK(mkdir(dir, 0777) == 0 && symlink(model, link) == 0);
    FILE *const f = fopen(file, "w");
    CHECK(f && fputs(config, f) >= 0 && fclose(f) == 0);
    CHECK_OK(ift_tokenizer_open(&t, dir, &err), &err);
    free(model);
    free(link);
    free(file);
    if (!t) exit(1);
    return t;
}

/* What its tokenizer makes of a text: the later release's ids, each higher by the images. */
static void check_vocabulary(void) {
    static const char text[] = "\xe4\xbd\xa0\xe5\xa5\xbd, two  blanks\n\tand 3.14";
    struct ift_err err = {0};
    struct ift_tokens ids[2] = {{0}, {0}};
    struct ift_tokenizer *const t[2] =
        {open_vocab("vocab.first", "{\"tokenizer_class\": \"ChatGLMTokenizer\"}"),
         open_vocab("vocab.later",
                    "{\"tokenizer_class\": \"ChatGLMTokenizer\", \"num_image_tokens\": 0}")};
    for (int i = 0; i < 2; i++) {
        struct ift_encoder *const e = ift_encoder_new(t[i]);
        CHECK_OK(ift_encoder_encode(e, text, sizeof text - 1, NULL, &ids[i], &err), &err);
        ift_encoder_free(e);
    }
    CHECK(ids[1].n > 8);
    CHECK_INT(ids[0].n, ids[1].n);
    for (size_t i = 0; i < ids[0].n && i < ids[1].n; i++)
        CHECK_INT(ids[0].id[i], ids[1].id[i] + IMAGES);
    const struct ift_tokenizer_info *const info = ift_tokenizer_info(t[0]);
    CHECK_INT(info->nbefore + info->nafter, 2);
    CHECK_INT(info->after[0], FIRST_MASK + 1);
    CHECK_INT(info->after[1], FIRST_SOP);
    CHECK_INT(info->eos, FIRST_SOP + 1);
    CHECK_INT(ift_tokenizer_control(t[0], "[MASK]", 6), FIRST_MASK);
    for (int i = 0; i < 2; i++) {
        ift_tokens_release(&ids[i]);
        ift_tokenizer_free(t[i]);
    }
}

int main(void) {
    struct ift_err err = {0};
    char *const dir = golden_path("SHARED", "golden/model/chatglm-6b"),
                *const vocab = golden_path("SHARED", "tok/chatglm/ice_text.model");
    if (!dir && !vocab) check_skip("SHARED has no golden/model/chatglm-6b and no tok/chatglm");
    CHECK_OK(ift_device_open(&device, "cpu", 2, &err), &err);
    if (check_failures) return 1;
    if (dir) check_model(dir, "chatglm-6b.first");
    if (vocab) check_vocabulary();
    free(vocab);
    free(dir);
    ift_device_close(&device);
    return check_done();
}
