/* dataset_info.h: LLaMA-Factory's dataset_info.json, read unchanged: an entry says where a
 * dataset's file lies and which of its columns mean what, and becomes a recipe.
 *
 * Like there, a default of `columns` or `tags` holds where the whole of it is absent, and the files
 * lie in the folder of dataset_info.json. What is kept: prompt, query, response, history, system,
 * tools, messages with the tags of roles, chosen and rejected (the recipe then offers a `side`),
 * and kto_tag, of which the good examples are taken; num_samples is not heeded. A dialogue whose
 * roles do not take turns is a bad record here and passed over there. An entry of a hub, of images,
 * sounds or films, is refused.
 */
#ifndef IFT_DATASET_INFO_H
#define IFT_DATASET_INFO_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Appends the recipe of entry `name` (recipe.h). `given` is the first of the files that the caller
 * has for it, or NULL. `path` gets the path of the entry's own file or folder, and then there must
 * be one; with NULL an entry of a hub is as good as any. The name of a file, or of the first in a
 * folder, says what is in it, as there: .csv, or .txt, of which each line is a value
 * {"text": …}; all else is read as JSON, and Parquet known by its first bytes. */
int ift_dataset_info_read(const char *file, const char *name, const char *given,
                          struct ift_str *recipe, struct ift_str *path,
                          struct ift_err *err) IFT_MUST_CHECK;

#endif
