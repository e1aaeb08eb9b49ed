/* A tiktoken file to tokenizer: lines of a token in base64, a blank and its rank, which is its id.
 * Any two neighbours whose joined bytes are a token may merge, lowest rank first; ranks need not
 * grow with the parts, so no list of merges says the same in general, and every pair is a row of
 * the table. A word that is a token is that token, reachable by merging or not. */
#include <stdlib.h>
#include <string.h>

#include "libcore/text/cuts.h"
#include "libcore/text/tokenizer_internal.h"

enum { LONGEST = 2048 }; /* bytes of a token; published ones have up to 128 */

enum { NO_DIGIT = 64 };

/* By character: its value in base64. */
struct digits {
    uint8_t value[256];
};

static struct digits base64_digits(void) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct digits d;
    memset(d.value, NO_DIGIT, sizeof d.value);
    for (uint8_t i = 0; i < 64; i++) d.value[(unsigned char)digits[i]] = i;
    return d;
}

/* Base64 with its padding; false: it is not. */
static bool add_base64(struct ift_str *out, const struct digits *d, struct ift_slice text) {
    const unsigned char *const p = (const unsigned char *)text.p;
    if (text.n == 0 || text.n % 4 != 0) return false;
    const size_t padding = p[text.n - 1] != '=' ? 0 : p[text.n - 2] != '=' ? 1 : 2;
    char *const to = ift_str_reserve(out, text.n);
    size_t n = 0;
    unsigned any = 0;
    for (size_t i = 0; i < text.n; i += 4) {
        uint32_t bits = 0;
        const size_t ndigits = i + 4 == text.n ? 4 - padding : 4;
        for (size_t k = 0; k < 4; k++) {
            const unsigned digit = k < ndigits ? d->value[p[i + k]] : 0;
            any |= digit;
            bits = bits << 6 | digit;
        }
        for (size_t k = 0; k < 3; k++) to[n + k] = (char)(bits >> (16 - 8 * k));
        n += 3;
    }
    out->n += n - padding;
    to[n - padding] = '\0';
    return any < NO_DIGIT;
}

bool ift_tiktoken_is(struct ift_slice text) {
    const char *const end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    const char *const space = end ? memchr(text.p, ' ', (size_t)(end - text.p)) : NULL;
    if (!space || space + 1 == end || end - text.p > 400) return false;
    struct ift_str token = {0};
    const struct digits digits = base64_digits();
    const bool good =
        add_base64(&token, &digits, (struct ift_slice){text.p, (size_t)(space - text.p)});
    ift_str_release(&token);
    return good && strspn(space + 1, "0123456789\r") >= (size_t)(end - space - 1);
}

/* Tokens by rank. */
struct ranks {
    struct digits digits;
    struct ift_str bytes; /* of all tokens */
    struct place {
        uint32_t from, n; /* n 0: no token */
    } * token;
    size_t n, cap;
};

static struct ift_slice token_of(const struct ranks *r, size_t rank) {
    return (struct ift_slice){r->bytes.p + r->token[rank].from, r->token[rank].n};
}

static int read_line(struct ranks *r, struct ift_slice line, struct ift_err *err) {
    const char *const space = memchr(line.p, ' ', line.n);
    const size_t at = space ? (size_t)(space - line.p) : line.n, from = r->bytes.n;
    long long rank;
    if (!space || !add_base64(&r->bytes, &r->digits, (struct ift_slice){line.p, at}) ||
        !ift_parse_i64((struct ift_slice){space + 1, line.n - at - 1}, &rank))
        return IFT_FAIL(err, "not a token in base64, a blank and a rank");
    if (rank < 0 || rank >= IFT_ADDED_MOST_IDS)
        return IFT_FAIL(err, "the rank is not between 0 and %d", IFT_ADDED_MOST_IDS - 1);
    const size_t n = r->bytes.n - from;
    if (n > LONGEST)
        return IFT_FAIL(err, "a token of %zu bytes, at most %d can be one", n, LONGEST);
    const size_t before = r->cap;
    r->token = ift_grow(r->token, (size_t)rank + 1, &r->cap, sizeof *r->token);
    if (r->cap > before) memset(r->token + before, 0, (r->cap - before) * sizeof *r->token);
    if (r->token[rank].n > 0) return IFT_FAIL(err, "rank %lld has two tokens", rank);
    r->token[rank] = (struct place){(uint32_t)from, (uint32_t)n};
    if ((size_t)rank >= r->n) r->n = (size_t)rank + 1;
    return 0;
}

static int read_lines(struct ranks *r, struct ift_slice text, struct ift_err *err) {
    int rc = 0;
    size_t number = 1;
    for (size_t at = 0, next; rc == 0 && at < text.n; at = next, number++) {
        const char *const end = memchr(text.p + at, '\n', text.n - at);
        struct ift_slice line = {text.p + at, (end ? (size_t)(end - text.p) : text.n) - at};
        next = at + line.n + 1;
        if (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
        if (line.n > 0) rc = read_line(r, line, err);
    }
    return rc < 0 ? ift_fail_in(err, "line %zu", number - 1) : 0;
}

static int add_tokens(struct ift_tokenizer *t, const struct ranks *r, struct ift_added *added,
                      struct ift_err *err) {
    ift_vocab_reserve(&t->vocab, r->n);
    for (uint32_t id = 0; id < r->n; id++) {
        const struct ift_slice s = token_of(r, id);
        const struct ift_added_token *const a = ift_added_claim(added, id, s);
        if (a && s.n > 0 && !ift_slice_eq(a->name, s))
            return IFT_FAIL(err, "id %u is both in the vocabulary and added as \"%.100s\"", id,
                            a->name.p);
        const bool special = a && a->special;
        if (s.n > 0)
            ift_vocab_add(&t->vocab, s.p, s.n, special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
        else if (a)
            ift_vocab_add(&t->vocab, a->name.p, a->name.n,
                          special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
        else
            ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
        t->vocab.found[id] = s.n > 0 && !special;
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

static void add_pair(void *ctx, const struct ift_cut *cut) {
    struct ift_tokenizer *const t = ctx;
    if (cut->left >= 0 && cut->right >= 0)
        ift_bpe_add(&t->bpe, (uint32_t)cut->left, (uint32_t)cut->right, cut->id, cut->id);
}

int ift_tokenizer_read_tiktoken(struct ift_tokenizer *t, struct ift_slice text,
                                struct ift_added *added, struct ift_err *err) {
    struct ranks r = {.digits = base64_digits()};
    t->scheme = &ift_scheme_bytes;
    t->normalizer.keep_bytes = true;
    t->whole_words = true;
    int rc = read_lines(&r, text, err);
    if (rc == 0) rc = add_tokens(t, &r, added, err);
    if (rc == 0) {
        ift_bpe_reserve(&t->bpe, 2 * r.n); /* about as many as there are */
        ift_cuts_each(&t->vocab, IFT_CUTS_BYTES, add_pair, t);
    }
    ift_str_release(&r.bytes);
    free(r.token);
    return rc;
}
