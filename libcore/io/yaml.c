#include "libcore/io/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/yaml_feed.h"

enum { MAX_DEPTH = 512, MOST_ANCHORS = 4096, MOST_COPIED = 16 << 20 };

struct anchor {
    char *name;
    struct ift_str json;
};

/* Of a member of a mapping that is being written: json[from, from + n), quotes included. */
struct key {
    size_t from, n, line;
};

struct ift_yaml {
    yaml_parser_t parser;
    struct ift_yaml_feed feed;
    size_t lines;      /* before what the parser was given */
    size_t mark;       /* the character behind the last event */
    yaml_event_t next; /* which was looked at already, if `ahead` */
    bool ahead;
    enum { START, DOCUMENTS, SEQUENCE, END } where;
    bool in_sequence;
    int column;  /* of the sequence's elements; -1: they are not one a line, or there is none */
    bool flow;   /* the sequence stands in brackets */
    size_t done; /* where, in the feed, what was given ends */
    struct ift_err bad; /* why the last item was not read */

    struct anchor *anchor; /* of this document */
    size_t nanchors, anchors_cap;
    size_t kept, copied; /* bytes that anchors hold; that aliases added to this item */
    struct key *key;     /* of all mappings that are open */
    size_t nkeys, keys_cap;
};

static void start_parser(struct ift_yaml *y) {
    if (!yaml_parser_initialize(&y->parser)) ift_out_of_memory(sizeof y->parser);
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&y->parser, ift_yaml_feed_give, &y->feed);
}

static void stop_parser(struct ift_yaml *y) {
    if (y->ahead) yaml_event_delete(&y->next);
    y->ahead = false;
    yaml_parser_delete(&y->parser);
}

struct ift_yaml *ift_yaml_new(ift_yaml_read *read, void *ctx) {
    struct ift_yaml *const y = ift_alloc0(1, sizeof *y);
    y->feed = (struct ift_yaml_feed){.read = read, .ctx = ctx, .limit = SIZE_MAX};
    y->column = -1;
    start_parser(y);
    return y;
}

static void forget_anchors(struct ift_yaml *y) {
    for (size_t i = 0; i < y->nanchors; i++) {
        free(y->anchor[i].name);
        ift_str_release(&y->anchor[i].json);
    }
    y->nanchors = y->kept = 0;
}

void ift_yaml_free(struct ift_yaml *y) {
    if (!y) return;
    stop_parser(y);
    ift_yaml_feed_release(&y->feed);
    forget_anchors(y);
    free(y->anchor);
    free(y->key);
    free(y);
}

bool ift_yaml_in_sequence(const struct ift_yaml *y) {
    return y->in_sequence;
}

static size_t line_of(const struct ift_yaml *y, yaml_mark_t mark) {
    return y->lines + mark.line + 1;
}

static int parse_event(struct ift_yaml *y, yaml_event_t *event, struct ift_err *err) {
    yaml_parser_t *const p = &y->parser;
    if (yaml_parser_parse(p, event)) return 0;
    if (p->error == YAML_MEMORY_ERROR) ift_out_of_memory(0);
    if (p->error == YAML_READER_ERROR) /* which reads ahead: the line is not known */
        return IFT_FAIL(err, "%s; ift-format --encoding, if it is not UTF-8", p->problem);
    return IFT_FAIL(err, "line %zu: %s%s%s", line_of(y, p->problem_mark), p->problem,
                    p->context ? ", " : "", p->context ? p->context : "");
}

static int next_event(struct ift_yaml *y, yaml_event_t *event, struct ift_err *err) {
    if (!y->ahead) IFT_TRY(parse_event(y, event, err));
    if (y->ahead) *event = y->next;
    y->ahead = false;
    y->mark = event->end_mark.index;
    return 0;
}

static int look_ahead(struct ift_yaml *y, struct ift_err *err) {
    IFT_TRY(parse_event(y, &y->next, err));
    y->ahead = true;
    return 0;
}

/* ---- anchors ---- */

static struct anchor *find_anchor(struct ift_yaml *y, const char *name) {
    for (size_t i = 0; i < y->nanchors; i++) {
        if (strcmp(y->anchor[i].name, name) == 0) return &y->anchor[i];
    }
    return NULL;
}

/* Takes the name. */
static int keep_anchor(struct ift_yaml *y, char *name, struct ift_slice json, struct ift_err *err) {
    struct anchor *a = find_anchor(y, name);
    if (a) {
        y->kept -= a->json.n;
        free(name);
    } else {
        y->anchor = ift_grow(y->anchor, y->nanchors + 1, &y->anchors_cap, sizeof *y->anchor);
        a = &y->anchor[y->nanchors++];
        *a = (struct anchor){.name = name};
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
    const struct anchor *const a = find_anchor(y, name);
    if (!a) return IFT_FAIL(err, "no anchor &%s is complete before its alias", name);
    if (a->json.n > MOST_COPIED - y->copied)
        return IFT_FAIL(err, "aliases expand to more than %d bytes", MOST_COPIED);
    y->copied += a->json.n;
    ift_str_add(json, a->json.p, a->json.n);
    return 0;
}

/* ---- values ---- */

static int add_node(struct ift_yaml *y, yaml_event_t *event, size_t depth, struct ift_str *json,
                    struct ift_err *err);

static int next_node(struct ift_yaml *y, size_t depth, struct ift_str *json, struct ift_err *err) {
    yaml_event_t event;
    IFT_TRY(next_event(y, &event, err));
    return add_node(y, &event, depth, json, err);
}

static int add_sequence(struct ift_yaml *y, size_t depth, struct ift_str *json,
                        struct ift_err *err) {
    ift_str_addc(json, '[');
    for (bool first = true;; first = false) {
        yaml_event_t event;
        IFT_TRY(next_event(y, &event, err));
        if (event.type == YAML_SEQUENCE_END_EVENT) break;
        if (!first) ift_str_addc(json, ',');
        IFT_TRY(add_node(y, &event, depth, json, err));
    }
    ift_str_addc(json, ']');
    return 0;
}

static int by_text(const void *a, const void *b, void *text) {
    const struct key *const x = a, *const y = b;
    const char *const p = text;
    const int order = memcmp(p + x->from, p + y->from, x->n < y->n ? x->n : y->n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void push_key(struct ift_yaml *y, size_t from, size_t n, size_t line) {
    y->key = ift_grow(y->key, y->nkeys + 1, &y->keys_cap, sizeof *y->key);
    y->key[y->nkeys++] = (struct key){from, n, line};
}

/* Sorts a mapping's keys, those from `base` on; two that are the same are an error. */
static int sort_keys(struct ift_yaml *y, size_t base, const struct ift_str *json,
                     struct ift_err *err) {
    struct key *const key = y->key + base;
    const size_t n = y->nkeys - base;
    if (n < 2) return 0;
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
        const struct key wanted = {from, key.n, 0};
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
    const size_t from = json->n, line = line_of(y, e->start_mark);
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
        IFT_TRY(next_event(y, &event, err));
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

/* The value that starts with the event, which is used up. */
static int add_node(struct ift_yaml *y, yaml_event_t *event, size_t depth, struct ift_str *json,
                    struct ift_err *err) {
    const size_t from = json->n, line = line_of(y, event->start_mark);
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

/* ---- items ---- */

static bool is_nothing(const yaml_event_t *e) {
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 && !e->data.scalar.tag &&
           e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void begin_sequence(struct ift_yaml *y, const yaml_event_t *event) {
    y->where = SEQUENCE;
    y->flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    y->column = y->flow ? -1 : (int)event->start_mark.column;
}

/* Documents that are only cut out of the one that was there say nothing of their beginning and
 * end; anchors stay. */
static void begin_document(struct ift_yaml *y, const yaml_event_t *event) {
    const bool told = event->type == YAML_DOCUMENT_START_EVENT
                          ? !event->data.document_start.implicit
                      : event->type == YAML_DOCUMENT_END_EVENT ? !event->data.document_end.implicit
                                                               : false;
    if (told) forget_anchors(y);
    y->where = DOCUMENTS;
}

/* The next item of what the parser is given: 1, 0, -1. */
static int next_item(struct ift_yaml *y, struct ift_str *json, size_t *line, struct ift_err *err) {
    while (y->where != END) {
        yaml_event_t event;
        IFT_TRY(next_event(y, &event, err));
        const bool sequence = y->where == DOCUMENTS && event.type == YAML_SEQUENCE_START_EVENT;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            begin_document(y, &event);
            break;
        case YAML_STREAM_END_EVENT:
            y->where = END;
            break;
        case YAML_SEQUENCE_END_EVENT:
            y->where = DOCUMENTS;
            break;
        default:
            if (sequence) {
                begin_sequence(y, &event);
                break;
            }
            if (y->where == DOCUMENTS && is_nothing(&event)) break;
            y->in_sequence = y->where == SEQUENCE;
            *line = line_of(y, event.start_mark);
            y->copied = y->nkeys = 0;
            IFT_TRY(add_node(y, &event, 0, json, err));
            IFT_TRY(look_ahead(y, err)); /* whether it is whole */
            y->done = ift_yaml_feed_place(&y->feed, y->mark);
            return 1;
        }
        yaml_event_delete(&event);
    }
    return 0;
}

/* ---- going on behind what is wrong ---- */

static void restart(struct ift_yaml *y, size_t from, size_t limit) {
    stop_parser(y);
    start_parser(y);
    ift_yaml_feed_restart(&y->feed, from, limit);
    y->lines = ift_yaml_feed_lines(&y->feed, from);
    y->where = START;
    y->done = from;
}

/* Gives the feed's text[from, to) as an item that is wrong. */
static int give_up(struct ift_yaml *y, size_t from, size_t to, struct ift_str *out, size_t *line,
                   const char **wrong) {
    char same[40];
    const struct ift_yaml_feed *const f = &y->feed;
    while (from < to && memchr("\r\n ", f->text.p[from], 3)) from++;
    *line = ift_yaml_feed_lines(f, from) + 1;
    ift_str_add(out, f->text.p + from, to - from);
    const int n = snprintf(same, sizeof same, "line %zu: ", *line);
    if (y->flow) {
        const struct ift_err why = y->bad;
        ift_fail(&y->bad, "%s; the rest of the sequence, which is not one of lines, goes with it",
                 why.text);
    }
    *wrong = y->bad.text + (strncmp(y->bad.text, same, (size_t)n) == 0 ? n : 0);
    y->in_sequence = y->column >= 0 || y->flow;
    restart(y, to, SIZE_MAX);
    return 1;
}

/* libyaml, which reads ahead, may have failed on something further on than the next item. So that
 * is found by its lines, text[*from, *to): true when it is worth to be tried by itself. */
static bool cut_out(struct ift_yaml *y, size_t *from, size_t *to) {
    struct ift_yaml_feed *const f = &y->feed;
    if (y->where != SEQUENCE) {
        y->column = ift_yaml_feed_column(f, y->done);
        y->flow = false;
    }
    *from = y->done;
    *to = ift_yaml_feed_next(f, y->done, y->column);
    if (!ift_yaml_feed_nothing(f, *from, *to)) return y->column < 0 && !y->flow;
    do {
        *from = *to;
        *to = ift_yaml_feed_next(f, ift_yaml_feed_line_end(f, *to), y->column);
    } while (*to < f->text.n && ift_yaml_feed_nothing(f, *from, *to));
    return true;
}

int ift_yaml_next(struct ift_yaml *y, struct ift_str *out, size_t *line, const char **wrong,
                  struct ift_err *err) {
    struct ift_yaml_feed *const f = &y->feed;
    const size_t before = out->n;
    *wrong = NULL;
    for (;;) {
        const bool alone = f->limit != SIZE_MAX;
        const int got = next_item(y, out, line, &y->bad);
        size_t from = y->done, to = f->limit;
        if (got > 0) {
            ift_yaml_feed_done(f, y->done);
            y->done = f->at;
            return 1;
        }
        out->n = before;
        const bool try_it = got < 0 && !f->failed && !alone && cut_out(y, &from, &to);
        if (f->failed) {
            *err = f->why;
            return -1;
        }
        if (got == 0 && !alone) return 0;
        if (got < 0 && !try_it) return give_up(y, from, to, out, line, wrong);
        if (got == 0)
            restart(y, to, SIZE_MAX); /* it was sound */
        else
            restart(y, from, to);
    }
}
