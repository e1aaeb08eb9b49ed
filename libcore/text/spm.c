/* Segmentation as SentencePiece BPE does it (bpe_model.cc): symbols are characters, user-defined
 * pieces come first and stay whole, and what has no piece falls back to its bytes or is unknown. */
#include <stdlib.h>

#include "libcore/text/bpe_rows.h"
#include "libcore/text/tokenizer_internal.h"

uint32_t ift_spm_symbol(struct ift_tokenizer *t, const char *p, size_t n, int32_t id) {
    size_t len;
    const uint32_t c = ift_char_load(p, n, &len);
    if (id >= 0 && t->vocab.kind[id] == IFT_PIECE_USER) return IFT_BPE_UNKNOWN; /* never merged */
    if (len != n) return id >= 0 ? (uint32_t)id : IFT_BPE_UNKNOWN;
    const uint64_t known = ift_u64map_get(&t->chars, c);
    if (known != IFT_U64MAP_NONE) return (uint32_t)known;
    const uint32_t symbol = id >= 0 ? (uint32_t)id : t->nsymbols++;
    ift_u64map_put(&t->chars, c, symbol);
    return symbol;
}

/* Of the pieces that pairs make. */
static void add_joins(struct ift_tokenizer *t) {
    const struct ift_u64map *const pairs = &t->bpe.pair;
    bool *const made = ift_alloc0(t->vocab.n, sizeof *made);
    for (size_t i = 0; pairs->slot && i <= pairs->mask; i++)
        if (pairs->slot[i].key != IFT_U64MAP_NONE) made[(uint32_t)pairs->slot[i].value] = true;
    ift_joins_init(&t->joins, t->vocab.n);
    t->joins.before_spaces = t->split_spaces;
    for (uint32_t id = 0; id < t->vocab.n; id++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, id);
        if (made[id]) ift_joins_add(&t->joins, s.p, s.n);
    }
    free(made);
}

void ift_spm_finish(struct ift_tokenizer *t) {
    ift_bpe_settle(&t->bpe);
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        if (t->vocab.kind[i] != IFT_PIECE_NORMAL) continue;
        const struct ift_slice s = ift_vocab_piece(&t->vocab, i);
        size_t len;
        if (s.n == 0) continue;
        const uint32_t c = ift_char_load(s.p, s.n, &len);
        if (len == s.n && t->vocab.found[i]) ift_u64map_put(&t->chars, c, i);
    }
    for (uint32_t c = 0; c < 128; c++) {
        const uint64_t symbol = ift_u64map_get(&t->chars, c);
        t->ascii_symbol[c] = symbol == IFT_U64MAP_NONE ? IFT_BPE_UNKNOWN : (uint32_t)symbol;
    }
    add_joins(t);
}

/* A word ends in front of a user-defined piece too. */
static void spm_begin(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_trie *const user = &e->t->user;
    ift_joins_bounds(&e->t->joins, p, n, &e->bounds);
    if (user->nodes == 0) return;
    for (size_t i = 1; i < n; i++) {
        int32_t unused;
        if (user->first[(unsigned char)p[i]] && ((unsigned char)p[i] & 0xc0) != 0x80 &&
            ift_trie_match(user, p + i, n - i, &unused) > 0)
            e->bounds.block[i / 64].word |= (uint64_t)1 << (i % 64);
    }
    ift_bounds_rewind(&e->bounds);
}

/* A user-defined piece, or characters up to the first place that no piece spans or a user-defined
 * piece begins. */
static size_t spm_word(struct ift_encoder *e, const char *p, size_t n, int32_t *whole) {
    const struct ift_trie *const user = &e->t->user;
    size_t len;
    if (user->first[(unsigned char)*p] && (len = ift_trie_match(user, p, n, whole)) > 0) return len;
    return ift_encoder_to_bound(e, p);
}

void ift_spm_unknown(struct ift_encoder *e, const char *p, uint32_t from, uint32_t to) {
    const struct ift_tokenizer *const t = e->t;
    if (!t->byte_fallback) {
        ift_encoder_token(e, (uint32_t)t->info.unk, from);
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        const bool escaped = p[i] == ' ' && t->normalizer.escape;
        const char *const meta = "\xe2\x96\x81";
        const char *const bytes = escaped ? meta : p + i;
        for (size_t k = 0; k < (escaped ? 3 : 1); k++)
            ift_encoder_token(e, t->byte_id[(unsigned char)bytes[k]], i);
    }
}

/* The symbols of a word, merged, in e->work. */
static void merge_word(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    struct ift_bpe_work *const w = &e->work;
    struct ift_bpe_row row[IFT_BPE_ROWS];
    const size_t rows = n > IFT_BPE_ROWS ? ift_bpe_rows(p, n, row) : 0;
    if (rows > 0) {
        for (size_t i = 0; i < rows; i++) row[i].id = t->ascii_symbol[row[i].id];
        ift_bpe_merge_rows(&t->bpe, row, rows, w);
        return;
    }
    w->n = 0;
    for (size_t i = 0, len; i < n; i += len) {
        const uint32_t c = ift_char_load(p + i, n - i, &len);
        /* A character that is not there gives NONE, whose low half is UNKNOWN. */
        ift_bpe_push(w, c < 128 ? t->ascii_symbol[c] : (uint32_t)ift_u64map_get(&t->chars, c),
                     (uint32_t)i);
    }
    ift_bpe_merge(&t->bpe, w);
}

static void spm_split(struct ift_encoder *e, const char *p, size_t n) {
    const struct ift_tokenizer *const t = e->t;
    const struct ift_bpe_work *const w = &e->work;
    merge_word(e, p, n);
    e->ntokens = 0;
    for (size_t i = 0; i < w->n; i++) {
        const uint32_t from = w->symbol[i].from,
                       to = i + 1 < w->n ? w->symbol[i + 1].from : (uint32_t)n;
        if (w->symbol[i].id < t->vocab.n)
            ift_encoder_token(e, w->symbol[i].id, from);
        else
            ift_spm_unknown(e, p, from, to);
    }
}

static size_t spm_cut(struct ift_encoder *e, size_t *from, size_t to,
                      struct ift_encoder_word *batch) {
    return ift_encoder_cut(e, from, to, batch, spm_word);
}

const struct ift_scheme ift_scheme_chars = {spm_begin, spm_cut, spm_split, NULL};
