/* tokenize.h: records to rows, the body of ift-tokenize.
 *
 * A record is rendered by a prompt (prompt.h), or one of its fields is taken bare; the text is
 * tokenized once, as a whole, and becomes one row, a document with a mark on each token that is
 * learned. A row in which nothing is learned would train nothing: it is left out and counted, as is
 * one that is too long where that was asked for.
 */
#ifndef IFT_TOKENIZE_H
#define IFT_TOKENIZE_H

#include <stdbool.h>

#include "libcore/base/err.h"
#include "libcore/base/tool.h"

extern const char *const ift_tokenize_truncate[]; /* "drop", "left", "right", "split", NULL */
extern const char *const ift_tokenize_straddle[]; /* "mask", "train", "split", NULL */
extern const char *const ift_tokenize_learn[];    /* "all", "last", "prompt", NULL */

struct ift_tokenize {
    const char *vocab;       /* model folder or vocabulary file */
    const char *prompt;      /* name or file; not used when bare */
    const char *prompt_vars; /* prompt.h; may be NULL */
    bool bare;               /* one field as it is: no prompt, no BOS, no EOS, all of it learned */
    const char *field;       /* of bare records */
    const char *member;      /* of archives, or NULL */
    long long max_length;    /* tokens; 0: any number */
    const char *truncate; /* what becomes of longer rows: left out, cut at that side (a BOS at the
                             start stays), or made several rows of */
    const char *straddle; /* a token that covers the edge of a learned span */
    const char *learn;    /* every answer, the last alone, or what comes before them, too */
    bool mask_eos;        /* the token that ends an answer is not learned */
    bool parse_control;   /* names of control tokens in records become those tokens */
    const char *as;       /* rowout.h */
    bool explain; /* write for people instead: every token, its place, whether it is learned */
    bool color;
};

/* Runs to the end of the operands and prints the tally. */
int ift_tokenize_run(const struct ift_tokenize *job, const struct ift_run *run,
                     struct ift_err *err) IFT_MUST_CHECK;

#endif
