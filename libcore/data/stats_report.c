#include "libcore/data/stats_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/data/catalog.h"
#include "libcore/data/drawing.h"
#include "libcore/data/grid.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"

const char *const ift_stats_as_name[] = {"text", "markdown", "tsv", "json", NULL};

static bool is(const struct ift_stats_report *r, const char *as) {
    return strcmp(r->as, as) == 0;
}

static double percent(uint64_t part, uint64_t all) {
    return all ? 100.0 * (double)part / (double)all : 0;
}

/* Nothing at all is easier to see than 0.0 %. */
static void add_percent(struct ift_grid *g, uint64_t part, uint64_t all) {
    const double share = percent(part, all);
    if (part == 0)
        ift_grid_add(g, "-");
    else
        ift_grid_addf(g, share < 0.05 ? "< 0.1 %%" : "%.1f %%", share);
}

/* ---- the tables of a page ---- */

struct tables {
    const struct ift_stats_report *report;
    const struct ift_stats_page *page;
    struct ift_str *out;
};

/* Collection i, and the total behind the last where there are several. */
static const struct ift_stats *at(const struct ift_stats_page *page, size_t i) {
    if (i < page->n) return &page->of[i];
    return i == page->n && page->n != 1 ? &page->total : NULL;
}

static const char *name_of(const struct ift_stats *s) {
    return s->name ? s->name : "total";
}

static void write_grid(const struct tables *t, struct ift_grid *g, bool first) {
    const bool markdown = is(t->report, "markdown");
    if (!first) ift_str_addc(t->out, '\n');
    ift_grid_write(g, markdown ? IFT_GRID_MARKDOWN : IFT_GRID_TEXT, t->out);
    ift_grid_free(g);
}

static void write_sizes(const struct tables *t) {
    static const char *const head[] = {"collection", "records",   "share",  "rounds",  "max",
                                       "with input", "rationale", "system", "messages"};
    struct ift_grid *const g = ift_grid_new(head, 9, "lrrrrrrrr");
    const struct ift_stats *s;
    for (size_t i = 0; (s = at(t->page, i)); i++) {
        ift_grid_add(g, name_of(s));
        ift_grid_addf(g, "%" PRIu64, s->records);
        add_percent(g, s->records, t->page->total.records);
        ift_grid_addf(g, "%.2f", ift_spread_mean(&s->rounds));
        ift_grid_addf(g, "%" PRIu64, s->rounds.max);
        for (int k = IFT_STATS_HAS_INPUT; k <= IFT_STATS_HAS_MESSAGES; k++)
            add_percent(g, s->has[k], s->records);
    }
    write_grid(t, g, true);
}

/* What is wrong with a collection, or could be. */
static void write_doubts(const struct tables *t) {
    static const char *const head[] =
        {"collection", "empty output", "longest at", "asked again", "", "whole again", ""};
    const bool again = t->page->again;
    struct ift_grid *const g = ift_grid_new(head, again ? 7 : 3, "lrlrrrr");
    const struct ift_stats *s;
    for (size_t i = 0; (s = at(t->page, i)); i++) {
        ift_grid_add(g, name_of(s));
        ift_grid_addf(g, "%" PRIu64, s->has[IFT_STATS_HAS_NO_OUTPUT]);
        ift_grid_add(g, s->longest ? s->longest : "-");
        const uint64_t n[] = {s->asked_again, s->whole_again};
        for (int k = 0; again && k < 2; k++) {
            ift_grid_addf(g, "%" PRIu64, n[k]);
            add_percent(g, n[k], s->records);
        }
    }
    write_grid(t, g, false);
}

static void add_lengths(struct ift_grid *g, const struct ift_stats *s, const char *what,
                        const struct ift_spread_summary *sum, uint64_t bytes) {
    ift_grid_add(g, name_of(s));
    ift_grid_add(g, what);
    ift_grid_addf(g, "%" PRIu64, sum->n);
    ift_grid_addf(g, "%.1f", ift_spread_mean(sum));
    const uint64_t n[] = {sum->median, sum->p90, sum->p99, sum->max, sum->sum};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) ift_grid_addf(g, "%" PRIu64, n[i]);
    if (bytes)
        ift_grid_addf(g, "%" PRIu64, bytes);
    else
        ift_grid_add(g, "");
}

static void write_lengths(const struct tables *t) {
    static const char *const head[] = {"collection", "characters of", "records", "mean", "median",
                                       "p90",        "p99",           "max",     "sum",  "bytes"};
    struct ift_grid *const g = ift_grid_new(head, 10, "llrrrrrrrr");
    const struct ift_stats *s;
    for (size_t i = 0; (s = at(t->page, i)); i++) {
        for (int k = 0; k < IFT_STATS_FIELDS; k++) {
            if (s->characters[k].n)
                add_lengths(g, s, ift_stats_field_name[k], &s->characters[k], s->bytes[k].sum);
        }
        add_lengths(g, s, "text", &s->text, s->text_bytes);
        if (t->page->tokens) add_lengths(g, s, "(its tokens)", &s->tokens, 0);
    }
    write_grid(t, g, false);
}

static void write_tokens(const struct tables *t) {
    static const char *const head[] = {"collection", "tokens", "characters a token"};
    struct ift_grid *const g = ift_grid_new(head, 3, "lrr");
    const struct ift_stats *s;
    for (size_t i = 0; (s = at(t->page, i)); i++) {
        ift_grid_add(g, name_of(s));
        ift_grid_addf(g, "%" PRIu64, s->tokens.sum);
        ift_grid_addf(g, "%.2f", s->tokens.sum ? (double)s->text.sum / (double)s->tokens.sum : 0);
    }
    write_grid(t, g, false);
}

/* Only scripts that somebody uses have a column. */
static void write_scripts(const struct tables *t) {
    const char *head[1 + IFT_LETTERS_KINDS] = {"letters"};
    int script[IFT_LETTERS_KINDS];
    size_t n = 0;
    for (int i = 0; i < IFT_LETTERS_KINDS; i++) {
        if (!t->page->total.letters[i]) continue;
        script[n++] = i;
        head[n] = ift_letters_name[i];
    }
    if (!n) return;
    struct ift_grid *const g = ift_grid_new(head, 1 + n, "lrrrrrrrrrrrrrr");
    const struct ift_stats *s;
    for (size_t i = 0; (s = at(t->page, i)); i++) {
        ift_grid_add(g, name_of(s));
        for (size_t k = 0; k < n; k++) add_percent(g, s->letters[script[k]], ift_stats_letters(s));
    }
    write_grid(t, g, false);
}

static void write_tables(const struct tables *t) {
    write_sizes(t);
    write_lengths(t);
    if (t->page->tokens) write_tokens(t);
    write_scripts(t);
    write_doubts(t);
}

/* ---- the table of known collections ---- */

static const char *const claim = "* as published; the others were counted";

static void add_catalog_json(const struct ift_catalog *c, struct ift_str *out) {
    ift_str_addc(out, '[');
    for (size_t i = 0; i < c->n; i++) {
        const struct ift_catalog_row *const row = &c->row[i];
        const struct {
            const char *key, *text;
        } field[] = {{"lang", row->lang},
                     {"task", row->task},
                     {"gen", row->gen},
                     {"type", row->type},
                     {"source", row->source}};
        ift_str_adds(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        ift_json_quote(out, row->name, strlen(row->name));
        if (row->known)
            ift_str_addf(out, ",\"nums\":%" PRIu64 ",\"counted\":%s", row->records,
                         row->known == IFT_CATALOG_COUNTED ? "true" : "false");
        else
            ift_str_adds(out, ",\"nums\":null,\"counted\":false");
        for (size_t k = 0; k < sizeof field / sizeof *field; k++) {
            ift_str_addf(out, ",\"%s\":", field[k].key);
            ift_json_quote(out, field[k].text, strlen(field[k].text));
        }
        ift_str_addc(out, '}');
    }
    ift_str_adds(out, c->n ? "\n]\n" : "]\n");
}

static void add_catalog_grid(const struct ift_catalog *c, enum ift_grid_as as,
                             struct ift_str *out) {
    static const char *const head[] = {"Name", "nums", "lang",   "task",
                                       "gen",  "type", "source", "nums are"};
    /* A mark in the cell is for people; programs get a column. */
    struct ift_grid *const g = ift_grid_new(head, as == IFT_GRID_TSV ? 8 : 7, "lrllllll");
    for (size_t i = 0; i < c->n; i++) {
        const struct ift_catalog_row *const row = &c->row[i];
        const bool mark = row->known == IFT_CATALOG_PUBLISHED && as != IFT_GRID_TSV;
        ift_grid_add(g, row->name);
        if (row->known)
            ift_grid_addf(g, "%" PRIu64 "%s", row->records, mark ? "*" : "");
        else
            ift_grid_add(g, "-");
        ift_grid_add(g, row->lang);
        ift_grid_add(g, row->task);
        ift_grid_add(g, row->gen);
        ift_grid_add(g, row->type);
        ift_grid_add(g, row->source);
        static const char *const known[] = {"unknown", "published", "counted"};
        if (as == IFT_GRID_TSV) ift_grid_add(g, known[row->known]);
    }
    ift_grid_write(g, as, out);
    ift_grid_free(g);
}

/* ---- pictures ---- */

static int larger_item(const void *a, const void *b) {
    const struct ift_drawing_item *const x = a, *const y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* The script that most of a collection is written in, where it is two thirds of it. */
static const char *kind_of(const struct ift_stats *s) {
    const uint64_t all = ift_stats_letters(s);
    for (int i = 0; i < IFT_LETTERS_KINDS && all; i++) {
        if (s->letters[i] * 3 >= all * 2) return ift_letters_name[i];
    }
    return all ? "mixed" : "no letters";
}

static struct ift_drawing draw_page(const struct ift_stats_page *page) {
    struct ift_drawing_item *const item = ift_alloc(page->n * sizeof *item);
    for (size_t i = 0; i < page->n; i++) {
        const struct ift_stats *const s = &page->of[i];
        item[i] = (struct ift_drawing_item){s->name, s->records, kind_of(s), false};
    }
    return (struct ift_drawing){item, page->n, page->total.records, "records", NULL};
}

static struct ift_drawing draw_catalog(const struct ift_catalog *c) {
    struct ift_drawing_item *const item = ift_alloc(c->n * sizeof *item);
    struct ift_drawing d = {.item = item, .total = c->total, .things = "records"};
    for (size_t i = 0; i < c->n; i++) {
        const struct ift_catalog_row *const row = &c->row[i];
        const bool claimed = row->known == IFT_CATALOG_PUBLISHED;
        if (claimed) d.note = claim;
        if (!row->records || row->twin) continue;
        const char *const kind = strcmp(row->lang, "-") == 0 ? "untagged" : row->lang;
        item[d.n++] = (struct ift_drawing_item){row->name, row->records, kind, claimed};
    }
    if (d.n) qsort(item, d.n, sizeof *item, larger_item);
    return d;
}

static int draw(const struct ift_stats_report *r, const struct ift_drawing *d,
                struct ift_err *err) {
    if (!r->svg) return 0;
    struct ift_str text = {0};
    ift_drawing_map(d, &text);
    const int status = ift_out_text(r->svg, ift_str_slice(&text), err);
    ift_str_release(&text);
    return status;
}

/* ---- */

static int report_table(const struct ift_stats_report *r, const struct ift_stats_page *page,
                        struct ift_str *out, struct ift_err *err) {
    struct ift_catalog c;
    IFT_TRY(ift_catalog_make(&c, page, err));
    const struct ift_drawing d = draw_catalog(&c);
    if (is(r, "json")) {
        add_catalog_json(&c, out);
    } else {
        add_catalog_grid(&c,
                         is(r, "tsv")        ? IFT_GRID_TSV
                         : is(r, "markdown") ? IFT_GRID_MARKDOWN
                                             : IFT_GRID_TEXT,
                         out);
        if (is(r, "text")) {
            ift_str_addc(out, '\n');
            ift_drawing_bars(&d, r->width, r->colour, out);
        } else if (is(r, "markdown") && d.note) {
            ift_str_addf(out, "\n\\%s\n", d.note);
        }
    }
    const int status = draw(r, &d, err);
    free((void *)d.item);
    ift_catalog_release(&c);
    return status;
}

int ift_stats_report(void *report, const struct ift_stats_page *page, struct ift_str *out,
                     struct ift_err *err) {
    const struct ift_stats_report *const r = report;
    if (r->table) return report_table(r, page, out, err);
    const struct ift_drawing d = draw_page(page);
    int status = 0;
    if (is(r, "json")) {
        ift_stats_json(page, out);
    } else if (is(r, "tsv")) {
        status = ift_stats_tsv(page, out, err);
    } else {
        write_tables(&(struct tables){r, page, out});
        if (is(r, "text") && d.n > 1) {
            ift_str_addc(out, '\n');
            ift_drawing_bars(&d, r->width, r->colour, out);
        }
    }
    if (status == 0) status = draw(r, &d, err);
    free((void *)d.item);
    return status;
}
