/* dataset_info.h: LLaMA-Factory's dataset_info.json, read unchanged: an entry says where a
 * dataset's file lies and which of its columns mean what, and becomes a recipe.
 *
 * Like there, a default of `columns` or `tags` holds where the whole of it is absent, and the files
 * lie in the folder of dataset_info.json. What is kept: prompt, query, response, history, system,
 * tools, messages with the tags of roles, chosen and rejected (the recipe then offers a `side`),
 * and kto_tag, of which the good examples are taken. A dialogue whose roles do not take turns is a
 * bad record here and passed over there. An entry of a hub, of images, sounds or films, is refused.
 */
#ifndef IFT_DATASET_INFO_H
#define IFT_DATASET_INFO_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Appends the recipe of entry `name` (recipe.h), and the path of its file; path NULL: the caller
 * has files, and an entry of a hub is as good as any. */
int ift_dataset_info_read(const char *file, const char *name, struct ift_str *recipe,
                          struct ift_str *path, struct ift_err *err) IFT_MUST_CHECK;

#endif
