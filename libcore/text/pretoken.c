#include "libcore/text/pretoken.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"

#define REST   IFT_CLASS_REST
#define LETTER IFT_CLASS_LETTER
#define NUMBER IFT_CLASS_NUMBER
#define SPACE  IFT_CLASS_SPACE

void ift_classes_release(struct ift_classes *c) {
    for (size_t i = 0; i < sizeof c->page / sizeof *c->page; i++) free(c->page[i]);
    *c = (struct ift_classes){0};
}

static enum ift_class classify(uint32_t code) {
    if (ift_utf8_is_letter(code)) return LETTER;
    if (ift_utf8_is_number(code)) return NUMBER;
    return ift_utf8_is_space(code) ? SPACE : REST;
}

static const uint8_t *make_page(struct ift_classes *c, uint32_t number) {
    uint8_t *const page = ift_alloc(256);
    for (uint32_t i = 0; i < 256; i++) page[i] = (uint8_t)classify(number << 8 | i);
    return c->page[number] = page;
}

static inline enum ift_class class_of(struct ift_classes *c, uint32_t code) {
    const uint8_t *const page = c->page[code >> 8];
    return (page ? page : make_page(c, code >> 8))[code & 255];
}

/* Of three bytes, as nearly all are that are not of one or two. */
static inline bool is_three(const unsigned char *b, size_t n) {
    return n >= 3 && b[0] > 0xe0 && b[0] < 0xf0 && b[0] != 0xed && (b[1] & 0xc0) == 0x80 &&
           (b[2] & 0xc0) == 0x80;
}

/* The class of the character at p[i], i < n, its length and number; of a byte that is none,
 * REST. */
__attribute__((always_inline)) static inline enum ift_class
look_at(struct ift_classes *c, const char *p, size_t n, size_t i, size_t *len, uint32_t *code) {
    const unsigned char *const b = (const unsigned char *)p + i;
    *code = b[0];
    *len = 1;
    if (b[0] < 0x80) return class_of(c, b[0]);
    if (b[0] < 0xc2 || n - i < 2 || (b[1] & 0xc0) != 0x80) return REST;
    if (b[0] < 0xe0) {
        *len = 2;
        *code = (b[0] & 31u) << 6 | (b[1] & 63u);
    } else if (is_three(b, n - i)) {
        *len = 3;
        *code = (b[0] & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u);
    } else if ((*len = ift_utf8_decode(p + i, n - i, code)) == 0) {
        *len = 1;
        return REST;
    }
    return class_of(c, *code);
}

static enum ift_class look(struct ift_classes *c, const char *p, size_t n, size_t i, size_t *len) {
    uint32_t code;
    return look_at(c, p, n, i, len, &code);
}

/* The end of the run of one class that goes on at i. */
static inline size_t run_end(struct ift_classes *c, const char *p, size_t n, size_t i,
                             enum ift_class class) {
    while (i < n) {
        size_t len = 3;
        const bool letter = n - i >= 3 && ift_is_ideograph(p + i);
        if ((letter ? LETTER : look(c, p, n, i, &len)) != class) break;
        i += len;
    }
    return i;
}

static bool is_newline(char ch) {
    return ch == '\r' || ch == '\n';
}

/* `\s+(?!\S)|\s+`: white space up to `end`, of which the last character is left to the word that
 * follows. */
static size_t space_word(const char *p, size_t n, size_t end) {
    if (end == n) return end;
    size_t last = end - 1;
    while (last > 0 && ((unsigned char)p[last] & 0xc0) == 0x80) last--;
    return last > 0 ? last : end;
}

/* "'s|'t|'re|'ve|'m|'ll|'d" at p[0] = '\''; 0: none. Folding case, U+017F is an s. */
static size_t contraction(const char *p, size_t n, bool fold) {
    if (n < 2) return 0;
    const char a = fold && p[1] >= 'A' && p[1] <= 'Z' ? (char)(p[1] + 32) : p[1];
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
    if (n < 3) return 0;
    if (fold && p[1] == '\xc5' && p[2] == '\xbf') return 3;
    const char b = fold && p[2] >= 'A' && p[2] <= 'Z' ? (char)(p[2] + 32) : p[2];
    return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

size_t ift_pretoken_gpt2(struct ift_classes *c, const char *p, size_t n) {
    if (p[0] == '\'') {
        const size_t len = contraction(p, n, false);
        if (len > 0) return len;
    }
    size_t len, i = 0;
    enum ift_class class = look(c, p, n, 0, &len);
    if (p[0] == ' ' && n > 1) {
        size_t len_after;
        const enum ift_class after = look(c, p, n, 1, &len_after);
        if (after != SPACE) {
            class = after;
            len = len_after;
            i = 1;
        }
    }
    const size_t end = run_end(c, p, n, i + len, class);
    return class == SPACE ? space_word(p, n, end) : end;
}

/* White space from 0: through its last newline, or else as space_word. */
static size_t space_or_lines(struct ift_classes *c, const char *p, size_t n) {
    size_t end = 0, after_newline = 0;
    for (size_t len; end < n && look(c, p, n, end, &len) == SPACE; end += len)
        if (is_newline(p[end])) after_newline = end + 1;
    return after_newline > 0 ? after_newline : space_word(p, n, end);
}

/* The expression of Llama-3 and Qwen; they differ in how many digits make a word. */
static size_t cl100k(struct ift_classes *c, const char *p, size_t n, size_t digits) {
    if (p[0] == '\'') {
        const size_t len = contraction(p, n, true);
        if (len > 0) return len;
    }
    size_t len, len2;
    const enum ift_class class = look(c, p, n, 0, &len);
    if (class == LETTER) return run_end(c, p, n, len, LETTER);
    if (class == NUMBER) {
        size_t i = len;
        for (size_t k = 1; k < digits && i < n && look(c, p, n, i, &len2) == NUMBER; k++) i += len2;
        return i;
    }
    if (!is_newline(p[0]) && len < n && look(c, p, n, len, &len2) == LETTER)
        return run_end(c, p, n, len + len2, LETTER);
    size_t from = class == REST ? len : 0;
    if (p[0] == ' ' && n > 1 && look(c, p, n, 1, &len2) == REST) from = 1 + len2;
    if (from > 0) {
        size_t i = run_end(c, p, n, from, REST);
        while (i < n && is_newline(p[i])) i++;
        return i;
    }
    return space_or_lines(c, p, n);
}

size_t ift_pretoken_llama3(struct ift_classes *c, const char *p, size_t n) {
    return cl100k(c, p, n, 3);
}

size_t ift_pretoken_qwen(struct ift_classes *c, const char *p, size_t n) {
    return cl100k(c, p, n, 1);
}

size_t ift_pretoken_whole(struct ift_classes *c, const char *p, size_t n) {
    (void)c;
    (void)p;
    return n;
}

/* BLOOM's ` ?[^(\s|[.,!?…。，、।۔،])]+`: Oniguruma reads the inner brackets as a nested
 * set, so a word is anything but white space, ( | ) and that punctuation; what lies between words
 * is a word too. */
static bool bloom_breaks(struct ift_classes *c, const char *p, size_t n, size_t i, size_t *len) {
    uint32_t code;
    if (look_at(c, p, n, i, len, &code) == SPACE) return true;
    switch (code) {
    /* clang-format off */
    case '(': case '|': case ')': case '.': case ',': case '!': case '?':
    case 0x60c: case 0x6d4: case 0x964: case 0x2026: case 0x3001: case 0x3002: case 0xff0c:
        return true;
    /* clang-format on */
    default:
        return false;
    }
}

size_t ift_pretoken_bloom(struct ift_classes *c, const char *p, size_t n) {
    size_t len, i = p[0] == ' ' ? 1 : 0;
    const size_t from = i;
    while (i < n && !bloom_breaks(c, p, n, i, &len)) i += len;
    if (i > from) return i;
    for (i = 0; i < n && bloom_breaks(c, p, n, i, &len); i += len) {
        size_t after;
        if (p[i] == ' ' && i + 1 < n && !bloom_breaks(c, p, n, i + 1, &after)) break;
    }
    return i > 0 ? i : n;
}

static const struct {
    const char *text;
    ift_pretoken_fn *scan;
} known[] = {
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
     ift_pretoken_gpt2},
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
     "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
     "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     ift_pretoken_llama3},
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
     "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
     "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     ift_pretoken_qwen},
    {" ?[^(\\s|[.,!?…。，、।۔،])]+", ift_pretoken_bloom},
};

enum { KNOWN = sizeof known / sizeof *known };

ift_pretoken_fn *ift_pretoken_for(struct ift_slice expression) {
    for (size_t i = 0; i < KNOWN; i++)
        if (ift_slice_is(expression, known[i].text)) return known[i].scan;
    return NULL;
}

const char *ift_pretoken_expression(ift_pretoken_fn *scan) {
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].scan == scan) return known[i].text;
    return NULL;
}
