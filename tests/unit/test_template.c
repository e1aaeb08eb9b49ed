/* Patterns: what loads, what is refused, what a record becomes. */
#include <unistd.h>

#include "libcore/data/template.h"
#include "tests/unit/check.h"

static struct ift_template *set;

/* Loads a pattern file with these lines; "" or the message from behind the file's name. */
static const char *load(const char *lines) {
    static struct ift_err err;
    const char *const path = "./patterns.jsonl";
    FILE *const f = fopen(path, "w");
    fputs(lines, f);
    fclose(f);
    err = (struct ift_err){0};
    ift_template_free(set);
    set = NULL;
    const int status = ift_template_load(&set, &path, 1, &err);
    unlink(path);
    if (status == 0) return "";
    CHECK(strncmp(err.text, path, strlen(path)) == 0);
    return err.text + strlen(path);
}

static const char *render(size_t i, const char *record) {
    static struct ift_record r;
    static struct ift_str out;
    struct ift_err err = {0};
    CHECK_OK(ift_record_parse(&r, record, strlen(record), &err), &err);
    ift_str_clear(&out);
    if (ift_template_render(set, i, &r, &out, &err) == 0) return out.p;
    ift_str_clear(&out);
    ift_str_addf(&out, "!%s", err.text);
    return out.p;
}

#define PATTERN(id, instruction, output)                                                           \
    "{\"id\":\"" id "\",\"instruction\":\"" instruction                                            \
    "\",\"input\":\"{input}\",\"output\":\"" output "\"}\n"
#define RECORD                                                                                     \
    "\"instruction\":\"q\\n\\\"1\\\"\",\"input\":\"i\",\"output\":\"a\\u00e9\",\"rationale\":"     \
    "\"because {x}\""

static void test_render(void) {
    CHECK_STR(load("\xef\xbb\xbf" PATTERN(
                  "p", "Q: {instruction}\\n{{{question}}}",
                  "{chain_of_thought} -> {answer}") "\n" PATTERN("q\\u00e9", "{n}{t}",
                                                                 "{output}{output}\\t")),
              "");
    CHECK_INT(ift_template_count(set), 2);
    CHECK_STR(ift_template_id(set, 1), "q\xc3\xa9");
    CHECK(ift_template_reasons(set, 0));
    CHECK(!ift_template_reasons(set, 1));
    CHECK_STR(
        render(0, "{" RECORD ",\"id\":9007199254740993}"),
        "{\"instruction\":\"Q: "
        "q\\n\\\"1\\\"\\n{q\\n\\\"1\\\"}\",\"input\":\"i\",\"output\":\"because {x} -> a\xc3\xa9\","
        "\"rationale\":\"because {x}\",\"id\":9007199254740993,\"pattern\":\"p\"}");
    CHECK_STR(
        render(1, "{ \"n\" : 1.50 , \"t\":true, " RECORD "}"),
        "{\"n\":1.50,\"t\":true,\"instruction\":\"1.50true\",\"input\":\"i\",\"output\":\"a\xc3\xa9"
        "a\xc3\xa9\\t\","
        "\"rationale\":\"because {x}\",\"pattern\":\"q\xc3\xa9\"}");
    /* The last of repeated keys counts and stands where the first stood. */
    CHECK_STR(render(0, "{\"output\":\"no\"," RECORD "}"),
              "{\"output\":\"because {x} -> a\xc3\xa9\",\"instruction\":\"Q: "
              "q\\n\\\"1\\\"\\n{q\\n\\\"1\\\"}\",\"input\":\"i\","
              "\"rationale\":\"because {x}\",\"pattern\":\"p\"}");
}

static void test_misfits(void) {
    CHECK_STR(load(PATTERN("p", "{n}", "{rationale}")), "");
    CHECK_STR(render(0, "{" RECORD "}"), "!pattern \"p\": the record has no \"n\"");
    CHECK_STR(render(0, "{" RECORD ",\"n\":null}"), "!pattern \"p\": the record has no \"n\"");
    CHECK_STR(render(0, "{" RECORD ",\"n\":{}}"), "!pattern \"p\": the record's \"n\" is no text");
    CHECK_STR(render(0, "{" RECORD ",\"n\":1,\"pattern\":2}"),
              "!the record already has a \"pattern\"; templates are put on once");
    CHECK_STR(render(0, "{" RECORD ",\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}"),
              "!templates are for one question and answer, this record has \"messages\"");
}

static void test_refusals(void) {
    CHECK_STR(load(""), ": no patterns in it");
    CHECK_STR(load("\n \r\n"), ": no patterns in it");
    CHECK_STR(load("[1]"), ":1: element 1: a pattern is a JSON object");
    CHECK_STR(load(PATTERN("p", "x", "y") PATTERN("p", "x", "y")),
              ":2: two patterns with the id \"p\"");
    CHECK_STR(load(PATTERN("", "x", "y")), ":1: \"id\" is empty");
    CHECK_STR(load("{\"id\":\"p\",\"instruction\":\"x\"}\n"), ":1: missing \"output\"");
    CHECK_STR(load("{\"id\":\"p\",\"output\":\"x\"}\n"), ":1: missing \"instruction\"");
    CHECK_STR(load("{\"id\":1,\"instruction\":\"x\",\"output\":\"x\"}\n"),
              ":1: \"id\" is not a string");
    CHECK_STR(load("{\"id\":\"p\",\"instruction\":\"x\",\"output\":\"x\",\"weight\":1}\n"),
              ":1: a pattern has no \"weight\"; it has \"id\", \"instruction\", \"input\" and "
              "\"output\"");
    CHECK_STR(load(PATTERN("p", "a } b", "y")), ":1: pattern \"p\": \"instruction\": a lone '}' at "
                                                "byte 3; a literal brace is written \"}}\"");
    CHECK_STR(
        load(PATTERN("p", "x", "ab{c")),
        ":1: pattern \"p\": \"output\": a lone '{' at byte 3; a literal brace is written \"{{\"");
    CHECK_STR(
        load(PATTERN("p", "x", "{}")),
        ":1: pattern \"p\": \"output\": a lone '{' at byte 1; a literal brace is written \"{{\"");
    CHECK_STR(
        load(PATTERN("p", "x", "{a{b}")),
        ":1: pattern \"p\": \"output\": a lone '{' at byte 1; a literal brace is written \"{{\"");
    /* `input` may be left out. */
    CHECK_STR(load("{\"id\":\"p\",\"instruction\":\"{instruction}\",\"output\":\"{output}\"}"), "");
    CHECK_STR(render(0, "{" RECORD "}"),
              "{\"instruction\":\"q\\n\\\"1\\\"\",\"input\":\"\",\"output\":\"a\xc3\xa9\","
              "\"rationale\":\"because {x}\",\"pattern\":\"p\"}");
}

int main(void) {
    test_render();
    test_misfits();
    test_refusals();
    ift_template_free(set);
    return check_done();
}
