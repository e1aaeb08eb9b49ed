#include "libcore/data/grid.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"

struct ift_grid {
    const char *const *head;
    const char *align;
    size_t columns;
    char **cell;
    size_t n, cap;
};

struct ift_grid *ift_grid_new(const char *const *head, size_t columns, const char *align) {
    struct ift_grid *const g = ift_alloc(sizeof *g);
    *g = (struct ift_grid){.head = head, .columns = columns, .align = align};
    return g;
}

void ift_grid_add(struct ift_grid *g, const char *text) {
    g->cell = ift_grow(g->cell, g->n + 1, &g->cap, sizeof *g->cell);
    g->cell[g->n++] = ift_strdup(text);
}

void ift_grid_addf(struct ift_grid *g, const char *fmt, ...) {
    struct ift_str text = {0};
    va_list args;
    va_start(args, fmt);
    ift_str_addv(&text, fmt, args);
    va_end(args);
    ift_grid_add(g, text.p);
    ift_str_release(&text);
}

void ift_grid_free(struct ift_grid *g) {
    for (size_t i = 0; i < g->n; i++) free(g->cell[i]);
    free(g->cell);
    free(g);
}

/* ---- columns of a terminal ---- */

static size_t columns_of(uint32_t code) {
    if (code < 0x300) return 1;
    if (ift_utf8_is_mark(code)) return 0;
    static const uint32_t wide[][2] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},
        {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},
        {0xffe0, 0xffe6},   {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
        {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
    };
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (code >= wide[i][0] && code <= wide[i][1]) return 2;
    }
    return 1;
}

/* One character of text: its bytes, and its columns. What is not UTF-8 goes byte by byte. */
static size_t step(const char *p, size_t n, size_t *columns) {
    uint32_t code = 0;
    const size_t length = ift_utf8_decode(p, n, &code);
    *columns = length ? columns_of(code) : 1;
    return length ? length : 1;
}

size_t ift_grid_width(const char *text, size_t n) {
    size_t width = 0, columns;
    for (size_t i = 0; i < n; width += columns) i += step(text + i, n - i, &columns);
    return width;
}

/* Text as it may be shown on a terminal. */
static void add_harmless(struct ift_str *out, const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        ift_str_addc(out, (unsigned char)p[i] < 0x20 || p[i] == 0x7f ? ' ' : p[i]);
}

static void add_blanks(struct ift_str *out, size_t n) {
    while (n--) ift_str_addc(out, ' ');
}

void ift_grid_fit(struct ift_str *out, const char *text, size_t width, char align) {
    const size_t all = strlen(text), whole = ift_grid_width(text, all);
    if (whole <= width) {
        if (align == 'r') add_blanks(out, width - whole);
        add_harmless(out, text, all);
        if (align == 'l') add_blanks(out, width - whole);
        return;
    }
    size_t taken = 0, used = 0;
    while (width) { /* there is more than fits, so this stops */
        size_t columns;
        const size_t length = step(text + taken, all - taken, &columns);
        if (used + columns > width - 1) break;
        taken += length;
        used += columns;
    }
    add_harmless(out, text, taken);
    if (width) ift_str_adds(out, "…");
    add_blanks(out, width ? width - 1 - used : 0);
}

/* ---- writing ---- */

static void write_text(const struct ift_grid *g, struct ift_str *out) {
    size_t *const width = ift_alloc0(g->columns, sizeof *width);
    for (size_t i = 0; i < g->columns + g->n; i++) {
        const size_t c = i % g->columns;
        const char *const text = i < g->columns ? g->head[c] : g->cell[i - g->columns];
        const size_t w = ift_grid_width(text, strlen(text));
        if (w > width[c]) width[c] = w;
    }
    for (size_t i = 0; i < g->columns + g->n; i++) {
        const size_t c = i % g->columns;
        if (c) ift_str_adds(out, "  ");
        ift_grid_fit(out, i < g->columns ? g->head[c] : g->cell[i - g->columns], width[c],
                     g->align[c]);
        if (c + 1 < g->columns) continue;
        while (out->n && out->p[out->n - 1] == ' ') out->n--;
        ift_str_addc(out, '\n');
    }
    free(width);
}

static void add_markdown(struct ift_str *out, const char *text) {
    ift_str_addc(out, ' ');
    for (; *text; text++) {
        if (*text == '|' || *text == '\\') ift_str_addc(out, '\\');
        add_harmless(out, text, 1);
    }
    ift_str_adds(out, " |");
}

static void write_markdown(const struct ift_grid *g, struct ift_str *out) {
    ift_str_addc(out, '|');
    for (size_t c = 0; c < g->columns; c++) add_markdown(out, g->head[c]);
    ift_str_adds(out, "\n|");
    for (size_t c = 0; c < g->columns; c++)
        ift_str_adds(out, g->align[c] == 'r' ? " ---: |" : " --- |");
    for (size_t i = 0; i < g->n; i++) {
        if (i % g->columns == 0) ift_str_adds(out, "\n|");
        add_markdown(out, g->cell[i]);
    }
    ift_str_addc(out, '\n');
}

static void add_tsv(struct ift_str *out, const char *text) {
    for (; *text; text++) {
        const char *const code = *text == '\t'   ? "\\t"
                                 : *text == '\n' ? "\\n"
                                 : *text == '\r' ? "\\r"
                                 : *text == '\\' ? "\\\\"
                                                 : NULL;
        if (code)
            ift_str_adds(out, code);
        else
            ift_str_addc(out, *text);
    }
}

static void write_tsv(const struct ift_grid *g, struct ift_str *out) {
    for (size_t i = 0; i < g->columns + g->n; i++) {
        const size_t c = i % g->columns;
        add_tsv(out, i < g->columns ? g->head[c] : g->cell[i - g->columns]);
        ift_str_addc(out, c + 1 < g->columns ? '\t' : '\n');
    }
}

void ift_grid_write(const struct ift_grid *g, enum ift_grid_as as, struct ift_str *out) {
    if (as == IFT_GRID_MARKDOWN)
        write_markdown(g, out);
    else if (as == IFT_GRID_TSV)
        write_tsv(g, out);
    else
        write_text(g, out);
}
