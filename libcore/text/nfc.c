/* Unicode's normal form C with the way back (normalize.h). */
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/normalize.h"
#include "libcore/text/pretoken.h"

/* Length of what stands at p and joins nothing around it: a quiet character and whatever joins it;
 * bytes that are not UTF-8 join nothing. *quiet: it is one quiet character alone. */
static size_t cluster(const char *p, size_t n, bool *quiet) {
    uint32_t code;
    size_t len = ift_utf8_decode(p, n, &code);
    *quiet = len == 0 || ift_utf8_is_quiet(IFT_UTF8_NFC, code);
    size_t at = len > 0 ? len : 1;
    while (len > 0 && at < n && (p[at] & 0x80) != 0 &&
           (len = ift_utf8_decode(p + at, n - at, &code)) > 0 &&
           !ift_utf8_is_quiet(IFT_UTF8_NFC, code)) {
        *quiet = false;
        at += len;
    }
    return at;
}

/* What joins something before it is seen when it is reached. */
bool ift_nfc_is(const char *p, size_t n) {
    bool quiet = true;
    for (size_t i = 0; quiet && i < n;) {
        if ((p[i] & 0x80) == 0)
            i++;
        else if (n - i >= 3 && ift_is_ideograph(p + i))
            i += 3;
        else
            i += cluster(p + i, n - i, &quiet);
    }
    return quiet;
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

void ift_nfc(const char *p, size_t n, struct ift_normal *out) {
    size_t kept = 0; /* what lies from here to i stays as it is */
    bool quiet;
    for (size_t i = 0, len; i < n; i += len) {
        len = cluster(p + i, n - i, &quiet);
        if (quiet) continue;
        keep(p, kept, i, out);
        compose(p + i, len, i, out);
        kept = i + len;
    }
    keep(p, kept, n, out);
}
