/* recipe_header.h: the commented lines on top of a recipe. Private to recipe. */
#ifndef IFT_RECIPE_HEADER_H
#define IFT_RECIPE_HEADER_H

#include "libcore/data/recipe.h"

enum { IFT_RECIPE_NKEYS = 13 };

struct ift_recipe_header {
    char *value[IFT_RECIPE_NKEYS]; /* in the order of ift_recipe_keys; NULL: not given */
    struct ift_recipe_read read;
    struct ift_recipe_join join;
};

/* A failure is `name:line: …`. Release after failure too. */
int ift_recipe_header_parse(struct ift_recipe_header *h, const char *name, struct ift_slice text,
                            struct ift_err *err) IFT_MUST_CHECK;
void ift_recipe_header_release(struct ift_recipe_header *h);

#endif
