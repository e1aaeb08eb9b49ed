#include "libcore/text/normalize.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"

#define META "\xe2\x96\x81"
enum { META_CODE = 0x2581 };

int ift_normalizer_set_charsmap(struct ift_normalizer *z, struct ift_slice blob,
                                struct ift_err *err) {
    if (blob.n == 0) return 0;
    const unsigned char *const b = (const unsigned char *)blob.p;
    const size_t size = blob.n < 4 ? 0 : b[0] | b[1] << 8 | b[2] << 16 | (size_t)b[3] << 24;
    if (size < 4 || size % 4 != 0 || size > blob.n - 4 || blob.p[blob.n - 1] != '\0')
        return IFT_FAIL(err, "the normalizer's precompiled_charsmap is malformed or cut");
    ift_str_add(&z->charsmap, blob.p + 4, blob.n - 4);
    z->units = size / 4;
    return 0;
}

void ift_normalizer_release(struct ift_normalizer *z) {
    ift_str_release(&z->charsmap);
    ift_trie_release(&z->user);
    free(z->quiet);
    *z = (struct ift_normalizer){0};
}

void ift_normal_release(struct ift_normal *out) {
    ift_str_release(&out->text);
    free(out->map);
    *out = (struct ift_normal){0};
}

/* ---- the rules: a double array as Darts-clone lays it out ---- */

static uint32_t unit(const struct ift_normalizer *z, size_t i) {
    const unsigned char *const b = (const unsigned char *)z->charsmap.p + 4 * i;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static size_t unit_offset(uint32_t u) {
    return (size_t)(u >> 10) << ((u & 0x200) >> 6);
}

/* Longest rule that matches at p: its length and what replaces it; 0: none. Indices of a hostile
 * array are checked. */
static size_t match_rule(const struct ift_normalizer *z, const char *p, size_t n,
                         struct ift_slice *by) {
    if (z->units == 0) return 0;
    size_t longest = 0, at = unit_offset(unit(z, 0));
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)p[i];
        at ^= c;
        if (at >= z->units) break;
        const uint32_t u = unit(z, at);
        if ((u & 0x800000ffu) != c) break;
        at ^= unit_offset(u);
        if (!(u >> 8 & 1)) continue;
        if (at >= z->units) break;
        const size_t value = 4 * z->units + (unit(z, at) & 0x7fffffffu);
        if (value >= z->charsmap.n) break;
        *by = (struct ift_slice){z->charsmap.p + value, strlen(z->charsmap.p + value)};
        longest = i + 1;
    }
    return longest;
}

/* ---- text that is left alone ---- */

enum { QUIET_CODES = 1 << 16 };
#define NOWHERE SIZE_MAX

/* Whether no rule has this character, or a part of it, for itself; *at: where those that only begin
 * with it go on, NOWHERE: none does. */
static bool is_no_rule(const struct ift_normalizer *z, const char *p, size_t n, size_t *at) {
    size_t next = unit_offset(unit(z, 0));
    *at = NOWHERE;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)p[i];
        next ^= c;
        if (next >= z->units || (unit(z, next) & 0x800000ffu) != c) return true;
        if (unit(z, next) >> 8 & 1) return false;
        next ^= unit_offset(unit(z, next));
    }
    *at = next;
    return true;
}

static void add_quiet(struct ift_normalizer *z, uint32_t code, size_t at) {
    struct ift_normalizer_quiet *const q = &z->quiet[code / 64];
    const uint64_t bit = (uint64_t)1 << (code % 64);
    q->alone |= bit;
    if (at == NOWHERE) return;
    q->begins |= bit;
    for (uint32_t c = 0; c < 256; c++)
        if ((at ^ c) < z->units && (unit(z, at ^ c) & 0x800000ffu) == c) z->goes_on[c] = true;
}

static void find_quiet(struct ift_normalizer *z) {
    z->quiet = ift_alloc0(QUIET_CODES / 64, sizeof *z->quiet);
    for (uint32_t code = 0; code < QUIET_CODES; code++) {
        char p[4];
        size_t at;
        const size_t n = ift_utf8_encode(code, p);
        const bool meta = z->escape && n == 3 && memcmp(p, META, 3) == 0;
        if (n > 0 && !meta && !z->user.first[(unsigned char)p[0]] && is_no_rule(z, p, n, &at))
            add_quiet(z, code, at);
    }
}

static bool goes_on_with_ascii(const struct ift_normalizer *z) {
    for (int c = 0; c < 128; c++)
        if (z->goes_on[c]) return true;
    return false;
}

static void find_plain(struct ift_normalizer *z) {
    const bool any = !goes_on_with_ascii(z);
    for (int c = 0; c < 128; c++) {
        const bool alone = z->quiet ? z->quiet[c / 64].alone >> (c % 64) & 1 : !z->user.first[c];
        z->plain[c] = !any || !alone ? 0 : c == ' ' && z->remove_extra ? 2 : 1;
    }
}

void ift_normalizer_settle(struct ift_normalizer *z) {
    const size_t root = z->units > 0 ? unit_offset(unit(z, 0)) : 0;
    for (uint32_t c = 0; c < 256; c++)
        z->starts[c] =
            z->user.first[c] || ((root ^ c) < z->units && (unit(z, root ^ c) & 0x800000ffu) == c);
    if (z->units > 0) find_quiet(z);
    find_plain(z);
}

/* Most of what is not ASCII has three bytes. */
static size_t decode(const char *p, size_t n, uint32_t *code) {
    const unsigned char *const b = (const unsigned char *)p;
    if (b[0] < 0x80) {
        *code = b[0];
        return 1;
    }
    if (b[0] < 0xc2 || n < 2 || (b[1] & 0xc0) != 0x80) return 0;
    const bool three = n >= 3 && b[0] > 0xe0 && b[0] < 0xed && (b[1] & b[2] & 0xc0) == 0x80 &&
                       ((b[1] | b[2]) & 0x40) == 0;
    if (!three) return ift_utf8_decode(p, n, code);
    *code = (uint32_t)(b[0] & 15) << 12 | (uint32_t)(b[1] & 63) << 6 | (b[2] & 63);
    return 3;
}

/* Of the character at p, behind which `next` lies. */
static bool is_quiet(const struct ift_normalizer *z, uint32_t code, const char *p, const char *next,
                     const char *end) {
    if (z->units == 0)
        return !z->user.first[(unsigned char)*p] && !(z->escape && code == META_CODE);
    if (!z->quiet || code >= QUIET_CODES) return false;
    const struct ift_normalizer_quiet q = z->quiet[code / 64];
    if (!(q.alone >> (code % 64) & 1)) return false;
    return !(q.begins >> (code % 64) & 1) || next == end || !z->goes_on[(unsigned char)*next];
}

/* Of the text in front that is ASCII and kept as it is, a byte at a time. */
static size_t plain_run(const struct ift_normalizer *z, const char *p, size_t n, bool after_space) {
    unsigned before = after_space ? 2 : 0;
    size_t i = 0;
    for (; i < n; i++) {
        const unsigned plain = z->plain[(unsigned char)p[i]];
        if (plain == 0 || plain + before == 4) break;
        before = plain;
    }
    return i > 0 && i < n && (unsigned char)p[i] >= 0x80 ? i - 1 : i;
}

/* Length of the text in front that is kept as it is. after_space: a space more is too many. */
static size_t quiet_run(const struct ift_normalizer *z, const char *p, size_t n,
                        bool *after_space) {
    bool after = *after_space;
    size_t i = 0;
    for (size_t len; i < n; i += len) {
        uint32_t code;
        len = plain_run(z, p + i, n - i, after);
        if (len > 0) {
            after = z->remove_extra && p[i + len - 1] == ' ';
            continue;
        }
        len = decode(p + i, n - i, &code);
        if (len == 0 || !is_quiet(z, code, p + i, p + i + len, p + n) || (code == ' ' && after))
            break;
        after = z->remove_extra && code == ' ';
    }
    *after_space = after;
    return i;
}

/* ---- one prefix after the other ---- */

/* Consumes a prefix of p[0, n): returns how much, and lends what stands for it. */
static size_t next_prefix(const struct ift_normalizer *z, const char *p, size_t n,
                          struct ift_slice *by) {
    const bool known = z->starts[(unsigned char)*p];
    int32_t unused;
    uint32_t code;
    size_t len = known ? ift_trie_match(&z->user, p, n, &unused) : 0;
    if (known && len == 0 && (len = match_rule(z, p, n, by)) > 0) return len;
    if (len == 0) len = decode(p, n, &code);
    *by = len > 0 ? (struct ift_slice){p, len} : (struct ift_slice){"\xef\xbf\xbd", 3};
    return len > 0 ? len : 1;
}

void ift_normal_map(struct ift_normal *t, size_t from, size_t to, bool same) {
    if (t->cap < t->text.n + 1) t->map = ift_grow(t->map, t->text.n + 1, &t->cap, sizeof *t->map);
    for (size_t i = from; i < t->text.n; i++) t->map[i] = (uint32_t)(same ? to + i - from : to);
}

static void put(struct ift_normal *out, const char *p, size_t n, size_t from, bool same) {
    const size_t at = out->text.n;
    ift_str_add(&out->text, p, n);
    ift_normal_map(out, at, from, same);
}

static bool is_meta(const char *p, size_t n) {
    return n >= 3 && memcmp(p, META, 3) == 0;
}

/* Text that is kept maps byte by byte; what replaces other text lies where that text begins. */
static void put_prefix(const struct ift_normalizer *z, struct ift_normal *out, struct ift_slice by,
                       size_t from, bool kept) {
    for (size_t i = 0, end; i < by.n; i = end) {
        for (end = i; end < by.n && !(z->escape && is_meta(by.p + end, by.n - end));) end++;
        put(out, by.p + i, end - i, kept ? from + i : from, kept);
        if (end == by.n) break;
        put(out, " ", 1, kept ? from + end : from, kept);
        end += 3;
    }
}

static void normalize_mapped(const struct ift_normalizer *z, const char *p, size_t n, bool prefix,
                             bool suffix, struct ift_normal *out) {
    struct ift_slice by;
    size_t i = 0, len;
    out->mapped = true;
    while (z->remove_extra && i < n) {
        len = next_prefix(z, p + i, n - i, &by);
        if (!ift_slice_is(by, " ")) break;
        i += len;
    }
    if (i == n) return;
    if (prefix) put(out, " ", 1, i, false);
    bool after_space = z->remove_extra;
    for (; i < n; i += len) {
        len = quiet_run(z, p + i, n - i, &after_space);
        if (len > 0) put(out, p + i, len, i, true);
        i += len;
        if (i == n) break;
        len = next_prefix(z, p + i, n - i, &by);
        while (after_space && by.n > 0 && by.p[0] == ' ')
            by = (struct ift_slice){by.p + 1, by.n - 1};
        if (by.n > 0) {
            put_prefix(z, out, by, i, by.p + by.n == p + i + len);
            after_space = by.p[by.n - 1] == ' ';
        }
        if (!z->remove_extra) after_space = false;
    }
    while (z->remove_extra && out->text.n > 0 && out->text.p[out->text.n - 1] == ' ') out->text.n--;
    if (suffix) put(out, " ", 1, n, false);
}

static bool is_plain(const struct ift_normalizer *z, const char *p, size_t n) {
    if (z->remove_extra || z->units > 0 || (z->nfc && !ift_nfc_is(z->nfc, p, n))) return false;
    if (z->escape && memmem(p, n, META, 3)) return false;
    return z->keep_bytes || ift_utf8_check(p, n) == n;
}

void ift_normalize(const struct ift_normalizer *z, const char *p, size_t n, bool edge,
                   struct ift_normal *out) {
    ift_str_clear(&out->text);
    out->mapped = false;
    out->shift = 0;
    if (n == 0) return;
    const bool starts_spaced = p[0] == ' ' || (z->escape && n >= 3 && memcmp(p, META, 3) == 0);
    const bool prefix = edge && (z->dummy_prefix || (z->prefix_unless_space && !starts_spaced));
    const bool suffix = edge && z->dummy_suffix;
    if (is_plain(z, p, n)) {
        out->shift = prefix;
        if (prefix) ift_str_addc(&out->text, ' ');
        ift_str_add(&out->text, p, n);
        if (suffix) ift_str_addc(&out->text, ' ');
        return;
    }
    if (z->nfc) {
        out->mapped = true;
        if (prefix) put(out, " ", 1, 0, false);
        ift_nfc(z->nfc, p, n, out);
    } else {
        normalize_mapped(z, p, n, prefix, suffix, out);
    }
    out->map = ift_grow(out->map, out->text.n + 1, &out->cap, sizeof *out->map);
    out->map[out->text.n] = (uint32_t)n;
}
