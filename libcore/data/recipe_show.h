/* recipe_show.h: the installed recipes, for people. */
#ifndef IFT_RECIPE_SHOW_H
#define IFT_RECIPE_SHOW_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/recipe.h"

/* Appends the table of installed recipes: what kind they are, how many records, their title. */
int ift_recipe_show_all(struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;
/* Appends all that a recipe says of itself, and which engine runs it. */
int ift_recipe_show(const char *name, struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;
/* Appends the engine that runs it, and why it is not the native one. */
void ift_recipe_show_engine(const struct ift_recipe *r, struct ift_str *out);

#endif
