/* tokenizer.model to tokenizer: SentencePiece's rule "any two symbols whose joined text is a piece
 * may merge, best score first" becomes a table of pairs with ranks. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/text/cuts.h"
#include "libcore/text/sentencepiece.h"
#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581, how pieces spell a space */

static const enum ift_piece_kind kind_of[] = {
    [IFT_SP_NORMAL] = IFT_PIECE_NORMAL,   [IFT_SP_UNKNOWN] = IFT_PIECE_UNKNOWN,
    [IFT_SP_CONTROL] = IFT_PIECE_CONTROL, [IFT_SP_USER] = IFT_PIECE_USER,
    [IFT_SP_UNUSED] = IFT_PIECE_NORMAL,   [IFT_SP_BYTE] = IFT_PIECE_BYTE,
};

static int check_supported(const struct ift_sentencepiece *m, struct ift_err *err) {
    static const char *const name[] = {"unknown", "unigram", "BPE", "word", "char"};
    if (m->model_type != IFT_SP_BPE && m->model_type != IFT_SP_UNIGRAM)
        return IFT_FAIL(err, "SentencePiece model type %s is not supported, BPE and unigram are",
                        name[m->model_type >= 1 && m->model_type <= 4 ? m->model_type : 0]);
    if (m->decode_charsmap.n > 0) return IFT_FAIL(err, "a denormalizer is not supported");
    for (size_t i = 0; i < m->n && m->model_type == IFT_SP_BPE; i++)
        if (m->piece[i].type == IFT_SP_UNUSED)
            return IFT_FAIL(err, "piece %zu: type UNUSED is not supported in BPE models", i);
    return 0;
}

/* The piece as the bytes it stands for. */
static void set_text(struct ift_str *out, struct ift_slice text, bool escape) {
    ift_str_clear(out);
    char *const first = ift_str_reserve(out, text.n), *to = first;
    for (size_t i = 0; i < text.n; i++) {
        const bool meta =
            escape && text.p[i] == META[0] && text.n - i >= 3 && memcmp(text.p + i, META, 3) == 0;
        *to++ = meta ? ' ' : text.p[i];
        if (meta) i += 2;
    }
    *to = '\0';
    out->n = (size_t)(to - first);
}

static int add_byte(struct ift_tokenizer *t, struct ift_slice text, struct ift_err *err) {
    const int byte = ift_vocab_byte(text);
    if (byte < 0)
        return IFT_FAIL(err, "piece %zu is of type BYTE but not of the form <0x0A>", t->vocab.n);
    t->byte_id[byte] = (uint32_t)t->vocab.n;
    ift_vocab_add(&t->vocab, (char[]){(char)byte}, 1, IFT_PIECE_BYTE);
    return 0;
}

/* A piece that is not a byte, as `type`, which may be another than the model's. */
static void add_piece(struct ift_tokenizer *t, const struct ift_sentencepiece *m,
                      struct ift_slice piece, int type, struct ift_str *text) {
    const int32_t id = (int32_t)t->vocab.n;
    const bool findable = type == IFT_SP_NORMAL || type == IFT_SP_USER;
    const bool escape = m->escape_whitespace && (findable || type == IFT_SP_UNUSED);
    set_text(text, piece, escape);
    ift_vocab_add(&t->vocab, text->p, text->n, kind_of[type]);
    if (type == IFT_SP_UNKNOWN) t->info.unk = id;
    if (type == IFT_SP_CONTROL) ift_trie_add(&t->added[1], piece.p, piece.n, id);
    /* A space that is written as one matches nothing where spaces are escaped. */
    if (!findable || (escape && memchr(piece.p, ' ', piece.n))) return;
    t->vocab.found[id] = true;
    if (type == IFT_SP_USER) ift_trie_add(&t->user, text->p, text->n, id);
}

static int add_pieces(struct ift_tokenizer *t, const struct ift_sentencepiece *m,
                      struct ift_added *added, struct ift_err *err) {
    struct ift_str text = {0};
    size_t nbytes = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->n; i++) {
        struct ift_slice piece = m->piece[i].text;
        int type = m->piece[i].type;
        const uint32_t id = (uint32_t)t->vocab.n;
        const struct ift_added_token *const a = ift_added_claim(added, id, piece);
        /* Folders give unused pieces new names, and make text of the model control tokens. */
        if (a && !ift_slice_eq(a->name, piece))
            ift_vocab_add(&t->vocab, a->name.p, a->name.n,
                          a->special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
        else if (type == IFT_SP_BYTE)
            rc = add_byte(t, piece, err);
        else
            add_piece(t, m, piece,
                      a && a->special && type != IFT_SP_UNKNOWN ? IFT_SP_CONTROL : type, &text);
        if (rc == 0) nbytes += t->vocab.kind[id] == IFT_PIECE_BYTE;
    }
    const int64_t twice = rc == 0 ? ift_vocab_index_all(&t->vocab) : -1;
    if (twice >= 0) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, (uint32_t)twice);
        rc = IFT_FAIL(err, "piece \"%.*s\" appears twice", (int)(s.n < 100 ? s.n : 100), s.p);
    }
    ift_str_release(&text);
    if (rc == 0 && m->byte_fallback && nbytes != 256)
        rc = IFT_FAIL(err, "%zu byte pieces, byte fallback needs 256", nbytes);
    if (rc == 0 && !m->byte_fallback && nbytes > 0)
        rc = IFT_FAIL(err, "byte pieces without byte fallback");
    return rc;
}

struct scored {
    uint32_t key, id;
};

/* A number that is less where the score is better. */
static uint32_t key_of(float score) {
    const float zero_is_positive = score + 0.0f;
    uint32_t bits;
    memcpy(&bits, &zero_is_positive, sizeof bits);
    return bits >> 31 ? bits : bits ^ 0x7fffffffu;
}

/* Sorts by key, eleven bits at a time, the lowest first. */
enum { DIGITS = 3, DIGIT_BITS = 11, BUCKETS = 1 << DIGIT_BITS };
static struct scored *sort_by_key(struct scored *from, struct scored *to, size_t n) {
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        size_t place[BUCKETS + 1] = {0};
        const unsigned shift = digit * DIGIT_BITS;
        for (size_t i = 0; i < n; i++) place[(from[i].key >> shift) % BUCKETS + 1]++;
        for (size_t b = 0; b < BUCKETS; b++) place[b + 1] += place[b];
        for (size_t i = 0; i < n; i++) to[place[(from[i].key >> shift) % BUCKETS]++] = from[i];
        struct scored *const sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

/* The rank of each piece, by id: how many different scores are better. */
static uint32_t *rank_pieces(const struct ift_sentencepiece *m, uint32_t first) {
    struct scored *const list = ift_alloc0(2 * m->n, sizeof *list);
    uint32_t *const rank = ift_alloc0(first + m->n, sizeof *rank);
    for (size_t i = 0; i < m->n; i++)
        list[i] = (struct scored){key_of(m->piece[i].score), first + (uint32_t)i};
    const struct scored *const order = sort_by_key(list, list + m->n, m->n);
    uint32_t now = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (i > 0 && order[i].key != order[i - 1].key) now++;
        rank[order[i].id] = now;
    }
    free(list);
    return rank;
}

struct ranked {
    struct ift_tokenizer *t;
    const uint32_t *rank; /* by id */
};

static void add_pair(void *ctx, const struct ift_cut *cut) {
    const struct ranked *const r = ctx;
    struct ift_tokenizer *const t = r->t;
    const struct ift_slice s = ift_vocab_piece(&t->vocab, cut->id);
    const uint32_t left = ift_spm_symbol(t, s.p, cut->at, cut->left);
    if (left == IFT_BPE_UNKNOWN) return;
    const uint32_t right = ift_spm_symbol(t, s.p + cut->at, s.n - cut->at, cut->right);
    if (right != IFT_BPE_UNKNOWN) ift_bpe_add(&t->bpe, left, right, r->rank[cut->id], cut->id);
}

/* unigram_model.cc: limits are those of NORMAL pieces, the upper one being at least FLT_MIN, and a
 * user-defined piece scores by its length. */
static int add_scores(struct ift_tokenizer *t, const struct ift_sentencepiece *m,
                      struct ift_err *err) {
    float least = FLT_MAX, most = FLT_MIN;
    for (size_t i = 0; i < m->n; i++) {
        if (m->piece[i].type != IFT_SP_NORMAL) continue;
        least = fminf(least, m->piece[i].score);
        most = fmaxf(most, m->piece[i].score);
    }
    t->unigram.narrow = true;
    t->unigram.unknown = least - 10.0f;
    t->unigram.score = ift_alloc0(t->vocab.n, sizeof *t->unigram.score);
    double *const score = t->unigram.score + (t->vocab.n - m->n);
    for (size_t i = 0; i < m->n; i++)
        score[i] = m->piece[i].type == IFT_SP_USER
                       ? (double)((float)m->piece[i].text.n * most) - 0.1
                       : m->piece[i].score;
    return ift_pieces_finish(t, NULL, err);
}

static void add_bpe(struct ift_tokenizer *t, const struct ift_sentencepiece *m) {
    t->nsymbols = (uint32_t)t->vocab.n;
    const uint32_t first = (uint32_t)(t->vocab.n - m->n);
    uint32_t *const rank = rank_pieces(m, first);
    ift_bpe_reserve(&t->bpe, t->vocab.n + t->vocab.n / 2); /* about as many as there are */
    ift_cuts_each(&t->vocab, IFT_CUTS_CHARACTERS, add_pair, &(struct ranked){t, rank});
    free(rank);
    ift_spm_finish(t);
}

static int32_t find_control(const struct ift_sentencepiece *m, struct ift_slice name,
                            uint32_t first) {
    for (size_t i = 0; i < m->n; i++)
        if (m->piece[i].type == IFT_SP_CONTROL && ift_slice_eq(m->piece[i].text, name))
            return (int32_t)(first + i);
    return -1;
}

static int fill(struct ift_tokenizer *t, const struct ift_sentencepiece *m, uint32_t first,
                struct ift_added *added, struct ift_err *err) {
    IFT_TRY(check_supported(m, err));
    for (uint32_t i = 0; i < first; i++) ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
    IFT_TRY(add_pieces(t, m, added, err));
    const bool unigram = m->model_type == IFT_SP_UNIGRAM;
    t->scheme = unigram ? &ift_scheme_pieces : &ift_scheme_chars;
    t->byte_fallback = m->byte_fallback;
    t->fuse_unknown = !m->byte_fallback;
    if (unigram)
        IFT_TRY(add_scores(t, m, err));
    else
        add_bpe(t, m);

    t->normalizer.dummy_prefix = m->dummy_prefix && !m->whitespace_as_suffix;
    t->normalizer.dummy_suffix = m->dummy_prefix && m->whitespace_as_suffix;
    t->normalizer.remove_extra = m->remove_extra_whitespace;
    t->normalizer.escape = m->escape_whitespace;
    IFT_TRY(ift_normalizer_set_charsmap(&t->normalizer, m->charsmap, err));
    if (m->remove_extra_whitespace || m->charsmap.n > 0)
        for (size_t i = 0; i < m->n; i++)
            if (m->piece[i].type == IFT_SP_USER)
                ift_trie_add(&t->normalizer.user, m->piece[i].text.p, m->piece[i].text.n, 0);
    ift_normalizer_settle(&t->normalizer);

    t->decoding.strip_dummy =
        m->escape_whitespace && (m->dummy_prefix || m->remove_extra_whitespace);
    t->decoding.strip_extra = m->remove_extra_whitespace;
    t->decoding.unknown = ift_strndup(m->unk_surface.p, m->unk_surface.n);
    t->info.bos = find_control(m, m->bos, first);
    t->info.eos = find_control(m, m->eos, first);
    t->info.pad = find_control(m, m->pad, first);
    t->info.add_bos = t->info.bos >= 0;
    return 0;
}

int ift_tokenizer_read_model(struct ift_tokenizer *t, struct ift_slice text, uint32_t first,
                             struct ift_added *added, struct ift_err *err) {
    struct ift_sentencepiece m;
    IFT_TRY(ift_sentencepiece_parse(&m, text.p, text.n, err));
    const int rc = fill(t, &m, first, added, err);
    ift_sentencepiece_release(&m);
    return rc;
}
