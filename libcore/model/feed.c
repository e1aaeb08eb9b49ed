#include "libcore/model/feed.h"

#include <math.h>
#include <stdlib.h>

#include "libcore/base/mem.h"
#include "libcore/model/rope_table.h"

/* The length that decides about the base: of the sequence so far, or where the family settles it
 * with the prompt, of that. */
static int64_t length_of(const struct ift_feed *f, const struct ift_rope *r, int64_t s,
                         int64_t keys) {
    const int64_t prompt = f->prompt ? f->prompt[s] : keys;
    return r->kind == IFT_ROPE_STEPS || prompt > keys ? prompt : keys;
}

/* Queries beyond the length that the model was made for look harder. */
static void stretch(const struct ift_rope *r, int64_t position, float *row) {
    const double length = (double)r->original_max_positions;
    if (position < r->original_max_positions) return;
    const float by = (float)(log((double)position + 1) / log(length));
    for (int64_t i = 0; i < r->dims; i++) row[i] *= by;
}

/* table (N, dims / 2, 2) */
static void fill_turns(const struct ift_feed *f, const struct ift_build *b, bool query,
                       float *table) {
    const struct ift_rope *const r = &b->config->rope;
    const int64_t width = ift_graph_value(b->g, b->segments)->dim[1];
    float *const freq = ift_alloc((size_t)(r->dims / 2) * sizeof *freq);
    for (int64_t s = 0; s < f->segments; s++) {
        const int32_t *const g = f->segment + width * s;
        ift_rope_table_frequencies(r, length_of(f, r, s, g[3]), freq);
        for (int64_t i = g[0]; i < g[0] + g[1]; i++) {
            float *const row = table + i * r->dims;
            ift_rope_table_row(r, freq, f->position[i], row);
            if (query) stretch(r, f->position[i], row);
        }
    }
    free(freq);
}

static int upload_turns(const struct ift_feed *f, const struct ift_build *b, struct ift_exec *x,
                        struct ift_err *err) {
    const struct ift_rope *const r = &b->config->rope;
    int32_t *const row = ift_alloc((size_t)f->tokens * sizeof *row);
    float *const table = ift_alloc0((size_t)(f->tokens * r->dims), sizeof *table);
    for (int64_t i = 0; i < f->tokens; i++) row[i] = (int32_t)i;
    int rc = ift_exec_upload(x, b->turn_rows, row, f->tokens, err);
    for (int query = 0; query < 2; query++) {
        const ift_val v = query ? b->query_turns : b->turns;
        if (rc < 0 || !v) continue;
        fill_turns(f, b, query, table);
        rc = ift_exec_upload(x, v, table, f->tokens, err);
    }
    free(row);
    free(table);
    return rc;
}

int ift_feed_upload(const struct ift_feed *f, const struct ift_build *b, struct ift_exec *x,
                    struct ift_err *err) {
    IFT_TRY(ift_exec_upload(x, b->ids, f->id, f->tokens, err));
    IFT_TRY(ift_exec_upload(x, b->positions, f->position, f->tokens, err));
    IFT_TRY(ift_exec_upload(x, b->segments, f->segment, f->segments, err));
    if (b->blocks) IFT_TRY(ift_exec_upload(x, b->blocks, f->block, f->tokens, err));
    if (b->slots) IFT_TRY(ift_exec_upload(x, b->slots, f->slot, f->tokens, err));
    return b->turn_rows ? upload_turns(f, b, x, err) : 0;
}
