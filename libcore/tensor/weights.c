#include "libcore/tensor/weights.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/base/str.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/tensor/safetensors.h"
#include "libcore/tensor/torch_bin.h"

enum { MAX_INDEX = 100000000 };

/* ---- one file of either kind ---- */

/* One of them is not NULL. */
struct part {
    struct ift_safetensors *safe;
    struct ift_torch_bin *bin;
};

static int part_open(struct part *p, const char *path, struct ift_err *err) {
    static const char safe[] = ".safetensors";
    const size_t n = strlen(path), end = strlen(safe);
    const bool is_safe = n > end && strcmp(path + n - end, safe) == 0;
    *p = (struct part){0};
    return is_safe ? ift_safetensors_open(&p->safe, path, err)
                   : ift_torch_bin_open(&p->bin, path, err);
}

static void part_close(struct part *p) {
    ift_safetensors_free(p->safe);
    ift_torch_bin_free(p->bin);
}

static size_t part_count(const struct part *p) {
    return p->safe ? ift_safetensors_count(p->safe) : ift_torch_bin_count(p->bin);
}

static const struct ift_tensor *part_at(const struct part *p, size_t i) {
    return p->safe ? ift_safetensors_at(p->safe, i) : ift_torch_bin_at(p->bin, i);
}

static uint64_t part_digest(const struct part *p) {
    return p->safe ? ift_safetensors_digest(p->safe) : ift_torch_bin_digest(p->bin);
}

/* ---- the whole ---- */

struct ift_weights {
    struct part *part;
    size_t parts, part_cap;
    struct ift_tensor *tensor;
    size_t n, cap;
    const struct ift_tensor **by_name;
    void **own; /* data that was put there */
    size_t owned, own_cap;
    struct ift_arena arena; /* the index's text, names of what was put there */
};

static int add_part(struct ift_weights *w, const char *path, struct ift_err *err) {
    struct part p;
    IFT_TRY(part_open(&p, path, err));
    w->part = ift_grow(w->part, w->parts + 1, &w->part_cap, sizeof *w->part);
    w->part[w->parts++] = p;
    return 0;
}

static void add_tensor(struct ift_weights *w, const struct ift_tensor *t) {
    w->tensor = ift_grow(w->tensor, w->n + 1, &w->cap, sizeof *w->tensor);
    w->tensor[w->n++] = *t;
}

static int open_file(struct ift_weights *w, const char *path, struct ift_err *err) {
    IFT_TRY(add_part(w, path, err));
    for (size_t i = 0; i < part_count(w->part); i++) add_tensor(w, part_at(w->part, i));
    return 0;
}

/* ---- shards ---- */

/* A string node as a terminated string of the arena; NULL when there is a NUL inside. */
static const char *keep_text(struct ift_weights *w, const struct ift_json *doc, int node) {
    struct ift_str text = {0};
    ift_str_addc(&text, '\0'); /* so that there is a buffer */
    ift_str_clear(&text);
    ift_json_text(doc, node, &text);
    const char *const kept =
        strlen(text.p) == text.n ? ift_arena_strndup(&w->arena, text.p, text.n) : NULL;
    ift_str_release(&text);
    return kept;
}

/* A line of the index: which file has the tensor. */
struct place {
    const char *name, *file;
    bool found;
};

static int place_by_name(const void *a, const void *b) {
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

static int place_by_file(const void *a, const void *b) {
    return strcmp(((const struct place *)a)->file, ((const struct place *)b)->file);
}

/* The lines of "weight_map", sorted by name. A file is a plain name in the same folder, nothing
 * that could lead elsewhere. */
static int read_index(struct ift_weights *w, const char *path, const struct ift_json *doc,
                      struct place **out, size_t *n, struct ift_err *err) {
    const int map = ift_json_get(doc, 0, "weight_map");
    if (!ift_json_is(doc, map, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "%s: missing \"weight_map\"", path);
    size_t cap = 0;
    for (int k = ift_json_first(doc, map); k >= 0;) {
        const int v = ift_json_next(doc, map, k);
        const char *const name = keep_text(w, doc, k);
        const char *const file = ift_json_is(doc, v, IFT_JSON_STRING) ? keep_text(w, doc, v) : NULL;
        if (!name || !file || !*file || *file == '.' || strchr(file, '/'))
            return IFT_FAIL(err, "%s: \"%s\" is not in a file of the same folder", path,
                            name ? name : "");
        *out = ift_grow(*out, *n + 1, &cap, sizeof **out);
        (*out)[(*n)++] = (struct place){name, file, false};
        k = ift_json_next(doc, map, v);
    }
    if (*n) qsort(*out, *n, sizeof **out, place_by_name);
    for (size_t i = 1; i < *n; i++) {
        if (strcmp((*out)[i - 1].name, (*out)[i].name) == 0)
            return IFT_FAIL(err, "%s: \"%s\" is there twice", path, (*out)[i].name);
    }
    return 0;
}

/* Adds the shard `file` and takes of it what the index puts there; a tensor that the index puts
 * elsewhere is a copy, one that it does not know is an error. */
static int add_shard(struct ift_weights *w, const char *dir, const char *file, struct place *place,
                     size_t n, struct ift_err *err) {
    struct ift_str path = {0};
    ift_str_addf(&path, "%s/%s", dir, file);
    int rc = add_part(w, path.p, err);
    const struct part *const part = rc == 0 ? &w->part[w->parts - 1] : NULL;
    for (size_t i = 0; rc == 0 && i < part_count(part); i++) {
        const struct ift_tensor *const t = part_at(part, i);
        const struct place key = {.name = t->name};
        struct place *const p = bsearch(&key, place, n, sizeof *place, place_by_name);
        if (!p) rc = IFT_FAIL(err, "%s: \"%s\" is not in the index", path.p, key.name);
        if (!p || strcmp(p->file, file) != 0) continue;
        p->found = true;
        add_tensor(w, t);
    }
    ift_str_release(&path);
    return rc;
}

static int add_shards(struct ift_weights *w, const char *dir, const char *index,
                      struct place *place, size_t n, struct ift_err *err) {
    struct place *const files = ift_alloc(n * sizeof *files);
    if (n) memcpy(files, place, n * sizeof *files);
    if (n) qsort(files, n, sizeof *files, place_by_file);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (i && strcmp(files[i - 1].file, files[i].file) == 0) continue;
        rc = add_shard(w, dir, files[i].file, place, n, err);
    }
    free(files);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (!place[i].found)
            rc = IFT_FAIL(err, "%s: \"%s\" is not in %s", index, place[i].name, place[i].file);
    }
    return rc;
}

static int open_index(struct ift_weights *w, const char *dir, const char *path,
                      struct ift_err *err) {
    struct ift_str text = {0};
    struct ift_json doc = {0};
    struct place *place = NULL;
    size_t n = 0;
    int rc = ift_in_slurp(path, &text, MAX_INDEX, err);
    if (rc == 0)
        rc = ift_json_parse(&doc, text.p, text.n, err) < 0 ? ift_fail_in(err, "%s", path) : 0;
    if (rc == 0) rc = read_index(w, path, &doc, &place, &n, err);
    if (rc == 0) rc = add_shards(w, dir, path, place, n, err);
    free(place);
    ift_json_release(&doc);
    ift_str_release(&text);
    return rc;
}

/* ---- folders ---- */

/* Names that weights go by, the preferred ones first. */
static const char *const model_names[] = {
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    NULL,
};
static const char *const adapter_names[] = {
    "adapter_model.safetensors",
    "adapter_model.bin",
    NULL,
};

/* The path of the first that is there, or else of the first, for the message. */
static void choose(const char *dir, const char *const *names, struct ift_str *path) {
    for (const char *const *name = names; *name; name++) {
        ift_str_clear(path);
        ift_str_addf(path, "%s/%s", dir, *name);
        if (access(path->p, F_OK) == 0) return;
    }
    ift_str_clear(path);
    ift_str_addf(path, "%s/%s", dir, names[0]);
}

static int open_folder(struct ift_weights **out, const char *dir, const char *const *names,
                       struct ift_err *err) {
    static const char index[] = ".json";
    struct ift_weights *const w = ift_alloc0(1, sizeof *w);
    struct ift_str path = {0};
    choose(dir, names, &path);
    int rc = strcmp(path.p + path.n - strlen(index), index) == 0 ? open_index(w, dir, path.p, err)
                                                                 : open_file(w, path.p, err);
    if (rc == 0 && !(w->by_name = ift_tensor_index(w->tensor, w->n, err)))
        rc = ift_fail_in(err, "%s", path.p);
    ift_str_release(&path);
    if (rc == 0)
        *out = w;
    else
        ift_weights_free(w);
    return rc;
}

int ift_weights_open_model(struct ift_weights **w, const char *dir, struct ift_err *err) {
    return open_folder(w, dir, model_names, err);
}

int ift_weights_open_adapter(struct ift_weights **w, const char *dir, struct ift_err *err) {
    return open_folder(w, dir, adapter_names, err);
}

void ift_weights_free(struct ift_weights *w) {
    if (!w) return;
    for (size_t i = 0; i < w->parts; i++) part_close(&w->part[i]);
    free(w->part);
    free(w->tensor);
    free(w->by_name);
    for (size_t i = 0; i < w->owned; i++) free(w->own[i]);
    free(w->own);
    ift_arena_release(&w->arena);
    free(w);
}

size_t ift_weights_count(const struct ift_weights *w) {
    return w->n;
}

const struct ift_tensor *ift_weights_at(const struct ift_weights *w, size_t i) {
    return &w->tensor[i];
}

const struct ift_tensor *ift_weights_find(const struct ift_weights *w, const char *name) {
    return ift_tensor_find(w->by_name, w->n, name);
}

void ift_weights_put(struct ift_weights *w, const struct ift_tensor *t, void *data) {
    const struct ift_tensor *const there = ift_weights_find(w, t->name);
    const size_t i = there ? (size_t)(there - w->tensor) : w->n;
    const char *const name =
        there ? there->name : ift_arena_strndup(&w->arena, t->name, strlen(t->name));
    if (!there) add_tensor(w, t);
    w->tensor[i] = *t;
    w->tensor[i].name = name;
    struct ift_err err;
    free(w->by_name);
    w->by_name = ift_tensor_index(w->tensor, w->n, &err); /* names differ still */
    if (!data) return;
    w->own = ift_grow(w->own, w->owned + 1, &w->own_cap, sizeof *w->own);
    w->own[w->owned++] = data;
}

bool ift_weights_is_put(const struct ift_weights *w, const struct ift_tensor *t) {
    for (size_t i = 0; i < w->owned; i++) {
        if (w->own[i] == t->data) return true;
    }
    return false;
}

uint64_t ift_weights_digest(const struct ift_weights *w) {
    if (w->parts == 1) return part_digest(w->part);
    struct ift_hasher *const h = ift_hasher_new();
    for (size_t i = 0; i < w->parts; i++) {
        const uint64_t digest = part_digest(&w->part[i]);
        ift_hasher_add(h, &digest, sizeof digest);
    }
    const uint64_t value = ift_hasher_value(h);
    ift_hasher_free(h);
    return value;
}

/* Parts know what lies in their file. */
void ift_weights_forget(const struct ift_weights *w, const struct ift_tensor *t) {
    for (size_t i = 0; i < w->parts; i++) {
        if (w->part[i].safe)
            ift_safetensors_forget(w->part[i].safe, t);
        else
            ift_torch_bin_forget(w->part[i].bin, t);
    }
}
