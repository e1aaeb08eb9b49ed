#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"

/* Pieces are gathered. A file's pages are cheapest for the kernel by many at once; whoever reads
 * from a pipe should not wait for so much. */
enum { FILE_BUFFER = 1 << 19, PIPE_BUFFER = 64 << 10 };

struct ift_out {
    int fd;
    bool standard; /* fd is standard output, which stays open */
    char *name;    /* for messages */
    char *path;    /* to rename to; NULL: written in place (standard output, a device, a pipe) */
    char *temporary;
    char *buf;
    size_t n, size; /* bytes in buf, and its room */
};

/* A neighbour of `path`, created here and now, that nobody else writes to. */
static int open_temporary(struct ift_out *out, struct ift_err *err) {
    const char *const slash = strrchr(out->path, '/');
    const size_t folder = slash ? (size_t)(slash + 1 - out->path) : 0;
    for (unsigned try = 0; try < 100; try++) {
        struct ift_str name = {0};
        ift_str_add(&name, out->path, folder);
        ift_str_addf(&name, ".%s.%ld-%u.tmp", out->path + folder, (long)getpid(), try);
        out->fd = open(name.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->fd >= 0) {
            out->temporary = ift_str_take(&name);
            return 0;
        }
        ift_str_release(&name);
        if (errno != EEXIST) break;
    }
    return ift_fail_errno(err, "cannot write '%s'", out->name);
}

int ift_out_open(struct ift_out **result, const char *path, struct ift_err *err) {
    const bool standard = !path || strcmp(path, "-") == 0;
    struct ift_out *const out = ift_alloc0(1, sizeof *out);
    out->standard = standard;
    out->fd = STDOUT_FILENO;
    out->name = ift_strdup(standard ? "standard output" : path);
    int got = 0;
    if (!standard) {
        struct stat st;
        const bool exists = stat(path, &st) == 0;
        if (exists && S_ISDIR(st.st_mode)) {
            out->fd = -1;
            got = IFT_FAIL(err, "cannot write '%s': it is a directory", path);
        } else if (exists && !S_ISREG(st.st_mode)) {
            out->fd = open(path, O_WRONLY | O_CLOEXEC);
            if (out->fd < 0) got = ift_fail_errno(err, "cannot write '%s'", path);
        } else {
            /* A link stays a link: its target is what gets replaced. */
            char *const target = exists ? realpath(path, NULL) : NULL;
            out->path = target ? target : ift_strdup(path);
            got = open_temporary(out, err);
        }
    }
    if (got < 0) {
        ift_out_abandon(out);
        return -1;
    }
    struct stat st;
    const bool is_file = fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode);
    out->size = is_file ? FILE_BUFFER : PIPE_BUFFER;
    out->buf = ift_alloc(out->size);
    *result = out;
    return 0;
}

const char *ift_out_name(const struct ift_out *out) {
    return out->name;
}

static int write_all(const struct ift_out *out, const char *p, size_t n, struct ift_err *err) {
    while (n > 0) {
        const ssize_t done = write(out->fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return ift_fail_errno(err, "cannot write %s", out->name);
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

int ift_out_flush(struct ift_out *out, struct ift_err *err) {
    const size_t n = out->n;
    out->n = 0;
    return write_all(out, out->buf, n, err);
}

int ift_out_write(struct ift_out *out, const void *p, size_t n, struct ift_err *err) {
    if (n > out->size - out->n || n >= out->size / 2) IFT_TRY(ift_out_flush(out, err));
    if (n >= out->size / 2) return write_all(out, p, n, err);
    if (n) memcpy(out->buf + out->n, p, n);
    out->n += n;
    return 0;
}

/* The rename itself is on the disk only when its folder is. */
static int sync_folder(const struct ift_out *out, struct ift_err *err) {
    const char *const slash = strrchr(out->path, '/');
    char *const folder =
        slash ? ift_strndup(out->path, slash == out->path ? 1 : (size_t)(slash - out->path))
              : ift_strdup(".");
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) return 0; /* a folder that may be written but not read */
    const int got = fsync(fd);
    const int code = errno;
    close(fd);
    errno = code;
    return got < 0 && code != EINVAL ? ift_fail_errno(err, "cannot write '%s'", out->name) : 0;
}

static int commit(struct ift_out *out, struct ift_err *err) {
    IFT_TRY(ift_out_flush(out, err));
    if (out->standard) return 0;
    if (out->temporary && fsync(out->fd) < 0)
        return ift_fail_errno(err, "cannot write '%s'", out->name);
    const int fd = out->fd;
    out->fd = -1;
    if (close(fd) < 0) return ift_fail_errno(err, "cannot write '%s'", out->name);
    if (!out->temporary) return 0;
    if (rename(out->temporary, out->path) < 0)
        return ift_fail_errno(err, "cannot write '%s'", out->name);
    free(out->temporary);
    out->temporary = NULL;
    return sync_folder(out, err);
}

int ift_out_close(struct ift_out *out, struct ift_err *err) {
    const int got = commit(out, err);
    ift_out_abandon(out);
    return got;
}

void ift_out_abandon(struct ift_out *out) {
    if (!out) return;
    if (out->fd >= 0 && !out->standard) close(out->fd);
    if (out->temporary) unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    free(out->name);
    free(out->buf);
    free(out);
}

int ift_out_text(const char *path, struct ift_slice text, struct ift_err *err) {
    struct ift_out *out;
    IFT_TRY(ift_out_open(&out, path, err));
    if (ift_out_write(out, text.p, text.n, err) == 0) return ift_out_close(out, err);
    ift_out_abandon(out);
    return -1;
}
