/* help.h: what a program says about itself, made from its option tables: the usage line, the
 * --help page and the completion for bash. tool.c prints them; tests compare the usage with the
 * man page.
 */
#ifndef IFT_HELP_H
#define IFT_HELP_H

#include <stddef.h>

#include "libcore/base/opt.h"
#include "libcore/base/str.h"

struct ift_help {
    const char *name;     /* "ift-format" */
    const char *summary;  /* one line */
    const char *operands; /* "[FILE...]" or "" */
    /* The last set is about the program itself (--help, --version) and left out of the usage line.
     */
    const struct ift_opt_set *sets;
    size_t nsets;
};

/* "usage: ift-format [--from NAME] ... [-qv] [FILE...]", wrapped at 80 columns. An option with a
 * letter is shown by its letter, one without by its name, flags with letters together; required
 * ones have no brackets. The man page's SYNOPSIS is this text, blanks aside. */
void ift_help_usage(const struct ift_help *help, struct ift_str *out);

/* The usage, the summary, and every option with its range and default. */
void ift_help_page(const struct ift_help *help, struct ift_str *out);

/* A bash function that completes options, choices and files; to be sourced. */
void ift_help_completion(const struct ift_help *help, struct ift_str *out);

#endif
