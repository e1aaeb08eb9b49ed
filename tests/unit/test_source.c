/* Sources: whatever the layout and however the items fall on blocks, each comes out once, whole, in
 * order, with its line. Lengths run from a few bytes to beyond a slab. */
#include <unistd.h>

#include "libcore/base/rng.h"
#include "libcore/data/source.h"
#include "libcore/io/json.h"
#include "tests/unit/check.h"

enum { N = 400 };

/* The i-th value: an object whose string has about as many bytes as the random number says. */
static void add_value(struct ift_str *out, size_t i) {
    struct ift_rng rng = ift_rng(5, 0, i);
    const size_t bits = i % 50 == 7 ? 20 : ift_rng_below(&rng, 13);
    const size_t n = ift_rng_below(&rng, (1u << bits) + 1);
    ift_str_addf(out, "{\"i\":%zu,\"s\":\"", i);
    for (size_t k = 0; k < n; k++) ift_str_addc(out, "ab}{][,: x"[ift_rng_below(&rng, 10)]);
    ift_str_adds(out, "\\\"\"}");
}

struct layout {
    const char *open, *before, *between, *after, *close;
    size_t lines_before, lines_each; /* line ends in open, and from one value to the next */
    bool array;
};

static const struct layout layouts[] = {
    {"", "", "\n", "", "\n", 0, 1, false},
    {"", "", "\n", "", "", 0, 1, false},
    {"\xef\xbb\xbf", "", "\r\n", "", "\r\n", 0, 1, false},
    {"\n \n", "", "\n\n\t\r\n", "", "\n", 2, 3, false},
    {"[", "", ",", "", "]", 0, 0, true},
    {"\xef\xbb\xbf \n[", "", ", ", "", "]\n", 1, 0, true},
    {"[\n", "  ", ",\n", "", "\n]", 1, 1, true},
    {"[", "\n\n", "\n,", "\n ", "]", 2, 4, true},
};

static void write_file(const char *path, const struct layout *l) {
    struct ift_str text = {0};
    ift_str_adds(&text, l->open);
    for (size_t i = 0; i < N; i++) {
        if (i) ift_str_adds(&text, l->between);
        ift_str_adds(&text, l->before);
        add_value(&text, i);
        ift_str_adds(&text, l->after);
    }
    ift_str_adds(&text, l->close);
    FILE *const f = fopen(path, "w");
    CHECK(fwrite(text.p, 1, text.n, f) == text.n);
    fclose(f);
    ift_str_release(&text);
}

static void check_item(const struct ift_item *item, const struct layout *l, size_t index,
                       const char *path) {
    struct ift_str want = {0};
    const size_t i = index % N;
    add_value(&want, i);
    struct ift_slice got = item->text;
    while (got.n && got.p[got.n - 1] == '\r') got.n--;
    CHECK(ift_slice_eq(got, ift_str_slice(&want)));
    CHECK_INT(item->index, index);
    CHECK_INT(item->line, 1 + l->lines_before + i * l->lines_each);
    CHECK_INT(item->element, l->array ? i + 1 : 0);
    CHECK_STR(item->file, path);
    CHECK(!item->wrong);
    ift_str_release(&want);
}

static void test_layout(const struct layout *l) {
    const char *const path[] = {"./values", "./values"};
    write_file(path[0], l);
    const struct ift_source_opts opts = {.paths = path, .npaths = 2};
    struct ift_source *s;
    struct ift_err err = {0};
    CHECK_OK(ift_source_open(&s, &opts, &err), &err);
    struct ift_slab slab = {0};
    size_t index = 0, slabs = 0;
    int got;
    while ((got = ift_source_fill(s, &slab, &err)) > 0) {
        for (size_t i = 0; i < slab.n; i++) check_item(&slab.item[i], l, index++, path[0]);
        slabs++;
    }
    CHECK_OK(got, &err);
    CHECK_INT(index, 2 * N);
    CHECK(slabs > 8);
    ift_slab_release(&slab);
    ift_source_free(s);

    CHECK_OK(ift_source_open(&s, &opts, &err), &err);
    const struct ift_item *item;
    for (index = 0; (got = ift_source_next(s, &item, &err)) > 0; index++)
        check_item(item, l, index, path[0]);
    CHECK_OK(got, &err);
    CHECK_INT(index, 2 * N);
    ift_source_free(s);
    unlink(path[0]);
}

/* Items that a source gives for a text read as `read` says, one a line, and what it ends with. */
static const char *items(const char *text, size_t n, const struct ift_recipe_read *read) {
    static struct ift_str out;
    const char *const path = "./text";
    FILE *const f = fopen(path, "w");
    fwrite(text, 1, n, f);
    fclose(f);
    const struct ift_source_opts opts = {.paths = &path, .npaths = 1, .read = read};
    struct ift_source *s;
    struct ift_err err = {0};
    struct ift_slab slab = {0};
    int got;
    ift_str_clear(&out);
    CHECK_OK(ift_source_open(&s, &opts, &err), &err);
    while ((got = ift_source_fill(s, &slab, &err)) > 0) {
        for (size_t i = 0; i < slab.n; i++) {
            const struct ift_item *const item = &slab.item[i];
            ift_str_addf(&out, "%zu:%.*s", item->line, (int)item->text.n, item->text.p);
            if (item->wrong) ift_str_addf(&out, " (%s)", item->wrong);
            ift_str_addc(&out, '\n');
        }
    }
    ift_slab_release(&slab);
    if (got < 0) ift_str_addf(&out, "!%s", err.text);
    ift_source_free(s);
    unlink(path);
    return out.p ? out.p : "";
}
#define ITEMS(text, read) items(text, sizeof text - 1, read)

static void test_rows(void) {
    struct ift_recipe_read tsv = {.container = IFT_RECIPE_ROWS, .csv = {'\t', false}};
    struct ift_recipe_read csv = {.container = IFT_RECIPE_ROWS,
                                  .csv = {',', true},
                                  .columns = IFT_RECIPE_HEADER};
    CHECK_STR(ITEMS("", &tsv), "");
    CHECK_STR(ITEMS("\xef\xbb\xbf", &tsv), "");
    CHECK_STR(ITEMS("a\t\"b\r\n\nc", &tsv), "1:[\"a\",\"\\\"b\"]\n3:[\"c\"]\n");
    CHECK_STR(
        ITEMS("\xef\xbb\xbf\"x\",y\n1,\"two\nlines\"\n3\n4,5,6\n,\n", &csv),
        "2:{\"x\":\"1\",\"y\":\"two\\nlines\"}\n4:[\"3\"] (1 columns where 2 are expected)\n"
        "5:[\"4\",\"5\",\"6\"] (3 columns where 2 are expected)\n6:{\"x\":\"\",\"y\":\"\"}\n");
    CHECK_STR(ITEMS("x,y\n", &csv), "");
    CHECK_STR(
        ITEMS("x,y\n1,2\n\"3,", &csv),
        "2:{\"x\":\"1\",\"y\":\"2\"}\n!./text:3: a field that starts with '\"' is never closed; "
        "perhaps the file is to be read without quoting");
    csv.columns = IFT_RECIPE_SKIP;
    CHECK_STR(ITEMS("x,y\n1,2\n", &csv), "2:[\"1\",\"2\"]\n");
    csv.columns = IFT_RECIPE_UNNAMED;
    CHECK_STR(ITEMS("x,y\n1,2", &csv), "1:[\"x\",\"y\"]\n2:[\"1\",\"2\"]\n");
    char *fields[] = {"q", "\"a\""};
    csv = (struct ift_recipe_read){.container = IFT_RECIPE_ROWS,
                                   .csv = {',', false},
                                   .columns = IFT_RECIPE_FIELDS,
                                   .field = fields,
                                   .nfields = 2};
    CHECK_STR(ITEMS("\"x,y\"\n1\n", &csv), "1:{\"q\":\"\\\"x\",\"\\\"a\\\"\":\"y\\\"\"}\n2:[\"1\"] "
                                           "(1 columns where 2 are expected)\n");
}

static void test_groups(void) {
    const struct ift_recipe_read by_k = {.container = IFT_RECIPE_JSON, .group = (char[]){"k"}};
    CHECK_STR(ITEMS("{\"k\":1}\n{\"a\":0,\"k\":1}\n{\"k\":10}\n{\"k\":1}", &by_k),
              "1:[{\"k\":1},{\"a\":0,\"k\":1}]\n3:[{\"k\":10}]\n4:[{\"k\":1}]\n");
    /* What has no such key stands alone, as does what is no JSON, and both part their neighbours.
     */
    CHECK_STR(
        ITEMS("{\"k\":\"x\"}\n{\"k\":\"x\"}\n{\"k\":\"x}\n{\"k\":\"x\"}\n{}\n[]\n7\n", &by_k),
        "1:[{\"k\":\"x\"},{\"k\":\"x\"}]\n3:{\"k\":\"x}\n4:[{\"k\":\"x\"}]\n5:{}\n6:[]\n7:7\n");
    CHECK_STR(ITEMS("[[{\"k\":1}],{\"k\":1},\n{\"k\":1}]", &by_k),
              "1:[{\"k\":1}]\n1:[{\"k\":1},{\"k\":1}]\n");
    /* A group that was not seen to end is not given. */
    CHECK_STR(ITEMS("{\"k\":1}\n{\"k\":2}\n{\"k\":2}\n{\"k", &by_k),
              "1:[{\"k\":1}]\n!./text:4: input ends inside a value");
    CHECK_STR(ITEMS("", &by_k), "");
}

/* Groups of one to nine rows of up to 16 KiB, over two members: all whole, none across the two. */
static void test_group_sizes(void) {
    struct ift_str text = {0};
    struct ift_rng rng = ift_rng(6, 0, 0);
    size_t group = 0;
    for (size_t row = 0; row < 300; row++) {
        group += row % 9 == 0 || ift_rng_below(&rng, 4) == 0;
        ift_str_addf(&text, "{\"k\":%zu,\"row\":%zu,\"s\":\"", group, row);
        for (size_t n = ift_rng_below(&rng, 2u << ift_rng_below(&rng, 14)); n > 0; n--)
            ift_str_addc(&text, 'a');
        ift_str_adds(&text, "\"}\n");
    }
    FILE *const f = fopen("./rows", "w");
    CHECK(fwrite(text.p, 1, text.n, f) == text.n);
    fclose(f);
    const char *const path[] = {"./rows", "./rows"};
    const struct ift_recipe_read by_k = {.container = IFT_RECIPE_JSON, .group = (char[]){"k"}};
    const struct ift_source_opts opts = {.paths = path, .npaths = 2, .read = &by_k};
    struct ift_source *s;
    struct ift_err err = {0};
    const struct ift_item *item;
    struct ift_json doc = {0};
    int got;
    size_t items = 0, rows = 0;
    CHECK_OK(ift_source_open(&s, &opts, &err), &err);
    for (; (got = ift_source_next(s, &item, &err)) > 0; items++) {
        CHECK_OK(ift_json_parse(&doc, item->text.p, item->text.n, &err), &err);
        CHECK_INT(item->line, rows % 300 + 1);
        for (int v = ift_json_first(&doc, 0); v >= 0; v = ift_json_next(&doc, 0, v), rows++) {
            int64_t k, i;
            CHECK_OK(ift_json_get_i64(&doc, v, "k", 0, &k, &err), &err);
            CHECK_OK(ift_json_get_i64(&doc, v, "row", 0, &i, &err), &err);
            CHECK_INT(k, items % group + 1);
            CHECK_INT(i, rows % 300);
        }
    }
    CHECK_OK(got, &err);
    CHECK_INT(items, 2 * group);
    CHECK_INT(rows, 600);
    ift_source_free(s);
    ift_json_release(&doc);
    ift_str_release(&text);
    unlink("./rows");
}

static void test_ends(void) {
    const struct ift_recipe_read jsonl = {.container = IFT_RECIPE_JSONL};
    CHECK_STR(ITEMS("[1]\n[2]\n", &jsonl), "1:[1]\n2:[2]\n");
    CHECK_STR(ITEMS("[1]\n[2]\n", NULL), "1:1\n!./text:2: text after the array");
    CHECK_STR(ITEMS("[1,2", NULL), "1:1\n!./text:1: input ends inside an array");
    CHECK_STR(ITEMS("{\"a\":1}\n{\"a\":", NULL),
              "1:{\"a\":1}\n!./text:2: input ends inside a value");
    CHECK_STR(ITEMS("\n\n", NULL), "");
    CHECK_STR(ITEMS("[]", NULL), "");
}

int main(void) {
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) test_layout(&layouts[i]);
    test_rows();
    test_groups();
    test_group_sizes();
    test_ends();
    return check_done();
}
