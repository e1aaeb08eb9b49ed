/* Segmentation as unigram models do it: the most likely row of pieces (unigram.h); what has no
 * piece falls back to its bytes or is unknown. */
#include "libcore/text/tokenizer_internal.h"

void ift_pieces_finish(struct ift_tokenizer *t) {
    ift_joins_init(&t->joins, t->vocab.n);
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, i);
        uint32_t node = 0;
        size_t at = 0;
        while (at < s.n && ift_trie_step(&t->unigram.piece, &node, s.p[at])) at++;
        if (s.n > 0 && at == s.n && ift_trie_value(&t->unigram.piece, node) == (int32_t)i)
            ift_joins_add(&t->joins, s.p, s.n);
    }
}

/* Characters up to the first place that no piece spans. */
static size_t pieces_word(struct ift_encoder *e, const char *p, size_t n, int32_t *whole) {
    const struct ift_tokenizer *const t = e->t;
    (void)whole;
    size_t len;
    uint32_t left = ift_char_load(p, n, &len);
    size_t i = len;
    for (; i < n; i += len) {
        const uint32_t right = ift_char_load(p + i, n - i, &len);
        if (!ift_joins_may(&t->joins, left, right) || (t->split_spaces && right == ' ')) break;
        left = right;
    }
    return i;
}

static void pieces_split(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    struct ift_unigram_work *const w = &e->unigram;
    const uint32_t unk = (uint32_t)t->info.unk;
    if (t->split_spaces && p[0] == ' ') w->score = 0;
    ift_unigram_run(&t->unigram, p, n, unk, w);
    struct ift_bpe_work *const row = &e->work;
    row->n = 0;
    for (uint32_t at = (uint32_t)n; at > 0; at = w->node[at].from)
        ift_bpe_push(row, w->node[at].id, w->node[at].from);
    e->ntokens = 0;
    for (size_t i = row->n; i-- > 0;) {
        const struct ift_bpe_symbol piece = row->symbol[i];
        if (piece.id != unk)
            ift_encoder_token(e, piece.id, piece.from);
        else
            ift_spm_unknown(e, p, piece.from, i > 0 ? row->symbol[i - 1].from : (uint32_t)n);
    }
}

const struct ift_scheme ift_scheme_pieces = {pieces_word, pieces_split, false};
