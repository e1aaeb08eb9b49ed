/* data.h: the files that come with the programs: recipes, templates, prompts, presets, samples.
 *
 * A file is known by its kind (the folder) and its name, and is looked for in these folders, in
 * order:
 *   1. $IFT_DATA, one's own;
 *   2. ../share/ift, from where the running program lies: an installed suite, wherever it moved;
 *   3. ../../data from there: programs in build/bin of the source tree;
 *   4. the folder that `make install PREFIX=...` was told when the library was compiled.
 * So a file of one's own hides the one of the same name that came with ift.
 */
#ifndef IFT_DATA_H
#define IFT_DATA_H

#include <stddef.h>

#include "libcore/base/err.h"

/* Where the file is that a user typed as NAME|FILE: something with a slash or ending in `suffix` is
 * a file of the user's and comes back as it is (it is not opened here), anything else names
 * kind/<name><suffix>; free() it. A missing one is a usage error, a misspelt name gets the nearest
 * one offered. */
int ift_data_find(const char *kind, const char *name, const char *suffix, char **path,
                  struct ift_err *err) IFT_MUST_CHECK;

/* The names there are, without `suffix` ("" takes all), sorted, each once. Give them back to
 * ift_data_list_free(). No folder at all is an empty list. */
char **ift_data_list(const char *kind, const char *suffix, size_t *n);
void ift_data_list_free(char **names, size_t n);
/* The usage error for a list that may not be empty: it says how the folder is found. Returns -1. */
int ift_data_none(const char *kind, struct ift_err *err);

#endif
