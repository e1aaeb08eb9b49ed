#include "libcore/model/batch.h"

#include <stdlib.h>

#include "libcore/base/mem.h"

void ift_batch_release(struct ift_batch *b) {
    free(b->id);
    free(b->position);
    free(b->block);
    free(b->target);
    free(b->segment);
    free(b->doc);
    *b = (struct ift_batch){
        .arch = b->arch, .config = b->config, .capacity = b->capacity, .trim = b->trim};
}

void ift_batch_clear(struct ift_batch *b) {
    b->tokens = b->docs = b->learned = b->pairs = 0;
}

int64_t ift_batch_length(const uint8_t *learn, size_t n, bool trim, int64_t prefix) {
    if (!trim) return (int64_t)n;
    size_t last = n;
    while (learn && last > 1 && !learn[last - 1]) last--;
    if (last <= 1) return 0;
    return (int64_t)last - 1 > prefix ? (int64_t)last - 1 : prefix;
}

int64_t ift_batch_targets(const uint8_t *learn, size_t n) {
    if (!learn) return (int64_t)n - 1;
    int64_t targets = 0;
    for (size_t i = 1; i < n; i++) targets += learn[i] != 0;
    return targets;
}

/* An empty batch takes any document. */
static bool fits(const struct ift_batch *b, int64_t length) {
    return !b->tokens || b->tokens + length <= b->capacity;
}

static void reserve(struct ift_batch *b, size_t tokens, size_t docs) {
    if (tokens > b->token_cap) {
        const size_t half = b->token_cap + b->token_cap / 2;
        b->token_cap = tokens > half ? tokens : half;
        b->id = ift_realloc(b->id, b->token_cap, sizeof *b->id);
        b->position = ift_realloc(b->position, b->token_cap, sizeof *b->position);
        b->block = ift_realloc(b->block, b->token_cap, sizeof *b->block);
        b->target = ift_realloc(b->target, b->token_cap, sizeof *b->target);
    }
    if (docs > b->doc_cap) {
        b->doc_cap = 2 * docs;
        b->segment = ift_realloc(b->segment, b->doc_cap, 5 * sizeof *b->segment);
        b->doc = ift_realloc(b->doc, b->doc_cap, sizeof *b->doc);
    }
}

void ift_batch_add(struct ift_batch *b, const struct ift_place *p, const int32_t *id,
                   const uint8_t *learn, size_t n, uint64_t row, int64_t begin) {
    const int64_t length = ift_batch_length(learn, n, b->trim, p->prefix), at = b->tokens;
    if (!length) return;
    reserve(b, (size_t)(at + length), (size_t)b->docs + 1);
    for (int64_t i = 0; i < length; i++) {
        const bool is_target = i + 1 < (int64_t)n && (!learn || learn[i + 1]);
        b->id[at + i] = id[i];
        b->position[at + i] = ift_place_position(p, i);
        b->block[at + i] = ift_place_block(p, i);
        b->target[at + i] = is_target ? id[i + 1] : -1;
        b->learned += is_target;
    }
    int32_t *segment = b->segment + 5 * b->docs;
    segment[0] = segment[2] = (int32_t)at;
    segment[1] = segment[3] = (int32_t)length;
    segment[4] = (int32_t)p->prefix;
    b->doc[b->docs++] = (struct ift_batch_doc){row, begin, at, length};
    b->tokens += length;
    b->pairs += length * (length + 1) / 2;
    if (p->prefix > 1) b->pairs += p->prefix * (p->prefix - 1) / 2;
}

int ift_batch_row(struct ift_batch *b, const struct ift_row *row, uint64_t index, size_t *doc,
                  struct ift_err *err) {
    int64_t begin = 0;
    for (size_t d = 0; d < *doc; d++) begin += row->doc[d];
    for (; *doc < row->ndocs; begin += row->doc[(*doc)++]) {
        const size_t n = row->doc[*doc];
        const uint8_t *const learn = row->learn ? row->learn + begin : NULL;
        struct ift_place p;
        IFT_TRY(ift_arch_place(b->arch, b->config, row->id + begin, (int64_t)n, &p, err));
        if (!fits(b, ift_batch_length(learn, n, b->trim, p.prefix))) return 0;
        ift_batch_add(b, &p, row->id + begin, learn, n, index, begin);
    }
    return 1;
}
