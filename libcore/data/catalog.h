/* catalog.h: the collections that are known, as a table: the recipes of data/formats with what
 * their headers say, and numbers that were counted where there are records.
 *
 * A collection of records belongs to the recipe of its name or, where there is none, to the one
 * that `source` names in every record. Collections that belong to one recipe are added up; those
 * that belong to none stand behind the recipes, with what is known of them: name and number.
 */
#ifndef IFT_CATALOG_H
#define IFT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/data/stats.h"

struct ift_catalog_row {
    char *name, *lang, *task, *gen, *type, *source; /* "-" where nothing is said */
    uint64_t records;
    enum { IFT_CATALOG_UNKNOWN, IFT_CATALOG_PUBLISHED, IFT_CATALOG_COUNTED } known; /* records */
    bool twin; /* another way to read a collection above, as published: not in the total */
};

struct ift_catalog {
    struct ift_catalog_row *row;
    size_t n;
    uint64_t total; /* of the records that are known */
};

/* page NULL: the recipes alone, as published. */
int ift_catalog_make(struct ift_catalog *c, const struct ift_stats_page *page,
                     struct ift_err *err) IFT_MUST_CHECK;
void ift_catalog_release(struct ift_catalog *c);

#endif
