#include "libcore/text/hf.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/text/tokenizer_internal.h"

#define META        "\xe2\x96\x81"                                   /* U+2581 */
#define SHOWN(name) (int)((name).n < 100 ? (name).n : 100), (name).p /* of a name in a message */
enum { NO_BYTE = -1 };

void ift_hf_release(struct ift_hf *h) {
    ift_arena_release(&h->arena);
    ift_vocab_release(&h->odd);
    ift_str_release(&h->text);
    ift_str_release(&h->merges.text);
    free(h->token);
    free(h->odd_id);
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

/* The alphabet has no character of three bytes. */
static bool add_bytes(struct ift_slice name, struct ift_str *out) {
    const unsigned char *const b = (const unsigned char *)name.p;
    char *const text = ift_str_reserve(out, name.n), *to = text;
    for (size_t i = 0; i < name.n; i++) {
        int byte = b[i];
        if (byte < 0x21 || byte > 0x7e) {
            if ((byte & 0xe0) != 0xc0 || i + 1 == name.n) return false;
            byte = ift_hf_byte((b[i] & 31u) << 6 | (b[i + 1] & 63));
            if (byte == NO_BYTE) return false;
            i++;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    out->n += (size_t)(to - text);
    return true;
}

bool ift_hf_add_text(const struct ift_hf *h, struct ift_slice name, struct ift_str *out) {
    if (h->byte_level) {
        if (add_bytes(name, out)) return true;
        ift_str_add(out, name.p, name.n);
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        const bool meta = h->meta && name.n - i >= 3 && memcmp(name.p + i, META, 3) == 0;
        ift_str_addc(out, meta ? ' ' : name.p[i]);
        if (meta) i += 2;
    }
    return !(h->meta && memchr(name.p, ' ', name.n));
}

/* The byte of "<0x0A>". */
static int fallback_byte(const struct ift_hf *h, struct ift_slice name) {
    return h->byte_fallback ? ift_vocab_byte(name) : NO_BYTE;
}

/* ---- tokens ---- */

int ift_hf_token(struct ift_hf *h, struct ift_slice name, int64_t id, struct ift_err *err) {
    if (id < 0 || id >= IFT_ADDED_MOST_IDS)
        return IFT_FAIL(err, "the id of a token is missing or not between 0 and %d",
                        IFT_ADDED_MOST_IDS - 1);
    const size_t need = (size_t)id + 1;
    if (need > h->cap) h->token = ift_grow(h->token, need, &h->cap, sizeof *h->token);
    if (need > h->n) {
        memset(h->token + h->n, 0, (need - h->n) * sizeof *h->token);
        h->n = need;
    }
    if (h->token[id].p && !ift_slice_eq(h->token[id], name))
        return IFT_FAIL(err, "id %lld has two tokens", (long long)id);
    h->token[id] = name;
    return 0;
}

struct ift_slice ift_hf_name(struct ift_hf *h, const struct ift_json *doc, int node) {
    const struct ift_slice raw = ift_json_raw(doc, node);
    struct ift_slice name = {raw.p + 1, raw.n - 2};
    if (!doc->node[node].escaped) return name;
    char *const text = ift_arena_alloc(&h->arena, name.n);
    name.n = ift_json_unescape_to(text, name.p, name.n);
    name.p = text;
    return name;
}

/* A number of a few digits, as nearly all are; -1: none, or not that simple. */
static int64_t short_number(struct ift_slice raw) {
    int64_t value = 0;
    if (raw.n == 0 || raw.n > 9 || (raw.p[0] == '0' && raw.n > 1)) return -1;
    for (size_t i = 0; i < raw.n; i++) {
        const unsigned digit = (unsigned)(raw.p[i] - '0');
        if (digit > 9) return -1;
        value = 10 * value + digit;
    }
    return value;
}

int ift_hf_tokens(struct ift_hf *h, const struct ift_json *doc, int object, struct ift_err *err) {
    h->token = ift_grow(h->token, doc->node[object].count, &h->cap, sizeof *h->token);
    for (int key = ift_json_first(doc, object); key >= 0;) {
        const int value = ift_json_next(doc, object, key);
        const bool number = ift_json_is(doc, value, IFT_JSON_NUMBER);
        const int64_t id = number ? short_number(ift_json_raw(doc, value)) : -1;
        IFT_TRY(ift_hf_token(h, ift_hf_name(h, doc, key), id, err));
        key = ift_json_next(doc, object, value);
    }
    return 0;
}

/* A token that cannot be found by its text is found by its name. */
static int add_odd(struct ift_hf *h, uint32_t id, struct ift_slice name, struct ift_err *err) {
    const uint32_t index = (uint32_t)h->odd.n;
    ift_vocab_add(&h->odd, name.p, name.n, IFT_PIECE_NORMAL);
    h->odd_id = ift_grow(h->odd_id, index + 1, &h->cap_odd, sizeof *h->odd_id);
    h->odd_id[index] = id;
    if (!ift_vocab_index(&h->odd, index))
        return IFT_FAIL(err, "token \"%.*s\" has two ids", SHOWN(name));
    return 0;
}

static int add_piece(struct ift_hf *h, uint32_t id, struct ift_err *err) {
    struct ift_tokenizer *const t = h->t;
    const struct ift_added_token *const added = ift_added_claim(h->added, id, h->token[id]);
    if (!h->token[id].p && added) h->token[id] = added->name;
    const struct ift_slice name = h->token[id];
    if (!name.p) {
        ift_vocab_add(&t->vocab, "", 0, IFT_PIECE_GAP);
        return 0;
    }
    if (added && !ift_slice_eq(added->name, name)) return IFT_FAIL(err, "id %u has two tokens", id);
    const int byte = fallback_byte(h, name);
    if (byte != NO_BYTE) {
        t->byte_id[byte] = id;
        ift_vocab_add(&t->vocab, (char[]){(char)byte}, 1, IFT_PIECE_BYTE);
        return add_odd(h, id, name, err);
    }
    const bool special = added && added->special;
    ift_str_clear(&h->text);
    const bool reachable = ift_hf_add_text(h, name, &h->text);
    const struct ift_slice text = ift_str_slice(&h->text);
    ift_vocab_add(&t->vocab, text.p, text.n, special ? IFT_PIECE_CONTROL : IFT_PIECE_NORMAL);
    t->vocab.found[id] = reachable && !special && text.n > 0;
    return t->vocab.found[id] ? 0 : add_odd(h, id, name, err);
}

/* Text is spelled in one way, so where names are twice texts are, or names of those found by name.
 */
static int check_once(struct ift_hf *h, struct ift_err *err) {
    const int64_t twice = ift_vocab_index_all(&h->t->vocab);
    if (twice >= 0) return IFT_FAIL(err, "token \"%.*s\" has two ids", SHOWN(h->token[twice]));
    for (uint32_t i = 0; i < h->odd.n; i++) {
        const struct ift_slice name = h->token[h->odd_id[i]];
        if (ift_hf_find(h, name) != (int32_t)h->odd_id[i])
            return IFT_FAIL(err, "token \"%.*s\" has two ids", SHOWN(name));
    }
    return 0;
}

int ift_hf_pieces(struct ift_hf *h, struct ift_err *err) {
    for (int b = 0; b < 256; b++) h->t->byte_id[b] = IFT_BPE_UNKNOWN;
    ift_vocab_reserve(&h->t->vocab, h->n);
    for (size_t i = 0; i < h->n; i++) IFT_TRY(add_piece(h, (uint32_t)i, err));
    IFT_TRY(check_once(h, err));
    for (size_t i = 0; i < h->added->n; i++) {
        ift_str_clear(&h->text);
        if (h->byte_level && ift_hf_add_text(h, h->added->token[i].name, &h->text))
            ift_added_set_text(h->added, i, h->text.p, h->text.n);
    }
    return 0;
}

void ift_hf_byte_tokens(struct ift_hf *h, int32_t missing) {
    for (unsigned b = 0; b < 256; b++) {
        const int32_t id = ift_vocab_find(&h->t->vocab, (char[]){(char)b}, 1);
        h->t->byte_id[b] = (uint32_t)(id >= 0 ? id : missing);
    }
}

/* ---- finding ---- */

int32_t ift_hf_find_odd(const struct ift_hf *h, struct ift_slice name) {
    const int32_t odd = ift_vocab_find(&h->odd, name.p, name.n);
    return odd >= 0 ? (int32_t)h->odd_id[odd] : -1;
}

int32_t ift_hf_find(const struct ift_hf *h, struct ift_slice name) {
    struct ift_str text = {0};
    const bool spells = ift_hf_add_text(h, name, &text);
    const int32_t id = spells ? ift_vocab_find(&h->t->vocab, text.p, text.n) : -1;
    ift_str_release(&text);
    return id >= 0 ? id : ift_hf_find_odd(h, name);
}
