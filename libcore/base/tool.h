/* tool.h: what a program of the suite is. There is one main(), in tool.c; a program is a table
 * and a run().
 *
 * To add a tool: write tools/ift-<name>.c with `const struct ift_tool ift_tool`, man/ift-<name>.1
 * and cases in tests/cli/<name>/. Nothing else is edited; the Makefile finds it, and the generic
 * tests feed it empty, truncated and endless situations and compare --help with the page.
 *
 * main() parses the options (those of a --preset first), answers --help, --version and
 * --completion, refuses to wait for a terminal when input is expected, calls run(), checks and
 * closes standard output, prints the one error line `ift-<name>: <message>` and exits: 0 ok, 1
 * failed, 2 usage.
 *
 * While run() works a write to a pipe that nobody reads fails with EPIPE instead of ending the
 * program, so that temporary files are removed; when run() then returns with err->closed_pipe
 * set, main() dies of SIGPIPE after all, without a word, as cat and grep do (status 141 in a
 * shell).
 */
#ifndef IFT_TOOL_H
#define IFT_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/opt.h"
#include "libcore/base/version.h"

/* Options that mean the same in every program that takes them. */
enum ift_common {
    IFT_TAKES_INPUT = 1,    /* operands are input files, none means standard input; a terminal there
                               is a usage error, unless an IFT_OPT_ALONE flag is given */
    IFT_TAKES_OUTPUT = 2,   /* -o FILE */
    IFT_TAKES_JOBS = 4,     /* -j N, 0: one a core */
    IFT_TAKES_SEED = 8,     /* -s SEED */
    IFT_TAKES_REJECTS = 16, /* --keep-going[=N] (no N: without limit), --rejects FILE */
    IFT_TAKES_BACKEND = 32, /* --backend auto|cpu|cuda */
    IFT_TAKES_OUTDIR = 64,  /* -o DIR, a folder; required */
};

struct ift_common_args {
    const char *output; /* "-": standard output */
    long long jobs;     /* as asked; ift_run.jobs is resolved */
    long long seed;
    const char *keep_going; /* as asked; ift_run.may_reject is resolved */
    const char *rejects;    /* NULL: bad records are only counted */
    const char *backend;
    const char *preset;
    bool quiet, verbose, help, version, completion;
};

/* What run() gets. */
struct ift_run {
    const struct ift_tool *tool;
    void *args; /* the tool's own struct, filled */
    struct ift_common_args common;
    int jobs; /* >= 1 */
    uint64_t seed;
    uint64_t may_reject; /* bad records to survive: 0 stops at the first, UINT64_MAX at none */
    const char **operand;
    size_t noperands;
    int argc; /* for provenance: as typed, a preset's options written out in place of --preset */
    char *const *argv;
};

struct ift_tool {
    const char *name;     /* "ift-format" */
    const char *summary;  /* one line: what goes in, what comes out */
    const char *operands; /* "[FILE...]"; "" when it takes none */
    unsigned common;      /* enum ift_common bits */
    const struct ift_opt *opts;
    size_t args_size;
    int (*run)(const struct ift_run *run, struct ift_err *err);
};

extern const struct ift_tool ift_tool; /* defined by each program */

/* A line on standard error, `ift-<name>: ...`, unless -q: what was done, when it is over. */
void ift_note(const struct ift_run *run, const char *fmt, ...) IFT_PRINTF(2, 3);
/* Only with -v. */
void ift_note_verbose(const struct ift_run *run, const char *fmt, ...) IFT_PRINTF(2, 3);
/* The line itself, "name: text". */
void ift_say(const char *name, const char *text);

#endif
