/* reject.h: what --keep-going does with records that cannot be used. Each becomes a line of the
 * file named by --rejects,
 *
 *     {"file":"in.jsonl","line":17,"reason":"missing \"output\"","raw":"{\"instruction\":…}"}
 *
 * with the record's own text, so that it can be mended and fed in again. Elements of an array also
 * have "element"; text that is not UTF-8 is given as "raw_base64". A row of a CSV file is given as
 * the JSON array it became. Without --rejects each is a line on standard error.
 */
#ifndef IFT_REJECT_H
#define IFT_REJECT_H

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/base/tool.h"
#include "libcore/data/source.h"

struct ift_rejects;

/* What the run's options ask for; *r is NULL when the first bad record is to end the run. */
int ift_rejects_open(struct ift_rejects **r, const struct ift_run *run,
                     struct ift_err *err) IFT_MUST_CHECK;
/* The file appears also when the run fails: what it holds may say why. Frees r; NULL is fine. */
int ift_rejects_close(struct ift_rejects *r, struct ift_err *err) IFT_MUST_CHECK;

/* The rejected records of one batch, gathered by a worker and written when the batch's turn comes.
 * Zeroed is empty. */
struct ift_reject_list {
    struct ift_str lines;
    uint64_t n;
};
void ift_reject_add(const struct ift_rejects *r, struct ift_reject_list *list,
                    const struct ift_item *item, const char *reason);
void ift_reject_list_clear(struct ift_reject_list *list);
void ift_reject_list_release(struct ift_reject_list *list);

/* Writes them and fails when there are now more than --keep-going=N allows. */
int ift_rejects_write(struct ift_rejects *r, const struct ift_reject_list *list,
                      struct ift_err *err) IFT_MUST_CHECK;

#endif
