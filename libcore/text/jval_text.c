/* Texts of jinja.h, by character, each byte with its origin. */
#include <string.h>

#include "libcore/io/utf8.h"
#include "libcore/text/jinja_internal.h"

/* ---- building ---- */

/* Room for n bytes more; false when the run has taken too much, which its next step says. */
static bool make_room(struct ift_jbuild *b, size_t n) {
    if (n <= b->cap - b->n) return true;
    size_t cap = b->cap ? b->cap : 32;
    while (cap < b->n + n) cap *= 2;
    if (b->run->memory + cap > 2 * (size_t)IFT_JINJA_MEMORY) {
        b->run->memory = 2 * (size_t)IFT_JINJA_MEMORY;
        return false;
    }
    char *const p = ift_jrun_alloc(b->run, cap);
    if (b->n) memcpy(p, b->p, b->n);
    if (b->from) {
        uint16_t *const from = ift_jrun_alloc(b->run, cap * sizeof *from);
        memcpy(from, b->from, b->n * sizeof *from);
        b->from = from;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

static void need_origins(struct ift_jbuild *b) {
    if (b->from) return;
    b->from = ift_jrun_alloc(b->run, b->cap * sizeof *b->from);
    memset(b->from, 0, b->n * sizeof *b->from);
}

void ift_jbuild_add(struct ift_jbuild *b, struct ift_jtext t) {
    if (t.n == 0 || !make_room(b, t.n)) return;
    if (t.from) need_origins(b);
    memcpy(b->p + b->n, t.p, t.n);
    if (b->from) {
        if (t.from)
            memcpy(b->from + b->n, t.from, t.n * sizeof *t.from);
        else
            memset(b->from + b->n, 0, t.n * sizeof *t.from);
    }
    b->n += t.n;
}

void ift_jbuild_word(struct ift_jbuild *b, const char *text) {
    ift_jbuild_add(b, (struct ift_jtext){text, strlen(text), NULL});
}

void ift_jbuild_tag(struct ift_jbuild *b, const char *p, size_t n, uint16_t from) {
    const size_t at = b->n;
    ift_jbuild_add(b, (struct ift_jtext){p, n, NULL});
    if (from == 0 || b->n == at) return;
    need_origins(b);
    for (size_t i = at; i < b->n; i++) b->from[i] = from;
}

struct ift_jtext ift_jbuild_text(const struct ift_jbuild *b) {
    return (struct ift_jtext){b->p ? b->p : "", b->n, b->from};
}

struct ift_jtext ift_jtext_cut(struct ift_jtext t, size_t from, size_t to) {
    return (struct ift_jtext){t.p + from, to - from, t.from ? t.from + from : NULL};
}

/* ---- finding ---- */

/* What str.isspace calls so. */
bool ift_jtext_space(uint32_t code) {
    return ift_utf8_is_space(code) || (code >= 0x1c && code <= 0x1f);
}

static bool is_among(uint32_t code, const struct ift_jtext *chars) {
    if (!chars) return ift_jtext_space(code);
    for (size_t i = 0, n; i < chars->n; i += n) {
        uint32_t other;
        n = ift_utf8_decode(chars->p + i, chars->n - i, &other);
        if (n == 0) return false;
        if (other == code) return true;
    }
    return false;
}

struct ift_jtext ift_jtext_strip(struct ift_jtext t, const struct ift_jtext *chars, bool left,
                                 bool right) {
    size_t from = 0, to = t.n, n;
    uint32_t code;
    while (left && from < to) {
        n = ift_utf8_decode(t.p + from, to - from, &code);
        if (n == 0 || !is_among(code, chars)) break;
        from += n;
    }
    while (right && to > from) {
        size_t at = to - 1;
        while (at > from && (t.p[at] & 0xc0) == 0x80) at--;
        n = ift_utf8_decode(t.p + at, to - at, &code);
        if (n == 0 || !is_among(code, chars)) break;
        to = at;
    }
    return ift_jtext_cut(t, from, to);
}

int ift_jtext_find(struct ift_jrun *run, struct ift_jtext t, struct ift_jtext what, size_t at,
                   size_t *found) {
    if (at > t.n) return 0;
    const char *const p = what.n ? memmem(t.p + at, t.n - at, what.p, what.n) : t.p + at;
    *found = p ? (size_t)(p - t.p) : t.n;
    IFT_TRY(ift_jrun_spend(run, 1 + (*found - at) / 64));
    return p != NULL;
}

int ift_jtext_replace(struct ift_jrun *run, struct ift_jtext t, struct ift_jtext what,
                      struct ift_jtext with, long long most, struct ift_jtext *out) {
    struct ift_jbuild b = {.run = run};
    size_t at = 0, found;
    int rc = 0;
    while (most != 0 && at <= t.n && (rc = ift_jtext_find(run, t, what, at, &found)) > 0) {
        ift_jbuild_add(&b, ift_jtext_cut(t, at, found));
        ift_jbuild_add(&b, with);
        at = found + what.n;
        most -= most > 0;
        if (what.n > 0) continue;
        size_t next = at + 1; /* nothing is found before each character and at the end */
        while (next < t.n && (t.p[next] & 0xc0) == 0x80) next++;
        if (at < t.n) ift_jbuild_add(&b, ift_jtext_cut(t, at, next));
        at = next;
    }
    if (rc < 0) return -1;
    if (at < t.n) ift_jbuild_add(&b, ift_jtext_cut(t, at, t.n));
    *out = ift_jbuild_text(&b);
    return 0;
}

/* ---- letters ---- */

static void put_code(struct ift_jbuild *b, uint32_t code, uint16_t from) {
    char utf8[4];
    ift_jbuild_tag(b, utf8, ift_utf8_encode(code, utf8), from);
}

/* Sharp s is the one letter of common use whose capital is two. */
static void put_upper(struct ift_jbuild *b, uint32_t code, bool title, uint16_t from) {
    if (code == 0xdf)
        ift_jbuild_tag(b, title ? "Ss" : "SS", 2, from);
    else
        put_code(b, ift_utf8_upper(code), from);
}

static bool is_cased(uint32_t code) {
    return ift_utf8_lower(code) != code || ift_utf8_upper(code) != code;
}

struct ift_jtext ift_jtext_case(struct ift_jrun *run, struct ift_jtext t, enum ift_jcase how) {
    struct ift_jbuild b = {.run = run};
    bool starts = true;
    for (size_t i = 0, n; i < t.n; i += n) {
        uint32_t code;
        n = ift_utf8_decode(t.p + i, t.n - i, &code);
        const uint16_t from = t.from ? t.from[i] : 0;
        if (how == IFT_JCASE_UPPER)
            put_upper(&b, code, false, from);
        else if (how != IFT_JCASE_LOWER && starts)
            put_upper(&b, code, true, from);
        else
            put_code(&b, ift_utf8_lower(code), from);
        if (how == IFT_JCASE_TITLE)
            starts = !is_cased(code);
        else if (how == IFT_JCASE_WORDS)
            starts = ift_jtext_space(code) || (code < 0x80 && code && strchr("-([{<", (int)code));
        else
            starts = false;
    }
    return ift_jbuild_text(&b);
}

/* ---- slices ---- */

static int read_bound(struct ift_jrun *run, struct ift_jval v, long long def, long long size,
                      long long low, long long high, long long *bound) {
    __int128 n;
    *bound = def;
    if (v.type == IFT_JVAL_NONE) return 0;
    if (!ift_jval_whole(v, &n))
        return ift_jrun_fail(run, "a slice goes by whole numbers, not by %s", ift_jval_kind(v));
    if (n < 0) n += size;
    *bound = n < low ? low : n > high ? high : (long long)n;
    return 0;
}

int ift_jval_slice(struct ift_jrun *run, struct ift_jval v, const struct ift_jval bound[3],
                   struct ift_jval *out) {
    const struct ift_jlist *items;
    __int128 wide = 1;
    if (v.type == IFT_JVAL_UNDEFINED) return ift_jrun_fail(run, "%s is undefined", v.missing);
    if (v.type != IFT_JVAL_TEXT && v.type != IFT_JVAL_LIST && v.type != IFT_JVAL_TUPLE)
        return ift_jrun_fail(run, "%s cannot be sliced", ift_jval_kind(v));
    if (bound[2].type != IFT_JVAL_NONE && !ift_jval_whole(bound[2], &wide))
        return ift_jrun_fail(run, "a slice goes by whole numbers, not by %s",
                             ift_jval_kind(bound[2]));
    if (wide == 0) return ift_jrun_fail(run, "the step of a slice is zero");
    IFT_TRY(ift_jval_items(run, v, &items));
    const long long n = (long long)items->n;
    const long long step = wide > n + 1 ? n + 1 : wide < -n - 1 ? -n - 1 : (long long)wide;
    const long long low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    long long from, to;
    IFT_TRY(read_bound(run, bound[0], step < 0 ? high : 0, n, low, high, &from));
    IFT_TRY(read_bound(run, bound[1], step < 0 ? -1 : n, n, low, high, &to));
    struct ift_jbuild b = {.run = run};
    *out = ift_jval_list(run);
    for (long long i = from; step < 0 ? i > to : i < to; i += step) {
        if (v.type == IFT_JVAL_TEXT)
            ift_jbuild_add(&b, items->item[i].text);
        else
            ift_jval_add(run, *out, items->item[i]);
    }
    if (v.type == IFT_JVAL_TEXT)
        *out = ift_jval_of(ift_jbuild_text(&b));
    else
        out->type = v.type;
    return 0;
}
