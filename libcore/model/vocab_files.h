/* vocab_files.h: which files of a folder are its vocabulary, for one vocabulary to take the place
 * of another.
 *
 * There are two kinds: the vocabulary itself (tokenizer.json, tokenizer.model, vocab.json …), of
 * which none may stay where another comes, since a reader prefers some names to others; and what is
 * said about it (tokenizer_config.json, a chat template …), which stays where the new one is
 * silent.
 */
#ifndef IFT_VOCAB_FILES_H
#define IFT_VOCAB_FILES_H

#include <stdbool.h>

#include "libcore/io/outdir.h"

/* Is the file `name` of a folder replaced, or dropped, where the vocabulary `vocab`, a file or a
 * folder, comes? */
bool ift_vocab_files_replace(const char *vocab, const char *name);
/* Is there a file of that name in the folder? */
bool ift_vocab_files_has(const char *dir, const char *name);
/* Does the folder hold a vocabulary? */
bool ift_vocab_files_there(const char *dir);
/* Copies the plain file `name` of the folder `from`; something else is passed over. */
int ift_vocab_files_copy(const char *from, const char *name, const char *to, struct ift_outdir *f,
                         struct ift_err *err) IFT_MUST_CHECK;
/* Writes the files of `vocab`. A single file gets the name that its kind has in the folder `from`.
 */
int ift_vocab_files_write(const char *from, const char *vocab, struct ift_outdir *f,
                          struct ift_err *err) IFT_MUST_CHECK;
/* Writes what the folder `from` says about its vocabulary, where `vocab` is silent. */
int ift_vocab_files_settings(const char *from, const char *vocab, struct ift_outdir *f,
                             struct ift_err *err) IFT_MUST_CHECK;

#endif
