#include <stdlib.h>
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/tokenizer_internal.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the ill-formed sequence at p: the longest start of a character that some bytes could
 * have completed, at least one byte; what Unicode calls a maximal subpart and both Python and Rust
 * replace by one U+FFFD. */
static size_t ill_formed(const char *p, size_t n) {
    const unsigned char *const b = (const unsigned char *)p;
    if (b[0] < 0xc2 || b[0] > 0xf4 || n == 1) return 1;
    const unsigned low = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
    const unsigned high = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
    if (b[0] < 0xe0 || b[1] < low || b[1] > high) return 1;
    if (b[0] < 0xf0 || n == 2 || (b[2] & 0xc0) != 0x80) return 2;
    return 3;
}

/* Appends bytes as UTF-8; `each`: every stray byte is replaced by itself. */
static void add_lossy(struct ift_str *out, const char *p, size_t n, bool each) {
    for (;;) {
        const size_t good = ift_utf8_check(p, n);
        ift_str_add(out, p, good);
        if (good == n) return;
        const size_t bad = each ? 1 : ill_formed(p + good, n - good);
        ift_str_adds(out, REPLACEMENT);
        p += good + bad;
        n -= good + bad;
    }
}

/* A run of byte pieces, out[from, out->n), has ended. */
static void end_bytes(const struct ift_decoding *d, size_t from, struct ift_str *out) {
    const size_t n = out->n - from;
    if (n == 0 || ift_utf8_check(out->p + from, n) == n) return;
    char *const run = ift_strndup(out->p + from, n);
    out->n = from;
    if (d->whole_runs)
        for (size_t i = 0; i < n; i++) ift_str_adds(out, REPLACEMENT);
    else
        add_lossy(out, run, n, true);
    free(run);
}

static int check_ids(const struct ift_tokenizer *t, const int32_t *ids, size_t n,
                     struct ift_err *err) {
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || (uint32_t)ids[i] >= t->info.size)
            return IFT_FAIL(err, "token %d: the vocabulary has ids 0 to %u", ids[i],
                            t->info.size - 1);
    return 0;
}

void ift_decode_finish(struct ift_tokenizer *t) {
    t->shown = ift_alloc_table(t->vocab.n, sizeof *t->shown);
    for (uint32_t i = 0; i < t->vocab.n; i++) {
        struct ift_shown *const shown = &t->shown[i];
        const struct ift_slice s = ift_vocab_piece(&t->vocab, i);
        const uint8_t kind = t->vocab.kind[i];
        *shown = (struct ift_shown){.n = IFT_SHOWN_NOT};
        if (kind == IFT_PIECE_BYTE) *shown = (struct ift_shown){{*s.p}, IFT_SHOWN_BYTE};
        if ((kind != IFT_PIECE_NORMAL && kind != IFT_PIECE_USER) || s.n > sizeof shown->text)
            continue;
        if (s.n > 0) memcpy(shown->text, s.p, s.n);
        shown->n = (uint8_t)s.n;
    }
}

/* Whether ids[i, n) begins with three byte pieces that are a character, as most are. */
static inline bool is_three(const struct ift_tokenizer *t, const int32_t *ids, size_t n,
                            char to[3]) {
    if (n < 3) return false;
    unsigned char *const b = (unsigned char *)to;
    bool bytes = true;
    for (size_t k = 0; k < 3; k++) {
        bytes = bytes && t->shown[ids[k]].n == IFT_SHOWN_BYTE;
        b[k] = (unsigned char)t->shown[ids[k]].text[0];
    }
    return bytes && b[0] > 0xe0 && b[0] < 0xf0 && b[0] != 0xed && (b[1] & b[2] & 0xc0) == 0x80 &&
           ((b[1] | b[2]) & 0x40) == 0;
}

/* Appends the pieces of ids[i, n) up to the first that is not simple; returns which that is.
 * threes: nor are three byte pieces that make a character anything else. */
static inline size_t add_simple(const struct ift_tokenizer *t, const int32_t *ids, size_t i,
                                size_t n, bool threes, struct ift_str *out) {
    const size_t piece = sizeof *t->shown;
    char *to = ift_str_reserve(out, (n - i) * piece);
    while (i < n) {
        const struct ift_shown *const shown = &t->shown[ids[i]];
        if (shown->n <= sizeof shown->text) {
            memcpy(to, shown, piece);
            to += shown->n;
            i++;
        } else if (threes && is_three(t, ids + i, n - i, to)) {
            to += 3;
            i += 3;
        } else {
            break;
        }
    }
    *to = '\0';
    out->n = (size_t)(to - out->p);
    return i;
}

/* Appends the bytes of ids[i, n) up to the first that is no byte piece; returns which that is. */
static size_t add_byte_pieces(const struct ift_tokenizer *t, const int32_t *ids, size_t i, size_t n,
                              struct ift_str *out) {
    char *to = ift_str_reserve(out, n - i);
    for (; i < n && t->shown[ids[i]].n == IFT_SHOWN_BYTE; i++) *to++ = t->shown[ids[i]].text[0];
    *to = '\0';
    out->n = (size_t)(to - out->p);
    return i;
}

static void decode_bytes(const struct ift_tokenizer *t, const int32_t *ids, size_t n,
                         bool keep_control, struct ift_str *out) {
    const size_t start = out->n;
    for (size_t i = 0; (i = add_simple(t, ids, i, n, false, out)) < n; i++) {
        const struct ift_slice s = ift_vocab_piece(&t->vocab, (uint32_t)ids[i]);
        if (keep_control || t->vocab.kind[ids[i]] != IFT_PIECE_CONTROL) ift_str_add(out, s.p, s.n);
    }
    const size_t good = ift_utf8_check(out->p + start, out->n - start);
    if (start + good == out->n) return;
    const size_t nbad = out->n - start - good;
    char *const bad = ift_strndup(out->p + start + good, nbad);
    out->n = start + good;
    add_lossy(out, bad, nbad, false);
    free(bad);
}

static void drop_spaces(struct ift_str *out, size_t from) {
    size_t n = from;
    for (size_t i = from; i < out->n; i++)
        if (out->p[i] != ' ') out->p[n++] = out->p[i];
    out->n = n;
    out->p[n] = '\0';
}

/* sentencepiece_processor.cc, Decode: spaces at the start go piece by piece, and "the start" is
 * over before the first piece, byte pieces apart, that follows text or a stripped space. */
static void decode_chars(const struct ift_tokenizer *t, const int32_t *ids, size_t n,
                         bool keep_control, struct ift_str *out) {
    const struct ift_decoding *const d = &t->decoding;
    const size_t start = out->n;
    size_t good = start; /* behind it lies a run of byte pieces that has not ended */
    bool at_start = d->strip_dummy, stripped = false, began = false;
    for (size_t i = 0; i < n;) {
        if (began && !at_start && good == out->n) {
            i = add_simple(t, ids, i, n, !d->whole_runs, out);
            good = out->n;
            if (i == n) break;
        }
        if (t->shown[ids[i]].n == IFT_SHOWN_BYTE) {
            began = true;
            i = add_byte_pieces(t, ids, i, n, out);
            continue;
        }
        struct ift_slice s = ift_vocab_piece(&t->vocab, (uint32_t)ids[i]);
        const enum ift_piece_kind kind = t->vocab.kind[ids[i++]];
        const bool skip = kind == IFT_PIECE_CONTROL && !keep_control;
        if (skip && d->whole_runs) continue; /* as if it had not been there */
        end_bytes(d, good, out);
        good = out->n;
        if (stripped || out->n > start) at_start = false;
        stripped = false;
        if (skip) continue;
        if (kind == IFT_PIECE_UNKNOWN && d->unknown) s = ift_slice(d->unknown);
        const bool text = kind == IFT_PIECE_NORMAL || kind == IFT_PIECE_USER;
        if (at_start && text && s.n > 0 && s.p[0] == ' ') {
            s = (struct ift_slice){s.p + 1, s.n - 1};
            stripped = !d->strip_extra;
        }
        ift_str_add(out, s.p, s.n);
        if (d->first_bare && !began) drop_spaces(out, out->n - s.n);
        good = out->n;
        began = true;
    }
    end_bytes(d, good, out);
    if (d->strip_first && out->n > start && out->p[start] == ' ') {
        out->n--;
        memmove(out->p + start, out->p + start + 1, out->n - start);
        out->p[out->n] = '\0';
    }
}

int ift_tokenizer_decode(const struct ift_tokenizer *t, const int32_t *ids, size_t n,
                         bool keep_control, struct ift_str *out, struct ift_err *err) {
    const size_t from = out->n;
    IFT_TRY(check_ids(t, ids, n, err));
    if (t->scheme == &ift_scheme_bytes)
        decode_bytes(t, ids, n, keep_control, out);
    else
        decode_chars(t, ids, n, keep_control, out);
    if (t->icetk) ift_icetk_read(out, from);
    return 0;
}
