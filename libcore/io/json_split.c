#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/json.h"
#include "libcore/io/json_scan.h"

/* The splitter looks for where values end, not at whether they are right: that is the parser's
 * work, value by value. It is built so that a broken value spoils as little as possible of what
 * follows: a line break ends any string, for JSON allows none inside, and in a stream of lines a
 * value is its line unless it plainly goes on, and a line is several values only if each of them is
 * right. */
static const char mark[3] = "\xef\xbb\xbf"; /* byte order mark */

enum where {
    AT_START,
    BETWEEN, /* where a value, or a member's key, may start */
    KEY,     /* behind a member's key and colon */
    WITHIN,  /* in a line that may be a value, or, when tracked, in a value */
    AFTER,   /* behind an element of the array */
    CLOSED,  /* behind the array */
};

struct ift_json_splitter {
    enum ift_json_layout layout;
    enum where where;
    bool finished, any; /* any: the array has an element */
    uint64_t marks;     /* byte order marks skipped */
    size_t line;        /* of the first byte of text */

    struct ift_slice text; /* not used yet: the value being looked for, or what stands before it,
                              and all after it */
    struct ift_slice rest; /* of the block, behind text */
    struct ift_str buf;    /* where text lies when it began in an earlier block; else it lies in the
                              block itself */
    bool kept;             /* text lies in buf */
    size_t pos;            /* bytes of text in which the end of the value is not */
    size_t sure;           /* bytes of text that are whole values one after the other */
    struct ift_json doc;   /* for making sure */

    struct ift_str key; /* OBJECT_OF: of the member, as it stands there */
    bool has_key;

    bool tracked; /* following the value's brackets */
    bool in_string;
    size_t depth;
};

struct ift_json_splitter *ift_json_splitter_new(enum ift_json_layout layout) {
    struct ift_json_splitter *const s = ift_alloc0(1, sizeof *s);
    s->layout = layout;
    s->line = 1;
    return s;
}

void ift_json_splitter_free(struct ift_json_splitter *s) {
    if (!s) return;
    ift_str_release(&s->buf);
    ift_str_release(&s->key);
    ift_json_release(&s->doc);
    free(s);
}

/* What is left of the block is kept, for the block goes back to its owner. */
static void keep(struct ift_json_splitter *s) {
    if (s->text.n == 0) return;
    if (s->kept) {
        memmove(s->buf.p, s->text.p, s->text.n);
        s->buf.n = s->text.n;
    } else {
        ift_str_clear(&s->buf);
        ift_str_add(&s->buf, s->text.p, s->text.n);
    }
    s->kept = true;
    s->text = ift_str_slice(&s->buf);
}

/* Adds to text from the rest of the block. What began in an earlier block takes no more than its
 * line to itself, so that all else is used where it lies. */
static bool take_more(struct ift_json_splitter *s) {
    if (s->rest.n == 0) return false;
    if (s->text.n == 0) {
        s->text = s->rest;
        s->kept = false;
        s->rest.n = 0;
        return true;
    }
    keep(s);
    const char *const nl = memchr(s->rest.p, '\n', s->rest.n);
    const size_t n = nl ? (size_t)(nl - s->rest.p) + 1 : s->rest.n;
    ift_str_add(&s->buf, s->rest.p, n);
    s->text = ift_str_slice(&s->buf);
    s->rest = (struct ift_slice){s->rest.p + n, s->rest.n - n};
    return true;
}

void ift_json_splitter_take(struct ift_json_splitter *s, struct ift_slice *value,
                            struct ift_str *into) {
    ift_str_clear(into);
    if (!s->kept) {
        ift_str_add(into, value->p, value->n);
        value->p = into->p;
        return;
    }
    const struct ift_str whole = s->buf;
    s->buf = *into;
    ift_str_add(&s->buf, s->text.p, s->text.n);
    s->text = ift_str_slice(&s->buf);
    *into = whole;
    into->n = (size_t)(value->p - whole.p) + value->n;
}

void ift_json_splitter_push(struct ift_json_splitter *s, const char *p, size_t n) {
    s->rest = (struct ift_slice){p, n};
}

int ift_json_splitter_finish(struct ift_json_splitter *s, struct ift_err *err) {
    s->finished = true;
    const bool object = s->layout == IFT_JSON_OBJECT_OF;
    if ((object && s->where != CLOSED && s->where != AT_START) ||
        (s->layout == IFT_JSON_ARRAY_OF && s->where != CLOSED)) {
        return IFT_FAIL(err, "line %zu: input ends inside an %s", s->line,
                        object ? "object" : "array");
    }
    return 0;
}

uint64_t ift_json_splitter_marks(const struct ift_json_splitter *s) {
    return s->marks;
}

bool ift_json_splitter_in_array(const struct ift_json_splitter *s) {
    return s->layout == IFT_JSON_ARRAY_OF || s->layout == IFT_JSON_OBJECT_OF;
}

struct ift_slice ift_json_splitter_key(const struct ift_json_splitter *s) {
    return ift_str_slice(&s->key);
}

/* Leaves n bytes behind, which may hold line breaks or not. */
static void skip(struct ift_json_splitter *s, size_t n, bool breaks) {
    const char *p = s->text.p, *const end = p + n;
    while (breaks && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        s->line++;
        p++;
    }
    s->text = (struct ift_slice){end, s->text.n - n};
    s->pos = 0;
    s->sure -= s->sure < n ? s->sure : n;
}

static void skip_blanks(struct ift_json_splitter *s) {
    size_t i = 0;
    for (; i < s->text.n && ift_json_is_blank(s->text.p[i]); i++) s->line += s->text.p[i] == '\n';
    if (i > 0) skip(s, i, false);
}

/* Blanks, and the marks that files put together bring with them. False when more input is needed to
 * tell, or there is none. */
static bool skip_marks(struct ift_json_splitter *s) {
    for (;;) {
        skip_blanks(s);
        const size_t n = s->text.n < sizeof mark ? s->text.n : sizeof mark;
        if (n == 0) return false;
        if (memcmp(s->text.p, mark, n) != 0) return true;
        if (n < sizeof mark) return s->finished;
        skip(s, sizeof mark, false);
        s->marks++;
    }
}

static bool opens(char c) {
    return c == '{' || c == '[';
}

static bool closes(char c) {
    return c == '}' || c == ']';
}

static bool leads_on(char c) {
    return opens(c) || c == ',' || c == ':';
}

/* "}" and what may lead to another "{": several objects on one line, perhaps. Files put together
 * with cat have that where one lacked its last line end. */
static bool may_be_several(const char *p, size_t n) {
    const char *const last = p + n - 1;
    for (; p < last && (p = memchr(p, '}', (size_t)(last - p))) != NULL; p++) {
        if (p[1] == '{' || p[1] == mark[0] || ift_json_is_blank(p[1])) return true;
    }
    return false;
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
    const bool called = p > s->text.p && (in_object ? p[-1] == ':' : leads_on(p[-1]));
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
static bool track(struct ift_json_splitter *s) {
    const char *const start = s->text.p, *const end = start + s->text.n, *p = start + s->pos;
    bool found = false;
    while (p < end && !found) {
        if (s->in_string) {
            if (!track_string(s, &p, end)) break;
            found = !s->in_string && s->depth == 0;
            continue;
        }
        const char c = *p;
        if (s->depth == 0 && (p > start || !(opens(c) || c == '"'))) { /* a number or a bare word */
            found = p > start && ends_word(s, c);
            p += !found;
            continue;
        }
        if (opens(c) && s->depth > 0 && s->layout == IFT_JSON_LINES) {
            const char *const cut = new_start(s, p);
            found = cut != NULL;
            if (found) p = cut;
            if (found) continue;
        }
        s->in_string = c == '"';
        s->depth += opens(c);
        s->depth -= closes(c);
        found = s->depth == 0 && !s->in_string;
        p++;
    }
    s->pos = (size_t)(p - start);
    return found;
}

/* Lends the first n bytes. They stay where they are until the next call. */
static int lend(struct ift_json_splitter *s, size_t n, struct ift_slice *value, size_t *line) {
    *value = (struct ift_slice){s->text.p, n};
    *line = s->line;
    skip(s, n, s->tracked);
    s->tracked = s->in_string = false;
    s->depth = 0;
    s->where = s->layout == IFT_JSON_LINES ? BETWEEN : AFTER;
    return 1;
}

/* ---- lines ---- */

static void follow_from_start(struct ift_json_splitter *s) {
    s->pos = s->depth = 0;
    s->in_string = false;
}

/* Where the value that starts at text[from] ends within the line text[0, n); 0: not there. */
static size_t value_end(struct ift_json_splitter *s, size_t from, size_t n) {
    const struct ift_slice all = s->text;
    s->text = (struct ift_slice){all.p + from, n - from};
    follow_from_start(s);
    const size_t end = track(s) ? from + s->pos : 0;
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
        if (!opens(s->text.p[i])) return 0;
        end = value_end(s, i, n);
        if (end == 0) return goes_on ? i : 0;
        if (ift_json_parse(&s->doc, s->text.p + i, end - i, &err) < 0) return 0;
    }
}

/* Looks at the line text[0, n), behind which there is nothing if it is the last. True when it is
 * the value, right or wrong; otherwise the value is to be followed. */
static bool is_value_line(struct ift_json_splitter *s, size_t n, bool last) {
    const char *const p = s->text.p;
    while (n > 1 && ift_json_is_blank(p[n - 1])) n--;
    const bool goes_on = last || leads_on(p[n - 1]) || (opens(p[0]) && !closes(p[n - 1]));
    if (!goes_on && !may_be_several(p, n)) return true;
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
        if (from == s->text.n || !opens(p[from])) continue;
        if (!wrong && ift_json_parse(&s->doc, p, n, &err) == 0) return n;
        wrong = true;
        const char *const end = memchr(p + from, '\n', s->text.n - from);
        const size_t to = end ? (size_t)(end - p) : s->text.n;
        if (ift_json_parse(&s->doc, p + from, to - from, &err) == 0) return from - 1;
    }
    return n;
}

static int next_line(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                     struct ift_err *err) {
    if (s->where != WITHIN) {
        if (!skip_marks(s)) return 0;
        s->where = WITHIN;
    }
    if (!s->tracked && s->sure == 0) {
        const char *const nl = memchr(s->text.p + s->pos, '\n', s->text.n - s->pos);
        if (!nl && !s->finished) {
            s->pos = s->text.n;
            return 0;
        }
        const size_t n = nl ? (size_t)(nl - s->text.p) : s->text.n;
        if (is_value_line(s, n, !nl)) return lend(s, n, value, line);
    }
    if (!s->tracked) follow_from_start(s);
    s->tracked = true;
    const bool found = track(s);
    if (!found && !s->finished) return 0;
    const size_t n = before_good_line(s, s->pos);
    if (found || n < s->pos || (s->depth == 0 && !s->in_string)) return lend(s, n, value, line);
    return IFT_FAIL(err, "line %zu: input ends inside a value", s->line);
}

/* ---- elements of an array, members of an object ---- */

/* A member's key and the colon behind it. 1, 0 when more input is needed, -1. */
static int take_key(struct ift_json_splitter *s, struct ift_err *err) {
    if (!s->has_key) {
        if (s->text.p[0] != '"') return IFT_FAIL(err, "line %zu: expected a key", s->line);
        if (!track(s)) return 0;
        ift_str_clear(&s->key);
        ift_str_add(&s->key, s->text.p, s->pos);
        skip(s, s->pos, true);
        follow_from_start(s);
        s->has_key = true;
    }
    skip_blanks(s);
    if (s->text.n == 0) return 0;
    if (s->text.p[0] != ':') return IFT_FAIL(err, "line %zu: expected ':' behind a key", s->line);
    skip(s, 1, false);
    s->has_key = false;
    return 1;
}

static bool may_close(const struct ift_json_splitter *s) {
    return s->where == AFTER || (s->where == BETWEEN && !s->any && !s->has_key);
}

static bool starts_element(const struct ift_json_splitter *s, char c, char closing) {
    if (s->where == KEY) return c != ',' && !closes(c);
    return s->where == BETWEEN && (s->has_key || (c != ',' && c != closing));
}

/* To where a value starts: 1, 0 when more input is needed or the container is closed, -1. */
static int to_element(struct ift_json_splitter *s, struct ift_err *err) {
    const bool object = s->layout == IFT_JSON_OBJECT_OF;
    const char opening = object ? '{' : '[', closing = object ? '}' : ']';
    while (s->where != WITHIN) {
        if (s->where == AT_START && !skip_marks(s)) return 0;
        skip_blanks(s);
        if (s->text.n == 0) return 0;
        const char c = s->text.p[0];
        if (s->where == AT_START && c == opening) {
            s->where = BETWEEN;
        } else if (s->where == AFTER && c == ',') {
            s->where = BETWEEN;
            s->any = true;
        } else if (c == closing && may_close(s)) {
            s->where = CLOSED;
        } else if (starts_element(s, c, closing)) {
            const bool key = object && s->where == BETWEEN;
            const int got = key ? take_key(s, err) : 1;
            if (got <= 0) return got;
            s->where = key ? KEY : WITHIN;
            continue;
        } else {
            static const char *const wrong[][2] = {
                [AT_START] = {"expected '[' and an array", "expected '{' and an object"},
                [BETWEEN] = {"expected an element", "expected a key"},
                [KEY] = {NULL, "expected a value"},
                [AFTER] = {"expected ',' or ']' after an element",
                           "expected ',' or '}' after a member"},
                [CLOSED] = {"text after the array", "text after the object"},
            };
            return IFT_FAIL(err, "line %zu: %s", s->line, wrong[s->where][object]);
        }
        skip(s, 1, false);
    }
    return 1;
}

static int next_element(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                        struct ift_err *err) {
    const int got = to_element(s, err);
    if (got <= 0) return got;
    s->tracked = true;
    return track(s) ? lend(s, s->pos, value, line) : 0;
}

static int next(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                struct ift_err *err) {
    if (s->text.n == 0 && !s->finished) return 0;
    if (s->layout == IFT_JSON_AUTO) {
        if (!skip_marks(s)) return 0;
        s->layout = s->text.p[0] == '[' ? IFT_JSON_ARRAY_OF : IFT_JSON_LINES;
    }
    return s->layout == IFT_JSON_LINES ? next_line(s, value, line, err)
                                       : next_element(s, value, line, err);
}

int ift_json_splitter_next(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                           struct ift_err *err) {
    int got;
    do {
        got = next(s, value, line, err);
    } while (got == 0 && take_more(s));
    if (got == 0) keep(s);
    return got;
}
