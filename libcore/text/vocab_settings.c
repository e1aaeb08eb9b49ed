/* What the settings of a folder say about its tokens (vocab_folder.h). */
#include "libcore/text/vocab_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/io/stream.h"
#include "libcore/text/tokenizer_internal.h"
#include "libcore/text/vocab_family.h"

const char *const ift_vocab_folder_file[] = {"tokenizer_config.json", "special_tokens_map.json",
                                             "added_tokens.json", "config.json"};

static char *join(const char *folder, const char *file) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", folder, file);
    return ift_str_take(&path);
}

bool ift_vocab_folder_has(const struct ift_vocab_folder *f, const char *file) {
    struct stat st;
    char *const path = join(f->path, file);
    const bool there = stat(path, &st) == 0;
    free(path);
    return there;
}

int ift_vocab_folder_slurp(const struct ift_vocab_folder *f, const char *file, struct ift_str *text,
                           struct ift_err *err) {
    char *const path = join(f->path, file);
    const int rc = ift_in_slurp(path, text, 0, err);
    if (rc < 0) ift_str_release(text);
    free(path);
    return rc;
}

int ift_vocab_folder_fail_in(const struct ift_vocab_folder *f, const char *file, int rc,
                             struct ift_err *err) {
    if (rc < 0) ift_fail_in(err, "%s/%s", f->path, file);
    return rc;
}

int ift_vocab_folder_open(struct ift_vocab_folder *f, struct ift_err *err) {
    for (int i = 0; i < IFT_VOCAB_FOLDER_FILES; i++) {
        if (ift_vocab_folder_has(f, ift_vocab_folder_file[i]))
            IFT_TRY(ift_vocab_folder_slurp(f, ift_vocab_folder_file[i], &f->text[i], err));
        else
            ift_str_adds(&f->text[i], "null");
        const struct ift_slice s = ift_str_slice(&f->text[i]);
        IFT_TRY(ift_vocab_folder_fail_in(f, ift_vocab_folder_file[i],
                                         ift_json_parse(&f->doc[i], s.p, s.n, err), err));
    }
    return 0;
}

void ift_vocab_folder_close(struct ift_vocab_folder *f) {
    for (int i = 0; i < IFT_VOCAB_FOLDER_FILES; i++) {
        ift_json_release(&f->doc[i]);
        ift_str_release(&f->text[i]);
    }
    ift_added_release(&f->added);
}

/* ---- which tokens there are beside the vocabulary ---- */

static const char *const special_keys[] = {"bos_token",  "eos_token", "unk_token",
                                           "pad_token",  "sep_token", "cls_token",
                                           "mask_token", "end_token", "gmask_token"};

/* "name", {"content": "name", …}, or nothing. */
void ift_vocab_folder_name(const struct ift_json *doc, int node, struct ift_str *name) {
    ift_str_clear(name);
    if (ift_json_is(doc, node, IFT_JSON_OBJECT)) node = ift_json_get(doc, node, "content");
    if (ift_json_is(doc, node, IFT_JSON_STRING)) ift_json_text(doc, node, name);
}

static int gather_special(struct ift_vocab_folder *f, const struct ift_json *doc,
                          struct ift_err *err) {
    struct ift_str name = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof special_keys / sizeof *special_keys; i++) {
        ift_vocab_folder_name(doc, ift_json_get(doc, 0, special_keys[i]), &name);
        rc = ift_added_special(&f->added, ift_str_slice(&name), err);
    }
    const int more = ift_json_get(doc, 0, "additional_special_tokens");
    if (ift_json_is(doc, more, IFT_JSON_ARRAY))
        for (int v = ift_json_first(doc, more); rc == 0 && v >= 0;
             v = ift_json_next(doc, more, v)) {
            ift_vocab_folder_name(doc, v, &name);
            rc = ift_added_special(&f->added, ift_str_slice(&name), err);
        }
    ift_str_release(&name);
    return rc;
}

/* {"name": id, …}; and {"id": {"content": "name", …}, …}. */
static int gather_ids(struct ift_vocab_folder *f, const struct ift_json *doc, int object,
                      bool by_id, struct ift_err *err) {
    struct ift_str key = {0};
    int rc = 0;
    if (!ift_json_is(doc, object, IFT_JSON_OBJECT)) return 0;
    for (int k = ift_json_first(doc, object); rc == 0 && k >= 0;) {
        const int value = ift_json_next(doc, object, k);
        long long id;
        ift_str_clear(&key);
        ift_json_text(doc, k, &key);
        const struct ift_slice number = by_id ? ift_str_slice(&key) : ift_json_raw(doc, value);
        struct ift_added_token token = {.name = ift_str_slice(&key)};
        if (!ift_parse_i64(number, &id) || id < 0 || id >= IFT_ADDED_MOST_IDS)
            rc = IFT_FAIL(err, "the id of an added token is not between 0 and %d",
                          IFT_ADDED_MOST_IDS - 1);
        token.id = rc < 0 ? -1 : (int32_t)id;
        if (rc == 0)
            rc = by_id ? ift_added_read(&f->added, doc, value, id, err)
                       : ift_added_put(&f->added, &token, err);
        k = ift_json_next(doc, object, value);
    }
    ift_str_release(&key);
    return rc;
}

/* These libraries look for such tokens in the text as it is. */
int ift_vocab_folder_added(struct ift_vocab_folder *f, const struct ift_vocab_family *family,
                           struct ift_err *err) {
    const struct ift_json *const config = &f->doc[IFT_VOCAB_FOLDER_CONFIG];
    const char *const own[] = {family->bos, family->eos, family->pad};
    IFT_TRY(ift_vocab_folder_fail_in(f, ift_vocab_folder_file[IFT_VOCAB_FOLDER_ADDED],
                                     gather_ids(f, &f->doc[IFT_VOCAB_FOLDER_ADDED], 0, false, err),
                                     err));
    const int decoder = ift_json_get(config, 0, "added_tokens_decoder");
    IFT_TRY(ift_vocab_folder_fail_in(f, ift_vocab_folder_file[IFT_VOCAB_FOLDER_CONFIG],
                                     gather_ids(f, config, decoder, true, err), err));
    for (int i = IFT_VOCAB_FOLDER_CONFIG; i <= IFT_VOCAB_FOLDER_SPECIAL; i++)
        IFT_TRY(ift_vocab_folder_fail_in(f, ift_vocab_folder_file[i],
                                         gather_special(f, &f->doc[i], err), err));
    for (size_t i = 0; i < 3; i++)
        if (own[i]) IFT_TRY(ift_added_special(&f->added, ift_slice(own[i]), err));
    return 0;
}

int ift_vocab_folder_behind(struct ift_vocab_folder *f, const struct ift_tokenizer *t,
                            const struct ift_vocab_family *family, struct ift_err *err) {
    uint32_t id = (uint32_t)t->vocab.n;
    struct ift_str name = {0};
    int rc = 0;
    for (size_t i = 0; family->behind && family->behind[i]; i++)
        IFT_TRY(ift_added_behind(&f->added, id++, ift_slice(family->behind[i]), err));
    for (unsigned i = 0; rc == 0 && i < family->count; i++) {
        ift_str_clear(&name);
        ift_str_addf(&name, "%s%u|>", family->numbered, family->from + i);
        rc = ift_added_behind(&f->added, id++, ift_str_slice(&name), err);
    }
    ift_str_release(&name);
    return rc;
}

/* ---- which of them begin, end and fill a text ---- */

int32_t ift_vocab_folder_find(const struct ift_tokenizer *t, struct ift_slice name) {
    const int32_t id = ift_tokenizer_control(t, name.p, name.n);
    return id >= 0 ? id : ift_vocab_find(&t->vocab, name.p, name.n);
}

/* null: there is none. */
static int read_special(const struct ift_tokenizer *t, const struct ift_json *doc, const char *key,
                        int32_t *id, struct ift_err *err) {
    const int node = ift_json_get(doc, 0, key);
    if (node < 0) return 0;
    *id = -1;
    if (ift_json_is(doc, node, IFT_JSON_NULL)) return 0;
    if (!ift_json_is(doc, node, IFT_JSON_STRING) && !ift_json_is(doc, node, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "\"%s\" is not the name of a token", key);
    struct ift_str name = {0};
    int rc = 0;
    ift_vocab_folder_name(doc, node, &name);
    if (name.n > 0) {
        *id = ift_vocab_folder_find(t, ift_str_slice(&name));
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
    return 0;
}

int ift_vocab_folder_settings(const struct ift_vocab_folder *f, struct ift_tokenizer *t,
                              struct ift_err *err) {
    IFT_TRY(ift_vocab_folder_fail_in(f, ift_vocab_folder_file[IFT_VOCAB_FOLDER_SPECIAL],
                                     read_settings(t, &f->doc[IFT_VOCAB_FOLDER_SPECIAL], err),
                                     err));
    return ift_vocab_folder_fail_in(f, ift_vocab_folder_file[IFT_VOCAB_FOLDER_CONFIG],
                                    read_settings(t, &f->doc[IFT_VOCAB_FOLDER_CONFIG], err), err);
}
