#include "libcore/io/json.h"

#include <float.h>
#include <inttypes.h>

#include "tests/unit/check.h"

/* ---- what is JSON and what is not ---- */

#define TEXT(s)                                                                                    \
    { s, sizeof s - 1 }

static const struct ift_slice good[] = {
    TEXT("0"),
    TEXT("-0"),
    TEXT("-0.0e-0"),
    TEXT("1E+2"),
    TEXT("1e400"),
    TEXT("123456789012345678901234567890"),
    TEXT("0.000000000000000000000000000000000000000000000000000001"),
    TEXT("-1.5e+10"),
    TEXT("\"\""),
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT(" \t\r\nnull \t\r\n"),
    TEXT("[]"),
    TEXT("[ ]"),
    TEXT("{}"),
    TEXT("{ }"),
    TEXT("[[],[[]]]"),
    TEXT("[1,2 , 3]"),
    TEXT("{\"a\":{\"b\":[{}]}}"),
    TEXT("{\"\":0}"),
    TEXT("{\"a\":1,\"a\":2}"),
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    TEXT("\"\\u0000\""),
    TEXT("\"\\uD83D\\uDE00\""),
    TEXT("\"\\ud834\\udd1e\""),
    TEXT("\"\\uFFFF\\uE000\\uD7FF\""),
    TEXT("\"\xe4\xb8\xad\xe6\x96\x87\""),
    TEXT("\"\xf0\x9f\x98\x80\""),
    TEXT("\"\xf4\x8f\xbf\xbf\""),
    TEXT("\"\xee\x80\x80\xef\xbf\xbf\""),
    TEXT("\"\xed\x9f\xbf\""),
    TEXT("\"\x7f\""),
    TEXT("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    TEXT("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xf0\x90\x80\x80\""),
    TEXT("\"// /* not a comment */\""),
    TEXT("[\"a\\\\\",\"b\\\\\\\"\"]"),
    TEXT("\"0123456789abcdef0123456789abcdef\""),
    TEXT("\"0123456789abcde\\n0123456789abcdef\\\\\""),
};

static const struct ift_slice bad[] = {
    TEXT(""),
    TEXT(" "),
    TEXT("nul"),
    TEXT("nulll"),
    TEXT("True"),
    TEXT("NaN"),
    TEXT("Infinity"),
    TEXT("-Infinity"),
    TEXT("nan"),
    TEXT("undefined"),
    TEXT("'a'"),
    TEXT("a"),
    TEXT("-"),
    TEXT("+1"),
    TEXT("01"),
    TEXT("-01"),
    TEXT("00"),
    TEXT("1."),
    TEXT(".5"),
    TEXT("-.5"),
    TEXT("1e"),
    TEXT("1e+"),
    TEXT("1.e3"),
    TEXT("0x10"),
    TEXT("1_000"),
    TEXT("1 2"),
    TEXT("- 1"),
    TEXT("1e1.5"),
    TEXT("--1"),
    TEXT("[1,]"),
    TEXT("[,1]"),
    TEXT("[1,,2]"),
    TEXT("[,]"),
    TEXT("[1"),
    TEXT("[1,"),
    TEXT("[1 2]"),
    TEXT("[1}"),
    TEXT("]"),
    TEXT("[]]"),
    TEXT("[1:2]"),
    TEXT("{\"a\"}"),
    TEXT("{\"a\":}"),
    TEXT("{\"a\":1,}"),
    TEXT("{,}"),
    TEXT("{\"a\":1 \"b\":2}"),
    TEXT("{\"a\"=1}"),
    TEXT("{a:1}"),
    TEXT("{'a':1}"),
    TEXT("{1:1}"),
    TEXT("{null:1}"),
    TEXT("{\"a\":1"),
    TEXT("{\"a\""),
    TEXT("{\"a\":"),
    TEXT("{"),
    TEXT("}"),
    TEXT("{]"),
    TEXT("{\"a\":1]"),
    TEXT("{\"a\":1}}"),
    TEXT("{\"a\",\"b\"}"),
    TEXT("{\"a\"::1}"),
    TEXT("\""),
    TEXT("\"a"),
    TEXT("\"\\\""),
    TEXT("\"\\"),
    TEXT("\"\\a\""),
    TEXT("\"\\x41\""),
    TEXT("\"\\8\""),
    TEXT("\"\\d\""),
    TEXT("\"\\\0\""),
    TEXT("\"\\u\""),
    TEXT("\"\\u12\""),
    TEXT("\"\\u123g\""),
    TEXT("\"\\U0041\""),
    TEXT("\"\\u 123\""),
    TEXT("\"\\u00"),
    TEXT("\"\\ud800\""),
    TEXT("\"\\ud83d \\ude00\""),
    TEXT("\"\\ud83d\\n\""),
    TEXT("\"\\ud83d\\ud83d\""),
    TEXT("\"\\ude00\""),
    TEXT("\"\\ude00\\ud83d\""),
    TEXT("\"\\ud83d\\u0041\""),
    TEXT("\"\\ud83d"),
    TEXT("\"\\ud83d\\"),
    TEXT("\"\\ud83d\\ude0\""),
    TEXT("\"a\nb\""),
    TEXT("\"a\tb\""),
    TEXT("\"a\0b\""),
    TEXT("\"\x1f\""),
    TEXT("\"0123456789abcdef\n\""),
    TEXT("\"a\r\""),
    TEXT("\"\x80\""),
    TEXT("\"\xbf\""),
    TEXT("\"\xc0\x80\""),
    TEXT("\"\xc1\xbf\""),
    TEXT("\"\xc2\""),
    TEXT("\"\xc2\x41\""),
    TEXT("\"\xe0\x9f\xbf\""),
    TEXT("\"\xe4\xb8\""),
    TEXT("\"\xed\xa0\x80\""),
    TEXT("\"\xed\xbf\xbf\""),
    TEXT("\"\xf0\x8f\xbf\xbf\""),
    TEXT("\"\xf4\x90\x80\x80\""),
    TEXT("\"\xf5\x80\x80\x80\""),
    TEXT("\"\xf8\x88\x80\x80\x80\""),
    TEXT("\"\xfe\""),
    TEXT("\"\xff\""),
    TEXT("\"\xf0\x9f\x98\""),
    TEXT("\xef\xbb\xbf{}"),
    TEXT("\xc2\xa0[]"),
    TEXT("\xe3\x80\x80[]"),
    TEXT("/**/1"),
    TEXT("1//"),
    TEXT("#\n1"),
    TEXT("[1]\0"),
    TEXT("\0"),
    TEXT("\f1"),
    TEXT("\v1"),
    TEXT("\"a\"b"),
    TEXT("[\"a\"b]"),
    TEXT("{\"a\":1}{\"b\":2}"),
    TEXT("[1]\n[2]"),
    TEXT("tru"),
    TEXT("[fals]"),
    TEXT("*"),
};

/* Parses an exact copy, so that a read past the end is seen by the sanitizers. */
static int parse(struct ift_json *doc, struct ift_slice text, struct ift_err *err) {
    static char *copy;
    free(copy);
    copy = malloc(text.n ? text.n : 1);
    memcpy(copy, text.p, text.n);
    return ift_json_parse(doc, copy, text.n, err);
}

static void test_grammar(void) {
    struct ift_json doc = {0};
    struct ift_err err = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_OK(parse(&doc, good[i], &err), &err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (parse(&doc, bad[i], &err) == 0) {
            fprintf(stderr, "accepted: %.*s\n", (int)bad[i].n, bad[i].p);
            check_failures++;
        }
        CHECK(doc.n == 0);
    }
    /* No prefix of an object or array is one. */
    static const char whole[] =
        "{\"k\\u00e9y\":[1.5e3,-0,true,null,\"\\ud83d\\ude00\xe4\xb8\xad\\n\",{}],\"z\":false}";
    for (size_t n = 0; n < sizeof whole - 1; n++)
        CHECK(parse(&doc, (struct ift_slice){whole, n}, &err) < 0);
    CHECK_OK(parse(&doc, ift_slice(whole), &err), &err);
    ift_json_release(&doc);
}

static void test_depth(void) {
    struct ift_json doc = {0};
    struct ift_err err = {0};
    char text[1100];
    for (int depth = 500; depth <= 530; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        CHECK_INT(ift_json_parse(&doc, text, 2 * (size_t)depth, &err), depth <= 512 ? 0 : -1);
    }
    CHECK_STR(err.text, "column 513: nested deeper than 512");
    ift_json_release(&doc);
}

static void test_messages(void) {
    static const struct {
        const char *text, *message;
    } t[] = {
        {"{\"a\":1 \"b\":2}", "column 8: expected ',' or '}'"},
        {"[1,]", "column 4: expected a value"},
        {"[1 2]", "column 4: expected ',' or ']'"},
        {"{\"a\" 1}", "column 6: expected ':'"},
        {"{a:1}", "column 2: expected '\"' and a key"},
        {"\"abc", "column 5: text ends inside a string"},
        {"\"abc  ", "column 5: text ends inside a string"},
        {"{\"a }  ", "column 6: text ends inside a string"},
        {"[\"\\x\"]", "column 3: no such escape in JSON"},
        {"\"\\ud83d!\"", "column 2: lone high surrogate"},
        {"\"\\ude00!\"", "column 2: lone low surrogate"},
        {"\"\\u12\"", "column 2: \\u needs four hexadecimal digits"},
        {"\"a\tb\"", "column 3: control character in a string; it must be escaped"},
        {"\"\xff\"", "column 2: bytes ff 22 are not UTF-8"},
        {"", "column 1: text ends where a value is expected"},
        {"1 x", "column 3: text after the value"},
        {"01", "column 2: digit after a leading zero"},
        {"[-]", "column 3: expected a digit"},
        {"{\n  \"a\": 1,\n  b\n}", "line 3, column 3: expected '\"' and a key"},
        {"[1\n", "column 3: expected ',' or ']'"},
        {"[1 2\n]", "line 1, column 4: expected ',' or ']'"},
    };
    struct ift_json doc = {0};
    struct ift_err err = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        CHECK_INT(ift_json_parse(&doc, t[i].text, strlen(t[i].text), &err), -1);
        CHECK_STR(err.text, t[i].message);
    }
    ift_json_release(&doc);
}

/* ---- what is in it ---- */

static void open_doc(struct ift_json *doc, const char *text) {
    struct ift_err err = {0};
    CHECK_OK(ift_json_parse(doc, text, strlen(text), &err), &err);
}

static void test_access(void) {
    struct ift_json doc = {0};
    open_doc(&doc,
             "{\"a\":1,\"b\":[10,[20],{\"x\":30},40],\"k\\u00e9y\":\"v\",\"a\":2,\"n\":null}");
    CHECK(ift_json_is(&doc, 0, IFT_JSON_OBJECT) && doc.node[0].count == 5);
    CHECK(ift_slice_is(ift_json_raw(&doc, ift_json_get(&doc, 0, "a")), "2"));
    CHECK(ift_json_text_is(&doc, ift_json_get(&doc, 0, "k\xc3\xa9y"), "v"));
    CHECK_INT(ift_json_get(&doc, 0, "missing"), -1);
    CHECK_INT(ift_json_get(&doc, 0, "k"), -1);
    CHECK_INT(ift_json_get(&doc, 0, ""), -1);
    CHECK_INT(ift_json_get(&doc, -1, "a"), -1);
    const int b = ift_json_get(&doc, 0, "b");
    CHECK(ift_json_is(&doc, b, IFT_JSON_ARRAY) && doc.node[b].count == 4);
    CHECK_INT(ift_json_get(&doc, b, "a"), -1);
    CHECK(ift_slice_is(ift_json_raw(&doc, ift_json_at(&doc, b, 1)), "[20]"));
    CHECK(ift_slice_is(ift_json_raw(&doc, ift_json_at(&doc, b, 3)), "40"));
    CHECK_INT(ift_json_at(&doc, b, 4), -1);
    CHECK_INT(ift_json_at(&doc, 0, 0), -1);
    CHECK_INT(ift_json_at(&doc, -1, 0), -1);
    CHECK_INT(ift_json_first(&doc, -1), -1);
    size_t seen = 0;
    for (int v = ift_json_first(&doc, b); v >= 0; v = ift_json_next(&doc, b, v)) seen++;
    CHECK_INT(seen, 4);
    CHECK(!ift_json_is(&doc, -1, IFT_JSON_NULL));
    int pair[10];
    CHECK_INT(ift_json_members(&doc, 0, pair), 4);
    CHECK(ift_json_text_is(&doc, pair[0], "a") && ift_slice_is(ift_json_raw(&doc, pair[1]), "2"));
    CHECK(ift_json_text_is(&doc, pair[6], "n"));
    open_doc(&doc, "[]");
    CHECK_INT(ift_json_first(&doc, 0), -1);
    CHECK_INT(ift_json_get(&doc, 0, "a"), -1);
    ift_json_release(&doc);
}

static void test_text(void) {
    struct ift_json doc = {0};
    struct ift_str out = {0};
    open_doc(&doc, "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u4e2d\\ud83d\\ude00z\"");
    ift_json_text(&doc, 0, &out);
    CHECK_STR(out.p, "a\"\\/\b\f\n\r\tA\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z");
    CHECK(ift_json_text_is(&doc, 0, out.p));
    out.p[out.n - 1] = 'y';
    CHECK(!ift_json_text_is(&doc, 0, out.p));
    out.p[--out.n] = '\0';
    CHECK(!ift_json_text_is(&doc, 0, out.p));
    ift_str_clear(&out);
    open_doc(&doc, "\"a\\u0000b\"");
    ift_json_text(&doc, 0, &out);
    CHECK(out.n == 3 && memcmp(out.p, "a\0b", 4) == 0);
    CHECK(ift_json_slice_is(&doc, 0, ift_str_slice(&out)) && !ift_json_text_is(&doc, 0, "a"));
    ift_str_release(&out);
    ift_json_release(&doc);
}

static void test_members(void) {
    struct ift_json doc = {0};
    struct ift_err err = {0};
    struct ift_str out = {0};
    int64_t i;
    double f;
    bool b;
    open_doc(&doc, "{\"i\":-7,\"big\":9223372036854775807,\"f\":2.5,\"e\":1e3,\"w\":2048.0,\"t\":"
                   "true,\"n\":null,\"s\":\"x\\n\",\"o\":1e19}");
    CHECK_OK(ift_json_get_i64(&doc, 0, "i", 1, &i, &err), &err);
    CHECK_INT(i, -7);
    CHECK_OK(ift_json_get_i64(&doc, 0, "big", 1, &i, &err), &err);
    CHECK_INT(i, INT64_MAX);
    CHECK_OK(ift_json_get_i64(&doc, 0, "w", 1, &i, &err), &err);
    CHECK_INT(i, 2048);
    CHECK_OK(ift_json_get_i64(&doc, 0, "n", 5, &i, &err), &err);
    CHECK_INT(i, 5);
    CHECK_OK(ift_json_get_i64(&doc, 0, "absent", 6, &i, &err), &err);
    CHECK_INT(i, 6);
    CHECK_INT(ift_json_get_i64(&doc, 0, "f", 5, &i, &err), -1);
    CHECK_STR(err.text, "\"f\" is 2.5, expected a whole number");
    CHECK_INT(ift_json_get_i64(&doc, 0, "o", 5, &i, &err), -1);
    CHECK_INT(ift_json_get_i64(&doc, 0, "s", 5, &i, &err), -1);
    CHECK_STR(err.text, "\"s\" is a string, expected a whole number");
    CHECK_OK(ift_json_get_f64(&doc, 0, "e", 0, &f, &err), &err);
    CHECK(f == 1000);
    CHECK_INT(ift_json_get_f64(&doc, 0, "t", 0, &f, &err), -1);
    CHECK_OK(ift_json_get_bool(&doc, 0, "t", false, &b, &err), &err);
    CHECK(b);
    CHECK_INT(ift_json_get_bool(&doc, 0, "i", false, &b, &err), -1);
    CHECK_OK(ift_json_get_str(&doc, 0, "s", "d", &out, &err), &err);
    CHECK_OK(ift_json_get_str(&doc, 0, "n", "d", &out, &err), &err);
    CHECK_OK(ift_json_get_str(&doc, 0, "n", NULL, &out, &err), &err);
    CHECK_STR(out.p, "x\nd");
    CHECK_INT(ift_json_get_str(&doc, 0, "i", "d", &out, &err), -1);
    ift_str_release(&out);
    ift_json_release(&doc);
}

/* ---- writing ---- */

static void test_quote(void) {
    struct ift_str out = {0};
    ift_json_quote(&out, "a\"\\/\b\f\n\r\t\x01\x1f\x7f\xe4\xb8\xad\0z", 17);
    CHECK_STR(out.p, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xe4\xb8\xad\\u0000z\"");
    ift_str_clear(&out);
    ift_json_quote(&out, NULL, 0);
    CHECK_STR(out.p, "\"\"");
    ift_str_release(&out);
}

static void test_copy(void) {
    static const struct {
        const char *text, *copy;
    } t[] = {
        {" [ 1.0 , 10000000000000000001,\n-0 , 1E5 ] ", "[1.0,10000000000000000001,-0,1E5]"},
        {"{ \"b\" : { } , \"a\" : [ ] }", "{\"b\":{},\"a\":[]}"},
        {"{\"a\":1,\"b\":2,\"\\u0061\":3}", "{\"a\":3,\"b\":2}"},
        {"\"\\/\\u4e2d\\u000a\\u0022\\u005c\\ud83d\\ude00\\u001F\\u0041\\n\\\"\\\\\"",
         "\"/\xe4\xb8\xad\\n\\\"\\\\\xf0\x9f\x98\x80\\u001fA\\n\\\"\\\\\""},
        {"[true,false,null]", "[true,false,null]"},
    };
    struct ift_json doc = {0};
    struct ift_str out = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        open_doc(&doc, t[i].text);
        ift_str_clear(&out);
        ift_json_copy(&out, &doc, 0);
        CHECK_STR(out.p, t[i].copy);
    }
    /* Many keys, each three times, some spelt with escapes: once each, in order, with the last
     * value. */
    struct ift_str text = {0}, want = {0};
    for (int i = 0; i < 3000; i++) {
        ift_str_addf(&text, i % 7 ? "%c\"k%d\":%d" : "%c\"\\u006b%d\":%d", i ? ',' : '{', i % 1000,
                     i);
        if (i < 1000) ift_str_addf(&want, "%c\"k%d\":%d", i ? ',' : '{', i, 2000 + i);
    }
    ift_str_addc(&text, '}');
    ift_str_addc(&want, '}');
    open_doc(&doc, text.p);
    ift_str_clear(&out);
    ift_json_copy(&out, &doc, 0);
    CHECK_STR(out.p, want.p);
    ift_str_release(&text);
    ift_str_release(&want);
    ift_str_release(&out);
    ift_json_release(&doc);
}

static void test_number(void) {
    static const struct {
        double value;
        const char *text;
    } t[] = {
        {0, "0"},
        {-0.0, "-0"},
        {3, "3"},
        {-17, "-17"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {123e15, "123000000000000000"},
        {123456789012345678., "123456789012345680"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {0.000012345, "1.2345e-05"},
        {1e300, "1e+300"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {INFINITY, "1.7976931348623157e+308"},
        {-INFINITY, "-1.7976931348623157e+308"},
        {NAN, "null"},
        {12345.678, "12345.678"},
        {100, "100"},
        {1.0 / 3, "0.3333333333333333"},
        {9007199254740993., "9007199254740992"},
        {-1.5e-10, "-1.5e-10"},
    };
    struct ift_str out = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        ift_str_clear(&out);
        ift_json_number(&out, t[i].value);
        CHECK_STR(out.p, t[i].text);
    }
    uint64_t x = 1;
    for (int i = 0; i < 20000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        double value;
        memcpy(&value, &x, 8);
        if (!isfinite(value)) continue;
        ift_str_clear(&out);
        ift_json_number(&out, value);
        CHECK(strtod(out.p, NULL) == value);
    }
    ift_str_release(&out);
}

int main(void) {
    test_grammar();
    test_depth();
    test_messages();
    test_access();
    test_text();
    test_members();
    test_quote();
    test_copy();
    test_number();
    return check_done();
}
