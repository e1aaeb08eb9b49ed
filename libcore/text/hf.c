#include "libcore/text/hf.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581 */
enum { NO_BYTE = -1, AHEAD = 8 };

void ift_hf_release(struct ift_hf *h) {
    ift_arena_release(&h->arena);
    ift_vocab_release(&h->name);
    free(h->token);
    free(h->special);
    *h = (struct ift_hf){0};
}

/* ---- names ---- */

/* Printable Latin-1 characters are themselves, the other bytes, in order, are U+0100 and on
 * (bytes_to_unicode of GPT-2). */
int ift_hf_byte(uint32_t code) {
    if ((code >= 0x21 && code <= 0x7e) || (code >= 0xa1 && code <= 0xac) ||
        (code >= 0xae && code <= 0xff))
        return (int)code;
    if (code >= 0x100 && code <= 0x120) return (int)(code - 0x100);
    if (code >= 0x121 && code <= 0x142) return (int)(code - 0x121 + 0x7f);
    return code == 0x143 ? 0xad : NO_BYTE;
}

bool ift_hf_text(const struct ift_hf *h, struct ift_slice name, struct ift_str *out) {
    ift_str_clear(out);
    if (!h->byte_level) {
        for (size_t i = 0; i < name.n; i++) {
            const bool meta = h->meta && name.n - i >= 3 && memcmp(name.p + i, META, 3) == 0;
            ift_str_addc(out, meta ? ' ' : name.p[i]);
            if (meta) i += 2;
        }
        return !(h->meta && memchr(name.p, ' ', name.n));
    }
    uint32_t code = 0;
    for (size_t i = 0, len; i < name.n; i += len) {
        len = ift_utf8_decode(name.p + i, name.n - i, &code);
        const int byte = ift_hf_byte(code);
        if (byte == NO_BYTE) {
            ift_str_clear(out);
            ift_str_add(out, name.p, name.n);
            return false;
        }
        ift_str_addc(out, (char)byte);
    }
    return true;
}

/* The byte of "<0x0A>". */
static int fallback_byte(const struct ift_hf *h, struct ift_slice name) {
    static const char digits[] = "0123456789ABCDEF";
    if (!h->byte_fallback || name.n != 6 || memcmp(name.p, "<0x", 3) != 0 || name.p[5] != '>')
        return NO_BYTE;
    const char *const high = memchr(digits, name.p[3], 16), *const low =
                                                                memchr(digits, name.p[4], 16);
    return high && low ? (int)((high - digits) << 4 | (low - digits)) : NO_BYTE;
}

/* ---- tokens ---- */

int ift_hf_token(struct ift_hf *h, struct ift_slice name, int64_t id, struct ift_err *err) {
    if (id < 0 || id >= IFT_ADDED_MOST_IDS)
        return IFT_FAIL(err, "the id of a token is missing or not between 0 and %d",
                        IFT_ADDED_MOST_IDS - 1);
    const size_t need = (size_t)id + 1, before = h->cap;
    h->token = ift_grow(h->token, need, &h->cap, sizeof *h->token);
    if (h->cap > before) memset(h->token + before, 0, (h->cap - before) * sizeof *h->token);
    if (need > h->n) h->n = need;
    if (h->token[id].p && !ift_slice_eq(h->token[id], name))
        return IFT_FAIL(err, "id %lld has two tokens", (long long)id);
    h->token[id] = (struct ift_slice){ift_arena_strndup(&h->arena, name.p, name.n), name.n};
    return 0;
}

int ift_hf_tokens(struct ift_hf *h, const struct ift_json *doc, int object, struct ift_err *err) {
    struct ift_str name = {0};
    int rc = 0;
    for (int key = ift_json_first(doc, object); rc == 0 && key >= 0;) {
        const int value = ift_json_next(doc, object, key);
        long long id = -1;
        if (ift_json_is(doc, value, IFT_JSON_NUMBER))
            (void)ift_parse_i64(ift_json_raw(doc, value), &id);
        ift_str_clear(&name);
        ift_json_text(doc, key, &name);
        rc = ift_hf_token(h, (struct ift_slice){name.p ? name.p : "", name.n}, id, err);
        key = ift_json_next(doc, object, value);
    }
    ift_str_release(&name);
    return rc;
}

static int add_piece(struct ift_hf *h, uint32_t id, struct ift_str *text, struct ift_err *err) {
    struct ift_tokenizer *const t = h->t;
    const struct ift_added_token *const added = ift_added_claim(h->added, id, h->token[id]);
    const struct ift_slice name = h->token[id].p || !added ? h->token[id] : added->name;
    ift_vocab_add(&h->name, name.p ? name.p : "", name.n, IFT_PIECE_NORMAL);
    if (!name.p) {
        ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
        return 0;
    }
    if (!ift_vocab_index(&h->name, id))
        return IFT_FAIL(err, "token \"%.100s\" has two ids", name.p);
    if (added && !ift_slice_eq(added->name, name)) return IFT_FAIL(err, "id %u has two tokens", id);
    const int byte = fallback_byte(h, name);
    if (byte != NO_BYTE) {
        t->byte_id[byte] = id;
        ift_vocab_add(&t->vocab, (char[]){(char)byte}, 1, IFT_PIECE_BYTE);
        return 0;
    }
    const bool reachable = ift_hf_text(h, name, text);
    h->special[id] = added && added->special;
    ift_vocab_add(&t->vocab, text->p ? text->p : "", text->n,
                  h->special[id] ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
    t->vocab.found[id] = reachable && !h->special[id] && text->n > 0;
    return 0;
}

int ift_hf_pieces(struct ift_hf *h, struct ift_err *err) {
    struct ift_str text = {0};
    int rc = 0;
    for (int b = 0; b < 256; b++) h->t->byte_id[b] = IFT_BPE_UNKNOWN;
    h->special = ift_alloc0(h->n, sizeof *h->special);
    ift_vocab_reserve(&h->name, h->n);
    for (size_t i = 0; rc == 0 && i < h->n; i++) {
        const struct ift_slice ahead = h->token[i + AHEAD < h->n ? i + AHEAD : i];
        if (ahead.p) ift_vocab_fetch(&h->name, ahead.p, ahead.n);
        rc = add_piece(h, (uint32_t)i, &text, err);
    }
    if (rc == 0) (void)ift_vocab_index_all(&h->t->vocab);
    for (size_t i = 0; rc == 0 && i < h->added->n; i++)
        if (h->byte_level && ift_hf_text(h, h->added->token[i].name, &text))
            ift_added_set_text(h->added, i, text.p, text.n);
    ift_str_release(&text);
    return rc;
}

void ift_hf_byte_tokens(struct ift_hf *h, int32_t missing) {
    for (unsigned b = 0; b < 256; b++) {
        const int32_t id = ift_vocab_find(&h->t->vocab, (char[]){(char)b}, 1);
        h->t->byte_id[b] = (uint32_t)(id >= 0 ? id : missing);
    }
}

/* ---- merges ---- */

static uint32_t symbol(struct ift_hf *h, int32_t id) {
    const struct ift_slice s = ift_vocab_piece(&h->t->vocab, (uint32_t)id);
    return h->byte_level ? (uint32_t)id : ift_spm_symbol(h->t, s.p, s.n);
}

/* The token of a name, of which a guess is mostly right. */
static int32_t find_near(const struct ift_vocab *v, int32_t guess, struct ift_slice name) {
    if (guess > 0 && guess < (int32_t)v->n &&
        ift_slice_eq(ift_vocab_piece(v, (uint32_t)guess), name))
        return guess;
    return ift_vocab_find(v, name.p, name.n);
}

int ift_hf_merge(struct ift_hf *h, uint32_t line, struct ift_str *left, struct ift_slice right,
                 struct ift_err *err) {
    ift_vocab_fetch(&h->name, left->p, left->n);
    ift_vocab_fetch(&h->name, right.p, right.n);
    const int32_t a = ift_vocab_find(&h->name, left->p, left->n),
                  b = ift_vocab_find(&h->name, right.p, right.n);
    if (a < 0) return IFT_FAIL(err, "merge %u joins \"%.100s\", which is no token", line, left->p);
    if (b < 0)
        return IFT_FAIL(err, "merge %u joins \"%.*s\", which is no token", line,
                        (int)(right.n < 100 ? right.n : 100), right.p);
    ift_str_add(left, right.p, right.n);
    const int32_t joined = find_near(&h->name, h->joined + 1, ift_str_slice(left));
    h->joined = joined;
    if (joined < 0)
        return IFT_FAIL(err, "merge %u makes \"%.100s\", which is no token", line, left->p);
    if (h->t->vocab.kind[a] == IFT_PIECE_BYTE || h->t->vocab.kind[b] == IFT_PIECE_BYTE)
        return IFT_FAIL(err, "merge %u joins a byte of byte fallback", line);
    /* Text never becomes a control token, though LLaMA's file lists merges that end in "<s>". */
    if (h->special[a] || h->special[b] || h->special[joined]) return 0;
    const uint32_t x = symbol(h, a), y = symbol(h, b);
    if (x != IFT_BPE_UNKNOWN && y != IFT_BPE_UNKNOWN)
        ift_bpe_add(&h->t->bpe, x, y, line, (uint32_t)joined);
    return 0;
}

int ift_hf_merge_line(struct ift_hf *h, uint32_t line, struct ift_slice text, struct ift_str *left,
                      struct ift_err *err) {
    const char *const space = text.n ? memchr(text.p, ' ', text.n) : NULL;
    const size_t at = space ? (size_t)(space - text.p) : 0;
    const struct ift_slice right = {text.p + at + 1, text.n - at - 1};
    if (at == 0 || at + 1 == text.n || memchr(right.p, ' ', right.n))
        return IFT_FAIL(err, "merge %u is not two tokens", line);
    ift_str_clear(left);
    ift_str_add(left, text.p, at);
    return ift_hf_merge(h, line, left, right, err);
}
