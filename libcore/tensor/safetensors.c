#include "libcore/tensor/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"
#include "libcore/tensor/mapped.h"

enum { MAX_HEADER = 100000000 }; /* what the original accepts */

struct ift_safetensors {
    struct ift_mapped file;
    struct ift_tensor *tensor;
    size_t n, cap;
    const struct ift_tensor **by_name;
    uint64_t digest;
    struct ift_arena arena; /* names */
};

/* ---- one file ---- */

/* A tensor of the header with its place in the data. */
struct entry {
    struct ift_tensor t;
    uint64_t begin, end;
    size_t order; /* in the header: settles the place of empty tensors */
};

struct header {
    const char *path;
    struct ift_json doc;
    const char *data;
    uint64_t size; /* of the data */
    struct entry *entry;
    size_t n, cap;
};

static int by_place(const void *a, const void *b) {
    const struct entry *const x = a, *const y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static bool parse_dtype(const struct ift_json *doc, int node, enum ift_dtype *type) {
    static const struct {
        const char *name;
        enum ift_dtype type;
    } known[] = {
        {"F32", IFT_F32}, {"BF16", IFT_BF16}, {"F16", IFT_F16}, {"F64", IFT_F64},
        {"I64", IFT_I64}, {"I32", IFT_I32},   {"I16", IFT_I16}, {"I8", IFT_I8},
        {"U8", IFT_U8},   {"BOOL", IFT_BOOL},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!ift_json_text_is(doc, node, known[i].name)) continue;
        *type = known[i].type;
        return true;
    }
    return false;
}

/* Up to `max` whole numbers >= 0 of an array; their count, or -1. */
static int parse_sizes(const struct ift_json *doc, int array, int64_t *value, int max) {
    if (!ift_json_is(doc, array, IFT_JSON_ARRAY)) return -1;
    int n = 0;
    for (int v = ift_json_first(doc, array); v >= 0; v = ift_json_next(doc, array, v)) {
        long long x;
        if (n == max || !ift_json_is(doc, v, IFT_JSON_NUMBER)) return -1;
        if (!ift_parse_i64(ift_json_raw(doc, v), &x) || x < 0) return -1;
        value[n++] = x;
    }
    return n;
}

/* Reads {"dtype": …, "shape": […], "data_offsets": [begin, end]} of the tensor e->t.name. */
static int parse_entry(const struct header *h, int node, struct entry *e, struct ift_err *err) {
    const struct ift_json *const doc = &h->doc;
    const char *const name = e->t.name;
    if (!ift_json_is(doc, node, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "%s: \"%s\" is not described by an object", h->path, name);
    const int type = ift_json_get(doc, node, "dtype");
    if (!parse_dtype(doc, type, &e->t.dtype)) {
        const struct ift_slice raw = type < 0 ? ift_slice("none") : ift_json_raw(doc, type);
        return IFT_FAIL(err, "%s: \"%s\": dtype %.*s is not supported", h->path, name,
                        IFT_SHOWN(raw));
    }
    e->t.ndim = parse_sizes(doc, ift_json_get(doc, node, "shape"), e->t.dim, IFT_MAX_DIMS);
    if (e->t.ndim < 0)
        return IFT_FAIL(err, "%s: \"%s\": shape is not a list of at most %d sizes", h->path, name,
                        IFT_MAX_DIMS);
    int64_t range[2];
    if (parse_sizes(doc, ift_json_get(doc, node, "data_offsets"), range, 2) != 2)
        return IFT_FAIL(err, "%s: \"%s\": data_offsets is not a pair of offsets", h->path, name);
    e->begin = (uint64_t)range[0];
    e->end = (uint64_t)range[1];
    if (e->begin > e->end || e->end > h->size)
        return IFT_FAIL(err,
                        "%s: \"%s\" lies at %llu to %llu of %llu bytes of data (is the file cut?)",
                        h->path, name, (unsigned long long)e->begin, (unsigned long long)e->end,
                        (unsigned long long)h->size);
    const int64_t count = ift_shape_count(e->t.ndim, e->t.dim);
    if (count < 0 || (uint64_t)count * ift_dtype_size(e->t.dtype) != e->end - e->begin)
        return IFT_FAIL(err, "%s: \"%s\": its shape does not fill its %llu bytes", h->path, name,
                        (unsigned long long)(e->end - e->begin));
    e->t.bytes = (size_t)(e->end - e->begin);
    e->t.data = h->data + e->begin;
    return 0;
}

/* A string node as a terminated string of the arena; NULL when there is a NUL inside. */
static const char *keep_text(struct ift_safetensors *s, const struct ift_json *doc, int node) {
    struct ift_str text = {0};
    ift_json_text(doc, node, &text);
    const bool plain = memchr(text.p, 0, text.n) == NULL;
    const char *const kept = plain ? ift_arena_strndup(&s->arena, text.p, text.n) : NULL;
    ift_str_release(&text);
    return kept;
}

static int check_metadata(const struct header *h, int node, struct ift_err *err) {
    const struct ift_json *const doc = &h->doc;
    if (!ift_json_is(doc, node, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "%s: __metadata__ is not an object", h->path);
    for (int k = ift_json_first(doc, node); k >= 0;) {
        const int v = ift_json_next(doc, node, k);
        if (!ift_json_is(doc, v, IFT_JSON_STRING))
            return IFT_FAIL(err, "%s: __metadata__ holds something else than text", h->path);
        k = ift_json_next(doc, node, v);
    }
    return 0;
}

static int read_entries(struct ift_safetensors *s, struct header *h, struct ift_err *err) {
    const struct ift_json *const doc = &h->doc;
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "%s: the header is not an object", h->path);
    for (int k = ift_json_first(doc, 0); k >= 0;) {
        const int v = ift_json_next(doc, 0, k);
        if (ift_json_text_is(doc, k, "__metadata__")) {
            IFT_TRY(check_metadata(h, v, err));
        } else {
            struct entry e = {.t.name = keep_text(s, doc, k), .order = h->n};
            if (!e.t.name) return IFT_FAIL(err, "%s: a tensor's name holds a NUL", h->path);
            IFT_TRY(parse_entry(h, v, &e, err));
            h->entry = ift_grow(h->entry, h->n + 1, &h->cap, sizeof *h->entry);
            h->entry[h->n++] = e;
        }
        k = ift_json_next(doc, 0, v);
    }
    return 0;
}

/* Ranges in order must follow each other from the first byte to the last. */
static int add_entries(struct ift_safetensors *s, struct header *h, struct ift_err *err) {
    if (h->n) qsort(h->entry, h->n, sizeof *h->entry, by_place);
    uint64_t at = 0;
    for (size_t i = 0; i < h->n; i++) {
        const struct entry *const e = &h->entry[i];
        if (e->begin != at)
            return IFT_FAIL(err, "%s: \"%s\" %s in the data", h->path, e->t.name,
                            e->begin < at ? "overlaps another tensor" : "leaves a gap before it");
        at = e->end;
        s->tensor = ift_grow(s->tensor, s->n + 1, &s->cap, sizeof *s->tensor);
        s->tensor[s->n++] = e->t;
    }
    if (at != h->size)
        return IFT_FAIL(err, "%s: %llu bytes behind the last tensor", h->path,
                        (unsigned long long)(h->size - at));
    return 0;
}

static int read_file(struct ift_safetensors *s, const char *path, struct ift_err *err) {
    const unsigned char *const p = s->file.p;
    if (s->file.n < 8) return IFT_FAIL(err, "%s: not a safetensors file: too short", path);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | p[i];
    if (length > MAX_HEADER || length > s->file.n - 8)
        return IFT_FAIL(
            err, "%s: not a safetensors file, or cut: a header of %llu bytes in a file of %zu",
            path, (unsigned long long)length, s->file.n);
    const char *const text = (const char *)p + 8;
    struct header h = {.path = path, .data = text + length, .size = s->file.n - 8 - length};
    s->digest = ift_hash(text, (size_t)length);
    int rc = ift_json_parse(&h.doc, text, (size_t)length, err);
    if (rc < 0) ift_fail_in(err, "%s: header", path);
    if (rc == 0) rc = read_entries(s, &h, err);
    if (rc == 0) rc = add_entries(s, &h, err);
    ift_json_release(&h.doc);
    free(h.entry);
    return rc;
}

/* ---- the whole ---- */

void ift_safetensors_free(struct ift_safetensors *s) {
    if (!s) return;
    ift_mapped_close(&s->file);
    free(s->tensor);
    free(s->by_name);
    ift_arena_release(&s->arena);
    free(s);
}

int ift_safetensors_open(struct ift_safetensors **out, const char *path, struct ift_err *err) {
    struct ift_safetensors *const s = ift_alloc0(1, sizeof *s);
    int rc = ift_mapped_open(&s->file, path, err);
    if (rc == 0) rc = read_file(s, path, err);
    if (rc == 0 && !(s->by_name = ift_tensor_index(s->tensor, s->n, err)))
        rc = ift_fail_in(err, "%s", path);
    if (rc == 0)
        *out = s;
    else
        ift_safetensors_free(s);
    return rc;
}

/* ---- looking in ---- */

size_t ift_safetensors_count(const struct ift_safetensors *s) {
    return s->n;
}

const struct ift_tensor *ift_safetensors_at(const struct ift_safetensors *s, size_t i) {
    return &s->tensor[i];
}

const struct ift_tensor *ift_safetensors_find(const struct ift_safetensors *s, const char *name) {
    return ift_tensor_find(s->by_name, s->n, name);
}

void ift_safetensors_forget(const struct ift_safetensors *s, const struct ift_tensor *t) {
    ift_mapped_forget(&s->file, t->data, t->bytes);
}

uint64_t ift_safetensors_digest(const struct ift_safetensors *s) {
    return s->digest;
}
