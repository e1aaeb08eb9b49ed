/* texts.h: every text of the operands, given to workers in parallel: to count its words, to see how
 * many tokens it becomes.
 *
 * With a field, input is JSON as everywhere (source.h) and a text is what an object says under that
 * key. Without one, a file is plain text, UTF-8 or an error, and comes in parts of about a
 * megabyte, each given as a text. They end behind a letter, an ASCII one or an ideograph, and begin
 * with a blank, a digit, or common punctuation: there every pre-tokenizer that we know cuts
 * whatever follows, and no normal form joins. So the words of a file do not depend on where its
 * parts lie. A file without such places is one part.
 */
#ifndef IFT_TEXTS_H
#define IFT_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"

struct ift_texts {
    const char *const *paths; /* as for ift_in_open */
    size_t npaths;
    const char *field; /* NULL: plain text */

    /* A worker's own state; done gives it back when it has seen its last text, one worker at a
     * time. */
    void *(*begin)(void *ctx);
    void (*done)(void *ctx, void *local);
    int (*text)(void *ctx, void *local, struct ift_slice text, struct ift_err *err);
};

/* Of all input, once it is over. */
struct ift_texts_seen {
    uint64_t texts, bytes;
};

/* After a failure every local state was given to `done` all the same. seen may be NULL. */
int ift_texts_run(const struct ift_texts *t, void *ctx, const struct ift_run *run,
                  struct ift_texts_seen *seen, struct ift_err *err) IFT_MUST_CHECK;

/* For tests: whether a part may begin at p[i], 0 < i, where three bytes are. */
bool ift_texts_may_begin(const char *p, size_t i);

#endif
