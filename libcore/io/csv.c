#include "libcore/io/csv.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "libcore/base/mem.h"

/* Where in a row we are. Names as in Python's reader. */
enum state { START_ROW, START_FIELD, IN_FIELD, IN_QUOTED, QUOTE_IN_QUOTED, ROW_END };

struct span {
    size_t from, to; /* within the row's text */
    bool quoted;     /* quotes are still to be taken away */
};

struct ift_csv {
    struct ift_csv_dialect dialect;
    char ends[3][16]; /* what ends a field, as often as is looked at once: delimiter, LF, and, with
                         quoting, CR */
    enum state state;
    bool after_cr; /* an LF that comes first belongs to the row before */
    bool finished;
    size_t line, row_line, quote_line;

    struct ift_slice block; /* not read yet */
    struct ift_str row;     /* what earlier blocks gave of the row */
    struct span *span;
    size_t nspans, span_cap;

    struct ift_slice *field;
    size_t field_cap;
    struct ift_str plain; /* fields without their quotes */
};

struct ift_csv *ift_csv_new(const struct ift_csv_dialect *dialect) {
    struct ift_csv *const c = ift_alloc0(1, sizeof *c);
    c->dialect = *dialect;
    c->line = 1;
    memset(c->ends[0], dialect->delimiter, sizeof c->ends[0]);
    memset(c->ends[1], '\n', sizeof c->ends[1]);
    memset(c->ends[2], dialect->quoting ? '\r' : '\n', sizeof c->ends[2]);
    return c;
}

void ift_csv_free(struct ift_csv *c) {
    if (!c) return;
    free(c->span);
    free(c->field);
    ift_str_release(&c->row);
    ift_str_release(&c->plain);
    free(c);
}

void ift_csv_push(struct ift_csv *c, const char *p, size_t n) {
    c->block = (struct ift_slice){p, n};
}

void ift_csv_finish(struct ift_csv *c) {
    c->finished = true;
}

/* Of a place in the block, within the row's text. */
static size_t offset(const struct ift_csv *c, const char *p) {
    return c->row.n + (size_t)(p - c->block.p);
}

static struct span *last_span(struct ift_csv *c) {
    return &c->span[c->nspans - 1];
}

static inline void begin_field(struct ift_csv *c, size_t at) {
    if (c->nspans == c->span_cap)
        c->span = ift_grow(c->span, c->nspans + 1, &c->span_cap, sizeof *c->span);
    c->span[c->nspans++] = (struct span){.from = at};
    c->state = START_FIELD;
}

/* Takes the delimiter or line end at `at`. */
static inline void end_field(struct ift_csv *c, char by, size_t at) {
    last_span(c)->to = at;
    if (by == c->dialect.delimiter) {
        begin_field(c, at + 1);
        return;
    }
    c->state = ROW_END;
    c->after_cr = by == '\r';
    c->line++;
}

/* The first byte that ends a field, or end. */
static inline const char *field_end(const struct ift_csv *c, const char *p, const char *end) {
#ifdef __SSE2__
    const __m128i delimiter = _mm_loadu_si128((const __m128i *)c->ends[0]),
                  lf = _mm_loadu_si128((const __m128i *)c->ends[1]),
                  cr = _mm_loadu_si128((const __m128i *)c->ends[2]);
    for (; end - p >= 16; p += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)p);
        const __m128i line = _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr));
        const int hit = _mm_movemask_epi8(_mm_or_si128(line, _mm_cmpeq_epi8(x, delimiter)));
        if (hit) return p + __builtin_ctz((unsigned)hit);
    }
#endif
    while (p < end && *p != c->ends[0][0] && *p != c->ends[1][0] && *p != c->ends[2][0]) p++;
    return p;
}

/* The next piece of a quoted field: up to a quote or the end. */
static const char *quoted_piece(struct ift_csv *c, const char *p, const char *end) {
    const char *const quote = memchr(p, '"', (size_t)(end - p));
    const char *const stop = quote ? quote : end;
    for (const char *nl = p; (nl = memchr(nl, '\n', (size_t)(stop - nl))) != NULL; nl++) c->line++;
    if (!quote) return end;
    c->state = QUOTE_IN_QUOTED;
    return quote + 1;
}

/* Reads on in the block. Returns where it stopped: behind the row's line end, or at the block's
 * end. */
static const char *scan(struct ift_csv *c) {
    const char *p = c->block.p, *const end = p + c->block.n;
    while (p < end && c->state != ROW_END) {
        const char x = *p;
        switch (c->state) {
        case START_ROW:
            c->row_line = c->line;
            begin_field(c, offset(c, p));
            break;
        case START_FIELD:
            c->state = IN_FIELD;
            if (x == '"' && c->dialect.quoting) {
                last_span(c)->quoted = true;
                c->quote_line = c->line;
                c->state = IN_QUOTED;
                p++;
            }
            break;
        case IN_FIELD:
            p = field_end(c, p, end);
            if (p < end) {
                end_field(c, *p, offset(c, p));
                p++;
            }
            break;
        case IN_QUOTED:
            p = quoted_piece(c, p, end);
            break;
        case QUOTE_IN_QUOTED:
            c->state = x == '"' ? IN_QUOTED : IN_FIELD;
            p += x == '"';
            break;
        case ROW_END:
            break;
        }
    }
    return p;
}

/* Appends a quoted field's text: up to its closing quote, `""` for `"`, then whatever follows. */
static void unquote(struct ift_str *out, const char *p, const char *end) {
    p++;
    while (p < end) {
        const char *const quote = memchr(p, '"', (size_t)(end - p));
        ift_str_add(out, p, (size_t)((quote ? quote : end) - p));
        if (!quote) return;
        if (quote + 1 == end || quote[1] != '"') {
            ift_str_add(out, quote + 1, (size_t)(end - quote - 1));
            return;
        }
        ift_str_addc(out, '"');
        p = quote + 2;
    }
}

/* Lends the row whose text starts at `row`. */
static void lend(struct ift_csv *c, const char *row, size_t n, struct ift_csv_row *out) {
    c->field = ift_grow(c->field, c->nspans, &c->field_cap, sizeof *c->field);
    ift_str_clear(&c->plain);
    ift_str_reserve(&c->plain, n); /* so that it does not move */
    for (size_t i = 0; i < c->nspans; i++) {
        const struct span s = c->span[i];
        c->field[i] = (struct ift_slice){row + s.from, s.to - s.from};
        if (s.quoted) {
            char *const at = c->plain.p + c->plain.n;
            unquote(&c->plain, row + s.from, row + s.to);
            c->field[i] = (struct ift_slice){at, (size_t)(c->plain.p + c->plain.n - at)};
        }
    }
    struct ift_slice *const last = &c->field[c->nspans - 1];
    if (!c->dialect.quoting && last->n > 0 && last->p[last->n - 1] == '\r') last->n--;
    *out = (struct ift_csv_row){.field = c->field, .n = c->nspans, .line = c->row_line};
}

/* An empty line. A line that holds just `""` is a row. */
static bool is_empty(const struct ift_csv *c, const struct ift_csv_row *row) {
    return row->n == 1 && row->field[0].n == 0 && !c->span[0].quoted;
}

/* The end of the input ends a row. */
static int last_row(struct ift_csv *c, struct ift_csv_row *out, struct ift_err *err) {
    if (c->state == IN_QUOTED) {
        c->state = START_ROW;
        return IFT_FAIL(err,
                        "line %zu: a field that starts with '\"' is never closed; "
                        "perhaps the file is to be read without quoting",
                        c->quote_line);
    }
    if (c->state == START_ROW) return 0;
    last_span(c)->to = c->row.n;
    lend(c, c->row.p, c->row.n, out);
    c->state = START_ROW;
    return !is_empty(c, out);
}

int ift_csv_next(struct ift_csv *c, struct ift_csv_row *out, struct ift_err *err) {
    for (;;) {
        if (c->state == ROW_END || c->state == START_ROW) {
            c->state = START_ROW;
            c->nspans = 0;
            ift_str_clear(&c->row);
        }
        if (c->block.n == 0) return c->finished ? last_row(c, out, err) : 0;
        const struct ift_slice block = c->block;
        if (c->after_cr && block.p[0] == '\n') {
            c->block = (struct ift_slice){block.p + 1, block.n - 1};
            c->after_cr = false;
            continue;
        }
        c->after_cr = false;
        const size_t before = c->row.n, n = (size_t)(scan(c) - block.p);
        c->block = (struct ift_slice){block.p + n, block.n - n};
        if (before > 0 || c->state != ROW_END) ift_str_add(&c->row, block.p, n);
        if (c->state != ROW_END) continue;
        lend(c, before > 0 ? c->row.p : block.p, before + n, out);
        if (!is_empty(c, out)) return 1;
    }
}
