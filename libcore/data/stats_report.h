/* stats_report.h: what stats.h has counted, written: tables for people, JSON and TSV for programs,
 * pictures.
 */
#ifndef IFT_STATS_REPORT_H
#define IFT_STATS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/data/stats.h"

/* "text", "markdown", "tsv", "json", NULL: the choices of --as. */
extern const char *const ift_stats_as_name[];

struct ift_stats_report {
    const char *as;  /* one of them */
    bool table;      /* the table of known collections (catalog.h) in place of the figures */
    const char *svg; /* file that gets the map of sizes, or NULL */
    size_t width;    /* columns of the bars in text */
    bool colour;     /* of the bars */
};

/* An ift_stats_job.report; `report` is a struct ift_stats_report. page NULL, with `table`: nothing
 * was read. */
int ift_stats_report(void *report, const struct ift_stats_page *page, struct ift_str *out,
                     struct ift_err *err) IFT_MUST_CHECK;

/* Of a page, every figure: {"collections": […], "total": …}, an object a line; and the same as
 * a table, columns named by the way to them, "output.characters.mean". */
void ift_stats_json(const struct ift_stats_page *page, struct ift_str *out);
int ift_stats_tsv(const struct ift_stats_page *page, struct ift_str *out,
                  struct ift_err *err) IFT_MUST_CHECK;

#endif
