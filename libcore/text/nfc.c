/* Unicode's normal form C with the way back (normalize.h). */
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/normalize.h"
#include "libcore/text/pretoken.h"

/* What changes places or is joined since Unicode 10, to 18, as tests/oracle/nfc.py finds it. */
static const struct range {
    uint32_t first, last;
} later[] = {
    {0x5C8, 0x5C9},     {0x7FD, 0x7FD},     {0x897, 0x89F},     {0x8CA, 0x8D3},
    {0x9FE, 0x9FE},     {0xC3C, 0xC3C},     {0xD3B, 0xD3C},     {0xEBA, 0xEBA},
    {0x1715, 0x1715},   {0x1ABF, 0x1AF0},   {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},
    {0x105C9, 0x105C9}, {0x105D2, 0x105D2}, {0x105DA, 0x105DA}, {0x105E4, 0x105E4},
    {0x10D24, 0x10D27}, {0x10D69, 0x10D6D}, {0x10EAB, 0x10EAC}, {0x10ECB, 0x10ECF},
    {0x10EF0, 0x10EFB}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85},
    {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x11382, 0x11385}, {0x1138B, 0x1138B},
    {0x1138E, 0x1138E}, {0x11390, 0x11391}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5},
    {0x113C7, 0x113C8}, {0x113CE, 0x113D0}, {0x1145E, 0x1145E}, {0x11839, 0x1183A},
    {0x11935, 0x11935}, {0x11938, 0x11938}, {0x1193D, 0x1193E}, {0x11943, 0x11943},
    {0x119E0, 0x119E0}, {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99},
    {0x11D42, 0x11D42}, {0x11D44, 0x11D45}, {0x11D97, 0x11D97}, {0x11F41, 0x11F42},
    {0x1611E, 0x1611E}, {0x16121, 0x16129}, {0x1612F, 0x1612F}, {0x16D63, 0x16D63},
    {0x16D67, 0x16D6A}, {0x16FF0, 0x16FF1}, {0x1D127, 0x1D128}, {0x1D250, 0x1D252},
    {0x1D25B, 0x1D25C}, {0x1D25F, 0x1D25F}, {0x1D280, 0x1D281}, {0x1E08F, 0x1E08F},
    {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF},
    {0x1E5EE, 0x1E5EF}, {0x1E6E3, 0x1E6E3}, {0x1E6E6, 0x1E6E6}, {0x1E6EE, 0x1E6EF},
    {0x1E6F5, 0x1E6F5},
};

static bool is_later(uint32_t code) {
    size_t lo = 0, hi = sizeof later / sizeof *later;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        if (later[mid].last < code)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < sizeof later / sizeof *later && later[lo].first <= code;
}

static bool is_quiet(enum ift_nfc form, uint32_t code) {
    return ift_utf8_is_quiet(IFT_UTF8_NFC, code) || (form == IFT_NFC_9 && is_later(code));
}

/* Length of what stands at p and joins nothing around it: a quiet character and whatever joins it;
 * bytes that are not UTF-8 join nothing. *quiet: it is one quiet character alone. */
static size_t cluster(enum ift_nfc form, const char *p, size_t n, bool *quiet) {
    uint32_t code = 0;
    size_t len = ift_utf8_decode(p, n, &code);
    const uint32_t first = code;
    *quiet = len == 0 || is_quiet(form, code);
    size_t at = len > 0 ? len : 1;
    while (len > 0 && at < n && (p[at] & 0x80) != 0 &&
           (len = ift_utf8_decode(p + at, n - at, &code)) > 0 && !is_quiet(form, code)) {
        if (form == IFT_NFC_9 && *quiet && is_later(first)) break;
        *quiet = false;
        at += len;
    }
    return at;
}

/* The punctuation of typesetters and of Chinese: U+2010 .. U+2027, U+3001 .. U+3011, and wide
 * forms, U+FF01 .. U+FF3F. */
static inline bool is_punctuation(const unsigned char *b) {
    const unsigned two = (unsigned)b[0] << 8 | b[1];
    return (two == 0xefbc && b[2] >= 0x81 && b[2] <= 0xbf) ||
           (two == 0xe380 && b[2] >= 0x81 && b[2] <= 0x91) ||
           (two == 0xe280 && b[2] >= 0x90 && b[2] <= 0xa7);
}

/* Length of the character in front where a look tells that it is quiet, as all up to U+02FF are and
 * most of Chinese, or 0. */
static inline size_t sure_quiet(const char *p, size_t n) {
    const unsigned char *const b = (const unsigned char *)p;
    if (b[0] < 0x80) return 1;
    if (n >= 2 && b[0] >= 0xc2 && b[0] < 0xcc && (b[1] & 0xc0) == 0x80) return 2;
    return n >= 3 && (ift_is_ideograph(p) || is_punctuation(b)) ? 3 : 0;
}

static inline bool is_ascii_8(const char *p) {
    uint64_t eight;
    memcpy(&eight, p, sizeof eight);
    return !(eight & 0x8080808080808080u);
}

/* From i on, where a cluster begins: the beginning of the first that may change, or n. */
static size_t next_cluster(enum ift_nfc form, const char *p, size_t n, size_t i) {
    uint32_t code;
    for (size_t last = i, len; i < n; i += len) {
        while (n - i >= 8 && is_ascii_8(p + i)) {
            last = i + 7;
            i += 8;
        }
        if (i == n) break;
        len = sure_quiet(p + i, n - i);
        if (len == 0 && (len = ift_utf8_decode(p + i, n - i, &code)) > 0 && !is_quiet(form, code))
            return last;
        last = len > 0 ? i : i + 1; /* what is not UTF-8 is joined by nothing */
        if (len == 0) len = 1;
    }
    return n;
}

bool ift_nfc_is(enum ift_nfc form, const char *p, size_t n) {
    return next_cluster(form, p, n, 0) == n;
}

/* How many characters the one at p, of len bytes, is made of. */
static size_t made_of(const char *p, size_t len, struct ift_str *scratch) {
    struct ift_err unused = {0};
    ift_str_clear(scratch);
    if (ift_utf8_normalize(IFT_UTF8_NFD, p, len, scratch, &unused) < 0) return 1;
    return ift_utf8_count(scratch->p, scratch->n);
}

/* Each character of text[from, text.n) lies where the first lies that went into it, p being what
 * they were at source place `at`. */
static void map_composed(struct ift_normal *out, size_t from, struct ift_slice p, size_t at) {
    struct ift_str scratch = {0};
    uint32_t code;
    const size_t n = out->text.n;
    for (size_t i = from, source = 0, len; i < n; i += len) {
        len = ift_utf8_decode(out->text.p + i, n - i, &code);
        const size_t want = made_of(out->text.p + i, len, &scratch);
        for (size_t k = 0; k < len; k++) out->map[i + k] = (uint32_t)(at + source);
        for (size_t got = 0, step; got < want && source < p.n; source += step) {
            step = ift_utf8_decode(p.p + source, p.n - source, &code);
            got += made_of(p.p + source, step, &scratch);
        }
    }
    ift_str_release(&scratch);
}

/* A cluster that may change. */
static void compose(const char *p, size_t n, size_t at, struct ift_normal *out) {
    struct ift_err unused = {0};
    const size_t from = out->text.n;
    if (ift_utf8_normalize(IFT_UTF8_NFC, p, n, &out->text, &unused) <
        0) /* cannot be: it is UTF-8 */
        ift_str_add(&out->text, p, n);
    const bool kept = out->text.n - from == n && memcmp(out->text.p + from, p, n) == 0;
    ift_normal_map(out, from, at, kept);
    if (!kept) map_composed(out, from, (struct ift_slice){p, n}, at);
}

static void keep(const char *p, size_t from, size_t to, struct ift_normal *out) {
    const size_t at = out->text.n;
    ift_str_add(&out->text, p + from, to - from);
    ift_normal_map(out, at, from, true);
}

void ift_nfc(enum ift_nfc form, const char *p, size_t n, struct ift_normal *out) {
    size_t kept = 0; /* what lies from here to i stays as it is */
    bool quiet;
    for (size_t i = 0, len; (i = next_cluster(form, p, n, i)) < n; i += len) {
        len = cluster(form, p + i, n - i, &quiet);
        if (quiet) continue;
        keep(p, kept, i, out);
        compose(p + i, len, i, out);
        kept = i + len;
    }
    keep(p, kept, n, out);
}
