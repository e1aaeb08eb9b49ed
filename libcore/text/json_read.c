/* tokenizer.json to tokenizer. The file describes a pipeline of components; every one of them is
 * either understood or refused by its name. What the components mean: huggingface/tokenizers 0.23.
 */
#include <stdlib.h>
#include <string.h>

#include "libcore/io/json.h"
#include "libcore/io/utf8.h"
#include "libcore/text/tokenizer_internal.h"

#define META "\xe2\x96\x81" /* U+2581 */
enum { MOST_IDS = 1 << 21, BEYOND = -1 }; /* published vocabularies have up to 2^18 */

struct reader {
    struct ift_tokenizer *t;
    struct ift_json doc;
    int model;
    struct ift_vocab name; /* tokens as the file spells them, every one indexed */
    bool *special;         /* by id */
    bool byte_level, meta; /* the vocabulary spells bytes as characters; spaces as U+2581 */
    bool byte_fallback, split_regex, normalizes;
};

static bool is_null(const struct reader *r, int node) {
    return node < 0 || ift_json_is(&r->doc, node, IFT_JSON_NULL);
}

static bool is_true(const struct reader *r, int object, const char *key) {
    return ift_json_is(&r->doc, ift_json_get(&r->doc, object, key), IFT_JSON_TRUE);
}

static bool is_text(const struct reader *r, int object, const char *key, const char *text) {
    return ift_json_text_is(&r->doc, ift_json_get(&r->doc, object, key), text);
}

static int64_t whole_number(const struct reader *r, int node) {
    const struct ift_slice raw = ift_json_raw(&r->doc, node);
    long long value;
    return ift_json_is(&r->doc, node, IFT_JSON_NUMBER) && ift_parse_i64(raw, &value) ? value
                                                                                     : BEYOND;
}

static int refuse(const struct reader *r, const char *what, int component, struct ift_err *err) {
    struct ift_str type = {0};
    const int node = ift_json_get(&r->doc, component, "type");
    if (ift_json_is(&r->doc, node, IFT_JSON_STRING)) ift_json_text(&r->doc, node, &type);
    ift_fail(err, "%s %s, as set here, is not supported", what, type.n ? type.p : "without a type");
    ift_str_release(&type);
    return -1;
}

/* Calls `one` for a component or, in order, for each inside a Sequence whose list has this key. */
typedef int component_fn(struct reader *r, int component, struct ift_err *err);
static int each(struct reader *r, int component, const char *list, component_fn *one,
                struct ift_err *err) {
    if (is_null(r, component)) return 0;
    if (!is_text(r, component, "type", "Sequence")) return one(r, component, err);
    const int array = ift_json_get(&r->doc, component, list);
    for (int c = ift_json_first(&r->doc, array); c >= 0; c = ift_json_next(&r->doc, array, c))
        IFT_TRY(each(r, c, list, one, err));
    return 0;
}

static bool replaces_space(const struct reader *r, int component, const char *from,
                           const char *to) {
    return is_text(r, component, "type", "Replace") && is_text(r, component, "content", to) &&
           is_text(r, ift_json_get(&r->doc, component, "pattern"), "String", from);
}

static int read_normalizer(struct reader *r, int c, struct ift_err *err) {
    struct ift_normalizer *const z = &r->t->normalizer;
    r->normalizes = true;
    if (is_text(r, c, "type", "Prepend") && is_text(r, c, "prepend", META)) {
        z->dummy_prefix = true;
        r->t->prefix_everywhere = true;
        return 0;
    }
    if (!replaces_space(r, c, " ", META)) return refuse(r, "normalizer", c, err);
    r->meta = true;
    return 0;
}

static int read_metaspace(struct reader *r, int c, struct ift_err *err) {
    const int scheme = ift_json_get(&r->doc, c, "prepend_scheme");
    if (!is_text(r, c, "replacement", META) ||
        !ift_json_is(&r->doc, ift_json_get(&r->doc, c, "split"), IFT_JSON_FALSE))
        return refuse(r, "pre-tokenizer", c, err);
    if (!ift_json_text_is(&r->doc, scheme, "first") &&
        !ift_json_text_is(&r->doc, scheme, "always") && !ift_json_text_is(&r->doc, scheme, "never"))
        return refuse(r, "pre-tokenizer", c, err);
    r->meta = true;
    r->t->normalizer.prefix_unless_space = !ift_json_text_is(&r->doc, scheme, "never");
    r->t->prefix_everywhere = ift_json_text_is(&r->doc, scheme, "always");
    return 0;
}

static int read_split(struct reader *r, int c, struct ift_err *err) {
    struct ift_str expression = {0};
    const int node = ift_json_get(&r->doc, ift_json_get(&r->doc, c, "pattern"), "Regex");
    if (ift_json_is(&r->doc, node, IFT_JSON_STRING)) ift_json_text(&r->doc, node, &expression);
    r->t->pretoken = ift_pretoken_for(ift_str_slice(&expression));
    int rc = 0;
    if (!r->t->pretoken)
        rc = IFT_FAIL(err, "pre-tokenizer Split: the pattern %.200s is not one we know",
                      expression.n ? expression.p : "\"\"");
    else if (r->split_regex || !is_text(r, c, "behavior", "Isolated") || is_true(r, c, "invert"))
        rc = refuse(r, "pre-tokenizer", c, err);
    r->split_regex = true;
    ift_str_release(&expression);
    return rc;
}

static int read_pretokenizer(struct reader *r, int c, struct ift_err *err) {
    if (is_text(r, c, "type", "Metaspace")) return read_metaspace(r, c, err);
    if (is_text(r, c, "type", "Split")) return read_split(r, c, err);
    if (!is_text(r, c, "type", "ByteLevel") || r->byte_level)
        return refuse(r, "pre-tokenizer", c, err);
    const int use_regex = ift_json_get(&r->doc, c, "use_regex");
    const bool gpt2 = is_null(r, use_regex) || ift_json_is(&r->doc, use_regex, IFT_JSON_TRUE);
    r->byte_level = true;
    r->t->normalizer.keep_bytes = true;
    /* A prefix per word, not per text, would be meant where another component has split before. */
    if (r->split_regex && (gpt2 || is_true(r, c, "add_prefix_space")))
        return refuse(r, "pre-tokenizer", c, err);
    if (is_true(r, c, "add_prefix_space"))
        r->t->normalizer.prefix_unless_space = r->t->prefix_everywhere = true;
    if (!r->split_regex) r->t->pretoken = gpt2 ? ift_pretoken_gpt2 : ift_pretoken_whole;
    return 0;
}

/* Decoders that invert what the encoder does need no settings; what else they do is a member of
 * ift_decoding. */
static int read_decoder(struct reader *r, int c, struct ift_err *err) {
    struct ift_decoding *const d = &r->t->decoding;
    if (is_text(r, c, "type", "Fuse")) return 0;
    if (is_text(r, c, "type", "ByteLevel") && r->byte_level) return 0;
    if (is_text(r, c, "type", "ByteFallback") && r->byte_fallback) return 0;
    if (r->meta && replaces_space(r, c, META, " ")) return 0;
    if (!is_text(r, c, "type", "Strip") || !is_text(r, c, "content", " ") || d->strip_first ||
        whole_number(r, ift_json_get(&r->doc, c, "start")) != 1 ||
        whole_number(r, ift_json_get(&r->doc, c, "stop")) != 0)
        return refuse(r, "decoder", c, err);
    d->strip_first = true;
    return 0;
}

static int read_post_processor(struct reader *r, int c, struct ift_err *err) {
    struct ift_tokenizer_info *const info = &r->t->info;
    if (is_text(r, c, "type", "ByteLevel")) return 0; /* touches offsets only */
    if (!is_text(r, c, "type", "TemplateProcessing")) return refuse(r, "post-processor", c, err);
    const int single = ift_json_get(&r->doc, c, "single"),
              specials = ift_json_get(&r->doc, c, "special_tokens");
    bool after = false;
    struct ift_str name = {0};
    for (int item = ift_json_first(&r->doc, single); item >= 0;
         item = ift_json_next(&r->doc, single, item)) {
        const int special = ift_json_get(&r->doc, item, "SpecialToken");
        if (special < 0) {
            after = true;
            continue;
        }
        ift_str_clear(&name);
        const int id_node = ift_json_get(&r->doc, special, "id");
        if (ift_json_is(&r->doc, id_node, IFT_JSON_STRING)) ift_json_text(&r->doc, id_node, &name);
        const int ids = ift_json_get(&r->doc, ift_json_get(&r->doc, specials, name.n ? name.p : ""),
                                     "ids");
        const int64_t id = whole_number(r, ift_json_at(&r->doc, ids, 0));
        int32_t *const place = after ? &info->eos : &info->bos;
        bool *const add = after ? &info->add_eos : &info->add_bos;
        if (id < 0 || id >= (int64_t)r->t->vocab.n || ift_json_at(&r->doc, ids, 1) >= 0 || *add) {
            ift_str_release(&name);
            return refuse(r, "post-processor", c, err);
        }
        *place = (int32_t)id;
        *add = true;
    }
    ift_str_release(&name);
    return 0;
}

/* ---- the vocabulary ---- */

struct entry {
    struct ift_slice name;
    bool special, added, normalized;
    uint8_t strip;
};

/* The byte that a character of the byte-level alphabet spells, or BEYOND: printable Latin-1
 * characters are themselves, the other bytes, in order, are U+0100 and on (bytes_to_unicode of
 * GPT-2). */
static int byte_of(uint32_t code) {
    if ((code >= 0x21 && code <= 0x7e) || (code >= 0xa1 && code <= 0xac) ||
        (code >= 0xae && code <= 0xff))
        return (int)code;
    if (code >= 0x100 && code <= 0x120) return (int)(code - 0x100);
    if (code >= 0x121 && code <= 0x142) return (int)(code - 0x121 + 0x7f);
    return code == 0x143 ? 0xad : BEYOND;
}

/* The bytes that a token stands for; false: it can never be made from text. */
static bool token_text(const struct reader *r, struct ift_slice name, struct ift_str *out) {
    ift_str_clear(out);
    if (!r->byte_level) {
        for (size_t i = 0; i < name.n; i++) {
            const bool meta = r->meta && name.n - i >= 3 && memcmp(name.p + i, META, 3) == 0;
            ift_str_addc(out, meta ? ' ' : name.p[i]);
            if (meta) i += 2;
        }
        return !(r->meta && memchr(name.p, ' ', name.n));
    }
    uint32_t code = 0;
    for (size_t i = 0, len; i < name.n; i += len) {
        len = ift_utf8_decode(name.p + i, name.n - i, &code);
        const int byte = byte_of(code);
        if (byte == BEYOND) {
            ift_str_clear(out);
            ift_str_add(out, name.p, name.n);
            return false;
        }
        ift_str_addc(out, (char)byte);
    }
    return true;
}

/* The byte of "<0x0A>", or BEYOND. */
static int fallback_byte(const struct reader *r, struct ift_slice name) {
    static const char digits[] = "0123456789ABCDEF";
    if (!r->byte_fallback || name.n != 6 || memcmp(name.p, "<0x", 3) != 0 || name.p[5] != '>')
        return BEYOND;
    const char *const high = memchr(digits, name.p[3], 16), *const low = memchr(digits, name.p[4],
                                                                                16);
    return high && low ? (int)((high - digits) << 4 | (low - digits)) : BEYOND;
}

static int add_name(const struct reader *r, struct ift_arena *a, struct entry **entry, size_t *n,
                    size_t *cap, int name, int64_t id, struct ift_err *err) {
    struct ift_str text = {0};
    if (!ift_json_is(&r->doc, name, IFT_JSON_STRING))
        return IFT_FAIL(err, "a token that is not a string");
    if (id < 0 || id >= MOST_IDS)
        return IFT_FAIL(err, "the id of a token is missing or not between 0 and %d", MOST_IDS - 1);
    const size_t need = (size_t)id + 1, before = *cap;
    *entry = ift_grow(*entry, need, cap, sizeof **entry);
    if (*cap > before) memset(*entry + before, 0, (*cap - before) * sizeof **entry);
    if (need > *n) *n = need;
    ift_json_text(&r->doc, name, &text);
    const struct ift_slice s = {ift_arena_strndup(a, text.p ? text.p : "", text.n), text.n};
    ift_str_release(&text);
    if ((*entry)[id].name.p && !ift_slice_eq((*entry)[id].name, s))
        return IFT_FAIL(err, "id %lld has two tokens", (long long)id);
    (*entry)[id].name = s;
    return 0;
}

static int gather(const struct reader *r, struct ift_arena *a, struct entry **entry, size_t *n,
                  struct ift_err *err) {
    size_t cap = 0;
    const int vocab = ift_json_get(&r->doc, r->model, "vocab"),
              added = ift_json_get(&r->doc, 0, "added_tokens");
    if (!ift_json_is(&r->doc, vocab, IFT_JSON_OBJECT))
        return IFT_FAIL(err, "the model has no vocab");
    for (int key = ift_json_first(&r->doc, vocab); key >= 0;) {
        const int value = ift_json_next(&r->doc, vocab, key);
        IFT_TRY(add_name(r, a, entry, n, &cap, key, whole_number(r, value), err));
        key = ift_json_next(&r->doc, vocab, value);
    }
    for (int v = ift_json_first(&r->doc, added); v >= 0; v = ift_json_next(&r->doc, added, v)) {
        const int64_t id = whole_number(r, ift_json_get(&r->doc, v, "id"));
        IFT_TRY(add_name(r, a, entry, n, &cap, ift_json_get(&r->doc, v, "content"), id, err));
        struct entry *const e = *entry + id;
        e->added = true;
        e->special = is_true(r, v, "special");
        e->normalized = is_true(r, v, "normalized");
        e->strip = (uint8_t)(is_true(r, v, "lstrip") | is_true(r, v, "rstrip") << 1);
        if (e->name.n == 0) return IFT_FAIL(err, "added token %lld is empty", (long long)id);
        if (is_true(r, v, "single_word"))
            return IFT_FAIL(err, "added token \"%.100s\": single_word is not supported", e->name.p);
    }
    return 0;
}

/* An added token is looked for in the text as it is or, with `normalized`, in what the normalizer
 * makes of it. */
static void add_added(struct reader *r, const struct entry *e, uint32_t id) {
    struct ift_tokenizer *const t = r->t;
    struct ift_normal text = {0};
    const bool normalized = e->normalized && r->normalizes;
    struct ift_slice s = e->name;
    if (normalized) {
        ift_normalize(&t->normalizer, s.p, s.n, true, &text);
        s = ift_str_slice(&text.text);
    }
    struct ift_trie *const trie = normalized ? t->added_normal : t->added;
    ift_trie_add(&trie[1], s.p, s.n, (int32_t)id);
    if (!e->special) ift_trie_add(&trie[0], s.p, s.n, (int32_t)id);
    if (e->strip) ift_u64map_put(&t->stripping, id, e->strip);
    ift_normal_release(&text);
}

static int add_entry(struct reader *r, const struct entry *e, uint32_t id, struct ift_str *text,
                     struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    ift_vocab_add(&r->name, e->name.p ? e->name.p : "", e->name.n, IFT_PIECE_NORMAL);
    if (!e->name.p) {
        ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
        return 0;
    }
    if (!ift_vocab_index(&r->name, id))
        return IFT_FAIL(err, "token \"%.100s\" has two ids", e->name.p);
    const int byte = fallback_byte(r, e->name);
    if (byte != BEYOND) {
        t->byte_id[byte] = id;
        ift_vocab_add(&t->vocab, (char[]){(char)byte}, 1, IFT_PIECE_BYTE);
        return 0;
    }
    const bool reachable = token_text(r, e->name, text);
    ift_vocab_add(&t->vocab, text->p ? text->p : "", text->n,
                  e->special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
    if (reachable && !e->special && text->n > 0) (void)ift_vocab_index(&t->vocab, id);
    return 0;
}

static int read_vocab(struct reader *r, struct ift_err *err) {
    struct ift_arena a = {0};
    struct ift_str text = {0};
    struct entry *entry = NULL;
    size_t n = 0;
    for (int b = 0; b < 256; b++) r->t->byte_id[b] = IFT_BPE_UNKNOWN;
    int rc = gather(r, &a, &entry, &n, err);
    r->special = ift_alloc0(n, sizeof *r->special);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = add_entry(r, &entry[i], (uint32_t)i, &text, err);
        if (rc == 0 && entry[i].added) add_added(r, &entry[i], (uint32_t)i);
        r->special[i] = entry[i].special;
    }
    ift_str_release(&text);
    ift_arena_release(&a);
    free(entry);
    return rc;
}

/* ---- merges ---- */

/* "a b", or ["a", "b"] as newer files have it. */
static int merge_parts(const struct reader *r, int node, struct ift_str *left,
                       struct ift_str *right) {
    ift_str_clear(left);
    ift_str_clear(right);
    if (ift_json_is(&r->doc, node, IFT_JSON_ARRAY)) {
        const int a = ift_json_at(&r->doc, node, 0), b = ift_json_at(&r->doc, node, 1);
        if (!ift_json_is(&r->doc, a, IFT_JSON_STRING) || !ift_json_is(&r->doc, b, IFT_JSON_STRING))
            return -1;
        ift_json_text(&r->doc, a, left);
        ift_json_text(&r->doc, b, right);
        return left->n > 0 && right->n > 0 ? 0 : -1;
    }
    if (!ift_json_is(&r->doc, node, IFT_JSON_STRING)) return -1;
    ift_json_text(&r->doc, node, left);
    char *const space = left->n ? memchr(left->p, ' ', left->n) : NULL;
    if (!space || space == left->p) return -1;
    ift_str_add(right, space + 1, (size_t)(left->p + left->n - space - 1));
    left->n = (size_t)(space - left->p);
    return right->n > 0 && !memchr(right->p, ' ', right->n) ? 0 : -1;
}

static uint32_t symbol(struct reader *r, int32_t id) {
    const struct ift_slice s = ift_vocab_piece(&r->t->vocab, (uint32_t)id);
    return r->byte_level ? (uint32_t)id : ift_spm_symbol(r->t, s.p, s.n);
}

static int add_merge(struct reader *r, uint32_t line, struct ift_str *left, struct ift_str *right,
                     struct ift_err *err) {
    const int32_t a = ift_vocab_find(&r->name, left->p, left->n),
                  b = ift_vocab_find(&r->name, right->p, right->n);
    if (a < 0 || b < 0)
        return IFT_FAIL(err, "merge %u joins \"%.100s\", which is no token", line,
                        a < 0 ? left->p : right->p);
    ift_str_add(left, right->p, right->n);
    const int32_t joined = ift_vocab_find(&r->name, left->p, left->n);
    if (joined < 0)
        return IFT_FAIL(err, "merge %u makes \"%.100s\", which is no token", line, left->p);
    if (r->t->vocab.kind[a] == IFT_PIECE_BYTE || r->t->vocab.kind[b] == IFT_PIECE_BYTE)
        return IFT_FAIL(err, "merge %u joins a byte of byte fallback", line);
    /* Text never becomes a control token, though LLaMA's file lists merges that end in "<s>". */
    if (r->special[a] || r->special[b] || r->special[joined]) return 0;
    const uint32_t x = symbol(r, a), y = symbol(r, b);
    if (x != IFT_BPE_UNKNOWN && y != IFT_BPE_UNKNOWN)
        ift_bpe_add(&r->t->bpe, x, y, line, (uint32_t)joined);
    return 0;
}

static int read_merges(struct reader *r, struct ift_err *err) {
    struct ift_str left = {0}, right = {0};
    const int merges = ift_json_get(&r->doc, r->model, "merges");
    if (!ift_json_is(&r->doc, merges, IFT_JSON_ARRAY))
        return IFT_FAIL(err, "the model has no merges");
    uint32_t line = 0;
    int rc = 0;
    for (int m = ift_json_first(&r->doc, merges); rc == 0 && m >= 0;
         m = ift_json_next(&r->doc, merges, m), line++) {
        if (merge_parts(r, m, &left, &right) < 0)
            rc = IFT_FAIL(err, "merge %u is not two tokens", line);
        else
            rc = add_merge(r, line, &left, &right, err);
    }
    ift_str_release(&left);
    ift_str_release(&right);
    return rc;
}

static int read_model(struct reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    const char *const affix[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    const int type = ift_json_get(&r->doc, r->model, "type"),
              dropout = ift_json_get(&r->doc, r->model, "dropout");
    if (!is_null(r, type) && !ift_json_text_is(&r->doc, type, "BPE"))
        return refuse(r, "model", r->model, err);
    if (!is_null(r, dropout) && !ift_slice_is(ift_json_raw(&r->doc, dropout), "0.0"))
        return IFT_FAIL(err, "dropout is not supported");
    for (size_t i = 0; i < 2; i++) {
        const int node = ift_json_get(&r->doc, r->model, affix[i]);
        if (!is_null(r, node) && !ift_json_text_is(&r->doc, node, ""))
            return IFT_FAIL(err, "%s is not supported", affix[i]);
    }
    r->byte_fallback = is_true(r, r->model, "byte_fallback") && !r->byte_level;
    t->whole_words = is_true(r, r->model, "ignore_merges");
    if (t->whole_words && !r->byte_level)
        return IFT_FAIL(err, "ignore_merges without ByteLevel is not supported");
    IFT_TRY(read_vocab(r, err));
    t->nsymbols = (uint32_t)t->vocab.n;
    IFT_TRY(read_merges(r, err));
    if (!r->byte_level) ift_spm_finish(t);
    return 0;
}

/* What an input that the vocabulary lacks becomes: a vocabulary that would lose it is refused. */
static int read_unknown(struct reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    const int node = ift_json_get(&r->doc, r->model, "unk_token");
    struct ift_str name = {0};
    if (ift_json_is(&r->doc, node, IFT_JSON_STRING)) {
        ift_json_text(&r->doc, node, &name);
        t->info.unk = ift_vocab_find(&r->name, name.p, name.n);
        ift_str_release(&name);
        if (t->info.unk < 0) return IFT_FAIL(err, "the unk_token is no token");
    }
    if (r->byte_level)
        for (unsigned b = 0; b < 256; b++) {
            const int32_t id = ift_vocab_find(&t->vocab, (char[]){(char)b}, 1);
            t->byte_id[b] = (uint32_t)(id >= 0 ? id : t->info.unk);
        }
    unsigned missing = 0;
    for (unsigned b = 0; b < 256; b++) missing += t->byte_id[b] == IFT_BPE_UNKNOWN;
    t->byte_fallback = r->byte_fallback && missing == 0;
    t->fuse_unknown = is_true(r, r->model, "fuse_unk") && !t->byte_fallback;
    if (missing > 0 && t->info.unk < 0)
        return IFT_FAIL(err, "%u bytes have no token and there is no unk_token: text would be lost",
                        missing);
    if (r->byte_fallback && missing > 0)
        return IFT_FAIL(err, "byte_fallback, but %u bytes have no token", missing);
    return 0;
}

static int read_all(struct reader *r, struct ift_err *err) {
    struct ift_tokenizer *const t = r->t;
    if (!ift_json_is(&r->doc, 0, IFT_JSON_OBJECT) ||
        (r->model = ift_json_get(&r->doc, 0, "model")) < 0)
        return IFT_FAIL(err, "not a tokenizer.json: it has no \"model\"");
    IFT_TRY(each(r, ift_json_get(&r->doc, 0, "normalizer"), "normalizers", read_normalizer, err));
    IFT_TRY(each(r, ift_json_get(&r->doc, 0, "pre_tokenizer"), "pretokenizers", read_pretokenizer,
                 err));
    if (t->pretoken && !r->byte_level)
        return IFT_FAIL(err, "pre-tokenizer Split without ByteLevel is not supported");
    if (r->byte_level && (r->meta || t->normalizer.dummy_prefix))
        return IFT_FAIL(err,
                        "pre-tokenizer ByteLevel together with U+2581 for spaces is not supported");
    t->normalizer.escape = r->meta;
    t->scheme = r->byte_level ? &ift_scheme_bytes : &ift_scheme_chars;
    t->decoding.whole_runs = true;
    IFT_TRY(read_model(r, err));
    IFT_TRY(read_unknown(r, err));
    IFT_TRY(each(r, ift_json_get(&r->doc, 0, "decoder"), "decoders", read_decoder, err));
    return each(r, ift_json_get(&r->doc, 0, "post_processor"), "processors", read_post_processor,
                err);
}

int ift_tokenizer_read_json(struct ift_tokenizer *t, struct ift_slice text, struct ift_err *err) {
    struct reader r = {.t = t};
    int rc = ift_json_parse(&r.doc, text.p, text.n, err);
    if (rc == 0) rc = read_all(&r, err);
    ift_vocab_release(&r.name);
    free(r.special);
    ift_json_release(&r.doc);
    return rc;
}
