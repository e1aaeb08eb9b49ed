#include "libcore/io/json_split.h"

#include <string.h>

#include "libcore/io/json_scan.h"

static const char mark[3] = IFT_JSON_MARK;

/* Leaves n bytes behind, which may hold line breaks or not. */
void ift_json_split_skip(struct ift_json_splitter *s, size_t n, bool breaks) {
    const char *p = s->text.p, *const end = p + n;
    while (breaks && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        s->line++;
        p++;
    }
    s->text = (struct ift_slice){end, s->text.n - n};
    s->pos = 0;
    s->sure -= s->sure < n ? s->sure : n;
}

void ift_json_split_skip_blanks(struct ift_json_splitter *s) {
    size_t i = 0;
    for (; i < s->text.n && ift_json_is_blank(s->text.p[i]); i++) s->line += s->text.p[i] == '\n';
    if (i > 0) ift_json_split_skip(s, i, false);
}

/* Blanks, and the marks that files put together bring with them. False when more input is needed to
 * tell, or there is none. */
bool ift_json_split_skip_marks(struct ift_json_splitter *s) {
    for (;;) {
        ift_json_split_skip_blanks(s);
        const size_t n = s->text.n < sizeof mark ? s->text.n : sizeof mark;
        if (n == 0) return false;
        if (s->text.p[0] != mark[0]) return true;
        if (memcmp(s->text.p, mark, n) != 0) return true;
        if (n < sizeof mark) return s->finished;
        ift_json_split_skip(s, sizeof mark, false);
        s->marks++;
    }
}

/* A bracket that opens a line although nothing on the lines before calls for a value: the value
 * before it is broken. Returns the end of the line before, or NULL. In an object only a colon calls
 * for one; deeper down it may as well be an array's comma. */
static const char *new_start(const struct ift_json_splitter *s, const char *bracket) {
    const char *p = bracket;
    while (p > s->text.p && (p[-1] == ' ' || p[-1] == '\t')) p--;
    if (p == s->text.p || p[-1] != '\n') return NULL;
    const char *const line_end = p - 1;
    while (p > s->text.p && ift_json_is_blank(p[-1])) p--;
    const bool in_object = s->depth == 1 && s->text.p[0] == '{';
    const bool called = p > s->text.p && (in_object ? p[-1] == ':' : ift_json_leads_on(p[-1]));
    return called ? NULL : line_end;
}

/* One step inside a string: to behind its end or its next escape. False when more input is needed.
 */
static bool track_string(struct ift_json_splitter *s, const char **p, const char *end) {
    const char *q = ift_json_plain_end(*p, end);
    const bool cut = q == end || (*q == '\\' && end - q < 2);
    *p = q;
    if (cut) return false;
    s->in_string = *q != '"' && *q != '\n';
    if (*q != '\n') *p += *q == '\\' ? 2 : 1;
    return true;
}

static bool ends_word(const struct ift_json_splitter *s, char c) {
    if (s->layout == IFT_JSON_LINES) return c == '\n';
    return ift_json_is_blank(c) || c == ',' || c == ']' || c == '}';
}

/* Follows the value from pos. True when its end is found: pos is there. */
bool ift_json_split_track(struct ift_json_splitter *s) {
    const char *const start = s->text.p, *const end = start + s->text.n, *p = start + s->pos;
    bool found = false;
    while (p < end && !found) {
        if (s->in_string) {
            if (!track_string(s, &p, end)) break;
            found = !s->in_string && s->depth == 0;
            continue;
        }
        const char c = *p;
        if (s->depth == 0 &&
            (p > start || !(ift_json_opens(c) || c == '"'))) { /* a number or a bare word */
            found = p > start && ends_word(s, c);
            p += !found;
            continue;
        }
        if (ift_json_opens(c) && s->depth > 0 && s->layout == IFT_JSON_LINES) {
            const char *const cut = new_start(s, p);
            found = cut != NULL;
            if (found) p = cut;
            if (found) continue;
        }
        s->in_string = c == '"';
        s->depth += ift_json_opens(c);
        s->depth -= ift_json_closes(c);
        found = s->depth == 0 && !s->in_string;
        p++;
    }
    s->pos = (size_t)(p - start);
    return found;
}

void ift_json_split_follow_from_start(struct ift_json_splitter *s) {
    s->pos = s->depth = 0;
    s->in_string = false;
}

/* Lends the first n bytes. They stay where they are until the next call. */
int ift_json_split_lend(struct ift_json_splitter *s, size_t n, struct ift_slice *value,
                        size_t *line) {
    *value = (struct ift_slice){s->text.p, n};
    *line = s->line;
    ift_json_split_skip(s, n, s->tracked);
    s->tracked = s->in_string = false;
    s->depth = 0;
    s->where = s->layout == IFT_JSON_LINES ? BETWEEN : AFTER;
    return 1;
}
