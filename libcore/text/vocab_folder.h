/* vocab_folder.h: a folder with a vocabulary and the settings beside it. vocab_folder.c finds it,
 * vocab_settings.c reads what the settings say about tokens. Private to text.
 */
#ifndef IFT_VOCAB_FOLDER_H
#define IFT_VOCAB_FOLDER_H

#include <stdbool.h>

#include "libcore/io/json.h"
#include "libcore/text/added.h"
#include "libcore/text/vocab_family.h"

enum {
    IFT_VOCAB_FOLDER_CONFIG,  /* tokenizer_config.json */
    IFT_VOCAB_FOLDER_SPECIAL, /* special_tokens_map.json */
    IFT_VOCAB_FOLDER_ADDED,   /* added_tokens.json */
    IFT_VOCAB_FOLDER_MODEL,   /* config.json */
    IFT_VOCAB_FOLDER_FILES
};
extern const char *const ift_vocab_folder_file[];

struct ift_vocab_folder {
    const char *path;
    const char *file; /* in it: the vocabulary */
    struct ift_str text[IFT_VOCAB_FOLDER_FILES];
    struct ift_json doc[IFT_VOCAB_FOLDER_FILES]; /* null where the file is not there */
    struct ift_added added;
};

/* With `path` set and the rest zeroed: reads the settings. Messages of these begin with the file.
 */
int ift_vocab_folder_open(struct ift_vocab_folder *f, struct ift_err *err) IFT_MUST_CHECK;
void ift_vocab_folder_close(struct ift_vocab_folder *f);

bool ift_vocab_folder_has(const struct ift_vocab_folder *f, const char *file);
int ift_vocab_folder_slurp(const struct ift_vocab_folder *f, const char *file, struct ift_str *text,
                           struct ift_err *err) IFT_MUST_CHECK;
/* Puts the file in front of the message of a failure; returns rc. */
int ift_vocab_folder_fail_in(const struct ift_vocab_folder *f, const char *file, int rc,
                             struct ift_err *err);
/* Sets *name to what "name" or {"content": "name", …} says, or to nothing. */
void ift_vocab_folder_name(const struct ift_json *doc, int node, struct ift_str *name);
/* The control token of that name, or else the piece, or -1. */
int32_t ift_vocab_folder_find(const struct ift_tokenizer *t, struct ift_slice name);

/* Fills f->added with the tokens that the settings name, and those of the family; then, when the
 * vocabulary was read, with those that the family has behind it. */
int ift_vocab_folder_added(struct ift_vocab_folder *f, const struct ift_vocab_family *family,
                           struct ift_err *err) IFT_MUST_CHECK;
int ift_vocab_folder_behind(struct ift_vocab_folder *f, const struct ift_tokenizer *t,
                            const struct ift_vocab_family *family,
                            struct ift_err *err) IFT_MUST_CHECK;
/* At last: which tokens begin, end and fill a text. */
int ift_vocab_folder_settings(const struct ift_vocab_folder *f, struct ift_tokenizer *t,
                              struct ift_err *err) IFT_MUST_CHECK;

#endif
