/* What is in a document, and what is written. */
#include "libcore/io/json.h"

#include <float.h>
#include <inttypes.h>

#include "tests/unit/check.h"

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

/* Wherever something to escape stands in a text of any length, or nothing does. */
static void test_quote_places(void) {
    struct ift_str got = {0}, want = {0};
    for (size_t n = 0; n <= 40; n++) {
        for (size_t at = 0; at <= n; at++) {
            char *const text = malloc(n ? n : 1); /* no byte too many is read, says a sanitizer */
            memset(text, at % 2 ? 'a' : '\xe9', n);
            if (at < n) text[at] = "\"\\\n"[at % 3];
            ift_str_clear(&got);
            ift_str_clear(&want);
            ift_json_quote(&got, text, n);
            ift_str_addc(&want, '"');
            for (size_t i = 0; i < n; i++) {
                if (i == at) ift_str_addc(&want, '\\');
                ift_str_addc(&want, i == at && text[i] == '\n' ? 'n' : text[i]);
            }
            ift_str_addc(&want, '"');
            CHECK_STR(got.p, want.p);
            free(text);
        }
    }
    ift_str_release(&got);
    ift_str_release(&want);
}

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
    test_access();
    test_text();
    test_members();
    test_quote();
    test_quote_places();
    test_copy();
    test_number();
    return check_done();
}
