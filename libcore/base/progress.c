#include "libcore/base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/base/str.h"

struct ift_progress {
    const char *label, *unit;
    uint64_t total, base; /* base: what was done when the first update came: a resumed run */
    bool draws, updated, drawn;
    double start, last;
    struct ift_str line;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool can_draw(void) {
    const char *const term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

struct ift_progress *ift_progress_new(const char *label, const char *unit, uint64_t total,
                                      bool enabled) {
    struct ift_progress *p = ift_alloc0(1, sizeof *p);
    p->label = label;
    p->unit = unit;
    p->total = total;
    p->draws = enabled && can_draw();
    p->start = p->last = now();
    return p;
}

static void add_duration(struct ift_str *s, double seconds) {
    const unsigned long long t = (unsigned long long)(seconds + 0.5);
    if (t >= 3600) ift_str_addf(s, "%llu:%02llu:%02llu", t / 3600, t / 60 % 60, t % 60);
    else ift_str_addf(s, "%llu:%02llu", t / 60, t % 60);
}

static void compose(struct ift_progress *p, uint64_t done, double seconds, const char *extra) {
    struct ift_str *const s = &p->line;
    const double rate = (double)(done - p->base) / seconds;
    ift_str_clear(s);
    ift_str_addf(s, "%s: ", p->label);
    ift_str_add_count(s, (double)done);
    if (p->total) {
        ift_str_adds(s, " of ");
        ift_str_add_count(s, (double)p->total);
    }
    ift_str_addf(s, " %s, ", p->unit);
    ift_str_add_count(s, rate);
    ift_str_adds(s, "/s, ");
    if (p->total > done && rate > 0) {
        add_duration(s, (double)(p->total - done) / rate);
        ift_str_adds(s, " left");
    } else {
        add_duration(s, seconds);
    }
    if (extra) ift_str_addf(s, ", %s", extra);
}

void ift_progress_update(struct ift_progress *p, uint64_t done, const char *extra) {
    if (!p->draws) return;
    const double t = now();
    if (!p->updated) {
        p->updated = true;
        p->base = done;
    }
    if (t - p->last < 1.0 / 6) return;
    p->last = t;
    compose(p, done, t - p->start, extra);
    /* A line that wraps cannot be erased. */
    struct winsize size;
    size_t width = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) width = size.ws_col;
    const int shown = (int)(p->line.n < width ? p->line.n : width - 1);
    fprintf(stderr, "\r%.*s\033[K", shown, p->line.p);
    p->drawn = true;
}

double ift_progress_seconds(const struct ift_progress *p) {
    return now() - p->start;
}

void ift_progress_free(struct ift_progress *p) {
    if (!p) return;
    if (p->drawn) fputs("\r\033[K", stderr);
    ift_str_release(&p->line);
    free(p);
}
