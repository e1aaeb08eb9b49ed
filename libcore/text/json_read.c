/* tokenizer.json to tokenizer: its model, which is a vocabulary with merges (BPE) or with scores
 * (Unigram), and the tokens it adds. */
#include "libcore/text/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/text/tokenizer_internal.h"

/* ---- BPE ---- */

/* "a b", or ["a", "b"] as newer files have it. */
static int read_merge(struct ift_json_reader *r, int node, struct ift_err *err) {
    struct ift_hf *const h = &r->hf;
    if (ift_json_is(&r->doc, node, IFT_JSON_STRING))
        return ift_hf_merge_line(h, ift_hf_name(h, &r->doc, node), err);
    const int a = ift_json_at(&r->doc, node, 0), b = ift_json_at(&r->doc, node, 1);
    struct ift_slice left = {0}, right = {0};
    if (ift_json_is(&r->doc, a, IFT_JSON_STRING)) left = ift_hf_name(h, &r->doc, a);
    if (ift_json_is(&r->doc, b, IFT_JSON_STRING)) right = ift_hf_name(h, &r->doc, b);
    return ift_hf_merge(h, left, right, err);
}

static int read_merges(struct ift_json_reader *r, struct ift_err *err) {
    const int merges = ift_json_get(&r->doc, r->model, "merges");
    if (!ift_json_is(&r->doc, merges, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "the model has no merges");
    for (int m = ift_json_first(&r->doc, merges); m >= 0; m = ift_json_next(&r->doc, merges, m))
        IFT_TRY(read_merge(r, m, err));
    return ift_hf_merges_end(&r->hf, err);
}

static int check_bpe(const struct ift_json_reader *r, struct ift_err *err) {
    const char *const affix[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    const int dropout = ift_json_get(&r->doc, r->model, "dropout");
    if (!ift_json_reader_null(r, dropout) && !ift_slice_is(ift_json_raw(&r->doc, dropout), "0.0"))
        return IFT_FAIL(err, "dropout is not supported");
    for (size_t i = 0; i < 2; i++) {
        const int node = ift_json_get(&r->doc, r->model, affix[i]);
        if (!ift_json_reader_null(r, node) && !ift_json_text_is(&r->doc, node, ""))
            return IFT_FAIL(err, "%s is not supported", affix[i]);
    }
    if (r->t->whole_words && !r->hf.byte_level)
        return IFT_FAIL(err, "ignore_merges without ByteLevel is not supported");
    return 0;
}

static int read_bpe(struct ift_json_reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    const int vocab = ift_json_get(&r->doc, r->model, "vocab"),
              unk = ift_json_get(&r->doc, r->model, "unk_token");
    t->scheme = r->hf.byte_level ? &ift_scheme_bytes : &ift_scheme_chars;
    t->whole_words = ift_json_reader_true(r, r->model, "ignore_merges");
    t->fuse_unknown = ift_json_reader_true(r, r->model, "fuse_unk");
    IFT_TRY(check_bpe(r, err));
    if (!ift_json_is(&r->doc, vocab, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "the model has no vocab");
    IFT_TRY(ift_hf_tokens(&r->hf, &r->doc, vocab, err));
    IFT_TRY(ift_hf_pieces(&r->hf, err));
    t->nsymbols = (uint32_t)t->vocab.n;
    IFT_TRY(read_merges(r, err));
    if (!r->hf.byte_level) ift_spm_finish(t);
    if (!ift_json_is(&r->doc, unk, IFT_JSON_STRING)) return 0;
    t->info.unk = ift_hf_find(&r->hf, ift_hf_name(&r->hf, &r->doc, unk));
    return t->info.unk < 0 ? IFT_FAIL(err, "the unk_token is no token") : 0;
}

/* ---- Unigram ---- */

/* [["piece", score], …]: scores in the order of ids. */
static int read_scored(struct ift_json_reader *r, int vocab, struct ift_err *err) {
    struct ift_unigram *const u = &r->t->unigram;
    size_t n = 0, cap = 0;
    for (int row = ift_json_first(&r->doc, vocab); row >= 0;
         row = ift_json_next(&r->doc, vocab, row), n++) {
        const int piece = ift_json_at(&r->doc, row, 0), score = ift_json_at(&r->doc, row, 1);
        u->score = ift_grow(u->score, n + 1, &cap, sizeof *u->score);
        if (!ift_json_is(&r->doc, piece, IFT_JSON_STRING) ||
            !ift_json_is(&r->doc, score, IFT_JSON_NUMBER) ||
            !ift_parse_f64(ift_json_raw(&r->doc, score), &u->score[n]))
            return IFT_FAIL(err, "piece %zu is not a text and a score", n);
        if (n == 0 || u->score[n] < u->unknown) u->unknown = u->score[n];
        IFT_TRY(ift_hf_token(&r->hf, ift_hf_name(&r->hf, &r->doc, piece), (int64_t)n, err));
    }
    u->unknown -= 10;
    return 0;
}

static int read_unigram(struct ift_json_reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    const int vocab = ift_json_get(&r->doc, r->model, "vocab");
    int64_t unk;
    if (r->hf.byte_level) return IFT_FAIL(err, "Unigram with ByteLevel is not supported");
    if (!ift_json_is(&r->doc, vocab, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "the model has no vocab");
    t->scheme = &ift_scheme_pieces;
    t->fuse_unknown = true;
    IFT_TRY(read_scored(r, vocab, err));
    IFT_TRY(ift_hf_pieces(&r->hf, err));
    IFT_TRY(ift_json_get_i64(&r->doc, r->model, "unk_id", -1, &unk, err));
    if (unk < 0 || unk >= (int64_t)t->vocab.n) return IFT_FAIL(err, "the model has no unk_id");
    t->info.unk = (int32_t)unk;
    return ift_pieces_finish(t, r->hf.token, err);
}

/* ---- the file ---- */

static int read_added(struct ift_json_reader *r, struct ift_err *err) {
    const int list = ift_json_get(&r->doc, 0, "added_tokens");
    for (int v = ift_json_first(&r->doc, list); v >= 0; v = ift_json_next(&r->doc, list, v))
        IFT_TRY(ift_added_read(&r->added, &r->doc, v, -1, err));
    return 0;
}

/* What an input that the vocabulary lacks becomes: a vocabulary that would lose it is refused. */
static int settle_unknown(struct ift_json_reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    if (r->hf.byte_level) ift_hf_byte_tokens(&r->hf, t->info.unk);
    unsigned missing = 0;
    for (unsigned b = 0; b < 256; b++) missing += t->byte_id[b] == IFT_BPE_UNKNOWN;
    t->byte_fallback = r->hf.byte_fallback && missing == 0;
    t->fuse_unknown = t->fuse_unknown && !t->byte_fallback;
    if (missing > 0 && t->info.unk < 0)
        return IFT_FAIL(err, "%u bytes have no token and there is no unk_token: text would be lost",
                        missing);
    if (r->hf.byte_fallback && missing > 0)
        return IFT_FAIL(err, "byte_fallback, but %u bytes have no token", missing);
    return 0;
}

static int read_all(struct ift_json_reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    if (!ift_json_is(&r->doc, 0, IFT_JSON_OBJECT) ||
        (r->model = ift_json_get(&r->doc, 0, "model")) < 0)
        return IFT_FAIL(err, "not a tokenizer.json: it has no \"model\"; if it is a vocab.json, "
                             "name its folder");
    IFT_TRY(ift_json_read_before(r, err));
    t->normalizer.escape = r->hf.meta;
    t->decoding.whole_runs = true;
    r->hf.byte_fallback = ift_json_reader_true(r, r->model, "byte_fallback") && !r->hf.byte_level;
    IFT_TRY(read_added(r, err));
    const int type = ift_json_get(&r->doc, r->model, "type");
    if (ift_json_text_is(&r->doc, type, "Unigram"))
        IFT_TRY(read_unigram(r, err));
    else if (ift_json_reader_null(r, type) || ift_json_text_is(&r->doc, type, "BPE"))
        IFT_TRY(read_bpe(r, err));
    else
        return ift_json_refuse(r, "model", r->model, err);
    IFT_TRY(settle_unknown(r, err));
    IFT_TRY(ift_added_finish(&r->added, t, r->normalizes, err));
    return ift_json_read_after(r, err);
}

int ift_tokenizer_read_json(struct ift_tokenizer *t, struct ift_slice text, struct ift_err *err) {
    struct ift_json_reader r = {.t = t};
    r.hf.t = t;
    r.hf.added = &r.added;
    int rc = ift_json_parse(&r.doc, text.p, text.n, err);
    if (rc == 0) rc = read_all(&r, err);
    ift_hf_release(&r.hf);
    ift_added_release(&r.added);
    ift_json_release(&r.doc);
    return rc;
}
