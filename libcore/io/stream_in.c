#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"
#include "libcore/io/stream.h"

enum { BLOCK = 64 << 10, TAR_HEADER = 512 };

struct ift_in {
    char **path;
    size_t npaths, next; /* next: of the operand to open */
    char *glob;
    uint64_t bytes;

    /* The open operand. */
    int fd;
    char *buf; /* what read(2) gave last */
    size_t have;
    size_t unread;  /* of that, what nobody has taken yet: all or nothing */
    uint64_t total; /* bytes that read(2) gave */
    bool ended;     /* read(2) has nothing more */
    struct archive *archive;
    bool sought;    /* libarchive moved about in the file */
    bool container; /* a tar or zip, of which members are chosen */
    size_t matched;

    /* The open member. */
    enum { CLOSED, FRESH, OPEN } state;
    la_int64_t offset;
    struct ift_str name;
    struct ift_slice block; /* of the last block, what ift_in_line has not lent yet */
    struct ift_str line;    /* a line that crosses blocks */
};

static const char *operand(const struct ift_in *in) {
    const char *const path = in->path[in->next - 1];
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

/* ---- the bytes of an operand ---- */

/* Reads behind buf[0, at): how much. At the end of the file buf stays as it is. */
static ssize_t refill(struct ift_in *in, size_t at) {
    ssize_t n;
    do {
        n = read(in->fd, in->buf + at, BLOCK - at);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        in->have = at + (size_t)n;
        in->total += (uint64_t)n;
    }
    in->ended = n == 0;
    return n;
}

/* Reads as much as it takes to know the container. A line of text is known by its end, so that a
 * slow writer's first line is not held back. */
static int peek(struct ift_in *in, struct ift_err *err) {
    in->have = 0;
    in->total = 0;
    in->ended = false;
    while (!in->ended && in->have < TAR_HEADER && !memchr(in->buf, '\n', in->have)) {
        if (refill(in, in->have) < 0) return ift_fail_errno(err, "%s", operand(in));
    }
    in->unread = in->have;
    return 0;
}

static bool starts(struct ift_slice s, const char *magic, size_t n) {
    return s.n >= n && memcmp(s.p, magic, n) == 0;
}

static bool is_compressed(struct ift_slice s) {
    const bool bzip2 =
        starts(s, "BZh", 3) && s.n >= 10 &&
        (memcmp(s.p + 4, "1AY&SY", 6) == 0 || memcmp(s.p + 4, "\x17rE8P\x90", 6) == 0);
    return bzip2 || starts(s, "\x1f\x8b", 2) || starts(s, "\x28\xb5\x2f\xfd", 4) ||
           starts(s,
                  "\xfd"
                  "7zXZ\0",
                  6) ||
           starts(s, "\x04\x22\x4d\x18", 4);
}

/* A tar header carries the sum of its own bytes, that field taken as blanks. */
static bool is_tar(struct ift_slice s) {
    if (s.n < TAR_HEADER || s.p[0] == '\0') return false;
    unsigned long sum = 0;
    for (int i = 0; i < TAR_HEADER; i++) sum += i >= 148 && i < 156 ? ' ' : (unsigned char)s.p[i];
    char field[9] = {0}, *end;
    memcpy(field, s.p + 148, 8);
    return strtoul(field, &end, 8) == sum && end > field;
}

static bool is_zip(struct ift_slice s) {
    return starts(s, "PK\3\4", 4) || starts(s, "PK\5\6", 4);
}

/* ---- libarchive's side ---- */

static la_ssize_t give(struct archive *a, void *ctx, const void **p) {
    struct ift_in *const in = ctx;
    *p = in->buf;
    if (in->unread > 0) {
        in->unread = 0;
        return (la_ssize_t)in->have;
    }
    const ssize_t n = refill(in, 0);
    if (n < 0) archive_set_error(a, errno, "%s", strerror(errno));
    return n;
}

static la_int64_t seek(struct archive *a, void *ctx, la_int64_t offset, int whence) {
    struct ift_in *const in = ctx;
    const off_t at = lseek(in->fd, offset, whence);
    in->sought = true;
    if (at < 0) archive_set_error(a, errno, "%s", strerror(errno));
    return at < 0 ? ARCHIVE_FATAL : at;
}

static int archive_failed(const struct ift_in *in, struct ift_err *err) {
    const char *const why = archive_error_string(in->archive);
    const char *const name = in->name.n ? in->name.p : operand(in);
    if (in->ended && !in->sought)
        return IFT_FAIL(err, "%s: truncated or damaged%s%s", name, why ? ": " : "", why ? why : "");
    return IFT_FAIL(err, "%s: %s", name, why ? why : "damaged");
}

/* Filters and formats are named one by one: "all" would uudecode text that contains a line like
 * `begin 644 x`. */
static int open_archive(struct ift_in *in, bool compressed, struct ift_err *err) {
    struct archive *const a = in->archive = archive_read_new();
    if (!a) return IFT_FAIL(err, "%s: no memory for libarchive", operand(in));
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    archive_read_set_read_callback(a, give);
    archive_read_set_callback_data(a, in);
    in->sought = false;
    if (lseek(in->fd, 0, SEEK_CUR) == (off_t)in->have && lseek(in->fd, 0, SEEK_SET) == 0) {
        archive_read_set_seek_callback(a, seek);
        in->have = in->unread = in->total = 0;
        in->ended = false;
    }
    in->container = false;
    in->matched = 0;
    if (archive_read_open1(a) < ARCHIVE_WARN) return archive_failed(in, err);
    /* Too short to be recognised, it would come out as it went in. */
    if (compressed && archive_filter_count(a) == 1)
        return IFT_FAIL(err, "%s: truncated", operand(in));
    return 0;
}

/* What follows the end of a compressed stream: libarchive stops there in silence. Padding with
 * zeros is customary, anything else means that something was glued on or that the file is damaged.
 */
static int check_tail(struct ift_in *in, struct ift_err *err) {
    const uint64_t used = (uint64_t)archive_filter_bytes(in->archive, -1),
                   from = in->total - in->have;
    size_t i = used > from ? (size_t)(used - from) : 0;
    for (;;) {
        for (; i < in->have; i++) {
            if (in->buf[i] == '\0') continue;
            return IFT_FAIL(err, "%s: bytes that belong to nothing after the compressed data",
                            operand(in));
        }
        const ssize_t n = in->ended ? 0 : refill(in, 0);
        if (n < 0) return ift_fail_errno(err, "%s", operand(in));
        if (n == 0) return 0;
        i = 0;
    }
}

/* A tar ends with blocks of zeros; one that ends with its file was cut, though between members. */
static bool tar_is_whole(const struct ift_in *in) {
    if (archive_filter_count(in->archive) > 1 || !in->ended) return true;
    const size_t n = in->have < TAR_HEADER ? in->have : TAR_HEADER;
    for (size_t i = in->have - n; i < in->have; i++) {
        if (in->buf[i] != '\0') return false;
    }
    return true;
}

/* A zip ends with a record that starts "PK\5\6" and a comment of at most 64 KiB; all members may be
 * there without it. */
static bool zip_is_whole(struct ift_in *in) {
    static const char mark[4] = "PK\5\6";
    struct stat st;
    if (in->sought && fstat(in->fd, &st) == 0) {
        const off_t from = st.st_size > BLOCK ? st.st_size - BLOCK : 0;
        const ssize_t n = pread(in->fd, in->buf, BLOCK, from);
        return n > 0 && memmem(in->buf, (size_t)n, mark, sizeof mark);
    }
    while (!memmem(in->buf, in->have, mark, sizeof mark)) {
        const size_t keep = in->have < 3 ? in->have : 3; /* the mark may lie across two blocks */
        memmove(in->buf, in->buf + in->have - keep, keep);
        if (in->ended || refill(in, keep) <= 0) return false;
    }
    return true;
}

static int end_archive(struct ift_in *in, struct ift_err *err) {
    if (in->container && in->matched == 0 && in->glob) {
        return IFT_FAIL(err, "%s: no member matches '%s'", operand(in), in->glob);
    }
    if (in->container) {
        const int format = archive_format(in->archive) & ARCHIVE_FORMAT_BASE_MASK;
        const bool whole = format == ARCHIVE_FORMAT_TAR   ? tar_is_whole(in)
                           : format == ARCHIVE_FORMAT_ZIP ? zip_is_whole(in)
                                                          : true;
        return whole ? 0 : IFT_FAIL(err, "%s: truncated archive", operand(in));
    }
    return in->sought ? 0 : check_tail(in, err);
}

/* ---- operands and members ---- */

int ift_in_open(struct ift_in **out, const char *const *paths, size_t n, const char *member,
                struct ift_err *err) {
    static const char *const standard_input[] = {"-"};
    (void)err; /* files are opened one by one, when their turn comes */
    if (!paths || n == 0) {
        paths = standard_input;
        n = 1;
    }
    struct ift_in *const in = *out = ift_alloc0(1, sizeof *in);
    in->fd = -1;
    in->buf = ift_alloc(BLOCK);
    in->glob = ift_strdup(member);
    in->path = ift_alloc0(n, sizeof *in->path);
    in->npaths = n;
    for (size_t i = 0; i < n; i++) in->path[i] = ift_strdup(paths[i]);
    return 0;
}

static void close_operand(struct ift_in *in) {
    if (in->archive) archive_read_free(in->archive);
    in->archive = NULL;
    if (in->fd > 0) close(in->fd);
    in->fd = -1;
}

void ift_in_free(struct ift_in *in) {
    if (!in) return;
    close_operand(in);
    for (size_t i = 0; i < in->npaths; i++) free(in->path[i]);
    free(in->path);
    free(in->glob);
    free(in->buf);
    ift_str_release(&in->name);
    ift_str_release(&in->line);
    free(in);
}

static int open_operand(struct ift_in *in, struct ift_err *err) {
    const char *const path = in->path[in->next++];
    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) return ift_fail_errno(err, "cannot open '%s'", path);
    struct stat st;
    if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        return IFT_FAIL(err, "'%s' is a directory; name the files in it", path);
    }
    IFT_TRY(peek(in, err));
    const struct ift_slice start = {in->buf, in->have};
    const bool compressed = is_compressed(start);
    return compressed || is_tar(start) || is_zip(start) ? open_archive(in, compressed, err) : 0;
}

/* Begins a member whose name within the operand is `inner`, or the operand itself. */
static void begin_member(struct ift_in *in, const char *inner) {
    ift_str_clear(&in->name);
    ift_str_adds(&in->name, operand(in));
    if (inner) ift_str_addf(&in->name, ":%s", inner);
    in->block.n = 0;
    in->offset = 0;
    in->state = FRESH;
}

/* The next chosen member of the open archive: 1, 0 at its end, -1. */
static int next_in_archive(struct ift_in *in, struct ift_err *err) {
    for (;;) {
        struct archive_entry *entry;
        const int got = archive_read_next_header(in->archive, &entry);
        ift_str_clear(&in->name);
        if (got == ARCHIVE_EOF) return end_archive(in, err);
        if (got < ARCHIVE_WARN) return archive_failed(in, err);
        const int format = archive_format(in->archive) & ARCHIVE_FORMAT_BASE_MASK;
        if (format == ARCHIVE_FORMAT_RAW) {
            begin_member(in, NULL);
            return 1;
        }
        in->container = true;
        const char *const path = archive_entry_pathname(entry);
        if (!path || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
            continue;
        if (in->glob && fnmatch(in->glob, path, 0) != 0) continue;
        in->matched++;
        begin_member(in, path);
        return 1;
    }
}

int ift_in_next(struct ift_in *in, struct ift_err *err) {
    for (;;) {
        in->state = CLOSED;
        if (in->archive) {
            const int got = next_in_archive(in, err);
            if (got != 0) return got;
        }
        close_operand(in);
        if (in->next == in->npaths) return 0;
        ift_str_clear(&in->name);
        IFT_TRY(open_operand(in, err));
        if (in->archive) continue;
        begin_member(in, NULL);
        return 1;
    }
}

const char *ift_in_name(const struct ift_in *in) {
    return in->name.n ? in->name.p : in->next ? operand(in) : "";
}

uint64_t ift_in_bytes(const struct ift_in *in) {
    return in->bytes;
}

/* ---- the bytes of a member ---- */

static int block_of_file(struct ift_in *in, struct ift_slice *block, struct ift_err *err) {
    if (in->unread == 0) {
        const ssize_t n = refill(in, 0);
        if (n <= 0) return n < 0 ? ift_fail_errno(err, "%s", in->name.p) : 0;
    }
    in->unread = 0;
    *block = (struct ift_slice){in->buf, in->have};
    return 1;
}

static int block_of_archive(struct ift_in *in, struct ift_slice *block, struct ift_err *err) {
    do {
        const void *p;
        la_int64_t offset;
        const int got = archive_read_data_block(in->archive, &p, &block->n, &offset);
        if (got == ARCHIVE_EOF) return 0;
        if (got != ARCHIVE_OK) return archive_failed(in, err);
        if (offset != in->offset)
            return IFT_FAIL(err, "%s: a file with holes; unpack it first", in->name.p);
        in->offset += (la_int64_t)block->n;
        block->p = p;
    } while (block->n == 0);
    return 1;
}

/* What cannot be meant as data, though it reads as bytes. */
static int check_first(const struct ift_in *in, struct ift_slice block, struct ift_err *err) {
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1";
    if (block.n >= sizeof pointer - 1 && memcmp(block.p, pointer, sizeof pointer - 1) == 0) {
        return IFT_FAIL(
            err, "%s: a git-LFS pointer instead of the file; run `git lfs pull` where it came from",
            in->name.p);
    }
    if (in->container && is_compressed(block)) {
        return IFT_FAIL(err, "%s: compressed inside an archive; unpack the archive first",
                        in->name.p);
    }
    return 0;
}

/* Puts the next block of the member into in->block: 1, 0, -1. */
static int next_block(struct ift_in *in, struct ift_err *err) {
    if (in->state == CLOSED) return 0;
    const int got =
        in->archive ? block_of_archive(in, &in->block, err) : block_of_file(in, &in->block, err);
    if (got <= 0) {
        in->block.n = 0;
        in->state = CLOSED;
        return got;
    }
    if (in->state == FRESH) IFT_TRY(check_first(in, in->block, err));
    in->state = OPEN;
    in->bytes += in->block.n;
    return 1;
}

int ift_in_block(struct ift_in *in, const char **p, size_t *n, struct ift_err *err) {
    if (in->block.n == 0) {
        const int got = next_block(in, err);
        if (got <= 0) return got;
    }
    *p = in->block.p;
    *n = in->block.n;
    in->block.n = 0;
    return 1;
}

int ift_in_line(struct ift_in *in, struct ift_slice *line, bool *terminated, struct ift_err *err) {
    ift_str_clear(&in->line);
    for (;;) {
        struct ift_slice *const b = &in->block;
        const char *const nl = b->n ? memchr(b->p, '\n', b->n) : NULL;
        const size_t n = nl ? (size_t)(nl - b->p) : b->n;
        *line = (struct ift_slice){b->p, n};
        if (in->line.n || !nl) {
            ift_str_add(&in->line, b->p, n);
            *line = ift_str_slice(&in->line);
        }
        if (nl) {
            *b = (struct ift_slice){nl + 1, b->n - n - 1};
            *terminated = true;
            return 1;
        }
        const int got = next_block(in, err);
        if (got < 0) return -1;
        if (got == 0) {
            *terminated = false;
            return in->line.n > 0;
        }
    }
}

int ift_in_slurp(const char *path, struct ift_str *text, size_t max, struct ift_err *err) {
    if (max == 0) max = (size_t)1 << 30;
    struct ift_in *in;
    IFT_TRY(ift_in_open(&in, &path, 1, NULL, err));
    const size_t before = text->n;
    int got = ift_in_next(in, err);
    while (got > 0) {
        const char *p;
        size_t n;
        got = ift_in_block(in, &p, &n, err);
        if (got > 0 && n > max - (text->n - before)) {
            got = IFT_FAIL(err, "%s: more than %zu bytes", ift_in_name(in), max);
        } else if (got > 0) {
            ift_str_add(text, p, n);
        } else if (got == 0) {
            got = ift_in_next(in, err);
            if (got > 0) got = IFT_FAIL(err, "%s: several files where one is expected", path);
        }
    }
    ift_in_free(in);
    return got;
}

int ift_in_slurp_from(const char *folder, const char *file, struct ift_str *text,
                      struct ift_err *err) {
    struct ift_str path = {0};
    struct stat st;
    ift_str_addf(&path, "%s/%s", folder, file);
    const int rc = stat(path.p, &st) != 0 ? 0 : ift_in_slurp(path.p, text, 0, err) < 0 ? -1 : 1;
    if (rc == 1) ift_str_reserve(text, 0); /* an empty file is text too */
    ift_str_release(&path);
    return rc;
}
