/* normalize.h: what SentencePiece does to text before it looks for pieces (normalizer.cc), with the
 * way back: every byte of the result knows the byte of the text that it came from, so that tokens
 * have places. Private to text.
 *
 * The result is in the internal form of vocab.h: U+2581 is a space. Where a model changes nothing
 * but spaces (all LLaMA-like ones) and the text is plain, this is one memcpy.
 */
#ifndef IFT_NORMALIZE_H
#define IFT_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/err.h"
#include "libcore/base/str.h"
#include "libcore/text/trie.h"

/* A bit a character that is left alone: no rule, and no piece of `user`, is in front of it, but for
 * those of `begins`, which some rule begins with and goes on. */
struct ift_normalizer_quiet {
    uint64_t alone, begins;
};

/* Whose normal form C. A mark of a later Unicode than a library knows is a character like any other
 * to it: what lies on both sides neither changes places nor is joined. */
enum ift_nfc {
    IFT_NFC_NONE,
    IFT_NFC_LATEST, /* Python's: all that utf8proc knows */
    IFT_NFC_9,      /* of tokenizers: Unicode 9's */
};

struct ift_normalizer {
    bool dummy_prefix;        /* a space in front of text that is not empty */
    bool dummy_suffix;        /* or behind it */
    bool prefix_unless_space; /* but not where one is already (Metaspace, ByteLevel's
                                 add_prefix_space) */
    bool remove_extra;        /* runs of spaces become one, none at the ends */
    bool escape;              /* U+2581 means space */
    enum ift_nfc nfc;         /* Only with keep_bytes, and without the others */
    bool keep_bytes; /* bytes that are not UTF-8 stay; otherwise each becomes U+FFFD. Only without
                        all of the above */
    struct ift_str charsmap; /* the compiled replacement rules: a double array of `units` and the
                                strings it points at; empty: none */
    size_t units;
    struct ift_trie user; /* raw text of user-defined pieces: copied as they are. Only filled where
                             it matters. */
    struct ift_normalizer_quiet *quiet; /* for each 64 characters up to U+FFFF; NULL: not known */
    bool goes_on[256];  /* what some rule has behind its first character begins with this byte */
    bool starts[256];   /* a rule, or a piece of `user`, does */
    uint8_t plain[256]; /* of ASCII: 1: left alone in front of other ASCII; 2: but not behind
                           itself; 0: to be asked */
};

/* Copies and checks a precompiled_charsmap; an empty one is fine. */
int ift_normalizer_set_charsmap(struct ift_normalizer *z, struct ift_slice blob,
                                struct ift_err *err) IFT_MUST_CHECK;
/* Once the rules and `user` are there: what is derived from them. */
void ift_normalizer_settle(struct ift_normalizer *z);
void ift_normalizer_release(struct ift_normalizer *z);

/* The text that pieces are looked for in, reused from call to call. A zeroed struct is ready. */
struct ift_normal {
    struct ift_str text;
    size_t shift; /* without a map: byte i came from i - shift; the first `shift` bytes from nowhere
                     (0) */
    bool mapped;
    uint32_t *map; /* with one: byte i came from map[i]; map[text.n] is the length of the source */
    size_t cap;
};

/* p: any bytes, at most 2^31. edge: this is where the text begins (with dummy_suffix: ends), so a
 * dummy space may be due. */
void ift_normalize(const struct ift_normalizer *z, const char *p, size_t n, bool edge,
                   struct ift_normal *out);
void ift_normal_release(struct ift_normal *out);

/* Maps text[from, text.n) to the source at `to`: byte by byte when it is the same there, or all of
 * it to that one place. */
void ift_normal_map(struct ift_normal *t, size_t from, size_t to, bool same);

/* nfc.c: whether text is in that normal form by the look of it (true is certain, false is not), and
 * its normal form, appended with a map. */
bool ift_nfc_is(enum ift_nfc form, const char *p, size_t n);
void ift_nfc(enum ift_nfc form, const char *p, size_t n, struct ift_normal *out);

static inline uint32_t ift_normal_source(const struct ift_normal *t, size_t i) {
    if (t->mapped) return t->map[i];
    return i < t->shift ? 0 : (uint32_t)(i - t->shift);
}

#endif
