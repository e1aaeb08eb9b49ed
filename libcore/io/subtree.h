/* subtree.h: the files of a folder, where one is named in place of its files. Private to stream. */
#ifndef IFT_SUBTREE_H
#define IFT_SUBTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"

bool ift_subtree_is(const char *path); /* "-" is none */
/* Lists the regular files in it and in the folders below, as paths, sorted as bytes: on every
 * machine the same. What has a name that starts with a dot is left out, and links to folders are
 * not followed. The glob, or NULL, chooses by the path within the folder. None at all is an error.
 * Free each path, and the list. */
int ift_subtree_list(const char *folder, const char *glob, char ***files, size_t *n,
                    struct ift_err *err) IFT_MUST_CHECK;

#endif
