/* tokenizer_internal.h: what a vocabulary's file becomes, shared by the readers that fill it and
 * the encoder and decoder that use it. Private to text.
 *
 * Encoding is a fixed row of steps, each a member here:
 *
 *     marks and added tokens are cut out          added
 *     (ChatGLM-6B: blanks are spelled)            icetk
 *     the rest is normalized                      normalizer
 *     and cut into words                          scheme->cut
 *     a word is looked up, or split into tokens   wordcache, scheme->split
 */
#ifndef IFT_TOKENIZER_INTERNAL_H
#define IFT_TOKENIZER_INTERNAL_H

#include "libcore/base/mem.h"
#include "libcore/text/added.h"
#include "libcore/text/bounds.h"
#include "libcore/text/bpe.h"
#include "libcore/text/joins.h"
#include "libcore/text/normalize.h"
#include "libcore/text/pretoken.h"
#include "libcore/text/tokenizer.h"
#include "libcore/text/trie.h"
#include "libcore/text/unigram.h"
#include "libcore/text/vocab.h"
#include "libcore/text/wordcache.h"

struct ift_encoder {
    const struct ift_tokenizer *t;
    struct ift_normal spelled, normal;
    struct ift_classes classes;
    struct ift_bpe_work work;
    struct ift_bounds bounds; /* of the words of normal.text[bounds_from …) */
    size_t bounds_from;
    struct ift_unigram_work unigram;
    const struct ift_tokens *made; /* unigram: tokens so far, … */
    size_t added;                  /* … up to which their scores are in unigram.score, and */
    double reach;                  /* more than that of all of them can be, its sign aside */
    struct ift_bpe_symbol *token;  /* of the word being split */
    size_t ntokens, cap;
    unsigned sure; /* the scheme's word on them, for when they are remembered */
    struct ift_wordcache cache;
    size_t left;  /* bytes: of the word that is being cut into parts */
    bool part;    /* the present word is such a part, and split otherwise than a word would be */
    size_t begin; /* where the text begins: behind a BOS, which is not part of it */
    size_t end;
};

static inline void ift_encoder_token(struct ift_encoder *e, uint32_t id, uint32_t from) {
    if (e->ntokens == e->cap)
        e->token = ift_grow(e->token, e->ntokens + 1, &e->cap, sizeof *e->token);
    e->token[e->ntokens++] = (struct ift_bpe_symbol){id, from};
}

/* A word on its way: cut off, not yet looked up. */
struct ift_encoder_word {
    struct ift_wordcache_key key;
    uint32_t from, n; /* in the normalized text */
    int32_t whole;    /* the token that it is, or -1: to be looked up, or split */
    bool part;        /* it is split as a part of a word */
};
/* As many as are looked up together, so that memory is waited for once. */
enum { IFT_ENCODER_BATCH = 64 };

/* A way of segmenting. */
struct ift_scheme {
    /* Looks at the normalized text p[0, n), n >= 1, which is cut next, for e->bounds. */
    void (*begin)(struct ift_encoder *e, const char *p, size_t n);
    /* Cuts up to BATCH words off the normalized text from *from on, *from < to, and moves *from
     * behind them. Returns how many, at least one. */
    size_t (*cut)(struct ift_encoder *e, size_t *from, size_t to, struct ift_encoder_word *batch);
    /* Puts a word's tokens into e->token: ids, and where each begins in the word, the first at 0.
     * At least one. */
    void (*split)(struct ift_encoder *e, const char *p, size_t n);
    /* Whether the word at p still becomes the tokens that are remembered, and if so, goes on behind
     * it. NULL: always. With it only words that split is sure of, e->sure > 0, are remembered. */
    bool (*recall)(struct ift_encoder *e, const char *p, const struct ift_wordcache_slot *slot);
};
extern const struct ift_scheme ift_scheme_chars;  /* SentencePiece BPE: spm.c */
extern const struct ift_scheme ift_scheme_pieces; /* unigram: pieces.c */
extern const struct ift_scheme ift_scheme_bytes;  /* byte-level BPE: bytelevel.c */

/* The body of every `cut`. word: the length, >= 1, of the first word of p[0, n), n >= 1, behind
 * which 16 bytes may be read; *whole, which is -1, becomes its id where that is known already. */
typedef size_t ift_scheme_word_fn(struct ift_encoder *e, const char *p, size_t n, int32_t *whole);
__attribute__((always_inline)) static inline size_t ift_encoder_cut(struct ift_encoder *e,
                                                                    size_t *from, size_t to,
                                                                    struct ift_encoder_word *batch,
                                                                    ift_scheme_word_fn *word) {
    const char *const p = e->normal.text.p;
    size_t n = 0, at = *from;
    for (; n < IFT_ENCODER_BATCH && at < to; n++) {
        struct ift_encoder_word *const w = &batch[n];
        w->from = (uint32_t)at;
        w->whole = -1;
        e->part = false;
        const size_t len = word(e, p + at, to - at, &w->whole);
        w->part = e->part;
        w->n = (uint32_t)len;
        w->key.n = 0; /* of no word that is remembered */
        if (len <= IFT_WORDCACHE_LONGEST) {
            w->key = ift_wordcache_key(p + at, len, w->part);
            ift_wordcache_fetch(&e->cache, &w->key);
        }
        at += len;
    }
    *from = at;
    return n;
}

/* Where p is to the bounds. */
static inline size_t ift_encoder_place(const struct ift_encoder *e, const char *p) {
    return (size_t)(p - e->normal.text.p) - e->bounds_from;
}

/* Characters: the length of the word at p. */
static inline size_t ift_encoder_to_bound(struct ift_encoder *e, const char *p) {
    const size_t at = ift_encoder_place(e, p);
    return ift_bounds_next(&e->bounds, at) - at;
}

/* How an added token stands in text. */
enum ift_manner { IFT_STRIPS_LEFT = 1, IFT_STRIPS_RIGHT = 2, IFT_SINGLE_WORD = 4 };

/* What to do with the bytes of a text's tokens, beyond putting them one after the other. */
struct ift_decoding {
    bool whole_runs;  /* a run of byte pieces that is not UTF-8 as a whole is one U+FFFD a byte
                       * (tokenizers); otherwise only its  bytes that belong to no character are
                       * (sentencepiece) */
    bool first_bare;  /* the first token loses its spaces (tokenizers' Metaspace) */
    bool strip_first; /* the text's first space goes (tokenizers' Strip) */
    bool strip_dummy; /* the dummy prefix goes, piece by piece as sentencepiece does it … */
    bool strip_extra; /* … and with it every leading space */
    char *unknown;    /* how the unknown piece shows; NULL: by its name */
};

/* A piece as decoding wants it: in one place, and copied whole whatever its length. */
struct ift_shown {
    char text[15];
    uint8_t n; /* beyond 15: not that simple */
};
enum { IFT_SHOWN_BYTE = 254 /* text[0] of byte fallback */, IFT_SHOWN_NOT };

struct ift_tokenizer {
    struct ift_tokenizer_info info;
    struct ift_vocab vocab;
    const struct ift_scheme *scheme;
    bool icetk; /* line breaks and runs of blanks are spelled: icetk.c */
    struct ift_normalizer normalizer;
    struct ift_bpe bpe;
    bool prefix_everywhere; /* a dummy prefix after each mark and added token too, not only at the
                               start */
    bool fuse_unknown;      /* neighbouring unknown characters are one unk */

    /* tokens found in text before anything else: [1] with control tokens, [0] without; in the text
     * as it is, and as normalized */
    struct ift_trie added[2], added_normal[2];
    struct ift_u64map manner; /* of an added token: id -> bits of enum ift_manner */

    /* characters, unigram */
    struct ift_joins joins;
    bool byte_fallback;
    bool split_spaces; /* no piece goes on across the start of a space */
    struct ift_unigram unigram;

    /* characters, BPE */
    struct ift_u64map chars; /* a character's bytes as a number -> symbol; beyond the vocabulary: a
                              * character that is no piece itself but part of some */
    uint32_t nsymbols;
    uint32_t ascii_symbol[128];
    struct ift_trie user;

    /* bytes */
    ift_pretoken_fn *pretoken;
    enum ift_pretoken_kind kind; /* what of it needs no scanner */
    bool whole_words; /* a word that is a piece is that piece, whatever merging would give */

    uint32_t byte_id[256];
    struct ift_decoding decoding;
    struct ift_shown *shown; /* by id */
};

/* Opens what a .model or tokenizer.json says. Messages do not name it. */
int ift_tokenizer_open_text(struct ift_tokenizer **t, struct ift_slice text,
                            struct ift_err *err) IFT_MUST_CHECK;

/* Readers: fill a zeroed tokenizer from the text of a file. Messages do not name it. All but the
 * first leave what `added` has behind the vocabulary to ift_added_finish. */
int ift_tokenizer_read_json(struct ift_tokenizer *t, struct ift_slice text,
                            struct ift_err *err) IFT_MUST_CHECK;
/* SentencePiece; first: the id of its first piece. */
int ift_tokenizer_read_model(struct ift_tokenizer *t, struct ift_slice text, uint32_t first,
                             struct ift_added *added, struct ift_err *err) IFT_MUST_CHECK;
/* The next two say nothing about how words are cut: the caller sets pretoken. */
int ift_tokenizer_read_gpt2(struct ift_tokenizer *t, struct ift_slice vocab,
                            struct ift_slice merges, struct ift_added *added,
                            struct ift_err *err) IFT_MUST_CHECK;
int ift_tokenizer_read_tiktoken(struct ift_tokenizer *t, struct ift_slice text,
                                struct ift_added *added, struct ift_err *err) IFT_MUST_CHECK;
bool ift_tiktoken_is(struct ift_slice text); /* by the look of its first line */

/* vocab_folder.c: fills a zeroed tokenizer from a folder; from a tiktoken file, with what the
 * settings beside it say. Messages begin with the file. */
int ift_tokenizer_read_folder(struct ift_tokenizer *t, const char *folder,
                              struct ift_err *err) IFT_MUST_CHECK;
int ift_tokenizer_read_tiktoken_file(struct ift_tokenizer *t, const char *path,
                                     struct ift_err *err) IFT_MUST_CHECK;

/* icetk.c: text as ChatGLM-6B's model is to see it, with a map back; and what such spellings in
 * out[from, out->n) stand for. */
void ift_icetk_spell(const char *p, size_t n, struct ift_normal *out);
void ift_icetk_read(struct ift_str *out, size_t from);

/* For readers of the chars scheme, once vocab and its index are filled: the symbol of a text, of
 * which they have found that it is piece `id`, or, -1, none. A single character has one in any
 * case, which is made when it is new; otherwise IFT_BPE_UNKNOWN. Then pairs are added, then
 * ift_spm_finish builds what is derived from them. */
uint32_t ift_spm_symbol(struct ift_tokenizer *t, const char *p, size_t n, int32_t id);
void ift_spm_finish(struct ift_tokenizer *t);
/* For readers of the pieces scheme, once vocab and unigram are filled. byte_name: by id, what
 * stands in text for a byte piece all the same; NULL: nothing does. */
int ift_pieces_finish(struct ift_tokenizer *t, const struct ift_slice *byte_name,
                      struct ift_err *err) IFT_MUST_CHECK;
/* For readers of the bytes scheme, once vocab is filled. */
void ift_bytes_finish(struct ift_tokenizer *t);

/* decode.c: fills `shown`, at the end of all. */
void ift_decode_finish(struct ift_tokenizer *t);

/* For both: the token or tokens of normalized text p[from, to) that has no piece. */
void ift_spm_unknown(struct ift_encoder *e, const char *p, uint32_t from, uint32_t to);

#endif
