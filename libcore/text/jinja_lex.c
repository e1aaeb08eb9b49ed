/* A template to tokens: what stands between tags as it is, with blanks taken away as trim_blocks,
 * lstrip_blocks and the signs - and + in tags say; inside tags, words. */
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_parser.h"

struct lexer {
    struct ift_jtokens *out;
    struct ift_arena *arena;
    const char *p, *end;
    int line;
    bool line_starts; /* what is next begins a line, a tag that took the break included */
    struct ift_err *err;
};

static void push(struct lexer *l, enum ift_jtoken_kind kind, const char *p, size_t n) {
    struct ift_jtokens *const t = l->out;
    t->token = ift_grow(t->token, t->n + 1, &t->cap, sizeof *t->token);
    t->token[t->n++] = (struct ift_jtoken){kind, l->line, {p, n}};
}

static int fail(const struct lexer *l, const char *what) {
    return IFT_FAIL(l->err, "line %d: %s", l->line, what);
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static void go_to(struct lexer *l, const char *to) {
    for (; l->p < to; l->p++) l->line += *l->p == '\n';
}

static bool starts(const struct lexer *l, const char *p, const char *what) {
    const size_t n = strlen(what);
    return (size_t)(l->end - p) >= n && memcmp(p, what, n) == 0;
}

static void skip_blanks(struct lexer *l) {
    while (l->p < l->end && is_blank(*l->p)) go_to(l, l->p + 1);
}

/* Data up to `to`, where a tag of that kind begins, and past the tag's sign. */
static void put_data(struct lexer *l, const char *to, bool prints) {
    const char *const from = l->p, *stop = to;
    const char sign = to + 2 < l->end ? to[2] : '\0';
    if (sign == '-') {
        while (stop > from && is_blank(stop[-1])) stop--;
    } else if (sign != '+' && !prints) {
        const char *left = to;
        while (left > from && is_blank(left[-1]) && left[-1] != '\n') left--;
        if (left > from ? left[-1] == '\n' : l->line_starts) stop = left;
    }
    if (stop > from) push(l, IFT_JTOKEN_DATA, from, (size_t)(stop - from));
    go_to(l, to + 2 + (sign == '-' || sign == '+'));
    l->line_starts = false;
}

/* Past a tag's end, "-%}", "+%}" or "%}", which l->p stands at. */
static void close_tag(struct lexer *l, bool trims) {
    const char sign = *l->p;
    const bool strips = sign == '-';
    const char *const from = l->p;
    go_to(l, l->p + 2 + (strips || sign == '+'));
    if (strips)
        skip_blanks(l);
    else if (trims && sign != '+' && l->p < l->end && *l->p == '\n')
        go_to(l, l->p + 1);
    l->line_starts = l->p > from && l->p[-1] == '\n';
}

static int lex_comment(struct lexer *l) {
    for (const char *p = l->p; p + 1 < l->end; p++) {
        if (p[0] != '#' || p[1] != '}') continue;
        const bool sign = p > l->p && (p[-1] == '-' || p[-1] == '+');
        go_to(l, sign ? p - 1 : p);
        close_tag(l, true);
        return 0;
    }
    return fail(l, "a comment without its end \"#}\"");
}

/* ---- inside tags ---- */

static void put_code(struct ift_str *s, uint32_t code) {
    char utf8[4];
    if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff) code = 0xfffd;
    ift_str_add(s, utf8, ift_utf8_encode(code, utf8));
}

static int hex(char c) {
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* Behind a backslash, as in Python's literals; returns what comes after. */
static const char *put_escape(struct ift_str *s, const char *p, const char *end) {
    static const char letters[] = "nrtabfv\\'\"", means[] = "\n\r\t\a\b\f\v\\'\"";
    const char *const letter = *p ? strchr(letters, *p) : NULL;
    const size_t digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
    uint32_t code = 0;
    if (letter) {
        ift_str_addc(s, means[letter - letters]);
        return p + 1;
    }
    if (*p == '\n') return p + 1;
    if (*p >= '0' && *p <= '7') {
        for (int i = 0; i < 3 && p < end && *p >= '0' && *p <= '7'; i++)
            code = code * 8 + (uint32_t)(*p++ - '0');
        put_code(s, code);
        return p;
    }
    size_t got = 0;
    while (got < digits && p + 1 + got < end && hex(p[1 + got]) >= 0)
        code = code << 4 | (uint32_t)hex(p[1 + got++]);
    if (digits && got == digits) {
        put_code(s, code);
        return p + 1 + digits;
    }
    ift_str_addc(s, '\\');
    return p;
}

static int lex_text(struct lexer *l) {
    const char quote = *l->p, *p = l->p + 1;
    struct ift_str s = {0};
    while (p < l->end && *p != quote) {
        if (*p == '\\' && p + 1 < l->end) {
            p = put_escape(&s, p + 1, l->end);
        } else {
            ift_str_addc(&s, *p++);
        }
    }
    const bool closed = p < l->end;
    if (closed) push(l, IFT_JTOKEN_TEXT, ift_arena_strndup(l->arena, s.p ? s.p : "", s.n), s.n);
    ift_str_release(&s);
    if (!closed) return fail(l, "a text without its closing quote");
    go_to(l, p + 1);
    return 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_word(char c) {
    return is_digit(c) || c == '_' || (unsigned char)((c | 0x20) - 'a') < 26 || (c & 0x80);
}

static const char *digits(const struct lexer *l, const char *p) {
    while (p < l->end && (is_digit(*p) || (*p == '_' && p + 1 < l->end && is_digit(p[1])))) p++;
    return p;
}

/* 12, 1_000, 1.5, 1e3; the underscores are taken out. */
static void lex_number(struct lexer *l) {
    const char *p = digits(l, l->p);
    bool real = false;
    if (p + 1 < l->end && *p == '.' && is_digit(p[1])) {
        real = true;
        p = digits(l, p + 1);
    }
    if (p + 1 < l->end && (*p | 0x20) == 'e') {
        const char *const e = p + 1 + (p[1] == '-' || p[1] == '+');
        if (e < l->end && is_digit(*e)) {
            real = true;
            p = digits(l, e);
        }
    }
    char *const text = ift_arena_strndup(l->arena, l->p, (size_t)(p - l->p));
    size_t n = 0;
    for (const char *c = l->p; c < p; c++)
        if (*c != '_') text[n++] = *c;
    text[n] = '\0';
    push(l, real ? IFT_JTOKEN_FLOAT : IFT_JTOKEN_INT, text, n);
    go_to(l, p);
}

static int lex_sign(struct lexer *l, int *open) {
    static const char *const two[] = {"//", "**", "==", "!=", ">=", "<="};
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        if (starts(l, l->p, two[i])) {
            push(l, IFT_JTOKEN_SIGN, two[i], 2);
            l->p += 2;
            return 0;
        }
    if (!strchr("+-/*%~[](){}<>=.:|,;", *l->p) || *l->p == '\0') {
        return IFT_FAIL(l->err, "line %d: unexpected character '%.*s'", l->line,
                        (*l->p & 0x80) ? 0 : 1, l->p);
    }
    *open += strchr("([{", *l->p) ? 1 : strchr(")]}", *l->p) ? -1 : 0;
    if (*open < 0) return IFT_FAIL(l->err, "line %d: unexpected '%c'", l->line, *l->p);
    push(l, IFT_JTOKEN_SIGN, l->p, 1);
    l->p++;
    return 0;
}

static bool at_close(const struct lexer *l, const char *close, bool prints) {
    if (starts(l, l->p, close)) return true;
    return (*l->p == '-' || (*l->p == '+' && !prints)) && starts(l, l->p + 1, close);
}

static int lex_inside(struct lexer *l, bool prints) {
    const char *const close = prints ? "}}" : "%}";
    int open = 0;
    for (;;) {
        skip_blanks(l);
        if (l->p == l->end) return fail(l, prints ? "no \"}}\" follows" : "no \"%}\" follows");
        if (open == 0 && at_close(l, close, prints)) break;
        if (*l->p == '"' || *l->p == '\'') {
            IFT_TRY(lex_text(l));
        } else if (is_digit(*l->p)) {
            lex_number(l);
        } else if (is_word(*l->p)) {
            const char *p = l->p;
            while (p < l->end && is_word(*p)) p++;
            push(l, IFT_JTOKEN_NAME, l->p, (size_t)(p - l->p));
            l->p = p;
        } else {
            IFT_TRY(lex_sign(l, &open));
        }
    }
    push(l, IFT_JTOKEN_CLOSE, close, 2);
    close_tag(l, !prints);
    return 0;
}

/* "raw" or "endraw" alone in the tag at p: where the tag ends, else NULL. */
static const char *raw_tag(const struct lexer *l, const char *p, const char *word) {
    p += 2 + (p + 2 < l->end && (p[2] == '-' || p[2] == '+'));
    while (p < l->end && is_blank(*p)) p++;
    if (!starts(l, p, word)) return NULL;
    p += strlen(word);
    while (p < l->end && is_blank(*p)) p++;
    return starts(l, p, "%}") || starts(l, p, "-%}") || starts(l, p, "+%}") ? p : NULL;
}

static int lex_raw(struct lexer *l, const char *close) {
    go_to(l, close);
    close_tag(l, false);
    for (const char *p = l->p; p + 1 < l->end; p++) {
        const char *const end = p[0] == '{' && p[1] == '%' ? raw_tag(l, p, "endraw") : NULL;
        if (!end) continue;
        put_data(l, p, false);
        go_to(l, end);
        close_tag(l, true);
        return 0;
    }
    return fail(l, "a \"raw\" without its \"endraw\"");
}

static int lex_all(struct lexer *l) {
    while (l->p < l->end) {
        const char *p = l->p;
        while (p + 1 < l->end && !(*p == '{' && strchr("{%#", p[1]) && p[1])) p++;
        if (p + 1 >= l->end) {
            push(l, IFT_JTOKEN_DATA, l->p, (size_t)(l->end - l->p));
            break;
        }
        const char kind = p[1];
        const char *const raw = kind == '%' ? raw_tag(l, p, "raw") : NULL;
        put_data(l, p, kind == '{');
        if (kind == '#') {
            IFT_TRY(lex_comment(l));
        } else if (raw) {
            IFT_TRY(lex_raw(l, raw));
        } else {
            push(l, kind == '{' ? IFT_JTOKEN_PRINT : IFT_JTOKEN_TAG, p, 2);
            IFT_TRY(lex_inside(l, kind == '{'));
        }
    }
    push(l, IFT_JTOKEN_END, "", 0);
    return 0;
}

/* Line ends become \n, and one at the very end goes. */
int ift_jinja_lex(struct ift_jtokens *tokens, struct ift_arena *arena, const char *text, size_t n,
                  struct ift_err *err) {
    char *const copy = ift_arena_alloc(arena, n + 1);
    size_t m = 0;
    if (ift_utf8_check(text, n) < n) return IFT_FAIL(err, "the template is not UTF-8");
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\r' && i + 1 < n && text[i + 1] == '\n') continue;
        copy[m++] = text[i] == '\r' ? '\n' : text[i];
    }
    if (m > 0 && copy[m - 1] == '\n') m--;
    copy[m] = '\0';
    struct lexer l = {tokens, arena, copy, copy + m, 1, true, err};
    return lex_all(&l);
}
