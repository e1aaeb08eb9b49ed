#include "libcore/io/yaml_node.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"

enum { MAX_DEPTH = 512, MOST_ANCHORS = 4096, MOST_COPIED = 16 << 20 };

/* ---- anchors ---- */

void ift_yaml_forget(struct ift_yaml *y) {
    for (size_t i = 0; i < y->nanchors; i++) {
        free(y->anchor[i].name);
        ift_str_release(&y->anchor[i].json);
    }
    y->nanchors = y->kept = 0;
}

static struct ift_yaml_anchor *find_anchor(struct ift_yaml *y, const char *name) {
    for (size_t i = 0; i < y->nanchors; i++) {
        if (strcmp(y->anchor[i].name, name) == 0) return &y->anchor[i];
    }
    return NULL;
}

/* Takes the name. */
static int keep_anchor(struct ift_yaml *y, char *name, struct ift_slice json, struct ift_err *err) {
    struct ift_yaml_anchor *a = find_anchor(y, name);
    if (a) {
        y->kept -= a->json.n;
        free(name);
    } else {
        y->anchor = ift_grow(y->anchor, y->nanchors + 1, &y->anchors_cap, sizeof *y->anchor);
        a = &y->anchor[y->nanchors++];
        *a = (struct ift_yaml_anchor){.name = name};
    }
    ift_str_clear(&a->json);
    if (y->nanchors > MOST_ANCHORS || json.n > MOST_COPIED - y->kept)
        return IFT_FAIL(err, "more anchors than %d, or %d bytes behind them", MOST_ANCHORS,
                        MOST_COPIED);
    ift_str_add(&a->json, json.p, json.n);
    y->kept += json.n;
    return 0;
}

static int copy_alias(struct ift_yaml *y, const char *name, struct ift_str *json,
                      struct ift_err *err) {
    const struct ift_yaml_anchor *const a = find_anchor(y, name);
    if (!a) return IFT_FAIL(err, "no anchor &%s is complete before its alias", name);
    if (a->json.n > MOST_COPIED - y->copied)
        return IFT_FAIL(err, "aliases expand to more than %d bytes", MOST_COPIED);
    y->copied += a->json.n;
    ift_str_add(json, a->json.p, a->json.n);
    return 0;
}

/* ---- values ---- */

static int next_node(struct ift_yaml *y, size_t depth, struct ift_str *json, struct ift_err *err) {
    yaml_event_t event;
    IFT_TRY(ift_yaml_event(y, &event, err));
    return ift_yaml_add(y, &event, depth, json, err);
}

static int add_sequence(struct ift_yaml *y, size_t depth, struct ift_str *json,
                        struct ift_err *err) {
    ift_str_addc(json, '[');
    for (bool first = true;; first = false) {
        yaml_event_t event;
        IFT_TRY(ift_yaml_event(y, &event, err));
        if (event.type == YAML_SEQUENCE_END_EVENT) break;
        if (!first) ift_str_addc(json, ',');
        IFT_TRY(ift_yaml_add(y, &event, depth, json, err));
    }
    ift_str_addc(json, ']');
    return 0;
}

static int by_text(const void *a, const void *b, void *text) {
    const struct ift_yaml_key *const x = a, *const y = b;
    const char *const p = text;
    const int order = memcmp(p + x->from, p + y->from, x->n < y->n ? x->n : y->n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void push_key(struct ift_yaml *y, size_t from, size_t n, size_t line) {
    y->key = ift_grow(y->key, y->nkeys + 1, &y->keys_cap, sizeof *y->key);
    y->key[y->nkeys++] = (struct ift_yaml_key){from, n, line};
}

/* Sorts a mapping's keys, those from `base` on; two that are the same are an error. */
static int sort_keys(struct ift_yaml *y, size_t base, const struct ift_str *json,
                     struct ift_err *err) {
    const size_t n = y->nkeys - base;
    if (n < 2) return 0;
    struct ift_yaml_key *const key = y->key + base;
    qsort_r(key, n, sizeof *key, by_text, json->p);
    for (size_t i = 1; i < n; i++) {
        if (by_text(&key[i - 1], &key[i], json->p) != 0) continue;
        const size_t line = key[i].line > key[i - 1].line ? key[i].line : key[i - 1].line;
        return IFT_FAIL(err, "line %zu: the key %.*s comes twice", line,
                        (int)(key[i].n < 80 ? key[i].n : 80), json->p + key[i].from);
    }
    return 0;
}

/* Adds members of one mapping whose keys are not among those sorted from `base` on. */
static int merge_one(struct ift_yaml *y, size_t base, const struct ift_json *doc, int object,
                     struct ift_str *json, struct ift_err *err) {
    if (!ift_json_is(doc, object, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "`<<` merges mappings and lists of them only");
    const size_t known = y->nkeys;
    for (int k = ift_json_first(doc, object); k >= 0;) {
        const int v = ift_json_next(doc, object, k);
        const struct ift_slice key = ift_json_raw(doc, k), value = ift_json_raw(doc, v);
        const size_t before = json->n, from = before + (y->nkeys > base);
        if (from > before) ift_str_addc(json, ',');
        ift_str_add(json, key.p, key.n);
        const struct ift_yaml_key wanted = {from, key.n, 0};
        bool there = false;
        for (size_t lo = base, hi = known; lo < hi && !there;) {
            const size_t mid = lo + (hi - lo) / 2;
            const int order = by_text(&wanted, &y->key[mid], json->p);
            there = order == 0;
            if (order < 0)
                hi = mid;
            else
                lo = mid + 1;
        }
        if (there) {
            json->n = before;
        } else {
            ift_str_addc(json, ':');
            ift_str_add(json, value.p, value.n);
            push_key(y, from, key.n, 0);
        }
        k = ift_json_next(doc, object, v);
    }
    return sort_keys(y, base, json, err);
}

/* `merged` is the values of `<<`, a JSON array without its brackets. */
static int merge(struct ift_yaml *y, size_t base, const struct ift_str *merged,
                 struct ift_str *json, struct ift_err *err) {
    struct ift_str text = {0};
    struct ift_json doc = {0};
    ift_str_addf(&text, "[");
    ift_str_add(&text, merged->p, merged->n);
    ift_str_addc(&text, ']');
    int rc = ift_json_parse(&doc, text.p, text.n, err);
    for (int v = rc == 0 ? ift_json_first(&doc, 0) : -1; v >= 0 && rc == 0;
         v = ift_json_next(&doc, 0, v)) {
        if (!ift_json_is(&doc, v, IFT_JSON_ARRAY)) {
            rc = merge_one(y, base, &doc, v, json, err);
            continue;
        }
        for (int o = ift_json_first(&doc, v); o >= 0 && rc == 0; o = ift_json_next(&doc, v, o))
            rc = merge_one(y, base, &doc, o, json, err);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    return rc;
}

static bool is_merge(const yaml_event_t *e) {
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.plain_implicit && !e->data.scalar.tag &&
           e->data.scalar.length == 2 && memcmp(e->data.scalar.value, "<<", 2) == 0;
}

/* A key as a JSON string; the event is used up. */
static int add_key(struct ift_yaml *y, yaml_event_t *e, struct ift_str *json, struct ift_err *err) {
    const size_t from = json->n, line = ift_yaml_line(y, e->start_mark);
    char *anchor = NULL;
    int rc = 0;
    if (e->type == YAML_SCALAR_EVENT) {
        ift_json_quote(json, (const char *)e->data.scalar.value, e->data.scalar.length);
        anchor = ift_strdup((const char *)e->data.scalar.anchor);
    } else if (e->type == YAML_ALIAS_EVENT) {
        rc = copy_alias(y, (const char *)e->data.alias.anchor, json, err);
    }
    if (rc == 0 && (json->n == from || json->p[from] != '"'))
        rc = IFT_FAIL(err, "a key that is no scalar");
    yaml_event_delete(e);
    if (rc == 0 && anchor)
        rc = keep_anchor(y, anchor, (struct ift_slice){json->p + from, json->n - from}, err);
    else
        free(anchor);
    if (rc < 0) return ift_fail_in(err, "line %zu", line);
    push_key(y, from, json->n - from, line);
    ift_str_addc(json, ':');
    return 0;
}

static int add_members(struct ift_yaml *y, size_t base, size_t depth, struct ift_str *json,
                       struct ift_str *merged, struct ift_err *err) {
    for (;;) {
        yaml_event_t event;
        IFT_TRY(ift_yaml_event(y, &event, err));
        if (event.type == YAML_MAPPING_END_EVENT) return 0;
        if (is_merge(&event)) {
            yaml_event_delete(&event);
            if (merged->n) ift_str_addc(merged, ',');
            IFT_TRY(next_node(y, depth, merged, err));
            continue;
        }
        if (y->nkeys > base) ift_str_addc(json, ',');
        IFT_TRY(add_key(y, &event, json, err));
        IFT_TRY(next_node(y, depth, json, err));
    }
}

static int add_mapping(struct ift_yaml *y, size_t depth, size_t line, struct ift_str *json,
                       struct ift_err *err) {
    const size_t base = y->nkeys;
    struct ift_str merged = {0};
    ift_str_addc(json, '{');
    int rc = add_members(y, base, depth, json, &merged, err);
    if (rc == 0) rc = sort_keys(y, base, json, err);
    if (rc == 0 && merged.n && merge(y, base, &merged, json, err) < 0)
        rc = ift_fail_in(err, "line %zu", line);
    ift_str_release(&merged);
    y->nkeys = base;
    ift_str_addc(json, '}');
    return rc;
}

/* What the event itself says: 0, or -1 without the line. */
static int add_event(struct ift_yaml *y, const yaml_event_t *e, struct ift_str *json,
                     struct ift_err *err) {
    const char *tag = NULL, *usual = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return copy_alias(y, (const char *)e->data.alias.anchor, json, err);
    if (e->type == YAML_SCALAR_EVENT)
        return ift_yaml_scalar(json,
                               (struct ift_slice){(const char *)e->data.scalar.value,
                                                  e->data.scalar.length},
                               e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                               (const char *)e->data.scalar.tag, err);
    if (e->type == YAML_SEQUENCE_START_EVENT) {
        tag = (const char *)e->data.sequence_start.tag;
        usual = "tag:yaml.org,2002:seq";
    } else {
        tag = (const char *)e->data.mapping_start.tag;
        usual = "tag:yaml.org,2002:map";
    }
    return !tag || strcmp(tag, "!") == 0 || strcmp(tag, usual) == 0
               ? 0
               : IFT_FAIL(err, "the tag %s means nothing in JSON", tag);
}

int ift_yaml_add(struct ift_yaml *y, yaml_event_t *event, size_t depth, struct ift_str *json,
                 struct ift_err *err) {
    const size_t from = json->n, line = ift_yaml_line(y, event->start_mark);
    const yaml_event_type_t type = event->type;
    const yaml_char_t *const name =
        type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
        : type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
        : type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                            : NULL;
    char *const anchor = ift_strdup((const char *)name);
    int rc = add_event(y, event, json, err);
    yaml_event_delete(event);
    if (rc == 0 && depth == MAX_DEPTH) rc = IFT_FAIL(err, "nested more than %d deep", MAX_DEPTH);
    if (rc < 0) {
        free(anchor);
        return ift_fail_in(err, "line %zu", line);
    }
    if (type == YAML_SEQUENCE_START_EVENT) rc = add_sequence(y, depth + 1, json, err);
    if (type == YAML_MAPPING_START_EVENT) rc = add_mapping(y, depth + 1, line, json, err);
    if (rc == 0 && anchor) {
        rc = keep_anchor(y, anchor, (struct ift_slice){json->p + from, json->n - from}, err);
        return rc < 0 ? ift_fail_in(err, "line %zu", line) : 0;
    }
    free(anchor);
    return rc;
}
