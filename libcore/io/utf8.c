#include "libcore/io/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const utf8proc_property_t *property(uint32_t code) {
    return utf8proc_get_property((utf8proc_int32_t)code);
}

const char *ift_utf8_category(uint32_t code) {
    return utf8proc_category_string((utf8proc_int32_t)code);
}

struct range {
    uint32_t from, to;
};

/* What Unicode 16 has and utf8proc, with 15, does not know yet. */
static const struct range new_letters[] = {
    {0x1c89, 0x1c8a},   {0xa7cb, 0xa7cd},   {0xa7da, 0xa7dc},   {0x105c0, 0x105f3},
    {0x10d4a, 0x10d65}, {0x10d6f, 0x10d85}, {0x10ec2, 0x10ec4}, {0x11380, 0x11389},
    {0x1138b, 0x1138b}, {0x1138e, 0x1138e}, {0x11390, 0x113b5}, {0x113b7, 0x113b7},
    {0x113d1, 0x113d1}, {0x113d3, 0x113d3}, {0x11bc0, 0x11be0}, {0x13460, 0x143fa},
    {0x16100, 0x1611d}, {0x16d40, 0x16d6c}, {0x18cff, 0x18cff}, {0x1e5d0, 0x1e5ed},
    {0x1e5f0, 0x1e5f0}, {0x2ebf0, 0x2ee5d},
};
static const struct range new_numbers[] = {
    {0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9}, {0x16130, 0x16139},
    {0x16d70, 0x16d79}, {0x1ccf0, 0x1ccf9}, {0x1e5f1, 0x1e5fa},
};

static bool is_among(const struct range *r, size_t n, uint32_t code) {
    for (size_t i = 0; i < n; i++)
        if (code >= r[i].from && code <= r[i].to) return true;
    return false;
}

bool ift_utf8_is_letter(uint32_t code) {
    if (code < 0x80) return (code | 0x20) - 'a' < 26;
    const int c = property(code)->category;
    if (c == UTF8PROC_CATEGORY_CN)
        return is_among(new_letters, sizeof new_letters / sizeof *new_letters, code);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool ift_utf8_is_mark(uint32_t code) {
    const int c = property(code)->category;
    return c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME;
}

bool ift_utf8_is_number(uint32_t code) {
    if (code < 0x80) return code - '0' < 10;
    const int c = property(code)->category;
    if (c == UTF8PROC_CATEGORY_CN)
        return is_among(new_numbers, sizeof new_numbers / sizeof *new_numbers, code);
    return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

bool ift_utf8_is_word(uint32_t code) {
    const int c = property(code)->category;
    /* Other_Alphabetic is marks and these enclosed letters. */
    const bool enclosed = (code >= 0x24b6 && code <= 0x24e9) ||
                          (code >= 0x1f130 && code <= 0x1f149) ||
                          (code >= 0x1f150 && code <= 0x1f169) ||
                          (code >= 0x1f170 && code <= 0x1f189);
    const bool digit = ift_utf8_is_number(code) && c != UTF8PROC_CATEGORY_NO;
    return ift_utf8_is_letter(code) || ift_utf8_is_mark(code) || digit ||
           c == UTF8PROC_CATEGORY_PC || code == 0x200c || code == 0x200d || enclosed;
}

bool ift_utf8_is_space(uint32_t code) {
    if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r');
    if (code == 0x85) return true;
    const int c = property(code)->category;
    return c >= UTF8PROC_CATEGORY_ZS && c <= UTF8PROC_CATEGORY_ZP;
}

uint32_t ift_utf8_lower(uint32_t code) {
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

uint32_t ift_utf8_upper(uint32_t code) {
    return (uint32_t)utf8proc_toupper((utf8proc_int32_t)code);
}

/* ---- normal forms ---- */

static bool composes(enum ift_utf8_form form) {
    return form == IFT_UTF8_NFC || form == IFT_UTF8_NFKC;
}

static bool is_compat(enum ift_utf8_form form) {
    return form == IFT_UTF8_NFKC || form == IFT_UTF8_NFKD;
}

bool ift_utf8_is_quiet(enum ift_utf8_form form, uint32_t code) {
    if (code < 0xa0 || (form == IFT_UTF8_NFC && code < 0x300)) return true;
    if (code >= 0xac00 && code <= 0xd7a3) return composes(form); /* a Hangul syllable */
    if ((code >= 0x1100 && code <= 0x11ff) || (code >= 0xa960 && code <= 0xa97f) ||
        (code >= 0xd7b0 && code <= 0xd7ff)) {
        return false;
    }
    const utf8proc_property_t *const p = property(code);
    if (p->category >= UTF8PROC_CATEGORY_MN && p->category <= UTF8PROC_CATEGORY_ME) return false;
    return p->decomp_seqindex == UINT16_MAX || (p->decomp_type != 0 && !is_compat(form));
}

static int map(enum ift_utf8_form form, const char *p, size_t n, struct ift_str *out,
               struct ift_err *err) {
    utf8proc_option_t options = UTF8PROC_STABLE;
    options |= composes(form) ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
    if (is_compat(form)) options |= UTF8PROC_COMPAT;
    utf8proc_uint8_t *text;
    const utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)n, &text, options);
    if (len < 0) return IFT_FAIL(err, "cannot normalize: %s", utf8proc_errmsg(len));
    ift_str_add(out, (const char *)text, (size_t)len);
    free(text);
    return 0;
}

/* Copies quiet characters and hands the stretches between them to utf8proc, each together with the
 * quiet character before it, with which it may compose. */
int ift_utf8_normalize(enum ift_utf8_form form, const char *p, size_t n, struct ift_str *out,
                       struct ift_err *err) {
    if (n == 0) return 0;
    size_t copied = 0, last = 0; /* last: start of the last quiet character */
    for (size_t i = 0, len; i < n; i += len) {
        if ((p[i] & 0x80) == 0) {
            last = i;
            len = 1;
            continue;
        }
        uint32_t code;
        len = ift_utf8_decode(p + i, n - i, &code);
        if (len == 0) return IFT_FAIL(err, "byte %zu: not UTF-8", i + 1);
        if (ift_utf8_is_quiet(form, code)) {
            last = i;
            continue;
        }
        ift_str_add(out, p + copied, last - copied);
        copied = last;
        while (i < n && (len = ift_utf8_decode(p + i, n - i, &code)) > 0 &&
               !ift_utf8_is_quiet(form, code))
            i += len;
        IFT_TRY(map(form, p + copied, i - copied, out, err));
        copied = last = i;
        len = 0;
    }
    ift_str_add(out, p + copied, n - copied);
    return 0;
}
