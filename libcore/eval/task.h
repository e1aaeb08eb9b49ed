/* task.h: what a model can be asked in order to be judged. A task is one file eval/<task>.c that
 * exports one `const struct ift_task` and one row in the table of task.c; it sees the records and a
 * session and writes one JSON object of figures. Tasks never see each other and nobody outside
 * names one.
 */
#ifndef IFT_TASK_H
#define IFT_TASK_H

#include "libcore/data/source.h"
#include "libcore/eval/extract.h"
#include "libcore/infer/session.h"
#include "libcore/io/stream.h"

/* The records that all tasks are about, held in memory: an evaluation set is small, and every task
 * reads it anew. */
struct ift_eval {
    struct ift_session *session;
    struct ift_slab *slab; /* (nslabs) */
    size_t nslabs, slab_cap;
    uint64_t records;
    struct ift_extract extract; /* how an answer is found in a text */
    long long max_new, batch;   /* tokens of an answer at most; records at once */
    struct ift_out *samples;    /* one JSON line a record and task, or NULL */
    void (*progress)(void *ctx, uint64_t done);
    void *progress_ctx;
};

int ift_eval_load(struct ift_eval *e, const struct ift_source_opts *from,
                  struct ift_err *err) IFT_MUST_CHECK;
void ift_eval_release(struct ift_eval *e);
/* Item i, or NULL past the end. Sequential access is what it is made for. */
const struct ift_item *ift_eval_item(const struct ift_eval *e, uint64_t i);
/* Tokens of the longest record, with its answer or, to be asked, without: what is run at once must
 * hold it. A record that cannot be put into words is an error. */
int ift_eval_longest(const struct ift_eval *e, bool ask, int64_t *tokens,
                     struct ift_err *err) IFT_MUST_CHECK;

struct ift_task {
    const char *name;
    const char *summary; /* one line for --list */
    /* Appends the members of a JSON object: `"accuracy":0.5,"n":2`. */
    int (*run)(struct ift_eval *e, struct ift_str *figures, struct ift_err *err);
};

const struct ift_task *
ift_task_find(struct ift_slice name,
              struct ift_err *err);               /* an unknown one: error that lists the known */
const struct ift_task *const *ift_task_all(void); /* NULL-terminated */

#endif
