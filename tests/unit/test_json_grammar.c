/* What is JSON and what is not, and what is said of that. */
#include "libcore/io/json.h"

#include "tests/unit/check.h"

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

int main(void) {
    test_grammar();
    test_depth();
    test_messages();
    return check_done();
}
