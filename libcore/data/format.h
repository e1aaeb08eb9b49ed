/* format.h: raw datasets into records. A recipe (recipe.h) reads the container and runs a jq
 * program on each value; what it gives is completed and checked (record.h) and written as records.
 *
 * A value may give no record (the recipe chose to drop it: it is counted) or several. A value on
 * which the recipe fails, or whose result is no record, is a bad record. Records with an empty
 * output are kept, for they are in the dataset, and counted.
 *
 * To add a dataset: see recipe.h; no C.
 */
#ifndef IFT_FORMAT_H
#define IFT_FORMAT_H

#include "libcore/base/err.h"
#include "libcore/base/opt.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"
#include "libcore/data/clean.h"
#include "libcore/data/recipe.h"
#include "libcore/data/record.h"

struct ift_format {
    const char *from;     /* recipe, NAME or FILE; or NULL and */
    const char *program;  /* a jq program, with or without a header; or NULL and */
    const char *file;     /* a file that holds one; or NULL and */
    const char *info;     /* LLaMA-Factory's dataset_info.json; the run's first operand names one */
    const char *engine;   /* of ift_recipe_engine_name */
    const char *member;   /* of archives, or NULL */
    const char *encoding; /* of the text; NULL: as the recipe says, or UTF-8 */
    const char *join;     /* the second input, where the recipe has one; else NULL */
    const char *as;       /* of ift_shape_name */
    struct ift_clean clean;
    const char *turns;               /* of ift_turns_name */
    bool context;                    /* turns keep the messages before them */
    const char *side, *answers;      /* which of those that the recipe offers; NULL: its first */
    const struct ift_opt_list *args; /* NAME=VALUE, the program's $NAME */
};

/* Converts the run's operands to its output, and prints the tally. */
int ift_format_run(const struct ift_format *f, const struct ift_run *run,
                   struct ift_err *err) IFT_MUST_CHECK;

/* Appends how the recipe would be run: engine, variables, program. Of an `info` the run's operands
 * are the entry and, if any, its files. */
int ift_format_explain(const struct ift_format *f, const struct ift_run *run, struct ift_str *out,
                       struct ift_err *err) IFT_MUST_CHECK;

#endif
