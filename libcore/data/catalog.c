#include "libcore/data/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/data.h"
#include "libcore/base/mem.h"
#include "libcore/data/recipe.h"

static char *header(const struct ift_recipe *r, const char *key) {
    const char *const value = ift_recipe_header(r, key);
    return ift_strdup(value && value[0] ? value : "-");
}

static int add_recipe(struct ift_catalog_row *row, const char *name, struct ift_err *err) {
    struct ift_recipe *r;
    IFT_TRY(ift_recipe_open(&r, name, IFT_RECIPE_AUTO, NULL, 0, err));
    *row = (struct ift_catalog_row){
        .name = ift_strdup(name),
        .lang = header(r, "lang"),
        .task = header(r, "task"),
        .gen = header(r, "gen"),
        .type = header(r, "type"),
        .source = header(r, "source"),
    };
    const char *const records = ift_recipe_header(r, "records");
    long long published;
    if (records && ift_parse_i64(ift_slice(records), &published) && published >= 0) {
        row->records = (uint64_t)published;
        row->known = IFT_CATALOG_PUBLISHED;
    }
    ift_recipe_free(r);
    return 0;
}

/* Two recipes of one source and number read the same collection. */
static void mark_twin(const struct ift_catalog *c, struct ift_catalog_row *row) {
    for (const struct ift_catalog_row *r = c->row; r < row; r++)
        row->twin |= row->known && r->records == row->records && !strcmp(r->source, row->source);
}

static struct ift_catalog_row *find(const struct ift_catalog *c, size_t recipes, const char *name) {
    for (size_t i = 0; name && i < recipes; i++) {
        if (strcmp(c->row[i].name, name) == 0) return &c->row[i];
    }
    return NULL;
}

static void add_collection(struct ift_catalog *c, size_t recipes, const struct ift_stats *stats) {
    struct ift_catalog_row *row = find(c, recipes, stats->name);
    if (!row) row = find(c, recipes, stats->source);
    if (!row) {
        row = &c->row[c->n++];
        *row = (struct ift_catalog_row){
            .name = ift_strdup(stats->name),
            .lang = ift_strdup("-"),
            .task = ift_strdup("-"),
            .gen = ift_strdup("-"),
            .type = ift_strdup("-"),
            .source = ift_strdup("-"),
        };
    }
    if (row->known != IFT_CATALOG_COUNTED) row->records = 0; /* a count takes the claim's place */
    row->known = IFT_CATALOG_COUNTED;
    row->twin = false;
    row->records += stats->records;
}

int ift_catalog_make(struct ift_catalog *c, const struct ift_stats_page *page,
                     struct ift_err *err) {
    size_t recipes;
    char **const names = ift_data_list("formats", ".jq", &recipes);
    *c = (struct ift_catalog){.row = ift_alloc0(recipes + (page ? page->n : 0), sizeof *c->row)};
    int status = recipes ? 0 : ift_data_none("formats", err);
    for (size_t i = 0; i < recipes && status == 0; i++) {
        status = add_recipe(&c->row[i], names[i], err);
        if (status < 0) break;
        mark_twin(c, &c->row[c->n++]);
    }
    ift_data_list_free(names, recipes);
    for (size_t i = 0; page && status == 0 && i < page->n; i++)
        add_collection(c, recipes, &page->of[i]);
    for (size_t i = 0; i < c->n; i++) c->total += c->row[i].twin ? 0 : c->row[i].records;
    if (status < 0) ift_catalog_release(c);
    return status;
}

void ift_catalog_release(struct ift_catalog *c) {
    for (size_t i = 0; i < c->n; i++) {
        struct ift_catalog_row *const row = &c->row[i];
        free(row->name);
        free(row->lang);
        free(row->task);
        free(row->gen);
        free(row->type);
        free(row->source);
    }
    free(c->row);
    *c = (struct ift_catalog){0};
}
