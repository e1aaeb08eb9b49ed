#include "libcore/io/json_split.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "libcore/io/json_scan.h"

static const char mark[3] = IFT_JSON_MARK;

/* "}" and what may lead to another "{": several objects on one line, perhaps. Files put together
 * with cat have that where one lacked its last line end. */
static bool may_be_several(const char *p, size_t n) {
    const char *const last = p + n - 1;
    for (; p < last && (p = memchr(p, '}', (size_t)(last - p))) != NULL; p++) {
        if (p[1] == '{' || p[1] == mark[0] || ift_json_is_blank(p[1])) return true;
    }
    return false;
}

#if defined(__x86_64__)
/* The line break in [p, end), or NULL: there is none, or only near the end. *several: the line may
 * be several objects, which is to be asked again; the same look answers nearly always that not. */
__attribute__((target("avx2"))) static const char *find_break_avx2(const char *p, const char *end,
                                                                   bool *several) {
    const __m256i blank = _mm256_set1_epi8(' ');
    __m256i found = _mm256_setzero_si256();
    for (; end - p > 32; p += 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)p),
                      next = _mm256_loadu_si256((const __m256i *)(p + 1));
        const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(next, blank), next),
                      open = _mm256_cmpeq_epi8(next, _mm256_set1_epi8('{')),
                      bom = _mm256_cmpeq_epi8(next, _mm256_set1_epi8(mark[0]));
        const __m256i here = _mm256_and_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('}')),
                                              _mm256_or_si256(low, _mm256_or_si256(open, bom)));
        const uint32_t breaks =
            (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\n')));
        if (breaks) {
            const uint32_t before =
                (breaks ^ (breaks - 1)) >> 2; /* what leads to the break itself */
            *several = !_mm256_testz_si256(found, found) ||
                       ((uint32_t)_mm256_movemask_epi8(here) & before);
            return p + __builtin_ctz(breaks);
        }
        found = _mm256_or_si256(found, here);
    }
    return NULL;
}
#endif

/* The end of the line text[0, n), of which nothing before pos is one; NULL: not there. */
static const char *find_break(struct ift_slice text, size_t pos, bool *several) {
    *several = true;
#if defined(__x86_64__)
    if (pos == 0 && __builtin_cpu_supports("avx2")) {
        const char *const at = find_break_avx2(text.p, text.p + text.n, several);
        if (at) return at;
    }
#endif
    return memchr(text.p + pos, '\n', text.n - pos);
}

/* Where the value that starts at text[from] ends within the line text[0, n); 0: not there. */
static size_t value_end(struct ift_json_splitter *s, size_t from, size_t n) {
    const struct ift_slice all = s->text;
    s->text = (struct ift_slice){all.p + from, n - from};
    ift_json_split_follow_from_start(s);
    const size_t end = ift_json_split_track(s) ? from + s->pos : 0;
    s->text = all;
    return end;
}

/* The place behind the blanks and marks at i. */
static size_t next_start(const char *p, size_t i, size_t n) {
    for (;;) {
        if (n - i >= sizeof mark && memcmp(p + i, mark, sizeof mark) == 0) {
            i += sizeof mark;
        } else if (i < n && ift_json_is_blank(p[i])) {
            i++;
        } else {
            return i;
        }
    }
}

/* How much of the line text[0, n) are values one after the other, all of them right: to its end,
 * or to a value that goes on behind it. 0 when that is not so. */
static size_t sure_of(struct ift_json_splitter *s, size_t n, bool goes_on) {
    struct ift_err err = {0};
    for (size_t i = 0, end;; i = next_start(s->text.p, end, n)) {
        if (i == n) return n;
        if (!ift_json_opens(s->text.p[i])) return 0;
        end = value_end(s, i, n);
        if (end == 0) return goes_on ? i : 0;
        if (ift_json_parse(&s->doc, s->text.p + i, end - i, &err) < 0) return 0;
    }
}

/* Looks at the line text[0, n), behind which there is nothing if it is the last. True when it is
 * the value, right or wrong; otherwise the value is to be followed. */
static bool is_value_line(struct ift_json_splitter *s, size_t n, bool last, bool several) {
    const char *const p = s->text.p;
    while (n > 1 && ift_json_is_blank(p[n - 1])) n--;
    const bool goes_on =
        last || ift_json_leads_on(p[n - 1]) || (ift_json_opens(p[0]) && !ift_json_closes(p[n - 1]));
    if (!goes_on && !(several && may_be_several(p, n))) return true;
    const size_t end = value_end(s, 0, n);
    if (end == n) return true;
    if (end == 0) return !goes_on || (s->in_string && !last); /* no string goes on */
    s->sure = sure_of(s, n, goes_on);
    return s->sure == 0;
}

/* A line that was cut where more would follow takes the lines behind it for that. Of text[0, n), a
 * value over several lines: how much of it to take as one. If it is wrong, that ends before the
 * first line that is a whole value itself. */
static size_t before_good_line(struct ift_json_splitter *s, size_t n) {
    const char *const p = s->text.p;
    struct ift_err err = {0};
    bool wrong = false;
    for (const char *nl = p; (nl = memchr(nl, '\n', (size_t)(p + n - nl))) != NULL; nl++) {
        const size_t from = (size_t)(nl + 1 - p);
        if (from == s->text.n || !ift_json_opens(p[from])) continue;
        if (!wrong && ift_json_parse(&s->doc, p, n, &err) == 0) return n;
        wrong = true;
        const char *const end = memchr(p + from, '\n', s->text.n - from);
        const size_t to = end ? (size_t)(end - p) : s->text.n;
        if (ift_json_parse(&s->doc, p + from, to - from, &err) == 0) return from - 1;
    }
    return n;
}

int ift_json_split_next_line(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                             struct ift_err *err) {
    if (s->where != WITHIN) {
        if (!ift_json_split_skip_marks(s)) return 0;
        s->where = WITHIN;
    }
    if (!s->tracked && s->sure == 0) {
        bool several;
        const char *const nl = find_break(s->text, s->pos, &several);
        if (!nl && !s->finished) {
            s->pos = s->text.n;
            return 0;
        }
        const size_t n = nl ? (size_t)(nl - s->text.p) : s->text.n;
        if (is_value_line(s, n, !nl, several)) return ift_json_split_lend(s, n, value, line);
    }
    if (!s->tracked) ift_json_split_follow_from_start(s);
    s->tracked = true;
    const bool found = ift_json_split_track(s);
    if (!found && !s->finished) return 0;
    const size_t n = before_good_line(s, s->pos);
    if (found || n < s->pos || (s->depth == 0 && !s->in_string))
        return ift_json_split_lend(s, n, value, line);
    return IFT_FAIL(err, "line %zu: input ends inside a value", s->line);
}
