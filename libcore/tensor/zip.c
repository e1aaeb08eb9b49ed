#include "libcore/tensor/zip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

enum {
    END = 22, /* bytes of the fixed part of each record */
    LOCATOR = 20,
    END64 = 56,
    CENTRAL = 46,
    LOCAL = 30,
    MAX_COMMENT = 65535,
    ZIP64_FIELDS = 1, /* number of the extra field with 64-bit sizes */
};

static uint32_t u16(const unsigned char *p) {
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const unsigned char *p) {
    return u16(p) | u16(p + 2) << 16;
}

static uint64_t u64(const unsigned char *p) {
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

/* Records begin with "PK" and two bytes that tell them apart. */
static bool is_record(const unsigned char *p, char a, char b) {
    return p[0] == 'P' && p[1] == 'K' && p[2] == a && p[3] == b;
}

/* ---- the end, which says where the directory is ---- */

struct directory {
    uint64_t at, bytes, entries;
};

static int read_end64(const unsigned char *p, size_t end, struct directory *d,
                      struct ift_err *err) {
    const unsigned char *const locator = end >= LOCATOR ? p + end - LOCATOR : NULL;
    if (!locator || !is_record(locator, 6, 7))
        return IFT_FAIL(err, "the archive's end asks for a 64-bit end that is not there");
    const uint64_t at = u64(locator + 8);
    if (at > end - LOCATOR || end - LOCATOR - at < END64 || !is_record(p + at, 6, 6))
        return IFT_FAIL(err, "the archive's 64-bit end is not where it should be");
    const unsigned char *const r = p + at;
    if (u32(r + 16) || u32(r + 20) || u64(r + 24) != u64(r + 32))
        return IFT_FAIL(err, "an archive in several volumes is not read");
    *d = (struct directory){.entries = u64(r + 32), .bytes = u64(r + 40), .at = u64(r + 48)};
    return d->at <= at && d->bytes <= at - d->at
               ? 0
               : IFT_FAIL(err, "the archive's directory lies outside of it");
}

static int read_end(const unsigned char *p, size_t n, struct directory *d, struct ift_err *err) {
    size_t end = n;
    for (size_t comment = 0; comment <= MAX_COMMENT && comment + END <= n; comment++) {
        const unsigned char *const r = p + n - END - comment;
        if (!is_record(r, 5, 6) || u16(r + 20) != comment) continue;
        end = n - END - comment;
        break;
    }
    if (end == n) return IFT_FAIL(err, "the archive has no end: is the file cut?");
    const unsigned char *const r = p + end;
    *d = (struct directory){.entries = u16(r + 10), .bytes = u32(r + 12), .at = u32(r + 16)};
    if (d->entries == 0xffff || d->bytes == 0xffffffff || d->at == 0xffffffff)
        return read_end64(p, end, d, err);
    if (u16(r + 4) || u16(r + 6) || u16(r + 8) != d->entries)
        return IFT_FAIL(err, "an archive in several volumes is not read");
    return d->at <= end && d->bytes <= end - d->at
               ? 0
               : IFT_FAIL(err, "the archive's directory lies outside of it");
}

/* ---- members ---- */

/* What a line of the directory says of a member. */
struct line {
    struct ift_slice name;
    uint64_t stored, size, local;
};

/* Sizes that do not fit 32 bits stand in an extra field, only those and in this order. */
static int read_zip64(const unsigned char *extra, size_t n, struct line *e, struct ift_err *err) {
    uint64_t *const wide[] = {&e->size, &e->stored, &e->local};
    const unsigned char *field = NULL;
    size_t left = 0, used = 0;
    for (size_t at = 0; n - at >= 4; at += left) {
        left = u16(extra + at + 2);
        const uint32_t id = u16(extra + at);
        at += 4;
        if (left > n - at) return IFT_FAIL(err, "an extra field of the directory is cut");
        if (id != ZIP64_FIELDS) continue;
        field = extra + at;
        break;
    }
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (*wide[i] != 0xffffffff) continue;
        if (!field || left - used < 8)
            return IFT_FAIL(err, "a large member of the archive lacks its size");
        *wide[i] = u64(field + used);
        used += 8;
    }
    return 0;
}

/* Reads the line at p; its length, or -1. */
static int64_t read_line(const unsigned char *p, size_t n, struct line *e, struct ift_err *err) {
    if (n < CENTRAL || !is_record(p, 1, 2))
        return IFT_FAIL(err, "a line of the archive's directory is broken");
    const size_t name = u16(p + 28), extra = u16(p + 30), comment = u16(p + 32);
    if (n - CENTRAL < name + extra + comment)
        return IFT_FAIL(err, "a line of the archive's directory is cut");
    *e = (struct line){.name = {(const char *)p + CENTRAL, name},
                       .stored = u32(p + 20),
                       .size = u32(p + 24),
                       .local = u32(p + 42)};
    if (read_zip64(p + CENTRAL + name, extra, e, err) < 0) return -1;
    if (u16(p + 8) & 1) return IFT_FAIL(err, "a member of the archive is encrypted");
    if (u16(p + 10) != 0 || e->stored != e->size)
        return IFT_FAIL(err, "a member of the archive is compressed, which torch never does");
    return (int64_t)(CENTRAL + name + extra + comment);
}

/* Finds the member's bytes behind its local header, which may be longer than the directory says. */
static int place(const unsigned char *p, uint64_t limit, const struct line *e,
                 struct ift_zip_entry *to, struct ift_err *err) {
    const bool inside = e->local <= limit && limit - e->local >= LOCAL;
    const unsigned char *const local = inside ? p + e->local : NULL;
    if (!local || !is_record(local, 3, 4))
        return IFT_FAIL(err, "a member of the archive is not where its directory says");
    const uint64_t name = u16(local + 26), extra = u16(local + 28);
    const uint64_t room = limit - e->local - LOCAL;
    if (room < name + extra || room - name - extra < e->size)
        return IFT_FAIL(err, "a member of the archive is cut");
    if (!ift_slice_eq(e->name, (struct ift_slice){(const char *)local + LOCAL, name}))
        return IFT_FAIL(err, "a member of the archive goes by two names");
    *to = (struct ift_zip_entry){e->name, local + LOCAL + name + extra, e->size};
    return 0;
}

static int by_place(const void *a, const void *b) {
    const struct ift_zip_entry *const x = a, *const y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

static int by_name(const void *a, const void *b) {
    const struct ift_slice x = ((const struct ift_zip_entry *)a)->name,
                           y = ((const struct ift_zip_entry *)b)->name;
    const int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

static int check_members(struct ift_zip *z, struct ift_err *err) {
    if (!z->n) return IFT_FAIL(err, "the archive is empty");
    qsort(z->entry, z->n, sizeof *z->entry, by_place);
    for (size_t i = 1; i < z->n; i++) {
        const struct ift_zip_entry *const before = &z->entry[i - 1], *const e = &z->entry[i];
        /* Between two members there is at least the header of the second. */
        if ((size_t)(e->p - before->p) < before->n + LOCAL + e->name.n)
            return IFT_FAIL(err, "members of the archive overlap");
    }
    qsort(z->entry, z->n, sizeof *z->entry, by_name);
    for (size_t i = 1; i < z->n; i++) {
        if (ift_slice_eq(z->entry[i - 1].name, z->entry[i].name))
            return IFT_FAIL(err, "a member of the archive is there twice");
    }
    return 0;
}

int ift_zip_read(struct ift_zip *z, const unsigned char *p, size_t n, struct ift_err *err) {
    struct directory d = {0};
    *z = (struct ift_zip){0};
    IFT_TRY(read_end(p, n, &d, err));
    const unsigned char *const text = p + d.at;
    z->directory = (struct ift_slice){(const char *)text, (size_t)d.bytes};
    size_t cap = 0, at = 0;
    int rc = 0;
    while (rc == 0 && at < d.bytes) {
        struct line e;
        const int64_t length = read_line(text + at, (size_t)d.bytes - at, &e, err);
        if (length < 0) rc = -1;
        if (rc < 0) break;
        at += (size_t)length;
        z->entry = ift_grow(z->entry, z->n + 1, &cap, sizeof *z->entry);
        rc = place(p, d.at, &e, &z->entry[z->n], err);
        z->n += rc == 0;
    }
    if (rc == 0 && z->n != d.entries)
        rc = IFT_FAIL(err, "the archive's end counts %llu members, its directory has %zu",
                      (unsigned long long)d.entries, z->n);
    if (rc == 0) rc = check_members(z, err);
    if (rc < 0) ift_zip_release(z);
    return rc;
}

void ift_zip_release(struct ift_zip *z) {
    free(z->entry);
    *z = (struct ift_zip){0};
}

const struct ift_zip_entry *ift_zip_find(const struct ift_zip *z, struct ift_slice name) {
    const struct ift_zip_entry key = {.name = name};
    return z->n ? bsearch(&key, z->entry, z->n, sizeof *z->entry, by_name) : NULL;
}
