#include <string.h>

#include "libcore/data/source_internal.h"

/* Takes the next line, without its end, out of the blocks: 1, 0 at the end of the member, -1. One
 * that lies in several is put together. */
static int next_line(struct ift_source *s, struct ift_slice *line, struct ift_err *err) {
    ift_str_clear(&s->line);
    for (;;) {
        const char *const end = s->rest.n ? memchr(s->rest.p, '\n', s->rest.n) : NULL;
        const size_t n = end ? (size_t)(end - s->rest.p) : s->rest.n;
        *line = (struct ift_slice){s->rest.p, n};
        if (!end || s->line.n > 0) {
            ift_str_add(&s->line, s->rest.p, n);
            *line = ift_str_slice(&s->line);
        }
        s->rest = (struct ift_slice){s->rest.p + n + (end != NULL), s->rest.n - n - (end != NULL)};
        if (end) return 1;
        const int got = ift_source_block(s, &s->rest.p, &s->rest.n, err);
        if (got < 0) return -1;
        if (got == 0) return s->line.n > 0;
    }
}

static bool is_blank(struct ift_slice line) {
    for (size_t i = 0; i < line.n; i++)
        if (!memchr(" \t\r\f\v", line.p[i], 5)) return false;
    return true;
}

static void end_paragraph(struct ift_source *s, struct ift_slab *slab) {
    if (s->head.n == 0) return;
    const size_t from = slab->text.n;
    ift_json_quote(&slab->text, s->head.p, s->head.n);
    struct ift_item *const item = ift_source_add(s, slab, from, slab->text.n, s->began);
    if (memchr(s->head.p, '\0', s->head.n))
        item->wrong = "a NUL byte; ift-format --encoding says what it is";
    ift_str_clear(&s->head);
}

/* The first line of a member, without a byte order mark. */
static void drop_mark(struct ift_source *s, struct ift_slice *line) {
    if (line->n < 3 || memcmp(line->p, "\xef\xbb\xbf", 3) != 0) return;
    *line = (struct ift_slice){line->p + 3, line->n - 3};
    s->marks++;
}

void ift_source_begin_paragraphs(struct ift_source *s) {
    s->layout = IFT_LAYOUT_PARAGRAPHS;
    s->rest.n = 0;
    s->nlines = 0;
    ift_str_clear(&s->head);
}

int ift_source_fill_paragraphs(struct ift_source *s, struct ift_slab *slab, struct ift_err *err) {
    while (slab->text.n < IFT_SLAB) {
        struct ift_slice line;
        const int got = next_line(s, &line, err);
        if (got < 0) return -1;
        if (got == 0) {
            end_paragraph(s, slab);
            s->layout = IFT_LAYOUT_CLOSED;
            return slab->n > 0;
        }
        if (s->nlines++ == 0) drop_mark(s, &line);
        if (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
        if (is_blank(line)) {
            end_paragraph(s, slab);
            continue;
        }
        if (s->head.n == 0)
            s->began = s->nlines;
        else
            ift_str_addc(&s->head, '\n');
        ift_str_add(&s->head, line.p, line.n);
    }
    return 1;
}
