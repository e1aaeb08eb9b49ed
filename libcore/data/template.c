#include "libcore/data/template.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/data/source.h"

/* The keys that nearly all slots name: a parsed record knows where they are. */
enum slot { INSTRUCTION, INPUT, OUTPUT, RATIONALE, OTHER, NONE };

/* A stretch of literal text, already escaped for JSON, followed by the value of a key. */
struct part {
    struct ift_slice literal;
    enum slot slot; /* NONE: nothing follows, the last part */
    const char *key;
};

struct wording {
    struct part *part;
    size_t n;
};

enum { NFIELDS = RATIONALE };
static const char *const slot_name[OTHER] = {"instruction", "input", "output", "rationale"};

struct pattern {
    const char *id;
    struct ift_slice quoted_id;
    bool reasons;
    struct wording field[NFIELDS];
};

struct ift_template {
    struct ift_arena arena; /* everything a pattern points at */
    struct pattern *pattern;
    size_t n, cap;
};

/* ---- loading ---- */

static const char *canonical_key(const char *name) {
    static const char *const alias[][2] = {{"question", "instruction"},
                                           {"answer", "output"},
                                           {"chain_of_thought", "rationale"}};
    for (size_t i = 0; i < sizeof alias / sizeof *alias; i++) {
        if (strcmp(name, alias[i][0]) == 0) return alias[i][1];
    }
    return name;
}

static struct ift_slice keep(struct ift_arena *a, const struct ift_str *s) {
    return (struct ift_slice){ift_arena_strndup(a, s->p ? s->p : "", s->n), s->n};
}

static enum slot slot_of(const char *key) {
    int i = INSTRUCTION;
    while (i < OTHER && strcmp(key, slot_name[i]) != 0) i++;
    return (enum slot)i;
}

/* Reads "{name}" at text[*at]; the name, canonical, or NULL. */
static const char *read_slot(struct ift_arena *a, const struct ift_str *text, size_t *at) {
    const char *const name = text->p + *at + 1;
    const char *const close = memchr(name, '}', text->n - *at - 1);
    if (!close || close == name || memchr(name, '{', (size_t)(close - name))) return NULL;
    *at = (size_t)(close - text->p) + 1;
    return canonical_key(ift_arena_strndup(a, name, (size_t)(close - name)));
}

/* Splits a wording into parts. `plain` is scratch. */
static int compile(struct ift_arena *a, const struct ift_str *text, struct wording *w,
                   struct ift_str *plain, struct ift_err *err) {
    size_t slots = 0;
    for (size_t i = 0; i < text->n; i++) slots += text->p[i] == '{';
    w->part = ift_arena_alloc(a, (slots + 1) * sizeof *w->part);
    ift_str_clear(plain);
    for (size_t i = 0; i < text->n;) {
        const char c = text->p[i];
        if (c != '{' && c != '}') {
            ift_json_escape(plain, &c, 1);
            i++;
        } else if (i + 1 < text->n && text->p[i + 1] == c) {
            ift_str_addc(plain, c);
            i += 2;
        } else if (c == '}') {
            return IFT_FAIL(err, "a lone '}' at byte %zu; a literal brace is written \"}}\"",
                            i + 1);
        } else {
            const char *const key = read_slot(a, text, &i);
            if (!key)
                return IFT_FAIL(err, "a lone '{' at byte %zu; a literal brace is written \"{{\"",
                                i + 1);
            w->part[w->n++] = (struct part){keep(a, plain), slot_of(key), key};
            ift_str_clear(plain);
        }
    }
    w->part[w->n++] = (struct part){keep(a, plain), NONE, NULL};
    return 0;
}

static bool names_rationale(const struct wording *w) {
    for (size_t i = 0; i < w->n; i++) {
        if (w->part[i].slot == RATIONALE) return true;
    }
    return false;
}

/* The pattern's own keys: only the four, all strings, `input` optional. */
static int check_keys(const struct ift_json *doc, struct ift_err *err) {
    if (!ift_json_is(doc, 0, IFT_JSON_OBJECT)) return IFT_FAIL(err, "a pattern is a JSON object");
    for (int key = ift_json_first(doc, 0); key >= 0; key = ift_json_next(doc, 0, key + 1)) {
        const struct ift_slice raw = ift_json_raw(doc, key);
        bool known = ift_json_text_is(doc, key, "id");
        for (int f = 0; f < NFIELDS; f++) known = known || ift_json_text_is(doc, key, slot_name[f]);
        if (!known) {
            return IFT_FAIL(
                err,
                "a pattern has no %.*s; it has \"id\", \"instruction\", \"input\" and \"output\"",
                IFT_SHOWN(raw));
        }
        if (!ift_json_is(doc, key + 1, IFT_JSON_STRING))
            return IFT_FAIL(err, "%.*s is not a string", IFT_SHOWN(raw));
    }
    static const char *const required[] = {"id", "instruction", "output"};
    for (int i = 0; i < 3; i++) {
        if (ift_json_get(doc, 0, required[i]) < 0)
            return IFT_FAIL(err, "missing \"%s\"", required[i]);
    }
    return 0;
}

static int add_id(struct ift_template *set, struct pattern *p, const struct ift_json *doc,
                  struct ift_str *scratch, struct ift_err *err) {
    const int node = ift_json_get(doc, 0, "id");
    ift_str_clear(scratch);
    ift_json_text(doc, node, scratch);
    p->id = ift_arena_strndup(&set->arena, scratch->p ? scratch->p : "", scratch->n);
    if (!p->id[0]) return IFT_FAIL(err, "\"id\" is empty");
    ift_str_clear(scratch);
    ift_json_copy(scratch, doc, node);
    p->quoted_id = keep(&set->arena, scratch);
    for (size_t i = 0; i < set->n; i++) {
        if (ift_slice_eq(set->pattern[i].quoted_id, p->quoted_id))
            return IFT_FAIL(err, "two patterns with the id \"%s\"", p->id);
    }
    return 0;
}

static int add_pattern(struct ift_template *set, const struct ift_json *doc, struct ift_err *err) {
    IFT_TRY(check_keys(doc, err));
    struct pattern p = {0};
    struct ift_str text = {0}, scratch = {0};
    int status = add_id(set, &p, doc, &scratch, err);
    for (int f = 0; f < NFIELDS && status == 0; f++) {
        const int node = ift_json_get(doc, 0, slot_name[f]);
        ift_str_clear(&text);
        if (node >= 0) ift_json_text(doc, node, &text);
        status = compile(&set->arena, &text, &p.field[f], &scratch, err);
        if (status < 0) ift_fail_in(err, "pattern \"%s\": \"%s\"", p.id, slot_name[f]);
        p.reasons = p.reasons || (status == 0 && names_rationale(&p.field[f]));
    }
    ift_str_release(&text);
    ift_str_release(&scratch);
    if (status < 0) return -1;
    set->pattern = ift_grow(set->pattern, set->n + 1, &set->cap, sizeof *set->pattern);
    set->pattern[set->n++] = p;
    return 0;
}

static int load_file(struct ift_template *set, const char *path, struct ift_err *err) {
    const struct ift_source_opts opts = {.paths = &path, .npaths = 1};
    struct ift_source *s;
    IFT_TRY(ift_source_open(&s, &opts, err));
    struct ift_json doc = {0};
    const struct ift_item *item;
    const size_t before = set->n;
    int got;
    while ((got = ift_source_next(s, &item, err)) > 0) {
        if (ift_json_parse(&doc, item->text.p, item->text.n, err) == 0 &&
            add_pattern(set, &doc, err) == 0)
            continue;
        got = ift_item_fail(item, err);
        break;
    }
    ift_json_release(&doc);
    ift_source_free(s);
    if (got == 0 && set->n == before) return IFT_FAIL(err, "%s: no patterns in it", path);
    return got;
}

int ift_template_load(struct ift_template **out, const char *const *names, size_t n,
                      struct ift_err *err) {
    struct ift_template *const set = ift_alloc0(1, sizeof *set);
    int status = 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        char *path;
        status = ift_data_find("templates", names[i], ".jsonl", &path, err);
        if (status < 0) break;
        status = load_file(set, path, err);
        free(path);
    }
    if (status < 0) {
        ift_template_free(set);
        return -1;
    }
    *out = set;
    return 0;
}

void ift_template_free(struct ift_template *set) {
    if (!set) return;
    ift_arena_release(&set->arena);
    free(set->pattern);
    free(set);
}

int ift_template_list(struct ift_str *out, struct ift_err *err) {
    size_t n;
    char **const names = ift_data_list("templates", ".jsonl", &n);
    int status = n ? 0 : ift_data_none("templates", err);
    for (size_t i = 0; i < n && status == 0; i++) {
        struct ift_template *set;
        status = ift_template_load(&set, (const char *const *)&names[i], 1, err);
        if (status < 0) break;
        ift_str_addf(out, "%-16s %3zu patterns, %s a rationale\n", names[i], set->n,
                     set->pattern[0].reasons ? "with" : "without");
        ift_template_free(set);
    }
    ift_data_list_free(names, n);
    return status;
}

size_t ift_template_count(const struct ift_template *set) {
    return set->n;
}

const char *ift_template_id(const struct ift_template *set, size_t i) {
    return set->pattern[i].id;
}

bool ift_template_reasons(const struct ift_template *set, size_t i) {
    return set->pattern[i].reasons;
}

/* ---- rendering ---- */

/* Appends what stands between the quotes of a string node, in canonical form. */
static void add_inside(struct ift_str *out, const struct ift_json *doc, int node) {
    if (!doc->node[node].escaped) {
        const struct ift_slice raw = ift_json_raw(doc, node);
        ift_str_add(out, raw.p + 1, raw.n - 2);
        return;
    }
    const size_t at = out->n;
    ift_json_copy(out, doc, node);
    out->n -= 2;
    memmove(out->p + at, out->p + at + 1, out->n - at);
    out->p[out->n] = '\0';
}

static int add_slot(const struct part *part, const struct ift_record *r, struct ift_str *out,
                    struct ift_err *err) {
    const int known[] = {r->instruction, r->input, r->output, r->rationale};
    const struct ift_json *const doc = &r->doc;
    const int v = part->slot < OTHER ? known[part->slot] : ift_json_get(doc, 0, part->key);
    if (v < 0 || ift_json_is(doc, v, IFT_JSON_NULL)) {
        return IFT_FAIL(err, "the record has no \"%s\"", part->key);
    }
    if (ift_json_is(doc, v, IFT_JSON_ARRAY) || ift_json_is(doc, v, IFT_JSON_OBJECT)) {
        return IFT_FAIL(err, "the record's \"%s\" is no text", part->key);
    }
    if (ift_json_is(doc, v, IFT_JSON_STRING)) {
        add_inside(out, doc, v);
    } else {
        ift_json_copy(out, doc, v);
    }
    return 0;
}

static int add_wording(const struct wording *w, const struct ift_record *r, struct ift_str *out,
                       struct ift_err *err) {
    ift_str_addc(out, '"');
    for (size_t i = 0; i < w->n; i++) {
        ift_str_add(out, w->part[i].literal.p, w->part[i].literal.n);
        if (w->part[i].slot != NONE) IFT_TRY(add_slot(&w->part[i], r, out, err));
    }
    ift_str_addc(out, '"');
    return 0;
}

/* Appends every member, those that the pattern words anew in their old places. */
static int add_members(const struct pattern *p, const struct ift_record *r, struct ift_str *out,
                       struct ift_err *err) {
    const int field[NFIELDS] = {r->instruction, r->input, r->output};
    const struct ift_json *const doc = &r->doc;
    int few[64];
    const size_t count = doc->node[0].count;
    int *const pair =
        2 * count <= sizeof few / sizeof *few ? few : ift_alloc(2 * count * sizeof *pair);
    const size_t n = ift_json_members(doc, 0, pair);
    int status = 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        ift_str_addc(out, i ? ',' : '{');
        ift_json_copy(out, doc, pair[2 * i]);
        ift_str_addc(out, ':');
        int f = 0;
        while (f < NFIELDS && field[f] != pair[2 * i + 1]) f++;
        if (f < NFIELDS) {
            status = add_wording(&p->field[f], r, out, err);
        } else {
            ift_json_copy(out, doc, pair[2 * i + 1]);
        }
    }
    if (pair != few) free(pair);
    return status;
}

int ift_template_render(const struct ift_template *set, size_t i, const struct ift_record *r,
                        struct ift_str *out, struct ift_err *err) {
    const struct pattern *const p = &set->pattern[i];
    if (r->messages >= 0)
        return IFT_FAIL(err,
                        "templates are for one question and answer, this record has \"messages\"");
    if (ift_json_get(&r->doc, 0, "pattern") >= 0) {
        return IFT_FAIL(err, "the record already has a \"pattern\"; templates are put on once");
    }
    if (add_members(p, r, out, err) < 0) return ift_fail_in(err, "pattern \"%s\"", p->id);
    ift_str_adds(out, ",\"pattern\":");
    ift_str_add(out, p->quoted_id.p, p->quoted_id.n);
    ift_str_addc(out, '}');
    return 0;
}
