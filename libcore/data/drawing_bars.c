#include <inttypes.h>
#include <string.h>

#include "libcore/data/drawing.h"
#include "libcore/data/grid.h"

struct ift_drawing_colour ift_drawing_colour(const char *kind) {
    static const struct {
        const char *kind;
        struct ift_drawing_colour colour;
    } known[] = {
        {"EN", {"#3a6ea5", 34}},    {"Latin", {"#3a6ea5", 34}},    {"CN", {"#c4513f", 31}},
        {"Han", {"#c4513f", 31}},   {"ML", {"#3f8f6b", 32}},       {"mixed", {"#3f8f6b", 32}},
        {"EN/CN", {"#b07d1e", 33}}, {"Cyrillic", {"#7d5ba6", 35}}, {"Arabic", {"#b07d1e", 33}},
        {"Kana", {"#a8487c", 35}},  {"Hangul", {"#2f8a99", 36}},   {"Devanagari", {"#8a6d3b", 33}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(kind, known[i].kind) == 0) return known[i].colour;
    }
    return (struct ift_drawing_colour){"#74808c", 37};
}

/* A bar of so many eighths of a column. */
static void add_bar(struct ift_str *out, size_t eighths) {
    static const char *const part[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    for (; eighths >= 8; eighths -= 8) ift_str_adds(out, "█");
    ift_str_adds(out, part[eighths]);
}

void ift_drawing_bars(const struct ift_drawing *d, size_t width, bool colour, struct ift_str *out) {
    enum { LONGEST_NAME = 32, NUMBER = 12, SHARE = 7, GAPS = 5, SHORTEST_BAR = 8 };
    size_t name = 5;
    uint64_t most = 0;
    for (size_t i = 0; i < d->n; i++) {
        const size_t n = ift_grid_width(d->item[i].name, strlen(d->item[i].name));
        if (n > name) name = n < LONGEST_NAME ? n : LONGEST_NAME;
        if (d->item[i].n > most) most = d->item[i].n;
    }
    const size_t rest = NUMBER + SHARE + GAPS + SHORTEST_BAR;
    if (width < rest + 7) width = rest + 7;
    if (name + rest > width) name = width - rest;
    const size_t bar = width - name - NUMBER - SHARE - GAPS;
    for (size_t i = 0; i < d->n; i++) {
        const struct ift_drawing_item *const item = &d->item[i];
        const double share = d->total ? 100.0 * (double)item->n / (double)d->total : 0;
        size_t eighths = most ? (size_t)((double)item->n / (double)most * (double)(8 * bar)) : 0;
        if (item->n && eighths == 0) eighths = 1; /* there is something */
        ift_grid_fit(out, item->name, name, 'l');
        ift_str_addf(out, " %*" PRIu64 "%c ", NUMBER, item->n, item->claimed ? '*' : ' ');
        if (item->n && share < 0.05)
            ift_str_adds(out, "< 0.1 %");
        else
            ift_str_addf(out, "%*.1f %%", SHARE - 2, share);
        if (eighths) ift_str_adds(out, "  ");
        if (eighths && colour) ift_str_addf(out, "\033[%dm", ift_drawing_colour(item->kind).ansi);
        add_bar(out, eighths);
        if (eighths && colour) ift_str_adds(out, "\033[0m");
        ift_str_addc(out, '\n');
    }
    if (d->note) ift_str_addf(out, "%s\n", d->note);
}
