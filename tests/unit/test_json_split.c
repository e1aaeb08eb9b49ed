#include "libcore/io/json.h"

#include "tests/unit/check.h"

/* Splits text given in blocks of `step` bytes; writes `line<value>` for each, a failure as its
 * message. */
static void split(const char *text, size_t n, enum ift_json_layout layout, size_t step,
                  struct ift_str *out) {
    struct ift_json_splitter *s = ift_json_splitter_new(layout);
    struct ift_slice value;
    struct ift_err err = {0};
    size_t used = 0, line;
    int got;
    bool finished = false;
    char *block = NULL;
    ift_str_clear(out);
    ift_str_adds(out, "");
    while ((got = ift_json_splitter_next(s, &value, &line, &err)) >= 0) {
        if (got > 0) {
            ift_str_addf(out, "%zu<%.*s>", line, (int)value.n, value.p);
            continue;
        }
        if (finished) break;
        const size_t take = n - used < step ? n - used : step;
        free(block); /* so that a value kept too long is seen */
        block = malloc(take + 1);
        memcpy(block, text + used, take);
        used += take;
        if (take > 0) {
            ift_json_splitter_push(s, block, take);
        } else {
            finished = true;
            if ((got = ift_json_splitter_finish(s, &err)) < 0) break;
        }
    }
    if (got < 0) ift_str_adds(out, err.text);
    free(block);
    ift_json_splitter_free(s);
}

static const struct {
    enum ift_json_layout layout;
    const char *text, *want;
} cases[] = {
    {IFT_JSON_AUTO, "", ""},
    {IFT_JSON_AUTO, " \n\r\n\t ", ""},
    {IFT_JSON_AUTO, "[]", ""},
    {IFT_JSON_AUTO, " \n[ \n] \n", ""},
    {IFT_JSON_AUTO, "[1]", "1<1>"},
    {IFT_JSON_AUTO, "[1,\"a\",null , {\"b\":[1,{}]},\n[],\n\n \"]\\\"}\" ]\n",
     "1<1>1<\"a\">1<null>1<{\"b\":[1,{}]}>2<[]>4<\"]\\\"}\">"},
    {IFT_JSON_AUTO, "\xef\xbb\xbf[{\"a\":1}]", "1<{\"a\":1}>"},
    {IFT_JSON_AUTO, "\xef\xbb\xbf{\"a\":1}\n", "1<{\"a\":1}>"},
    {IFT_JSON_AUTO, "[\n  {\n    \"a\": \"x\\\\\"\n  },\n  {\n    \"b\": 2\n  }\n]\n",
     "2<{\n    \"a\": \"x\\\\\"\n  }>5<{\n    \"b\": 2\n  }>"},
    {IFT_JSON_AUTO, "[1,2", "1<1>line 1: input ends inside an array"},
    {IFT_JSON_AUTO, "[1,2,", "1<1>1<2>line 1: input ends inside an array"},
    {IFT_JSON_AUTO, "[{\"a\":\"", "line 1: input ends inside an array"},
    {IFT_JSON_AUTO, "[", "line 1: input ends inside an array"},
    {IFT_JSON_AUTO, "[1,]", "1<1>line 1: expected an element"},
    {IFT_JSON_AUTO, "[,1]", "line 1: expected an element"},
    {IFT_JSON_AUTO, "[1\n2]", "1<1>line 2: expected ',' or ']' after an element"},
    {IFT_JSON_AUTO, "[1]\n[2]", "1<1>line 2: text after the array"},
    {IFT_JSON_ARRAY_OF, "{}", "line 1: expected '[' and an array"},
    {IFT_JSON_ARRAY_OF, "", "line 1: input ends inside an array"},
    /* A broken element costs itself only. */
    {IFT_JSON_AUTO, "[\n{\"a\":\"Bucha\"\"\",\n\"b\":1},\n{\"c\":2}]",
     "2<{\"a\":\"Bucha\"\"\",\n\"b\":1}>4<{\"c\":2}>"},
    {IFT_JSON_AUTO, "[{\"a\":\"'ba\"\"a'\"},{\"c\":2}]", "1<{\"a\":\"'ba\"\"a'\"}>1<{\"c\":2}>"},
    {IFT_JSON_AUTO, "[NaN, nope ,2]", "1<NaN>1<nope>1<2>"},
    {IFT_JSON_AUTO, "[\"a\nb\",2]", "1<\"a>line 2: expected ',' or ']' after an element"},

    {IFT_JSON_AUTO, "{\"a\":1}\n{\"b\":2}\n", "1<{\"a\":1}>2<{\"b\":2}>"},
    {IFT_JSON_AUTO, "{\"a\":1}\r\n\r\n\n{\"b\":2}\r\n", "1<{\"a\":1}\r>4<{\"b\":2}\r>"},
    {IFT_JSON_AUTO, "{\"a\":1}\n{\"b\":2}", "1<{\"a\":1}>2<{\"b\":2}>"},
    {IFT_JSON_AUTO, "{\"a\":1}\n{\"b\":", "1<{\"a\":1}>line 2: input ends inside a value"},
    {IFT_JSON_AUTO, "{\"a\":1}\n\"b", "1<{\"a\":1}>line 2: input ends inside a value"},
    {IFT_JSON_AUTO, "{\"a\":1}{\"b\":\"}{\"}  {\"c\":3}\n{\"d\":4}{\"e\":5}",
     "1<{\"a\":1}>1<{\"b\":\"}{\"}>1<{\"c\":3}>2<{\"d\":4}>2<{\"e\":5}>"},
    {IFT_JSON_AUTO, "{\n \"a\": 1\n}\n{\n \"b\": {\n\n}\n}",
     "1<{\n \"a\": 1\n}>4<{\n \"b\": {\n\n}\n}>"},
    {IFT_JSON_LINES, "[1,2]\n[3]\n[\n4\n]\n", "1<[1,2]>2<[3]>3<[\n4\n]>"},
    {IFT_JSON_LINES, "1\n2.5\n\"x\"\nnull", "1<1>2<2.5>3<\"x\">4<null>"},
    {IFT_JSON_LINES, "{\"a\":\n{\"b\":1},\n\"c\":[\n{\"d\":1}]}\n7",
     "1<{\"a\":\n{\"b\":1},\n\"c\":[\n{\"d\":1}]}>5<7>"},
    {IFT_JSON_LINES, "{\"a\":1\n}\n{\"b\":[1\n,2]\n}", "1<{\"a\":1\n}>3<{\"b\":[1\n,2]\n}>"},
    /* A broken line costs itself only. */
    {IFT_JSON_LINES, "{\"a\":\"x\n{\"b\":2}\n", "1<{\"a\":\"x>2<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":1,\n{\"b\":2}\n{\"c\":3}\n", "1<{\"a\":1,>2<{\"b\":2}>3<{\"c\":3}>"},
    {IFT_JSON_LINES, "{\"a\":\"x,\n{\"b\":2}\n{\"c\":3}\n",
     "1<{\"a\":\"x,>2<{\"b\":2}>3<{\"c\":3}>"},
    {IFT_JSON_LINES, "{\"a\":[1,\n{\"b\":2}]}\n{\"c\":3}\n",
     "1<{\"a\":[1,\n{\"b\":2}]}>3<{\"c\":3}>"},
    {IFT_JSON_LINES, "{\"a\":[\n  1\n{\"b\":2}\n{\"c\":3}\n",
     "1<{\"a\":[\n  1>3<{\"b\":2}>4<{\"c\":3}>"},
    {IFT_JSON_LINES, "}\n{\"b\":2}\n", "1<}>2<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":1} x\n,\n{\"b\":2}\n", "1<{\"a\":1} x>2<,>3<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":1},\n{\"b\":2}\n", "1<{\"a\":1},>2<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":1}{\"b\" 2} {\"c\":3}\n{\"d\":4}\n",
     "1<{\"a\":1}{\"b\" 2} {\"c\":3}>2<{\"d\":4}>"},
    {IFT_JSON_LINES, "{\"a\":\"x\"}{\"y\"z\"}\n{\"d\":4}\n",
     "1<{\"a\":\"x\"}{\"y\"z\"}>2<{\"d\":4}>"},
    {IFT_JSON_LINES, "{\"a\":\"x}{\"y\":\"z\"}\n{\"d\":4}\n",
     "1<{\"a\":\"x}{\"y\":\"z\"}>2<{\"d\":4}>"},
    {IFT_JSON_LINES, "{\"a\":1} {\"b\":2} 3\r\n{\"d\":4}\n",
     "1<{\"a\":1} {\"b\":2} 3\r>2<{\"d\":4}>"},
    {IFT_JSON_LINES, "{\"a\":1} x", "1<{\"a\":1} x>"},
    {IFT_JSON_LINES, "{\"a\":1} x{", "1<{\"a\":1} x{>"},
    {IFT_JSON_LINES, "{\"a\":{\"x\":1} \n{\"b\":2}\n", "1<{\"a\":{\"x\":1} >2<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":[\n{\"b\":2}\n{\"c\":3}\n", "1<{\"a\":[>2<{\"b\":2}>3<{\"c\":3}>"},
    {IFT_JSON_LINES, "{\"a\":[{\"x\":1},\n{\"b\":2}\n", "1<{\"a\":[{\"x\":1},>2<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":[\n{\"b\":2},\n{\"c\":3}\n]}\n",
     "1<{\"a\":[\n{\"b\":2},\n{\"c\":3}\n]}>"},
    {IFT_JSON_LINES, "[1,2\n[3]\n[[4],\n[5]\n7\n", "1<[1,2>2<[3]>3<[[4],>4<[5]>5<7>"},
    {IFT_JSON_LINES, "{\"a\":1\n{\"b\":tr\n{\"c\":2}", "1<{\"a\":1>2<{\"b\":tr>3<{\"c\":2}>"},
    /* Values together on a line, all of them right. */
    {IFT_JSON_LINES, "{\"a\":1} [2]{\"b\":{}}\t\n7\n", "1<{\"a\":1}>1<[2]>1<{\"b\":{}}>2<7>"},
    {IFT_JSON_LINES, "{\"a\":1}{\n\"b\":2}{\"c\":3}\n{\"d\":4}",
     "1<{\"a\":1}>1<{\n\"b\":2}>2<{\"c\":3}>3<{\"d\":4}>"},
    {IFT_JSON_LINES, "{\"a\":1}{\"b\":", "1<{\"a\":1}>line 1: input ends inside a value"},
    {IFT_JSON_LINES, "{\n\"a\":1\n}{\"b\":2}\n} x\n{\"c\":3}\n",
     "1<{\n\"a\":1\n}>3<{\"b\":2}>4<} x>5<{\"c\":3}>"},
    /* Marks of files put together. */
    {IFT_JSON_AUTO, "\n \xef\xbb\xbf[1]", "2<1>"},
    {IFT_JSON_AUTO, "\xef\xbb\xbf\xef\xbb\xbf\n\xef\xbb\xbf{\"a\":1}", "2<{\"a\":1}>"},
    {IFT_JSON_LINES, "{\"a\":1}\n\xef\xbb\xbf{\"b\":2}\n\xef\xbb\xbf", "1<{\"a\":1}>2<{\"b\":2}>"},
    {IFT_JSON_LINES, "{\"a\":1}\xef\xbb\xbf{\"b\":2}\n", "1<{\"a\":1}>1<{\"b\":2}>"},
    {IFT_JSON_LINES, "\xef\xbb{\"a\":1}\n\xef\xbb", "1<\xef\xbb{\"a\":1}>2<\xef\xbb>"},
    {IFT_JSON_LINES, "{\"a\":\"\\\n{\"b\":2}\n", "1<{\"a\":\"\\>2<{\"b\":2}>"},
    {IFT_JSON_LINES, "x\ny", "1<x>2<y>"},
};

static void test_cases(void) {
    struct ift_str out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step < 40; step++) {
            split(cases[i].text, strlen(cases[i].text), cases[i].layout, step, &out);
            CHECK_STR(out.p, cases[i].want);
        }
    }
    ift_str_release(&out);
}

/* An element far larger than a block, and the glue between objects at every offset. */
static void test_large(void) {
    struct ift_str text = {0}, out = {0}, want = {0};
    ift_str_adds(&text, "[1,{\"a\":\"");
    for (int i = 0; i < 300000; i++) ift_str_adds(&text, i % 7 ? "ab" : "\\\"");
    ift_str_adds(&text, "\"},2]");
    split(text.p, text.n, IFT_JSON_AUTO, 4096, &out);
    ift_str_addf(&want, "1<1>1<%.*s>1<2>", (int)(text.n - 6), text.p + 3);
    CHECK(want.n == out.n && memcmp(out.p, want.p, out.n) == 0);
    for (int pad = 0; pad < 50; pad++) {
        ift_str_clear(&text);
        ift_str_addf(&text, "{\"%*s\":1}{\"%*s\":2}\n", pad, "", pad + 3, "");
        split(text.p, text.n, IFT_JSON_LINES, 1000, &out);
        ift_str_clear(&want);
        ift_str_addf(&want, "1<{\"%*s\":1}>1<{\"%*s\":2}>", pad, "", pad + 3, "");
        CHECK_STR(out.p, want.p);
    }
    ift_str_release(&text);
    ift_str_release(&out);
    ift_str_release(&want);
}

int main(void) {
    test_cases();
    test_large();
    return check_done();
}
