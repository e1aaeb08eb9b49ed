/* A tiktoken file to tokenizer: lines of a token in base64, a blank and its rank, which is its id.
 * Any two neighbours whose joined bytes are a token may merge, lowest rank first; ranks need not
 * grow with the parts, so no list of merges says the same in general, and every pair is a row of
 * the table. A word that is a token is that token, reachable by merging or not. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/tokenizer_internal.h"

enum { LONGEST = 2048 }; /* bytes of a token; published ones have up to 128 */

/* Base64 with its padding; false: it is not. */
static bool add_base64(struct ift_str *out, struct ift_slice text) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.n == 0 || text.n % 4 != 0) return false;
    for (size_t i = 0; i < text.n; i += 4) {
        uint32_t bits = 0;
        size_t n = 0;
        for (; n < 4 && text.p[i + n] != '='; n++) {
            const char *const digit = memchr(digits, text.p[i + n], 64);
            if (!digit) return false;
            bits |= (uint32_t)(digit - digits) << (18 - 6 * n);
        }
        const bool last = i + 4 == text.n;
        if (n < 2 || (n < 4 && !last) || (n == 2 && text.p[i + 3] != '=')) return false;
        for (size_t k = 0; k + 1 < n; k++) ift_str_addc(out, (char)(bits >> (16 - 8 * k)));
    }
    return true;
}

bool ift_tiktoken_is(struct ift_slice text) {
    const char *const end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    const char *const space = end ? memchr(text.p, ' ', (size_t)(end - text.p)) : NULL;
    if (!space || space + 1 == end || end - text.p > 400) return false;
    struct ift_str token = {0};
    const bool good = add_base64(&token, (struct ift_slice){text.p, (size_t)(space - text.p)});
    ift_str_release(&token);
    return good && strspn(space + 1, "0123456789\r") >= (size_t)(end - space - 1);
}

/* Tokens by rank. */
struct ranks {
    struct ift_arena arena;
    struct ift_slice *token;
    size_t n, cap;
};

static int read_line(struct ranks *r, struct ift_slice line, struct ift_str *token,
                     struct ift_err *err) {
    const char *const space = memchr(line.p, ' ', line.n);
    const size_t at = space ? (size_t)(space - line.p) : line.n;
    long long rank;
    ift_str_clear(token);
    if (!space || !add_base64(token, (struct ift_slice){line.p, at}) ||
        !ift_parse_i64((struct ift_slice){space + 1, line.n - at - 1}, &rank))
        return IFT_FAIL(err, "not a token in base64, a blank and a rank");
    if (rank < 0 || rank >= IFT_ADDED_MOST_IDS)
        return IFT_FAIL(err, "the rank is not between 0 and %d", IFT_ADDED_MOST_IDS - 1);
    if (token->n > LONGEST)
        return IFT_FAIL(err, "a token of %zu bytes, at most %d can be one", token->n, LONGEST);
    const size_t before = r->cap;
    r->token = ift_grow(r->token, (size_t)rank + 1, &r->cap, sizeof *r->token);
    if (r->cap > before) memset(r->token + before, 0, (r->cap - before) * sizeof *r->token);
    if (r->token[rank].p) return IFT_FAIL(err, "rank %lld has two tokens", rank);
    r->token[rank] = (struct ift_slice){ift_arena_strndup(&r->arena, token->p, token->n), token->n};
    if ((size_t)rank >= r->n) r->n = (size_t)rank + 1;
    return 0;
}

static int read_lines(struct ranks *r, struct ift_slice text, struct ift_err *err) {
    struct ift_str token = {0};
    int rc = 0;
    size_t number = 1;
    for (size_t at = 0, next; rc == 0 && at < text.n; at = next, number++) {
        const char *const end = memchr(text.p + at, '\n', text.n - at);
        struct ift_slice line = {text.p + at, (end ? (size_t)(end - text.p) : text.n) - at};
        next = at + line.n + 1;
        if (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
        if (line.n > 0) rc = read_line(r, line, &token, err);
    }
    if (rc < 0) ift_fail_in(err, "line %zu", number - 1);
    ift_str_release(&token);
    return rc;
}

static int add_tokens(struct ift_tokenizer *t, const struct ranks *r, struct ift_added *added,
                      struct ift_err *err) {
    for (uint32_t id = 0; id < r->n; id++) {
        const struct ift_slice s = r->token[id];
        const struct ift_added_token *const a = ift_added_claim(added, id, s);
        if (a && s.p && !ift_slice_eq(a->name, s))
            return IFT_FAIL(err, "id %u is both in the vocabulary and added as \"%.100s\"", id,
                            a->name.p);
        const bool special = a && a->special;
        if (s.p)
            ift_vocab_add(&t->vocab, s.p, s.n, special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
        else if (a)
            ift_vocab_add(&t->vocab, a->name.p, a->name.n,
                          special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
        else
            ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
        t->vocab.found[id] = s.p && !special;
    }
    const int64_t twice = ift_vocab_index_all(&t->vocab);
    if (twice >= 0)
        return IFT_FAIL(err, "the token of rank %lld has another one too", (long long)twice);
    for (unsigned b = 0; b < 256; b++) {
        const int32_t id = ift_vocab_find(&t->vocab, (char[]){(char)b}, 1);
        if (id < 0) return IFT_FAIL(err, "byte %02X has no token: text would be lost", b);
        t->byte_id[b] = (uint32_t)id;
    }
    return 0;
}

static void add_pairs(struct ift_tokenizer *t) {
    for (uint32_t id = 0; id < t->vocab.n; id++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, id);
        if (s.n < 2 || !t->vocab.found[id]) continue;
        for (size_t i = 1; i < s.n; i++) {
            ift_vocab_fetch(&t->vocab, s.p, i);
            ift_vocab_fetch(&t->vocab, s.p + i, s.n - i);
        }
        for (size_t i = 1; i < s.n; i++) {
            const int32_t left = ift_vocab_find(&t->vocab, s.p, i);
            if (left < 0) continue;
            const int32_t right = ift_vocab_find(&t->vocab, s.p + i, s.n - i);
            if (right >= 0) ift_bpe_add(&t->bpe, (uint32_t)left, (uint32_t)right, id, id);
        }
    }
}

int ift_tokenizer_read_tiktoken(struct ift_tokenizer *t, struct ift_slice text,
                                struct ift_added *added, struct ift_err *err) {
    struct ranks r = {0};
    t->scheme = &ift_scheme_bytes;
    t->normalizer.keep_bytes = true;
    t->whole_words = true;
    int rc = read_lines(&r, text, err);
    if (rc == 0) rc = add_tokens(t, &r, added, err);
    if (rc == 0) add_pairs(t);
    ift_arena_release(&r.arena);
    free(r.token);
    return rc;
}
