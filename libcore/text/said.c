#include "libcore/text/said.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/text/tokenizer_internal.h"

void ift_said_release(struct ift_said *said) {
    free(said->name);
    *said = (struct ift_said){0};
}

static bool has(const struct ift_said *said, struct ift_slice name) {
    for (size_t i = 0; i < said->n; i++)
        if (said->name[i].p == name.p) return true;
    return false;
}

void ift_said_add(struct ift_said *said, const struct ift_tokenizer *t, const char *p, size_t n) {
    const char *const end = p + n;
    for (; p < end && (p = memchr(p, '<', (size_t)(end - p))); p++) {
        const char *const close = memchr(p, '>', (size_t)(end - p));
        if (!close) return;
        const int32_t id = ift_vocab_find(&t->vocab, p, (size_t)(close - p) + 1);
        if (id < 0 || t->vocab.kind[id] != IFT_PIECE_USER) continue;
        const struct ift_slice name = ift_vocab_piece(&t->vocab, (uint32_t)id);
        if (has(said, name)) continue;
        said->name = ift_grow(said->name, said->n + 1, &said->cap, sizeof *said->name);
        said->name[said->n++] = name;
    }
}

void ift_said_cut(const struct ift_said *said, const char *text, size_t from, size_t to,
                  struct ift_rendering *out) {
    if (said->n == 0) return;
    const char *const end = text + to;
    for (const char *p = text + from; p < end && (p = memchr(p, '<', (size_t)(end - p))); p++) {
        for (size_t i = 0; i < said->n; i++) {
            const struct ift_slice name = said->name[i];
            if ((size_t)(end - p) < name.n || memcmp(p, name.p, name.n) != 0) continue;
            const size_t at = (size_t)(p - text) + 1;
            out->mark = ift_grow(out->mark, out->nmarks + 1, &out->mark_cap, sizeof *out->mark);
            out->mark[out->nmarks++] = (struct ift_mark){at, at, -1};
            break;
        }
    }
}
