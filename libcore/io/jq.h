/* jq.h: jq programs, run by libjq. The only room that knows it.
 *
 * Values are read by json.h and written by our own writer; libjq is the machine in between. It
 * computes with doubles, so 1.0 comes out as 1; but a number that a double cannot hold
 * (10000000000000000001) and that leaves as it came in keeps its digits. Numbers of the program and
 * those read from strings are doubles too, also to releases from 1.7 on, which would keep 1.0.
 *
 * An object is used by one thread at a time. What a program gives depends on its value and
 * arguments alone: `env` and `$ENV` are empty, `input`, `inputs`, `debug`, `stderr` and
 * `input_filename` see and say nothing, `now`, `localtime`, `strflocaltime`, `strftime` with %Z or
 * %s, and `modulemeta` are errors, and modules cannot be imported. libjq itself adds the
 * definitions of a file ~/.jq where HOME is set: a program that should not see them unsets it at
 * its start, as the tools do.
 */
#ifndef IFT_JQ_H
#define IFT_JQ_H

#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"

/* A named argument: $name is the string value. */
struct ift_jq_arg {
    const char *name, *value;
};

struct ift_jq;
/* Compiles a program; the message carries libjq's own words. */
int ift_jq_open(struct ift_jq **jq, const char *program, const struct ift_jq_arg *args,
                size_t nargs, struct ift_err *err) IFT_MUST_CHECK;
/* Starts over on a parsed value (node 0 of doc), which is read at once. */
void ift_jq_start(struct ift_jq *jq, const struct ift_json *doc);
/* The next output as compact JSON, lent until the next call: 1, 0 no more, -1: the program failed
 * on this value. */
int ift_jq_next(struct ift_jq *jq, struct ift_slice *out, struct ift_err *err) IFT_MUST_CHECK;
void ift_jq_free(struct ift_jq *jq);

#endif
