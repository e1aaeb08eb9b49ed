#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "libcore/base/tool.h"

void ift_say(const char *name, const char *text) {
    /* One write, or lines of programs in a pipe would mix; a progress line is erased first. */
    struct ift_str line = {0};
    ift_str_addf(&line, "%s%s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", name, text);
    fwrite(line.p, 1, line.n, stderr);
    ift_str_release(&line);
}

static void say_args(const struct ift_run *run, const char *fmt, va_list args) {
    struct ift_str text = {0};
    ift_str_addv(&text, fmt, args);
    ift_say(run->tool->name, text.p);
    ift_str_release(&text);
}

void ift_note(const struct ift_run *run, const char *fmt, ...) {
    if (run->common.quiet) return;
    va_list args;
    va_start(args, fmt);
    say_args(run, fmt, args);
    va_end(args);
}

void ift_note_verbose(const struct ift_run *run, const char *fmt, ...) {
    if (!run->common.verbose) return;
    va_list args;
    va_start(args, fmt);
    say_args(run, fmt, args);
    va_end(args);
}
