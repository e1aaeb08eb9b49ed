/* xlsx_part.h: a part of an Office package, a member of the zip that is XML, parsed as it is
 * unpacked. Private to xlsx.
 *
 * Names come without their namespaces, for the strict form of the standard has others. A document
 * type, and with it entities of its own, is refused.
 */
#ifndef IFT_XLSX_PART_H
#define IFT_XLSX_PART_H

#include "libcore/base/err.h"

struct ift_xlsx_part;
struct ift_xlsx_events {
    /* attr: names and values in turn, NULL at the end */
    void (*start)(void *ctx, struct ift_xlsx_part *p, const char *name, const char **attr);
    void (*end)(void *ctx, struct ift_xlsx_part *p, const char *name);
    void (*text)(void *ctx, struct ift_xlsx_part *p, const char *text, int n); /* or NULL */
};

/* Opens the member: 1, 0 when there is none of that name, -1. `events` and ctx must outlive it. */
int ift_xlsx_part_open(struct ift_xlsx_part **p, int fd, const char *name,
                       const struct ift_xlsx_events *events, void *ctx,
                       struct ift_err *err) IFT_MUST_CHECK;
/* Parses another block: 1, 0 at the end, which is well-formed, -1. */
int ift_xlsx_part_step(struct ift_xlsx_part *p, struct ift_err *err) IFT_MUST_CHECK;
void ift_xlsx_part_free(struct ift_xlsx_part *p);
/* All of a member at once: 1, 0 when it is not there, -1. */
int ift_xlsx_part_read(int fd, const char *name, const struct ift_xlsx_events *events, void *ctx,
                       struct ift_err *err) IFT_MUST_CHECK;

/* For handlers: ends the parse with an error, of which the first counts. */
void ift_xlsx_part_fail(struct ift_xlsx_part *p, const char *fmt, ...) IFT_PRINTF(2, 3);
/* The attribute of that name, or NULL. */
const char *ift_xlsx_attr(const char **attr, const char *name);

#endif
