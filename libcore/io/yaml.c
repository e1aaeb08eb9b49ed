#include "libcore/io/yaml_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/yaml_plain.h"

static void start_parser(struct ift_yaml *y) {
    if (!yaml_parser_initialize(&y->parser)) ift_out_of_memory(sizeof y->parser);
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&y->parser, ift_yaml_feed_give, &y->feed);
}

static void stop_parser(struct ift_yaml *y) {
    if (y->ahead) yaml_event_delete(&y->next);
    y->ahead = false;
    yaml_parser_delete(&y->parser);
}

struct ift_yaml *ift_yaml_new(ift_yaml_read *read, void *ctx) {
    struct ift_yaml *const y = ift_alloc0(1, sizeof *y);
    y->feed = (struct ift_yaml_feed){.read = read, .ctx = ctx, .limit = SIZE_MAX};
    y->column = -1;
    start_parser(y);
    return y;
}

void ift_yaml_free(struct ift_yaml *y) {
    if (!y) return;
    stop_parser(y);
    ift_yaml_feed_release(&y->feed);
    ift_yaml_forget(y);
    free(y->anchor);
    free(y->key);
    free(y);
}

bool ift_yaml_in_sequence(const struct ift_yaml *y) {
    return y->in_sequence;
}

static int parse_event(struct ift_yaml *y, yaml_event_t *event, struct ift_err *err) {
    yaml_parser_t *const p = &y->parser;
    if (yaml_parser_parse(p, event)) return 0;
    if (p->error == YAML_MEMORY_ERROR) ift_out_of_memory(0);
    if (p->error == YAML_READER_ERROR) /* which reads ahead: the line is not known */
        return IFT_FAIL(err, "%s; ift-format --encoding, if it is not UTF-8", p->problem);
    return IFT_FAIL(err, "line %zu: %s%s%s", ift_yaml_line(y, p->problem_mark), p->problem,
                    p->context ? ", " : "", p->context ? p->context : "");
}

int ift_yaml_event(struct ift_yaml *y, yaml_event_t *event, struct ift_err *err) {
    if (!y->ahead) IFT_TRY(parse_event(y, event, err));
    if (y->ahead) *event = y->next;
    y->ahead = false;
    y->mark = event->end_mark.index;
    return 0;
}

static int look_ahead(struct ift_yaml *y, struct ift_err *err) {
    IFT_TRY(parse_event(y, &y->next, err));
    y->ahead = true;
    return 0;
}

/* ---- items ---- */

static bool is_nothing(const yaml_event_t *e) {
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 && !e->data.scalar.tag &&
           e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void begin_sequence(struct ift_yaml *y, const yaml_event_t *event) {
    y->where = SEQUENCE;
    y->flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    y->column = y->flow ? -1 : (int)event->start_mark.column;
}

/* Documents that are only cut out of the one that was there say nothing of their beginning and
 * end; anchors stay. */
static void begin_document(struct ift_yaml *y, const yaml_event_t *event) {
    const bool told = event->type == YAML_DOCUMENT_START_EVENT
                          ? !event->data.document_start.implicit
                      : event->type == YAML_DOCUMENT_END_EVENT ? !event->data.document_end.implicit
                                                               : false;
    if (told) {
        ift_yaml_forget(y);
        y->directives = event->type == YAML_DOCUMENT_START_EVENT &&
                        (event->data.document_start.version_directive ||
                         event->data.document_start.tag_directives.start <
                             event->data.document_start.tag_directives.end);
    }
    y->where = DOCUMENTS;
}

/* The next item of what the parser is given: 1, 0, -1. */
static int next_item(struct ift_yaml *y, struct ift_str *json, size_t *line, struct ift_err *err) {
    while (y->where != END) {
        yaml_event_t event;
        IFT_TRY(ift_yaml_event(y, &event, err));
        const bool sequence = y->where == DOCUMENTS && event.type == YAML_SEQUENCE_START_EVENT;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            begin_document(y, &event);
            break;
        case YAML_STREAM_END_EVENT:
            y->where = END;
            break;
        case YAML_SEQUENCE_END_EVENT:
            y->where = DOCUMENTS;
            break;
        default:
            if (sequence) {
                begin_sequence(y, &event);
                break;
            }
            if (y->where == DOCUMENTS && is_nothing(&event)) break;
            y->in_sequence = y->where == SEQUENCE;
            *line = ift_yaml_line(y, event.start_mark);
            y->copied = y->nkeys = 0;
            IFT_TRY(ift_yaml_add(y, &event, 0, json, err));
            IFT_TRY(look_ahead(y, err)); /* whether it is whole */
            y->done = ift_yaml_feed_place(&y->feed, y->mark);
            return 1;
        }
        yaml_event_delete(&event);
    }
    return 0;
}

/* ---- going on behind what is wrong ---- */

static void restart(struct ift_yaml *y, size_t from, size_t limit) {
    stop_parser(y);
    start_parser(y);
    ift_yaml_feed_restart(&y->feed, from, limit);
    y->lines = ift_yaml_feed_lines(&y->feed, from);
    y->where = START;
    y->done = from;
    y->idle = false;
}

/* Gives the feed's text[from, to) as an item that is wrong. */
static int give_up(struct ift_yaml *y, size_t from, size_t to, struct ift_str *out, size_t *line,
                   const char **wrong) {
    char same[40];
    struct ift_yaml_feed *const f = &y->feed;
    while (from < to && memchr("\r\n ", f->text.p[from], 3)) from++;
    *line = ift_yaml_feed_lines(f, from) + 1;
    ift_str_add(out, f->text.p + from, to - from);
    const int n = snprintf(same, sizeof same, "line %zu: ", *line);
    if (y->flow) {
        const struct ift_err why = y->bad;
        ift_fail(&y->bad, "%s; the rest of the sequence, which is not one of lines, goes with it",
                 why.text);
    }
    *wrong = y->bad.text + (strncmp(y->bad.text, same, (size_t)n) == 0 ? n : 0);
    y->in_sequence = y->column >= 0 || y->flow;
    restart(y, to, SIZE_MAX);
    return 1;
}

/* libyaml, which reads ahead, may have failed on something further on than the next item. So that
 * is found by its lines, text[*from, *to): true when it is worth to be tried by itself. */
static bool cut_out(struct ift_yaml *y, size_t *from, size_t *to) {
    struct ift_yaml_feed *const f = &y->feed;
    if (y->where != SEQUENCE) {
        y->column = ift_yaml_feed_column(f, y->done);
        y->flow = false;
    }
    *from = y->done;
    *to = ift_yaml_feed_next(f, y->done, y->column);
    if (!ift_yaml_feed_nothing(f, *from, *to)) return y->column < 0 && !y->flow;
    do {
        *from = *to;
        *to = ift_yaml_feed_next(f, ift_yaml_feed_line_end(f, *to), y->column);
    } while (*to < f->text.n && ift_yaml_feed_nothing(f, *from, *to));
    return true;
}

/* Takes an item of the plain shape without libyaml, which starts over behind it when it is needed
 * again. That costs it what it has read ahead, so it is tried only now and then where it fails. */
static bool take_plain(struct ift_yaml *y, struct ift_str *out, size_t *line) {
    enum { PATIENCE = 64 << 10 };
    struct ift_yaml_feed *const f = &y->feed;
    if (y->where != SEQUENCE || y->column != 0 || y->directives || f->limit != SIZE_MAX ||
        y->patience > 0)
        return false;
    size_t from = y->done;
    while (from < f->text.n && f->text.p[from] == '\n') from++;
    const size_t to = ift_yaml_feed_next(f, ift_yaml_feed_line_end(f, from), 0);
    const bool followed =
        to < f->text.n && f->text.p[to] == '-' && (to + 1 == f->text.n || f->text.p[to + 1] != '-');
    if (f->failed || (from > 0 && f->text.p[from - 1] != '\n') || !(followed || to == f->text.n) ||
        !ift_yaml_plain((struct ift_slice){f->text.p + from, to - from}, out)) {
        y->patience = PATIENCE;
        return false;
    }
    *line = ift_yaml_feed_lines(f, from) + 1;
    ift_yaml_feed_restart(f, to, SIZE_MAX);
    ift_yaml_feed_done(f, to);
    y->done = f->at;
    y->in_sequence = y->idle = true;
    return true;
}

int ift_yaml_next(struct ift_yaml *y, struct ift_str *out, size_t *line, const char **wrong,
                  struct ift_err *err) {
    struct ift_yaml_feed *const f = &y->feed;
    const size_t before = out->n;
    *wrong = NULL;
    if (take_plain(y, out, line)) return 1;
    if (y->idle) restart(y, y->done, SIZE_MAX);
    const size_t start = y->done;
    for (;;) {
        const bool alone = f->limit != SIZE_MAX;
        const int got = next_item(y, out, line, &y->bad);
        size_t from = y->done, to = f->limit;
        if (got > 0) {
            y->patience -= y->done - start < y->patience ? y->done - start : y->patience;
            ift_yaml_feed_done(f, y->done);
            y->done = f->at;
            return 1;
        }
        out->n = before;
        const bool try_it = got < 0 && !f->failed && !alone && cut_out(y, &from, &to);
        if (f->failed) {
            *err = f->why;
            return -1;
        }
        if (got == 0 && !alone) return 0;
        if (got < 0 && !try_it) return give_up(y, from, to, out, line, wrong);
        if (got == 0)
            restart(y, to, SIZE_MAX); /* it was sound */
        else
            restart(y, from, to);
    }
}
