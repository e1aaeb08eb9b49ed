#include "libcore/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/text/tokenizer_internal.h"

const struct ift_tokenizer_info *ift_tokenizer_info(const struct ift_tokenizer *t) {
    return &t->info;
}

struct ift_slice ift_tokenizer_piece(const struct ift_tokenizer *t, uint32_t id, bool *control) {
    const enum ift_piece_kind kind = t->vocab.kind[id];
    if (control)
        *control = kind == IFT_PIECE_CONTROL || kind == IFT_PIECE_UNKNOWN || kind == IFT_PIECE_GAP;
    return ift_vocab_piece(&t->vocab, id);
}

int32_t ift_tokenizer_control(const struct ift_tokenizer *t, const char *name, size_t n) {
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, i);
        const enum ift_piece_kind kind = t->vocab.kind[i];
        if ((kind == IFT_PIECE_CONTROL || kind == IFT_PIECE_UNKNOWN) && s.n == n &&
            memcmp(s.p, name, n) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* ---- what lies beside the vocabulary ---- */

/* "name" or {"content": "name", …}; null: there is none. */
static int read_special(const struct ift_tokenizer *t, const struct ift_json *doc, const char *key,
                        int32_t *id, struct ift_err *err) {
    int node = ift_json_get(doc, 0, key);
    if (node < 0) return 0;
    *id = -1;
    if (ift_json_is(doc, node, IFT_JSON_NULL)) return 0;
    if (ift_json_is(doc, node, IFT_JSON_OBJECT)) node = ift_json_get(doc, node, "content");
    if (!ift_json_is(doc, node, IFT_JSON_STRING))
        return IFT_FAIL(err, "\"%s\" is not the name of a token", key);
    struct ift_str name = {0};
    ift_json_text(doc, node, &name);
    int rc = 0;
    if (name.n > 0) {
        *id = ift_tokenizer_control(t, name.p, name.n);
        if (*id < 0) *id = ift_vocab_find(&t->vocab, name.p, name.n);
        /* A padding token beyond the vocabulary is common, and rows are never padded with text. */
        if (*id < 0 && strcmp(key, "pad_token") != 0)
            rc = IFT_FAIL(err, "\"%s\": \"%.100s\" is not in the vocabulary", key, name.p);
    }
    ift_str_release(&name);
    return rc;
}

static int read_settings(struct ift_tokenizer *t, const struct ift_json *doc, struct ift_err *err) {
    struct ift_tokenizer_info *const info = &t->info;
    bool legacy;
    IFT_TRY(read_special(t, doc, "bos_token", &info->bos, err));
    IFT_TRY(read_special(t, doc, "eos_token", &info->eos, err));
    IFT_TRY(read_special(t, doc, "pad_token", &info->pad, err));
    IFT_TRY(ift_json_get_bool(doc, 0, "add_bos_token", info->add_bos, &info->add_bos, err));
    IFT_TRY(ift_json_get_bool(doc, 0, "add_eos_token", info->add_eos, &info->add_eos, err));
    IFT_TRY(ift_json_get_bool(doc, 0, "legacy", false, &legacy, err));
    if (legacy && t->normalizer.dummy_prefix) t->prefix_everywhere = true;
    info->add_bos = info->add_bos && info->bos >= 0;
    info->add_eos = info->add_eos && info->eos >= 0;
    return 0;
}

static char *join(const char *folder, const char *file) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", folder, file);
    return ift_str_take(&path);
}

static bool exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

static int read_settings_file(struct ift_tokenizer *t, const char *folder, const char *file,
                              struct ift_err *err) {
    char *const path = join(folder, file);
    struct ift_str text = {0};
    struct ift_json doc = {0};
    int rc = 0;
    if (exists(path)) {
        rc = ift_in_slurp(path, &text, 0, err);
        if (rc == 0) {
            rc = ift_json_parse(&doc, text.p ? text.p : "", text.n, err);
            if (rc == 0) rc = read_settings(t, &doc, err);
            if (rc < 0) ift_fail_in(err, "%s", path);
        }
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    free(path);
    return rc;
}

/* ---- opening ---- */

static bool begins_json(struct ift_slice text) {
    size_t i = 0;
    while (i < text.n && strchr(" \t\r\n", text.p[i]) && text.p[i]) i++;
    return i < text.n && text.p[i] == '{';
}

/* Lines of base64, a space and a number. */
static bool is_tiktoken(struct ift_slice text) {
    const char *const end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    if (!end || end - text.p > 200) return false;
    const char *const space = memchr(text.p, ' ', (size_t)(end - text.p));
    if (!space || space + 1 == end) return false;
    for (const char *q = text.p; q < space; q++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", *q))
            return false;
    return strspn(space + 1, "0123456789") >= (size_t)(end - space - 1);
}

static int read_vocabulary(struct ift_tokenizer *t, const char *path, struct ift_err *err) {
    struct ift_str text = {0};
    IFT_TRY(ift_in_slurp(path, &text, 0, err));
    const struct ift_slice s = {text.p ? text.p : "", text.n};
    int rc;
    if (begins_json(s))
        rc = ift_tokenizer_read_json(t, s, err);
    else if (is_tiktoken(s))
        rc = IFT_FAIL(err,
                      "a tiktoken file, which is not supported; name the model's tokenizer.json");
    else
        rc = ift_tokenizer_read_model(t, s, err);
    ift_str_release(&text);
    if (rc < 0) ift_fail_in(err, "%s", path);
    t->info.size = (uint32_t)t->vocab.n;
    return rc;
}

static int open_folder(struct ift_tokenizer *t, const char *folder, struct ift_err *err) {
    static const char *const file[] = {"tokenizer.json", "tokenizer.model"};
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        char *const path = join(folder, file[i]);
        const bool found = exists(path);
        const int rc = found ? read_vocabulary(t, path, err) : 0;
        free(path);
        if (!found) continue;
        IFT_TRY(rc);
        IFT_TRY(read_settings_file(t, folder, "special_tokens_map.json", err));
        return read_settings_file(t, folder, "tokenizer_config.json", err);
    }
    return IFT_FAIL(err, "%s: neither tokenizer.json nor tokenizer.model is there", folder);
}

int ift_tokenizer_open(struct ift_tokenizer **t, const char *path, struct ift_err *err) {
    struct stat st;
    if (stat(path, &st) < 0) return ift_fail_errno(err, "%s", path);
    *t = ift_alloc0(1, sizeof **t);
    (*t)->info = (struct ift_tokenizer_info){.bos = -1, .eos = -1, .pad = -1, .unk = -1};
    const int rc = S_ISDIR(st.st_mode) ? open_folder(*t, path, err)
                                       : read_vocabulary(*t, path, err);
    (*t)->info.digest = ift_vocab_digest(&(*t)->vocab);
    if (rc == 0) return 0;
    ift_tokenizer_free(*t);
    *t = NULL;
    return -1;
}

void ift_tokenizer_free(struct ift_tokenizer *t) {
    if (!t) return;
    ift_vocab_release(&t->vocab);
    ift_normalizer_release(&t->normalizer);
    ift_bpe_release(&t->bpe);
    for (size_t i = 0; i < 2; i++) {
        ift_trie_release(&t->added[i]);
        ift_trie_release(&t->added_normal[i]);
    }
    ift_u64map_release(&t->manner);
    ift_u64map_release(&t->chars);
    ift_joins_release(&t->joins);
    ift_trie_release(&t->user);
    ift_unigram_release(&t->unigram);
    free(t->decoding.unknown);
    free(t);
}
