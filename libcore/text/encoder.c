#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/tokenizer_internal.h"

void ift_tokens_release(struct ift_tokens *tokens) {
    free(tokens->id);
    free(tokens->from);
    *tokens = (struct ift_tokens){0};
}

struct ift_encoder *ift_encoder_new(const struct ift_tokenizer *t) {
    struct ift_encoder *const e = ift_alloc0(1, sizeof *e);
    e->t = t;
    return e;
}

void ift_encoder_free(struct ift_encoder *e) {
    if (!e) return;
    ift_normal_release(&e->spelled);
    ift_normal_release(&e->normal);
    ift_classes_release(&e->classes);
    ift_bpe_work_release(&e->work);
    ift_bounds_release(&e->bounds);
    ift_unigram_work_release(&e->unigram);
    ift_wordcache_release(&e->cache);
    free(e->token);
    free(e);
}

__attribute__((noinline)) static void grow(struct ift_tokens *out, size_t need) {
    out->cap = need + out->cap / 2;
    out->id = ift_realloc(out->id, out->cap, sizeof *out->id);
    out->from = ift_realloc(out->from, out->cap, sizeof *out->from);
}

/* Room for `more` tokens, the closing place, and those of a batch of words with few tokens. */
static inline void reserve(struct ift_tokens *out, size_t more) {
    const size_t need = out->n + more + 1 + (IFT_ENCODER_BATCH + 1) * IFT_WORDCACHE_FEW;
    if (__builtin_expect(need > out->cap, 0)) grow(out, need);
}

static void append(struct ift_tokens *out, uint32_t id, size_t from) {
    out->id[out->n] = (int32_t)id;
    out->from[out->n++] = (uint32_t)from;
}

static void append_tokens(struct ift_tokens *out, size_t at, const struct ift_bpe_symbol *token,
                          size_t n) {
    reserve(out, n);
    for (size_t i = 0; i < n; i++) append(out, token[i].id, at + token[i].from);
}

/* Splits a word, and remembers it where that pays. */
static void split_word(struct ift_encoder *e, const struct ift_encoder_word *w, const char *p,
                       bool is_new, struct ift_tokens *out) {
    const struct ift_scheme *const scheme = e->t->scheme;
    e->part = w->part;
    scheme->split(e, p, w->n);
    if (is_new && (!scheme->recall || e->sure > 0))
        ift_wordcache_put(&e->cache, &w->key, p, e->token, e->ntokens, e->sure);
    append_tokens(out, w->from, e->token, e->ntokens);
}

/* All three are written and as many count as there are: a loop would be mispredicted. There is
 * room. */
static inline void append_few(struct ift_tokens *out, uint32_t at,
                              const struct ift_wordcache_slot *slot) {
    int32_t *const id = out->id + out->n;
    uint32_t *const from = out->from + out->n;
    memcpy(id, slot->id, sizeof slot->id);
    from[0] = at;
    from[1] = at + slot->from[0];
    from[2] = at + slot->from[1];
    out->n += slot->ntokens;
}

/* A word that is long, or new, or has many tokens, or whose slot is taken. */
__attribute__((noinline)) static void
encode_word(struct ift_encoder *e, const struct ift_encoder_word *w, struct ift_tokens *out) {
    const struct ift_scheme *const scheme = e->t->scheme;
    const char *const p = e->normal.text.p + w->from;
    const bool remembered = w->n <= IFT_WORDCACHE_LONGEST;
    const struct ift_wordcache_slot *const slot =
        remembered ? ift_wordcache_find(&e->cache, &w->key, p) : NULL;
    if (!slot || (scheme->recall && !scheme->recall(e, p, slot))) {
        split_word(e, w, p, remembered && !slot, out);
    } else if (slot->ntokens) {
        append_few(out, w->from, slot);
        reserve(out, 0);
    } else {
        append_tokens(out, w->from, e->cache.token + slot->id[0], slot->id[1]);
    }
}

/* Several unknown characters in a row are one unknown token, within what is one text to the model.
 */
static void fuse_unknown(const struct ift_encoder *e, struct ift_tokens *out, size_t from) {
    const int32_t unk = e->t->info.unk;
    const char *const p = e->normal.text.p;
    size_t n = from;
    for (size_t i = from; i < out->n; i++) {
        const bool starts = e->t->split_spaces && p[out->from[i]] == ' ';
        if (out->id[i] == unk && i > from && out->id[i - 1] == unk && !starts) continue;
        out->id[n] = out->id[i];
        out->from[n++] = out->from[i];
    }
    out->n = n;
}

static void encode_words(struct ift_encoder *e, size_t from, size_t to, struct ift_tokens *out) {
    const size_t first = out->n;
    const struct ift_scheme *const scheme = e->t->scheme;
    struct ift_encoder_word batch[IFT_ENCODER_BATCH];
    if (from == to) return;
    e->made = out;
    e->bounds_from = from;
    scheme->begin(e, e->normal.text.p + from, to - from);
    while (from < to) {
        const size_t n = scheme->cut(e, &from, to, batch);
        e->cache.asked += n;
        reserve(out, 0);
        for (const struct ift_encoder_word *w = batch; w < batch + n; w++) {
            const struct ift_wordcache_slot *const slot = ift_wordcache_hit(&e->cache, &w->key);
            if (w->whole >= 0)
                append(out, (uint32_t)w->whole, w->from);
            else if (slot &&
                     (!scheme->recall || scheme->recall(e, e->normal.text.p + w->from, slot)))
                append_few(out, w->from, slot);
            else
                encode_word(e, w, out);
        }
    }
    if (e->t->fuse_unknown) fuse_unknown(e, out, first);
}

static uint64_t manner_of(const struct ift_tokenizer *t, int32_t id) {
    const uint64_t manner = ift_u64map_get(&t->manner, (uint32_t)id);
    return manner == IFT_U64MAP_NONE ? 0 : manner;
}

/* Whether a character of a word touches p[from, to). */
static bool in_word(const char *p, size_t n, size_t from, size_t to) {
    uint32_t code;
    if (to < n && ift_utf8_decode(p + to, n - to, &code) > 0 && ift_utf8_is_word(code)) return true;
    size_t i = from;
    while (i > 0 && from - i < 4) {
        i--;
        if (((unsigned char)p[i] & 0xc0) != 0x80) break;
    }
    return i < from && ift_utf8_decode(p + i, from - i, &code) == from - i &&
           ift_utf8_is_word(code);
}

/* The first added token in p[at, n): its place and id; false: none. */
static bool find_added(const struct ift_tokenizer *t, const struct ift_trie *added, const char *p,
                       size_t at, size_t n, struct ift_mark *found) {
    if (added->nodes == 0) return false;
    while (at < n) {
        const size_t len = ift_trie_match(added, p + at, n - at, &found->id);
        const bool alone = len > 0 && t->manner.n > 0 && manner_of(t, found->id) & IFT_SINGLE_WORD;
        if (len > 0 && !(alone && in_word(p, n, at, at + len))) {
            found->from = at;
            found->to = at + len;
            return true;
        }
        at += len > 0 ? len : 1;
    }
    return false;
}

/* Text without marks or added tokens, `base` bytes into the whole. */
static void encode_segment(struct ift_encoder *e, const char *p, size_t n, size_t base,
                           bool control, struct ift_tokens *out) {
    const struct ift_tokenizer *const t = e->t;
    if (n == 0) return;
    const bool edge = t->normalizer.dummy_suffix ? base + n == e->end : base == e->begin;
    if (t->icetk) {
        ift_icetk_spell(p, n, &e->spelled);
        p = e->spelled.text.p;
        n = e->spelled.text.n;
    }
    ift_normalize(&t->normalizer, p, n, edge || t->prefix_everywhere, &e->normal);
    /* Words are read sixteen bytes at a time. */
    memset(ift_str_reserve(&e->normal.text, IFT_WORDCACHE_SHORT), 0, IFT_WORDCACHE_SHORT);
    const size_t first = out->n, nnormal = e->normal.text.n;
    reserve(out, nnormal);
    size_t at = 0;
    struct ift_mark added;
    while (find_added(t, &t->added_normal[control], e->normal.text.p, at, nnormal, &added)) {
        encode_words(e, at, added.from, out);
        append(out, (uint32_t)added.id, added.from);
        at = added.to;
    }
    encode_words(e, at, nnormal, out);
    if (base > 0 || t->icetk || e->normal.mapped || e->normal.shift > 0) {
        for (size_t i = first; i < out->n; i++) {
            const uint32_t from = ift_normal_source(&e->normal, out->from[i]);
            out->from[i] = (uint32_t)base + (t->icetk ? e->spelled.map[from] : from);
        }
    }
    /* What the normalizer took away in front belongs to what follows it. */
    if (out->n > first) out->from[first] = (uint32_t)base;
}

static size_t space_before(const char *p, size_t from, size_t at) {
    while (at > from) {
        size_t i = at - 1;
        while (i > from && ((unsigned char)p[i] & 0xc0) == 0x80) i--;
        uint32_t code;
        if (ift_utf8_decode(p + i, at - i, &code) != at - i || !ift_utf8_is_space(code)) break;
        at = i;
    }
    return at;
}

static size_t space_after(const char *p, size_t at, size_t to) {
    uint32_t code;
    for (size_t len;
         at < to && (len = ift_utf8_decode(p + at, to - at, &code)) > 0 && ift_utf8_is_space(code);
         at += len)
        continue;
    return at;
}

/* text[from, to) lies between two marks. White space that a token takes along may hold the next
 * token: as in tokenizers, that one is found all the same, and where it ends the text goes on. */
static void encode_gap(struct ift_encoder *e, const char *text, size_t from, size_t to,
                       bool control, struct ift_tokens *out) {
    struct ift_mark added;
    const struct ift_tokenizer *const t = e->t;
    for (size_t at = from; find_added(t, &t->added[control], text, at, to, &added);) {
        at = added.to;
        const uint64_t manner = t->manner.n > 0 ? manner_of(t, added.id) : 0;
        if (manner & IFT_STRIPS_LEFT) added.from = space_before(text, from, added.from);
        if (manner & IFT_STRIPS_RIGHT) added.to = space_after(text, added.to, to);
        if (added.from > from)
            encode_segment(e, text + from, added.from - from, from, control, out);
        reserve(out, 1);
        append(out, (uint32_t)added.id, added.from);
        from = added.to;
    }
    encode_segment(e, text + from, to - from, from, control, out);
}

/* Places never go back, not even where a token lies in what another took along. */
static void order_places(struct ift_tokens *out) {
    for (size_t i = 1; i < out->n; i++)
        if (out->from[i] < out->from[i - 1]) out->from[i] = out->from[i - 1];
}

/* Whether it is one of the tokens that the vocabulary's own tokenizer puts before a text. */
static bool stands_before(const struct ift_tokenizer *t, int32_t id) {
    for (size_t i = 0; i < t->info.nbefore; i++)
        if (id == t->info.before[i]) return true;
    return id == t->info.bos;
}

int ift_encoder_encode(struct ift_encoder *e, const char *text, size_t n,
                       const struct ift_encode_opts *opts, struct ift_tokens *out,
                       struct ift_err *err) {
    static const struct ift_encode_opts literal = {0};
    if (!opts) opts = &literal;
    out->n = 0;
    if (n > INT32_MAX)
        return IFT_FAIL(err, "a text of %zu bytes, at most %d can be one", n, INT32_MAX);
    size_t at = 0;
    e->begin = 0;
    e->end = n;
    for (size_t i = 0; i < opts->nmarks; i++) {
        const struct ift_mark m = opts->mark[i];
        if (m.from == e->begin && stands_before(e->t, m.id)) e->begin = m.to;
        encode_gap(e, text, at, m.from, opts->parse_control, out);
        reserve(out, 1);
        append(out, (uint32_t)m.id, m.from);
        at = m.to;
    }
    encode_gap(e, text, at, n, opts->parse_control, out);
    reserve(out, 0);
    out->from[out->n] = (uint32_t)n;
    out->from[0] = out->n > 0 ? 0 : (uint32_t)n;
    if (e->t->manner.n > 0) order_places(out);
    return 0;
}
