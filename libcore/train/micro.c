#include "libcore/train/micro.h"

static int flush(struct ift_batch *b, ift_micro_visit *visit, void *ctx, struct ift_err *err) {
    const int rc = b->tokens ? visit(ctx, b, err) : 1;
    ift_batch_clear(b);
    return rc;
}

int ift_micro_each(struct ift_batch *b, struct ift_corpus *c, const uint32_t *row, size_t n,
                   ift_micro_visit *visit, void *ctx, struct ift_err *err) {
    ift_batch_clear(b);
    for (size_t i = 0; i < n; i++) {
        const struct ift_row r = ift_corpus_row(c, row[i]);
        for (size_t doc = 0;;) {
            int rc = ift_batch_row(b, &r, row[i], &doc, err);
            if (rc < 0) return -1;
            if (rc == 1) break;
            rc = flush(b, visit, ctx, err);
            if (rc <= 0) return rc;
        }
    }
    return flush(b, visit, ctx, err);
}
