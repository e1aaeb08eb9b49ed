#include "libcore/io/csv.h"

#include "tests/unit/check.h"

/* Reads text in blocks of `step` bytes and writes the rows as [a|b][c]; a failure as its message.
 */
static void rows(const char *text, size_t n, char delimiter, bool quoting, size_t step,
                 struct ift_str *out) {
    struct ift_csv *c = ift_csv_new(&(struct ift_csv_dialect){delimiter, quoting});
    struct ift_csv_row row;
    struct ift_err err = {0};
    size_t used = 0;
    int got;
    bool finished = false;
    char *block = NULL;
    ift_str_clear(out);
    ift_str_adds(out, "");
    while ((got = ift_csv_next(c, &row, &err)) >= 0) {
        if (got > 0) {
            ift_str_addf(out, "%zu[", row.line);
            for (size_t i = 0; i < row.n; i++) {
                if (i > 0) ift_str_addc(out, '|');
                ift_str_add(out, row.field[i].p, row.field[i].n);
            }
            ift_str_addc(out, ']');
            continue;
        }
        if (finished) break;
        const size_t take = n - used < step ? n - used : step;
        free(block); /* so that a row kept too long is seen */
        block = malloc(take + 1);
        memcpy(block, text + used, take);
        used += take;
        if (take > 0) ift_csv_push(c, block, take);
        if (take == 0) ift_csv_finish(c), finished = true;
    }
    if (got < 0) ift_str_adds(out, err.text);
    free(block);
    ift_csv_free(c);
}

static const struct {
    const char *text, *quoting, *plain;
} cases[] = {
    {"", "", ""},
    {"a", "1[a]", "1[a]"},
    {"a,b\n", "1[a|b]", "1[a|b]"},
    {"a,b\r\nc,d\r\n", "1[a|b]2[c|d]", "1[a|b]2[c|d]"},
    {"a,b\rc,d", "1[a|b]2[c|d]", "1[a|b\rc|d]"},
    {"a\r\r\nb", "1[a]3[b]", "1[a\r]2[b]"},
    {"\n\na\n\n\nb\n\n", "3[a]6[b]", "3[a]6[b]"},
    {",", "1[|]", "1[|]"},
    {",\n,,\n", "1[|]2[||]", "1[|]2[||]"},
    {"a,\n", "1[a|]", "1[a|]"},
    {"a,", "1[a|]", "1[a|]"},
    {" a , b ", "1[ a | b ]", "1[ a | b ]"},
    {"\"\"", "1[]", "1[\"\"]"},
    {"\"\"\n", "1[]", "1[\"\"]"},
    {"\"a,b\"", "1[a,b]", "1[\"a|b\"]"},
    {"\"a\"\"b\",c", "1[a\"b|c]", "1[\"a\"\"b\"|c]"},
    {"\"\"\"\"", "1[\"]", "1[\"\"\"\"]"},
    {"\"a\nb\",c\nd", "1[a\nb|c]3[d]", "1[\"a]2[b\"|c]3[d]"},
    {"\"a\r\nb\"\r\nd", "1[a\r\nb]3[d]", "1[\"a]2[b\"]3[d]"},
    {"a\"b\"c,d\n", "1[a\"b\"c|d]", "1[a\"b\"c|d]"},
    {"\"a\"b,c", "1[ab|c]", "1[\"a\"b|c]"},
    {"\"a\"b\"c\",d", "1[ab\"c\"|d]", "1[\"a\"b\"c\"|d]"},
    {"\"a\" \"b\",d", "1[a \"b\"|d]", "1[\"a\" \"b\"|d]"},
    {" \"a\",d", "1[ \"a\"|d]", "1[ \"a\"|d]"},
    {"\"a\"\"",
     "line 1: a field that starts with '\"' is never closed; perhaps the file is to be read "
     "without quoting",
     "1[\"a\"\"]"},
    {"x\n\ny,\"a\nb",
     "1[x]line 3: a field that starts with '\"' is never closed; perhaps the file is to be read "
     "without quoting",
     "1[x]3[y|\"a]4[b]"},
    {"\"a\"\"\"\n\"b\"", "1[a\"]2[b]", "1[\"a\"\"\"]2[\"b\"]"},
    {"\xe4\xb8\xad,\xe6\x96\x87\xe2\x80\xa8z\n", "1[\xe4\xb8\xad|\xe6\x96\x87\xe2\x80\xa8z]",
     "1[\xe4\xb8\xad|\xe6\x96\x87\xe2\x80\xa8z]"},
};

static void test_cases(void) {
    struct ift_str out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step < 20; step++) {
            rows(cases[i].text, strlen(cases[i].text), ',', true, step, &out);
            CHECK_STR(out.p, cases[i].quoting);
            rows(cases[i].text, strlen(cases[i].text), ',', false, step, &out);
            CHECK_STR(out.p, cases[i].plain);
        }
    }
    rows("a\tb\0c\t\"d\t\"\n", 11, '\t', true, 3, &out);
    CHECK(out.n == 11 && memcmp(out.p, "1[a|b\0c|d\t]", 11) == 0);
    ift_str_release(&out);
}

int main(void) {
    test_cases();
    return check_done();
}
