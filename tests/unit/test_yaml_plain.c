/* Items read without libyaml are what libyaml makes of them, and so are those behind them. */
#include "libcore/io/yaml_plain.h"

#include "tests/unit/check.h"
#include "tests/unit/yaml_items.h"

static void same(struct ift_slice text, size_t step, size_t *without) {
    static struct ift_str want, got;
    yaml_read(text, text.n + 1, true, &want);
    *without += yaml_read(text, step, false, &got);
    if (!ift_slice_eq(ift_str_slice(&want), ift_str_slice(&got))) {
        fprintf(stderr, "---- of\n%.*s\n", (int)text.n, text.p);
        CHECK_STR(got.p, want.p);
    }
}

/* That the shape is known at all. */
static void test_shapes(void) {
    static const struct {
        const char *item, *json;
    } known[] = {
        {"- a: b c\n", "{\"a\":\"b c\"}"},
        {"- a: 007\n  b: null\n", "{\"a\":7,\"b\":null}"},
        {"- a: 'it''s'\n  b: ''\n", "{\"a\":\"it's\",\"b\":\"\"}"},
        {"- a: \"x\\n\\t\\\"\\\\\"\n\n", "{\"a\":\"x\\n\\t\\\"\\\\\"}"},
        {"- a: b\n    c\n\n    - 'd\n  e: f\n", "{\"a\":\"b c\\n- 'd\",\"e\":\"f\"}"},
        {"- a: 'b  \n    c\n\n\n     d ''\n    '\n", "{\"a\":\"b c\\n\\nd ' \"}"},
        {"- a: \"b\\\\ \\\n    \\  c\n    d\\ \n\n    e\"\n", "{\"a\":\"b\\\\   c d \\ne\"}"},
        {"- a: >-\n    b\n    c\n\n    d\n      e\n    f\n", "{\"a\":\"b c\\nd\\n  e\\nf\"}"},
        {"- a: |\n    b\n     c\n\n  d: |+\n    e\n\n", "{\"a\":\"b\\n c\\n\",\"d\":\"e\\n\\n\"}"},
    };
    static const char *const other[] = {"- a: b",
                                        "- a: b: c\n",
                                        "- a: b #\n",
                                        "- a: [b]\n",
                                        "- a: b\n  a: c\n",
                                        "- a: .inf\n",
                                        "- a: &b c\n",
                                        "- a:\n    b: c\n",
                                        "- a: b\n    c: d\n",
                                        "- a: b\n    # c\n",
                                        "- a: b\n  c\n",
                                        "- a: |2\n    b\n",
                                        "- <<: b\n",
                                        "- a: \"\\x41\"\n",
                                        "- b\n",
                                        "- a: 'b\n  c'\n",
                                        "- a: 'b\n    c' d\n",
                                        "- a: 'b\n\t c'\n",
                                        "- a: 'b\n",
                                        "- a: \"b\\\n",
                                        "- a: b\t\n",
                                        "- a: \xc2\x85\n",
                                        "- a: b\r\n",
                                        "- a: 'b\xe2\x80\xa8'\n"};
    struct ift_str json = {0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        ift_str_clear(&json);
        CHECK(ift_yaml_plain((struct ift_slice){known[i].item, strlen(known[i].item)}, &json));
        CHECK_STR(json.p, known[i].json);
    }
    ift_str_clear(&json);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (ift_yaml_plain((struct ift_slice){other[i], strlen(other[i])}, &json))
            CHECK_STR(other[i], "left to libyaml");
    CHECK_INT(json.n, 0);
    ift_str_release(&json);
}

/* YAML_TEXTS=N: that many texts, others for every N. */
int main(void) {
    const char *const asked = getenv("YAML_TEXTS");
    const size_t texts = asked ? strtoul(asked, NULL, 10) : 6000;
    struct yaml_random r = {texts};
    struct ift_str text = {0};
    size_t without = 0;
    test_shapes();
    for (size_t i = 0; i < texts && check_failures < 5; i++) {
        yaml_make(&r, &text);
        same(ift_str_slice(&text), i % 3 ? text.n + 1 : 1 + i % 11, &without);
    }
    CHECK(without > texts / 2);
    if (asked) printf("%zu texts, %zu items without libyaml\n", texts, without);
    ift_str_release(&text);
    return check_done();
}
