#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/data/source_internal.h"

int ift_source_open(struct ift_source **s, const struct ift_source_opts *opts,
                    struct ift_err *err) {
    struct ift_in *in;
    IFT_TRY(ift_in_open(&in, opts->paths, opts->npaths, opts->member, err));
    const char *const recipes = opts->read ? opts->read->encoding : NULL;
    if (ift_in_recode(in, opts->encoding ? opts->encoding : recipes, err) < 0) {
        ift_in_free(in);
        return -1;
    }
    *s = ift_alloc0(1, sizeof **s);
    (*s)->in = in;
    (*s)->read = opts->read;
    return 0;
}

uint64_t ift_source_marks(const struct ift_source *s) {
    return s->marks + (s->values ? ift_json_splitter_marks(s->values) : 0);
}

void ift_source_free(struct ift_source *s) {
    if (!s) return;
    ift_in_free(s->in);
    ift_json_splitter_free(s->values);
    ift_group_release(&s->group);
    ift_csv_free(s->rows);
    ift_xlsx_free(s->book);
    ift_str_release(&s->line);
    ift_str_release(&s->sheet);
    free(s->wide);
    ift_parquet_free(s->table);
    ift_yaml_free(s->nodes);
    ift_str_release(&s->head);
    ift_str_release(&s->names);
    free(s->name);
    ift_slab_release(&s->one);
    free(s);
}

void ift_slab_release(struct ift_slab *slab) {
    free(slab->item);
    ift_str_release(&slab->text);
    ift_str_release(&slab->file);
    ift_arena_release(&slab->notes);
    ift_json_release(&slab->tape);
    ift_json_index_release(&slab->index);
    *slab = (struct ift_slab){0};
}

/* One look at the text serves all items. NULL: the item is large and alone, and an index of it is
 * not worth keeping. */
static const struct ift_json_index *index_of(struct ift_slab *slab) {
    if (slab->text.n > IFT_SLAB_MOST) return NULL;
    if (!slab->indexed) ift_json_index_fill(&slab->index, slab->text.p, slab->text.n);
    slab->indexed = true;
    return &slab->index;
}

int ift_item_parse(const struct ift_item *item, struct ift_json *doc, struct ift_json *value,
                   struct ift_err *err) {
    struct ift_slab *const slab = item->slab;
    const struct ift_json_index *const index = index_of(slab);
    if (index && index->utf8 && item->nnodes > 0) {
        *value = (struct ift_json){.text = slab->text.p,
                                   .node = slab->tape.node + item->node,
                                   .n = item->nnodes};
        return 0;
    }
    const struct ift_slice text = item->text;
    IFT_TRY(index ? ift_json_parse_in(doc, index, text, err)
                  : ift_json_parse(doc, text.p, text.n, err));
    *value = *doc;
    return 0;
}

int ift_item_fail(const struct ift_item *item, struct ift_err *err) {
    if (item->row) return ift_fail_in(err, "%s:row %zu", item->file, item->row);
    if (item->element)
        return ift_fail_in(err, "%s:%zu: element %zu", item->file, item->line, item->element);
    if (item->line) return ift_fail_in(err, "%s:%zu", item->file, item->line);
    return ift_fail_in(err, "%s", item->file);
}

int ift_item_check(const struct ift_item *item, struct ift_err *err) {
    if (!item->wrong) return 0;
    ift_fail(err, "%s", item->wrong);
    return ift_item_fail(item, err);
}

struct ift_item *ift_source_add(struct ift_source *s, struct ift_slab *slab, size_t from, size_t to,
                                size_t line) {
    slab->item = ift_grow(slab->item, slab->n + 1, &slab->cap, sizeof *slab->item);
    struct ift_item *const item = &slab->item[slab->n++];
    *item = (struct ift_item){.from = from, .text.n = to - from, .line = line, .index = s->index++};
    return item;
}

int ift_source_fail(const struct ift_source *s, struct ift_err *err) {
    const char *const name = ift_in_name(s->in), *const sheet = ift_str_slice(&s->sheet).p;
    int n = 0;
    if (strncmp(err->text, "row ", 4) == 0) {
        struct ift_err place = *err;
        return ift_fail(err, "%s%s:%s", name, sheet, place.text);
    }
    size_t line;
    if (sscanf(err->text, "line %zu: %n", &line, &n) < 1 || n == 0)
        return ift_fail_in(err, "%s%s", name, sheet);
    memmove(err->text, err->text + n, strlen(err->text + n) + 1);
    return ift_fail_in(err, "%s:%zu", name, line);
}

int ift_source_fail_cut(struct ift_source *s, struct ift_err *err) {
    s->cut = true;
    return ift_source_fail(s, err);
}

int ift_source_block(struct ift_source *s, const char **p, size_t *n, struct ift_err *err) {
    if (s->first.n == 0) return ift_in_block(s->in, p, n, err);
    *p = s->first.p;
    *n = s->first.n;
    s->first.n = 0;
    return 1;
}

/* ---- members ---- */

/* Opens the next one: 1, 0 when there is none, -1. */
static int begin_member(struct ift_source *s, struct ift_err *err) {
    ift_str_clear(&s->sheet);
    s->refused.n = 0;
    int got = ift_in_next(s->in, err);
    if (got <= 0) return got;
    s->ended = s->begun = false;
    s->element = 0;
    s->first.n = 0;
    got = ift_in_block(s->in, &s->first.p, &s->first.n, err);
    if (got < 0) {
        s->first.n = 0;
        ift_in_refused(s->in, &s->refused);
        return -1;
    }
    if (got > 0 && ift_parquet_begins(s->first.p, s->first.n))
        return ift_source_begin_table(s, err);
    if (got > 0 && ift_xlsx_is_closed(s->first.p, s->first.n))
        return IFT_FAIL(err, "%s: an Excel file that is old or has a password; save it as .xlsx",
                        ift_in_name(s->in));
    if (got > 0 && ift_xlsx_begins(s->first.p, s->first.n)) return ift_source_begin_sheets(s, err);
    if (s->read && s->read->container == IFT_RECIPE_ROWS) {
        ift_source_begin_rows(s);
        return 1;
    }
    if (s->read && s->read->container == IFT_RECIPE_YAML) {
        ift_source_begin_nodes(s);
        return 1;
    }
    if (s->read && s->read->container == IFT_RECIPE_PARAGRAPHS) {
        ift_source_begin_paragraphs(s);
        return 1;
    }
    ift_source_begin_values(s);
    return 1;
}

/* Splits a message that begins with the member's name: the item's place, and the reason. */
static const char *take_place(const struct ift_source *s, const char *text, struct ift_item *item) {
    const char *const name[] = {ift_in_name(s->in), ift_str_slice(&s->sheet).p};
    int n = 0;
    for (size_t i = 0; i < 2; i++) {
        if (strncmp(text, name[i], strlen(name[i])) != 0) return text;
        text += strlen(name[i]);
    }
    if (sscanf(text, ":row %zu: %n", &item->row, &n) == 1 && n > 0) return text + n;
    if (sscanf(text, ":%zu: %n", &item->line, &n) == 1 && n > 0) return text + n;
    return strncmp(text, ": ", 2) == 0 ? text + 2 : text;
}

/* A member that cannot be read, or read on, is one bad item, with what there is of its text. */
static int add_broken(struct ift_source *s, struct ift_slab *slab, const struct ift_err *why) {
    enum { SHOWN = 4096 };
    const struct ift_item *const last = slab->n ? &slab->item[slab->n - 1] : NULL;
    const size_t from = last ? last->from + last->text.n : 0;
    ift_str_add(&slab->text, s->refused.p, s->refused.n < SHOWN ? s->refused.n : SHOWN);
    const size_t line = s->refused.n > 0 ? 1 : 0;
    struct ift_item *const item = ift_source_add(s, slab, from, slab->text.n, line);
    const char *const reason = take_place(s, why->text, item);
    item->wrong = ift_arena_strndup(&slab->notes, reason, strlen(reason));
    s->layout = IFT_LAYOUT_CLOSED;
    return 1;
}

static int fill(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    for (;;) {
        int got = s->layout == IFT_LAYOUT_CLOSED ? begin_member(s, err) : 1;
        if (got == 0) return 0;
        if (got > 0)
            got = s->layout == IFT_LAYOUT_VALUES       ? ift_source_fill_values(s, slab, err)
                  : s->layout == IFT_LAYOUT_GROUPS     ? ift_source_fill_groups(s, slab, err)
                  : s->layout == IFT_LAYOUT_ROWS       ? ift_source_fill_rows(s, slab, err)
                  : s->layout == IFT_LAYOUT_SHEETS     ? ift_source_fill_sheets(s, slab, err)
                  : s->layout == IFT_LAYOUT_PARAGRAPHS ? ift_source_fill_paragraphs(s, slab, err)
                  : s->layout == IFT_LAYOUT_TABLE      ? ift_source_fill_table(s, slab, err)
                                                       : ift_source_fill_nodes(s, slab, err);
        if (got < 0 && !s->cut && !err->outside) return add_broken(s, slab, err);
        if (got != 0) return got;
    }
}

int ift_source_fill(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    slab->n = 0;
    if (slab->text.cap > IFT_SLAB_MOST) {
        ift_json_index_release(&slab->index);
        ift_json_release(&slab->tape);
    }
    slab->indexed = false;
    slab->tape.n = 0;
    ift_str_clear_to(&slab->text, IFT_SLAB_MOST);
    ift_str_clear(&slab->file);
    ift_arena_reset(&slab->notes);
    if (s->failed) {
        *err = s->late;
        return -1;
    }
    const int got = fill(s, slab, err);
    if (got == 0 || (got < 0 && slab->n == 0)) return got;
    if (got < 0) { /* what came before the failure is whole */
        s->failed = true;
        s->late = *err;
    }
    ift_str_addf(&slab->file, "%s%s", ift_in_name(s->in), ift_str_slice(&s->sheet).p);
    for (size_t i = 0; i < slab->n; i++) {
        slab->item[i].text.p = slab->text.p + slab->item[i].from;
        slab->item[i].file = slab->file.p;
        slab->item[i].slab = slab;
    }
    return 1;
}

int ift_source_next(struct ift_source *s, const struct ift_item **item, struct ift_err *err) {
    if (s->next == s->one.n) {
        s->next = 0;
        const int got = ift_source_fill(s, &s->one, err);
        if (got <= 0) return got;
    }
    *item = &s->one.item[s->next++];
    return ift_item_check(*item, err) < 0 ? -1 : 1;
}
