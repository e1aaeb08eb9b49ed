/* yaml.h: YAML as JSON. Streams of documents are read item by item: the elements of a top-level
 * sequence, or the documents, in memory bounded by the largest (and what anchors keep, below). The
 * only room that knows libyaml.
 *
 * Plain scalars are what the core schema of YAML 1.2.2 (10.3) says: null, true, false, integers,
 * floats; everything else, 1.1's yes and no and dates with it, is a string, and so is whatever is
 * quoted or a block. Numbers keep their digits where JSON can write them: +007 is 7, 0x1F is 31,
 * .5 is 0.5. Keys are their text. `<<` merges mappings: their members come last, where the mapping
 * has none of that key; the first of several wins.
 *
 * Errors, where other readers are silent: a key that repeats, a key that is no scalar, an infinity
 * or NaN, a tag that JSON has no type for. Aliases may add 16 MiB to an item and anchors of a
 * document hold as much, so that a small text cannot become a giant. 512 levels deep.
 */
#ifndef IFT_YAML_H
#define IFT_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"

/* Lends the next block of the text, UTF-8, until the next call: 1, 0 at the end, -1. */
typedef int ift_yaml_read(void *ctx, const char **p, size_t *n, struct ift_err *err);

struct ift_yaml;
struct ift_yaml *ift_yaml_new(ift_yaml_read *read, void *ctx);
/* Appends the next item as JSON: 1, *line is that on which it starts; 0: the end; -1: what `read`
 * said. An item that cannot be read is given as its text, and *wrong, lent until the next call,
 * says why (else NULL), with `line 3: ` in front where that is another line. It ends where the next
 * document begins, or, in a sequence of lines, the next line with a `-` in that column. */
int ift_yaml_next(struct ift_yaml *y, struct ift_str *json, size_t *line, const char **wrong,
                  struct ift_err *err) IFT_MUST_CHECK;
/* Whether the last item was an element of a sequence. */
bool ift_yaml_in_sequence(const struct ift_yaml *y);
void ift_yaml_free(struct ift_yaml *y);

/* Appends a scalar as JSON. A plain one is what it looks like, unless a tag (NULL: none) says what
 * it must be. */
int ift_yaml_scalar(struct ift_str *json, struct ift_slice text, bool plain, const char *tag,
                    struct ift_err *err) IFT_MUST_CHECK;

#endif
