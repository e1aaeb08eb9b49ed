/* Rows bring the tape of their JSON text with them: it is the one that the parser makes of that
 * text, whatever the fields hold. */
#include <unistd.h>

#include "libcore/base/rng.h"
#include "libcore/data/source.h"
#include "tests/unit/check.h"

enum { ROWS = 4000 };

/* A field as a file holds it, quotes and all. */
static void add_field(struct ift_str *out, struct ift_rng *rng, bool spoiled) {
    static const char *const piece[] = {"a",
                                        "bc",
                                        " ",
                                        "\\",
                                        "\"\"",
                                        "\n",
                                        ",",
                                        "\x01",
                                        "\t",
                                        "\x7f",
                                        "\xc3\xa9",
                                        "\xe4\xb8\xad\xe6\x96\x87",
                                        "\xf0\x9f\x90\x8e",
                                        "sixteen bytes ok",
                                        "true",
                                        "{}"};
    if (ift_rng_below(rng, 3) == 0) {
        ift_str_addf(out, "%zu", (size_t)ift_rng_below(rng, 100));
        return;
    }
    ift_str_addc(out, '"');
    for (size_t n = ift_rng_below(rng, 12); n > 0; n--)
        ift_str_adds(out, piece[ift_rng_below(rng, sizeof piece / sizeof *piece)]);
    if (spoiled && ift_rng_below(rng, 500) == 0) ift_str_addc(out, '\xff');
    ift_str_addc(out, '"');
}

static void write_rows(const char *path, size_t columns, bool spoiled) {
    struct ift_rng rng = ift_rng(7, columns, spoiled);
    struct ift_str text = {0};
    for (size_t row = 0; row < ROWS; row++) {
        const size_t n = ift_rng_below(&rng, 40) ? columns : 1 + ift_rng_below(&rng, 9);
        for (size_t i = 0; i < n; i++) {
            if (i) ift_str_addc(&text, ',');
            add_field(&text, &rng, spoiled && row > 0);
        }
        ift_str_addc(&text, '\n');
    }
    FILE *const f = fopen(path, "w");
    CHECK(fwrite(text.p, 1, text.n, f) == text.n);
    fclose(f);
    ift_str_release(&text);
}

/* Equal but for the kind of escapes: the parser does not know that those it finds are needed. */
static bool same_tape(const struct ift_json *a, const struct ift_json *b) {
    const size_t from = (size_t)(b->text - a->text);
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        const struct ift_json_node *const x = &a->node[i], *const y = &b->node[i];
        same = x->type == y->type && !x->escaped == !y->escaped && x->count == y->count &&
               x->end == y->end && x->from == y->from + from && x->to == y->to + from;
    }
    return same;
}

/* How many rows there are, and of how many the text is none. */
struct seen {
    size_t rows, bad, tapes;
};

static void check_item(const struct ift_item *item, struct ift_json *doc, struct ift_json *plain,
                       struct seen *seen) {
    struct ift_err err = {0};
    struct ift_json value;
    const bool good = ift_json_parse(plain, item->text.p, item->text.n, &err) == 0;
    CHECK((ift_item_parse(item, doc, &value, &err) == 0) == good);
    if (good) CHECK(same_tape(&value, plain));
    seen->rows++;
    seen->bad += !good;
    seen->tapes += good && value.node != doc->node;
}

static struct seen check_rows(size_t columns, bool spoiled, enum ift_recipe_columns how) {
    static const char *const path = "./rows.csv";
    const struct ift_recipe_read read = {.container = IFT_RECIPE_ROWS,
                                         .csv = {',', true},
                                         .columns = how};
    const struct ift_source_opts opts = {.paths = &path, .npaths = 1, .read = &read};
    struct ift_source *s;
    struct ift_slab slab = {0};
    struct ift_json doc = {0}, plain = {0};
    struct ift_err err = {0};
    struct seen seen = {0};
    int got;
    write_rows(path, columns, spoiled);
    CHECK_OK(ift_source_open(&s, &opts, &err), &err);
    while ((got = ift_source_fill(s, &slab, &err)) > 0) {
        for (size_t i = 0; i < slab.n; i++) check_item(&slab.item[i], &doc, &plain, &seen);
    }
    CHECK_OK(got, &err);
    ift_source_free(s);
    ift_slab_release(&slab);
    ift_json_release(&doc);
    ift_json_release(&plain);
    unlink(path);
    return seen;
}

int main(void) {
    for (size_t columns = 1; columns < 9; columns++) {
        struct seen seen = check_rows(columns, false, IFT_RECIPE_HEADER);
        CHECK(seen.rows > ROWS * 9 / 10 && seen.bad == 0 && seen.tapes == seen.rows);
        seen = check_rows(columns, false, IFT_RECIPE_UNNAMED);
        CHECK(seen.rows > ROWS * 9 / 10 && seen.bad == 0 && seen.tapes == seen.rows);
        seen = check_rows(columns, true, IFT_RECIPE_HEADER);
        CHECK(seen.bad > 0 && seen.tapes + seen.bad < seen.rows);
    }
    return check_done();
}
