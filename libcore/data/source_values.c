#include <string.h>

#include "libcore/data/source_internal.h"

/* What is plainly something else is said to be so once, and not found wrong line by line. */
static int check_start(const struct ift_source *s, struct ift_slice text, struct ift_err *err) {
    static const char *const html[] = {"<!doctype html", "<html"};
    if (text.n >= 2 && (!text.p[0] || !text.p[1]))
        return IFT_FAIL(err,
                        "%s: NUL bytes where JSON is expected; ift-format --encoding UTF-16LE or "
                        "UTF-16BE, if it is that",
                        ift_in_name(s->in));
    while (text.n > 0 && memchr(" \t\r\n", text.p[0], 4))
        text = (struct ift_slice){text.p + 1, text.n - 1};
    for (size_t i = 0; i < sizeof html / sizeof *html; i++)
        if (text.n >= strlen(html[i]) && strncasecmp(text.p, html[i], strlen(html[i])) == 0)
            return IFT_FAIL(err,
                            "%s: an HTML page where JSON is expected; perhaps a server answered "
                            "with it in place of the file: fetch that again",
                            ift_in_name(s->in));
    return 0;
}

static int more_values(struct ift_source *s, struct ift_err *err) {
    const char *p;
    size_t n;
    const int got = ift_source_block(s, &p, &n, err);
    if (got < 0) return -1;
    if (got > 0) {
        if (!s->begun && check_start(s, (struct ift_slice){p, n}, err) < 0) {
            s->refused = (struct ift_slice){p, n};
            return -1;
        }
        s->begun = true;
        s->block = (struct ift_slice){p, n};
        ift_json_splitter_push(s->values, p, n);
        return 0;
    }
    s->ended = true;
    return ift_json_splitter_finish(s->values, err) < 0 ? ift_source_fail_cut(s, err) : 0;
}

static int next_value(struct ift_source *s, struct ift_slice *value, size_t *line,
                      struct ift_err *err) {
    if (s->large.n == 0) return ift_json_splitter_next(s->values, value, line, err);
    *value = s->large;
    *line = s->large_line;
    s->large.n = 0;
    return 1;
}

/* ---- values one by one ---- */

/* Values that lie close together in a block are copied together. What is between them, blanks and
 * commas, comes along. */
enum { CLOSE = 16 };

static void copy_run(struct ift_source *s, struct ift_slab *slab) {
    ift_str_add(&slab->text, s->run.p, s->run.n);
    s->run.n = 0;
}

/* Adds a value to the run, or begins another with it: where it will be in the slab. */
static size_t add_to_run(struct ift_source *s, struct ift_slab *slab, struct ift_slice value) {
    const bool follows =
        s->run.n > 0 && value.p >= s->run.p + s->run.n && value.p <= s->run.p + s->run.n + CLOSE;
    if (!follows) {
        copy_run(s, slab);
        s->run.p = value.p;
    }
    const size_t from = slab->text.n + (size_t)(value.p - s->run.p);
    s->run.n = (size_t)(value.p + value.n - s->run.p);
    return from;
}

static size_t add_member(struct ift_str *text, struct ift_slice key, struct ift_slice *value) {
    const size_t from = text->n;
    ift_str_adds(text, "{\"key\":");
    ift_str_add(text, key.p, key.n);
    ift_str_adds(text, ",\"value\":");
    ift_str_add(text, value->p, value->n);
    ift_str_addc(text, '}');
    value->n = text->n - from;
    return from;
}

/* A large value moves into the slab with its memory, which must be empty, and fills it. Returns the
 * item's length. */
static size_t add_value(struct ift_source *s, struct ift_slab *slab, struct ift_slice value,
                        size_t line) {
    size_t from = slab->text.n;
    const struct ift_slice key = ift_json_splitter_key(s->values);
    if (key.n > 0) {
        from = add_member(&slab->text, key, &value);
    } else if (value.n >= IFT_SLAB) {
        ift_json_splitter_take(s->values, &value, &slab->text);
        from = (size_t)(value.p - slab->text.p);
    } else if (value.p >= s->block.p && value.p < s->block.p + s->block.n) {
        from = add_to_run(s, slab, value);
    } else { /* it crosses blocks and lies elsewhere */
        copy_run(s, slab);
        from = slab->text.n;
        ift_str_add(&slab->text, value.p, value.n);
    }
    struct ift_item *const item = ift_source_add(s, slab, from, from + value.n, line);
    if (ift_json_splitter_in_array(s->values)) item->element = ++s->element;
    return value.n;
}

static int gather(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    for (size_t held = 0; held < IFT_SLAB;) {
        struct ift_slice value;
        size_t line;
        const int got = next_value(s, &value, &line, err);
        if (got < 0) return ift_source_fail_cut(s, err);
        if (got > 0 && value.n >= IFT_SLAB && slab->n > 0) {
            s->large = value; /* which stays where it is, for the splitter is not asked */
            s->large_line = line;
            return 1;
        }
        if (got > 0) {
            held += add_value(s, slab, value, line);
        } else if (s->ended) {
            s->layout = IFT_LAYOUT_CLOSED;
            return slab->n > 0;
        } else {
            copy_run(s, slab); /* before the block goes */
            IFT_TRY(more_values(s, err));
        }
    }
    return 1;
}

/* At least one item (1), or the end of the member (0), or a failure (-1). */
int ift_source_fill_values(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    const int got = gather(s, slab, err);
    copy_run(s, slab);
    return got;
}

/* ---- groups of values ---- */

static void add_to_group(struct ift_source *s, struct ift_slab *slab, struct ift_slice value,
                         size_t line, enum ift_group_place place) {
    struct ift_str *const text = &slab->text;
    const size_t from = text->n;
    s->element += ift_json_splitter_in_array(s->values);
    if (place == IFT_GROUP_NEXT)
        text->p[text->n - 1] = ',';
    else if (place == IFT_GROUP_FIRST)
        ift_str_addc(text, '[');
    ift_str_add(text, value.p, value.n);
    if (place != IFT_GROUP_NONE) ift_str_addc(text, ']');
    if (place == IFT_GROUP_NEXT)
        slab->item[slab->n - 1].text.n += text->n - from;
    else
        ift_source_add(s, slab, from, text->n, line)->element = s->element;
}

/* A slab ends where a group does; one that a failure may have cut is left out. */
int ift_source_fill_groups(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    int got;
    do {
        struct ift_slice value;
        size_t line;
        got = next_value(s, &value, &line, err);
        if (got < 0) {
            got = ift_source_fail_cut(s, err);
        } else if (got > 0) {
            enum ift_group_place place = ift_group_place(&s->group, value);
            if (place == IFT_GROUP_NEXT && slab->n == 0) place = IFT_GROUP_FIRST;
            if (place != IFT_GROUP_NEXT && slab->text.n >= IFT_SLAB) {
                s->large = value;
                s->large_line = line;
                return 1;
            }
            add_to_group(s, slab, value, line, place);
        } else if (s->ended) {
            s->layout = IFT_LAYOUT_CLOSED;
            return slab->n > 0;
        } else {
            got = more_values(s, err);
        }
    } while (got >= 0);
    if (slab->n > 0) {
        slab->n--;
        s->index--;
    }
    return -1;
}

void ift_source_begin_values(struct ift_source *s) {
    const enum ift_recipe_container container = s->read ? s->read->container : IFT_RECIPE_JSON;
    s->marks = ift_source_marks(s);
    ift_json_splitter_free(s->values);
    s->values = ift_json_splitter_new(container == IFT_RECIPE_JSONL    ? IFT_JSON_LINES
                                      : container == IFT_RECIPE_OBJECT ? IFT_JSON_OBJECT_OF
                                                                       : IFT_JSON_AUTO);
    s->group.key = s->read ? s->read->group : NULL;
    s->layout = s->group.key ? IFT_LAYOUT_GROUPS : IFT_LAYOUT_VALUES;
}
