#include "libcore/data/join.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/data/source.h"

/* What can be found. Its text and name lie in those of the join. */
struct entry {
    uint64_t hash;
    size_t text, text_n;
    size_t name, name_n; /* the key, or the path without its extension */
    bool wrong;          /* the text is why there is none */
};

struct ift_join {
    const struct ift_recipe_join *how;
    char *path;
    struct ift_str text, names;
    struct entry *entry;
    size_t n, cap;
    size_t *slot, slots; /* 1 + an entry, or 0: free; a power of two, at most half of them taken */
    struct ift_json doc; /* while it is read */
    struct ift_str file; /* the one that is being read */
};

/* ---- names ---- */

static struct ift_slice after_last(struct ift_slice s, const char *any) {
    size_t from = s.n;
    while (from > 0 && !strchr(any, s.p[from - 1])) from--;
    return (struct ift_slice){s.p + from, s.n - from};
}

static struct ift_slice without_extension(struct ift_slice path) {
    const struct ift_slice last = after_last(path, "/");
    const char *const dot = last.n ? memrchr(last.p, '.', last.n) : NULL;
    return dot && dot > last.p ? (struct ift_slice){path.p, (size_t)(dot - path.p)} : path;
}

static struct ift_slice name_of(const struct ift_join *j, const struct entry *e) {
    return (struct ift_slice){j->names.p + e->name, e->name_n};
}

/* Files are sought by the last part of their paths, of which there may be several. */
static uint64_t hash_of(const struct ift_join *j, struct ift_slice name) {
    const struct ift_slice part = j->how->key ? name : after_last(name, "/:");
    return ift_hash(part.p, part.n);
}

/* An archive's name and a member's in it are joined by a colon. */
static bool matches(const struct ift_join *j, const struct entry *e, struct ift_slice key) {
    const struct ift_slice name = name_of(j, e);
    if (key.n > name.n || !ift_bytes_eq(name.p + name.n - key.n, key.p, key.n)) return false;
    return key.n == name.n || (!j->how->key && strchr("/:", name.p[name.n - key.n - 1]));
}

/* ---- finding ---- */

/* *found: the entry, or NULL. Fails where there are two. */
static int find(const struct ift_join *j, struct ift_slice key, const struct entry **found,
                struct ift_err *err) {
    const uint64_t hash = hash_of(j, key);
    *found = NULL;
    for (size_t i = hash & (j->slots - 1); j->slot[i]; i = (i + 1) & (j->slots - 1)) {
        const struct entry *const e = &j->entry[j->slot[i] - 1];
        if (e->hash != hash || !matches(j, e, key)) continue;
        if (*found)
            return IFT_FAIL(err, "\"%.*s\" is both %.*s and %.*s in %s", (int)key.n, key.p,
                            (int)(*found)->name_n, name_of(j, *found).p, (int)e->name_n,
                            name_of(j, e).p, j->path);
        *found = e;
    }
    return 0;
}

static void take_slot(struct ift_join *j, size_t entry) {
    size_t i = j->entry[entry].hash & (j->slots - 1);
    while (j->slot[i]) i = (i + 1) & (j->slots - 1);
    j->slot[i] = entry + 1;
}

static void make_slots(struct ift_join *j, size_t slots) {
    free(j->slot);
    j->slots = slots;
    j->slot = ift_alloc0(slots, sizeof *j->slot);
    for (size_t i = 0; i < j->n; i++) take_slot(j, i);
}

/* ---- reading ---- */

static void add_entry(struct ift_join *j, struct ift_slice name, size_t text) {
    if (2 * (j->n + 1) > j->slots) make_slots(j, 2 * j->slots);
    j->entry = ift_grow(j->entry, j->n + 1, &j->cap, sizeof *j->entry);
    j->entry[j->n] = (struct entry){.hash = hash_of(j, name),
                                    .text = text,
                                    .text_n = j->text.n - text,
                                    .name = j->names.n,
                                    .name_n = name.n};
    ift_str_add(&j->names, name.p, name.n);
    take_slot(j, j->n++);
}

/* A string's text, or a number as it is written. */
static int read_key(const struct ift_json *doc, const char *key, struct ift_str *text,
                    struct ift_err *err) {
    ift_str_reserve(text, 0);
    const int node = ift_json_get(doc, 0, key);
    if (node < 0) return IFT_FAIL(err, "missing \"%s\"", key);
    if (ift_json_is(doc, node, IFT_JSON_STRING)) {
        ift_json_text(doc, node, text);
        return 0;
    }
    if (!ift_json_is(doc, node, IFT_JSON_NUMBER))
        return IFT_FAIL(err, "\"%s\" must be a string or a number", key);
    const struct ift_slice number = ift_json_raw(doc, node);
    ift_str_add(text, number.p, number.n);
    return 0;
}

static int add_value(struct ift_join *j, const struct ift_item *item, struct ift_err *err) {
    struct ift_str key = {0};
    const struct entry *same = NULL;
    int got = read_key(&j->doc, j->how->key, &key, err);
    if (got == 0) got = find(j, ift_str_slice(&key), &same, err);
    if (got == 0 && same) got = IFT_FAIL(err, "\"%s\" is \"%s\" a second time", j->how->key, key.p);
    if (got == 0) {
        const size_t from = j->text.n;
        ift_str_add(&j->text, item->text.p, item->text.n);
        add_entry(j, ift_str_slice(&key), from);
    }
    ift_str_release(&key);
    return got;
}

/* Its values lie in one array, which grows. */
static void add_to_file(struct ift_join *j, const struct ift_item *item) {
    const bool begins = j->file.n == 0 || strcmp(j->file.p, item->file) != 0;
    struct ift_str *const text = &j->text;
    if (begins) {
        ift_str_clear(&j->file);
        ift_str_adds(&j->file, item->file);
        add_entry(j, without_extension(ift_slice(item->file)), text->n);
        ift_str_addc(text, '[');
    } else {
        text->p[text->n - 1] = ',';
    }
    ift_str_add(text, item->text.p, item->text.n);
    ift_str_addc(text, ']');
    j->entry[j->n - 1].text_n = text->n - j->entry[j->n - 1].text;
}

static int add_item(struct ift_join *j, const struct ift_item *item, struct ift_err *err) {
    if (item->wrong) return IFT_FAIL(err, "%s", item->wrong);
    IFT_TRY(ift_json_parse(&j->doc, item->text.p, item->text.n, err));
    if (j->how->key) return add_value(j, item, err);
    add_to_file(j, item);
    return 0;
}

/* ---- what values see ---- */

/* The one output for an entry. */
static int see(const struct ift_join *j, struct ift_recipe *through, struct ift_slice entry,
               struct ift_str *out, struct ift_err *err) {
    const struct ift_json *value;
    ift_str_clear(out);
    IFT_TRY(ift_recipe_run(through, NULL, entry, out, err));
    int got = ift_recipe_next(through, &value, err);
    const size_t end = out->n;
    if (got > 0) got = 1 + ift_recipe_next(through, &value, err);
    out->n = end;
    if (got == 1) return 0;
    return got < 0 || err->text[0]
               ? -1
               : IFT_FAIL(err, "through=%s gives no value, or several", j->how->through);
}

/* Whoever finds an entry for which it fails hears of it, nobody else. */
static void see_all(struct ift_join *j, struct ift_recipe *through) {
    struct ift_str text = {0}, out = {0};
    for (size_t i = 0; i < j->n; i++) {
        struct entry *const e = &j->entry[i];
        struct ift_err why = {0};
        const struct ift_slice entry = {j->text.p + e->text, e->text_n};
        e->wrong = see(j, through, entry, &out, &why) < 0;
        const struct ift_slice seen = e->wrong ? ift_slice(why.text) : ift_str_slice(&out);
        e->text = text.n;
        e->text_n = seen.n;
        ift_str_add(&text, seen.p, seen.n);
    }
    ift_str_release(&out);
    ift_str_release(&j->text);
    j->text = text;
}

int ift_join_open(struct ift_join **result, const struct ift_recipe_join *how,
                  struct ift_recipe *through, const char *path, struct ift_err *err) {
    struct ift_join *const j = ift_alloc0(1, sizeof *j);
    j->how = how;
    j->path = ift_strdup(path);
    make_slots(j, 1024);
    const struct ift_source_opts from = {.paths = &path,
                                         .npaths = 1,
                                         .member = how->files,
                                         .read = &how->read};
    struct ift_source *source = NULL;
    const struct ift_item *item;
    int got = ift_source_open(&source, &from, err);
    while (got >= 0 && (got = ift_source_next(source, &item, err)) > 0) {
        got = add_item(j, item, err);
        if (got < 0) ift_item_fail(item, err);
    }
    ift_source_free(source);
    ift_json_release(&j->doc);
    ift_str_release(&j->file);
    *result = j;
    if (got == 0 && through) see_all(j, through);
    if (got == 0) return 0;
    ift_join_free(j);
    return -1;
}

int ift_join_add(const struct ift_join *j, struct ift_slice value, struct ift_json *doc,
                 struct ift_str *out, struct ift_err *err) {
    IFT_TRY(ift_json_parse(doc, value.p, value.n, err));
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "must be an object");
    struct ift_str key = {0};
    const struct entry *found = NULL;
    int got = read_key(doc, j->how->on, &key, err);
    for (size_t i = 0; got == 0 && j->how->slash && i < key.n; i++)
        if (key.p[i] == j->how->slash) key.p[i] = '/';
    const struct ift_slice whole = ift_str_slice(&key);
    if (got == 0) got = find(j, whole, &found, err);
    if (got == 0 && !found && !j->how->key) got = find(j, without_extension(whole), &found, err);
    if (got == 0 && !found)
        got = IFT_FAIL(err, "\"%s\": there is no \"%s\" in %s", j->how->on, key.p, j->path);
    if (got == 0 && found->wrong)
        got = IFT_FAIL(err, "%.*s", (int)found->text_n, j->text.p + found->text);
    ift_str_release(&key);
    if (got < 0) return -1;
    const struct ift_slice members = ift_json_raw(doc, 0);
    ift_str_addc(out, '{');
    ift_json_quote(out, j->how->as, strlen(j->how->as));
    ift_str_addc(out, ':');
    ift_str_add(out, j->text.p + found->text, found->text_n);
    ift_str_addc(out, ',');
    ift_str_add(out, members.p + 1, members.n - 1);
    return 0;
}

void ift_join_free(struct ift_join *j) {
    if (!j) return;
    free(j->path);
    free(j->entry);
    free(j->slot);
    ift_str_release(&j->text);
    ift_str_release(&j->names);
    ift_str_release(&j->file);
    ift_json_release(&j->doc);
    free(j);
}
