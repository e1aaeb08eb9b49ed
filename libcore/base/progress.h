/* progress.h: one line on a terminal that says how far, how fast and how long still. It is drawn on
 * standard error at most six times a second, only when that is a terminal and the user did not ask
 * for quiet, and is erased when it is over. ift_note() and the error line erase it too.
 */
#ifndef IFT_PROGRESS_H
#define IFT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ift_progress;

/* label: "ift-format"; unit: "records", "tokens", "steps"; total 0: unknown; enabled false: never
 * draws. label and unit are borrowed. */
struct ift_progress *ift_progress_new(const char *label, const char *unit, uint64_t total,
                                      bool enabled);
/* Cheap enough to call for every record. extra: short text shown at the end ("loss 2.314") or NULL.
 */
void ift_progress_update(struct ift_progress *p, uint64_t done, const char *extra);
double ift_progress_seconds(const struct ift_progress *p); /* since new, monotonic */
void ift_progress_free(struct ift_progress *p);            /* erases the line; NULL is fine */

#endif
