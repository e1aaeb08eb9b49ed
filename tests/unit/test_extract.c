/* The answer inside a text. */
#include "libcore/eval/extract.h"
#include "tests/unit/check.h"

static void check(const char *name, const char *text, const char *want) {
    struct ift_extract rule;
    struct ift_err err = {0};
    struct ift_str got = {0};
    CHECK_OK(ift_extract_rule(&rule, name, &err), &err);
    const bool found = ift_extract(&rule, ift_slice(text), &got);
    CHECK(found == (want != NULL));
    if (want) CHECK_STR(got.p, want);
    ift_str_release(&got);
}

int main(void) {
    check("number", "The answer is 1,080.", "1080");
    check("number", "7 - 5 = 2. 2 + 9 = 11.", "11");
    check("number", "it is -5.50 now", "-5.5");
    check("number", "7-5", "5");
    check("number", "$1,234,567.00!", "1234567");
    check("number", "costs $-3", "-3");
    check("number", "007", "7");
    check("number", "0.50", "0.5");
    check("number", "-0.0", "0");
    check("number", "1.2.3", "3");
    check("number", "12,", "12");
    check("number", "a, b,1", "1");
    check("number", "no digits", NULL);
    check("number", "", NULL);
    check("number", "答案是42。", "42");
    check("choice", "So the answer is (C).", "C");
    check("choice", "A dog: B", "B");
    check("choice", "I'd say (B), not A", "B");
    check("choice", "none", NULL);
    check("line", "one\ntwo \n\n", "two");
    check("line", " \n", NULL);
    check("after:answer is", "The Answer is  yes.\nThe answer is no.\nbye", "no");
    check("after:answer is", "nothing", NULL);
    check("whole", "  both\nlines ", "both\nlines");

    struct ift_extract rule;
    struct ift_err err = {0};
    CHECK(ift_extract_rule(&rule, "nubmer", &err) == -1);
    CHECK(err.usage);
    CHECK(ift_extract_rule(&rule, "after:", &err) == -1);
    return check_done();
}
