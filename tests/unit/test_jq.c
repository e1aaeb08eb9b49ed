#include "libcore/io/jq.h"

#include "tests/unit/check.h"

/* All outputs of a program for a value, one after the other with ';' behind each; a failure as
 * !message. */
static void run(struct ift_jq *jq, const char *value, struct ift_str *out) {
    struct ift_json doc = {0};
    struct ift_err err = {0};
    struct ift_slice text;
    int got;
    ift_str_clear(out);
    ift_str_adds(out, "");
    CHECK_OK(ift_json_parse(&doc, value, strlen(value), &err), &err);
    ift_jq_start(jq, &doc);
    while ((got = ift_jq_next(jq, &text, &err)) > 0) {
        ift_str_add(out, text.p, text.n);
        ift_str_addc(out, ';');
    }
    if (got < 0) ift_str_addf(out, "!%s", err.text);
    ift_json_release(&doc);
}

static const struct {
    const char *program, *value, *want;
} cases[] = {
    {".", "{\"b\":1,\"a\":[true,false,null,\"x\\u4e2d\\n\\/\"]}",
     "{\"b\":1,\"a\":[true,false,null,\"x\xe4\xb8\xad\\n/\"]};"},
    {".", "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2};"},
    {".", "[10000000000000000001,1.0,1e2,0.1,12345678901234567]",
     "[10000000000000000001,1,100,0.1,12345678901234567];"},
    {".[0]+0", "[10000000000000000001]", "10000000000000000001;"},
    {".[0]", "[10000000000000000001,10000000000000000002]",
     "!numbers like 10000000000000000001 lose digits in libjq and cannot be told apart"},
    {".[1]", "[1e999,2]", "2;"},
    {".[]", "[1,2,3]", "1;2;3;"},
    {"empty", "1", ""},
    {".[]|if . == 2 then error(\"no\") else . end", "[1,2,3]", "1;!no"},
    {"error({a:1})", "1", "!{\"a\":1}"},
    {"$who + .", "\"!\"", "\"me\xc3\xa9!\";"},
    {"env, $ENV, (env | length), $ENV.HOME, (. as $x | [$ENV, env])", "1", "{};{};0;null;[{},{}];"},
    {"def env: 3; env, ({a: 1} as $ENV | $ENV)", "1", "3;{\"a\":1};"},
    {"stderr, get_search_list", "1", "1;[];"},
    {"now", "1", "!now is not for recipes: same input, same output"},
    {"0 | localtime", "1", "!localtime is not for recipes: same input, same output"},
    {"0 | strflocaltime(\"%Y\")", "1",
     "!strflocaltime is not for recipes: same input, same output"},
    {"0 | todate", "1", "\"1970-01-01T00:00:00Z\";"},
    {"0 | strftime(\"%Y %H:%M:%S %z %%Y\")", "1", "\"1970 00:00:00 +0000 %Y\";"},
    {"0 | strftime(\"%Y %Z\")", "1",
     "!strftime with %Z or %s is not for recipes: same input, same output"},
    {"[.[] | strftime(\"%-s\")?]", "[0]", "[];"},
    {"debug, [debug], input_filename", "1", "1;[1];null;"},
    {"[inputs], try input catch \"none\"", "1", "[];\"none\";"},
    {"modulemeta", "\"x\"", "!modulemeta is not for recipes: same input, same output"},
    {"# a comment\ndef f: . + 1; f", "1", "2;"},
    {"\"\\u0000\"", "null", "\"\\u0000\";"},
    /* Numbers are doubles in every release, however they are written. */
    {"[1.0, 1E+20, 007, 1., .5, 1e2, 12345678901234567890, 1e1000] | tojson, map(tostring)[0]", "1",
     "\"[1,1e+20,7,1,0.5,100,12345678901234567000,1.7976931348623157e+308]\";\"1\";"},
    {"\"1.0 # \\\"1.0\\(1.0 | \"\\(1.50)1.50\\(\"1.0\")\" + (\".\"))1.0\" # 1.0", "1",
     "\"1.0 # \\\"1.01.51.501.0.1.0\";"},
    {". as $v1 | .a1.b5, .[\"1.0\"], ([.[1.0:]?] | length), ({\"x1.0\": 1.0, v1: 2.0} | .v1), "
     "@text \"1.0\"",
     "{\"a1\":{\"b5\":7}}", "7;null;0;2;\"1.0\";"},
    {"12345678901234567891 == 12345678901234567892, ([1.0, 1] | unique)", "1", "true;[1];"},
    {"\"[1.0,{\\\"b\\\":1E+2,\\\"a\\\":[-0.0]}]\" | fromjson | tojson, keys, .[1]", "1",
     "\"[1,{\\\"b\\\":100,\\\"a\\\":[-0]}]\";[0,1];{\"b\":100,\"a\":[-0]};"},
    {"(\"1.0\" | tonumber | tostring), (\"1E3\" | [tonumber] | tojson), (\"x\" | tonumber? // 3)",
     "1", "\"1\";\"[1000]\";3;"},
};

int main(void) {
    struct ift_err err = {0};
    struct ift_jq *jq;
    struct ift_str out = {0};
    const struct ift_jq_arg args[] = {{"who", "me\xc3\xa9"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_OK(ift_jq_open(&jq, cases[i].program, args, 1, &err), &err);
        for (int again = 0; again < 2; again++) {
            run(jq, cases[i].value, &out);
            CHECK_STR(out.p, cases[i].want);
        }
        /* A value given up half-way. */
        struct ift_json doc = {0};
        CHECK_OK(ift_json_parse(&doc, cases[i].value, strlen(cases[i].value), &err), &err);
        ift_jq_start(jq, &doc);
        ift_json_release(&doc);
        ift_jq_free(jq);
    }
    CHECK_OK(ift_jq_open(&jq, ".a", NULL, 0, &err), &err);
    run(jq, "1", &out);
    CHECK(strncmp(out.p, "!Cannot index number with ", 26) ==
          0); /* the rest is not the same in all releases */
    ift_jq_free(jq);
    CHECK_INT(ift_jq_open(&jq, "{a:", NULL, 0, &err), -1);
    CHECK(strstr(err.text, "syntax error") && strstr(err.text, "line 1") &&
          !strchr(err.text, '\n'));
    CHECK_INT(ift_jq_open(&jq, "import \"a\" as a; .", NULL, 0, &err), -1);
    CHECK(strstr(err.text, "syntax error"));
    CHECK_INT(ift_jq_open(&jq, "$nope", NULL, 0, &err), -1);
    CHECK(strstr(err.text, "nope"));
    ift_jq_free(NULL);
    ift_str_release(&out);
    return check_done();
}
