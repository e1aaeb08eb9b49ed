#include "libcore/io/json_split.h"

/* A member's key and the colon behind it. 1, 0 when more input is needed, -1. */
static int take_key(struct ift_json_splitter *s, struct ift_err *err) {
    if (!s->has_key) {
        if (s->text.p[0] != '"') return IFT_FAIL(err, "line %zu: expected a key", s->line);
        if (!ift_json_split_track(s)) return 0;
        ift_str_clear(&s->key);
        ift_str_add(&s->key, s->text.p, s->pos);
        ift_json_split_skip(s, s->pos, true);
        ift_json_split_follow_from_start(s);
        s->has_key = true;
    }
    ift_json_split_skip_blanks(s);
    if (s->text.n == 0) return 0;
    if (s->text.p[0] != ':') return IFT_FAIL(err, "line %zu: expected ':' behind a key", s->line);
    ift_json_split_skip(s, 1, false);
    s->has_key = false;
    return 1;
}

static bool may_close(const struct ift_json_splitter *s) {
    return s->where == AFTER || (s->where == BETWEEN && !s->any && !s->has_key);
}

static bool starts_element(const struct ift_json_splitter *s, char c, char closing) {
    if (s->where == KEY) return c != ',' && !ift_json_closes(c);
    return s->where == BETWEEN && (s->has_key || (c != ',' && c != closing));
}

/* To where a value starts: 1, 0 when more input is needed or the container is closed, -1. */
static int to_element(struct ift_json_splitter *s, struct ift_err *err) {
    const bool object = s->layout == IFT_JSON_OBJECT_OF;
    const char opening = object ? '{' : '[', closing = object ? '}' : ']';
    while (s->where != WITHIN) {
        if (s->where == AT_START && !ift_json_split_skip_marks(s)) return 0;
        ift_json_split_skip_blanks(s);
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
        ift_json_split_skip(s, 1, false);
    }
    return 1;
}

int ift_json_split_next_element(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                                struct ift_err *err) {
    const int got = to_element(s, err);
    if (got <= 0) return got;
    s->tracked = true;
    return ift_json_split_track(s) ? ift_json_split_lend(s, s->pos, value, line) : 0;
}
