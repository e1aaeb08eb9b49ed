/* Records: what parses, what is refused and in which words, what is written. */
#include "libcore/data/record.h"
#include "tests/unit/check.h"

static struct ift_record r;

static const char *refusal(const char *text) {
    static struct ift_err err;
    err = (struct ift_err){0};
    return ift_record_parse(&r, text, strlen(text), &err) == 0 ? "accepted" : err.text;
}

static void refused(const char *text, const char *why) {
    CHECK_STR(refusal(text), why);
}

static void accepted(const char *text) {
    CHECK_STR(refusal(text), "accepted");
}

#define BASE "\"instruction\":\"a\",\"input\":\"\",\"output\":\"b\""

static void test_parse(void) {
    accepted("{" BASE "}");
    accepted(" { " BASE " }\r");
    accepted("{" BASE ",\"rationale\":null,\"system\":null,\"messages\":null,\"tags\":null,\"id\":"
             "null,\"source\":null}");
    CHECK_INT(r.rationale, -1);
    CHECK_INT(r.messages, -1);
    accepted("{" BASE ",\"id\":12345678901234567890,\"source\":\"s\",\"tags\":[],\"other\":[{}]}");
    CHECK(ift_slice_is(ift_json_raw(&r.doc, r.id), "12345678901234567890"));
    accepted("{" BASE ",\"id\":\"x\",\"tags\":[\"p\",\"q\"]}");
    accepted("{\"output\":1,\"instruct\\u0069on\":\"a\",\"input\":\"\",\"output\":\"b\"}");
    CHECK(ift_json_text_is(&r.doc, r.output, "b"));
    accepted("{" BASE ",\"messages\":[{\"role\":\"user\",\"content\":\"\"},{\"content\":\"x\","
             "\"role\":\"assistant\",\"train\":false}]}");
    refused("{\"instruction\":\"a\",\"output\":\"b\"}", "missing \"input\"");
    refused("{\"input\":\"\",\"output\":\"b\"}", "missing \"instruction\"");
    refused("{}", "missing \"instruction\"");
    refused("{\"instruction\":\"a\",\"input\":null,\"output\":\"b\"}",
            "\"input\" is null, not a string");
    refused("{\"instruction\":\"a\",\"input\":\"\",\"output\":3}",
            "\"output\" is a number, not a string");
    refused("{\"instruction\":[],\"input\":\"\",\"output\":\"\"}",
            "\"instruction\" is an array, not a string");
    refused("{" BASE ",\"id\":true}", "\"id\" is a boolean, not a string");
    refused("{" BASE ",\"rationale\":[\"x\"]}", "\"rationale\" is an array, not a string");
    refused("{" BASE ",\"messages\":{}}", "\"messages\" is not an array");
    refused("{" BASE ",\"messages\":[]}", "\"messages\" is empty");
    refused("{" BASE ",\"messages\":[1]}", "\"messages\"[0] is not an object");
    refused("{" BASE ",\"messages\":[{\"role\":\"user\",\"content\":\"\"},{\"role\":\"user\"}]}",
            "\"messages\"[1] needs the strings \"role\" and \"content\"");
    refused("{" BASE ",\"messages\":[{\"role\":\"user\",\"content\":\"\",\"train\":1}]}",
            "\"messages\"[0]: \"train\" is neither true nor false");
    refused("{" BASE ",\"tags\":[\"x\",1]}", "\"tags\" holds something that is no string");
    refused("[]", "a record is a JSON object, this is an array");
    refused("\"x\"", "a record is a JSON object, this is a string");
    CHECK(strstr(refusal(""), "column 1"));
    CHECK(strstr(refusal("{" BASE "} x"), "text after"));
    CHECK(strstr(refusal("{" BASE ",\"x\":\"\xff\"}"), "UTF-8"));
    accepted("{" BASE "}"); /* still usable */
}

static void test_lacks(void) {
    accepted("{" BASE ",\"rationale\":\"\"}");
    CHECK(ift_record_lacks(&r, r.rationale));
    CHECK(ift_record_lacks(&r, r.system));
    accepted("{" BASE ",\"rationale\":\" \"}");
    CHECK(!ift_record_lacks(&r, r.rationale));
}

/* What complete() makes of a recipe's result: the line, "!message", and "(empty) " in front of an
 * empty output. */
static const char *completed(const char *text) {
    static struct ift_str out;
    struct ift_err err = {0};
    bool empty = false;
    ift_str_clear(&out);
    ift_str_addf(&out, "kept %s", text);
    CHECK_OK(ift_json_parse(&r.doc, out.p + 5, out.n - 5, &err), &err);
    if (ift_record_complete(&r.doc, &out, &empty, &err) < 0) {
        CHECK_STR(out.p + 5, text);
        ift_str_clear(&out);
        ift_str_addf(&out, "kept !%s", err.text);
    } else if (empty) {
        ift_str_adds(&out, " (empty)");
    }
    return out.p + 5;
}

static void same(const char *text) {
    CHECK_STR(completed(text), text);
}

static void test_complete(void) {
    same("{" BASE "}");
    same("{\"rationale\":\"r\",\"output\":\"b\",\"x\":\"\\\"}\",\"input\":\"\\\\\",\"instruction\":"
         "\"\\\\\\\"\"}");
    same("{" BASE ",\"id\":12345678901234567890.10}");
    same("{" BASE ",\"a\\u0000b\":\"\",\"n\":{\"input\":null},\"l\":[1,\"}\"]}");
    same("{" BASE ",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tags\":[\"t\"]}");
    CHECK_STR(completed("{\"instruction\":\"a\",\"output\":\"b\"}"), "{" BASE "}");
    CHECK_STR(completed("{\"output\":\"b\",\"instruction\":\"a\",\"k\":1}"),
              "{\"output\":\"b\",\"instruction\":\"a\",\"input\":\"\",\"k\":1}");
    CHECK_STR(completed("{\"input\":null,\"instruction\":\"a\",\"output\":\"b\"}"), "{" BASE "}");
    CHECK_STR(completed("{\"instruction\":\"a\",\"output\":\"b\",\"input\":null}"), "{" BASE "}");
    CHECK_STR(completed("{\"instruction\":\"a\",\"input\":null,\"output\":\"b\"}"), "{" BASE "}");
    CHECK_STR(completed("{\"k\":1,\"input\":null,\"output\":\"b\",\"instruction\":\"a\"}"),
              "{\"k\":1,\"output\":\"b\",\"instruction\":\"a\",\"input\":\"\"}");
    CHECK_STR(completed("{\"instruction\":\"\",\"input\":\"\",\"output\":\"\"}"),
              "{\"instruction\":\"\",\"input\":\"\",\"output\":\"\"} (empty)");
    CHECK_STR(completed("{\"instruction\":\"a\",\"output\":\"\"}"),
              "{\"instruction\":\"a\",\"input\":\"\",\"output\":\"\"} (empty)");
    CHECK_STR(completed("{\"instruction\":\"a\",\"input\":\"\"}"), "!missing \"output\"");
    CHECK_STR(completed("{\"output\":\"a\"}"), "!missing \"instruction\"");
    CHECK_STR(completed("{\"instruction\":null,\"output\":\"a\"}"),
              "!\"instruction\" is null, not a string");
    CHECK_STR(completed("{\"instruction\":\"a\",\"input\":\"\",\"output\":39.0}"),
              "!\"output\" is a number, not a string");
    CHECK_STR(completed("{" BASE ",\"messages\":\"no\"}"), "!\"messages\" is not an array");
    CHECK_STR(completed("{" BASE ",\"tags\":\"no\"}"), "!\"tags\" is not an array");
    /* a dialogue that says nothing else */
    CHECK_STR(
        completed("{\"k\":1,\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
                  "{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":"
                  "\"r\"},{\"role\":\"assistant\",\"content\":\"b\"}]}"),
        "{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"k\":1,\"messages\":[{\"role\":"
        "\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\","
        "\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"b\"}]}");
    CHECK_STR(completed("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}"),
              "!\"messages\" ends without an answer");
    CHECK_STR(completed("{\"messages\":[{\"role\":\"assistant\",\"content\":\"q\"}]}"),
              "!\"messages\" has no user message");
    CHECK_STR(completed("{\"messages\":[]}"), "!\"messages\" is empty");
    CHECK_STR(completed("3"), "!a record is a JSON object, this is a number");
    CHECK_STR(completed("null"), "!a record is a JSON object, this is null");
    CHECK_STR(completed("\"{\""), "!a record is a JSON object, this is a string");
}

int main(void) {
    test_parse();
    test_lacks();
    test_complete();
    ift_record_release(&r);
    return check_done();
}
