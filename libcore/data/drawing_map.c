#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/data/drawing.h"
#include "libcore/io/utf8.h"

/* The page in pixels. */
enum {
    PAGE = 1200,
    MARGIN = 28,
    TITLE = 92, /* where the map begins */
    MAP = 620,
    LIST_GAP = 30,
    LIST_COLUMNS = 3,
    COLUMN_GAP = 36,
    LINE = 22,
    GUTTER = 5, /* between kinds */
};

struct box {
    double x, y, w, h;
};

/* Items of one kind, which lie next to one another in `order`. */
struct kind {
    const char *name;
    size_t from, n;
    double size;
};

struct map {
    const struct ift_drawing *d;
    struct ift_str *out;
    size_t *order; /* items by kind, the largest first */
    struct kind *kind;
    size_t kinds;
};

/* ---- the layout: M. Bruls, K. Huizing, J. J. van Wijk, "Squarified treemaps", 2000 ---- */

/* The worst ratio of sides in a row of areas that sum to `sum`, laid along `side`. */
static double worst(double least, double most, double sum, double side) {
    const double a = side * side * most / (sum * sum), b = sum * sum / (side * side * least);
    return a > b ? a : b;
}

/* Lays the row size[0, n) along the shorter side of *rest and takes it off. */
static void lay_row(const double *size, size_t n, double sum, double scale, struct box *rest,
                    struct box *box) {
    const bool upright = rest->w >= rest->h; /* a column at the left */
    const double side = upright ? rest->h : rest->w, left = upright ? rest->w : rest->h;
    /* Beside a giant there may be nothing left. */
    const double depth = side > 0 ? fmin(sum * scale / side, left) : 0;
    double at = upright ? rest->y : rest->x;
    for (size_t i = 0; i < n; i++) {
        const double length = side * size[i] / sum;
        box[i] = upright ? (struct box){rest->x, at, depth, length}
                         : (struct box){at, rest->y, length, depth};
        at += length;
    }
    if (upright) {
        rest->x += depth;
        rest->w -= depth;
    } else {
        rest->y += depth;
        rest->h -= depth;
    }
}

/* Sets box[i] to a part of `rest` in proportion to size[i]; sizes fall and are above zero. */
static void squarify(const double *size, size_t n, struct box rest, struct box *box) {
    double total = 0;
    for (size_t i = 0; i < n; i++) total += size[i];
    const double scale = n ? rest.w * rest.h / total : 0;
    for (size_t from = 0; from < n;) {
        const double side = rest.w < rest.h ? rest.w : rest.h;
        size_t to = from + 1;
        double sum = size[from];
        while (to < n &&
               worst(size[to] * scale, size[from] * scale, (sum + size[to]) * scale, side) <=
                   worst(size[to - 1] * scale, size[from] * scale, sum * scale, side))
            sum += size[to++];
        lay_row(size + from, to - from, sum, scale, &rest, box + from);
        from = to;
    }
}

/* ---- text ---- */

/* What XML can hold, escaped; at most `most` characters. */
static void add_text(struct ift_str *out, const char *text, size_t most) {
    const size_t n = strlen(text);
    size_t count = 0, length;
    for (size_t i = 0; i < n; i += length) {
        uint32_t code = 0xfffd;
        length = ift_utf8_decode(text + i, n - i, &code);
        if (!length) length = 1;
        if (code < 0x20 || code == 0x7f || (code & 0xfffe) == 0xfffe) code = ' ';
        if (count++ == most) {
            ift_str_adds(out, "…");
            return;
        }
        char utf8[4];
        if (code == '&')
            ift_str_adds(out, "&amp;");
        else if (code == '<')
            ift_str_adds(out, "&lt;");
        else if (code == '>')
            ift_str_adds(out, "&gt;");
        else if (code == '"')
            ift_str_adds(out, "&quot;");
        else
            ift_str_add(out, utf8, ift_utf8_encode(code, utf8));
    }
}

/* How wide text is, about, in ems of a sans serif: rather too much than too little. */
static double ems(const char *text) {
    const size_t n = strlen(text);
    double sum = 0;
    size_t length;
    for (size_t i = 0; i < n; i += length) {
        uint32_t code = 0xfffd;
        length = ift_utf8_decode(text + i, n - i, &code);
        if (!length) length = 1;
        if (code >= 0x2e80)
            sum += 1.0;
        else if (code < 0x80 && strchr("iIjl.,:;'|!ft()[] ", (int)code))
            sum += 0.38;
        else if ((code >= 'A' && code <= 'Z') || code == 'm' || code == 'w')
            sum += 0.78;
        else
            sum += 0.61;
    }
    return sum;
}

/* 52,002 */
static void add_grouped(struct ift_str *out, uint64_t n) {
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) ift_str_addc(out, ',');
        ift_str_addc(out, digits[i]);
    }
}

static double percent(const struct map *m, double size) {
    return m->d->total ? 100.0 * size / (double)m->d->total : 0;
}

/* ---- parts of the page ---- */

/* Opens a text that begins at x, y of a box or, `upright`, runs down from there. */
static void open_text(const struct map *m, double x, double y, double size, bool upright,
                      const char *look) {
    ift_str_addf(m->out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" %s", x, y, size, look);
    if (upright) ift_str_addf(m->out, " transform=\"rotate(90 %.1f %.1f)\"", x, y);
    ift_str_addc(m->out, '>');
}

/* How large a name may be along `length` in a box. */
static double name_size(const char *name, struct box b, double length, double depth, double most) {
    const double cap[] = {sqrt(b.w * b.h) / 6 > 9 ? sqrt(b.w * b.h) / 6 : 9,
                          (length - 14) / ems(name), (depth - 5) / 1.3};
    double size = most;
    for (size_t i = 0; i < sizeof cap / sizeof *cap; i++) size = cap[i] < size ? cap[i] : size;
    return size;
}

/* The name and, where there is room, the number of item i in its box; else its place in the list,
 * or nothing. */
static void label(const struct map *m, size_t i, struct box b) {
    const struct ift_drawing_item *const item = &m->d->item[i];
    const double across = name_size(item->name, b, b.w, b.h, 30);
    const double down = name_size(item->name, b, b.h, b.w, 18);
    const bool upright = across < 9 && down > across && 2 * b.h > 3 * b.w;
    const double size = upright ? down : across, depth = upright ? b.w : b.h;
    const double small = size * 0.62 > 10 ? size * 0.62 : 10, next = 1.35 * small + 2;
    const double x = upright ? b.x + b.w - 4 - size : b.x + 7;
    const double y = upright ? b.y + 8 : b.y + 3 + size;
    if (size >= 8.5) {
        open_text(m, x, y, size, upright, "font-weight=\"600\"");
        add_text(m->out, item->name, SIZE_MAX);
        ift_str_adds(m->out, "</text>\n");
        if (size < 10 || depth < size + next + 9) return;
        open_text(m, upright ? x - next : x, upright ? y : y + next, small, upright,
                  "fill-opacity=\"0.85\"");
        ift_str_add_count(m->out, (double)item->n);
        ift_str_adds(m->out, item->claimed ? "*</text>\n" : "</text>\n");
    } else if (b.w >= 16 && b.h >= 14) {
        open_text(m, b.x + b.w / 2, b.y + b.h / 2 + 3.5, 10, false, "text-anchor=\"middle\"");
        ift_str_addf(m->out, "%zu</text>\n", i + 1);
    }
}

static void draw_box(const struct map *m, size_t i, struct box b) {
    const struct ift_drawing_item *const item = &m->d->item[i];
    const double gap = fmin(1, fmin(b.w, b.h) / 10); /* half of what is between two */
    b = (struct box){b.x + gap, b.y + gap, b.w - 2 * gap, b.h - 2 * gap};
    ift_str_adds(m->out, "<g><title>");
    add_text(m->out, item->name, SIZE_MAX);
    ift_str_adds(m->out, ": ");
    add_grouped(m->out, item->n);
    ift_str_addf(m->out, " (%.2f %%)</title>\n", percent(m, (double)item->n));
    ift_str_addf(m->out,
                 "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" rx=\"%s\" "
                 "fill=\"%s\"/>\n",
                 b.x, b.y, b.w, b.h, b.w > 12 && b.h > 12 ? "3" : "0",
                 ift_drawing_colour(item->kind).rgb);
    label(m, i, b);
    ift_str_adds(m->out, "</g>\n");
}

static void draw_kind(const struct map *m, const struct kind *kind, struct box b) {
    double *const size = ift_alloc(kind->n * sizeof *size);
    struct box *const box = ift_alloc(kind->n * sizeof *box);
    for (size_t i = 0; i < kind->n; i++) size[i] = (double)m->d->item[m->order[kind->from + i]].n;
    squarify(size, kind->n, b, box);
    for (size_t i = 0; i < kind->n; i++) draw_box(m, m->order[kind->from + i], box[i]);
    free(size);
    free(box);
}

static void draw_boxes(const struct map *m) {
    double *const size = ift_alloc(m->kinds * sizeof *size);
    struct box *const box = ift_alloc(m->kinds * sizeof *box);
    for (size_t i = 0; i < m->kinds; i++) size[i] = m->kind[i].size;
    const struct box all = {MARGIN, TITLE, PAGE - 2 * MARGIN + GUTTER, MAP + GUTTER};
    squarify(size, m->kinds, all, box);
    ift_str_adds(m->out, "<g fill=\"#ffffff\">\n");
    for (size_t i = 0; i < m->kinds; i++) {
        struct box b = box[i];
        b.w -= fmin(GUTTER, b.w / 2);
        b.h -= fmin(GUTTER, b.h / 2);
        b.x = fmin(b.x, PAGE - MARGIN - b.w); /* narrow ones at the edge keep some of their own */
        b.y = fmin(b.y, TITLE + MAP - b.h);
        draw_kind(m, &m->kind[i], b);
    }
    ift_str_adds(m->out, "</g>\n");
    free(size);
    free(box);
}

static void draw_title(const struct map *m) {
    struct ift_str *const out = m->out;
    ift_str_addf(out, "<text x=\"%d\" y=\"46\" font-size=\"26\" font-weight=\"600\">", MARGIN);
    add_grouped(out, m->d->total);
    ift_str_addf(
        out,
        " %s<tspan dx=\"7\" fill=\"#6b7480\" font-weight=\"400\">in %zu collection%s</tspan>"
        "</text>\n",
        m->d->things, m->d->n, m->d->n == 1 ? "" : "s");
    double x = MARGIN;
    for (size_t i = 0; i < m->kinds; i++) {
        const struct kind *const kind = &m->kind[i];
        ift_str_addf(out,
                     "<rect x=\"%.1f\" y=\"64\" width=\"13\" height=\"13\" rx=\"3\" "
                     "fill=\"%s\"/>\n",
                     x, ift_drawing_colour(kind->name).rgb);
        ift_str_addf(out, "<text x=\"%.1f\" y=\"75.5\" font-size=\"14\">", x + 19);
        add_text(out, kind->name, SIZE_MAX);
        ift_str_addf(out, "<tspan dx=\"5\" fill=\"#6b7480\">%.1f %%</tspan></text>\n",
                     percent(m, kind->size));
        x += 19 + 14 * (ems(kind->name) + 4.2) + 18;
    }
}

/* How many lines the list takes. */
static size_t list_lines(const struct ift_drawing *d) {
    return (d->n + LIST_COLUMNS - 1) / LIST_COLUMNS;
}

static void draw_list(const struct map *m) {
    const double column = (PAGE - 2.0 * MARGIN - (LIST_COLUMNS - 1) * COLUMN_GAP) / LIST_COLUMNS;
    ift_str_adds(m->out, "<g font-size=\"13.5\">\n");
    for (size_t i = 0; i < m->d->n; i++) {
        const struct ift_drawing_item *const item = &m->d->item[i];
        const size_t lines = list_lines(m->d);
        const double x = MARGIN + (double)(i / lines) * (column + COLUMN_GAP);
        const double y = TITLE + MAP + LIST_GAP + (double)(i % lines) * LINE;
        ift_str_addf(m->out,
                     "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" rx=\"2\" "
                     "fill=\"%s\"/>",
                     x, y - 9, ift_drawing_colour(item->kind).rgb);
        ift_str_addf(m->out,
                     "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" font-size=\"11\" "
                     "fill=\"#6b7480\">%zu</text><text x=\"%.1f\" y=\"%.1f\">",
                     x + 34, y, i + 1, x + 42, y);
        add_text(m->out, item->name, 22);
        ift_str_addf(m->out, "</text><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                     x + column - 64, y);
        add_grouped(m->out, item->n);
        const double share = percent(m, (double)item->n);
        const bool little = share > 0 && share < 0.005;
        ift_str_addf(m->out,
                     "%s</text><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" "
                     "fill=\"#6b7480\">%s%.2f %%</text>\n",
                     item->claimed ? "*" : "", x + column, y, little ? "&lt; " : "",
                     little ? 0.01 : share);
    }
    ift_str_adds(m->out, "</g>\n");
}

/* ---- the page ---- */

static int larger_kind(const void *a, const void *b) {
    const struct kind *const x = a, *const y = b;
    if (x->size != y->size) return x->size < y->size ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* Gathers the items that have a size by their kind. */
static void sort_kinds(struct map *m) {
    const struct ift_drawing *const d = m->d;
    m->order = ift_alloc(d->n * sizeof *m->order);
    m->kind = ift_alloc(d->n * sizeof *m->kind);
    size_t used = 0;
    for (size_t i = 0; i < d->n; i++) {
        size_t k = 0;
        while (k < m->kinds && strcmp(m->kind[k].name, d->item[i].kind) != 0) k++;
        if (k < m->kinds || d->item[i].n == 0) continue; /* in already, or nothing to see */
        struct kind *const kind = &m->kind[m->kinds++];
        *kind = (struct kind){.name = d->item[i].kind, .from = used};
        for (size_t j = i; j < d->n; j++) {
            if (d->item[j].n == 0 || strcmp(d->item[j].kind, kind->name) != 0) continue;
            kind->size += (double)d->item[j].n;
            kind->n++;
            m->order[used++] = j;
        }
    }
    if (m->kinds) qsort(m->kind, m->kinds, sizeof *m->kind, larger_kind);
}

void ift_drawing_map(const struct ift_drawing *d, struct ift_str *out) {
    struct map m = {.d = d, .out = out};
    sort_kinds(&m);
    const size_t end = TITLE + MAP + LIST_GAP + list_lines(d) * LINE;
    const size_t height = end + (d->note ? 2 * LINE : 0) + 8;
    ift_str_addf(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %zu\" width=\"%d\" "
                 "height=\"%zu\" role=\"img\" font-family=\"system-ui, 'Noto Sans', 'Noto Sans CJK "
                 "SC', 'DejaVu Sans', Helvetica, Arial, sans-serif\" fill=\"#1d2530\">\n",
                 PAGE, height, PAGE, height);
    ift_str_addf(out, "<title>%s by collection</title>\n", d->things);
    ift_str_addf(out, "<rect width=\"%d\" height=\"%zu\" fill=\"#ffffff\"/>\n", PAGE, height);
    draw_title(&m);
    draw_boxes(&m);
    draw_list(&m);
    if (d->note) {
        ift_str_addf(out, "<text x=\"%d\" y=\"%zu\" font-size=\"12.5\" fill=\"#6b7480\">", MARGIN,
                     end + LINE);
        add_text(out, d->note, SIZE_MAX);
        ift_str_adds(out, "</text>\n");
    }
    ift_str_adds(out, "</svg>\n");
    free(m.order);
    free(m.kind);
}
