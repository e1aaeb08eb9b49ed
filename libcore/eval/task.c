#include "libcore/eval/task.h"

#include <stdlib.h>

#include "libcore/base/mem.h"

extern const struct ift_task ift_task_answer, ift_task_loss;

static const struct ift_task *const tasks[] = {&ift_task_answer, &ift_task_loss, NULL};

const struct ift_task *const *ift_task_all(void) {
    return tasks;
}

const struct ift_task *ift_task_find(struct ift_slice name, struct ift_err *err) {
    struct ift_str known = {0};
    const struct ift_task *found = NULL;
    for (size_t i = 0; tasks[i]; i++) {
        if (ift_slice_is(name, tasks[i]->name)) found = tasks[i];
        ift_str_addf(&known, "%s%s", i ? ", " : "", tasks[i]->name);
    }
    if (!found) ift_fail_usage(err, "unknown task '%.*s': %s", IFT_SHOWN(name), known.p);
    ift_str_release(&known);
    return found;
}

int ift_eval_load(struct ift_eval *e, const struct ift_source_opts *from, struct ift_err *err) {
    struct ift_source *source;
    int got;
    IFT_TRY(ift_source_open(&source, from, err));
    do {
        e->slab = ift_grow(e->slab, e->nslabs + 1, &e->slab_cap, sizeof *e->slab);
        e->slab[e->nslabs] = (struct ift_slab){0};
        got = ift_source_fill(source, &e->slab[e->nslabs], err);
        const struct ift_slab *const slab = &e->slab[e->nslabs++];
        for (size_t i = 0; i < slab->n && got > 0; i++)
            if (ift_item_check(&slab->item[i], err) < 0) got = -1;
        e->records += slab->n;
    } while (got > 0);
    ift_source_free(source);
    if (got == 0 && e->records == 0) return IFT_FAIL(err, "no records to evaluate on");
    return got;
}

void ift_eval_release(struct ift_eval *e) {
    for (size_t i = 0; i < e->nslabs; i++) ift_slab_release(&e->slab[i]);
    free(e->slab);
}

const struct ift_item *ift_eval_item(const struct ift_eval *e, uint64_t i) {
    for (size_t k = 0; k < e->nslabs; k++) {
        if (i < e->slab[k].n) return &e->slab[k].item[i];
        i -= e->slab[k].n;
    }
    return NULL;
}

int ift_eval_longest(const struct ift_eval *e, bool ask, int64_t *tokens, struct ift_err *err) {
    const struct ift_item *item;
    *tokens = 0;
    for (uint64_t i = 0; (item = ift_eval_item(e, i)); i++) {
        struct ift_row row;
        if (ift_session_row(e->session, item->text, ask, &row, err) < 0)
            return ift_item_fail(item, err);
        if ((int64_t)row.n > *tokens) *tokens = (int64_t)row.n;
    }
    return 0;
}
