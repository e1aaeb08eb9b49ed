/* view.h: rows for people and for other programs: the bodies of ift-view and ift-detokenize.
 */
#ifndef IFT_VIEW_H
#define IFT_VIEW_H

#include <stdbool.h>

#include "libcore/base/err.h"
#include "libcore/base/tool.h"

enum ift_view_what {
    IFT_VIEW_ROWS,   /* the rows as JSONL: the inverse of making a shard */
    IFT_VIEW_HEADER, /* of each shard its header and, when it was read to its end and verified, its
                        end record */
    IFT_VIEW_TEXT, /* of each document its text with control tokens by name, and the parts that are
                      learned */
    IFT_VIEW_DECODE, /* of each document its text alone, as the original library decodes it */
};

struct ift_view {
    enum ift_view_what what;
    const char *vocab; /* for text: model folder or vocabulary file. It must be the one that the
                          shard names. */
    const char *field; /* DECODE: the key of the text */
    bool keep_control; /* DECODE: control tokens appear by name */
};

int ift_view_run(const struct ift_view *job, const struct ift_run *run,
                 struct ift_err *err) IFT_MUST_CHECK;

#endif
