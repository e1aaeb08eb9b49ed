#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"
#include "libcore/model/model_internal.h"
#include "libcore/model/vocab_files.h"
#include "libcore/tensor/safetensors.h"

static const size_t shard_default = 5000000000; /* what transformers split at for years */

/* ---- the other files ---- */

static bool is_weights(const char *name) {
    static const char *const patterns[] = {
        "*.safetensors",
        "*.safetensors.index.json",
        "pytorch_model*.bin",
        "pytorch_model*.bin.index.json",
        "*.pt",
        "*.pth",
        "*.ckpt",
        "*.h5",
        "*.msgpack",
        "*.gguf",
        "*.onnx",
        "adapter_model.bin",
        NULL,
    };
    for (const char *const *p = patterns; *p; p++) {
        if (fnmatch(*p, name, 0) == 0) return true;
    }
    return false;
}

static int is_copied(const struct dirent *e) {
    return e->d_name[0] != '.' && strcmp(e->d_name, "config.json") != 0 && !is_weights(e->d_name);
}

int ift_model_copy_files(const char *from, const char *vocab, struct ift_outdir *f,
                         struct ift_err *err) {
    struct dirent **entry;
    const int n = scandir(from, &entry, is_copied, alphasort);
    if (n < 0) return ift_fail_errno(err, "%s", from);
    int rc = 0;
    for (int i = 0; i < n; i++) {
        if (rc == 0 && !(vocab && ift_vocab_files_replace(vocab, entry[i]->d_name)))
            rc = ift_vocab_files_copy(from, entry[i]->d_name, entry[i]->d_name, f, err);
        free(entry[i]);
    }
    free(entry);
    return rc == 0 && vocab ? ift_vocab_files_write(from, vocab, f, err) : rc;
}

/* ---- weights ---- */

/* Tensors t[begin, end) go to one file. */
struct shard {
    size_t begin, end;
    char name[64];
};

/* Consecutive tensors fill a shard until the next would pass the limit; one that is larger stands
 * alone. */
static size_t split(const struct ift_tensor *t, size_t n, size_t limit, struct shard **out) {
    size_t count = 0, cap = 0, used = 0;
    for (size_t i = 0; i < n; i++) {
        if (!count || used + t[i].bytes > limit) {
            *out = ift_grow(*out, count + 1, &cap, sizeof **out);
            (*out)[count++] = (struct shard){.begin = i};
            used = 0;
        }
        (*out)[count - 1].end = i + 1;
        used += t[i].bytes;
    }
    for (size_t s = 0; s < count; s++) {
        char *const name = (*out)[s].name;
        if (count == 1)
            snprintf(name, sizeof(*out)[s].name, "model.safetensors");
        else
            snprintf(name, sizeof(*out)[s].name, "model-%05zu-of-%05zu.safetensors", s + 1, count);
    }
    return count;
}

static int write_index(const char *path, const struct ift_tensor *t, const struct shard *shard,
                       size_t count, struct ift_err *err) {
    struct ift_str text = {0};
    size_t total = 0;
    for (size_t i = 0; i < shard[count - 1].end; i++) total += t[i].bytes;
    ift_str_addf(&text, "{\n  \"metadata\": {\n    \"total_size\": %zu\n  },\n  \"weight_map\": {",
                 total);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = shard[s].begin; i < shard[s].end; i++) {
            ift_str_adds(&text, i ? ",\n    " : "\n    ");
            ift_json_quote(&text, t[i].name, strlen(t[i].name));
            ift_str_addf(&text, ": \"%s\"", shard[s].name);
        }
    }
    ift_str_adds(&text, "\n  }\n}\n");
    const int rc = ift_out_text(path, ift_str_slice(&text), err);
    ift_str_release(&text);
    return rc;
}

static int write_weights(struct ift_outdir *f, const struct ift_tensor *t, size_t n,
                         const struct ift_model_save *how, struct ift_err *err) {
    struct shard *shard = NULL;
    const size_t count = split(t, n, how->shard_bytes ? how->shard_bytes : shard_default, &shard);
    int rc = 0;
    for (size_t s = 0; rc == 0 && s < count; s++) {
        rc = ift_safetensors_write_from(ift_outdir_path(f, shard[s].name), t + shard[s].begin,
                                        shard[s].end - shard[s].begin, NULL, 0, how->lender, err);
    }
    if (rc == 0 && count > 1)
        rc = write_index(ift_outdir_path(f, "model.safetensors.index.json"), t, shard, count, err);
    free(shard);
    return rc;
}

int ift_model_write_files(struct ift_outdir *f, const struct ift_tensor *t, size_t n,
                          const struct ift_model_save *how, const struct ift_str *config_text,
                          struct ift_err *err) {
    struct ift_str changed = {0};
    const struct ift_str *text = config_text;
    int rc = write_weights(f, t, n, how, err);
    if (rc == 0 && how->dtype) {
        rc = ift_config_set_dtype(text->p, text->n, *how->dtype, &changed, err);
        text = &changed;
    }
    if (rc == 0 && how->provenance)
        rc = ift_out_text(ift_outdir_path(f, "provenance.json"), ift_slice(how->provenance), err);
    if (rc == 0) rc = ift_out_text(ift_outdir_path(f, "config.json"), ift_str_slice(text), err);
    ift_str_release(&changed);
    return rc;
}

int ift_model_save(const struct ift_model *m, const char *dir, const struct ift_tensor *t, size_t n,
                   const struct ift_model_save *how, struct ift_err *err) {
    struct ift_outdir *f;
    IFT_TRY(ift_outdir_open(&f, dir, how->into ? IFT_OUTDIR_INTO : IFT_OUTDIR_NEW, err));
    int rc = ift_model_copy_files(m->dir, m->vocab, f, err);
    if (rc == 0) rc = ift_model_write_files(f, t, n, how, &m->config_text, err);
    if (rc == 0) return ift_outdir_commit(f, err);
    ift_outdir_abandon(f);
    return rc;
}
