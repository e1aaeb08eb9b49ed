/* shape.h: how a record is written (`--as`): as the suite's own, or in a shape that others read.
 *
 * To add a shape: a value, its name and its function in shape.c.
 */
#ifndef IFT_SHAPE_H
#define IFT_SHAPE_H

#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/record.h"

enum ift_shape {
    IFT_SHAPE_JSONL,      /* the record, compact, one a line */
    IFT_SHAPE_JSON_ARRAY, /* one array of objects with the unified keys instruction, input, output
                             and nothing else, byte for byte what Python's json.dump(list,
                             ensure_ascii=False) writes */
    IFT_SHAPE_ALPACA,     /* the unified keys and nothing else, one object a line */
    IFT_SHAPE_MESSAGES,   /* {"messages": [{"role", "content"}, …]}, OpenAI's */
    IFT_SHAPE_SHAREGPT,   /* {"conversations": [{"from": "human" | "gpt" | …, "value"}, …]} */
    IFT_SHAPE_BELLE, /* the unified keys; a dialogue is the text "Human:…\nAssistant:…\n" of an
                        instruction that ends with "Assistant:" */
};

/* Their names, NULL at the end: the choices of --as; and the value of one of them. */
extern const char *const ift_shape_name[];
enum ift_shape ift_shape(const char *name);

/* Appends the record in that shape, without a line end. Fails on what the shape has no place for: a
 * dialogue of more than a question and its answer in a shape of those, a role that it does not
 * know. A system text, for which the unified keys have no place, is left out and counted in
 * *untold. */
int ift_shape_write(struct ift_str *out, const struct ift_record *r, enum ift_shape shape,
                    uint64_t *untold, struct ift_err *err) IFT_MUST_CHECK;

#endif
