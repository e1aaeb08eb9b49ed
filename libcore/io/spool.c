#include "libcore/io/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char *folder(void) {
    const char *const named = getenv("TMPDIR");
    return named && *named ? named : "/tmp";
}

static int open_unnamed(void) {
    const int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    struct ift_str path = {0}; /* a file system that knows no files without a name */
    ift_str_addf(&path, "%s/ift-XXXXXXspool", folder());
    const int named = mkostemps(path.p, 5, O_CLOEXEC);
    if (named >= 0) unlink(path.p);
    ift_str_release(&path);
    return named;
}

static int write_all(int fd, struct ift_slice s) {
    while (s.n > 0) {
        const ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        s = (struct ift_slice){s.p + n, s.n - (size_t)n};
    }
    return 0;
}

static int fail(struct ift_in *in, struct ift_err *err) {
    return ift_fail_errno(
        err, "%s: cannot be kept in %s, as it must be to be read (TMPDIR names another folder)",
        ift_in_name(in), folder());
}

int ift_spool(struct ift_in *in, struct ift_slice first, struct ift_err *err) {
    const int fd = open_unnamed();
    if (fd < 0) return fail(in, err);
    int got = write_all(fd, first) < 0 ? fail(in, err) : 1;
    while (got > 0) {
        struct ift_slice s;
        got = ift_in_block(in, &s.p, &s.n, err);
        if (got > 0 && write_all(fd, s) < 0) got = fail(in, err);
    }
    if (got == 0) return fd;
    close(fd);
    return -1;
}
