/* The tables with a row for each id get another number of them, and tied ones come apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/model/model_internal.h"
#include "libcore/model/vocab_files.h"

const struct ift_tensor *ift_model_table(const struct ift_model *m, size_t i) {
    const struct ift_arch *const a = m->arch;
    const char *const name[IFT_MODEL_TABLES] = {a->embed_name, a->head_name, a->head_bias_name};
    return i < IFT_MODEL_TABLES && name[i] ? ift_model_find(m, name[i]) : NULL;
}

/* Replaces the value of a key in config_text. */
static int set_key(struct ift_model *m, const char *key, const char *value, struct ift_err *err) {
    struct ift_str text = {0};
    IFT_TRY(ift_config_set(m->config_text.p, m->config_text.n, key, value, &text, err));
    ift_str_release(&m->config_text);
    m->config_text = text;
    return 0;
}

/* Families differ in what they call the number, and some write two. */
static int set_vocab_size(struct ift_model *m, int64_t rows, struct ift_err *err) {
    static const char *const keys[] = {"padded_vocab_size", "vocab_size"};
    char value[32];
    snprintf(value, sizeof value, "%lld", (long long)rows);
    for (size_t i = 0; i < 2; i++) {
        struct ift_json doc = {0};
        IFT_TRY(ift_json_parse(&doc, m->config_text.p, m->config_text.n, err));
        const bool there = ift_json_get(&doc, 0, keys[i]) >= 0;
        ift_json_release(&doc);
        if (there) IFT_TRY(set_key(m, keys[i], value, err));
    }
    return ift_model_configure(m, err);
}

static int resize_table(struct ift_model *m, const struct ift_tensor *old, int64_t rows, bool keep,
                        struct ift_err *err) {
    struct ift_tensor t = *old;
    const size_t row = old->bytes / (size_t)old->dim[0];
    t.dim[0] = rows;
    if (ift_shape_count(t.ndim, t.dim) < 0)
        return IFT_FAIL(err, "%lld rows of \"%s\" are too many", (long long)rows, t.name);
    void *const data = ift_alloc0((size_t)rows, row);
    if (keep) memcpy(data, old->data, old->bytes);
    t.data = data;
    t.bytes = (size_t)rows * row;
    ift_weights_put(m->weights, &t, data);
    return 0;
}

int ift_model_resize(struct ift_model *m, int64_t rows, bool keep, struct ift_err *err) {
    if (rows > INT32_MAX) return IFT_FAIL(err, "%lld ids are too many", (long long)rows);
    for (size_t i = 0; i < IFT_MODEL_TABLES; i++) {
        const struct ift_tensor *const t = ift_model_table(m, i);
        if (t) IFT_TRY(resize_table(m, t, rows, keep, err));
    }
    return set_vocab_size(m, rows, err);
}

int ift_model_widen(struct ift_model *m, int64_t rows, struct ift_err *err) {
    return ift_model_resize(m, rows, false, err);
}

int ift_model_untie(struct ift_model *m, struct ift_err *err) {
    if (!m->config.tied) return 0;
    if (!ift_model_find(m, m->arch->head_name)) {
        struct ift_tensor head = *ift_model_find(m, m->arch->embed_name);
        head.name = m->arch->head_name;
        ift_weights_put(m->weights, &head, NULL);
        const size_t n = ift_weights_count(m->weights);
        m->slot = ift_realloc(m->slot, n, sizeof *m->slot);
        m->slot[n - 1] = (struct ift_model_slot){0};
    }
    IFT_TRY(set_key(m, "tie_word_embeddings", "false", err));
    return ift_model_configure(m, err);
}

void ift_model_adopt_vocab(struct ift_model *m, const char *dir) {
    if (!ift_vocab_files_there(dir)) return;
    free(m->vocab);
    m->vocab = ift_strdup(dir);
}

const char *ift_model_vocab(const struct ift_model *m) {
    return m->vocab ? m->vocab : m->dir;
}

bool ift_model_is_grown(const struct ift_model *m) {
    return m->grown;
}

int ift_model_save_vocab(const struct ift_model *m, struct ift_outdir *f, struct ift_err *err) {
    if (!m->vocab) return 0;
    IFT_TRY(ift_vocab_files_settings(m->dir, m->vocab, f, err));
    return ift_vocab_files_write(m->dir, m->vocab, f, err);
}
