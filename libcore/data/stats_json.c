#include <inttypes.h>

#include "libcore/data/stats_report.h"
#include "libcore/io/json.h"

/* Every collection has the same keys, which are the columns of TSV; null is an empty cell. */

static void add_key(struct ift_str *out, const char *key) {
    if (out->p[out->n - 1] != '{') ift_str_addc(out, ',');
    ift_json_quote(out, key, strlen(key));
    ift_str_addc(out, ':');
}

static void add_count(struct ift_str *out, const char *key, uint64_t n) {
    add_key(out, key);
    ift_str_addf(out, "%" PRIu64, n);
}

static void add_number(struct ift_str *out, const char *key, double x) {
    add_key(out, key);
    ift_json_number(out, x);
}

static void add_string(struct ift_str *out, const char *key, const char *text) {
    add_key(out, key);
    if (text)
        ift_json_quote(out, text, strlen(text));
    else
        ift_str_adds(out, "null");
}

static void add_spread(struct ift_str *out, const char *key, const struct ift_spread_summary *s) {
    add_key(out, key);
    ift_str_addc(out, '{');
    add_count(out, "sum", s->sum);
    add_number(out, "mean", ift_spread_mean(s));
    add_count(out, "median", s->median);
    add_count(out, "p90", s->p90);
    add_count(out, "p99", s->p99);
    add_count(out, "max", s->max);
    ift_str_addc(out, '}');
}

static double ratio(uint64_t a, uint64_t b) {
    return b ? (double)a / (double)b : 0;
}

static void add_texts(const struct ift_stats *s, bool tokens, struct ift_str *out) {
    add_key(out, "text");
    ift_str_addc(out, '{');
    add_spread(out, "characters", &s->text);
    add_count(out, "bytes", s->text_bytes);
    if (tokens) {
        add_spread(out, "tokens", &s->tokens);
        add_number(out, "characters_per_token", ratio(s->text.sum, s->tokens.sum));
    }
    add_string(out, "longest", s->longest);
    ift_str_addc(out, '}');
    for (int i = 0; i < IFT_STATS_FIELDS; i++) {
        add_key(out, ift_stats_field_name[i]);
        ift_str_addc(out, '{');
        add_count(out, "records", s->characters[i].n);
        add_spread(out, "characters", &s->characters[i]);
        add_spread(out, "bytes", &s->bytes[i]);
        ift_str_addc(out, '}');
    }
}

static void add_stats(const struct ift_stats_page *page, const struct ift_stats *s,
                      struct ift_str *out) {
    ift_str_addc(out, '{');
    add_string(out, "name", s->name);
    add_count(out, "records", s->records);
    add_number(out, "share", ratio(s->records, page->total.records));
    add_key(out, "rounds");
    ift_str_addc(out, '{');
    add_count(out, "sum", s->rounds.sum);
    add_number(out, "mean", ift_spread_mean(&s->rounds));
    add_count(out, "max", s->rounds.max);
    ift_str_addc(out, '}');
    add_key(out, "with");
    ift_str_addc(out, '{');
    for (int i = 0; i < IFT_STATS_NHAS; i++) add_count(out, ift_stats_has_name[i], s->has[i]);
    ift_str_addc(out, '}');
    if (page->again) {
        add_key(out, "again");
        ift_str_addc(out, '{');
        add_count(out, "asked", s->asked_again);
        add_count(out, "whole", s->whole_again);
        ift_str_addc(out, '}');
    }
    add_texts(s, page->tokens, out);
    add_key(out, "letters");
    ift_str_addc(out, '{');
    for (int i = 0; i < IFT_LETTERS_KINDS; i++) add_count(out, ift_letters_name[i], s->letters[i]);
    ift_str_addc(out, '}');
    add_string(out, "source", s->source);
    ift_str_addc(out, '}');
}

void ift_stats_json(const struct ift_stats_page *page, struct ift_str *out) {
    ift_str_adds(out, "{\"collections\":[");
    for (size_t i = 0; i < page->n; i++) {
        ift_str_adds(out, i ? ",\n" : "\n");
        add_stats(page, &page->of[i], out);
    }
    ift_str_adds(out, page->n ? "\n],\n\"total\":" : "],\n\"total\":");
    add_stats(page, &page->total, out);
    ift_str_adds(out, "}\n");
}

/* ---- TSV ---- */

static void add_cell(struct ift_str *out, const struct ift_json *doc, int node) {
    if (ift_json_is(doc, node, IFT_JSON_NULL)) return;
    struct ift_str text = {0};
    if (ift_json_is(doc, node, IFT_JSON_STRING)) {
        ift_json_text(doc, node, &text);
    } else {
        const struct ift_slice raw = ift_json_raw(doc, node);
        ift_str_add(&text, raw.p, raw.n);
    }
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        if (c == '\t' || c == '\n' || c == '\r' || c == '\\') ift_str_addc(out, '\\');
        ift_str_addc(out, c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c);
    }
    ift_str_release(&text);
}

/* The leaves under an object: their values or, with `path`, the ways to them. */
static void add_leaves(struct ift_str *out, const struct ift_json *doc, int object,
                       struct ift_str *path) {
    for (int key = ift_json_first(doc, object); key >= 0;
         key = ift_json_next(doc, object, key + 1)) {
        const size_t before = path ? path->n : 0;
        if (path) {
            if (before) ift_str_addc(path, '.');
            ift_json_text(doc, key, path);
        }
        if (ift_json_is(doc, key + 1, IFT_JSON_OBJECT)) {
            add_leaves(out, doc, key + 1, path);
        } else {
            if (path)
                ift_str_add(out, path->p, path->n);
            else
                add_cell(out, doc, key + 1);
            ift_str_addc(out, '\t');
        }
        if (path) path->n = before;
    }
}

int ift_stats_tsv(const struct ift_stats_page *page, struct ift_str *out, struct ift_err *err) {
    struct ift_str text = {0}, path = {0};
    struct ift_json doc = {0};
    int status = 0;
    for (size_t i = 0; i <= page->n && status == 0; i++) {
        ift_str_clear(&text);
        add_stats(page, i < page->n ? &page->of[i] : &page->total, &text);
        status = ift_json_parse(&doc, text.p, text.n, err);
        for (int head = i == 0; head >= 0 && status == 0; head--) {
            add_leaves(out, &doc, 0, head ? &path : NULL);
            out->p[out->n - 1] = '\n'; /* in place of the last tab */
        }
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    ift_str_release(&path);
    return status;
}
