#include "libcore/io/yaml_feed.h"

#include <string.h>

void ift_yaml_feed_release(struct ift_yaml_feed *f) {
    ift_str_release(&f->text);
}

/* Another block of the input: whether there was one. */
static bool more(struct ift_yaml_feed *f) {
    const char *p;
    size_t n;
    if (f->ended || f->failed) return false;
    const int got = f->read(f->ctx, &p, &n, &f->why);
    f->failed = got < 0;
    f->ended = got == 0;
    if (got > 0) ift_str_add(&f->text, p, n);
    return got > 0;
}

int ift_yaml_feed_give(void *feed, unsigned char *buffer, size_t size, size_t *n) {
    struct ift_yaml_feed *const f = feed;
    *n = 0;
    /* as much as it asks for: what it finds, and when, must not depend on how the input is cut */
    while (f->text.n - f->given < size && f->text.n < f->limit && more(f)) continue;
    if (f->failed) return 0;
    const size_t end = f->limit < f->text.n ? f->limit : f->text.n;
    if (f->given == end) return 1;
    *n = end - f->given < size ? end - f->given : size;
    memcpy(buffer, f->text.p + f->given, *n);
    f->given += *n;
    return 1;
}

void ift_yaml_feed_restart(struct ift_yaml_feed *f, size_t from, size_t limit) {
    f->given = f->at = from;
    f->index = 0;
    f->limit = limit;
}

size_t ift_yaml_feed_place(struct ift_yaml_feed *f, size_t index) {
    while (f->index < index && f->at < f->text.n) {
        for (f->at++; f->at < f->text.n && (f->text.p[f->at] & 0xc0) == 0x80; f->at++) continue;
        f->index++;
    }
    return f->at;
}

void ift_yaml_feed_done(struct ift_yaml_feed *f, size_t to) {
    enum { WORTH_MOVING = 256 << 10 };
    if (to < WORTH_MOVING || to < f->text.n / 2) return;
    ift_yaml_feed_lines(f, to);
    f->counted = 0;
    memmove(f->text.p, f->text.p + to, f->text.n - to);
    f->text.n -= to;
    f->given -= to;
    f->at -= to;
    if (f->limit != SIZE_MAX) f->limit -= to;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A mark of n characters and a blank or the end behind it. */
static bool is_mark(const struct ift_yaml_feed *f, size_t at, const char *mark, size_t n) {
    return f->text.n - at >= n && memcmp(f->text.p + at, mark, n) == 0 &&
           (at + n == f->text.n || is_blank(f->text.p[at + n]));
}

static size_t spaces(const struct ift_yaml_feed *f, size_t at) {
    size_t n = 0;
    while (at + n < f->text.n && f->text.p[at + n] == ' ') n++;
    return n;
}

size_t ift_yaml_feed_line_end(struct ift_yaml_feed *f, size_t from) {
    for (size_t at = from;;) {
        const char *const nl = at < f->text.n ? memchr(f->text.p + at, '\n', f->text.n - at) : NULL;
        if (nl) return (size_t)(nl - f->text.p) + 1;
        at = f->text.n;
        if (!more(f)) return f->text.n;
    }
}

size_t ift_yaml_feed_next(struct ift_yaml_feed *f, size_t from, int column) {
    size_t line = from;
    while (line > 0 && line <= f->text.n && (f->text.p[line - 1] == ' ')) line--;
    if (line > 0 && f->text.p[line - 1] != '\n') line = ift_yaml_feed_line_end(f, from);
    for (;;) {
        const size_t end = ift_yaml_feed_line_end(f, line); /* so that all of it is there */
        if (line == f->text.n || is_mark(f, line, "---", 3) || is_mark(f, line, "...", 3))
            return line;
        if (column >= 0 && spaces(f, line) == (size_t)column &&
            is_mark(f, line + (size_t)column, "-", 1))
            return line;
        line = end;
    }
}

bool ift_yaml_feed_nothing(const struct ift_yaml_feed *f, size_t from, size_t to) {
    for (size_t at = from; at < to; at++) {
        const char c = f->text.p[at];
        if (is_blank(c)) continue;
        const bool end = is_mark(f, at, "...", 3) && (at == 0 || f->text.p[at - 1] == '\n');
        if (c != '#' && c != '%' && !end) return false;
        while (at < to && f->text.p[at] != '\n') at++;
    }
    return true;
}

int ift_yaml_feed_column(struct ift_yaml_feed *f, size_t from) {
    for (size_t line = from; line < f->text.n || more(f);) {
        const size_t end = ift_yaml_feed_line_end(f, line);
        if (!is_mark(f, line, "---", 3) && !ift_yaml_feed_nothing(f, line, end)) {
            const size_t n = spaces(f, line);
            return n < 1000 && is_mark(f, line + n, "-", 1) ? (int)n : -1;
        }
        line = end;
    }
    return -1;
}

static size_t breaks(const struct ift_yaml_feed *f, size_t from, size_t to) {
    size_t n = 0;
    for (; from < to; from++, n++) {
        const char *const nl = memchr(f->text.p + from, '\n', to - from);
        if (!nl) break;
        from = (size_t)(nl - f->text.p);
    }
    return n;
}

size_t ift_yaml_feed_lines(struct ift_yaml_feed *f, size_t at) {
    if (at < f->counted)
        f->lines -= breaks(f, at, f->counted);
    else
        f->lines += breaks(f, f->counted, at);
    f->counted = at;
    return f->lines;
}
