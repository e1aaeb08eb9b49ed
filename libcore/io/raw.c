#include "libcore/io/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/xlsx.h"

void ift_raw_init(struct ift_raw *r) {
    *r = (struct ift_raw){.fd = -1, .buf = ift_alloc(IFT_RAW_BLOCK)};
}

void ift_raw_release(struct ift_raw *r) {
    ift_raw_close(r);
    free(r->buf);
    r->buf = NULL;
}

void ift_raw_close(struct ift_raw *r) {
    if (r->fd > 0) close(r->fd);
    r->fd = -1;
}

ssize_t ift_raw_refill(struct ift_raw *r, size_t at) {
    ssize_t n;
    do {
        n = read(r->fd, r->buf + at, IFT_RAW_BLOCK - at);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        r->have = at + (size_t)n;
        r->total += (uint64_t)n;
    }
    r->ended = n == 0;
    return n;
}

/* A line of text is known by its end, so that a slow writer's first line is not held back. */
static int peek(struct ift_raw *r, struct ift_err *err) {
    r->have = 0;
    r->total = 0;
    r->ended = false;
    while (!r->ended && r->have < IFT_RAW_HEADER && !memchr(r->buf, '\n', r->have)) {
        if (ift_raw_refill(r, r->have) < 0) return ift_fail_errno(err, "%s", r->name);
    }
    r->unread = r->have;
    return 0;
}

int ift_raw_open(struct ift_raw *r, const char *path, struct ift_err *err) {
    const bool standard_input = strcmp(path, "-") == 0;
    r->name = standard_input ? "stdin" : path;
    r->fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0) return ift_fail_errno(err, "cannot open '%s'", path);
    struct stat st;
    if (fstat(r->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        return ift_fail_outside(err, "'%s' is a directory; name the files in it", path);
    }
    return peek(r, err);
}

int ift_raw_block(struct ift_raw *r, struct ift_slice *block, struct ift_err *err) {
    if (r->unread == 0) {
        const ssize_t n = ift_raw_refill(r, 0);
        if (n <= 0) return n < 0 ? ift_fail_errno(err, "%s", r->name) : 0;
    }
    r->unread = 0;
    *block = (struct ift_slice){r->buf, r->have};
    return 1;
}

/* ---- what it is ---- */

static bool starts(struct ift_slice s, const char *magic, size_t n) {
    return s.n >= n && memcmp(s.p, magic, n) == 0;
}

bool ift_raw_is_gzip(struct ift_slice s) {
    return starts(s, "\x1f\x8b", 2);
}

bool ift_raw_is_compressed(struct ift_slice s) {
    static const char xz[] = {'\xfd', '7', 'z', 'X', 'Z', '\0'};
    const bool bzip2 =
        starts(s, "BZh", 3) && s.n >= 10 &&
        (memcmp(s.p + 4, "1AY&SY", 6) == 0 || memcmp(s.p + 4, "\x17rE8P\x90", 6) == 0);
    return bzip2 || ift_raw_is_gzip(s) || starts(s, "\x28\xb5\x2f\xfd", 4) ||
           starts(s, xz, sizeof xz) || starts(s, "\x04\x22\x4d\x18", 4);
}

/* A tar header carries the sum of its own bytes, that field taken as blanks. */
static bool is_tar(struct ift_slice s) {
    if (s.n < IFT_RAW_HEADER || s.p[0] == '\0') return false;
    unsigned long sum = 0;
    for (int i = 0; i < IFT_RAW_HEADER; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)s.p[i];
    char field[9] = {0}, *end;
    memcpy(field, s.p + 148, 8);
    return strtoul(field, &end, 8) == sum && end > field;
}

bool ift_raw_is_archive(struct ift_slice s) {
    if (ift_xlsx_begins(s.p, s.n)) return false;
    return is_tar(s) || starts(s, "PK\3\4", 4) || starts(s, "PK\5\6", 4);
}

bool ift_raw_is_utf16(struct ift_slice s) {
    return starts(s, "\xff\xfe", 2) || starts(s, "\xfe\xff", 2) || starts(s, "\0\0\xfe\xff", 4);
}
