#include "libcore/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void fill(struct ift_err *err, const char *fmt, va_list args) {
    vsnprintf(err->text, sizeof err->text, fmt, args);
}

int ift_fail(struct ift_err *err, const char *fmt, ...) {
    if (!err) return -1;
    va_list args;
    va_start(args, fmt);
    fill(err, fmt, args);
    va_end(args);
    return -1;
}

int ift_fail_errno(struct ift_err *err, const char *fmt, ...) {
    const int code = errno;
    if (!err) return -1;
    va_list args;
    va_start(args, fmt);
    fill(err, fmt, args);
    va_end(args);
    const size_t n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(code));
    err->closed_pipe = code == EPIPE;
    err->outside = 1;
    return -1;
}

int ift_fail_outside(struct ift_err *err, const char *fmt, ...) {
    if (!err) return -1;
    va_list args;
    va_start(args, fmt);
    fill(err, fmt, args);
    va_end(args);
    err->outside = 1;
    return -1;
}

int ift_fail_usage(struct ift_err *err, const char *fmt, ...) {
    if (!err) return -1;
    va_list args;
    va_start(args, fmt);
    fill(err, fmt, args);
    va_end(args);
    err->usage = 1;
    return -1;
}

int ift_fail_in(struct ift_err *err, const char *fmt, ...) {
    if (!err) return -1;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, fmt);
    fill(err, fmt, args);
    va_end(args);
    const size_t n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", old);
    return -1;
}
