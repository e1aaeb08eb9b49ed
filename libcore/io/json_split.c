#include "libcore/io/json_split.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"

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

static int next(struct ift_json_splitter *s, struct ift_slice *value, size_t *line,
                struct ift_err *err) {
    if (s->text.n == 0 && !s->finished) return 0;
    if (s->layout == IFT_JSON_AUTO) {
        if (!ift_json_split_skip_marks(s)) return 0;
        s->layout = s->text.p[0] == '[' ? IFT_JSON_ARRAY_OF : IFT_JSON_LINES;
    }
    return s->layout == IFT_JSON_LINES ? ift_json_split_next_line(s, value, line, err)
                                       : ift_json_split_next_element(s, value, line, err);
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
