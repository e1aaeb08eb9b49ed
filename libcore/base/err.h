/* err.h: how a fallible function says what went wrong.
 *
 * A fallible function returns int (0 or -1; a reader 1, 0 or -1) or a pointer (NULL on failure),
 * takes `struct ift_err *err` last and fills it before it fails. The text is one line, lower
 * case, without a full stop, and says what to do next where that is known. The library never
 * prints it; the tool does, once.
 *
 *     IFT_TRY(ift_out_open(&out, path, err));
 *     if (n > max) return IFT_FAIL(err, "%s:%zu: %zu tokens, at most %zu", file, line, n, max);
 */
#ifndef IFT_ERR_H
#define IFT_ERR_H

#include <stdarg.h>

#define IFT_MUST_CHECK        __attribute__((warn_unused_result))
#define IFT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

struct ift_err {
    char text[1024]; /* the message, terminated; "" when nothing failed */
    int usage;       /* 1: the command line is at fault (exit 2), 0: the work failed (exit 1) */
    int closed_pipe; /* 1: whoever read our output went away; a tool leaves quietly */
    int outside;     /* 1: what was read is not at fault: a file is not there, a disk is full */
};

/* Fills err and returns -1. A long message is cut at its end. err may be NULL. */
int ift_fail(struct ift_err *err, const char *fmt, ...) IFT_PRINTF(2, 3);

/* The same, appending ": " and the text of errno as it was on entry; sets `outside`, and on EPIPE
 * closed_pipe too. */
int ift_fail_errno(struct ift_err *err, const char *fmt, ...) IFT_PRINTF(2, 3);

/* The same, for what is not the fault of what was read. */
int ift_fail_outside(struct ift_err *err, const char *fmt, ...) IFT_PRINTF(2, 3);

/* The same, for a mistake on the command line. */
int ift_fail_usage(struct ift_err *err, const char *fmt, ...) IFT_PRINTF(2, 3);

/* Puts "prefix: " in front of the message that err already carries and returns -1. */
int ift_fail_in(struct ift_err *err, const char *fmt, ...) IFT_PRINTF(2, 3);

#define IFT_FAIL(...) ift_fail(__VA_ARGS__)

/* Leaves the calling function with -1 when `expr` is negative. */
#define IFT_TRY(expr)                                                                              \
    do {                                                                                           \
        if ((expr) < 0) return -1;                                                                 \
    } while (0)

#endif
