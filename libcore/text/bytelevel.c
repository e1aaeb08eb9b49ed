/* Segmentation as byte-level BPE does it: a scanner cuts words, symbols are bytes. */
#include "libcore/text/tokenizer_internal.h"

static size_t byte_word(struct ift_encoder *e, const char *p, size_t n, int32_t *whole) {
    (void)whole;
    return e->t->pretoken(&e->classes, p, n);
}

static void byte_split(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    struct ift_bpe_work *const w = &e->work;
    e->ntokens = 0;
    if (t->whole_words) {
        const int32_t id = ift_vocab_find(&t->vocab, p, n);
        if (id >= 0) {
            ift_encoder_token(e, (uint32_t)id, 0);
            return;
        }
    }
    w->n = 0;
    for (size_t i = 0; i < n; i++) ift_bpe_push(w, t->byte_id[(unsigned char)p[i]], (uint32_t)i);
    ift_bpe_merge(&t->bpe, w);
    for (size_t i = 0; i < w->n; i++) ift_encoder_token(e, w->symbol[i].id, w->symbol[i].from);
}

const struct ift_scheme ift_scheme_bytes = {byte_word, byte_split, true};
