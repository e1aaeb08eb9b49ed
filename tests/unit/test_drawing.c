/* The map: areas are in proportion, boxes lie on the map and not on one another, for any sizes. */
#include "libcore/data/drawing.h"
#include "tests/unit/check.h"

enum { ITEMS = 60 };

struct rect {
    double x, y, w, h;
};

/* The boxes with their gaps, in the order of the document; the names of the items they belong to
 * are numbers. */
static size_t read_boxes(const char *svg, struct rect *box, int *item) {
    size_t n = 0;
    for (const char *p = svg; (p = strstr(p, "<g><title>")) != NULL; p++) {
        struct rect r;
        CHECK(sscanf(p, "<g><title>%d", &item[n]) == 1);
        CHECK(sscanf(strstr(p, "<rect"), "<rect x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"",
                     &r.x, &r.y, &r.w, &r.h) == 4);
        const double gap = fmin(1, fmin(r.w, r.h) / 8);
        box[n++] = (struct rect){r.x - gap, r.y - gap, r.w + 2 * gap, r.h + 2 * gap};
    }
    return n;
}

static bool overlap(struct rect a, struct rect b) {
    const double eps = 0.02;
    return a.x + a.w > b.x + eps && b.x + b.w > a.x + eps && a.y + a.h > b.y + eps &&
           b.y + b.h > a.y + eps;
}

static void check_map(const struct ift_drawing_item *item, size_t n, bool one_kind) {
    struct ift_drawing d = {.item = item, .n = n, .things = "records"};
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        d.total += item[i].n;
        seen += item[i].n > 0;
    }
    struct ift_str svg = {0};
    ift_drawing_map(&d, &svg);
    struct rect box[ITEMS];
    int of[ITEMS];
    const size_t boxes = read_boxes(svg.p, box, of);
    CHECK_INT(boxes, seen);
    for (size_t i = 0; i < boxes; i++) {
        CHECK(box[i].x >= 27.98 && box[i].x + box[i].w <= 1172.02);
        CHECK(box[i].y >= 91.98 && box[i].y + box[i].h <= 712.02);
        for (size_t k = 0; k < i; k++) CHECK(!overlap(box[i], box[k]));
        /* Gaps between kinds take some of the area, within one there is none. */
        const double want = 1144.0 * 620 * (double)item[of[i]].n / (double)d.total;
        if (one_kind && want > 60) CHECK_NEAR(box[i].w * box[i].h / want, 1, 0.01);
    }
    ift_str_release(&svg);
}

static void test_maps(void) {
    static const char *const kinds[] = {"EN", "CN", "ML", "untagged"};
    static const double falls[] = {1.0, 1.05, 1.3, 2.0};
    struct ift_drawing_item item[ITEMS];
    char name[ITEMS][8];
    for (size_t n = 0; n <= ITEMS; n += n < 6 ? 1 : 9) {
        for (size_t k = 0; k < 2 * sizeof falls / sizeof *falls; k++) {
            const bool one_kind = k % 2;
            double size = 1e8;
            for (size_t i = 0; i < n; i++, size /= falls[k / 2]) {
                snprintf(name[i], sizeof name[i], "%zu", i);
                item[i] = (struct ift_drawing_item){.name = name[i],
                                                    .n = (uint64_t)size,
                                                    .kind = kinds[one_kind ? 0 : i % 4]};
            }
            check_map(item, n, one_kind);
        }
    }
}

/* One beside which the others are nothing: their areas vanish, and still lie on the map. */
static void test_extremes(void) {
    struct ift_drawing_item item[] = {{"0", (uint64_t)1 << 62, "EN", false},
                                      {"1", 3, "EN", false},
                                      {"2", 1, "EN", false},
                                      {"3", 1, "CN", false}};
    for (size_t n = 1; n <= 4; n++) check_map(item, n, false);
    for (size_t i = 0; i < 4; i++) item[i].kind = item[i].name;
    check_map(item, 4, false);
}

static void test_bars(void) {
    const struct ift_drawing_item item[] = {
        {"a very long name that does not fit anywhere", 1000, "EN", false},
        {"中文数据集的名字也可以非常非常长长长长长长", 500, "CN", true},
        {"b", 1, "ML", false},
        {"none", 0, "ML", false},
    };
    const struct ift_drawing d = {.item = item, .n = 4, .total = 1501, .things = "records"};
    struct ift_str text = {0};
    ift_drawing_bars(&d, 44, false, &text);
    static const char want[] = "a very long…         1000   66.6 %  ████████\n"
                               "中文数据集…           500*  33.3 %  ████\n"
                               "b                       1    0.1 %  ▏\n"
                               "none                    0    0.0 %\n";
    CHECK_STR(text.p, want);
    ift_str_release(&text);
}

int main(void) {
    test_maps();
    test_extremes();
    test_bars();
    return check_done();
}
