/* Segmentation as unigram models do it: the most likely row of pieces (unigram.h); what has no
 * piece falls back to its bytes or is unknown. */
#include <math.h>
#include <stdlib.h>

#include "libcore/text/tokenizer_internal.h"

/* What an unknown character becomes tells its score: the token of its first byte does, or unk. */
static void score_unknown(struct ift_tokenizer *t) {
    struct ift_unigram *const u = &t->unigram;
    if (t->info.unk >= 0) u->score[t->info.unk] = u->unknown;
    for (uint32_t byte = 0; t->byte_fallback && byte < 256; byte++)
        u->score[t->byte_id[byte]] = (byte & 0xc0) == 0x80 ? 0 : u->unknown;
    u->tells_unknown = true;
}

int ift_pieces_finish(struct ift_tokenizer *t, const struct ift_slice *byte_name,
                      struct ift_err *err) {
    const struct ift_vocab *const v = &t->vocab;
    ift_joins_init(&t->joins, v->n);
    t->joins.before_spaces = t->split_spaces;
    struct ift_chartrie_string *const list = ift_alloc0(v->n, sizeof *list);
    size_t n = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        const struct ift_slice s = ift_vocab_piece(v, i);
        const bool text = v->kind[i] == IFT_PIECE_NORMAL || v->kind[i] == IFT_PIECE_USER;
        if (text && s.n > 0 && v->found[i])
            list[n++] = (struct ift_chartrie_string){.text = s, .id = (int32_t)i};
    }
    for (uint32_t i = 0; byte_name && i < v->n; i++)
        if (v->kind[i] == IFT_PIECE_BYTE)
            list[n++] = (struct ift_chartrie_string){.text = byte_name[i], .id = (int32_t)i};
    for (size_t i = 0; i < n; i++) ift_joins_add(&t->joins, list[i].text.p, list[i].text.n);
    const int rc = ift_chartrie_build(&t->unigram.piece, list, n, t->unigram.score, err);
    free(list);
    if (!byte_name) score_unknown(t);
    ift_unigram_settle(&t->unigram, v->n);
    return rc;
}

/* A text begins: what stands before it has no say. */
static void restart(struct ift_encoder *e) {
    e->unigram.score = e->reach = 0;
    e->added = e->made->n;
}

static void pieces_begin(struct ift_encoder *e, const char *p, size_t n) {
    ift_joins_bounds(&e->t->joins, p, n, &e->bounds);
    restart(e);
}

/* Characters up to the first place that no piece spans. */
static size_t pieces_word(struct ift_encoder *e, const char *p, size_t n, int32_t *whole) {
    (void)n;
    (void)whole;
    return ift_encoder_to_bound(e, p);
}

static void begin_word(struct ift_encoder *e, const char *p) {
    if (e->t->split_spaces && p[0] == ' ') restart(e);
}

/* The scores of words that were recalled are only added when the sum is asked for. */
static void catch_up(struct ift_encoder *e) {
    const struct ift_unigram *const u = &e->t->unigram;
    double sum = e->unigram.score;
    for (; e->added < e->made->n; e->added++)
        sum = ift_unigram_add(u, sum, u->score[e->made->id[e->added]]);
    e->unigram.score = sum;
    e->reach = fabs(sum);
}

static void pieces_split(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    struct ift_unigram_work *const w = &e->unigram;
    const uint32_t unk = (uint32_t)t->info.unk;
    begin_word(e, p);
    catch_up(e);
    if (n <= IFT_WORDCACHE_LONGEST)
        e->sure = ift_unigram_run_sure(&t->unigram, p, n, w);
    else
        ift_unigram_run(&t->unigram, p, n, w);
    struct ift_bpe_work *const row = &e->work;
    row->n = 0;
    for (uint32_t to = (uint32_t)w->n; to > 0; to = w->node[to].from) {
        const uint32_t edge = w->node[to].edge;
        ift_bpe_push(row, edge > 0 ? (uint32_t)t->unigram.piece.id[edge] : unk,
                     w->node[w->node[to].from].at);
    }
    e->ntokens = 0;
    for (size_t i = row->n; i-- > 0;) {
        const struct ift_bpe_symbol piece = row->symbol[i];
        if (piece.id != unk) {
            ift_encoder_token(e, piece.id, piece.from);
            continue;
        }
        ift_spm_unknown(e, p, piece.from, i > 0 ? row->symbol[i - 1].from : (uint32_t)n);
        if (!t->unigram.tells_unknown) e->sure = 0;
    }
    e->added += e->ntokens;
    e->reach = fabs(w->score);
}

/* Rounding adds less than half to a sum within which any word is sure: it is one of fewer than 2^24
 * pieces. */
static bool pieces_recall(struct ift_encoder *e, const char *p,
                          const struct ift_wordcache_slot *slot) {
    begin_word(e, p);
    if (!ift_unigram_is_sure(e->reach, slot->sure)) {
        catch_up(e);
        if (!ift_unigram_is_sure(e->reach, slot->sure)) return false;
    }
    const uint32_t n = slot->ntokens ? slot->ntokens : slot->id[1];
    e->reach += 1.5 * n * e->t->unigram.most;
    return true;
}

static size_t pieces_cut(struct ift_encoder *e, size_t *from, size_t to,
                         struct ift_encoder_word *batch) {
    return ift_encoder_cut(e, from, to, batch, pieces_word);
}

const struct ift_scheme ift_scheme_pieces = {pieces_begin, pieces_cut, pieces_split, pieces_recall};
