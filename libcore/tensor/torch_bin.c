#include "libcore/tensor/torch_bin.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/tensor/mapped.h"
#include "libcore/tensor/pickle.h"
#include "libcore/tensor/zip.h"

enum {
    MAX_PICKLE = 32 << 20, /* that of a model of ten thousand tensors has 3 MB */
    MAX_COPIED = 16 << 20, /* besides the size of the file */
};

/* Where the numbers of a storage lie. */
struct place {
    struct ift_slice key;
    const unsigned char *p;
    size_t n;
};

struct ift_torch_bin {
    struct ift_mapped file;
    struct ift_tensor *tensor;
    size_t n, cap;
    size_t copied; /* bytes of tensors that do not lie in the file */
    uint64_t digest;
    struct ift_arena arena; /* names and copies */
};

/* While a file is read: its storages, sorted by key, and what the pickle says. */
struct reading {
    struct ift_torch_bin *b;
    struct place *place;
    size_t places, cap;
    struct ift_arena arena;
    struct ift_pickle_value object;
};

static int by_key(const void *a, const void *b) {
    const struct ift_slice x = ((const struct place *)a)->key, y = ((const struct place *)b)->key;
    const int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

static void add_place(struct reading *r, struct ift_slice key, const unsigned char *p, size_t n) {
    r->place = ift_grow(r->place, r->places + 1, &r->cap, sizeof *r->place);
    r->place[r->places++] = (struct place){key, p, n};
}

static int sort_places(struct reading *r, struct ift_err *err) {
    if (r->places) qsort(r->place, r->places, sizeof *r->place, by_key);
    for (size_t i = 1; i < r->places; i++) {
        if (ift_slice_eq(r->place[i - 1].key, r->place[i].key))
            return IFT_FAIL(err, "a storage is there twice");
    }
    return 0;
}

/* ---- tensors ---- */

/* Is the element after (.., i, j) the next one in the storage? A dimension of one element has no
 * next, whatever its stride. */
static bool is_dense(const struct ift_pickle_tensor *t) {
    int64_t step = 1;
    for (int d = t->ndim - 1; d >= 0; d--) {
        if (t->dim[d] != 1 && t->stride[d] != step) return false;
        step *= t->dim[d];
    }
    return true;
}

/* The elements of the storage up to the last that the tensor reaches; -1: beyond counting. */
static int64_t reach(const struct ift_pickle_tensor *t) {
    int64_t last = t->offset, span;
    for (int d = 0; d < t->ndim; d++) {
        if (t->dim[d] == 0) return 0;
        if (__builtin_mul_overflow(t->dim[d] - 1, t->stride[d], &span) ||
            __builtin_add_overflow(last, span, &last))
            return -1;
    }
    return last == INT64_MAX ? -1 : last + 1;
}

/* Row-major, element by element. */
static void gather(char *to, const unsigned char *storage, const struct ift_pickle_tensor *t,
                   int64_t count) {
    const size_t size = ift_dtype_size(t->storage->dtype);
    int64_t at[IFT_MAX_DIMS] = {0}, from = t->offset;
    for (int64_t i = 0; i < count; i++) {
        memcpy(to + (size_t)i * size, storage + (size_t)from * size, size);
        for (int d = t->ndim - 1; d >= 0; d--) {
            if (t->dim[d] == 1) continue; /* its stride may be anything */
            from += t->stride[d];
            if (++at[d] < t->dim[d]) break;
            from -= t->stride[d] * t->dim[d];
            at[d] = 0;
        }
    }
}

/* Lends or copies what t->data is to be; the storage holds all of it. */
static int take_data(struct ift_torch_bin *b, const unsigned char *storage,
                     const struct ift_pickle_tensor *from, struct ift_tensor *t,
                     struct ift_err *err) {
    if (t->bytes == 0) {
        t->data = b->file.p;
    } else if (is_dense(from)) {
        t->data = storage + (size_t)from->offset * ift_dtype_size(t->dtype);
    } else {
        if (t->bytes > b->file.n + MAX_COPIED - b->copied)
            return IFT_FAIL(err, "\"%s\" is spread out to %zu bytes from a file of %zu: refused",
                            t->name, t->bytes, b->file.n);
        b->copied += t->bytes;
        char *const copy = ift_arena_alloc(&b->arena, t->bytes);
        gather(copy, storage, from, ift_shape_count(t->ndim, t->dim));
        t->data = copy;
    }
    return 0;
}

static int add_tensor(struct reading *r, const struct ift_slice *name,
                      const struct ift_pickle_tensor *from, struct ift_err *err) {
    const struct ift_pickle_storage *const s = from->storage;
    if (strlen(name->p) != name->n) return IFT_FAIL(err, "a tensor's name holds a NUL");
    const struct place key = {.key = ift_slice(s->key)};
    const struct place *const place =
        r->places ? bsearch(&key, r->place, r->places, sizeof *r->place, by_key) : NULL;
    if (!place) return IFT_FAIL(err, "\"%s\": there is no storage \"%s\"", name->p, s->key);
    const size_t size = ift_dtype_size(s->dtype);
    if ((uint64_t)s->count > place->n / size)
        return IFT_FAIL(err, "\"%s\": storage \"%s\" is cut", name->p, s->key);
    const int64_t count = ift_shape_count(from->ndim, from->dim), end = reach(from);
    if (count < 0 || end < 0 || end > s->count)
        return IFT_FAIL(err, "\"%s\" reaches beyond its storage", name->p);
    struct ift_torch_bin *const b = r->b;
    struct ift_tensor t = {.name = ift_arena_strndup(&b->arena, name->p, name->n),
                           .dtype = s->dtype,
                           .ndim = from->ndim,
                           .bytes = (size_t)count * size};
    memcpy(t.dim, from->dim, sizeof t.dim);
    IFT_TRY(take_data(b, place->p, from, &t, err));
    b->tensor = ift_grow(b->tensor, b->n + 1, &b->cap, sizeof *b->tensor);
    b->tensor[b->n++] = t;
    return 0;
}

static bool is_tensor(const struct ift_pickle_value *pair) {
    return pair[0].kind == IFT_PICKLE_TEXT && pair[1].kind == IFT_PICKLE_TENSOR;
}

static bool has_tensors(const struct ift_pickle_value *dict) {
    for (size_t i = 0; i < dict->list->n; i += 2) {
        if (is_tensor(&dict->list->item[i])) return true;
    }
    return false;
}

/* The dictionary of tensors: the object, or the only one in it that begins with a tensor. (To look
 * at all of each would let a small file that mentions one dictionary often keep us for hours.) */
static const struct ift_pickle_value *find_state(const struct ift_pickle_value *object,
                                                 struct ift_err *err) {
    const struct ift_pickle_value *state = NULL;
    if (object->kind != IFT_PICKLE_DICT) {
        ift_fail(err, "no dictionary of tensors");
        return NULL;
    }
    if (object->list->n == 0 || has_tensors(object)) return object;
    for (size_t i = 0; i < object->list->n; i += 2) {
        const struct ift_pickle_value *const v = &object->list->item[i + 1];
        if (v->kind != IFT_PICKLE_DICT || v->list->n == 0 || !is_tensor(v->list->item)) continue;
        if (state && state->list != v->list) {
            ift_fail(err, "several dictionaries of tensors: save the weights alone");
            return NULL;
        }
        state = v;
    }
    if (!state) ift_fail(err, "no dictionary of tensors");
    return state;
}

static int add_tensors(struct reading *r, struct ift_err *err) {
    const struct ift_pickle_value *const state = find_state(&r->object, err);
    if (!state) return -1;
    for (size_t i = 0; i < state->list->n; i += 2) {
        const struct ift_pickle_value *const pair = &state->list->item[i];
        if (is_tensor(pair)) IFT_TRY(add_tensor(r, pair[0].text, pair[1].tensor, err));
    }
    return 0;
}

/* ---- the archive ---- */

static bool ends_with(struct ift_slice name, const char *end) {
    const size_t n = strlen(end);
    return name.n > n && memcmp(name.p + name.n - n, end, n) == 0;
}

/* The member "<folder>/<rest>". */
static const struct ift_zip_entry *member(const struct ift_zip *z, struct ift_slice folder,
                                          const char *rest) {
    struct ift_str name = {0};
    ift_str_add(&name, folder.p, folder.n);
    ift_str_adds(&name, rest);
    const struct ift_zip_entry *const e = ift_zip_find(z, ift_str_slice(&name));
    ift_str_release(&name);
    return e;
}

/* The folder that all members lie in, with its slash. */
static int find_folder(const struct ift_zip *z, struct ift_slice *folder, struct ift_err *err) {
    static const char pickle[] = "/data.pkl";
    for (size_t i = 0; i < z->n; i++) {
        const struct ift_slice name = z->entry[i].name;
        if (!ends_with(name, pickle)) continue;
        *folder = (struct ift_slice){name.p, name.n - strlen(pickle) + 1};
        if (memchr(name.p, '/', folder->n) != name.p + folder->n - 1) continue;
        if (member(z, *folder, "constants.pkl"))
            return IFT_FAIL(err, "a TorchScript program: save the weights alone, as safetensors");
        return 0;
    }
    return IFT_FAIL(err, "an archive without data.pkl, so not of torch.save");
}

static int read_archive(struct reading *r, const struct ift_zip *z, struct ift_err *err) {
    struct ift_slice folder = {0};
    size_t used;
    IFT_TRY(find_folder(z, &folder, err));
    const struct ift_zip_entry *const order = member(z, folder, "byteorder");
    if (order && (order->n != 6 || memcmp(order->p, "little", 6) != 0))
        return IFT_FAIL(err, "written by a machine of the other byte order: save it anew");
    const struct ift_zip_entry *const pickle = member(z, folder, "data.pkl");
    if (pickle->n > MAX_PICKLE) return IFT_FAIL(err, "a pickle of %zu bytes: refused", pickle->n);
    IFT_TRY(ift_pickle_read(pickle->p, pickle->n, &r->arena, &r->object, &used, err));
    for (size_t i = 0; i < z->n; i++) {
        const struct ift_zip_entry *const e = &z->entry[i];
        static const char data[] = "data/";
        const size_t skip = folder.n + strlen(data);
        if (e->name.n <= skip || memcmp(e->name.p, folder.p, folder.n) != 0 ||
            memcmp(e->name.p + folder.n, data, strlen(data)) != 0)
            continue;
        add_place(r, (struct ift_slice){e->name.p + skip, e->name.n - skip}, e->p, e->n);
    }
    struct ift_hasher *const h = ift_hasher_new();
    ift_hasher_add(h, pickle->p, pickle->n);
    ift_hasher_add(h, z->directory.p, z->directory.n);
    r->b->digest = ift_hasher_value(h);
    ift_hasher_free(h);
    return 0;
}

static int read_zip(struct reading *r, struct ift_err *err) {
    struct ift_zip z;
    IFT_TRY(ift_zip_read(&z, r->b->file.p, r->b->file.n, err));
    int rc = read_archive(r, &z, err);
    if (rc == 0) rc = sort_places(r, err);
    if (rc == 0) rc = add_tensors(r, err);
    ift_zip_release(&z);
    return rc;
}

/* ---- the old form ---- */

/* Pickles of the magic number 0x1950a86a20f9469cfc6c and of the protocol 1001. */
static const unsigned char legacy_magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c,
                                             0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
                                             '.',  0x80, 2,    'M',  0xe9, 3,    '.'};

static int read_pickle(struct reading *r, size_t *at, struct ift_pickle_value *v,
                       struct ift_err *err) {
    const struct ift_mapped *const f = &r->b->file;
    size_t used, n = f->n - *at;
    if (n > MAX_PICKLE) n = MAX_PICKLE;
    IFT_TRY(ift_pickle_read(f->p + *at, n, &r->arena, v, &used, err));
    *at += used;
    return 0;
}

/* Storages are only as long as their elements are, which the tensors that use them know. */
static int collect_types(struct reading *r, struct place **type, size_t *n, struct ift_err *err) {
    const struct ift_pickle_value *const state = find_state(&r->object, err);
    if (!state) return -1;
    *type = ift_alloc(state->list->n / 2 * sizeof **type);
    for (size_t i = 0; i < state->list->n; i += 2) {
        const struct ift_pickle_value *const pair = &state->list->item[i];
        if (!is_tensor(pair)) continue;
        const struct ift_pickle_storage *const s = pair[1].tensor->storage;
        (*type)[(*n)++] = (struct place){ift_slice(s->key), NULL, ift_dtype_size(s->dtype)};
    }
    if (*n) qsort(*type, *n, sizeof **type, by_key);
    return 0;
}

static int place_storages(struct reading *r, const struct ift_pickle_value *keys,
                          const struct place *type, size_t types, size_t at, struct ift_err *err) {
    const struct ift_mapped *const f = &r->b->file;
    for (size_t i = 0; i < keys->list->n; i++) {
        const struct ift_pickle_value *const k = &keys->list->item[i];
        if (k->kind != IFT_PICKLE_TEXT) return IFT_FAIL(err, "a storage key is not text");
        const struct place key = {.key = *k->text};
        const struct place *const t =
            types ? bsearch(&key, type, types, sizeof *type, by_key) : NULL;
        if (!t) return IFT_FAIL(err, "storage \"%s\" belongs to no tensor", k->text->p);
        uint64_t count = 0;
        if (f->n - at < 8) return IFT_FAIL(err, "cut before storage \"%s\"", k->text->p);
        for (int byte = 7; byte >= 0; byte--) count = count << 8 | f->p[at + (size_t)byte];
        at += 8;
        if (count > (f->n - at) / t->n)
            return IFT_FAIL(err, "cut within storage \"%s\"", k->text->p);
        add_place(r, *k->text, f->p + at, (size_t)count * t->n);
        at += (size_t)count * t->n;
    }
    return at == f->n ? sort_places(r, err)
                      : IFT_FAIL(err, "%zu bytes behind the last storage", f->n - at);
}

static int read_legacy(struct reading *r, struct ift_err *err) {
    struct ift_pickle_value machine, keys;
    struct place *type = NULL;
    size_t at = sizeof legacy_magic, types = 0;
    IFT_TRY(read_pickle(r, &at, &machine, err));
    const struct ift_pickle_value *const little = ift_pickle_get(&machine, "little_endian");
    if (!little || little->kind != IFT_PICKLE_BOOL || !little->number)
        return IFT_FAIL(err, "written by a machine of the other byte order: save it anew");
    IFT_TRY(read_pickle(r, &at, &r->object, err));
    IFT_TRY(read_pickle(r, &at, &keys, err));
    if (keys.kind != IFT_PICKLE_LIST) return IFT_FAIL(err, "no list of storages");
    r->b->digest = ift_hash(r->b->file.p, at);
    int rc = collect_types(r, &type, &types, err);
    if (rc == 0) rc = place_storages(r, &keys, type, types, at, err);
    if (rc == 0) rc = add_tensors(r, err);
    free(type);
    return rc;
}

/* ---- the whole ---- */

static int read_file(struct reading *r, struct ift_err *err) {
    const struct ift_mapped *const f = &r->b->file;
    if (f->n >= 4 && memcmp(f->p, "PK\3\4", 4) == 0) return read_zip(r, err);
    if (f->n >= sizeof legacy_magic && memcmp(f->p, legacy_magic, sizeof legacy_magic) == 0)
        return read_legacy(r, err);
    if (f->n >= 8 && memcmp(f->p, "version ", 8) == 0)
        return IFT_FAIL(err, "a pointer of git-lfs, not the weights: fetch them with git lfs pull");
    return IFT_FAIL(err, "not a file of torch.save");
}

int ift_torch_bin_open(struct ift_torch_bin **out, const char *path, struct ift_err *err) {
    struct ift_torch_bin *const b = ift_alloc0(1, sizeof *b);
    struct reading r = {.b = b};
    int rc = ift_mapped_open(&b->file, path, err);
    if (rc == 0 && read_file(&r, err) < 0) rc = ift_fail_in(err, "%s", path);
    free(r.place);
    ift_arena_release(&r.arena);
    if (rc == 0)
        *out = b;
    else
        ift_torch_bin_free(b);
    return rc;
}

void ift_torch_bin_free(struct ift_torch_bin *b) {
    if (!b) return;
    ift_mapped_close(&b->file);
    ift_arena_release(&b->arena);
    free(b->tensor);
    free(b);
}

size_t ift_torch_bin_count(const struct ift_torch_bin *b) {
    return b->n;
}

const struct ift_tensor *ift_torch_bin_at(const struct ift_torch_bin *b, size_t i) {
    return &b->tensor[i];
}

uint64_t ift_torch_bin_digest(const struct ift_torch_bin *b) {
    return b->digest;
}

void ift_torch_bin_forget(const struct ift_torch_bin *b, const struct ift_tensor *t) {
    ift_mapped_forget(&b->file, t->data, t->bytes);
}
