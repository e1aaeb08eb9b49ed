/* A model folder to tokenizer: which files hold its vocabulary, and what the settings beside them
 * add. tokenizer.json comes first, as in AutoTokenizer. */
#include "libcore/text/vocab_folder.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/text/tokenizer_internal.h"
#include "libcore/text/vocab_family.h"

static void set_around(struct ift_tokenizer *t, const struct ift_vocab_family *family) {
    struct ift_tokenizer_info *const info = &t->info;
    for (size_t i = 0; i < 3 && family->before[i]; i++)
        info->before[info->nbefore++] = ift_vocab_folder_find(t, ift_slice(family->before[i]));
    for (size_t i = 0; i < 3 && family->after[i]; i++)
        info->after[info->nafter++] = ift_vocab_folder_find(t, ift_slice(family->after[i]));
}

static void set_defaults(struct ift_tokenizer *t, const struct ift_vocab_family *family) {
    struct ift_tokenizer_info *const info = &t->info;
    if (family->bos) info->bos = ift_vocab_folder_find(t, ift_slice(family->bos));
    if (family->eos) info->eos = ift_vocab_folder_find(t, ift_slice(family->eos));
    if (family->pad) info->pad = ift_vocab_folder_find(t, ift_slice(family->pad));
    info->add_bos = family->add_bos;
}

static int read_files(struct ift_vocab_folder *f, struct ift_tokenizer *t,
                      const struct ift_vocab_family *family, struct ift_slice text,
                      struct ift_err *err) {
    struct ift_str merges = {0};
    int64_t first = 0;
    int rc = 0;
    if (family->icetk)
        IFT_TRY(ift_vocab_folder_fail_in(f, ift_vocab_folder_file[IFT_VOCAB_FOLDER_CONFIG],
                                         ift_json_get_i64(&f->doc[IFT_VOCAB_FOLDER_CONFIG], 0,
                                                          "num_image_tokens", 20000, &first, err),
                                         err));
    if (first < 0 || first > IFT_ADDED_MOST_IDS / 2)
        return IFT_FAIL(err, "%s/%s: \"num_image_tokens\" is out of range", f->path,
                        ift_vocab_folder_file[IFT_VOCAB_FOLDER_CONFIG]);
    if (family->merges) IFT_TRY(ift_vocab_folder_slurp(f, family->merges, &merges, err));
    switch (family->format) {
    case IFT_VOCAB_SENTENCEPIECE:
        rc = ift_tokenizer_read_model(t, text, (uint32_t)first, &f->added, err);
        break;
    case IFT_VOCAB_TIKTOKEN:
        rc = ift_tokenizer_read_tiktoken(t, text, &f->added, err);
        break;
    case IFT_VOCAB_GPT2:
        rc = ift_tokenizer_read_gpt2(t, text, ift_str_slice(&merges), &f->added, err);
        break;
    }
    ift_str_release(&merges);
    return ift_vocab_folder_fail_in(f, f->file, rc, err);
}

static int read_vocabulary(struct ift_vocab_folder *f, struct ift_tokenizer *t,
                           const struct ift_vocab_family *family, struct ift_slice text,
                           struct ift_err *err) {
    t->pretoken = family->pretoken;
    t->normalizer.nfc = family->nfc;
    t->icetk = family->icetk;
    IFT_TRY(ift_vocab_folder_added(f, family, err));
    IFT_TRY(read_files(f, t, family, text, err));
    IFT_TRY(ift_vocab_folder_behind(f, t, family, err));
    IFT_TRY(ift_added_finish(&f->added, t, false, err));
    set_defaults(t, family);
    IFT_TRY(ift_vocab_folder_settings(f, t, err));
    set_around(t, family);
    return 0;
}

static void get_marks(const struct ift_vocab_folder *f, struct ift_str mark[3]) {
    const struct ift_json *const config = &f->doc[IFT_VOCAB_FOLDER_CONFIG],
                                 *const model = &f->doc[IFT_VOCAB_FOLDER_MODEL];
    ift_vocab_folder_name(config, ift_json_get(config, 0, "tokenizer_class"), &mark[0]);
    ift_vocab_folder_name(model, ift_json_get(model, 0, "model_type"), &mark[1]);
    ift_vocab_folder_name(config, ift_json_get(config, 0, "bos_token"), &mark[2]);
}

/* Whether `f->file`, or the folder when that is NULL, may be of this family. A file of another name
 * is told by what the settings say alone. */
static bool has_files(const struct ift_vocab_folder *f, const struct ift_vocab_family *family) {
    const bool marks = family->class || family->model_type || family->bos_token;
    if (f->file)
        return family->format == IFT_VOCAB_TIKTOKEN &&
               (marks || strcmp(f->file, family->file) == 0);
    return ift_vocab_folder_has(f, family->file) &&
           (!family->merges || ift_vocab_folder_has(f, family->merges));
}

/* Sets f->file, where it is NULL, and *text to what is in it. Without a family: why. */
static const struct ift_vocab_family *choose(struct ift_vocab_folder *f, struct ift_str *text,
                                             struct ift_err *err) {
    const struct ift_vocab_family *family;
    const char *seen = NULL;
    struct ift_str mark[3] = {0};
    get_marks(f, mark);
    const struct ift_vocab_marks marks = {mark[0].n ? mark[0].p : "", mark[1].n ? mark[1].p : "",
                                          mark[2].n ? mark[2].p : ""};
    int rc = 0;
    for (size_t i = 0; (family = ift_vocab_family(i)); i++) {
        if (!has_files(f, family)) continue;
        const char *const file = f->file ? f->file : family->file;
        ift_str_clear(text);
        if ((rc = ift_vocab_folder_slurp(f, file, text, err)) < 0) break;
        if (ift_tiktoken_is(ift_str_slice(text)) != (family->format == IFT_VOCAB_TIKTOKEN))
            continue;
        seen = file;
        if (ift_vocab_family_marked(family, &marks)) break;
    }
    for (size_t i = 0; i < 3; i++) ift_str_release(&mark[i]);
    f->file = seen;
    if (rc == 0 && !family && seen)
        ift_fail(err,
                 "%s/%s does not say how words are cut, and no tokenizer_class in "
                 "tokenizer_config.json or model_type in config.json that we know does",
                 f->path, seen);
    else if (rc == 0 && !family)
        ift_fail(err,
                 "%s: no vocabulary is there: tokenizer.json, tokenizer.model, vocab.json with "
                 "merges.txt, qwen.tiktoken or ice_text.model",
                 f->path);
    return rc < 0 ? NULL : family;
}

static int read_by_family(struct ift_vocab_folder *f, struct ift_tokenizer *t,
                          struct ift_err *err) {
    struct ift_str text = {0};
    const struct ift_vocab_family *const family = choose(f, &text, err);
    const int rc = family ? read_vocabulary(f, t, family, ift_str_slice(&text), err) : -1;
    ift_str_release(&text);
    return rc;
}

static int read_json_folder(struct ift_vocab_folder *f, struct ift_tokenizer *t,
                            struct ift_err *err) {
    struct ift_str text = {0};
    IFT_TRY(ift_vocab_folder_slurp(f, "tokenizer.json", &text, err));
    const int rc = ift_tokenizer_read_json(t, ift_str_slice(&text), err);
    ift_str_release(&text);
    IFT_TRY(ift_vocab_folder_fail_in(f, "tokenizer.json", rc, err));
    return ift_vocab_folder_settings(f, t, err);
}

int ift_tokenizer_read_folder(struct ift_tokenizer *t, const char *folder, struct ift_err *err) {
    struct ift_vocab_folder f = {.path = folder};
    int rc = ift_vocab_folder_open(&f, err);
    if (rc == 0)
        rc = ift_vocab_folder_has(&f, "tokenizer.json") ? read_json_folder(&f, t, err)
                                                        : read_by_family(&f, t, err);
    ift_vocab_folder_close(&f);
    return rc;
}

int ift_tokenizer_read_tiktoken_file(struct ift_tokenizer *t, const char *path,
                                     struct ift_err *err) {
    const char *const slash = strrchr(path, '/');
    char *const folder = slash ? ift_strndup(path, (size_t)(slash - path)) : ift_strdup(".");
    struct ift_vocab_folder f = {.path = slash == path ? "/" : folder,
                                 .file = slash ? slash + 1 : path};
    int rc = ift_vocab_folder_open(&f, err);
    if (rc == 0) rc = read_by_family(&f, t, err);
    ift_vocab_folder_close(&f);
    free(folder);
    return rc;
}
