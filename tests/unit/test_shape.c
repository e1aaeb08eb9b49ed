#include "libcore/data/shape.h"

#include <string.h>

#include "libcore/data/turns.h"
#include "tests/unit/check.h"

static struct ift_record r;
static struct ift_str out;
static uint64_t untold; /* by the last shape */

#define ONE             "{\"instruction\":\"i\",\"input\":\"\",\"output\":\"o\",\"id\":7}"
#define BELOW           "{\"system\":\"s\",\"instruction\":\"i\",\"input\":\"x\",\"output\":\"o\"}"
#define SAY(role, text) "{\"role\":\"" role "\",\"content\":\"" text "\"}"
#define TALK                                                                                       \
    "{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"id\":7,\"messages\":[" SAY(          \
        "system",                                                                                  \
        "s") "," SAY("user", "q") "," SAY("assistant",                                             \
                                          "a") "," SAY("user", "r") ","                            \
                                                                    "{\"role\":\"assistant\","     \
                                                                    "\"content\":\"b\",\"k\":1}]}"

#define LATE                                                                                       \
    "{\"instruction\":\"q\",\"input\":\"\",\"output\":\"a\",\"messages\":[" SAY(                   \
        "user", "q") "," SAY("system", "s") "," SAY("assistant", "a") "]}"

static const char *shaped(const char *record, const char *shape) {
    struct ift_err err = {0};
    ift_str_clear(&out);
    CHECK_OK(ift_record_parse(&r, record, strlen(record), &err), &err);
    untold = 0;
    if (ift_shape_write(&out, &r, ift_shape(shape), &untold, &err) < 0) {
        ift_str_clear(&out);
        ift_str_addf(&out, "!%s", err.text);
    }
    return out.p;
}

static void test_shapes(void) {
    CHECK_STR(shaped("{\"output\":\"\\u00e9\\/\\n\\u0007\",\"k\":1,\"input\":\"\",\"instruction\":"
                     "\"\\ud83d\\ude00 \\\"\"}",
                     "json-array"),
              "{\"instruction\": \"\xf0\x9f\x98\x80 \\\"\", \"input\": \"\", \"output\": "
              "\"\xc3\xa9/\\n\\u0007\"}");
    CHECK_STR(shaped(ONE, "jsonl"), ONE);
    CHECK_STR(shaped(ONE, "alpaca"), "{\"instruction\":\"i\",\"input\":\"\",\"output\":\"o\"}");
    CHECK_STR(shaped(ONE, "belle"), "{\"instruction\":\"i\",\"input\":\"\",\"output\":\"o\"}");
    CHECK_STR(shaped(ONE, "messages"),
              "{\"messages\":[" SAY("user", "i") "," SAY("assistant", "o") "]}");
    CHECK_INT(untold, 0);
    static const char *const three_keys[] = {"alpaca", "belle", "json-array"};
    for (size_t i = 0; i < 3; i++) {
        (void)shaped(BELOW, three_keys[i]);
        CHECK_INT(untold, 1);
    }
    CHECK_STR(shaped(BELOW, "messages"),
              "{\"messages\":[" SAY("system", "s") "," SAY("user", "i\\nx") "," SAY("assistant",
                                                                                    "o") "]}");
    CHECK_STR(shaped(BELOW, "sharegpt"),
              "{\"conversations\":[{\"from\":\"system\",\"value\":\"s\"},{\"from\":\"human\","
              "\"value\":\"i\\nx\"},{\"from\":\"gpt\",\"value\":\"o\"}]}");
}

static void test_dialogues(void) {
    CHECK_STR(shaped(TALK, "messages"),
              "{\"messages\":[" SAY("system", "s") "," SAY("user", "q") "," SAY(
                  "assistant", "a") "," SAY("user", "r") "," SAY("assistant", "b") "]}");
    CHECK_STR(shaped(TALK, "sharegpt"),
              "{\"conversations\":[{\"from\":\"system\",\"value\":\"s\"},{\"from\":\"human\","
              "\"value\":\"q\"},{\"from\":\"gpt\",\"value\":\"a\"},{\"from\":\"human\",\"value\":"
              "\"r\"},{\"from\":\"gpt\",\"value\":\"b\"}]}");
    CHECK(strstr(shaped(TALK, "alpaca"), "!a dialogue of 2 rounds has") != NULL);
    CHECK(strstr(shaped(TALK, "json-array"), "!a dialogue of 2 rounds has") != NULL);
    CHECK_INT(untold, 0);
    CHECK_STR(shaped(TALK, "belle"),
              "{\"instruction\":\"Human:q\\nAssistant:a\\nHuman:r\\nAssistant:\",\"input\":\"\","
              "\"output\":\"b\"}");
    CHECK_INT(untold, 1);
    CHECK_STR(shaped(LATE, "belle"), "!a message of \"system\" has no place in --as belle");
    CHECK_STR(shaped("{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"messages\":[" SAY(
                         "user", "q") "," SAY("assistant", "a") "," SAY("user",
                                                                        "r") "," SAY("assistant",
                                                                                     "b") "]}",
                     "belle"),
              "{\"instruction\":\"Human:q\\nAssistant:a\\nHuman:r\\nAssistant:\",\"input\":\"\","
              "\"output\":\"b\"}");
    CHECK_STR(shaped("{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"messages\":[" SAY(
                         "user", "q") "," SAY("critic", "a") "]}",
                     "sharegpt"),
              "!a message of \"critic\" has no place in --as sharegpt");
    /* One round, and yet more than a question and its answer. */
    static const char called[] =
        "{\"instruction\":\"q\",\"input\":\"\",\"output\":\"b\",\"messages\":[" SAY(
            "user", "q") "," SAY("assistant", "a") "," SAY("tool", "t") "," SAY("assistant",
                                                                                "b") "]}";
    static const char greeted[] =
        "{\"instruction\":\"q\",\"input\":\"\",\"output\":\"b\",\"messages\":[" SAY(
            "assistant", "a") "," SAY("user", "q") "," SAY("assistant", "b") "]}";
    CHECK(strstr(shaped(called, "alpaca"), "!a message of \"tool\" beside one") != NULL);
    CHECK(strstr(shaped(called, "json-array"), "!a message of \"tool\" beside one") != NULL);
    CHECK_STR(shaped(called, "belle"), "!a message of \"tool\" has no place in --as belle");
    CHECK(strstr(shaped(greeted, "alpaca"), "!a message of \"assistant\" beside one") != NULL);
    CHECK_STR(shaped(greeted, "belle"),
              "{\"instruction\":\"Assistant:a\\nHuman:q\\nAssistant:\",\"input\":\"\","
              "\"output\":\"b\"}");
}

static void end_line(void *ctx) {
    ift_str_addc(ctx, '\n');
}

static const char *cut(const char *record, const char *turns, bool context, uint64_t *unasked) {
    struct ift_err err = {0};
    ift_str_clear(&out);
    CHECK_OK(ift_record_parse(&r, record, strlen(record), &err), &err);
    *unasked = 0;
    ift_turns_cut(&r, ift_turns(turns), context, &out, end_line, &out, unasked);
    return out.p ? out.p : "";
}

static void test_turns(void) {
    uint64_t unasked;
    CHECK_STR(cut(TALK, "all", false, &unasked), TALK "\n");
    CHECK_STR(cut(ONE, "each", true, &unasked), ONE "\n");
    CHECK_STR(
        cut(TALK, "each", false, &unasked),
        "{\"instruction\":\"q\",\"input\":\"\",\"output\":\"a\",\"system\":\"s\",\"id\":7}\n"
        "{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"system\":\"s\",\"id\":7}\n");
    CHECK_STR(
        cut(TALK, "last", false, &unasked),
        "{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"system\":\"s\",\"id\":7}\n");
    CHECK_STR(cut(TALK, "last", true, &unasked),
              "{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\",\"system\":\"s\",\"id\":7,"
              "\"messages\":[" SAY("system", "s") "," SAY(
                  "user", "q") ",{\"role\":\"assistant\",\"content\":\"a\",\"train\":"
                               "false}," SAY("user", "r") ",{\"role\":\"assistant\","
                                                          "\"content\":\"b\",\"k\":1}]}\n");
    CHECK_INT(unasked, 0);
    /* Answers to nobody, not to be learned, and a question without an answer. */
    CHECK_STR(cut("{\"instruction\":\"\",\"input\":\"\",\"output\":\"\",\"messages\":[" SAY(
                      "assistant",
                      "hello") "," SAY("user",
                                       "q") ",{\"role\":\"assistant\","
                                            "\"content\":\"no\",\"train\":false}," SAY(
                                                "user",
                                                "r") "," SAY("assistant",
                                                             "b") "," SAY("assistant",
                                                                          "c") "," SAY("user",
                                                                                       "t") "]}",
                  "each", false, &unasked),
              "{\"instruction\":\"r\",\"input\":\"\",\"output\":\"b\"}\n");
    CHECK_INT(unasked, 2);
}

int main(void) {
    test_shapes();
    test_dialogues();
    test_turns();
    ift_record_release(&r);
    ift_str_release(&out);
    return check_done();
}
