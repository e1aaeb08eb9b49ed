#include "libcore/model/vocab_files.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/str.h"
#include "libcore/io/stream.h"
#include "libcore/model/model_internal.h"

static const char *const vocabularies[] = {
    "tokenizer.json", "*.model",      "*.tiktoken", "vocab.json",
    "merges.txt",     "encoder.json", "vocab.bpe",  NULL,
};
static const char *const settings[] = {
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "chat_template.jinja",   "chat_template.json",      NULL,
};

static bool is_listed(const char *const *pattern, const char *name) {
    for (; *pattern; pattern++) {
        if (fnmatch(*pattern, name, FNM_PERIOD) == 0) return true;
    }
    return false;
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool ift_vocab_files_has(const char *dir, const char *name) {
    char *const path = ift_model_path(dir, name);
    const bool there = is_folder(dir) && access(path, F_OK) == 0;
    free(path);
    return there;
}

bool ift_vocab_files_replace(const char *vocab, const char *name) {
    return is_listed(vocabularies, name) ||
           (is_listed(settings, name) && ift_vocab_files_has(vocab, name));
}

static int is_vocabulary(const struct dirent *e) {
    return is_listed(vocabularies, e->d_name);
}

static int is_either(const struct dirent *e) {
    return is_vocabulary(e) || is_listed(settings, e->d_name);
}

static void free_entries(struct dirent **entry, int n) {
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
}

bool ift_vocab_files_there(const char *dir) {
    struct dirent **entry;
    const int n = scandir(dir, &entry, is_vocabulary, alphasort);
    if (n < 0) return false;
    free_entries(entry, n);
    return n > 0;
}

static int copy_file(const char *from, const char *to, struct ift_err *err) {
    FILE *const in = fopen(from, "rbe");
    if (!in) return ift_fail_errno(err, "%s", from);
    struct ift_out *out = NULL;
    char block[1 << 16];
    int rc = ift_out_open(&out, to, err);
    for (size_t n; rc == 0 && (n = fread(block, 1, sizeof block, in)) > 0;)
        rc = ift_out_write(out, block, n, err);
    if (rc == 0 && ferror(in)) rc = ift_fail_errno(err, "%s: cannot read", from);
    fclose(in);
    if (rc == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return rc;
}

int ift_vocab_files_copy(const char *from, const char *name, const char *to, struct ift_outdir *f,
                         struct ift_err *err) {
    char *const path = ift_model_path(from, name);
    struct stat st; /* of what a link leads to: that is how the hub's cache keeps files */
    int rc = 0;
    if (stat(path, &st) != 0)
        rc = ift_fail_errno(err, "%s", path);
    else if (S_ISREG(st.st_mode))
        rc = copy_file(path, ift_outdir_path(f, to), err);
    free(path);
    return rc;
}

/* The name that a vocabulary of this file's kind goes by in the folder. */
static int name_in(const char *dir, const char *vocab, struct ift_str *name, struct ift_err *err) {
    const char *const end = strrchr(vocab, '.');
    const bool json = end && strcmp(end, ".json") == 0, model = end && strcmp(end, ".model") == 0;
    if (!json && !model && !(end && strcmp(end, ".tiktoken") == 0))
        return IFT_FAIL(err, "%s: neither a .model, .json or .tiktoken nor a folder", vocab);
    const char *const slash = strrchr(vocab, '/');
    ift_str_adds(name, json    ? "tokenizer.json"
                       : model ? "tokenizer.model"
                       : slash ? slash + 1
                               : vocab);
    if (json) return 0;
    struct dirent **entry;
    const int n = scandir(dir, &entry, is_vocabulary, alphasort);
    if (n < 0) return ift_fail_errno(err, "%s", dir);
    for (int i = 0; i < n; i++) {
        const char *const other = strrchr(entry[i]->d_name, '.');
        if (!other || strcmp(other, end) != 0) continue;
        ift_str_clear(name);
        ift_str_adds(name, entry[i]->d_name);
    }
    free_entries(entry, n);
    return 0;
}

static int write_file(const char *from, const char *vocab, struct ift_outdir *f,
                      struct ift_err *err) {
    struct ift_str name = {0};
    int rc = name_in(from, vocab, &name, err);
    if (rc == 0) rc = copy_file(vocab, ift_outdir_path(f, name.p), err);
    ift_str_release(&name);
    return rc;
}

int ift_vocab_files_write(const char *from, const char *vocab, struct ift_outdir *f,
                          struct ift_err *err) {
    if (!is_folder(vocab)) return write_file(from, vocab, f, err);
    struct dirent **entry;
    const int n = scandir(vocab, &entry, is_either, alphasort);
    if (n < 0) return ift_fail_errno(err, "%s", vocab);
    int rc = 0;
    for (int i = 0; rc == 0 && i < n; i++)
        rc = ift_vocab_files_copy(vocab, entry[i]->d_name, entry[i]->d_name, f, err);
    free_entries(entry, n);
    return rc;
}

int ift_vocab_files_settings(const char *from, const char *vocab, struct ift_outdir *f,
                             struct ift_err *err) {
    for (const char *const *name = settings; *name; name++) {
        if (ift_vocab_files_has(from, *name) && !ift_vocab_files_has(vocab, *name))
            IFT_TRY(ift_vocab_files_copy(from, *name, *name, f, err));
    }
    return 0;
}
