#include "libcore/io/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"

struct ift_unpack {
    struct ift_raw *raw;
    const char *glob;
    struct archive *archive;
    bool sought;    /* libarchive moved about in the file */
    bool container; /* a tar or zip, of which members are chosen */
    bool damaged;   /* the member that is open, as was said: if it is the last, that may be why */
    bool ended;     /* no more members can be found */
    int error;      /* of read(2) */
    size_t matched;
    la_int64_t offset; /* in the member */
};

static la_ssize_t give(struct archive *a, void *ctx, const void **p) {
    struct ift_unpack *const u = ctx;
    struct ift_raw *const raw = u->raw;
    *p = raw->buf;
    if (raw->unread > 0) {
        raw->unread = 0;
        return (la_ssize_t)raw->have;
    }
    const ssize_t n = ift_raw_refill(raw, 0);
    if (n < 0) archive_set_error(a, u->error = errno, "%s", strerror(errno));
    return n;
}

static la_int64_t seek(struct archive *a, void *ctx, la_int64_t offset, int whence) {
    struct ift_unpack *const u = ctx;
    const off_t at = lseek(u->raw->fd, offset, whence);
    u->sought = true;
    if (at < 0) archive_set_error(a, errno, "%s", strerror(errno));
    return at < 0 ? ARCHIVE_FATAL : at;
}

static int failed(const struct ift_unpack *u, const char *name, struct ift_err *err) {
    const char *const why = archive_error_string(u->archive);
    errno = u->error;
    if (u->error) return ift_fail_errno(err, "%s", name);
    if (u->raw->ended && !u->sought)
        return IFT_FAIL(err, "%s: truncated or damaged%s%s", name, why ? ": " : "", why ? why : "");
    return IFT_FAIL(err, "%s: %s", name, why ? why : "damaged");
}

/* Filters and formats are named one by one: "all" would uudecode text that contains a line like
 * `begin 644 x`. */
static void choose_formats(struct archive *a) {
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
}

static int start(struct ift_unpack *u, struct ift_err *err) {
    struct ift_raw *const raw = u->raw;
    struct archive *const a = u->archive = archive_read_new();
    const bool compressed = ift_raw_is_compressed((struct ift_slice){raw->buf, raw->have});
    if (!a) return ift_fail_outside(err, "%s: no memory for libarchive", raw->name);
    choose_formats(a);
    archive_read_set_read_callback(a, give);
    archive_read_set_callback_data(a, u);
    if (lseek(raw->fd, 0, SEEK_CUR) == (off_t)raw->have && lseek(raw->fd, 0, SEEK_SET) == 0) {
        archive_read_set_seek_callback(a, seek);
        raw->have = raw->unread = raw->total = 0;
        raw->ended = false;
    }
    if (archive_read_open1(a) < ARCHIVE_WARN) return failed(u, raw->name, err);
    /* Too short to be recognised, it would come out as it went in. */
    if (compressed && archive_filter_count(a) == 1)
        return IFT_FAIL(err, "%s: truncated", raw->name);
    return 0;
}

int ift_unpack_open(struct ift_unpack **result, struct ift_raw *raw, const char *glob,
                    struct ift_err *err) {
    struct ift_unpack *const u = ift_alloc0(1, sizeof *u);
    u->raw = raw;
    u->glob = glob;
    const int rc = start(u, err);
    if (rc == 0)
        *result = u;
    else
        ift_unpack_free(u);
    return rc;
}

void ift_unpack_free(struct ift_unpack *u) {
    if (!u) return;
    archive_read_free(u->archive);
    free(u);
}

/* ---- whether all of it was there ---- */

/* What follows the end of a compressed stream: libarchive stops there in silence. Padding with
 * zeros is customary, anything else means that something was glued on or that the file is damaged.
 */
static int check_tail(struct ift_unpack *u, struct ift_err *err) {
    struct ift_raw *const raw = u->raw;
    const uint64_t used = (uint64_t)archive_filter_bytes(u->archive, -1),
                   from = raw->total - raw->have;
    size_t i = used > from ? (size_t)(used - from) : 0;
    for (;;) {
        for (; i < raw->have; i++) {
            if (raw->buf[i] == '\0') continue;
            return IFT_FAIL(err, "%s: bytes that belong to nothing after the compressed data",
                            raw->name);
        }
        const ssize_t n = raw->ended ? 0 : ift_raw_refill(raw, 0);
        if (n < 0) return ift_fail_errno(err, "%s", raw->name);
        if (n == 0) return 0;
        i = 0;
    }
}

/* A tar ends with blocks of zeros; one that ends with its file was cut, though between members. */
static bool tar_is_whole(const struct ift_unpack *u) {
    const struct ift_raw *const raw = u->raw;
    if (archive_filter_count(u->archive) > 1 || !raw->ended) return true;
    const size_t n = raw->have < IFT_RAW_HEADER ? raw->have : IFT_RAW_HEADER;
    for (size_t i = raw->have - n; i < raw->have; i++) {
        if (raw->buf[i] != '\0') return false;
    }
    return true;
}

/* A zip ends with a record that starts "PK\5\6" and a comment of at most 64 KiB; all members may be
 * there without it. */
static bool zip_is_whole(struct ift_unpack *u) {
    static const char mark[4] = "PK\5\6";
    struct ift_raw *const raw = u->raw;
    struct stat st;
    if (u->sought && fstat(raw->fd, &st) == 0) {
        const off_t from = st.st_size > IFT_RAW_BLOCK ? st.st_size - IFT_RAW_BLOCK : 0;
        const ssize_t n = pread(raw->fd, raw->buf, IFT_RAW_BLOCK, from);
        return n > 0 && memmem(raw->buf, (size_t)n, mark, sizeof mark);
    }
    while (!memmem(raw->buf, raw->have, mark, sizeof mark)) {
        const size_t keep = raw->have < 3 ? raw->have : 3; /* it may lie across two blocks */
        memmove(raw->buf, raw->buf + raw->have - keep, keep);
        if (raw->ended || ift_raw_refill(raw, keep) <= 0) return false;
    }
    return true;
}

static int end(struct ift_unpack *u, struct ift_err *err) {
    if (u->container && u->matched == 0 && u->glob) {
        return ift_fail_outside(err, "%s: no member matches '%s'", u->raw->name, u->glob);
    }
    if (u->container) {
        const int format = archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK;
        const bool whole = format == ARCHIVE_FORMAT_TAR   ? tar_is_whole(u)
                           : format == ARCHIVE_FORMAT_ZIP ? zip_is_whole(u)
                                                          : true;
        return whole ? 0 : IFT_FAIL(err, "%s: truncated archive", u->raw->name);
    }
    return u->sought ? 0 : check_tail(u, err);
}

/* ---- members ---- */

int ift_unpack_next(struct ift_unpack *u, const char **path, struct ift_err *err) {
    for (;;) {
        struct archive_entry *entry;
        if (u->ended) return 0;
        const int got = archive_read_next_header(u->archive, &entry);
        u->ended = got == ARCHIVE_EOF || got < ARCHIVE_WARN;
        if (u->ended && u->damaged) return 0;
        if (got == ARCHIVE_EOF) return end(u, err);
        if (u->ended) return failed(u, u->raw->name, err);
        u->offset = 0;
        u->damaged = false;
        const int format = archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK;
        if (format == ARCHIVE_FORMAT_RAW) {
            *path = NULL;
            return 1;
        }
        u->container = true;
        *path = archive_entry_pathname(entry);
        if (!*path || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
            continue;
        if (u->glob && fnmatch(u->glob, *path, 0) != 0) continue;
        u->matched++;
        return 1;
    }
}

int ift_unpack_block(struct ift_unpack *u, const char *name, struct ift_slice *block,
                     struct ift_err *err) {
    do {
        const void *p;
        la_int64_t offset;
        const int got = archive_read_data_block(u->archive, &p, &block->n, &offset);
        if (got == ARCHIVE_EOF) return 0;
        u->damaged = got != ARCHIVE_OK;
        if (u->damaged) return failed(u, name, err);
        if (offset != u->offset)
            return IFT_FAIL(err, "%s: a file with holes; unpack it first", name);
        u->offset += (la_int64_t)block->n;
        block->p = p;
    } while (block->n == 0);
    return 1;
}
