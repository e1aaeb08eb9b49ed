/* Segmentation as byte-level BPE does it: a scanner cuts words, symbols are bytes. */
#include "libcore/text/bpe_rows.h"
#include "libcore/text/tokenizer_internal.h"

void ift_bytes_finish(struct ift_tokenizer *t) {
    ift_bpe_settle(&t->bpe);
    t->kind = ift_pretoken_kind(t->pretoken);
    ift_joins_init(&t->joins, t->vocab.n);
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, i);
        if (s.n > 1) ift_joins_add_bytes(&t->joins, s.p, s.n);
    }
}

static void byte_begin(struct ift_encoder *e, const char *p, size_t n) {
    ift_pretoken_bounds(e->t->kind, p, n, &e->bounds);
}

/* Words of other scripts are often long, and new: what is remembered are the parts between which no
 * piece goes. */
static inline size_t byte_word(struct ift_encoder *e, const char *p, size_t n, int32_t *whole) {
    (void)whole;
    const bool goes_on = e->left > 0;
    if (!goes_on) {
        const size_t at = ift_encoder_place(e, p);
        const size_t end = ift_pretoken_end(e->t->kind, &e->bounds, at);
        e->left = end > 0 ? end - at : e->t->pretoken(&e->classes, p, n);
    }
    size_t len = e->left;
    if (goes_on || (unsigned char)p[len - 1] >= 0x80) len = ift_joins_first(&e->t->joins, p, len);
    e->left -= len;
    e->part = e->t->whole_words && (goes_on || e->left > 0);
    return len;
}

static void byte_split(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    struct ift_bpe_work *const w = &e->work;
    e->ntokens = 0;
    if (t->whole_words && !e->part) {
        const int32_t id = ift_vocab_find(&t->vocab, p, n);
        if (id >= 0) {
            ift_encoder_token(e, (uint32_t)id, 0);
            return;
        }
    }
    struct ift_bpe_row row[IFT_BPE_ROWS];
    const size_t rows = n > IFT_BPE_ROWS ? ift_bpe_rows(p, n, row) : 0;
    for (size_t i = 0; i < rows; i++) row[i].id = t->byte_id[row[i].id];
    w->n = 0;
    for (size_t i = 0; rows == 0 && i < n; i++)
        ift_bpe_push(w, t->byte_id[(unsigned char)p[i]], (uint32_t)i);
    if (rows > 0)
        ift_bpe_merge_rows(&t->bpe, row, rows, w);
    else
        ift_bpe_merge(&t->bpe, w);
    for (size_t i = 0; i < w->n; i++) ift_encoder_token(e, w->symbol[i].id, w->symbol[i].from);
}

static size_t byte_cut(struct ift_encoder *e, size_t *from, size_t to,
                       struct ift_encoder_word *batch) {
    return ift_encoder_cut(e, from, to, batch, byte_word);
}

const struct ift_scheme ift_scheme_bytes = {byte_begin, byte_cut, byte_split, NULL};
