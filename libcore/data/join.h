/* join.h: a second input in which values find what belongs to them by a key: the tables that
 * questions are about, say (`join:` of a recipe, recipe.h).
 *
 * All of it is read at once and kept in memory as text, with a quarter of that to find strings by
 * and some fifty bytes for each thing that can be found; workers share it. What can be found is a
 * value, by one of its members, or a file, by its name: then it is the array of the file's values.
 *
 * A file is found by the end of its path, without the extension: `200-csv/1` and `1` both find
 * csv/200-csv/1.tsv, if no other file's path ends so. A key that finds nothing is tried again
 * without an extension of its own.
 */
#ifndef IFT_JOIN_H
#define IFT_JOIN_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/recipe.h"
#include "libcore/io/json.h"

struct ift_join;
/* Reads the file, folder or archive. It fails where a value is not JSON or has no key, and where
 * two have the same. `how` must outlive the result. What can be found goes `through` a recipe once,
 * unless that is NULL; where it fails, so does ift_join_add. */
int ift_join_open(struct ift_join **j, const struct ift_recipe_join *how,
                  struct ift_recipe *through, const char *path, struct ift_err *err) IFT_MUST_CHECK;
/* A value with what belongs to it. A zeroed struct is ready; reuse it from value to value, and with
 * one join only: what the next one finds is often the same. */
struct ift_joined {
    struct ift_json doc; /* the whole, for whoever wants it; the rest is join.c's */
    struct ift_str text, key;
    const struct ift_join_entry *entry;
    size_t entry_text, entry_nodes; /* how much of text and doc is the entry's */
};
void ift_joined_release(struct ift_joined *to);
/* Makes the value with what belongs to it as its first member. It must be an object that has the
 * key. */
int ift_join_add(const struct ift_join *j, const struct ift_json *value, struct ift_joined *to,
                 struct ift_err *err) IFT_MUST_CHECK;
void ift_join_free(struct ift_join *j);

#endif
