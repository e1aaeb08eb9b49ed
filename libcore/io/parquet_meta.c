#include "libcore/io/parquet_meta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/mem.h"

enum {
    ELEMENTS = 1 << 16, /* of a schema; each takes more memory than the byte that it may be */
    TAIL = 8,           /* length of the footer, magic */
};

int ift_parquet_read_at(int fd, void *to, size_t n, uint64_t at, struct ift_err *err) {
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(fd, (char *)to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return ift_fail_errno(err, "cannot be read");
        if (got == 0) return IFT_FAIL(err, "truncated");
        done += (size_t)got;
    }
    return 0;
}

/* Whether the value that follows is of that type; if not it is passed over. */
static bool is(struct ift_thrift *t, const struct ift_thrift_field *f, enum ift_thrift_type type) {
    if (f->type == type) return true;
    ift_thrift_skip(t, f->type);
    return false;
}

static int64_t integer(struct ift_thrift *t, const struct ift_thrift_field *f) {
    switch (f->type) {
    case IFT_THRIFT_TRUE:
        return 1;
    case IFT_THRIFT_BYTE: {
        if (t->p < t->end) return (signed char)*t->p++;
        return ift_thrift_int(t); /* sets failed */
    }
    case IFT_THRIFT_I16:
    case IFT_THRIFT_I32:
    case IFT_THRIFT_I64:
        return ift_thrift_int(t);
    default:
        ift_thrift_skip(t, f->type);
        return 0;
    }
}

/* ---- the schema ---- */

/* ConvertedType. */
static void convert(struct ift_parquet_element *e, int64_t type) {
    static const struct {
        enum ift_parquet_meaning meaning;
        int digits;
        const char *unread;
    } meanings[] = {
        {IFT_PARQUET_STRING, 0, NULL},    {IFT_PARQUET_MAP, 0, NULL},
        {IFT_PARQUET_MAP, 0, NULL},       {IFT_PARQUET_LIST, 0, NULL},
        {IFT_PARQUET_STRING, 0, NULL},    {IFT_PARQUET_DECIMAL, 0, NULL},
        {IFT_PARQUET_DATE, 0, NULL},      {IFT_PARQUET_TIME, 3, NULL},
        {IFT_PARQUET_TIME, 6, NULL},      {IFT_PARQUET_TIMESTAMP, 3, NULL},
        {IFT_PARQUET_TIMESTAMP, 6, NULL}, {IFT_PARQUET_UNSIGNED, 0, NULL},
        {IFT_PARQUET_UNSIGNED, 0, NULL},  {IFT_PARQUET_UNSIGNED, 0, NULL},
        {IFT_PARQUET_UNSIGNED, 0, NULL},  {IFT_PARQUET_SIGNED, 0, NULL},
        {IFT_PARQUET_SIGNED, 0, NULL},    {IFT_PARQUET_SIGNED, 0, NULL},
        {IFT_PARQUET_SIGNED, 0, NULL},    {IFT_PARQUET_STRING, 0, NULL},
        {IFT_PARQUET_UNREAD, 0, "BSON"},  {IFT_PARQUET_UNREAD, 0, "INTERVAL"},
    };
    if (type < 0 || (uint64_t)type >= sizeof meanings / sizeof *meanings) {
        e->meaning = IFT_PARQUET_UNREAD;
        e->unread = "a converted type of a later version";
        return;
    }
    e->meaning = meanings[type].meaning;
    e->digits = meanings[type].digits;
    e->utc = true; /* what the older names mean */
    e->unread = meanings[type].unread;
}

/* TimeUnit: its one field's number. */
static int unit_digits(struct ift_thrift *t) {
    struct ift_thrift_field f = {0};
    int digits = 0;
    while (ift_thrift_field(t, &f)) {
        digits = f.id >= 1 && f.id <= 3 ? 3 * f.id : 0;
        ift_thrift_skip(t, f.type);
    }
    return digits;
}

/* The struct of a logical type. Field 1 is a scale, a width, or whether it is UTC; field 2 a
 * precision, a sign, or a unit. */
static void logical_parameters(struct ift_parquet_element *e, struct ift_thrift *t) {
    struct ift_thrift_field f = {0};
    const bool timed = e->meaning == IFT_PARQUET_TIME || e->meaning == IFT_PARQUET_TIMESTAMP;
    while (ift_thrift_field(t, &f)) {
        if (timed && f.id == 2 && f.type == IFT_THRIFT_STRUCT) {
            e->digits = unit_digits(t);
            continue;
        }
        const int64_t value = integer(t, &f);
        if (timed && f.id == 1) e->utc = value;
        if (e->meaning == IFT_PARQUET_DECIMAL && f.id == 1)
            e->scale = value < INT32_MIN || value > INT32_MAX ? -1 : (int)value;
        if (e->meaning == IFT_PARQUET_SIGNED && f.id == 2 && !value)
            e->meaning = IFT_PARQUET_UNSIGNED;
    }
}

/* LogicalType, a union: one field, a struct that is mostly empty. */
static void logical(struct ift_parquet_element *e, struct ift_thrift *t) {
    static const struct {
        enum ift_parquet_meaning meaning;
        const char *unread;
    } meanings[] = {
        [1] = {IFT_PARQUET_STRING, NULL},        [2] = {IFT_PARQUET_MAP, NULL},
        [3] = {IFT_PARQUET_LIST, NULL},          [4] = {IFT_PARQUET_STRING, NULL},
        [5] = {IFT_PARQUET_DECIMAL, NULL},       [6] = {IFT_PARQUET_DATE, NULL},
        [7] = {IFT_PARQUET_TIME, NULL},          [8] = {IFT_PARQUET_TIMESTAMP, NULL},
        [9] = {IFT_PARQUET_UNREAD, "INTERVAL"},  [10] = {IFT_PARQUET_SIGNED, NULL},
        [11] = {IFT_PARQUET_NULL, NULL},         [12] = {IFT_PARQUET_STRING, NULL},
        [13] = {IFT_PARQUET_UNREAD, "BSON"},     [14] = {IFT_PARQUET_UUID, NULL},
        [15] = {IFT_PARQUET_FLOAT16, NULL},      [16] = {IFT_PARQUET_UNREAD, "VARIANT"},
        [17] = {IFT_PARQUET_UNREAD, "GEOMETRY"}, [18] = {IFT_PARQUET_UNREAD, "GEOGRAPHY"},
    };
    struct ift_thrift_field f = {0};
    while (ift_thrift_field(t, &f)) {
        if (!is(t, &f, IFT_THRIFT_STRUCT)) continue;
        e->meaning = IFT_PARQUET_UNREAD;
        e->unread = "a logical type of a later version";
        if (f.id > 0 && f.id < (int)(sizeof meanings / sizeof *meanings)) {
            e->meaning = meanings[f.id].meaning;
            e->unread = meanings[f.id].unread;
        }
        logical_parameters(e, t);
    }
}

static bool read_element(struct ift_parquet_element *e, struct ift_thrift *t) {
    struct ift_thrift_field f = {0};
    bool sure = false, right = true; /* sure: the logical type came, which counts */
    *e = (struct ift_parquet_element){.name = {"", 0}, .physical = IFT_PARQUET_GROUP};
    while (ift_thrift_field(t, &f)) {
        if (f.id == 4 && is(t, &f, IFT_THRIFT_BINARY)) {
            e->name = ift_thrift_binary(t);
        } else if (f.id == 10 && is(t, &f, IFT_THRIFT_STRUCT)) {
            logical(e, t);
            sure = true;
        } else if (f.id != 4 && f.id != 10) {
            const int64_t v = integer(t, &f);
            if (f.id == 1) e->physical = (enum ift_parquet_physical)v;
            if (f.id == 1) right = right && v >= 0 && v <= IFT_PARQUET_FIXED;
            if (f.id == 2) e->width = (int)v;
            if (f.id == 2) right = right && v >= 0 && v < 1 << 24;
            if (f.id == 3) e->repetition = (enum ift_parquet_repetition)v;
            if (f.id == 3) right = right && v >= 0 && v <= IFT_PARQUET_REPEATED;
            if (f.id == 5) e->children = (size_t)v;
            if (f.id == 5) right = right && v >= 0 && v < ELEMENTS;
            if (f.id == 6 && !sure) convert(e, v);
            if (f.id == 7 && !sure) e->scale = v < 0 || v > INT32_MAX ? -1 : (int)v;
        }
    }
    return right;
}

static bool read_schema(struct ift_parquet_footer *f, struct ift_thrift *t) {
    enum ift_thrift_type type;
    const size_t n = ift_thrift_list(t, &type);
    if (type != IFT_THRIFT_STRUCT || n == 0 || n > ELEMENTS || f->element) return false;
    f->element = ift_alloc0(n, sizeof *f->element);
    f->nelements = n;
    for (size_t i = 0; i < n && !t->failed; i++) {
        if (!read_element(&f->element[i], t)) return false;
    }
    return true;
}

/* ---- the footer ---- */

static int parse_footer(struct ift_parquet_footer *f, struct ift_err *err) {
    const unsigned char *const p = (const unsigned char *)f->bytes.p;
    struct ift_thrift t = {.p = p, .end = p + f->bytes.n};
    struct ift_thrift_field field = {0};
    bool right = true, has_groups = false;
    while (right && ift_thrift_field(&t, &field)) {
        if (field.id == 2 && field.type == IFT_THRIFT_LIST) {
            right = read_schema(f, &t);
        } else if (field.id == 3) {
            const int64_t rows = integer(&t, &field);
            right = rows >= 0;
            f->rows = (uint64_t)rows;
        } else if (field.id == 4 && field.type == IFT_THRIFT_LIST) {
            struct ift_thrift list = t;
            enum ift_thrift_type type;
            f->groups_left = ift_thrift_list(&list, &type);
            right = type == IFT_THRIFT_STRUCT || f->groups_left == 0;
            f->groups = list;
            has_groups = true;
            ift_thrift_skip(&t, field.type);
        } else if (field.id == 8) {
            return IFT_FAIL(err, "encrypted; it can be read only after decryption");
        } else {
            ift_thrift_skip(&t, field.type);
        }
    }
    if (!right || t.failed || !f->element || !has_groups)
        return IFT_FAIL(err, "damaged: its footer is no description of a Parquet file");
    return 0;
}

int ift_parquet_footer_read(struct ift_parquet_footer *f, int fd, struct ift_err *err) {
    struct stat st;
    unsigned char head[4], tail[TAIL];
    if (fstat(fd, &st) < 0) return ift_fail_errno(err, "cannot be read");
    const uint64_t size = (uint64_t)st.st_size;
    if (size < sizeof head + TAIL) return IFT_FAIL(err, "truncated: too short for a Parquet file");
    IFT_TRY(ift_parquet_read_at(fd, head, sizeof head, 0, err));
    IFT_TRY(ift_parquet_read_at(fd, tail, TAIL, size - TAIL, err));
    if (memcmp(tail + 4, "PARE", 4) == 0)
        return IFT_FAIL(err, "encrypted; it can be read only after decryption");
    if (memcmp(head, "PAR1", 4) != 0) return IFT_FAIL(err, "not a Parquet file");
    if (memcmp(tail + 4, "PAR1", 4) != 0)
        return IFT_FAIL(err, "truncated: a Parquet file without its end");
    const size_t n = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    if (n > size - sizeof head - TAIL)
        return IFT_FAIL(err, "damaged: a footer of %zu bytes is longer than the file", n);
    char *const p = ift_str_reserve(&f->bytes, n);
    IFT_TRY(ift_parquet_read_at(fd, p, n, size - TAIL - n, err));
    f->bytes.n = n;
    return parse_footer(f, err);
}

void ift_parquet_footer_release(struct ift_parquet_footer *f) {
    ift_str_release(&f->bytes);
    free(f->element);
    *f = (struct ift_parquet_footer){0};
}

/* ---- row groups ---- */

static bool read_column_meta(struct ift_parquet_chunk *c, struct ift_thrift *t) {
    struct ift_thrift_field f = {0};
    int64_t entries = -1, data = -1, dictionary = 0, physical = -1;
    while (ift_thrift_field(t, &f)) {
        const int64_t v = integer(t, &f);
        if (f.id == 1) physical = v;
        if (f.id == 4) c->codec = v;
        if (f.id == 5) entries = v;
        if (f.id == 9) data = v;
        if (f.id == 11) dictionary = v;
    }
    if (entries < 0 || data < 0) return false;
    c->entries = (uint64_t)entries;
    /* Some writers leave a 0 where there is no dictionary. */
    c->at = (uint64_t)(dictionary > 0 && dictionary < data ? dictionary : data);
    c->physical = (enum ift_parquet_physical)physical;
    return true;
}

static bool read_chunk(struct ift_parquet_chunk *c, struct ift_thrift *t, const char **why) {
    struct ift_thrift_field f = {0};
    bool right = false;
    *c = (struct ift_parquet_chunk){0};
    while (ift_thrift_field(t, &f)) {
        if (f.id == 3 && is(t, &f, IFT_THRIFT_STRUCT)) {
            right = read_column_meta(c, t);
        } else if (f.id != 3) {
            if (f.id == 1) *why = "its columns lie in other files";
            if (f.id == 8 || f.id == 9) *why = "encrypted; it can be read only after decryption";
            ift_thrift_skip(t, f.type);
        }
    }
    return right;
}

int ift_parquet_footer_group(struct ift_parquet_footer *f, struct ift_parquet_chunk *chunk,
                             size_t n, uint64_t *rows, struct ift_err *err) {
    if (f->groups_left == 0) return 0;
    f->groups_left--;
    struct ift_thrift *const t = &f->groups;
    struct ift_thrift_field field = {0};
    int64_t count = -1;
    size_t columns = 0;
    bool right = true;
    const char *why = NULL;
    while (ift_thrift_field(t, &field)) {
        enum ift_thrift_type type;
        if (field.id == 1 && is(t, &field, IFT_THRIFT_LIST)) {
            columns = ift_thrift_list(t, &type);
            right = columns == n && (n == 0 || type == IFT_THRIFT_STRUCT);
            for (size_t i = 0; i < columns && right; i++) right = read_chunk(&chunk[i], t, &why);
            if (!right) break;
        } else if (field.id == 3) {
            count = integer(t, &field);
        } else if (field.id != 1) {
            ift_thrift_skip(t, field.type);
        }
    }
    if (why) return IFT_FAIL(err, "%s", why);
    if (!right || t->failed || columns != n || count < 0)
        return IFT_FAIL(err, "damaged: a row group that does not fit its schema");
    *rows = (uint64_t)count;
    return 1;
}

/* ---- pages ---- */

/* The struct of a page's own kind: what it says at which number depends on the kind. */
static void read_kind(struct ift_parquet_page *page, struct ift_thrift *t, int kind, bool *right) {
    struct ift_thrift_field f = {0};
    while (ift_thrift_field(t, &f)) {
        const bool flag = f.type == IFT_THRIFT_TRUE || f.type == IFT_THRIFT_FALSE;
        const int64_t v = integer(t, &f);
        const bool size = v >= 0 && v <= INT32_MAX;
        if (f.id == 1) {
            page->entries = size ? (uint32_t)v : 0;
            *right = *right && size;
        } else if (f.id == (kind == IFT_PARQUET_DATA_V2 ? 4 : 2)) {
            page->encoding = v;
        } else if (kind == IFT_PARQUET_DATA && f.id == 3) {
            page->def_encoding = v;
        } else if (kind == IFT_PARQUET_DATA && f.id == 4) {
            page->rep_encoding = v;
        } else if (kind == IFT_PARQUET_DATA_V2 && (f.id == 5 || f.id == 6)) {
            *(f.id == 5 ? &page->def_size : &page->rep_size) = size ? (uint32_t)v : 0;
            *right = *right && size;
        } else if (kind == IFT_PARQUET_DATA_V2 && f.id == 7 && flag) {
            page->is_compressed = v;
        }
    }
}

int ift_parquet_page_read(struct ift_parquet_page *page, const unsigned char *p, size_t n) {
    static const int kinds[] =
        {[5] = IFT_PARQUET_DATA, [7] = IFT_PARQUET_DICTIONARY, [8] = IFT_PARQUET_DATA_V2};
    struct ift_thrift t = {.p = p, .end = p + n};
    struct ift_thrift_field f = {0};
    bool right = true, described = false;
    int64_t size = -1, stored = -1;
    *page = (struct ift_parquet_page){.type = -1, .is_compressed = true};
    while (ift_thrift_field(&t, &f)) {
        if ((f.id == 5 || f.id == 7 || f.id == 8) && f.type == IFT_THRIFT_STRUCT) {
            described = described || kinds[f.id] == page->type;
            read_kind(page, &t, kinds[f.id], &right);
            continue;
        }
        const int64_t v = integer(&t, &f);
        if (f.id == 1) page->type = v;
        if (f.id == 2) size = v;
        if (f.id == 3) stored = v;
        if (f.id == 4) page->has_crc = true;
        if (f.id == 4) page->crc = (uint32_t)v;
    }
    if (t.failed) return t.cut ? 0 : -1;
    if (!right || size < 0 || size > INT32_MAX || stored < 0 || stored > INT32_MAX) return -1;
    if (!described && page->type != IFT_PARQUET_INDEX) return -1;
    page->size = (uint32_t)size;
    page->stored = (uint32_t)stored;
    return (int)(t.p - p);
}
