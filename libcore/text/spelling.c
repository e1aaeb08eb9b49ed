#include "libcore/text/spelling.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/io/json.h"
#include "libcore/io/stream.h"
#include "libcore/text/sentencepiece.h"
#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581 */

static const float added_score = -1000; /* of what is never made by merging */

static struct ift_slice keep(struct ift_spelling *s, const char *p, size_t n) {
    return (struct ift_slice){ift_arena_strndup(&s->arena, p, n), n};
}

static struct ift_slice keep_node(struct ift_spelling *s, const struct ift_json *doc, int node) {
    struct ift_str text = {0};
    ift_json_text(doc, node, &text);
    const struct ift_slice kept = keep(s, text.p, text.n);
    ift_str_release(&text);
    return kept;
}

static struct ift_spelled *at(struct ift_spelling *s, size_t id) {
    s->piece = ift_grow(s->piece, id + 1, &s->cap, sizeof *s->piece);
    for (; s->n <= id; s->n++) s->piece[s->n] = (struct ift_spelled){.kind = IFT_SPELLED_UNUSED};
    return &s->piece[id];
}

/* An id that a file gives; the tokenizer has checked most of them, but not what lies beyond it. */
static int read_id(const struct ift_json *doc, int node, size_t *id, struct ift_err *err) {
    long long value;
    const struct ift_slice raw = ift_json_raw(doc, node);
    const bool quoted = ift_json_is(doc, node, IFT_JSON_STRING) && raw.n > 2;
    const struct ift_slice digits = quoted ? (struct ift_slice){raw.p + 1, raw.n - 2} : raw;
    if (!ift_parse_i64(digits, &value) || value < 0 || value >= 1 << 21)
        return IFT_FAIL(err, "%.*s is not the id of a token", IFT_SHOWN(raw));
    *id = (size_t)value;
    return 0;
}

/* ---- added tokens ---- */

/* What is there already under the same text stays what it is, but that special ones are control
 * tokens. */
static void add_added(struct ift_spelling *s, size_t id, struct ift_slice text, bool special) {
    struct ift_spelled *const p = at(s, id);
    const bool same = p->text.p && ift_slice_eq(p->text, text);
    if (same && (p->kind == IFT_SPELLED_UNKNOWN || p->kind == IFT_SPELLED_BYTE)) return;
    *p = (struct ift_spelled){.text = text,
                              .score = same ? p->score : added_score,
                              .kind = special ? IFT_SPELLED_CONTROL : IFT_SPELLED_USER,
                              .added = true};
}

static int add_described(struct ift_spelling *s, const struct ift_json *doc, int id_node, int value,
                         struct ift_err *err) {
    const int content = ift_json_get(doc, value, "content");
    size_t id;
    bool special;
    if (!ift_json_is(doc, content, IFT_JSON_STRING))
        return IFT_FAIL(err, "an added token without its content");
    IFT_TRY(read_id(doc, id_node, &id, err));
    IFT_TRY(ift_json_get_bool(doc, value, "special", false, &special, err));
    add_added(s, id, keep_node(s, doc, content), special);
    return 0;
}

/* "added_tokens" of tokenizer.json: [{"id", "content", "special"}]. */
static int read_added_list(struct ift_spelling *s, const struct ift_json *doc,
                           struct ift_err *err) {
    const int list = ift_json_get(doc, 0, "added_tokens");
    for (int v = ift_json_first(doc, list); v >= 0; v = ift_json_next(doc, list, v))
        IFT_TRY(add_described(s, doc, ift_json_get(doc, v, "id"), v, err));
    return 0;
}

/* "added_tokens_decoder" of tokenizer_config.json: {"id": {"content", "special"}}. */
static int read_decoder(struct ift_spelling *s, const struct ift_json *doc, struct ift_err *err) {
    const int object = ift_json_get(doc, 0, "added_tokens_decoder");
    for (int key = ift_json_first(doc, object); key >= 0;) {
        const int value = ift_json_next(doc, object, key);
        IFT_TRY(add_described(s, doc, key, value, err));
        key = ift_json_next(doc, object, value);
    }
    return 0;
}

/* added_tokens.json: {"content": id}; which of them are special is not said there. */
static int read_added(struct ift_spelling *s, const struct ift_json *doc, struct ift_err *err) {
    for (int key = ift_json_first(doc, 0); key >= 0;) {
        const int value = ift_json_next(doc, 0, key);
        size_t id;
        IFT_TRY(read_id(doc, value, &id, err));
        add_added(s, id, keep_node(s, doc, key), false);
        key = ift_json_next(doc, 0, value);
    }
    return 0;
}

static int read_file(struct ift_spelling *s, const char *folder, const char *file,
                     int (*read)(struct ift_spelling *, const struct ift_json *, struct ift_err *),
                     struct ift_err *err) {
    struct ift_str text = {0};
    struct ift_json doc = {0};
    int rc = ift_in_slurp_from(folder, file, &text, err);
    if (rc == 1) {
        rc = ift_json_parse(&doc, text.p, text.n, err);
        if (rc == 0) rc = read(s, &doc, err);
        if (rc < 0) ift_fail_in(err, "%s/%s", folder, file);
    }
    ift_json_release(&doc);
    ift_str_release(&text);
    return rc;
}

/* ---- tokenizer.model ---- */

static int read_model(struct ift_spelling *s, struct ift_slice text, struct ift_err *err) {
    struct ift_sentencepiece m;
    IFT_TRY(ift_sentencepiece_parse(&m, text.p, text.n, err));
    for (size_t i = 0; i < m.n; i++)
        *at(s, i) = (struct ift_spelled){.text = keep(s, m.piece[i].text.p, m.piece[i].text.n),
                                         .score = m.piece[i].score,
                                         .kind = (enum ift_spelled_kind)m.piece[i].type};
    s->dummy_prefix = m.dummy_prefix;
    s->rewrites = m.charsmap.n > 0 || m.remove_extra_whitespace || !m.escape_whitespace;
    ift_sentencepiece_release(&m);
    return 0;
}

/* ---- tokenizer.json ---- */

/* "a b", or ["a", "b"] as newer files have it. */
static struct ift_slice read_merge(struct ift_spelling *s, const struct ift_json *doc, int node) {
    if (!ift_json_is(doc, node, IFT_JSON_ARRAY)) return keep_node(s, doc, node);
    struct ift_str pair = {0};
    ift_json_text(doc, ift_json_at(doc, node, 0), &pair);
    ift_str_addc(&pair, ' ');
    ift_json_text(doc, ift_json_at(doc, node, 1), &pair);
    const struct ift_slice kept = keep(s, pair.p, pair.n);
    ift_str_release(&pair);
    return kept;
}

/* The opened tokenizer vouches for the form of all this. */
static int read_pieces(struct ift_spelling *s, const struct ift_json *doc, struct ift_err *err) {
    const int model = ift_json_get(doc, 0, "model"), vocab = ift_json_get(doc, model, "vocab"),
              merges = ift_json_get(doc, model, "merges");
    for (int key = ift_json_first(doc, vocab); key >= 0;) {
        const int value = ift_json_next(doc, vocab, key);
        size_t id;
        IFT_TRY(read_id(doc, value, &id, err));
        *at(s, id) =
            (struct ift_spelled){.text = keep_node(s, doc, key), .kind = IFT_SPELLED_NORMAL};
        key = ift_json_next(doc, vocab, value);
    }
    for (int v = ift_json_first(doc, merges); v >= 0; v = ift_json_next(doc, merges, v)) {
        s->merge = ift_grow(s->merge, s->nmerges + 1, &s->cap_merge, sizeof *s->merge);
        s->merge[s->nmerges++] = read_merge(s, doc, v);
    }
    return 0;
}

static int read_json(struct ift_spelling *s, const struct ift_json *doc, struct ift_err *err) {
    IFT_TRY(read_pieces(s, doc, err));
    return read_added_list(s, doc, err);
}

/* Pieces by their text, to be sought. */
struct named {
    struct ift_slice text;
    size_t id;
};

static int by_text(const void *a, const void *b) {
    const struct ift_slice x = ((const struct named *)a)->text, y = ((const struct named *)b)->text;
    const int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* Runs of spaces have one score in LLaMA's tokenizer.model, which prefers the leftmost of equals;
 * the pairs that make them lie in any order in files converted from it. */
static bool is_spaces(struct ift_slice s) {
    for (size_t i = 0; i < s.n; i += 3)
        if (s.n - i < 3 || memcmp(s.p + i, META, 3) != 0) return false;
    return true;
}

static const struct named *find_joined(const struct named *name, size_t n, struct ift_slice merge,
                                       struct ift_str *joined) {
    const char *const space = memchr(merge.p, ' ', merge.n);
    ift_str_clear(joined);
    ift_str_add(joined, merge.p, (size_t)(space - merge.p));
    ift_str_add(joined, space + 1, merge.n - (size_t)(space + 1 - merge.p));
    const struct named key = {ift_str_slice(joined), 0};
    return bsearch(&key, name, n, sizeof *name, by_text);
}

/* SentencePiece makes the pair whose piece has the best score; these files list the pairs in that
 * order. A piece is scored by its first pair, and no other's may lie among its pairs: two orders
 * would be one then. */
static int score_merges(struct ift_spelling *s, const struct named *name, size_t n, bool *scored,
                        struct ift_err *err) {
    struct ift_str joined = {0};
    size_t last = SIZE_MAX, spaces = SIZE_MAX;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->nmerges; i++) {
        const struct named *const hit = find_joined(name, n, s->merge[i], &joined);
        if (!hit || hit->id == last) continue;
        const bool run = is_spaces(hit->text);
        if (run && spaces == SIZE_MAX) spaces = i;
        if (scored[hit->id] && !run)
            rc = IFT_FAIL(err,
                          "merge %zu makes \"%s\" again: no scores say this order; a "
                          "tokenizer.model beside it would",
                          i, joined.p);
        scored[hit->id] = true;
        last = hit->id;
        s->piece[last].score = -(float)(run ? spaces : i);
    }
    ift_str_release(&joined);
    return rc;
}

/* What no pair makes is a character, which needs no score. */
static int score_by_merges(struct ift_spelling *s, struct ift_err *err) {
    struct named *const name = ift_alloc0(s->n + 1, sizeof *name);
    bool *const scored = ift_alloc0(s->n + 1, sizeof *scored);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->piece[i].text.p) name[n++] = (struct named){s->piece[i].text, i};
    qsort(name, n, sizeof *name, by_text);
    const int rc = score_merges(s, name, n, scored, err);
    for (size_t i = 0; i < s->n; i++)
        if (!scored[i] && s->piece[i].kind == IFT_SPELLED_NORMAL)
            s->piece[i].score = -(float)s->nmerges;
    free(scored);
    free(name);
    return rc;
}

/* In a tokenizer.json kinds are told by what the tokenizer made of the tokens. */
static void tell_kinds(struct ift_spelling *s, const struct ift_tokenizer *t) {
    for (size_t i = 0; i < s->n && i < t->vocab.n; i++) {
        if (t->vocab.kind[i] == IFT_PIECE_BYTE) s->piece[i].kind = IFT_SPELLED_BYTE;
        if ((int32_t)i == t->info.unk && !s->bytes) s->piece[i].kind = IFT_SPELLED_UNKNOWN;
    }
}

static enum ift_spelling_words words_of(ift_pretoken_fn *scan) {
    return scan == ift_pretoken_gpt2     ? IFT_WORDS_GPT2
           : scan == ift_pretoken_llama3 ? IFT_WORDS_LLAMA3
           : scan == ift_pretoken_qwen   ? IFT_WORDS_QWEN
           : scan == ift_pretoken_bloom  ? IFT_WORDS_BLOOM
                                         : IFT_WORDS_WHOLE;
}

/* A tokenizer.json alone, or beside it the tokenizer.model it was made from, which has the scores.
 */
static int read_all(struct ift_spelling *s, const char *folder, const struct ift_tokenizer *t,
                    struct ift_err *err) {
    struct ift_str model = {0};
    s->bytes = t->scheme == &ift_scheme_bytes;
    s->words = words_of(t->pretoken);
    s->whole_words = t->whole_words;
    if (!s->bytes && t->scheme != &ift_scheme_chars)
        return IFT_FAIL(err, "%s: a unigram vocabulary has no such spelling", folder);
    int rc = s->bytes ? 0 : ift_in_slurp_from(folder, "tokenizer.model", &model, err);
    const bool scored = rc == 1;
    if (scored && (rc = read_model(s, ift_str_slice(&model), err)) < 0)
        ift_fail_in(err, "%s/tokenizer.model", folder);
    ift_str_release(&model);
    IFT_TRY(rc);
    IFT_TRY(read_file(s, folder, "added_tokens.json", read_added, err));
    IFT_TRY(read_file(s, folder, "tokenizer_config.json", read_decoder, err));
    IFT_TRY(read_file(s, folder, "tokenizer.json", scored ? read_added_list : read_json, err));
    if (scored) return 0;
    s->dummy_prefix = t->normalizer.dummy_prefix || t->normalizer.prefix_unless_space;
    tell_kinds(s, t);
    return s->bytes ? 0 : score_by_merges(s, err);
}

int ift_spelling_read(struct ift_spelling *s, const char *folder, const struct ift_tokenizer *t,
                      struct ift_err *err) {
    if (read_all(s, folder, t, err) == 0) return 0;
    ift_spelling_release(s);
    return -1;
}

void ift_spelling_release(struct ift_spelling *s) {
    free(s->piece);
    free(s->merge);
    ift_arena_release(&s->arena);
    *s = (struct ift_spelling){0};
}
