#include "libcore/data/join.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/data/source.h"

/* What can be found. Its text, nodes and name lie in those of the join. The text is {"as": value},
 * of what is joined all but the members that a value brings, and the last bracket. */
struct ift_join_entry {
    uint64_t hash;
    size_t text, text_n;
    size_t node, nodes;  /* as if its text began at 0 */
    size_t name, name_n; /* the key, or the path without its extension */
    bool wrong;          /* the text is why there is none */
};

struct ift_join {
    const struct ift_recipe_join *how;
    char *path;
    struct ift_str head; /* with which each entry's text begins */
    struct ift_str text, names;
    struct ift_json_node *node; /* of all texts: each is parsed once, however often it is found */
    size_t nodes, node_cap;
    struct ift_join_entry *entry;
    size_t n, cap;
    size_t *slot, slots; /* 1 + an entry, or 0: free; a power of two, at most half of them taken */
    struct ift_json doc; /* while it is read */
    struct ift_str file; /* the one that is being read */
};

/* ---- names ---- */

static struct ift_slice after_last(struct ift_slice s, char separator, char other) {
    size_t from = s.n;
    while (from > 0 && s.p[from - 1] != separator && s.p[from - 1] != other) from--;
    return (struct ift_slice){s.p + from, s.n - from};
}

static struct ift_slice without_extension(struct ift_slice path) {
    const struct ift_slice last = after_last(path, '/', '/');
    const char *const dot = last.n ? memrchr(last.p, '.', last.n) : NULL;
    return dot && dot > last.p ? (struct ift_slice){path.p, (size_t)(dot - path.p)} : path;
}

static struct ift_slice name_of(const struct ift_join *j, const struct ift_join_entry *e) {
    return (struct ift_slice){j->names.p + e->name, e->name_n};
}

/* Files are sought by the last part of their paths, of which there may be several. */
static uint64_t hash_of(const struct ift_join *j, struct ift_slice name) {
    const struct ift_slice part = j->how->key ? name : after_last(name, '/', ':');
    return ift_hash(part.p, part.n);
}

/* An archive's name and a member's in it are joined by a colon. */
static bool matches(const struct ift_join *j, const struct ift_join_entry *e,
                    struct ift_slice key) {
    const struct ift_slice name = name_of(j, e);
    if (key.n > name.n || !ift_bytes_eq(name.p + name.n - key.n, key.p, key.n)) return false;
    return key.n == name.n || (!j->how->key && strchr("/:", name.p[name.n - key.n - 1]));
}

/* ---- finding ---- */

/* *found: the entry, or NULL. Fails where there are two. */
static int find(const struct ift_join *j, struct ift_slice key, const struct ift_join_entry **found,
                struct ift_err *err) {
    const uint64_t hash = hash_of(j, key);
    *found = NULL;
    for (size_t i = hash & (j->slots - 1); j->slot[i]; i = (i + 1) & (j->slots - 1)) {
        const struct ift_join_entry *const e = &j->entry[j->slot[i] - 1];
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

static void add_text(const struct ift_join *j, struct ift_str *text, struct ift_slice entry) {
    ift_str_add(text, j->head.p, j->head.n);
    ift_str_add(text, entry.p, entry.n);
    ift_str_addc(text, '}');
}

static struct ift_slice inside(const struct ift_join *j, const struct ift_join_entry *e) {
    return (struct ift_slice){j->text.p + e->text + j->head.n, e->text_n - j->head.n - 1};
}

static void add_entry(struct ift_join *j, struct ift_slice name, size_t text) {
    if (2 * (j->n + 1) > j->slots) make_slots(j, 2 * j->slots);
    j->entry = ift_grow(j->entry, j->n + 1, &j->cap, sizeof *j->entry);
    j->entry[j->n] = (struct ift_join_entry){.hash = hash_of(j, name),
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
    const struct ift_join_entry *same = NULL;
    int got = read_key(&j->doc, j->how->key, &key, err);
    if (got == 0) got = find(j, ift_str_slice(&key), &same, err);
    if (got == 0 && same) got = IFT_FAIL(err, "\"%s\" is \"%s\" a second time", j->how->key, key.p);
    if (got == 0) {
        const size_t from = j->text.n;
        add_text(j, &j->text, item->text);
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
        ift_str_add(text, j->head.p, j->head.n);
        ift_str_addc(text, '[');
    } else {
        text->n -= strlen("]}");
        ift_str_addc(text, ',');
    }
    ift_str_add(text, item->text.p, item->text.n);
    ift_str_adds(text, "]}");
    j->entry[j->n - 1].text_n = text->n - j->entry[j->n - 1].text;
}

static int add_item(struct ift_join *j, const struct ift_item *item, struct ift_err *err) {
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
    IFT_TRY(ift_recipe_run(through, entry, out, err));
    int got = ift_recipe_next(through, &value, err);
    const size_t end = out->n;
    if (got > 0) got = 1 + ift_recipe_next(through, &value, err);
    out->n = end;
    if (got == 1) return 0;
    return got < 0 || err->text[0]
               ? -1
               : IFT_FAIL(err, "through=%s gives no value, or several", j->how->through);
}

static int parse(struct ift_join *j, struct ift_join_entry *e, struct ift_slice text,
                 struct ift_err *err) {
    IFT_TRY(ift_json_parse(&j->doc, text.p, text.n, err));
    e->node = j->nodes;
    e->nodes = j->doc.n;
    j->node = ift_grow(j->node, j->nodes + e->nodes, &j->node_cap, sizeof *j->node);
    memcpy(j->node + j->nodes, j->doc.node, e->nodes * sizeof *j->node);
    j->nodes += e->nodes;
    return 0;
}

/* Makes what is read ready to be found. Whoever finds an entry for which it fails hears of it,
 * nobody else. */
static void see_all(struct ift_join *j, struct ift_recipe *through) {
    struct ift_str text = {0}, out = {0};
    for (size_t i = 0; i < j->n; i++) {
        struct ift_join_entry *const e = &j->entry[i];
        struct ift_slice value = inside(j, e);
        struct ift_err why = {0};
        e->wrong = through && see(j, through, value, &out, &why) < 0;
        if (through) value = ift_str_slice(&out);
        e->text = text.n;
        if (!e->wrong) {
            add_text(j, &text, value);
            const struct ift_slice whole = {text.p + e->text, text.n - e->text};
            e->wrong = parse(j, e, whole, &why) < 0;
        }
        if (e->wrong) {
            text.n = e->text;
            ift_str_adds(&text, why.text);
        }
        e->text_n = text.n - e->text;
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
    ift_str_addc(&j->head, '{');
    ift_json_quote(&j->head, how->as, strlen(how->as));
    ift_str_addc(&j->head, ':');
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
    if (got == 0) see_all(j, through);
    ift_json_release(&j->doc);
    ift_str_release(&j->file);
    *result = j;
    if (got == 0) return 0;
    ift_join_free(j);
    return -1;
}

/* ---- joining ---- */

/* What belongs to the value, whose key is left in to->key. */
static int find_for(const struct ift_join *j, const struct ift_json *value, struct ift_joined *to,
                    const struct ift_join_entry **found, struct ift_err *err) {
    ift_str_clear(&to->key);
    IFT_TRY(read_key(value, j->how->on, &to->key, err));
    for (size_t i = 0; j->how->slash && i < to->key.n; i++)
        if (to->key.p[i] == j->how->slash) to->key.p[i] = '/';
    const struct ift_slice key = ift_str_slice(&to->key);
    IFT_TRY(find(j, key, found, err));
    if (!*found && !j->how->key) IFT_TRY(find(j, without_extension(key), found, err));
    if (!*found)
        return IFT_FAIL(err, "\"%s\": there is no \"%s\" in %s", j->how->on, key.p, j->path);
    if ((*found)->wrong)
        return IFT_FAIL(err, "%.*s", (int)(*found)->text_n, j->text.p + (*found)->text);
    return 0;
}

/* Appends nodes of another tape, the first of which becomes node `at` and text at which becomes
 * text at + moved. */
static void add_nodes(struct ift_json *doc, const struct ift_json_node *node, size_t n, size_t from,
                      uint32_t moved) {
    const uint32_t later = (uint32_t)(doc->n - from);
    doc->node = ift_grow(doc->node, doc->n + n, &doc->cap, sizeof *doc->node);
    for (size_t i = 0; i < n; i++) {
        struct ift_json_node copy = node[i];
        copy.end += later;
        copy.from += moved;
        copy.to += moved;
        doc->node[doc->n++] = copy;
    }
}

/* The text begins with the entry's, but for its last bracket. */
static void begin_with(const struct ift_join *j, struct ift_joined *to,
                       const struct ift_join_entry *entry) {
    struct ift_json *const doc = &to->doc;
    doc->node = ift_grow(doc->node, entry->nodes, &doc->cap, sizeof *doc->node);
    memcpy(doc->node, j->node + entry->node, entry->nodes * sizeof *doc->node);
    ift_str_clear(&to->text);
    ift_str_add(&to->text, j->text.p + entry->text, entry->text_n - 1);
    to->entry = entry;
    to->entry_text = to->text.n;
    to->entry_nodes = entry->nodes;
}

/* Then come the value's members. */
static void end_with(struct ift_joined *to, const struct ift_json *value) {
    const struct ift_slice members = ift_json_raw(value, 0);
    to->text.n = to->entry_text;
    to->doc.n = to->entry_nodes;
    ift_str_addc(&to->text, ',');
    const uint32_t moved = (uint32_t)to->text.n - (value->node[0].from + 1);
    ift_str_add(&to->text, members.p + 1, members.n - 1);
    add_nodes(&to->doc, value->node + 1, value->n - 1, 1, moved);
    struct ift_json_node *const root = &to->doc.node[0];
    root->count = 1 + value->node[0].count;
    root->end = (uint32_t)to->doc.n;
    root->to = (uint32_t)to->text.n;
    to->doc.text = to->text.p;
}

int ift_join_add(const struct ift_join *j, const struct ift_json *value, struct ift_joined *to,
                 struct ift_err *err) {
    const struct ift_join_entry *found;
    if (!ift_json_is(value, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "must be an object");
    IFT_TRY(find_for(j, value, to, &found, err));
    if (found != to->entry) begin_with(j, to, found);
    end_with(to, value);
    return 0;
}

void ift_joined_release(struct ift_joined *to) {
    ift_json_release(&to->doc);
    ift_str_release(&to->text);
    ift_str_release(&to->key);
    to->entry = NULL;
}

void ift_join_free(struct ift_join *j) {
    if (!j) return;
    free(j->path);
    free(j->entry);
    free(j->slot);
    ift_str_release(&j->text);
    ift_str_release(&j->names);
    ift_str_release(&j->head);
    free(j->node);
    ift_str_release(&j->file);
    ift_json_release(&j->doc);
    free(j);
}
