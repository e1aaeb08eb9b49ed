#include "libcore/shard/rowout.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

const char *const ift_rowout_as[] = {"shard", "jsonl", NULL};

struct ift_rowout {
    struct ift_out *out;
    struct ift_shard *shard; /* NULL: JSONL */
    struct ift_str line;
};

int ift_rowout_start(struct ift_rowout **w, struct ift_out *out, const char *as,
                     const struct ift_shard_meta *meta, struct ift_err *err) {
    struct ift_shard *shard = NULL;
    if (strcmp(as, "shard") == 0) IFT_TRY(ift_shard_start(&shard, out, meta, err));
    *w = ift_alloc0(1, sizeof **w);
    (*w)->out = out;
    (*w)->shard = shard;
    return 0;
}

int ift_rowout_add(struct ift_rowout *w, const struct ift_row *row, struct ift_err *err) {
    if (w->shard) return ift_shard_add(w->shard, row, err);
    ift_str_clear(&w->line);
    ift_row_print(&w->line, row);
    ift_str_addc(&w->line, '\n');
    return ift_out_write(w->out, w->line.p, w->line.n, err);
}

int ift_rowout_finish(struct ift_rowout *w, struct ift_err *err) {
    const int rc = w->shard ? ift_shard_finish(w->shard, err) : 0;
    w->shard = NULL;
    ift_rowout_abandon(w);
    return rc;
}

void ift_rowout_abandon(struct ift_rowout *w) {
    if (!w) return;
    ift_shard_abandon(w->shard);
    ift_str_release(&w->line);
    free(w);
}
