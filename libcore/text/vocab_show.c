#include "libcore/text/vocab_show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/hash.h"
#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/io/utf8.h"
#include "libcore/text/sentencepiece.h"
#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581 */

static const char *const kind_name[] = {
    [IFT_PIECE_NORMAL] = "normal", [IFT_PIECE_CONTROL] = "control", [IFT_PIECE_UNKNOWN] = "unknown",
    [IFT_PIECE_BYTE] = "byte",     [IFT_PIECE_USER] = "user",       [IFT_PIECE_GAP] = "gap",
};
enum { KINDS = sizeof kind_name / sizeof *kind_name };

/* ---- settings ---- */

static void add_token(struct ift_str *out, const struct ift_tokenizer *t, const char *key,
                      int32_t id) {
    if (id < 0) return;
    const struct ift_slice name = ift_vocab_piece(&t->vocab, (uint32_t)id);
    ift_str_addf(out, "%s: %" PRId32 " ", key, id);
    ift_json_quote(out, name.p, ift_utf8_check(name.p, name.n));
    ift_str_addc(out, '\n');
}

static void add_around(struct ift_str *out, const char *key, const int32_t *id, uint32_t n) {
    if (n == 0) return;
    ift_str_addf(out, "%s:", key);
    for (uint32_t i = 0; i < n; i++) ift_str_addf(out, " %" PRId32, id[i]);
    ift_str_addc(out, '\n');
}

static void add_kinds(struct ift_str *out, const struct ift_tokenizer *t) {
    size_t count[KINDS] = {0}, longest = 0;
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        const size_t n = ift_vocab_piece(&t->vocab, i).n;
        const bool text =
            t->vocab.kind[i] == IFT_PIECE_NORMAL || t->vocab.kind[i] == IFT_PIECE_USER;
        count[t->vocab.kind[i]]++;
        if (text && n > longest) longest = n;
    }
    ift_str_adds(out, "pieces:");
    bool first = true;
    for (size_t k = 0; k < KINDS; k++) {
        if (!count[k]) continue;
        ift_str_addf(out, "%s %zu %s", first ? "" : ",", count[k], kind_name[k]);
        first = false;
    }
    ift_str_addf(out, "\nlongest piece: %zu bytes\n", longest);
}

static const char *dummy_of(const struct ift_normalizer *z, bool everywhere) {
    if (z->prefix_unless_space)
        return everywhere ? "before each part that has none" : "before a text that has none";
    if (z->dummy_prefix) return everywhere ? "before each part of a text" : "before a text";
    return z->dummy_suffix ? "behind a text" : "none";
}

static void add_normal(struct ift_str *out, const struct ift_tokenizer *t) {
    const struct ift_normalizer *const z = &t->normalizer;
    if (z->nfc)
        ift_str_adds(out, "normal form: NFC\n");
    else if (z->charsmap.n)
        ift_str_addf(out, "normal form: rules of the model, %zu bytes\n", z->charsmap.n);
    else
        ift_str_adds(out, "normal form: none\n");
    ift_str_addf(out, "dummy space: %s\n", dummy_of(z, t->prefix_everywhere));
    ift_str_addf(out, "runs of spaces: %s\n", z->remove_extra ? "become one" : "kept");
}

/* How text is cut before pieces are looked for. */
static void add_cut(struct ift_str *out, const struct ift_tokenizer *t) {
    const char *const expression = t->pretoken ? ift_pretoken_expression(t->pretoken) : NULL;
    ift_str_adds(out, "words: ");
    if (expression)
        ift_json_quote(out, expression, strlen(expression));
    else
        ift_str_adds(out, t->split_spaces ? "cut before spaces" : "not cut");
    ift_str_addc(out, '\n');
    if (t->scheme != &ift_scheme_bytes)
        ift_str_addf(out, "unknown characters: %s\n",
                     t->byte_fallback  ? "their bytes"
                     : t->fuse_unknown ? "one unknown piece a run"
                                       : "one unknown piece each");
}

int ift_vocab_show(const char *path, struct ift_str *out, struct ift_err *err) {
    struct ift_tokenizer *t;
    char digest[IFT_DIGEST];
    IFT_TRY(ift_tokenizer_open(&t, path, err));
    const struct ift_tokenizer_info *const info = &t->info;
    ift_str_addf(out, "kind: %s\n",
                 t->scheme == &ift_scheme_bytes   ? "byte-level BPE"
                 : t->scheme == &ift_scheme_chars ? "BPE over characters"
                                                  : "unigram");
    ift_str_addf(out, "size: %" PRIu32 "\n", info->size);
    add_kinds(out, t);
    add_token(out, t, "bos", info->bos);
    add_token(out, t, "eos", info->eos);
    add_token(out, t, "pad", info->pad);
    add_token(out, t, "unk", info->unk);
    add_around(out, "put before a text", info->before, info->nbefore);
    add_around(out, "put behind a text", info->after, info->nafter);
    add_normal(out, t);
    add_cut(out, t);
    ift_digest_text(info->digest, digest);
    ift_str_addf(out, "digest: %s\n", digest);
    ift_tokenizer_free(t);
    return 0;
}

/* ---- pieces ---- */

struct shown {
    struct ift_tokenizer *t;
    struct ift_str text; /* of the model; empty: no scores there */
    struct ift_sentencepiece model;
    uint32_t first; /* id of the model's first piece */
};

/* The scores of a .model, when that is what the vocabulary was read from. */
static int open_scores(struct shown *s, const char *path, struct ift_err *err) {
    static const char *const names[] = {"tokenizer.json", "tokenizer.model", "ice_text.model"};
    struct stat st;
    if (s->t->scheme == &ift_scheme_bytes) return 0;
    int got = 0;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        for (size_t i = 0; got == 0 && i < sizeof names / sizeof *names; i++)
            got = ift_in_slurp_from(path, names[i], &s->text, err);
        if (got < 0) return -1;
    } else {
        IFT_TRY(ift_in_slurp(path, &s->text, 0, err));
    }
    struct ift_err json; /* a tokenizer.json is no model, and fails to be one */
    if (!s->text.p || ift_sentencepiece_parse(&s->model, s->text.p, s->text.n, &json) < 0) return 0;
    for (size_t i = 0; i < s->model.n; i++)
        if (s->model.piece[i].type == IFT_SP_UNKNOWN)
            s->first = s->t->info.unk < (int32_t)i ? 0 : (uint32_t)s->t->info.unk - (uint32_t)i;
    return 0;
}

static int open_shown(struct shown *s, const char *path, struct ift_err *err) {
    IFT_TRY(ift_tokenizer_open(&s->t, path, err));
    return open_scores(s, path, err);
}

static void close_shown(struct shown *s) {
    ift_sentencepiece_release(&s->model);
    ift_str_release(&s->text);
    ift_tokenizer_free(s->t);
}

static void add_piece(struct ift_str *out, const struct shown *s, uint32_t id) {
    const struct ift_slice piece = ift_vocab_piece(&s->t->vocab, id);
    const enum ift_piece_kind kind = s->t->vocab.kind[id];
    ift_str_addf(out, "{\"id\":%" PRIu32 ",", id);
    if (kind != IFT_PIECE_BYTE && ift_utf8_check(piece.p, piece.n) == piece.n) {
        ift_str_adds(out, "\"piece\":");
        ift_json_quote(out, piece.p, piece.n);
    } else {
        ift_str_adds(out, "\"hex\":\"");
        for (size_t i = 0; i < piece.n; i++) ift_str_addf(out, "%02x", (unsigned char)piece.p[i]);
        ift_str_addc(out, '"');
    }
    ift_str_addf(out, ",\"kind\":\"%s\"", kind_name[kind]);
    const bool scored = id >= s->first && id - s->first < s->model.n;
    if (scored || (s->t->unigram.score && kind == IFT_PIECE_NORMAL)) {
        ift_str_adds(out, ",\"score\":");
        ift_json_number(out, scored ? (double)s->model.piece[id - s->first].score
                                    : s->t->unigram.score[id]);
    }
    ift_str_addc(out, '}');
}

static void add_range(struct ift_str *out, const struct shown *s, uint32_t from, uint32_t to) {
    for (uint32_t id = from; id <= to; id++) {
        add_piece(out, s, id);
        ift_str_addc(out, '\n');
    }
}

/* "17" or "0-99" of ids below size. */
static int parse_range(const char *text, uint32_t size, uint32_t *from, uint32_t *to,
                       struct ift_err *err) {
    const char *const dash = strchr(text, '-');
    const struct ift_slice left = {text, dash ? (size_t)(dash - text) : strlen(text)};
    long long a, b;
    if (!ift_parse_i64(left, &a) || !ift_parse_i64(dash ? ift_slice(dash + 1) : left, &b) ||
        a < 0 || a > b)
        return ift_fail_usage(err, "\"%s\" is no range of ids: 17, or 0-99", text);
    if (b >= size)
        return IFT_FAIL(err, "%s: ids of this vocabulary end with %" PRIu32, text, size - 1);
    *from = (uint32_t)a;
    *to = (uint32_t)b;
    return 0;
}

int ift_vocab_show_pieces(const char *path, const char *const *ranges, size_t n, bool all,
                          struct ift_str *out, struct ift_err *err) {
    struct shown s = {0};
    uint32_t from = 0, to = 0;
    int rc = open_shown(&s, path, err);
    if (rc == 0 && all) add_range(out, &s, 0, s.t->info.size - 1);
    for (size_t i = 0; rc == 0 && !all && i < n; i++) {
        rc = parse_range(ranges[i], s.t->info.size, &from, &to, err);
        if (rc == 0) add_range(out, &s, from, to);
    }
    close_shown(&s);
    return rc;
}

/* ---- looking up ---- */

/* The piece that these bytes spell, U+2581 being a space where there is none that has it, or -1. */
static int32_t find_piece(const struct ift_tokenizer *t, struct ift_slice word) {
    int32_t id = ift_tokenizer_control(t, word.p, word.n);
    if (id < 0) id = ift_vocab_find(&t->vocab, word.p, word.n);
    if (id >= 0) return id;
    struct ift_str text = {0};
    for (size_t i = 0; i < word.n; i++) {
        const bool meta = word.n - i >= 3 && memcmp(word.p + i, META, 3) == 0;
        ift_str_addc(&text, meta ? ' ' : word.p[i]);
        if (meta) i += 2;
    }
    if (text.n > 0) id = ift_vocab_find(&t->vocab, text.p, text.n);
    ift_str_release(&text);
    return id;
}

static int add_tokens(struct ift_str *out, const struct shown *s, struct ift_encoder *e,
                      struct ift_slice word, struct ift_err *err) {
    struct ift_tokens tokens = {0};
    int rc = ift_encoder_encode(e, word.p, word.n, NULL, &tokens, err);
    ift_str_adds(out, "{\"text\":");
    ift_json_quote(out, word.p, word.n);
    ift_str_adds(out, ",\"tokens\":[");
    for (size_t i = 0; rc == 0 && i < tokens.n; i++) {
        if (i) ift_str_addc(out, ',');
        add_piece(out, s, (uint32_t)tokens.id[i]);
    }
    ift_str_adds(out, "]}");
    ift_tokens_release(&tokens);
    return rc;
}

static int look_up(struct ift_str *out, const struct shown *s, struct ift_encoder *e,
                   const char *text, bool as_text, struct ift_err *err) {
    const struct ift_slice word = ift_slice(text);
    long long number;
    if (ift_utf8_check(word.p, word.n) != word.n) return IFT_FAIL(err, "a word is not UTF-8");
    if (!as_text && ift_parse_i64(word, &number)) {
        if (number < 0 || number >= s->t->info.size)
            return IFT_FAIL(err,
                            "no id %s: ids of this vocabulary end with %" PRIu32
                            "; for the text say --as-text",
                            text, s->t->info.size - 1);
        add_piece(out, s, (uint32_t)number);
    } else {
        const int32_t id = as_text ? -1 : find_piece(s->t, word);
        if (id < 0)
            IFT_TRY(add_tokens(out, s, e, word, err));
        else
            add_piece(out, s, (uint32_t)id);
    }
    ift_str_addc(out, '\n');
    return 0;
}

int ift_vocab_lookup(const char *path, const char *const *words, size_t n, bool as_text,
                     struct ift_str *out, struct ift_err *err) {
    struct shown s = {0};
    int rc = open_shown(&s, path, err);
    struct ift_encoder *const e = rc == 0 ? ift_encoder_new(s.t) : NULL;
    for (size_t i = 0; rc == 0 && i < n; i++) rc = look_up(out, &s, e, words[i], as_text, err);
    ift_encoder_free(e);
    close_shown(&s);
    return rc;
}
