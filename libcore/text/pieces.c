/* Segmentation as unigram models do it: the most likely row of pieces (unigram.h); what has no
 * piece falls back to its bytes or is unknown. */
#include <stdlib.h>

#include "libcore/text/tokenizer_internal.h"

void ift_pieces_finish(struct ift_tokenizer *t) {
    const struct ift_vocab *const v = &t->vocab;
    ift_joins_init(&t->joins, v->n);
    struct ift_chartrie_string *const list = ift_alloc0(v->n, sizeof *list);
    size_t n = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        const struct ift_slice s = ift_vocab_piece(v, i);
        const bool text = v->kind[i] == IFT_PIECE_NORMAL || v->kind[i] == IFT_PIECE_USER;
        if (!text || s.n == 0 || !v->found[i]) continue;
        list[n++] = (struct ift_chartrie_string){.text = s, .value = (int32_t)i};
        ift_joins_add(&t->joins, s.p, s.n);
    }
    ift_chartrie_fill(&t->unigram.piece, list, n);
    free(list);
    ift_unigram_settle(&t->unigram, v->n);
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

static void pieces_begin(struct ift_encoder *e, const char *p) {
    if (e->t->split_spaces && p[0] == ' ') e->unigram.score = 0;
}

static void pieces_split(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    struct ift_unigram_work *const w = &e->unigram;
    const uint32_t unk = (uint32_t)t->info.unk;
    pieces_begin(e, p);
    if (n <= IFT_WORDCACHE_LONGEST)
        e->sure = ift_unigram_run_sure(&t->unigram, p, n, unk, w);
    else
        ift_unigram_run(&t->unigram, p, n, unk, w);
    struct ift_bpe_work *const row = &e->work;
    row->n = 0;
    for (uint32_t to = (uint32_t)w->n; to > 0; to = w->node[to].from)
        ift_bpe_push(row, w->node[to].id, w->node[w->node[to].from].at);
    e->ntokens = 0;
    for (size_t i = row->n; i-- > 0;) {
        const struct ift_bpe_symbol piece = row->symbol[i];
        if (piece.id != unk) {
            ift_encoder_token(e, piece.id, piece.from);
            continue;
        }
        ift_spm_unknown(e, p, piece.from, i > 0 ? row->symbol[i - 1].from : (uint32_t)n);
        e->sure = 0; /* its tokens do not say its score */
    }
}

static bool pieces_recall(struct ift_encoder *e, const char *p,
                          const struct ift_wordcache_slot *slot) {
    const struct ift_unigram *const u = &e->t->unigram;
    pieces_begin(e, p);
    if (!ift_unigram_is_sure(&e->unigram, slot->sure)) return false;
    double sum = e->unigram.score;
    if (slot->ntokens) {
        for (size_t i = 0; i < slot->ntokens; i++)
            sum = ift_unigram_add(u, sum, u->score[slot->id[i]]);
    } else {
        const struct ift_bpe_symbol *const token = e->cache.token + slot->id[0];
        for (size_t i = 0; i < slot->id[1]; i++)
            sum = ift_unigram_add(u, sum, u->score[token[i].id]);
    }
    e->unigram.score = sum;
    return true;
}

static size_t pieces_cut(struct ift_encoder *e, size_t *from, size_t to,
                         struct ift_encoder_word *batch) {
    return ift_encoder_cut(e, from, to, batch, pieces_word);
}

const struct ift_scheme ift_scheme_pieces = {pieces_cut, pieces_split, pieces_recall};
