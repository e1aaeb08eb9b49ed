/* template.h: chain-of-thought templates. A pattern says how a record's question, reasoning and
 * answer are put into words; a set of patterns is a style.
 *
 * A pattern file is JSONL, one pattern a line, with the strings "id", "instruction", "input" (may
 * be left out) and "output". Inside the last three `{key}` stands for the text of that key of the
 * record; FLAN's names {question}, {answer} and {chain_of_thought} mean instruction, output and
 * rationale; `{{` and `}}` are literal braces. A pattern file is checked when it is loaded: braces
 * that do not pair, unknown keys, an id used twice.
 *
 * Rendering replaces instruction, input and output by what the pattern says, keeps every other key
 * of the record, and adds the key `pattern` with the pattern's id, so that a tuned model can be
 * traced to the words it was shown.
 *
 * To add a style: data/templates/<style>.jsonl, nothing else.
 */
#ifndef IFT_TEMPLATE_H
#define IFT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/record.h"

/* Patterns, numbered from 0 in the order they were loaded. Nothing below changes them. */
struct ift_template;

/* Loads the union of several styles, in order. Each name is a style that is installed
 * (data/templates/NAME.jsonl) or, with a slash or ".jsonl" in it, a file (see ift_data_find). */
int ift_template_load(struct ift_template **set, const char *const *names, size_t n,
                      struct ift_err *err) IFT_MUST_CHECK;
void ift_template_free(struct ift_template *set);

/* Appends a line for each style that is installed. */
int ift_template_list(struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

size_t ift_template_count(const struct ift_template *set); /* at least 1 */
const char *ift_template_id(const struct ift_template *set, size_t i);
/* Does pattern i have a slot for the rationale? */
bool ift_template_reasons(const struct ift_template *set, size_t i);

/* Appends the record as pattern i puts it, compact, without a line end. The message names the
 * pattern's id and the key when the record lacks a key that a slot names or holds there something
 * that is no text (numbers and booleans are put in as they are written). Also fails on records that
 * templates do not fit: those with `messages` and those that already carry a `pattern`. On failure
 * `out` may have grown. */
int ift_template_render(const struct ift_template *set, size_t i, const struct ift_record *r,
                        struct ift_str *out, struct ift_err *err) IFT_MUST_CHECK;

#endif
